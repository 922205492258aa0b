"""firmware/budget.toml: what an image may take. `over` says where it takes more."""

import tomllib

from tools.setup.paths import ROOT

# Files of services that have lines of their own.
_SOME = ("ftp_online", "ssl", "stream", "online_stream", "ask")
PATH = ROOT / "firmware" / "budget.toml"


def read():
    return tomllib.loads(PATH.read_text())


def over(sizes, board, budget):
    """Sentences about what `sizes` has more than `budget` allows to `board`; none: all is well.

    An image whose manifest asks for services may take what [services] says beside the rest, and
    where it has "ftp_online", "ssl", "ask" or a vendor's "stream" what [ssl] … say beside that.
    """
    limits, rooms = budget.get(board, {}), budget["uplink"]
    totals = sizes.room_totals()
    more = dict(budget.get("services", {})) if "services" in totals else {}
    for service in _SOME:
        if f"services/{service}.py" in sizes.files:
            for room, bytes_ in budget.get(service, {}).items():
                more[room] = more.get(room, 0) + bytes_
    rooms = {room: rooms.get(room, 0) + more.get(room, 0) for room in {*rooms, *more}}
    limits = {
        "flash": limits.get("flash", sizes.flash),
        "ram": limits.get("ram", sizes.static_ram) + more.get("ram", 0),
        "heap": limits.get("heap", 0) - more.get("ram", 0),
    }
    found = [_more(room, totals[room], rooms[room]) for room in totals if room in rooms]
    found += [f"{room} is in no line of [uplink]" for room in sorted(totals.keys() - rooms.keys())]
    found.append(_more("lib/uplink, all of it", sizes.uplink, rooms["total"]))
    found.append(_more("static RAM of lib/uplink", sizes.uplink_ram, rooms["ram"]))
    found.append(_more("the image", sizes.flash, limits["flash"]))
    found.append(_more("static RAM", sizes.static_ram, limits["ram"]))
    least = limits["heap"]
    if sizes.heap < least:
        found.append(f"the heap is {sizes.heap:,} bytes, and is to be {least:,} at least")
    return [sentence for sentence in found if sentence]


def _more(what, bytes_, limit):
    return f"{what} takes {bytes_:,} bytes of {limit:,}" if bytes_ > limit else None
