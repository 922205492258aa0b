"""`python -m tools.demo`: from a modem that is switched off to acknowledged messages, live."""

import argparse
import shlex
import signal
import sys
from functools import partial
from pathlib import Path

from tools.certs import CertsError
from tools.modem.pages import PAGES
from tools.run.firmware import NoFirmware

from . import view
from .children import ChildError
from .show import Demo, Failed

_ROOT = Path(__file__).resolve().parents[2]
_LIMIT_S = 60


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _factor(text):
    value = float(text)
    if not 0.01 <= value <= 100:
        raise argparse.ArgumentTypeError("0.01 to 100")
    return value


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.demo",
        description=__doc__.split(": ", 1)[1],
        epilog="What it makes stays in --dir: ca/, device/ (the board's flash), log/.",
    )
    add = p.add_argument
    add("-n", "--n", type=_positive, metavar="N", help="end after N acknowledged messages")
    add("--interval", type=_positive, default=3, metavar="S", help="telemetry every S seconds")
    add("--scale", type=_factor, default=1.0, help="of the modem's own times (%(default)s)")
    limit = f"give up after S seconds ({_LIMIT_S} with -n)"
    add("--limit", type=_positive, metavar="S", help=limit)
    add("--fault", action="append", default=[], help="as for `python -m tools.modem`")
    add("--scenario", metavar="FILE", help="as for `python -m tools.modem`")
    which = "which virtual modem, and modem.type of the firmware (%(default)s)"
    add("--modem", default="sim7000", choices=sorted(PAGES), metavar="MODEM", help=which)
    add("--plain", action="store_true", help="lines instead of a live picture")
    add("--dir", dest="folder", default=_ROOT / "build" / "demo", help="(%(default)s)")
    add("--target", default="unix", choices=("unix", "board"), help="where the firmware runs")
    add("--image", type=Path, metavar="FILE", help="of --target board: run this image")
    add("--firmware", type=shlex.split, metavar="COMMAND", help="run this instead")
    return p


def main(argv=None):
    """Returns the exit status."""
    options = parser().parse_args(argv)
    if options.n and not options.limit:
        options.limit = _LIMIT_S
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # end the children, whoever ends us
    demo = Demo(options, partial(view.choose, plain=options.plain))
    try:
        demo.run()
    except KeyboardInterrupt:
        print("demo: ended by Ctrl-C", file=sys.stderr)
        return 130 if options.n else 0
    except (Failed, ChildError, CertsError, NoFirmware, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
