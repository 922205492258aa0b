"""Style, types and bytecode: ruff over everything, mypy of lib/ against two boards' libraries,
mpy-cross on each file.

And what no ready tool knows of MicroPython: constructs that it compiles but does not fold, or that
CPython alone has.
"""

import ast
import json
import re
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tools.setup import package, sizes, venv

LIB = ROOT / "lib"
MODULES = sorted(LIB.rglob("*.py"))
# The files that MicroPython runs.
BOARD = [*MODULES, *(path for path in (ROOT / "boot.py", ROOT / "main.py") if path.exists())]
OURS = sorted(
    path
    for folder in ("lib", "tools", "tests_host", "firmware")
    for path in (ROOT / folder).rglob("*.py")
)
LONGEST = 450
# A member that start() assigns is None in __init__, and mypy takes that for its type: it cannot
# judge its uses.
NONE_YET = re.compile(
    '(of type|has type|operand type:) "None"|"None" (has no attribute|not callable)'
)


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def run(*argv, **kwargs):
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, **kwargs)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff(command):
    status, output = run(sys.executable, "-m", "ruff", *command, ".")
    assert status == 0, output + "\n`make format` mends most of this."


def mypy(board, folder, *paths):
    """What mypy has to say of `paths`, with `board`'s library in place of CPython's (and nothing
    of that library).
    """
    stubs = venv.TYPINGS / board
    _, output = run(
        *(sys.executable, "-m", "mypy", "--custom-typeshed-dir", stubs),
        *("--explicit-package-bases", "--cache-dir", folder / f"mypy-{board}"),
        *("--no-error-summary", *paths),
        env={"MYPYPATH": f"{LIB}:{stubs}", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    return "\n".join(
        line
        for line in output.splitlines()
        if str(stubs.relative_to(ROOT)) not in line and not NONE_YET.search(line)
    )


@pytest.mark.parametrize("board", venv.BOARDS)
def test_types(board, tmp_path):
    assert mypy(board, tmp_path, *types_of(board)) == ""


def types_of(board):
    """The files to check for `board`: all but the ports of the others (CPython's library is not
    there).
    """
    others = {"cpython.py", "unix.py", *(f"{name}.py" for name in venv.BOARDS)} - {f"{board}.py"}
    return [p for p in MODULES if not (p.parent.name == "port" and p.name in others)]


@pytest.mark.parametrize("board", venv.BOARDS)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("machine.UART(0, baudrate=9600).redinto(b)", 'no attribute "redinto"'),
        ("machine.UART(0, 9600).init(1, 2, 3, 4, 5, 6, 7, 8, 9)", "overload"),
        ("machine.WDT(timeout='long')", "incompatible type"),
        ("C().two(1)", "Missing positional argument"),
        ("C().three", 'no attribute "three"'),
        ("undefined_name", "not defined"),
    ],
)
def test_types_are_really_checked(board, line, told, tmp_path):
    source = (
        "import machine\nb = bytearray(4)\n\nclass C:\n    def two(self, a, b):\n        pass\n\n"
    )
    path = tmp_path / "sample.py"
    path.write_text(f"{source}\ndef f():\n    {line}\n")
    assert told in mypy(board, ROOT / "build", path)


@pytest.mark.parametrize("march", [None, "armv6m", "xtensawin"])
@pytest.mark.parametrize("path", BOARD, ids=name_of)
def test_mpy_cross(path, march, tmp_path):
    assert sizes.compiled(path, tmp_path / "out.mpy", march) > 0


def test_package_json_lists_the_library():
    assert package.PATH.read_text() == package.content(), "`make package.json` writes it anew."
    json.loads(package.content())


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_room_fits_in_the_head(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST, f"{name_of(path)} wants a seam"
    unfinished = re.findall("TO" + "DO|FIX" + r"ME|\bXX" + r"X\b", text)
    assert not unfinished, f"{name_of(path)}: unfinished: {unfinished}"


def not_for_a_board(source):
    """Sentences about what MicroPython 1.25 has not, or would pay for, in the source of a file."""
    for node in ast.walk(ast.parse(source)):
        told = _import(node) or _constant(node) or _call(node) or _string(node)
        if told:
            yield f"line {node.lineno}: {told}"


def _import(node):
    names = ()
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        names = [node.module]
    bad = {"typing", "__future__", "dataclasses", "enum", "abc", "functools", "contextlib"}
    found = bad.intersection(name.split(".")[0] for name in names)
    return f"imports {found.pop()}, which boards lack" if found else None


def _constant(node):
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "const":
            return "an annotated constant is not folded"
    return None


def _call(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("startswith", "endswith") and node.args:
            if isinstance(node.args[0], ast.Tuple):
                return f"{node.func.attr} takes no tuple on MicroPython"
    return None


def _string(node):
    if isinstance(node, ast.Match):
        return "MicroPython has no match"
    return None


@pytest.mark.parametrize("path", BOARD, ids=name_of)
def test_for_a_board(path):
    found = list(not_for_a_board(path.read_text()))
    assert not found, f"{name_of(path)}: " + "; ".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from typing import Any",
        "import dataclasses",
        "from __future__ import annotations",
        "from micropython import const\n_X: int = const(5)",
        "b''.startswith((b'a', b'b'))",
        "match 1:\n    case 1:\n        pass",
    ],
)
def test_the_checker_finds(source):
    assert len(list(not_for_a_board(source))) == 1


def test_the_checker_lets_pass():
    source = "from micropython import const\n_X = const(5)\nx: int = 3\nb''.startswith(b'a', 2)\n"
    assert list(not_for_a_board(source)) == []
