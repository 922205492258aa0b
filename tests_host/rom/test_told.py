"""What the tables of functions have no room for (firmware/rom/functions.py) does the same: more
objects among the methods of classes than a byte tells, and code behind what two bytes tell.
"""

import re
import shutil

import pytest

from tests_host.rom.test_rom import run
from tools.setup import host, micropython
from tools.setup.paths import BUILD, alone, digest, is_stamped

# Classes, and the generators and functions with defaults of each.
CLASSES, GENERATORS, DEFAULTS = 9, 30, 5
OBJECTS_AT = 0xFF00
# Functions between the classes and the last one, with so many statements of 4 bytes.
LARGE, STATEMENTS = 24, 700

CHECK = f"""
import told

def shown(make):
    x = make()
    found = [x.value, x.plain(2), callable(make.plain)]
    found += hasattr(x, "missing"), hasattr(make, "plain")
    x.value = 5
    found.append(x.value)
    for i in range({GENERATORS}):
        name = "each%d" % i
        found += list(getattr(x, name)(3)), list(getattr(make, name)(x, 4)), name in dir(make)
    for i in range({DEFAULTS}):
        found += getattr(x, "with%d" % i)(), getattr(x, "with%d" % i)("other")
    try:
        make.extra = None
        found.append("changed")
    except AttributeError:
        found.append("refused")
    return found

for number in range({CLASSES}):
    make = getattr(told, "Told%d" % number)

    class Own(make):
        def each0(self, n):
            yield "own"
            yield from super().each0(n)

        def plain(self, n):
            return "own", super().plain(n)

    print(number, shown(make)[:-1], shown(Own)[:-1], isinstance(Own(), make))
print(shown(told.Late)[:-1], list(told.Late().twice()))
"""


def methods(number):
    yield "    def __init__(self):\n        self._kept = 1\n"
    yield f"    def plain(self, n):\n        return n * {number}\n"
    yield f"    @property\n    def value(self):\n        return self._kept + {number}\n"
    yield "    @value.setter\n    def value(self, x):\n        self._kept = x\n"
    for i in range(GENERATORS):
        yield f"    def each{i}(self, n):\n        yield n\n"
        yield f"        yield {number}, {i}, self._kept\n"
    for i in range(DEFAULTS):
        yield f"    def with{i}(self, a='{number} {i}', b={1000 * number + i}):\n"
        yield "        return a, b\n"


def source():
    for number in range(CLASSES):
        yield f"class Told{number}:\n" + "".join(methods(number))
    for number in range(LARGE):
        yield f"def large{number}(x):\n" + "    x += 1\n" * STATEMENTS + "    return x\n"
    yield f"class Late(Told0):\n{''.join(methods(77))}"
    yield "    def twice(self):\n        yield from super().each1(1)\n"
    yield "        yield self.plain(2)\n"


@pytest.fixture(scope="module", params=host.widths())
def built(request):
    bits = request.param
    micropython.build(bits)
    home, objects = micropython.tree(), BUILD / f"told-{bits}"
    stamp, key = objects / "made", digest(home.name, __file__, *micropython.frozen())
    with alone(BUILD):
        if not is_stamped(stamp, key):
            shutil.rmtree(objects, ignore_errors=True)
            shutil.copytree(home / str(bits), objects)
            (objects / "cases").mkdir()
            (objects / "cases" / "told.py").write_text("\n".join(source()))
            manifest = objects / "manifest.py"
            manifest.write_text(
                'include("$(MPY_DIR)/extmod/asyncio")\nmodule("told.py", base_path="cases")\n'
            )
            micropython._make_port("Freezing told", home / "src", objects, bits, manifest)
            stamp.write_text(key)
    return objects


def test_what_finds_no_room_does_the_same(built):
    status, wanted = run(built / "micropython", built / "cases", "-c", CHECK)
    assert status == 0, wanted
    status, output = run(built / "micropython", ".frozen", "-c", CHECK)
    assert (status, output) == (0, wanted)


def test_a_class_in_rom_that_is_full_is_not_written_to(built):
    for name in ("Told0", f"Told{CLASSES - 1}", "Late"):
        for member in ("each0", "plain", "new"):
            code = f"import told\ntold.{name}.{member} = 1"
            status, output = run(built / "micropython", ".frozen", "-c", code)
            assert status == 1 and f"class '{name}' is read-only" in output, output


def test_there_is_no_room(built):
    """Some classes have all of their functions in the table, some a part, some none."""
    text = (built / "frozen_content.c").read_text()
    found = re.findall(r"\} rom_dict_told_(\w+) = \{\{(.*?)\};\n", text, re.S)
    assert len(found) == CLASSES + 1
    rows = {name: re.findall(r"MP_QSTR_\w+, (\d+)", end) for name, end in ends(found)}
    objects = [int(n) for numbers in rows.values() for n in numbers if int(n) >= OBJECTS_AT]
    assert len(set(objects)) == len(objects) > 100 and max(objects) <= 0xFFFF
    told = {name: sum(int(n) >= OBJECTS_AT for n in numbers) for name, numbers in rows.items()}
    assert {0, GENERATORS} < set(told.values()), told
    code = {name: len(numbers) - told[name] for name, numbers in rows.items()}
    assert min(code.values()) == 0 < max(code.values()), code


def ends(found):
    """(class, its table of functions) of classes that have a dict, too."""
    for name, text in found:
        yield name, text.rpartition("}, {")[2] if "}, {" in text else ""
