"""`python -m tools.setup.sizes`: bytes of bytecode (.mpy) that each room of lib/uplink compiles
to.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from .paths import BUILD, ROOT

_LIB = ROOT / "lib"


def compiled(path, into, march=None):
    """Compile one file with mpy-cross into the file `into`; its size in bytes. Raises ValueError
    with what it says.
    """
    argv = [BUILD / "mpy-cross", "-o", into, "-s", path.name]
    done = subprocess.run(
        [*argv, *([f"-march={march}"] if march else []), path], capture_output=True, text=True
    )
    if done.returncode:
        raise ValueError(f"{path}: {done.stderr.strip()}")
    return into.stat().st_size


def by_room(march=None):
    """{room: {file: bytes}} of lib/uplink; what is in no room stands under its own name."""
    rooms = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(_LIB.rglob("*.py")):
            name = path.relative_to(_LIB / "uplink")
            size = compiled(path, Path(folder) / "out.mpy", march)
            rooms.setdefault(name.parts[0], {})[name.as_posix()] = size
    return rooms


def main():
    from rich.console import Console
    from rich.table import Table

    table = Table(title="lib/uplink as bytecode (mpy-cross, line numbers included)")
    table.add_column("room")
    table.add_column("file")
    table.add_column("bytes", justify="right")
    rooms = by_room()
    for room, files in rooms.items():
        for name, size in files.items():
            if name != room:
                table.add_row("", name, f"{size:,}")
        table.add_row(room, "", f"{sum(files.values()):,}", style="bold", end_section=True)
    table.add_row("all", "", f"{sum(sum(f.values()) for f in rooms.values()):,}", style="bold")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
