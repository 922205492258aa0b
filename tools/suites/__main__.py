"""`python -m tools.suites`: what `tls.level` offers on each module, or the suites of one."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from . import levels, others, tables, telit


def modules():
    """{name: (rows or None, what the command takes for a row, the three lists)}"""
    found = {"sim7000": (None, None, others.sim7000())}
    found["quectel"] = (others.QUECTEL, lambda row: row.number, others.quectel())
    for platform in telit.PLATFORMS:
        name = "telit-" + platform.id.replace(" ", "-").lower()
        rows = telit.SUITES[platform.suites]
        found[name] = (rows, telit.token(platform), telit.lists(platform))
    return found


def overview():
    """A row for each module."""
    table = Table("module", *levels.LEVELS, box=None)
    for name, (_, _, lists) in modules().items():
        table.add_row(name, *(" ".join(tokens) or "cannot" for tokens in lists))
    return table


def suites(name):
    """A row for each suite of a module."""
    rows, token, _ = modules()[name]
    table = Table("worth", "code", "suite", "alone", "of all", "versions", box=None)
    if rows is None:  # (its manual's list is longer: these are what is offered)
        rows = [tables.Row("TLS_" + one, "", False, {"TLS1.2": "*"}) for one in others.SIM7000]
        token = lambda row: f"0x{tables.CODES[row.name]:04X}"  # noqa: E731
    for row in sorted(rows, key=tables.order):
        versions = [version + "+" * (mark == "+") for version, mark in row.versions.items()]
        table.add_row(
            tables.worth(row.name),
            f"0x{tables.CODES[row.name]:04X}",
            row.name,
            token(row),
            "yes" if row.all else "",
            " ".join(versions),
        )
    return table


def main(argv=None):
    """Returns the exit status."""
    p = argparse.ArgumentParser(
        prog="python -m tools.suites",
        description="what `tls.level` offers on each module, or the suites of one",
        epilog="Behind a suite: r no forward secrecy, w weak ones are among them. README.md says "
        "what the letters and levels mean.",
    )
    p.add_argument(
        "module", nargs="?", choices=modules(), metavar="MODULE", help="as it is listed"
    )
    args = p.parse_args(argv)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(suites(args.module) if args.module else overview())
    return 0


if __name__ == "__main__":
    sys.exit(main())
