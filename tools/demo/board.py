"""TARGET=board: the firmware's image on an emulated RP2040, its virtual modem in the same time."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# uplink.json: the wiring of README.md, which is how the emulated board is wired.
WIRING = {
    "uart": {"id": 0, "tx": 0, "rx": 1},
    "pins": {
        "pwrkey": {"pin": 2, "active": "high"},
        "reset": {"pin": 3, "active": "high"},
        "dtr": 4,
        "status": 5,
    },
}
_SOURCES = ("device", "modem")


class Board:
    """`flash`: a folder, whose files are put onto the board's. `modem` and `options`: as for
    `python -m tools.modem`. `image`: the firmware; None: the one that `make image` builds.

    Hand `heard` every line it prints.
    """

    restarts = False  # the board does that itself; its program ends with the demo

    def __init__(self, family, flash, log, folder, modem, options, image=None):
        self._family = family
        self._log = log
        self._argv = [sys.executable, "-m", "tools.board", "--lines", "--modem", modem]
        self._argv += ["--files", flash, "--dir", folder]
        if image is not None:
            self._argv += ["--image", Path(image).resolve()]
        self._argv += ["--", *options]
        self.child = None
        self.usb = None  # path of the pty of its USB serial port
        self.started_again = False

    def start(self):
        """Switch the board on."""
        self.child = self._family.start("board", self._argv, cwd=ROOT, log=self._log)

    def heard(self, text):
        """(source, line) of a line: source is "device", "modem" or "board"."""
        source, _, rest = text.partition(" ")
        if source in _SOURCES:
            return source, rest
        if text.startswith("usb: "):
            self.usb = rest
        self.started_again = source == "board" and rest.startswith("started")
        return "board", text

    @property
    def ready(self):
        """True once it runs."""
        return self.usb is not None
