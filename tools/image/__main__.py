"""`python3 -m tools.image [BOARD]`: makes the image and says what it takes."""

import argparse
import sys

from tools.setup import host, say

from . import build


def main():
    parser = argparse.ArgumentParser(prog="python3 -m tools.image", description=__doc__)
    parser.add_argument("board", nargs="?", default=build.DEFAULT)
    parser.add_argument("--debug", action="store_true", help="keep line numbers and assertions")
    options = parser.parse_args()
    try:
        host.check_python()
        build.prepare()
        image = build.build(options.board, options.debug)
    except say.Blocked as blocked:
        print(f"image: {blocked}", file=sys.stderr)
        return 1
    for path in (image.uf2, image.bin, image.elf):
        print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
