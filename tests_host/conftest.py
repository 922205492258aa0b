"""What all tests share: how hypothesis searches, and the binaries that `make setup` builds."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

# The same examples in every run (a failure then is one of the code, not of the day);
# `UPLINK_HYPOTHESIS=search` looks at new ones. No deadline: a slow machine is not a failure.
hypothesis.settings.register_profile(
    "repeat", deadline=None, derandomize=True, print_blob=True, database=None
)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("UPLINK_HYPOTHESIS", "repeat"))


# A shell that runs the tests in the background has them ignore Ctrl-C, as what they start would:
# some of that is ended by it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Refuse in tests_host/lib what only pytest would run: MicroPython has no fixtures and no test
    classes.
    """
    for item in items:
        if item.path.parent == ROOT / "tests_host" / "lib" and (
            item.cls or item.function.__code__.co_argcount
        ):
            raise pytest.UsageError(
                f"{item.nodeid}: tests_host/lib also runs on MicroPython: plain functions only"
            )


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT
