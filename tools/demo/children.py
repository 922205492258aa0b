"""Programs that live no longer than this one.

Each child is the head of its own process group, so that Ctrl-C at the terminal reaches only us and
we end them in order; a child whose parent is killed outright is ended by the kernel.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import threading
from collections import deque

_PR_SET_PDEATHSIG = 1
_GRACE_S = 3
_TAIL = 12


class ChildError(Exception):
    """A program that is missing or has ended; the message is a sentence for the user."""


def die_with_parent():
    """In a new child, before it becomes its program: the kernel ends it with us."""
    with contextlib.suppress(OSError, AttributeError):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


try:
    _LIBC = ctypes.CDLL(None)
except OSError:
    _LIBC = None


def need(program, package):
    """The path of an installed program; says how to get it where it is missing."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise ChildError(
            f"{program} is not installed: `sudo apt-get install {package}`, or `make setup`"
        )
    return path


class Child:
    """One program: each line it prints goes to `queue` as (name, line), its end as (name, None).

    stdout and stderr are one stream, and are kept in the file `log` where one is given.
    """

    def __init__(self, name, argv, queue, *, cwd=None, env=None, log=None):
        self.name = name
        self.argv = [str(arg) for arg in argv]
        self.queue = queue
        self.tail = deque(maxlen=_TAIL)
        self.log = open(log, "a", encoding="utf-8") if log else None
        environment = dict(os.environ if env is None else env)
        environment["PYTHONUNBUFFERED"] = "1"
        try:
            self.process = subprocess.Popen(
                self.argv,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            raise ChildError(
                f"{name}: {self.argv[0]} cannot be started: {error.strerror}"
            ) from None
        self.thread = threading.Thread(target=self._read, name=name, daemon=True)
        self.thread.start()

    def _read(self):
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self.tail.append(line)
            if self.log:
                self.log.write(line + "\n")
                self.log.flush()
            self.queue.put((self.name, line))
        self.process.wait()
        if self.log:
            self.log.close()
        self.queue.put((self.name, None))

    @property
    def status(self):
        """Exit status, None while it runs; negative: the signal that ended it."""
        return self.process.poll()

    def ending(self):
        """How it ended, and its last words."""
        status = self.process.wait()
        how = f"ended with status {status}" if status >= 0 else f"was ended by signal {-status}"
        words = "".join(f"\n    {line}" for line in self.tail)
        return f"{self.name} {how}" + (f"; its last lines:{words}" if words else "")

    def end(self):
        """End it and all that it has started; returns when it is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
            try:
                self.process.wait(_GRACE_S)
                break
            except subprocess.TimeoutExpired:
                continue
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what it left behind in its group
        self.thread.join(_GRACE_S)


class Family:
    """All children of one run; leaving the `with` block ends them, the youngest first."""

    def __init__(self, queue):
        self.queue = queue
        self.children = []

    def start(self, name, argv, **options):
        """Start a program as `Child` does."""
        child = Child(name, argv, self.queue, **options)
        self.children.append(child)
        return child

    def end(self):
        """End all of them."""
        while self.children:
            self.children.pop().end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
