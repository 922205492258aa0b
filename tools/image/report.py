"""The table that `make image` ends with."""

from .sizes import SHARED

_ROW = "{:26}{:>9}{:>11}{:>8}{:>9}{:>10}"


def table(sizes, board, budget):
    """Lines: each file and room of lib/uplink with its bytes of flash, then the whole image."""
    limits = budget.get(board, {})
    yield f"{board}: flash of lib/uplink, in bytes"
    yield _ROW.format("", "code", "constants", "names", "all", "budget")
    totals = sizes.room_totals()
    for room, files in sizes.rooms().items():
        for name, share in files.items():
            yield _row("  " + name, share)
        yield _bold(room, totals[room], budget["uplink"].get(room))
    yield _row("shared by all of them", sizes.files[SHARED])
    yield _bold("lib/uplink", sizes.uplink, budget["uplink"]["total"])
    yield ""
    yield _bold("image (flash)", sizes.flash, limits.get("flash"))
    yield _bold("  without lib/uplink", sizes.flash - sizes.uplink, None)
    yield _bold("static RAM (data and bss)", sizes.static_ram, limits.get("ram"))
    yield _bold("  of it lib/uplink", sizes.uplink_ram, budget["uplink"]["ram"])
    yield _bold("stack", sizes.stack, None)
    least = limits.get("heap")
    yield _ROW.format(
        "heap for Python", "", "", "", f"{sizes.heap:,}", f"≥ {least:,}" if least else ""
    )


def _row(name, share):
    parts = (share.code, round(share.constants), round(share.names), share.total)
    return _ROW.format(name, *(f"{part:,}" for part in parts), "").rstrip()


def _bold(name, bytes_, limit):
    return _ROW.format(
        name, "", "", "", f"{bytes_:,}", "" if limit is None else f"{limit:,}"
    ).rstrip()
