"""`python -m tools.board`: the emulated board with the virtual modem, in real time."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tools.modem import ModemError, SocketNetwork, VirtualModem, load_scenario, parse_fault
from tools.modem.cli import make_options, make_redirects, parser as modem_parser
from tools.modem.pages import PAGES

from .board import Board
from .process import BoardError
from .realtime import Runner, SerialPort
from .storage import FLASH_BYTES

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "UPLINK_PICO" / "uplink.bin"
_DIR = ROOT / "build" / "board"
_QUIET = {"command", "final", "file", "uart"}


def parser():
    """The command line; options after `--` are the modem's."""
    p = argparse.ArgumentParser(
        prog="python -m tools.board",
        description=__doc__.split(": ", 1)[1],
        epilog="Options after -- go to the virtual modem: see `python -m tools.modem --help`.",
    )
    add = p.add_argument
    add("--image", type=Path, default=IMAGE, help="firmware (%(default)s)")
    add("--modem", default="sim7000", choices=[*sorted(PAGES), "none"], help="(%(default)s)")
    add("--dir", dest="folder", type=Path, default=_DIR, help="flash.bin, usb (%(default)s)")
    add("--fresh", action="store_true", help="begin with an erased flash")
    add("--files", type=Path, metavar="FOLDER", help="begin with these files on the flash")
    add("--lines", action="store_true", help="lines for a program: `device …`, `modem {…}`")
    add("--all", action="store_true", help="show the modem's commands and answers, too")
    add("--seed", type=int, default=1, help="of what is random on the board")
    add("rest", nargs="*", metavar="-- OPTIONS", help="of the virtual modem")
    return p


class Show:
    """Prints what goes on: for people, or (`lines`) for a program."""

    def __init__(self, lines, everything, out=sys.stdout):
        self.lines = lines
        self.everything = everything
        self.out = out
        self._text = b""

    def say(self, text):
        """One line."""
        print(text, file=self.out, flush=True)

    def printed(self, data):
        """The board has printed something."""
        *whole, self._text = (self._text + data).split(b"\n")
        for line in whole:
            text = line.decode("utf-8", "replace").rstrip("\r")
            text = "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text)
            self.say(f"device {text}" if self.lines else f"           board  {text}")

    def modem(self, us, kind, text):
        """An event of the modem's."""
        if self.lines:
            self.say("modem " + json.dumps({"t": round(us / 1e6, 6), "kind": kind, "text": text}))
        elif self.everything or kind not in _QUIET:
            self.say(f"{us / 1e6:10.3f} modem  {kind}: {text}")

    def board(self, us, text):
        """The board starts, or is reset."""
        self.say(f"board {text}" if self.lines else f"{us / 1e6:10.3f} board  {text}")


def make_modem(kind, rest):
    """A virtual modem, switched off, on the network of this machine."""
    args = modem_parser().parse_args([kind, *rest])
    network = SocketNetwork(make_redirects(args.redirect))
    modem = VirtualModem(PAGES[kind](), network, seed=args.seed, options=make_options(args))
    plans = [parse_fault(text) for text in args.fault]
    if args.scenario:
        plans += load_scenario(args.scenario)
    for name, fault_args, when in plans:
        modem.faults.plan(name, fault_args, **when)
    return modem


def read_folder(folder):
    """{path: bytes} of a folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def start(options, modem):
    """The board as the command line wants it: with the flash of the last time, or new files."""
    if not options.image.exists():
        raise BoardError(f"there is no image {options.image}: `make image BOARD=UPLINK_PICO`")
    kept = options.folder / "flash.bin"
    flash = files = None
    if options.files is not None:
        if not options.files.is_dir():
            raise BoardError(f"--files {options.files}: no such folder")
        files = read_folder(options.files)
    elif kept.exists() and not options.fresh:
        flash = bytearray(kept.read_bytes())
        firmware = options.image.read_bytes()
        if len(flash) != FLASH_BYTES:
            raise BoardError(f"{kept} is no flash of 2 MiB: delete it, or give --fresh")
        flash[: len(firmware)] = firmware  # the image may be newer than the files
    return Board(options.image, modem, files=files, flash=flash, seed=options.seed)


def _stopping():
    """An event that Ctrl-C and the like set: an exception amid an exchange with the emulator would
    leave its answer behind."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run(options, show):
    """Until Ctrl-C."""
    modem = None
    if options.modem != "none":
        modem = make_modem(options.modem, options.rest)
        modem.listener = show.modem
    options.folder.mkdir(parents=True, exist_ok=True)
    with start(options, modem) as board:
        port = SerialPort(options.folder / "usb")
        runner = Runner(board, port)
        board.listeners.append(show.printed)
        board.on_event = show.board
        show.say(f"usb: {port.path}")
        if not options.lines:
            show.say(f"     mpremote connect {port.path}     (also {options.folder / 'usb'})")
            show.say("     Ctrl-C ends it; the flash is kept for the next time")
        stop = _stopping()
        try:
            while not stop.is_set():
                runner.turn()
        finally:
            (options.folder / "flash.bin").write_bytes(board.flash)
            runner.close()
            port.close()


def main(argv=None):
    """Returns the exit status."""
    options = parser().parse_args(argv)
    try:
        run(options, Show(options.lines, options.all))
    except KeyboardInterrupt:
        return 0
    except (BoardError, ModemError, OSError) as error:
        print(f"tools.board: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
