"""Paths of frozen files: a name and a depth each (firmware/patches/0060), and what they lead to.

pathcase and loosecase have paths that begin alike, folders without `__init__.py` (`loose`), and a
file beside a folder of its name; strcase is frozen as text.
"""

import ast
import json
import os
import re
import subprocess
from types import SimpleNamespace

import pytest

from tests_host.rom.test_rom import (  # noqa: F401 (fixtures)
    HERE,
    built,
    frozen,
    mpy as tool,
    run,
)

CASES = ("frozen/pathcase", "frozen/loosecase", "text/strcase")
FILES = ["pathcase_too.py"]
for _case in CASES:
    _folder = HERE / _case
    FILES += sorted(str(path.relative_to(_folder.parent)) for path in _folder.rglob("*.py"))
# Of the modules that import one that is not there.
FAILS = "pathcase/z.py"


def name_of(file):
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_folder(path):
    return any(file.startswith(path + "/") for file in FILES)


def found(path):
    """What an import of that path finds: a file, "" for a folder without __init__.py, or None."""
    if is_folder(path):
        init = path + "/__init__.py"
        return init if init in FILES else ""
    return path + ".py" if path + ".py" in FILES else None


def asked():
    """Paths without their endings: those that there are, and whatever is near to one."""
    paths = {""}
    for file in FILES:
        for path in (file.removesuffix(".py"), file.removesuffix("/__init__.py")):
            for end in range(1, len(path) + 1):
                paths |= {path[:end], path[:end] + "a", path[:end] + "/", path[:end] + "/a"}
                paths |= {path[:end] + "/__init__", path[:end].replace("/", "//")}
            paths |= {path[1:], "/" + path, path + "/x/y"}
    # (what `.` stands for is the import's, not the path's)
    return sorted(path for path in paths if "." not in path and FAILS[:-3] not in path)


ASKS = """
import json, sys
found = {}
for path in json.loads(sys.stdin.read()):
    for name in list(sys.modules):
        if "case" in name:
            del sys.modules[name]
    try:
        # The import adds the ending: a path is a name without a dot.
        module = __import__(path)
        found[path] = getattr(module, "__file__", "")
    except ImportError:
        found[path] = None
print(json.dumps(found))
"""


def test_each_path_is_found_and_no_other(built):  # noqa: F811
    paths = [path for path in asked() if path]
    done = subprocess.run(
        [built[1] / "micropython", "-c", ASKS],
        input=json.dumps(paths),
        env={**os.environ, "MICROPYPATH": ".frozen"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    wanted = {path: found(path) for path in paths}
    assert {path: (got[path], file) for path, file in wanted.items() if got[path] != file} == {}
    assert len([file for file in wanted.values() if file]) >= len(FILES) - 2
    assert len([file for file in wanted.values() if file is None]) > 300


@pytest.mark.parametrize(
    "file", [file for file in FILES if file not in (FAILS, "pathcase/both.py")]
)
def test_a_module_knows_its_name_file_and_path(frozen, file):  # noqa: F811
    name = name_of(file)
    lines = [
        f"import {name}, sys",
        f"module = sys.modules[{name!r}]",
        "path = getattr(module, '__path__', None)",
        "here = getattr(module, 'HERE', module.__name__)",
        "print([module.__name__, module.__file__, path, here])",
        "print(repr(module))",
    ]
    status, output = frozen("-c", "\n".join(lines))
    assert status == 0, output
    told, shown = output.splitlines()
    is_package = file.endswith("/__init__.py")
    path = ".frozen/" + file.removesuffix("/__init__.py") if is_package else None
    assert ast.literal_eval(told) == [name, file, path, name]
    assert shown == f"<module '{name}' from '{file}'>"


def test_relative_imports_go_by_the_path(frozen):  # noqa: F811
    code = (
        "import pathcase.abc.d as d, pathcase.loose.x.pack.deep as deep\nprint(*d.NEAR, deep.UP)\n"
    )
    assert frozen("-c", code) == (0, "pathcase.abc pathcase.ab pathcase.a\n")


@pytest.mark.parametrize(
    "name",
    "pathcase.nowhere pathcase.abcd pathcase.b pathcas pathcase_to pathcase.a.b pathcase.abc.a "
    "pathcase.loose.y pathcase.loose.x.pack.bottom loosecase.two strcase.sub.said none".split(),
)
def test_what_is_not_there_is_an_import_error_with_its_name(frozen, name):  # noqa: F811
    status, output = frozen("-c", f"import {name}")
    assert status == 1
    assert re.search(r"ImportError: no module named '([\w.]+)'\n$", output)[1] == name


def test_a_module_that_imports_what_is_not_there_is_forgotten(frozen):  # noqa: F811
    code = (
        "import sys\n"
        "try:\n    import pathcase.z\n"
        "except ImportError as error:\n    print(error)\n"
        "print('pathcase.z' in sys.modules)\n"
    )
    assert frozen("-c", code) == (0, "no module named 'pathcase.nowhere'\nFalse\n")


def test_sys_path_may_name_a_folder_that_is_frozen(built):  # noqa: F811
    code = "import bottom\nprint(bottom.HERE, bottom.__file__)"
    there = ".frozen/pathcase/loose/x"
    status, output = run(built[1] / "micropython", there, "-c", code)
    # (its name goes by its place among what is frozen)
    file = "pathcase/loose/x/bottom.py"
    assert (status, output) == (0, f"{name_of(file)} {file}\n")
    for folder in (
        there + "/",
        ".frozen//pathcase/loose/x",
        ".frozen/pathcase",
        "pathcase/loose/x",
    ):
        status, output = run(built[1] / "micropython", folder, "-c", code)
        assert status == 1 and "no module named 'bottom'" in output, folder


def test_help_lists_them(frozen):  # noqa: F811
    status, output = frozen("-c", "help('modules')")
    assert status == 0, output
    listed = output.split()
    for file in FILES:
        assert file.removesuffix(".py") in listed
    assert "uplink/__init__" in listed and "uplink/modem/machine" in listed


def paths_of(tool, *files):  # noqa: F811
    modules = [SimpleNamespace(source_file=SimpleNamespace(str=file)) for file in files]
    modules.sort(key=tool.frozen_key)
    return [(name.str, depth, package) for name, depth, package in tool.frozen_paths(modules)]


def test_the_order_is_that_of_a_tree_whatever_the_manifests_is(tool):  # noqa: F811
    assert paths_of(
        tool,
        "a/b/d.py",
        "a/c.py",
        "a-b/x.py",
        "a.py",
        "a/b/__init__.py",
        "e/f.py",
        "a/__init__.py",
    ) == [
        ("a-b/x", 0, False),
        ("a", 0, False),
        ("a", 0, True),
        ("b", 1, True),
        ("d", 2, False),
        ("c", 1, False),
        ("e/f", 0, False),
    ]


def test_a_file_that_is_no_module_is_refused(tool):  # noqa: F811
    with pytest.raises(SystemExit, match="notes.txt: not the name of a .py file"):
        paths_of(tool, "a/notes.txt")
