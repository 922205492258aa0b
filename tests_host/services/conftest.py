"""What several of these files take."""

import pytest

from uplink import modems
from uplink.port import board


@pytest.fixture
def folder(tmp_path_factory):
    """One with a short name: the configuration takes paths of up to 64 bytes."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture
def brisk(monkeypatch):
    """Real time: the driver's pause behind a final result code is as short as the virtual modem's
    of `test_real.modem`. Both are themselves where time is simulated.

    And the PC's board is left without lines: beside one that has gone it does not wait for bytes.
    """
    for name in modems.NAMES:
        for part in ("", "_urcs"):
            vendor = modems.vendor(name + part)
            if vendor is not None:
                monkeypatch.setattr(vendor, "PAUSE_MS", 2)
                monkeypatch.setattr(vendor, "FAST_MS", 2)
    yield
    board().close()
