"""Vendors' tables: constants repeated for flash are the engine's; scripts are well formed."""

import ast
from pathlib import Path

import pytest

from uplink.at import codes
from uplink.modems import NAMES, load

VENDORS = [load(name) for name in NAMES]
MODEMS = Path(__file__).parent.parent / "lib/uplink/modems"
REQUIRED = """ALIVE REBAUD SETUP FILE_STAT FILE_WRITE FILE_READ FILE_DELETE CONVERT_CA
CONVERT_CLIENT SIM REGISTER REGISTER_POLL REREGISTER RADIO RESTART SWITCH_OFF ATTACH ATTACH_POLL
DETACH CLOCK WATCH PING OPEN SEND READ CLOSE""".split()
NUMBERS = """PULSE_ON_MS PULSE_OFF_MS RESET_MS BOOT_MS BOOT_URCS_MS OFF_MS OFF_PAUSE_MS
WAKE_MS PAUSE_MS FAST_MS INPUT_MS SOCKETS READ_MAX SEND_MAX FILE_MAX FORMS""".split()


def private_constants(path):
    """`_NAME = const(n)` of a file, as a dict."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "const"
        ):
            found[node.targets[0].id] = ast.literal_eval(node.value.args[0])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_repeated_constants_are_the_engines(name):
    ours = private_constants(MODEMS / f"{name}.py")
    for flag in ("MAY_FAIL", "NEED", "SETTING", "PAYLOAD", "LATER", "FAST", "FAIL", "NOT_MINE"):
        assert ours[f"_{flag}"] == getattr(codes, flag), flag


@pytest.mark.parametrize("name", NAMES)
def test_repeated_conditions_are_the_shared_ones(name):
    shared = private_constants(MODEMS / "common.py")
    for constant, value in private_constants(MODEMS / f"{name}.py").items():
        if constant.startswith("_W_"):
            assert shared[constant] == value, constant


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_vendor_has_everything_that_the_modem_asks_for(vendor):
    for name in REQUIRED:
        assert isinstance(getattr(vendor, name), tuple), name
    for name in NUMBERS:
        assert isinstance(getattr(vendor, name), int), name
    assert len(vendor.FILES) == 3


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_scripts_are_well_formed(vendor):
    for name in REQUIRED:
        for step in getattr(vendor, name):
            when, command, response, handler, limit_ms, flags = step
            first = command if isinstance(command, bytes) else command[0]
            assert first.startswith(b"AT"), step
            pieces = [command] if isinstance(command, bytes) else command
            assert not any(b"\r" in p for p in pieces if isinstance(p, bytes)), step
            assert response is None or isinstance(response, bytes)
            assert handler is None or callable(getattr(vendor, handler)), step
            assert 100 <= limit_ms <= 150_000, step
            assert 0 <= flags < 64
            if flags & codes.SETTING:
                assert response and handler is None and not isinstance(command, bytes)
            if flags & (codes.NEED | codes.LATER | codes.PAYLOAD):
                assert response is not None, step


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_urcs_and_payloads_have_handlers(vendor):
    for prefix, handler in vendor.URCS:
        assert prefix and callable(getattr(vendor, handler)), prefix
    for prefix, commas, handler in vendor.COUNTED:
        assert prefix and commas > 0 and callable(getattr(vendor, handler)), prefix


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_constant(name):
    """A table with a name, a call or arithmetic in it would be built in RAM at import."""
    tree = ast.parse((MODEMS / f"{name}.py").read_text())
    constants = set(private_constants(MODEMS / f"{name}.py"))
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
            continue
        if node.targets[0].id.startswith("_"):
            continue
        for inner in ast.walk(node.value):
            if isinstance(inner, ast.Name):
                assert inner.id in constants, (node.targets[0].id, inner.id)
            assert not isinstance(inner, ast.Call), node.targets[0].id


@pytest.mark.parametrize("vendor", VENDORS, ids=NAMES)
def test_what_crashes_the_module_is_never_sent(vendor):
    for name in REQUIRED:
        for step in getattr(vendor, name):
            assert step[1] != b"AT+CARECV?", name


@pytest.mark.parametrize("name", ["ring/fast", "ring/plain", "at/engine"])
def test_places_in_the_ring_are_the_rings(name):
    lib = MODEMS.parent
    ring = private_constants(lib / "ring/ring.py")
    ours = private_constants(lib / f"{name}.py")
    for place in ("READ", "WRITE", "SCAN", "FEED", "START", "END", "ENTRY", "DROP", "JUNK"):
        assert ours.get(f"_{place}", ring[f"_{place}"]) == ring[f"_{place}"], place
    for what in ("PROMPT", "COUNTED", "WANTED", "OK"):
        assert ours.get(f"_IS_{what}", ring[f"_{what}"]) == ring[f"_{what}"], what


@pytest.mark.parametrize("name", ["engine", "resync"])
def test_the_engines_repeated_codes_are_those_of_codes(name):
    ours = private_constants(MODEMS.parent / f"at/{name}.py")
    for code in """ERROR CME CMS NO_CARRIER TIMEOUT DAMAGED BAD_ARGUMENT NO_ANSWER REFUSED STOPPED
    MAY_FAIL NEED SETTING LATER FAST FAIL NOT_MINE""".split():
        assert ours.get(f"_{code}", getattr(codes, code)) == getattr(codes, code), code
    assert ours["_IS_PAYLOAD"] == codes.PAYLOAD and ours.get("_STOP", codes.END) == codes.END
