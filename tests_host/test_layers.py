"""Holds lib/uplink to the picture in lib/uplink/README.md: which room may import which, and who
may touch the machine.

Reads the imports with `ast`, also those inside functions, so nothing has to run. Each rule is
tried on a small bad example.
"""

import ast

import pytest

from tests_host.conftest import ROOT

LIB = ROOT / "lib"

# Constants and helpers that any room may import.
GROUND = {"uplink.errors", "uplink.log", "uplink.exact", "uplink.plain", "uplink.port.ticks"}

# Room → the rooms under it that its contract names. What is not here is `app`, which may import
# them all.
ROOMS = {
    "port": set(),
    "loop": {"port"},
    "ring": set(),
    "at": {"ring"},
    "modem": {"at", "ring", "loop", "port", "modems"},
    "modems": {"at", "modem"},
    "mqtt": {"loop"},
    "http": {"loop"},
    "services": {"at", "loop", "modem", "modems", "http", "mqtt"},
    "app": {"port", "loop", "ring", "at", "modem", "mqtt", "app"},
    # The rooms' door (uplink/__init__.py) hands on what each of them offers.
    "uplink": {"port", "loop", "ring", "at", "modem", "mqtt", "app"},
    # The ground stands on nothing but itself.
    "errors": set(),
    "log": set(),
    "exact": set(),
    "plain": set(),
}

# The clock, the pins, the network and the system are the board's: only `port` knows which board.
MACHINE = set(
    "asyncio machine network os rp2 esp esp32 select socket ssl tls termios time tty "
    "uasyncio umachine uos uselect usocket utime vfs _thread".split()
)
# What else MicroPython offers on all boards; _uplink is firmware/native.
STDLIB = set(
    "array binascii collections errno gc hashlib io json math micropython random re struct "
    "sys _uplink".split()
)
# Where the code runs on CPython, as a file names it: there MicroPython's `sys.print_exception` is
# `traceback`.
CPYTHON = {"uplink.port.cpython": {"traceback"}, "uplink.app.application": {"traceback"}}
# Exceptions to MACHINE, each for a reason that the README of lib/uplink gives.
MAY = {"uplink.loop.bridge": {"asyncio"}, "uplink.app": {"os"}}


def module_of(path):
    """The dotted name of a file under lib/."""
    parts = list(path.relative_to(LIB).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(LIB.rglob("*.py"))}


def imports(source, module, is_package=False):
    """(line, dotted name) of each import in `source`; where a name could be a module it is told
    with its module.

    `__import__` with a fixed beginning is told as `beginning*`; with none at all as `*`, and so
    are `exec` and `eval`.
    """
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join(above + ([node.module] if node.module else []))
            for alias in node.names:
                yield node.lineno, f"{origin}:{alias.name}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("__import__", "exec", "eval", "compile"):
                yield node.lineno, _fixed_part(node)


def _fixed_part(call):
    """What is known of the name that `__import__(…)` imports."""
    name = call.args[0] if call.func.id == "__import__" and call.args else None
    if isinstance(name, ast.BinOp):
        while isinstance(name, ast.BinOp):
            name = name.left
        return name.value + "*" if isinstance(name, ast.Constant) else "*"
    return name.value if isinstance(name, ast.Constant) else "*"


def _resolve(name, modules):
    """`a.b:c` is the module a.b.c if there is one, otherwise something in the module a.b."""
    origin, _, member = name.partition(":")
    if f"{origin}.{member}" in modules:
        return f"{origin}.{member}", ""
    return origin, member


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def breaches(source, module, is_package=False, modules=MODULES):
    """Sentences, one for each import in `source` that the house does not allow to `module`."""
    room = room_of(module)
    for line, name in imports(source, module, is_package):
        why = _breach(module, room, name, modules)
        if why:
            yield f"{module}, line {line}: {why}"


def _breach(module, room, name, modules):
    target, member = _resolve(name, modules)
    if target.endswith("*"):
        # The vendor is known by name only when it is loaded; the door loads rooms when they are
        # first touched.
        lazy = {"modem": "uplink.modems.*", "modems": "uplink.modems.*", "uplink": "uplink.*"}
        return None if lazy.get(room) == target else f"imports {target}, a name made at run time"
    top = target.split(".")[0]
    if top != "uplink":
        return _outside(module, room, top)
    if target in GROUND or room_of(target) == room:
        return None
    if target == "uplink":
        return f"imports {member} from the door of the house: name its room"
    if room_of(target) not in ROOMS[room]:
        return f"{room} must not know {room_of(target)} ({target})"
    if room == "modems" and not (member or target.split(".")[-1]).isupper():
        return (
            f"a vendor's table takes constants only from {room_of(target)}, not {member or target}"
        )
    return None


def _outside(module, room, top):
    if top in STDLIB or top in CPYTHON.get(module, ()):
        return None
    if (
        room == "port"
        or top in MAY.get(module, ())
        or (room == "app" and top in MAY["uplink.app"])
    ):
        return None
    if top in MACHINE:
        return f"imports {top}: that is the business of port"
    return f"imports {top}, which is not in lib/ and not in MicroPython"


@pytest.mark.parametrize("module", MODULES)
def test_house(module):
    path = MODULES[module]
    found = list(breaches(path.read_text(), module, path.name == "__init__.py"))
    assert not found, "\n".join(found)


def test_every_room_is_there_and_known():
    rooms = {room_of(module) for module in MODULES}
    assert rooms == set(ROOMS)


KNOWN = dict.fromkeys(
    "uplink uplink.errors uplink.log uplink.exact uplink.port uplink.port.ticks uplink.port.host "
    "uplink.loop uplink.ring uplink.at uplink.at.codes uplink.at.engine uplink.modem "
    "uplink.modem.core uplink.modems uplink.mqtt uplink.app".split()
)

GOOD = [
    ("uplink.at.engine", "from uplink.ring import Ring"),
    ("uplink.at.engine", "from .codes import OK"),
    ("uplink.at.engine", "from ..ring import Ring"),
    ("uplink.at.engine", "import uplink.ring"),
    ("uplink.ring", "from uplink import errors, log"),
    ("uplink.ring", "from uplink.port import ticks"),
    ("uplink.mqtt.client", "from uplink.port.ticks import FOREVER"),
    ("uplink.mqtt.client", "from uplink.loop import Event"),
    ("uplink.modem.core", "from uplink.port import board"),
    ("uplink.modem.core", "def f(name):\n    return __import__('uplink.modems.' + name)"),
    ("uplink.modems.sim7000", "from uplink.at.codes import OK"),
    ("uplink.port.rp2", "import machine, select, time"),
    (
        "uplink.app.start",
        "import os, json\nfrom uplink.modem import Modem\nfrom uplink.mqtt import MQTT",
    ),
    ("uplink.loop.bridge", "def serve():\n    import asyncio"),
    ("uplink.loop", "from micropython import const\nimport gc, sys"),
]

BAD = [
    ("uplink.at.engine", "from uplink.modem import core", "at must not know modem"),
    ("uplink.at.engine", "from uplink.loop import Event", "at must not know loop"),
    (
        "uplink.at.engine",
        "def f():\n    from ..modem.core import Core",
        "line 2: at must not know modem",
    ),
    ("uplink.ring", "import uplink.at.engine", "ring must not know at"),
    ("uplink.mqtt.client", "from uplink.modem import Modem", "mqtt must not know modem"),
    ("uplink.mqtt.client", "from uplink.port import board", "mqtt must not know port"),
    ("uplink.mqtt.client", "from uplink import modem", "mqtt must not know modem"),
    ("uplink.mqtt.client", "from uplink import Modem", "from the door"),
    ("uplink.mqtt.client", "from .. import Loop", "from the door"),
    ("uplink.modem.core", "from uplink.mqtt import MQTT", "modem must not know mqtt"),
    ("uplink.modem.core", "def f(n):\n    return __import__('uplink.' + n)", "made at run time"),
    ("uplink.modem.core", "def f(n):\n    exec(n)", "made at run time"),
    ("uplink.modem.core", "__import__('uplink.app')", "modem must not know app"),
    ("uplink.modem.core", "import time", "the business of port"),
    (
        "uplink.modem.core",
        "try:\n    from time import ticks_ms\nexcept ImportError:\n    pass",
        "of port",
    ),
    ("uplink.modems.sim7000", "from uplink.at.engine import Engine", "constants only"),
    ("uplink.modems.sim7000", "from uplink.ring import MAX", "modems must not know ring"),
    ("uplink.loop.wait", "import asyncio", "the business of port"),
    ("uplink.app.start", "import machine", "the business of port"),
    ("uplink.app.start", "import tools.modem", "not in lib/"),
    ("uplink.app.start", "import requests", "not in lib/"),
    ("uplink.log", "from uplink.loop import Loop", "log must not know loop"),
    ("uplink.port.unix", "from uplink.loop import Loop", "port must not know loop"),
]


@pytest.mark.parametrize(("module", "source"), GOOD)
def test_the_checker_lets_pass(module, source):
    assert list(breaches(source, module, module in KNOWN and module.count(".") < 2, KNOWN)) == []


@pytest.mark.parametrize(("module", "source", "why"), BAD)
def test_the_checker_finds(module, source, why):
    found = list(breaches(source, module, module in KNOWN and module.count(".") < 2, KNOWN))
    assert len(found) == 1 and why in found[0], found
