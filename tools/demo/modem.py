"""The virtual modem as a program of its own, and what it tells about itself."""

import sys
from pathlib import Path

from tools.modem.pages import PAGES

ROOT = Path(__file__).resolve().parents[2]
# Of a private key of 2048 bits as PEM: 1,675 to 1,708.
_KEY_BYTES = 1708


class VirtualModem:
    """`kind` and `options`: as for `python -m tools.modem`. Its events are lines of JSON.

    Hand `heard` every line it prints: `uart` and `pins` are the paths that it has named.
    """

    def __init__(self, family, kind, log, *options):
        self._wanted = {"uart", "pins"} if "--pins" in options else {"uart"}
        self._paths = {}
        argv = [sys.executable, "-m", "tools.modem", kind, "--pty", "--events", "-", *options]
        self.child = family.start("modem", argv, cwd=ROOT, log=log)

    def heard(self, text):
        """A line of the modem's."""
        name, colon, path = text.partition(": ")
        if colon and name in self._wanted and name not in self._paths:
            self._paths[name] = path

    @property
    def ready(self):
        """True once it has named every pty."""
        return self._wanted == set(self._paths)

    @property
    def uart(self):
        """Path of the pty that is its UART."""
        return self._paths["uart"]

    @property
    def pins(self):
        """Path of the pty that carries its pins; None without `--pins`."""
        return self._paths.get("pins")


def holds_a_key(kind):
    """Whether a module of this kind has room for a private key of 2048 bits (PEM)."""
    platform = getattr(PAGES[kind], "PLATFORM", None)
    return platform is None or platform.largest >= _KEY_BYTES


def redirect(host, port):
    """The option by which the modem finds `host`:`port` on this machine."""
    return ("--redirect", f"{host}:{port}=127.0.0.1:{port}")
