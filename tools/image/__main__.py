"""`python3 -m tools.image [BOARD]`: makes the image, says what it takes, and whether that is too
much.
"""

import argparse
import sys

from tools.setup import host, say
from tools.setup.paths import ROOT

from . import budget, build, report, sizes


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
    limits = budget.read()
    measured = sizes.measure(image, build.tool)
    print(*report.table(measured, image.board, limits), sep="\n")
    print()
    for path in (image.uf2, image.bin, image.elf):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
    if options.debug:
        return 0
    over = budget.over(measured, image.board, limits)
    if over:
        print(
            f"\nimage: over budget: {'; '.join(over)}.\n"
            "Make it smaller, or change firmware/budget.toml and say why.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
