"""The page on adding a module (lib/uplink/modems/README.md) lists what a table is asked for."""

import re

import added
import larch
import pytest

from tests_host.conftest import ROOT
from tests_host.sim.larch_page import Larch
from tests_host.sim.test_life import Echo, Listener
from tests_host.sim.test_vendors import PKI
from tools.modem.pages import PAGES
from uplink import log, modems

LIB = ROOT / "lib/uplink"
PAGE = (LIB / "modems/README.md").read_text()
VENDORS = [*modems.NAMES, "larch"]


def section(title):
    return PAGE.split(f"### {title}\n")[1].split("\n#")[0]


def listed():
    """The names in the first column of the page's table."""
    rows = re.findall(r"^\| (`[^|]*) \|", section("The names of a table"), re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(names) == len(set(names))
    return set(names)


def handlers(table):
    """Functions that rows name: they may be called anything."""
    rows = [*table.URCS, *table.COUNTED]
    named = {row[-1] for row in rows}
    for script in (table.SEND, table.READ, table.SEND_PLAIN, table.READ_PLAIN):
        named |= {step[3] for step in script if step[3]}
    return named


# Texts of the modules' own services: their `s.vendor` is another of these, not a table.
SERVICES = {"quectel_http", "quectel_ssl", "quectel_stream", "sim7000_http", "sim7000_urcs"}
SERVICES |= {"telit_ftp", "telit_http", "telit_mq", "telit_urcs"}


def test_the_page_lists_what_the_source_asks_for():
    asked = set()
    for path in (path for room in ("at", "modem", "modems") for path in (LIB / room).glob("*.py")):
        if path.stem in SERVICES:
            continue
        source = path.read_text()
        asked |= set(re.findall(r"\bvendor\.(\w+)", source))
        asked |= set(re.findall(r'step\[3\] = "(\w+)"', source))
    assert asked | {"urc"} == listed()


def test_the_engine_in_c_asks_for_the_same():
    asked = set()
    for path in (ROOT / "firmware/native").glob("*.c"):
        asked |= set(re.findall(r"MP_QSTR_([A-Z]+(?:_MS)?)\b", path.read_text()))
    engine = (LIB / "at/engine.py").read_text() + (LIB / "at/resync.py").read_text()
    assert asked & listed() == set(re.findall(r"\bvendor\.([A-Z_]+)", engine))


@pytest.mark.parametrize("name", VENDORS)
def test_every_table_has_them_and_nothing_that_nobody_asks_for(name):
    table = larch if name == "larch" else modems.vendor(name)
    missing = listed() - set(vars(table))
    assert not missing
    own = {one for one in vars(table) if one.isupper() and not one.startswith("_")}
    assert own <= listed()


class Recorder:
    """A table that remembers what it was asked for."""

    def __init__(self, table):
        self.__dict__.update(table=table, asked=set())

    def __getattr__(self, name):
        if name.startswith("__"):  # what the import asks of a module
            return getattr(self.table, name)
        found = getattr(self.table, name)
        self.asked.add(name)
        return found


def test_a_device_asks_for_what_is_listed(folder, monkeypatch):
    """… in a life over TLS and beside it, with an answer that is late and an open that fails."""
    monkeypatch.setattr(log, "sink", lambda *line: None)
    monkeypatch.setitem(PAGES, "larch", Larch)
    table = Recorder(larch)
    put = added.add(table=table)
    try:
        world = PKI(folder).world("larch", services={(b"echo", 7): Echo()}, modem={"sockets": 2})
        assert world.run(60, lambda: world.mqtt.connected)
        socket = world.modem.socket()
        socket.listener = listener = Listener()
        socket.open(b"echo", 7, False)
        assert world.run(20, lambda: socket.state == 2) and socket.send(b"hello", 0, 5)
        assert world.run(20, lambda: bytes(listener.data) == b"hello")
        world.vm.fault("late", s=30, command="LPUT")  # behind the prompt
        world.publish(1)
        assert world.run(100, lambda: world.mqtt.connects == 2 and not world.missing())
        world.vm.fault("error", count=1, command="LOPEN")
        world.vm.fault("socket_closed")
        assert world.run(100, lambda: world.mqtt.connects == 3)
    finally:
        added.remove(put)
    assert table.asked - handlers(larch) | {"urc"} == listed()


def test_the_page_lists_the_places_of_numbers():
    told = [int(n) for n in re.findall(r"\| (\d+) ", section("The places of `NUMBERS`"))]
    assert told == list(range(25))
    used = set()
    for path in sorted((LIB / "modem").glob("*.py")):
        source = path.read_text()
        places = dict(re.findall(r"^(_[A-Z0-9_]+) = const\((\d+)\)", source, re.MULTILINE))
        for place in re.findall(r"\b(?:NUMBERS|numbers)\[(\w+)[\] ]", source):
            used.add(int(places.get(place, place)) if place != "limit" else -1)
    limits = (LIB / "modem/machine.py").read_text().split("\nLIMITS_MS = (")[1].split("\n)")[0]
    used |= {int(n) - 1 for n in re.findall(r"\b(\d+),", limits) if 0 < int(n) < 30}
    assert used - {-1} == set(told)
