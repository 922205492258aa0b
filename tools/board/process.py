"""The emulator as a process: a request is a line of JSON, and so is its reply."""

import json
import shutil
import subprocess
import threading
from pathlib import Path

from tools.demo.children import die_with_parent

HERE = Path(__file__).resolve().parent
_PACKAGE = HERE / "node_modules" / "rp2040js" / "package.json"


class BoardError(Exception):
    """The board cannot do what it is asked; the message is a sentence for the user."""


class NoNode(BoardError):
    """Node.js or the emulator's package is missing."""


def missing():
    """What is missing to run the board, as a sentence; "" where nothing is."""
    if shutil.which("node") is None:
        return "Node.js is not installed: `sudo apt-get install nodejs npm`, or `make setup`"
    if not _PACKAGE.exists():
        return f"rp2040js is not installed: `npm ci` in {HERE}, or `make setup`"
    return ""


class Emulator:
    """One emulated RP2040. Times are integer ns since it was started first."""

    def __init__(self):
        why = missing()
        if why:
            raise NoNode(why)
        self._process = subprocess.Popen(
            ["node", HERE / "js" / "main.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the terminal is for us
            preexec_fn=die_with_parent,  # however we end, also amid a long run
        )
        self.exchanges = 0
        self._lock = threading.Lock()  # who looks from another thread must not come between

    def call(self, op, **parameters):
        """Ask for `op` (see README.md, "The pipe"); returns the reply as a dict."""
        parameters["op"] = op
        data = json.dumps(parameters).encode() + b"\n"
        process = self._process
        with self._lock:
            self.exchanges += 1
            try:
                process.stdin.write(data)
                process.stdin.flush()
                line = process.stdout.readline()
            except (OSError, ValueError):
                line = b""
        if not line:
            raise BoardError(f"the emulator has ended with status {process.poll()}")
        reply = json.loads(line)
        if "error" in reply:
            raise BoardError(f"the emulator failed at {op}: {reply['error']}")
        return reply

    def close(self):
        """End the process."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
