"""Functions and classes in ROM (firmware/rom), on MicroPython with romcase frozen in.

romcase, which has a case of each kind, does the same frozen as it does from source.
"""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests_host.conftest import ROOT
from tools.setup import host, micropython
from tools.setup.paths import BUILD, alone, digest, is_stamped

HERE = ROOT / "tests_host" / "rom"
ROM = ROOT / "firmware" / "rom"
# Bytes of heap that a module with only functions, constants and classes takes on 32 bit, at most:
# its place in sys.modules.
MANY = 64


def make(bits):
    """The folder of a build of the unix port with romcase and lib/uplink frozen in."""
    micropython.build(bits)
    home, objects = micropython.tree(), BUILD / f"rom-{bits}"
    cases = sorted(path for part in ("frozen", "text") for path in (HERE / part).rglob("*.py"))
    key = digest(home.name, HERE / "manifest.py", *cases, *micropython.frozen())
    stamp = objects / "made"
    with alone(BUILD):
        # (another process that runs tests of this file may use it already)
        if is_stamped(stamp, key):
            return objects
        shutil.rmtree(objects, ignore_errors=True)
        shutil.copytree(home / str(bits), objects)
        manifest = HERE / "manifest.py"
        micropython._make_port("Freezing romcase", home / "src", objects, bits, manifest)
        stamp.write_text(key)
    return objects


@pytest.fixture(scope="module", params=host.widths())
def built(request):
    return request.param, make(request.param)


@pytest.fixture
def frozen(built):
    """Runs MicroPython with what is frozen."""
    _, objects = built
    return lambda *argv: run(objects / "micropython", ".frozen", *argv)


def run(binary, path, *argv):
    done = subprocess.run(
        [binary, *argv],
        cwd=ROOT,
        env={**os.environ, "MICROPYPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_does_what_the_source_does(built, frozen):
    bits, _ = built
    binary = ROOT / "build" / f"micropython-{bits}"
    status, wanted = run(binary, HERE / "frozen", HERE / "check.py")
    assert status == 0, wanted
    status, output = frozen(HERE / "check.py")
    assert status == 0, output
    # A traceback has the frozen file's path, and the same names and lines.
    assert output == wanted.replace(f"{HERE / 'frozen'}/", "")
    assert 'File "romcase/functions.py", line ' in output and "in refused" in output


def test_each_instruction_that_stands_for_several_is_there(built, mpy):
    text = (built[1] / "frozen_content.c").read_text()
    scopes = re.findall(r"scope romcase_fused_\w+\n(.*?)(?=\n// |\n};)", text, re.S)
    found = set(re.findall(r"// ([A-Z_]+)", "\n".join(scopes)))
    import fuse

    fused = {name.split()[0] for name, _, _ in fuse.FUSED}
    assert fused - found == set()
    # Its functions are run from source too: there are those that stay.
    assert {"LOAD_ATTR", "POP_JUMP_IF_FALSE", "CALL_METHOD", "CALL_FUNCTION"} <= found


def test_what_is_in_rom_and_what_is_not(built):
    text = (built[1] / "frozen_content.c").read_text()
    classes = set(re.findall(r"\] = \{ // (romcase_\w+|main_\w+)$", text, re.M))
    in_rom = {
        *("__init___Ground", "__init___Alone", "functions_Held", "many_Many", "many_More"),
        "names_Kind",
        *(f"classes_{name}" for name in "Empty Sky Storm Fault Single Guard Attribute".split()),
        *(f"fused_{name}" for name in "Sensor Watched Odd".split()),
    }
    assert classes == {f"romcase_{name}" for name in in_rom}
    objects = set(re.findall(r"rom_fun_(\w+) = \{", text))
    numbers = set(re.findall(r"bytes of mp_frozen_code: (\w+)", text))
    assert objects & numbers == set()
    # Generators, functions with functions inside, and with more than 4 defaults.
    case = "romcase_functions_"
    assert {case + "generator", case + "closure", "romcase_plain_five"} <= objects
    assert {case + "plain", case + "defaults", "romcase_plain_four"} <= numbers
    for name in objects | numbers:
        assert not name.startswith((case + "changing", case + "closure_add", "main_"))


@pytest.mark.parametrize(
    "statement",
    ["Sky.x = 1", "Sky.name = 1", "del Sky.name", "Empty.x = 1", "setattr(Sky, 'x', 1)"],
)
def test_a_class_in_rom_says_that_it_cannot_be_changed(frozen, statement):
    code = f"from romcase.classes import Empty, Sky\n{statement}"
    status, output = frozen("-c", code)
    name = "Empty" if "Empty" in statement else "Sky"
    assert status == 1
    assert output.endswith(f"AttributeError: class '{name}' is read-only: it's in ROM\n")


def test_help_and_dir_list_the_methods_of_a_class_in_rom(frozen):
    for where, name in (("romcase", "Ground"), ("romcase.fused", "Sensor")):
        code = f"from {where} import {name}\n"
        status, helped = frozen("-c", code + f"help({name})")
        assert status == 0, helped
        status, listed = frozen("-c", code + f"print(dir({name}))")
        assert status == 0, listed
        functions = set(re.findall(r"(?m)^  (\w+) -- <function", helped))
        assert "__init__" in functions
        assert len(functions) > 2
        assert functions <= set(ast.literal_eval(listed))


def heap(frozen, *modules):
    lines = ["import gc, romcase, uplink", "gc.collect()", "a = gc.mem_alloc()"]
    lines += [f"import {module}" for module in modules]
    lines += ["gc.collect()", "print(gc.mem_alloc() - a)"]
    status, output = frozen("-c", "\n".join(lines))
    assert status == 0, output
    return int(output)


def test_the_import_takes_what_the_globals_take(built, frozen):
    bits, _ = built
    # A slot is two words.
    assert heap(frozen, "romcase.many") <= MANY * bits // 32


def test_a_module_that_fails_can_be_imported_later(frozen):
    code = (
        "import romcase, sys\n"
        "try:\n    import romcase.failing\n"
        "except ImportError:\n    print('failed')\n"
        "print(hasattr(romcase, 'failing'), 'romcase.failing' in sys.modules)\n"
        "class asks:\n    VALUE = 4\n"
        "sys.modules['romcase_asks'] = asks\n"
        "import romcase.failing\n"
        "print(romcase.failing.value(), 'romcase.failing' in sys.modules)\n"
    )
    status, output = frozen("-c", code)
    assert (status, output) == (0, "failed\nFalse False\n(3, 4) True\n")


def test_only_what_is_assigned_takes_a_slot(frozen):
    code = (
        "import romcase.names, romcase.circle, romcase.many\n"
        "for name in ('names', 'circle', 'round', 'many'):\n"
        "    print(sorted(getattr(romcase, name).__dict__))\n"
    )
    status, output = frozen("-c", code)
    assert status == 0, output
    assert list(map(ast.literal_eval, output.splitlines())) == [
        ["chosen", "counter", "last", "lost", "made", "step", "switch", "ticks_diff"],
        ["computed"],
        ["early"],
        [],
    ]


def test_a_submodule_is_no_attribute_before_its_import(frozen):
    code = (
        "import romcase, sys\n"
        "print(hasattr(romcase, 'many'), 'romcase.many' in sys.modules)\n"
        "import romcase.many\n"
        "print(hasattr(romcase, 'many'), 'romcase.many' in sys.modules)\n"
        "del sys.modules['romcase.many'], romcase.many\n"
        "print(hasattr(romcase, 'many'))\n"
        "from romcase import many\n"
        "print(romcase.many is many)\n"
        "romcase.many = 1\n"
        "print(romcase.many)\n"
        "del romcase.many\n"
        "print(romcase.many is many)\n"
        "try:\n    del many.ONE\n"
        "except KeyError:\n    print(many.ONE)\n"
    )
    status, output = frozen("-c", code)
    assert (status, output) == (0, "False False\nTrue True\nFalse\nTrue\n1\nTrue\n1\n")


@pytest.mark.parametrize(
    "module",
    [
        "test_mqtt_client",
        "test_loop",
        "test_heap",
        "test_heap_services",
        "test_heap_streams",
        "test_app",
    ],
)
def test_lib_runs_from_rom(built, module):
    """Some tests of lib/; test_on_micropython.py runs them all from source."""
    folder = ROOT / "tests_host" / "lib"
    argv = ["-X", "heapsize=2m", folder / "run.py", module]
    status, output = run(built[1] / "micropython", f".frozen:{folder}", *argv)
    assert status == 0, output


def test_what_is_in_rom_can_be_printed(frozen):
    code = "from romcase import classes as c\nprint(c.Sky.name, c.Sky, c.Sky.hue, c.Sky.__dict__)"
    status, output = frozen("-c", code)
    assert status == 0 and output.startswith("<closure <function name at 0x"), output


@pytest.fixture(scope="module")
def mpy():
    tree = micropython.tree() / "src"
    sys.path[:0] = [str(ROM)]
    try:
        spec = importlib.util.spec_from_file_location("freeze", ROM / "freeze.py")
        freeze = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(freeze)
        mpy = freeze.load_mpy_tool(tree)
        import bytecode

        mpy.bytecode = bytecode
        yield mpy
    finally:
        sys.path.remove(str(ROM))


@pytest.fixture(scope="module")
def modules(mpy, tmp_path_factory):
    mpy.global_qstrs = mpy.GlobalQStrList()
    mpy.config.native_arch = mpy.MP_NATIVE_ARCH_NONE
    into, found = tmp_path_factory.mktemp("mpy") / "x.mpy", []
    for path in sorted((ROOT / "lib" / "uplink").rglob("*.py")):
        cross = [ROOT / "build" / "mpy-cross", "-march=armv6m", "-o", into, path]
        subprocess.run(cross, check=True)
        found.append(mpy.read_mpy(str(into)))
    return found


@pytest.mark.parametrize("bases, refused", [("A", False), ("A, B", True)])
def test_a_class_with_two_bases_is_refused_where_names_get_short(
    built, mpy, tmp_path, bases, refused
):
    from module import World
    from short import Public

    (tmp_path / "public.txt").write_text("package two\nmake\n")
    source = "class A: pass\nclass B: pass\ndef make():\n"
    source += f"    class C({bases}): pass\n    return C\n"
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "__init__.py").write_text(source)
    mpy.global_qstrs = mpy.GlobalQStrList()
    mpy.config.native_arch = mpy.MP_NATIVE_ARCH_NONE
    cross = [ROOT / "build" / "mpy-cross", "-o", "two.mpy", "two/__init__.py"]
    subprocess.run(cross, check=True, cwd=tmp_path)
    compiled = [mpy.read_mpy(str(tmp_path / "two.mpy"))]
    tree, genhdr = micropython.tree() / "src", built[1] / "genhdr"
    mpy.config.MICROPY_QSTR_BYTES_IN_HASH = 2
    public = Public(tmp_path / "public.txt")
    if refused:
        with pytest.raises(ValueError, match="two: a class with two bases"):
            World(mpy, tree, genhdr, compiled, public, set())
    else:
        World(mpy, tree, genhdr, compiled, public, set())


class TestBytecode:
    """bytecode.py on what mpy-cross makes of lib/."""

    def codes(self, mpy, cm):
        constants = [mpy.bytecode.Constant(value) for value in cm.obj_table]
        waiting = [cm.raw_code]
        while waiting:
            rc = waiting.pop()
            waiting += rc.children
            if rc.code_kind == mpy.MP_CODE_BYTECODE:
                yield rc, mpy.bytecode.Code(mpy, rc, constants), constants

    def test_what_is_not_changed_is_encoded_as_it_was(self, mpy, modules):
        count = longer = 0
        for cm in modules:
            names = {}
            for i, name in enumerate(cm.qstr_table):
                names.setdefault(name.str, i)
            for rc, code, constants in self.codes(mpy, cm):
                before, start = rc.fun_data, rc.offset_opcodes
                lines = [op.line for op in code.ops]
                codes = [op.code for op in code.ops]
                code.encode(names, {constant: i for i, constant in enumerate(constants)})
                after = rc.fun_data[rc.offset_opcodes :]
                again = mpy.bytecode.Code(mpy, rc, constants)
                if len(after) < len(before) - start:
                    # mpy-cross leaves a jump long that became short when others did
                    longer += 1
                    assert [op.code for op in again.ops] == codes, rc.escaped_name
                else:
                    assert after == before[start:], rc.escaped_name
                assert [op.line for op in again.ops] == lines, rc.escaped_name
                count += 1
        assert count > 300 and longer < 5

    def test_a_jump_over_what_is_replaced_arrives(self, mpy, modules):
        """Every second instruction that loads a name becomes a load of a constant."""
        for cm in modules:
            names = {name.str: i for i, name in enumerate(cm.qstr_table)}
            for rc, code, constants in self.codes(mpy, cm):
                for i, op in enumerate(code.ops):
                    if i % 2 and constants and op.code == mpy.Opcode.MP_BC_LOAD_GLOBAL:
                        code.replace(i, i, constants[0])
                jumps = {op: op.arg for op in code.ops if op.fmt == mpy.MP_BC_FORMAT_OFFSET}
                order = {op: i for i, op in enumerate(code.ops)}
                # Numbers that take two bytes each.
                code.encode(
                    {name: i + 200 for name, i in names.items()},
                    {constant: i + 200 for i, constant in enumerate(constants)},
                )
                assert [order[op] for op in code.ops] == list(range(len(code.ops)))
                for jump, target in jumps.items():
                    fmt, size, arg, extra = mpy.mp_opcode_decode(
                        rc.fun_data, rc.offset_opcodes + jump.offset
                    )
                    assert fmt == mpy.MP_BC_FORMAT_OFFSET
                    assert jump.offset + size - (extra is not None) + arg == target.offset
