"""The image that the board runs, and a module for the other end of its UART."""

import pytest

from tests_host.conftest import ROOT
from tools.board import Board, missing
from tools.modem.uart import Wire

IMAGE = ROOT / "build" / "UPLINK_PICO" / "uplink.bin"


def pytest_collection_modifyitems(items):
    """Without Node.js there is no board."""
    why = missing()
    for item in items:
        if why and item.path.parent == ROOT / "tests_host" / "board":
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def image():
    """The firmware that `make image` has built."""
    assert IMAGE.exists(), f"{IMAGE} is missing: `make image`, or `make setup`"
    return IMAGE


@pytest.fixture
def board(image):
    """A board alone, with an empty file system."""
    with Board(image, files={}) as made:
        yield made


class Peer:
    """The other end of the UART, as a virtual modem is one: says what `say` is given, and keeps
    what it hears as (µs, bytes)."""

    class Line:
        def __init__(self):
            self.tx = Wire(None, "out")

    def __init__(self):
        self.line = Peer.Line()
        self.arrived = b""
        self.now = 0
        self.baud = 115_200
        self.status = False
        self.heard = []
        self.rates = []
        self.lines = []

    def say(self, data, at_us, baud):
        """Begin to send `data` at `at_us`."""
        self.line.tx.damager.rates.clear()
        self.line.tx.send(data, at_us, baud, "answer")

    def poll(self, now_us):
        self.now = now_us
        return None

    def receive(self, data, now_us):
        self.heard.append((now_us, data))

    def set_host_baud(self, baud):
        self.rates.append(baud)

    def pin(self, name, low, now_us):
        self.lines.append((now_us, name, low))


@pytest.fixture
def peer():
    return Peer()
