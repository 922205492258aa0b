"""The emulated board's packages for Node.js: `npm ci` in tools/board, versions as the lock file
pins them.
"""

import subprocess

from . import host, say
from .paths import BUILD, ROOT, alone, digest, is_stamped

FOLDER = ROOT / "tools" / "board"
MODULES = FOLDER / "node_modules"
_OLDEST = 18


def _key():
    return digest(FOLDER / "package.json", FOLDER / "package-lock.json")


def ready():
    """Whether node_modules is what the lock file says."""
    return is_stamped(MODULES / ".stamp", _key())


def missing():
    """Names of the Debian packages that this machine lacks for it."""
    needed = (("nodejs", "node"), ("npm", "npm"))
    return [package for package, program in needed if not host.find(program)]


def make():
    """Install what the emulated board needs; nothing to do where it is there."""
    with alone(BUILD):
        if ready():
            return
        host.install(missing())
        _check_version()
        argv = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        say.run("Installing the emulated board's packages", argv, cwd=FOLDER, why_failed=_hint)
        (MODULES / ".stamp").write_text(_key())


def optional():
    """The same for a whole set-up: without Node.js all else works, and its tests are skipped."""
    try:
        make()
    except say.Blocked as blocked:
        say.note(f"{blocked}\nsetup: going on without the emulated board.")


def _check_version():
    text = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(text.lstrip("v").split(".")[0] or 0) < _OLDEST:
        raise say.Blocked(f"Node.js is {text}; {_OLDEST} or later is needed.")


def _hint(log):
    if "ENOTFOUND" in log or "ETIMEDOUT" in log or "ECONNREFUSED" in log:
        return "npm does not reach its registry: is there a network, or a proxy to be set?"
    return None
