"""The board definitions: what MicroPython's own tools make of them, also of those that only
ESP-IDF can build.
"""

import ast
import csv
import re
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tools.image import build
from tools.setup import sizes

ESP32 = ("UPLINK_ESP32", "UPLINK_ESP32C3")
BOARDS = (*build.boards(), *ESP32)
LIB = ROOT / "lib"
MODEM = {"TX", "RX", "PWRKEY", "RESET", "DTR", "STATUS"}
MARCH = {"UPLINK_ESP32": "xtensawin", "UPLINK_ESP32C3": "rv32imc"}
# What a board of each chip cannot use, or needs itself: its flash, its USB, its REPL.
TAKEN = {
    "UPLINK_ESP32": {1, 3, *range(6, 12)},
    "UPLINK_ESP32C3": {*range(12, 20), 20, 21},
    "UPLINK_PICO": {23, 24, 25, 29},
    "UPLINK_PICO2": {23, 24, 25, 29},
}


def port_of(board):
    return "esp32" if board in ESP32 else "rp2"


def definition(board, name):
    return (build.BOARDS / board / name).read_text()


def pins(board):
    """{name: number} of pins.csv."""
    rows = csv.reader(definition(board, "pins.csv").splitlines())
    return {name: int(cpu.removeprefix("GPIO")) for name, cpu in rows}


def vendors(board):
    for node in ast.parse(definition(board, "manifest.py")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "VENDORS":
            return set(ast.literal_eval(node.value))


TWINS = (
    "uplink/at/engine.py",
    "uplink/at/plain.py",
    "uplink/at/resync.py",
    "uplink/loop/core.py",
    "uplink/loop/wait.py",
    "uplink/mqtt/decoder.py",
    "uplink/mqtt/plain.py",
    "uplink/plain.py",
    "uplink/ring/cursor.py",
    "uplink/ring/fast.py",
    "uplink/ring/plain.py",
    "uplink/ring/ring.py",
)


def test_every_board_is_known():
    assert {path.name for path in build.BOARDS.iterdir()} == set(BOARDS)


@pytest.mark.parametrize("board", BOARDS)
def test_manifest_freezes_the_library_for_this_port_alone(board, frozen):
    files = frozen(build.BOARDS / board / "manifest.py", port_of(board))
    ours = {path for path in files if path.startswith("uplink/")}
    there = {path.relative_to(LIB).as_posix() for path in LIB.rglob("*.py")}
    assert ours <= there
    ports = {"rp2", "esp32", "unix", "cpython"}
    port = {path.split("/")[-1][:-3] for path in ours if path.startswith("uplink/port/")}
    assert port & (ports | {"host"}) == {port_of(board)}
    # All rooms but those that a manifest chooses are there, without the twins of what is native.
    choosy = ("uplink/port/", "uplink/modems/", "uplink/services/", "uplink/http/", *TWINS)
    assert not [p for p in ours if p.startswith(("uplink/services/", "uplink/http/"))]
    assert not ours & set(TWINS)
    assert {p for p in there if not p.startswith(choosy)} == {
        p for p in ours if not p.startswith(choosy)
    }
    assert {opt for path, (_, opt) in files.items() if path in ours} == {3}
    assert {"asyncio/__init__.py", "_boot.py"} <= files.keys()


@pytest.mark.parametrize("board", BOARDS)
def test_manifest_freezes_the_vendors_that_it_names(board, frozen):
    files = frozen(build.BOARDS / board / "manifest.py", port_of(board))
    named = vendors(board)
    assert named
    room = {path.split("/")[-1][:-3] for path in files if path.startswith("uplink/modems/")}
    theirs = {name for name in room if name.split("_")[0] in named}
    several = {"auto"} if len(named) > 1 else set()
    assert named <= room and room - theirs == {"__init__", "common", "policy", *several}


def test_what_finds_out_the_vendor_is_there_where_there_are_several(frozen, tmp_path):
    shared = ROOT / "firmware" / "manifest.py"
    for named in (("quectel",), ("sim7000", "telit")):
        manifest = tmp_path / f"{len(named)}.py"
        manifest.write_text(f'include("{shared}", port="rp2", vendors={named})\n')
        room = {path for path in frozen(manifest, "rp2") if path.startswith("uplink/modems/")}
        assert ("uplink/modems/auto.py" in room) == (len(named) > 1)
        assert ("uplink/modems/telit_platforms.py" in room) == ("telit" in named)


def test_services_are_in_an_image_that_asks_for_them_alone(frozen, tmp_path):
    shared = ROOT / "firmware" / "manifest.py"
    for services in ((), ("http",), ("ftp",), ("mq",), ("http", "ftp", "ftp_online", "mq")):
        manifest = tmp_path / "manifest.py"
        manifest.write_text(
            f'include("{shared}", port="rp2", vendors=("telit",), services={services})\n'
        )
        files = {path.removeprefix("uplink/") for path in frozen(manifest, "rp2")}
        assert ("services/modem.py" in files) == bool(services)
        assert ("modems/telit_urcs.py" in files) == bool(services)
        assert ("http/request.py" in files) == bool(services)
        assert ("services/http.py" in files) == bool({"http", "ftp"} & set(services))
        assert ("services/mq.py" in files) == ("mq" in services)
        assert ("modems/telit_mq.py" in files) == ("mq" in services)
        assert ("services/ftp.py" in files) == ("ftp" in services)
        assert ("services/ftp_online.py" in files) == ("ftp_online" in services)
        assert ("modems/telit_http.py" in files) == ("http" in services)
        assert "modems/quectel_http.py" not in files
        there = {path.relative_to(LIB).as_posix() for path in LIB.rglob("*.py")}
        for path in files:
            for wanted in imported("uplink/" + path, (LIB / "uplink" / path).read_text()):
                lazy = path == "services/modem.py"  # (only where the texts are there)
                if path.startswith(("modems/telit_", "services/", "http/")) and not lazy:
                    mine = wanted.removeprefix("uplink/")
                    assert wanted not in there or mine in files, f"{path} imports {wanted}"
    for services in ((), ("http",)):
        manifest.write_text(
            f'include("{shared}", port="rp2", vendors=("sim7000",), services={services})\n'
        )
        files = {path.removeprefix("uplink/") for path in frozen(manifest, "rp2")}
        assert ("modems/sim7000_http.py" in files) == bool(services)
        assert ("modems/sim7000_urcs.py" in files) == bool(services)
        assert "modems/telit_http.py" not in files
    for services in (("ssl",), ("stream",)):
        manifest.write_text(
            f'include("{shared}", port="rp2", vendors=("quectel",), services={services})\n'
        )
        files = {path.removeprefix("uplink/") for path in frozen(manifest, "rp2")}
        for name in ("ssl", "stream"):
            assert (f"services/{name}.py" in files) == (name in services)
            assert (f"modems/quectel_{name}.py" in files) == (name in services)
        assert ("services/tail.py" in files) == ("stream" in services)
        assert "services/online.py" not in files
        assert "services/modem.py" in files and "services/http.py" not in files
    manifest.write_text(
        f'include("{shared}", port="rp2", vendors=("telit",), services=("stream", "ask"))\n'
    )
    files = {path.removeprefix("uplink/") for path in frozen(manifest, "rp2")}
    assert {"services/online_stream.py", "services/online.py", "services/ask.py"} <= files
    assert not {"services/stream.py", "services/tail.py"} & files
    manifest.write_text(f'include("{shared}", port="rp2", services=("fax",))\n')
    with pytest.raises(Exception, match="names the service 'fax'"):
        frozen(manifest, "rp2")


def test_a_vendor_that_is_not_there_is_told(frozen, tmp_path):
    manifest = tmp_path / "manifest.py"
    shared = ROOT / "firmware" / "manifest.py"
    manifest.write_text(f'include("{shared}", port="rp2", vendors=("nobody",))\n')
    with pytest.raises(Exception, match="names the vendor 'nobody'"):
        frozen(manifest, "rp2")


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_frozen_finds_what_it_imports(board, frozen):
    """Nothing imports a file that this image leaves out, but the port's own choice."""
    files = frozen(build.BOARDS / board / "manifest.py", port_of(board))
    there = {path.relative_to(LIB).as_posix() for path in LIB.rglob("*.py")}
    for path in files:
        if not path.startswith("uplink/") or path == "uplink/port/__init__.py":
            continue
        for wanted in imported(path, (LIB / path).read_text()):
            assert wanted not in there - files.keys(), f"{path} imports {wanted}"


def imported(path, source):
    """Files of lib/ that `source`, of the file `path`, may import on a board.

    What stands in `except ImportError:` is for where the module before it is missing: a PC.
    """
    package = path.split("/")[:-1]
    tree = ast.parse(source)
    tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    passed = {id(n) for node in tries for handler in node.handlers for n in ast.walk(handler)}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.Import):
            found = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = above + (node.module.split(".") if node.module else [])
            found = [base, *([*base, alias.name] for alias in node.names)]
        else:
            continue
        for parts in found:
            yield "/".join(parts) + ".py"


def test_imports_are_found():
    source = "from .rp2 import Board\nfrom . import pins\nimport uplink.log"
    wanted = {"uplink/port/rp2.py", "uplink/port/pins.py", "uplink/log.py"}
    assert wanted <= set(imported("uplink/port/x.py", source))


@pytest.mark.parametrize("board", BOARDS)
def test_the_image_can_be_made_without_the_library(board, frozen):
    files = frozen(build.BOARDS / board / "manifest.py", port_of(board), uplink=False)
    assert files and not [path for path in files if path.startswith("uplink/")]


@pytest.mark.parametrize("board", BOARDS)
def test_debug_keeps_line_numbers(board, frozen):
    files = frozen(build.BOARDS / board / "manifest.py", port_of(board), opt=0)
    assert files["uplink/log.py"][1] == 0


@pytest.mark.parametrize("board", ESP32)
def test_all_that_is_frozen_compiles_for_the_chip(board, frozen, tmp_path):
    for path, (file, _) in frozen(build.BOARDS / board / "manifest.py", "esp32").items():
        assert sizes.compiled(type(ROOT)(file), tmp_path / "out.mpy", MARCH[board]) > 0, path


@pytest.mark.parametrize("board", BOARDS)
def test_pins_go_through_the_ports_own_tool(board, tree, tmp_path):
    port = tree / "ports" / port_of(board)
    argv = [sys.executable, port / "boards" / "make-pins.py"]
    argv += ["--board-csv", build.BOARDS / board / "pins.csv"]
    argv += ["--output-source", tmp_path / "pins.c", "--output-header", tmp_path / "pins.h"]
    if port_of(board) == "rp2":
        argv += ["--af-csv", port / "boards" / "rp2_af.csv", "--num-gpios", "30"]
        argv += ["--prefix", port / "boards" / "rp2_prefix.c"]
    else:
        argv += ["--prefix", port / "boards" / "pins_prefix.c"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = (tmp_path / "pins.c").read_text()
    named = dict(
        re.findall(
            r"MP_QSTR_(\w+)\), MP_ROM_PTR\((?:&?pin_|&machine_pin_obj_table\[GPIO_NUM_)(\w+)", made
        )
    )
    for name, number in pins(board).items():
        assert named[name].removeprefix("GPIO") == str(number)


@pytest.mark.parametrize("board", BOARDS)
def test_the_modem_has_six_pins_that_are_free(board):
    modem = {name: n for name, n in pins(board).items() if name.startswith("MODEM_")}
    assert modem.keys() == {f"MODEM_{name}" for name in MODEM}
    assert len(set(modem.values())) == len(MODEM)
    assert not TAKEN[board] & set(modem.values())


def test_the_picos_modem_is_on_its_first_uart():
    assert [pins("UPLINK_PICO")[f"MODEM_{name}"] for name in ("TX", "RX")] == [0, 1]
    assert pins("UPLINK_PICO") == pins("UPLINK_PICO2")


def test_the_modem_does_not_drive_an_input_of_the_esp32():
    # GPIO 34 to 39 are inputs.
    outputs = {"TX", "PWRKEY", "RESET", "DTR"}
    assert all(pins("UPLINK_ESP32")[f"MODEM_{name}"] < 34 for name in outputs)


@pytest.mark.parametrize("board", ESP32)
def test_options_of_an_esp32_are_ones_that_the_port_leaves_to_a_board(board, tree):
    """An option that mpconfigport.h sets without asking would be set twice."""
    port = tree / "ports" / "esp32"
    asked = "".join(path.read_text() for path in (*port.glob("*.h"), *port.glob("*.c")))
    text = definition(board, "mpconfigboard.h")
    text += (ROOT / "firmware" / "esp32" / "uplink_esp32.h").read_text()
    named = re.findall(r"(?m)^#define (\w+)", text)
    assert len(named) > 8
    for name in named:
        left = re.search(rf"(?m)^#ifn?def {name}$|^#if {name}$", asked)
        assert left or name in ("MICROPY_HW_BOARD_NAME", "MICROPY_HW_MCU_NAME"), name


def test_esp32_settings_are_ones_that_the_port_knows(tree):
    port = tree / "ports" / "esp32" / "boards"
    known = "".join(path.read_text() for path in port.rglob("sdkconfig*"))
    for line in (ROOT / "firmware" / "esp32" / "sdkconfig.uplink").read_text().splitlines():
        if line and not line.startswith("#"):
            name, value = re.fullmatch(r"(CONFIG_\w+)=(y|n)", line).groups()
            assert f"\n{name}=" in known and value == "n"


@pytest.mark.parametrize("board", BOARDS)
def test_cmake_reads_the_definition(board, tree, tmp_path):
    """Run by CMake itself: what it sets, and that every file that it names is there."""
    script = tmp_path / "script.cmake"
    names = (
        "IDF_TARGET PICO_PLATFORM MICROPY_FROZEN_MANIFEST MICROPY_SOURCE_BOARD SDKCONFIG_DEFAULTS"
    )
    script.write_text(
        # No command of a script's: here it looks whether the file is there.
        "function(set_source_files_properties path)\n"
        "  if(NOT EXISTS ${path})\n    message(FATAL_ERROR ${path})\n  endif()\n"
        "endfunction()\n"
        f'set(MICROPY_DIR "{tree}")\nset(MICROPY_BOARD_DIR "{build.BOARDS / board}")\n'
        f'include("{build.BOARDS / board}/mpconfigboard.cmake")\n'
        + "".join(f'message("{name}=${{{name}}}")\n' for name in names.split())
    )
    done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    values = dict(line.split("=", 1) for line in done.stderr.splitlines())
    assert values["MICROPY_FROZEN_MANIFEST"] == f"{build.BOARDS / board}/manifest.py"
    chips = {"UPLINK_PICO": "rp2040", "UPLINK_PICO2": "rp2350"}
    chips |= {"UPLINK_ESP32": "esp32", "UPLINK_ESP32C3": "esp32c3"}
    assert values["PICO_PLATFORM"] + values["IDF_TARGET"] == chips[board]
    port = tree / "ports" / port_of(board)
    for kind in ("MICROPY_SOURCE_BOARD", "SDKCONFIG_DEFAULTS"):
        for path in filter(None, values[kind].split(";")):
            assert (port / path).exists(), path
