"""`python -m tools.provision`: configuration and certificates onto a board, through mpremote."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from . import bundle, pem
from .board import LEAST, Board, BoardError, too_old
from .bundle import ROOT

_EPILOG = """Nothing is sent before everything is right here. The board's application rests while
files are written, a file is replaced whole or not at all, and what arrived is read back. A run
that was cut off leaves the board at its prompt: run it again."""


def parser():
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tools.provision", description=__doc__.split(": ", 1)[1], epilog=_EPILOG
    )
    p.add_argument("port", nargs="?", help="the board's serial port; auto = the only one")
    p.add_argument("--config", type=Path, default=Path("uplink.json"), metavar="FILE")
    p.add_argument("--id", metavar="ID", help="the device's id, in place of the file's")
    p.add_argument(
        "--ca",
        type=Path,
        metavar="FOLDER",
        help="a CA of `python -m tools.certs init`: signs the device's certificate",
    )
    p.add_argument("--check", action="store_true", help="only check the files on this PC")
    p.add_argument(
        "--no-start", action="store_true", help="leave the board in safe mode, at its prompt"
    )
    return p


class Provision:
    """The steps, in their order; `say` is told each as a line."""

    def __init__(self, board, files, say, package=ROOT / "package.json"):
        self.board = board
        self.bundle = files
        self.say = say
        self.package = package

    def run(self, start=True):
        """Raises `BoardError`; the board is then in safe mode, or as it was."""
        # First of all: an application of ours may be running, with a watchdog that nothing stops.
        self.board.safe(True)
        self.board.reset()
        facts = self.board.facts([file.name for file in self.bundle.files])
        version = ".".join(map(str, facts["version"][:3]))
        self.say(f"MicroPython {version} on {facts['machine']}")
        if too_old(facts["version"]):
            raise BoardError(
                f"MicroPython {version} is too old: {LEAST[0]}.{LEAST[1]} is what Uplink is "
                "tested on. Flash a newer image (firmware/README.md)."
            )
        if facts["uplink"] is None:
            self.say("no Uplink in its image: installing lib/uplink by mip (about a minute)")
            self.board.install(self.package)
            facts["uplink"] = self.board.facts([])["uplink"]
            if facts["uplink"] is None:
                raise BoardError("mip installed lib/uplink, yet the board cannot import it")
        self.say(f"Uplink {facts['uplink']}")
        self._files(facts["files"])
        device = self.board.load("uplink.json")
        if device != self.bundle.device:
            raise BoardError(f"the board calls itself {device}, not {self.bundle.device}")
        self.say(f"the board accepts its configuration: it is {device}")
        if start:
            self.board.safe(False)
            self.board.reset(back=False)
            self.say("started")
        else:
            self.say("left in safe mode: `mpremote rm :safe reset` starts it")

    def _files(self, there):
        """Write what differs, and read all of it back."""
        sent = []
        for file in self.bundle.files:
            found = there[file.name]
            if found == file.sha256:
                self.say(f"{file.name}: there already, the same")
            elif found is not None and not file.replace:
                self.say(f"{file.name}: the board's own is kept")
            else:
                self.board.put(file)
                sent.append(file)
                self.say(f"{file.name}: {len(file.data):,} bytes")
        arrived = self.board.facts([file.name for file in sent])["files"]
        wrong = [file.name for file in sent if arrived[file.name] != file.sha256]
        if wrong:
            raise BoardError(f"{', '.join(wrong)} did not arrive as sent: repeat")
        if sent:
            self.say(f"read back: {len(sent)} of {len(sent)} by SHA-256")


def main(argv=None):
    """Returns the exit status."""
    options = parser().parse_args(argv)
    console = Console(highlight=False)
    try:
        files = bundle.read(options.config, options.id, options.ca)
        for note in files.notes:
            console.print(f"  [yellow]{note}[/]" if "soon" in note else f"  {note}")
        console.print(
            f"[green]✓[/] {options.config}: good, device {files.device}, {len(files.files)} files"
        )
        if options.check:
            return 0
        if not options.port:
            raise BoardError("which board? make provision PORT=/dev/ttyACM0 (or PORT=auto)")
        steps = Provision(
            Board(options.port), files, lambda line: console.print(f"[green]✓[/] {line}")
        )
        steps.run(start=not options.no_start)
    except (bundle.BundleError, bundle.CertsError, bundle.ConfigError, pem.PemError) as error:
        print(f"provision: {error}\nNothing was sent.", file=sys.stderr)
        if ": tls." in str(error) and options.ca is None:
            print("CA=folder takes the files from a CA's folder, and makes them.", file=sys.stderr)
        return 2
    except BoardError as error:
        print(f"provision: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nprovision: stopped; run it again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
