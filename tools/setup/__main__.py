"""`python3 -m tools.setup [step …]`: sets up what is not there yet."""

import argparse
import shutil
import sys

from . import host, micropython, node, package, say, venv

_ABOUT = """\
steps (without one: the first five):
  host         install the Debian packages that are missing (as root or with sudo)
  python       create .venv from the pinned requirements
  micropython  build MicroPython (unix port, 64 and 32 bit) and mpy-cross, kept in the user's cache
  firmware     the same with lib/uplink frozen in: build/firmware-64 and build/firmware-32
  image        the image of UPLINK_PICO: build/UPLINK_PICO/uplink.uf2, .bin and .elf
  node         the emulated board's packages for Node.js
  demo         what the demo needs: packages, .venv and build/firmware-64
  package      write package.json (what mip installs) anew from lib/
"""


def _host():
    host.install(host.missing(host.widths()))


def _all_host():
    host.install(host.missing(host.widths(), image=True))


def _micropython():
    for bits in host.widths():
        micropython.build(bits)


def _firmware():
    for bits in host.widths():
        micropython.firmware(bits)


def _image():
    # Not part of this package, but set up as well: the tests run that image.
    from tools.image import build

    build.prepare()
    build.build()


def _demo():
    try:
        host.install(host.missing((64,)))
        micropython.firmware(64)
    except say.Blocked as blocked:
        # Without a compiler or Debian's sources, a MicroPython that is here already does as well.
        found = shutil.which("micropython")
        if not found:
            raise
        say.note(f"{blocked}\nsetup: going on with {found}, which loads lib/uplink as source.")
        host.install(host.missing(()))
    venv.make()


_STEPS = {
    "host": (_host,),
    "python": (_host, venv.make),
    "micropython": (_host, _micropython),
    "firmware": (_host, _firmware),
    "image": (_image,),
    "node": (node.make,),
    "demo": (_demo,),
    "package": (package.write,),
    "all": (_all_host, venv.make, _micropython, _firmware, _image, node.optional),
}


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m tools.setup",
        description="Sets this machine up for Uplink. What is there already is left as it is.",
        epilog=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", nargs="*", choices=[*_STEPS, []], help=argparse.SUPPRESS)
    wanted = parser.parse_args().step or ["all"]
    try:
        host.check_python()
        for work in dict.fromkeys(work for step in wanted for work in _STEPS[step]):
            work()
    except say.Blocked as blocked:
        print(f"setup: {blocked}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: stopped; running it again goes on where it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
