"""The firmware on this PC: which MicroPython runs it, and how.

`build/firmware-64` has `lib/uplink` frozen in, as on a board; any other MicroPython gets `lib/` by
its search path. A board runs `boot.py`, then `main.py`, in the folder of its flash: so does this.
"""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAP = "192k"
# Where nothing is frozen, every start compiles lib/ from its source: that takes more.
HEAP_FROM_SOURCE = "1M"

# The variable that names a MicroPython to use in place of build/firmware-64.
CHOSEN = "UPLINK_MICROPYTHON"

# What the port's `reset()` ends the process with.
AGAIN = 75

_START = """\
import sys
sys.path.append({root!r})
{before}import boot, main
sys.exit(max(0, getattr(getattr(main, "app", None), "status", 0)))
"""


class NoFirmware(Exception):
    """There is no MicroPython to run it; the message says how to get one."""


class Firmware:
    """A MicroPython that runs `lib/uplink`: `program`, `env` and the `heap` it needs."""

    def __init__(self, program, env, heap):
        self.program = program
        self.env = env
        self.heap = heap

    def command(self, before=""):
        """The command line that starts it in the current folder; `before` is code to run first.

        `boot.py` and `main.py` are those of the folder, else those of this checkout.
        """
        code = _START.format(root=str(ROOT), before=before)
        return [str(self.program), "-X", f"heapsize={self.heap}", "-c", code]


def find():
    """The `Firmware` of this machine; raises `NoFirmware`."""
    env = dict(os.environ)
    chosen = env.get(CHOSEN)
    frozen = ROOT / "build" / "firmware-64"
    if frozen.exists() and not chosen:
        env.pop("MICROPYPATH", None)
        return Firmware(frozen, env, HEAP)
    plain = chosen or shutil.which("micropython") or ROOT / "build" / "micropython-64"
    if not Path(plain).exists():
        if chosen:
            raise NoFirmware(f"{CHOSEN}={chosen}: there is no such program")
        raise NoFirmware(
            "there is no MicroPython here: `make setup` builds one "
            "(or put a `micropython` 1.24 or later on the PATH)"
        )
    env["MICROPYPATH"] = f"{ROOT / 'lib'}:.frozen"
    return Firmware(Path(plain), env, HEAP_FROM_SOURCE)
