"""Puts the long names back into what an image printed (firmware/rom/README.md: short names)."""

import argparse
import json
import re
import sys
from pathlib import Path

from .build import DEFAULT, Image

_LINE = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_QUOTED = re.compile(r"'(\w+)'")


class Names:
    """The file `uplink.names` of an image."""

    def __init__(self, path):
        found = json.loads(Path(path).read_text())
        self.names = found["names"]
        self.files = found["files"]

    def restore(self, text):
        """`text` with the paths and functions of tracebacks as they are in the sources. Where one
        short name stands for several, all are there: `_poll|_timer`.
        """
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line):
        match = _LINE.search(line)
        if match is None:
            if "Error" in line:
                return _QUOTED.sub(lambda m: f"'{self._long(m[1])}'", line)
            return line
        file, number, function = match.groups()
        here = self.files.get(file)
        if here is None:
            return line
        titles = {path: titles[function] for path, titles in here.items() if function in titles}
        path = "|".join(titles or here)
        function = "|".join(sorted({t for found in titles.values() for t in found})) or function
        # The image has no line numbers.
        return f'{line[: match.start()]}File "{path}", in {function}{line[match.end() :]}'

    def _long(self, name):
        return "|".join(self.names.get(name, [name]))


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.image.names", description=__doc__)
    parser.add_argument("names", nargs="?", default=Image(DEFAULT).names, help="an uplink.names")
    options = parser.parse_args()
    print(Names(options.names).restore(sys.stdin.read()), end="")


if __name__ == "__main__":
    main()
