"""A board behind the real mpremote: one process of it for each step, as a user would type it."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_LIMIT_S = 120  # for one step: mip's 60 files over a slow line
_BACK_S = 20
LEAST = (1, 25)

# (what mpremote says, what the user can do)
_WHY = (
    (
        "failed to access",
        "The port cannot be opened: is the board plugged in, is the name right "
        "(`mpremote connect list`), and is no other program on it?",
    ),
    (
        "could not enter raw repl",
        "Something answers there that is no MicroPython at its prompt, or a program that swallows "
        "Ctrl-C: unplug the board, plug it in again, and start this within its first seconds.",
    ),
    ("no device found", "No board was found: name its port, PORT=/dev/ttyACM0."),
    ("ENOSPC", "The board's flash is full: `mpremote df` tells, `mpremote rm :name` makes room."),
    ("EACCES", "The port may not be opened: on Linux its users are the group dialout."),
)

_MAKE_FOLDER = """import os
try:
 os.stat({0!r})
except OSError:
 os.mkdir({0!r})"""


class BoardError(Exception):
    """A step on the board failed: which, what mpremote said, and what to do."""


class Board:
    """mpremote on `port` (`auto`: the only board that is there)."""

    def __init__(self, port, limit_s=_LIMIT_S):
        self.port = port
        self.limit_s = limit_s

    def facts(self, names):
        """{"version", "platform", "machine", "uplink", "free", "files": {name: SHA-256 or None}}
        for the file `names`; `uplink` is None where there is none.
        """
        return self._script("facts", names)

    def safe(self, wanted):
        """Keep the application from starting (or no more): boot.py's file `safe`."""
        if wanted:
            self.call("exec", "open('safe','w').close()")
        else:
            self.call("exec", "import os\ntry:\n os.remove('safe')\nexcept OSError:\n pass")

    def reset(self, back=True):
        """Restart it whole, RAM and watchdog too; with `back`, wait for its prompt."""
        self.call("reset")
        until = time.monotonic() + _BACK_S
        while back:
            time.sleep(0.5)  # its USB port goes and comes again
            try:
                self.call("exec", "pass")
                return
            except BoardError as error:
                if time.monotonic() > until:
                    raise BoardError(f"not back {_BACK_S} s after its reset: {error}") from None

    def put(self, file):
        """Write one file under another name first, so that a lost connection leaves the old."""
        folders = file.name.split("/")[:-1]
        for n in range(len(folders)):
            self.call("exec", _MAKE_FOLDER.format("/".join(folders[: n + 1])))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file.name.rsplit("/", 1)[-1]
            path.touch(mode=0o600)
            path.write_bytes(file.data)
            self.call("cp", "--force", str(path), f":{file.name}.new")
        self.call("exec", f"import os\nos.rename({file.name + '.new'!r}, {file.name!r})")

    def install(self, package):
        """`mpremote mip install` of a package.json on this PC."""
        self.call("mip", "install", "--target=/lib", str(package))

    def load(self, name):
        """The board's own opinion of its configuration: the device's id. Raises `BoardError`."""
        answer = self._script("load", name)
        if answer["error"]:
            raise BoardError(f"the board refuses {name}: {answer['error']}")
        return answer["id"]

    def _script(self, name, argument):
        text = (_HERE / "on_board" / f"{name}.py").read_text()
        out = self.call("exec", f"ARGUMENT = {argument!r}\n{text}")
        try:
            return json.loads(out.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise BoardError(f"the board answered {out.strip()[-200:]!r}") from None

    def call(self, *arguments):
        """What `mpremote connect PORT …` prints. Raises `BoardError`."""
        argv = [sys.executable, "-m", "mpremote", "connect", self.port, *arguments]
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, errors="replace", timeout=self.limit_s
            )
        except subprocess.TimeoutExpired:
            raise BoardError(
                f"mpremote {arguments[0]}: no end within {self.limit_s} s. Unplug the board, plug "
                "it in again, and repeat: nothing that was there is lost."
            ) from None
        said = done.stderr.strip() + done.stdout.strip() if done.returncode else ""
        if done.returncode:
            why = next((text for key, text in _WHY if key in said), "")
            last = said.splitlines()[-1] if said else f"status {done.returncode}"
            raise BoardError(f"mpremote {arguments[0]}: {last}" + (f"\n{why}" if why else ""))
        return done.stdout


def too_old(version):
    """Whether MicroPython `version` ([major, minor, …]) is older than the tests run on."""
    return tuple(version[:2]) < LEAST
