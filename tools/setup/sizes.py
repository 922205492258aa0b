"""Bytes of bytecode that a file compiles to. What it takes in an image is tools/image/sizes.py."""

import subprocess

from .paths import BUILD


def compiled(path, into, march=None):
    """Compile one file with mpy-cross into the file `into`; its size in bytes. Raises ValueError
    with what it says.
    """
    # (native code has to be for some processor; bytecode is the same for all)
    argv = [BUILD / "mpy-cross", "-o", into, "-s", path.name, f"-march={march or 'armv6m'}", path]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{path}: {done.stderr.strip()}")
    return into.stat().st_size
