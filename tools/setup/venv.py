"""`.venv`: the tools' Python packages, every version pinned, and the boards' libraries as types
beside them.
"""

import shutil
import subprocess
import sys

from . import say
from .paths import ROOT, VENV, alone, digest, is_stamped

PYTHON = VENV / "bin" / "python"
TYPINGS = VENV / "typings"
BOARDS = ("rp2", "esp32")
_PINNED = ROOT / "requirements.txt"


def _pinned(board):
    return ROOT / f"requirements-{board}.txt"


def _key():
    return digest(sys.version, sys.base_prefix, str(VENV), _PINNED, *map(_pinned, BOARDS))


def ready():
    return PYTHON.exists() and is_stamped(VENV / ".stamp", _key())


def make():
    """Create `.venv` or bring it up to date; nothing to do where the pins are those of the last
    time.
    """
    with alone(ROOT / "build"):
        if ready():
            return
        stamp = VENV / ".stamp"
        stamp.unlink(missing_ok=True)
        if not _runs():
            shutil.rmtree(VENV, ignore_errors=True)
            say.run("Creating .venv", [sys.executable, "-m", "venv", VENV])
        say.run(
            "Installing Python packages into .venv",
            [*_pip(), "--requirement", _PINNED],
            why_failed=_hint,
        )
        for board in BOARDS:
            target = TYPINGS / board
            shutil.rmtree(target, ignore_errors=True)
            # Without --no-deps pip would resolve the types' own wishes beyond the pins.
            say.run(
                f"Installing the types of {board}",
                [*_pip(), "--no-deps", "--target", target, "--requirement", _pinned(board)],
                why_failed=_hint,
            )
        stamp.write_text(_key())


def _runs():
    """Whether `.venv` has a Python that starts: not after the system's has gone or the folder was
    moved.
    """
    if not PYTHON.exists() or not (VENV / "bin" / "pip").exists():
        return False
    code = "import sys; print(sys.prefix, sys.version, sep='\\n')"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == f"{VENV}\n{sys.version}"


def _pip():
    return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def _hint(log):
    if "Could not find a version" in log or "No matching distribution" in log:
        return "A pinned version is not offered where pip looks: is its index complete?"
    if "connection" in log.lower() or "resolve" in log.lower():
        return "pip could not reach its package index: is the network, or its proxy, up?"
    return None
