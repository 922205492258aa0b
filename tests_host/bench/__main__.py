"""`make bench`: measures on the emulated board, and says what moved since the last figures."""

import argparse
import re
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.board import Board
from tools.setup.paths import cache

from . import device, peers, table
from .sender import Sender

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "UPLINK_PICO" / "uplink.bin"
_ON_BOARD = Path(__file__).with_name("on_board")
_ANSWER = b"\r\n+CSQ: 21,99\r\n\r\nOK\r\n"
_GAP_US = 9_000
_MANY = 1500  # answers: 31.5 kB
# (what runs, baud, answers, µs between them)
_LINES = (
    ("uplink_cost", 115_200, 30, _GAP_US),
    ("asyncio_cost", 115_200, 30, 0),
    ("readline_cost", 115_200, 30, 0),
    ("uplink_loss", 115_200, _MANY, 0),
    ("uplink_loss", 921_600, _MANY, 0),
    ("asyncio_loss", 115_200, _MANY, 0),
    ("readline_loss", 921_600, _MANY, 0),
)
_BAUDS = (115_200, 921_600)


def figures_in(text):
    """{name: value} of the lines `FIGURE name value` that a script has printed."""
    found = re.findall(r"^FIGURE (\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def script(image, name, before="", modem=None, files=None, limit_s=120):
    """Run one of `on_board` over the REPL; returns its figures."""
    source = before + "".join((_ON_BOARD / f).read_text() for f in ("figures.py", name))
    with Board(image, modem, files=files or {}, watch=[device.GO]) as board:
        if modem is not None:
            board.on_pin = lambda pin, level, nanos, awake: (
                modem.start(nanos / 1000) if pin == device.GO and level == 1 else None
            )
        return figures_in(board.exec(source, limit_s))


def kernel(image):
    """The scheduler beside asyncio."""
    return script(image, "kernel.py")


def mqtt(image):
    """The client beside umqtt.simple."""
    return script(image, "mqtt.py", files={"umqtt_simple.py": peers.umqtt_simple(cache())})


def line(image, what, baud, count, gap_us):
    """One row of `_LINES`."""
    before = f"MODE = {what!r}\nBAUD = {baud}\nCOUNT = {count}\n"
    return script(image, "line.py", before, Sender(_ANSWER, count, baud, gap_us))


def measure(image, say):
    """All figures, one part after the other; `say` is told each."""
    found = {}
    parts = [("scheduler", kernel, ()), ("MQTT", mqtt, ())]
    parts += [(f"{what} at {baud:,}", line, (what, baud, *rest)) for what, baud, *rest in _LINES]
    parts += [(f"the whole device at {baud:,}", device.measure, (baud,)) for baud in _BAUDS]
    for i, (name, run, arguments) in enumerate(parts, 1):
        began = time.monotonic()
        try:
            # of what two runs measure, the run at the usual rate counts
            found = {**run(image, *arguments), **found}
        except peers.PeerError as error:
            say(f"{error}; it is left out")
            continue
        say(f"{i} of {len(parts)}: {name}, {time.monotonic() - began:.0f} s")
    return found


def show(console, figures):
    """The table, section by section."""
    for title, rows in table.SECTIONS:
        drawn = Table(title=title, title_justify="left", title_style="bold")
        for name in ("", "Uplink", "asked", "", "peer", "", "of ours"):
            drawn.add_column(name, justify="left" if not name else "right")
        for row in rows:
            value, theirs = figures.get(row.name), figures.get(row.peer)
            asked, mark = "", ""
            if row.limit is not None and value is not None:
                asked = ("≥ " if row.least else "≤ ") + table.text(row.limit, row.unit)
                mark = "[red]✗[/]" if row.missed(figures) else "[green]✓[/]"
            drawn.add_row(
                row.text,
                table.text(value, row.unit),
                asked,
                mark,
                table.text(theirs, row.unit) if row.peer else "",
                row.peer_text,
                table.ratio(value, theirs) if row.peer else "",
            )
        console.print(drawn)


def main(argv=None):
    """Returns the exit status: 1 where --strict was given and a limit is passed."""
    p = argparse.ArgumentParser(prog="python -m tests_host.bench", description=__doc__)
    p.add_argument("--image", type=Path, default=IMAGE)
    p.add_argument("--save", action="store_true", help="keep these as the last figures")
    p.add_argument("--strict", action="store_true", help="fail where a limit is passed")
    options = p.parse_args(argv)
    console = Console()
    if not options.image.exists():
        print(f"bench: {options.image} is missing: `make image`", file=sys.stderr)
        return 2
    figures = measure(options.image, lambda text: console.print(f"[dim]{text}[/]"))
    show(console, figures)
    changes = table.moved(figures, table.last())
    console.print(f"moved since the last figures: {len(changes) or 'nothing'}")
    for name, before, now in changes:
        console.print(f"  {name}: {_plain(before)} → {_plain(now)}")
    if options.save:
        table.save(figures)
        console.print(f"kept in {table.LAST.relative_to(ROOT)}")
    missed = [row.text for row in table.rows() if row.missed(figures)]
    return 1 if options.strict and missed else 0


def _plain(value):
    return "nothing" if value is None else f"{value:,.3f}"


if __name__ == "__main__":
    sys.exit(main())
