"""Vendors' texts: well formed, their letters known; constants repeated are the right ones."""

import re
import sys
from pathlib import Path

import larch
import pytest

from tests_host.conftest import ROOT
from uplink import errors, modems
from uplink.app import application
from uplink.at import codes
from uplink.modem.machine import Machine
from uplink.modem.script import Script
from uplink.modems import NAMES, common

# The last is not in lib/: the example of an added module.
VENDORS = [*(modems.vendor(name) for name in NAMES), larch]
IDS = [*NAMES, "larch"]
LIB = ROOT / "lib" / "uplink"
MODEMS = [*sorted((LIB / "modems").glob("*.py")), Path(larch.__file__)]
# The scripts that `modem` runs, by their letters: those of states, and others.
STATES = b"chjklmqrst"
OTHERS = b"ABCDFGKLOPW"
SHARED = b"chpauw#bfzgs"  # the core's variables
OF_STATES = (LIB / "modem" / "states.py").read_text()


def constants(path):
    """{NAME: n} of `_NAME = const(n)` in a file."""
    lines = re.findall(r"^_([A-Z0-9_]+) = const\((-?[0-9_]+)\)", path.read_text(), re.MULTILINE)
    return {name: int(n) for name, n in lines}


def scripts(vendor):
    """{letter: [lines]}."""
    found = {}
    *parts, last = vendor.SCRIPTS.split(b"\n#")
    assert parts[0] == b"" and last == b"", "a text begins with a script and ends with #"
    for part in parts[1:]:
        head, *lines = part.split(b"\n")
        assert len(head) == 1 and head[0] not in found, part
        found[head[0]] = lines
    return found


def letters_of(function):
    """The letters that a function of a vendor's file compares with: `== 69` is E."""
    source = Path(sys.modules[function.__module__].__file__).read_text()
    body = source.split(f"def {function.__name__}(")[1].split("\ndef ")[0]
    return {int(n) for n in re.findall(r"(?:what|letter|condition) [=!]= (\d+)", body)}


def test_the_application_keeps_what_is_asked_for_after_start():
    """It takes the rest of the configuration away; the constructors have run by then."""
    for path in sorted(LIB.glob("modem*/*.py")):
        for part in re.split(r"\n    def |\ndef ", path.read_text()):
            if part.startswith("__init__("):
                continue
            for section, key in re.findall(r'cfg\["(\w+)"\](?:\["(\w+)"\])?', part):
                assert section in (*application._KEPT, "uart"), (path.name, section)
                assert section != "uart" or key in application._KEPT_UART, (path.name, key)


def test_letters_are_told_beside_their_numbers():
    for path in [*MODEMS, LIB / "modem" / "script.py"]:
        for line in path.read_text().splitlines():
            for n, told in re.findall(r"(?:letter|condition) == (\d+):  # (\S)", line):
                assert chr(int(n)) == told, (path.name, line)


RUNGS = "RETRY REOPEN DATA NETWORK RADIO RESET POWER WAIT".split()
REPEATED = {f"R_{name}": i for i, name in enumerate(RUNGS)}
REPEATED |= {"CLOSED": 0, "OPENING": 1, "OPEN": 2, "CLOSING": 3}
REPEATED |= {"DO_OPEN": 1, "DO_SEND": 2, "DO_READ": 3, "DO_CLOSE": 4}
CLOSED = {name: n for n, name in enumerate(errors._REASONS.split())}
CLOSED |= {"TIMED_OUT": CLOSED.pop("TIMEOUT"), "DAMAGE": CLOSED.pop("DAMAGED")}
ENGINE = {name: n for name, n in vars(codes).items() if isinstance(n, int)}


@pytest.mark.parametrize(
    "path",
    [*sorted(LIB.glob("modem*/*.py")), Path(larch.__file__)],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_repeated_constants_are_the_originals(path):
    """A name means the same in all files; what is an engine's code or a reason, is that."""
    machine = constants(LIB / "modem" / "states.py")
    for name, n in constants(path).items():
        if path.name == "states.py":
            continue
        allowed = [d[name] for d in (machine, REPEATED, CLOSED, ENGINE) if name in d]
        if allowed:
            assert n in allowed, name
        for other in sorted(LIB.glob("modem*/*.py")):
            if name.startswith(("DOING_", "S_", "R_")) and name in constants(other):
                assert constants(other)[name] == n, (name, other.name)


def test_services_repeat_the_numbers_of_states():
    """In a block of constants that begins with `# of states`."""
    machine, checked = constants(LIB / "modem" / "states.py"), 0
    for path in sorted((LIB / "services").glob("*.py")):
        repeats = False
        for line in path.read_text().splitlines():
            found = re.match(r"_(\w+) = const\((-?\d+)\)(?:  # (.*))?", line)
            comment = found and found[3] or ""
            repeats = bool(found) and (repeats or comment.startswith("of states"))
            repeats = repeats and (not comment.startswith("of ") or "states" in comment)
            if repeats and found[1] in machine:
                assert int(found[2]) == machine[found[1]], (path.name, line)
                checked += 1
    assert checked >= 9


@pytest.mark.parametrize("vendor", VENDORS, ids=IDS)
def test_vendor_has_everything_that_the_modem_asks_for(vendor):
    hidden = vendor.NUMBERS[15]
    read_back = b"EHI" if not hidden else b""
    assert sorted(scripts(vendor)) == sorted(STATES + OTHERS + read_back)
    assert len(vendor.NUMBERS) == 25 and all(type(n) is int and n >= 0 for n in vendor.NUMBERS)
    assert len(vendor.FILES) == 3
    for name in ("PAUSE_MS", "FAST_MS", "INPUT_MS"):
        assert isinstance(getattr(vendor, name), int), name
    for name in ("answer", "urc", "heard", "put", "when"):
        assert callable(getattr(vendor, name)), name
    for name in ("SEND", "READ", "SEND_PLAIN", "READ_PLAIN"):
        ((when, command, response, handler, limit_ms, flags),) = getattr(vendor, name)
        assert when == 0 and command[0].startswith(b"AT") and response
        assert handler is None or callable(getattr(vendor, handler))
        assert 100 <= limit_ms <= 150_000 and flags & codes.FAST


@pytest.mark.parametrize("vendor", VENDORS, ids=IDS)
def test_scripts_are_well_formed(vendor):
    heard = letters_of(vendor.heard) | letters_of(common.heard) | {ord("-")}
    variables = set(SHARED) | letters_of(common.put) | letters_of(vendor.put)
    variables |= set(b"01234567")
    conditions = letters_of(common.when) | letters_of(vendor.when) | set(b" 01N")
    for lines in scripts(vendor).values():
        for line in lines:
            form = rb"(.)([ abdehq])([0-9:])(AT[^|]*)(\|.(.*))?"
            found = re.fullmatch(form, line, re.DOTALL)
            assert found, line
            when, flags, _, command, response, prefix = found.groups()
            assert when[0] in conditions, line
            flags = flags[0] & 31
            assert len(line) <= 64, line
            assert b"\r" not in command and len(re.split(rb"=", command)[0]) <= 31, line
            assert prefix is None or len(prefix) <= 31, line
            for variable in re.findall(rb"\{(.)", command):
                assert variable[0] in variables, line
            assert command.count(b"{") == len(re.findall(rb"\{.\}", command)), line
            if response:
                assert response[1] in heard, line
            if flags & codes.SETTING:
                assert b"=" in command and not response, line
            if flags & (codes.NEED | codes.LATER | codes.PAYLOAD):
                assert response, line


class Core:
    """What a script needs to be read."""

    vendor = VENDORS[0]
    active = None


def test_a_line_is_read_as_a_step():
    script = Script(Core())
    assert script.find(ord("h")) and not script.find(ord("?"))
    assert script.find(ord("j")) and len(script) == 12  # two for each line
    assert script[0][0] == 1  # no setting: no query
    assert script[1] == [0, (b"AT+CPIN?", 0), b"+", "answer", 5_000, 0]
    assert script.response == b"+CPIN: " and script.what == ord("p")
    assert script[3][4:] == [2_000, codes.MAY_FAIL] and script.what == ord("s")
    assert script[5][:3] == [ord("P"), (b"AT+CPIN", 0), None]
    assert script[11][2] is None and script.every
    script.find(ord("F"))
    assert script[3][2] == b"DOWNLOAD" and script[3][4:] == [15_000, codes.PAYLOAD]
    script.find(ord("h"))
    assert script[20] == [0, (b"AT+CLTS", 0), b"+", "answer", 1_000, codes.MAY_FAIL]


@pytest.mark.parametrize("vendor", VENDORS, ids=IDS)
def test_lines_and_payloads_have_handlers(vendor):
    heard = letters_of(vendor.heard) | letters_of(common.heard) | {ord("-")}
    assert vendor.LINES.startswith(b"\n")
    for line in vendor.LINES[1:].split(b"\n"):
        name, letter = line.rsplit(b":", 1)
        assert 2 < len(name) < 30 and len(letter) == 1 and letter[0] in heard, line
    for prefix, handler in vendor.URCS:
        assert isinstance(prefix, bytes) and callable(getattr(vendor, handler)), prefix
    for prefix, commas, handler in vendor.COUNTED:
        assert prefix and commas > 0 and callable(getattr(vendor, handler)), prefix


@pytest.mark.parametrize("vendor", VENDORS, ids=IDS)
def test_what_crashes_the_module_is_never_sent(vendor):
    assert b"AT+CARECV?" not in vendor.SCRIPTS


@pytest.mark.parametrize("name", ["ring/fast", "ring/plain", "at/engine"])
def test_places_in_the_ring_are_the_rings(name):
    ring = constants(LIB / "ring/ring.py")
    ours = constants(LIB / f"{name}.py")
    for place in ("READ", "WRITE", "SCAN", "FEED", "START", "END", "ENTRY", "DROP", "JUNK"):
        assert ours.get(place, ring[place]) == ring[place], place
    for what in ("PROMPT", "COUNTED", "WANTED", "OK"):
        assert ours.get(f"IS_{what}", ring[what]) == ring[what], what


@pytest.mark.parametrize("name", ["engine", "resync"])
def test_the_engines_repeated_codes_are_those_of_codes(name):
    ours = constants(LIB / f"at/{name}.py")
    for code in """ERROR CME CMS NO_CARRIER TIMEOUT DAMAGED BAD_ARGUMENT NO_ANSWER REFUSED STOPPED
    MAY_FAIL NEED LATER FAST FAIL NOT_MINE""".split():
        assert ours.get(code, getattr(codes, code)) == getattr(codes, code), code
    assert ours["IS_PAYLOAD"] == codes.PAYLOAD and ours.get("STOP", codes.END) == codes.END


def test_limits_are_those_of_all_states():
    from uplink.modem import machine, states

    assert len(machine.LIMITS_MS) == len(states.STATES) == 26
    assert len(states.LADDER) == 2 * len(states.RUNGS)
    assert issubclass(Machine, object)
