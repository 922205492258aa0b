"""Where things are, and what was built from what."""

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
VENV = ROOT / ".venv"


def cache():
    """The folder for what survives a fresh clone: downloads and builds, under the user's cache
    folder.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = Path(home).expanduser() / "uplink"
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*parts):
    """A short hash of strings, bytes and files (a Path stands for what is in the file)."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        sha.update(b"%d:" % len(data))
        sha.update(data)
    return sha.hexdigest()[:16]


def is_stamped(stamp, key):
    """Whether what `stamp` stands for was finished, and from `key`."""
    try:
        return stamp.read_text() == key
    except OSError:
        return False


def link(name, target):
    """`build/name` becomes a link to `target`, in one step for whoever looks at the same time."""
    BUILD.mkdir(exist_ok=True)
    path = BUILD / name
    if path.is_symlink() and path.readlink() == target:
        return
    fresh = BUILD / f".{name}.{os.getpid()}"
    fresh.symlink_to(target)
    fresh.replace(path)


@contextmanager
def alone(path):
    """Only one process at a time works in the folder `path`; the lock ends with the process."""
    path.mkdir(parents=True, exist_ok=True)
    with open(path / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
