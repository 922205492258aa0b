"""What set-up tells its user: one line a step, the time it takes, and the end of the log where a
step fails.
"""

import os
import subprocess
import sys
import time

from .paths import cache

# Lines of a failed step's log that are shown.
_TAIL = 25
# Between two signs of life where the output is no terminal.
_EVERY_S = 10
# What a calling make hands down would change the options of the makes that are started here.
_OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "MAKEFILES", "GNUMAKEFLAGS")


class Blocked(Exception):
    """Set-up cannot go on. The message says what is missing and how to get it."""


def note(text):
    print(f"setup: {text}", flush=True)


def environment(**extra):
    """This process's environment without what a calling make has put there."""
    env = {k: v for k, v in os.environ.items() if k not in _OF_MAKE}
    env.update(extra)
    return env


def run(what, argv, *, cwd=None, env=None, why_failed=None):
    """Run one long command, its output in a log file; show that it lives.

    `why_failed(log_text)` may return a sentence for the user. Raises Blocked where the command
    fails.
    """
    logs = cache() / "logs"
    logs.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in what.lower())
    path = logs / f"{name}.log"
    started = time.monotonic()
    with open(path, "w+", errors="replace") as log:
        log.write(" ".join(map(str, argv)) + "\n")
        log.flush()
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=environment() if env is None else env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise Blocked(f"{what}: {argv[0]} cannot be started ({error.strerror})") from None
        try:
            _watch(what, process, started)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode:
        text = path.read_text(errors="replace")
        told = why_failed(text) if why_failed else None
        tail = "\n".join("    " + line for line in text.splitlines()[-_TAIL:])
        raise Blocked(
            f"{what} failed.\n{tail}\n  whole log: {path}" + (f"\n{told}" if told else "")
        )


def _watch(what, process, started):
    """Wait for `process`, counting seconds in place on a terminal and by a line now and then
    elsewhere.
    """
    live = sys.stdout.isatty()
    told = started
    if live:
        print(f"setup: {what} …", end="", flush=True)
    else:
        note(f"{what} …")
    while True:
        try:
            process.wait(timeout=1)
            break
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if live:
                print(f"\rsetup: {what} … {now - started:.0f} s", end="", flush=True)
            elif now - told >= _EVERY_S:
                told = now
                note(f"{what} … {now - started:.0f} s")
    took = f"{time.monotonic() - started:.1f} s"
    end = "done" if process.returncode == 0 else "FAILED"
    if live:
        print(f"\rsetup: {what}: {end} in {took}\033[K", flush=True)
    else:
        note(f"{what}: {end} in {took}")
