#!/usr/bin/env python3
"""MicroPython's tools/mpy-tool.py with functions and classes in ROM; it takes the same arguments.

With ROM_PUBLIC (a file of names that stay) in the environment the other names of its package
become short, and what they stand for is written to ROM_NAMES.

Stands in `tools/rom/` of a MicroPython tree that has the patch `rom-objects`, whose
makemanifest.py calls it. README.md tells what it makes of a module.
"""

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]


def load_mpy_tool(tree):
    """The module tools/mpy-tool.py of a MicroPython tree."""
    # Its own way to find makeqstrdata goes by the script that was started.
    sys.path.append(str(tree / "py"))
    spec = importlib.util.spec_from_file_location("mpy_tool", tree / "tools" / "mpy-tool.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Its own bounds are those of 16-bit machines: what lies beyond would be an object of 20 bytes,
    # and each sum with it another on the heap.
    module.mp_small_int_fits = lambda n: -(1 << 30) <= n < 1 << 30
    return module


def genhdr(argv):
    """The folder of the header that mpy-tool.py is given with -q."""
    return Path(argv[argv.index("-q") + 1]).parent


def main():
    sys.path.insert(0, str(HERE))
    import emit
    from short import Public

    mpy = load_mpy_tool(TREE)
    public = os.getenv("ROM_PUBLIC")
    short = (Public(Path(public)), Path(os.environ["ROM_NAMES"])) if public else ()
    emit.install(mpy, TREE, genhdr(sys.argv), *short)
    mpy.main()


if __name__ == "__main__":
    main()
