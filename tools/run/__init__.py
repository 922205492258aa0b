"""The firmware on this PC, against a real modem or any pty; and the PC's look at uplink.json."""

import sys
from pathlib import Path

_LIB = str(Path(__file__).resolve().parents[2] / "lib")
if _LIB not in sys.path:
    sys.path.insert(0, _LIB)
