"""MicroPython's own tests of the language, on the patched interpreter."""

import re
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tools.setup import host

FOLDERS = ("basics", "misc", "float", "micropython")
# What these options of the build leave out is skipped by the runner itself; so many remain.
AT_LEAST = 650


@pytest.mark.parametrize("bits", host.widths())
def test_the_language_is_as_it_was(bits, tmp_path):
    binary = (ROOT / "build" / f"micropython-{bits}").resolve()
    tests = binary.parents[1] / "src" / "tests"
    done = subprocess.run(
        [sys.executable, "run-tests.py", "-j", "1", "-r", tmp_path, "-d", *FOLDERS],
        cwd=tests,
        env={
            "PATH": "/usr/bin:/bin",
            "MICROPY_MICROPYTHON": str(binary),
            "MICROPY_CPYTHON3": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = int(re.search(r"^(\d+) tests passed", done.stdout, re.MULTILINE)[1])
    assert passed >= AT_LEAST
