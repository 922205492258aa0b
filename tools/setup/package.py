"""package.json: what `mip` and `mpremote mip install` put onto a board that has a MicroPython of
its own.
"""

import json

from .paths import ROOT

PATH = ROOT / "package.json"
VERSION = "0.1.0"


def content():
    """The text of package.json for lib/ as it is: every module, its path on the board first."""
    lib = ROOT / "lib"
    files = sorted(path.relative_to(lib).as_posix() for path in lib.rglob("*.py"))
    package = {
        "version": VERSION,
        "deps": [],
        # Sources are relative to package.json, so that a fork or a local clone installs its own
        # files.
        "urls": [[name, f"lib/{name}"] for name in files],
    }
    return json.dumps(package, indent=2) + "\n"


def write():
    PATH.write_text(content())
