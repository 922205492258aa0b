"""Short names (firmware/rom/short.py): the unix port with shortcase, or lib/uplink, frozen so.

An image has them too: what tests_host/board does runs on short names.
"""

import re
import shutil

import pytest

from tests_host.conftest import ROOT
from tests_host.rom.test_rom import HERE, run
from tests_host.test_on_micropython import FILES, LIB_TESTS
from tools.image.names import Names
from tools.setup import host, micropython
from tools.setup.paths import BUILD, alone, digest, is_stamped

PUBLIC = ROOT / "firmware" / "rom" / "public.txt"
# Puts another `machine` in the interpreter's place, of which frozen code knows the address.
# The others add a vendor to the frozen ones' lists, which have short names.
_REPLACE = ("test_port_machine", "test_dialogues_larch", "test_heap_larch")


def make(name, bits, public):
    """The folder of a build with short names, but for those in the file `public`."""
    micropython.build(bits)
    home, objects = micropython.tree(), BUILD / f"{name}-{bits}"
    cases = sorted((HERE / "frozen" / "shortcase").glob("*.py"))
    key = digest(home.name, public, *cases, *micropython.frozen())
    stamp = objects / "short"
    with alone(BUILD):
        if is_stamped(stamp, key):
            return objects
        shutil.rmtree(objects, ignore_errors=True)
        shutil.copytree(home / str(bits), objects)
        short = {"ROM_PUBLIC": str(public), "ROM_NAMES": str(objects / "names")}
        manifest = HERE / "short" / "manifest.py"
        micropython._make_port(f"Freezing {name}", home / "src", objects, bits, manifest, **short)
        stamp.write_text(key)
    return objects


def pool(objects):
    """The names that the frozen code adds to the interpreter's."""
    head = (objects / "frozen_content.c").read_text().split("// frozen module", 1)[0]
    return set(re.findall(r'(?m)^    "(\w+)\\0"$', head))


@pytest.fixture(scope="module", params=host.widths())
def short(request):
    return request.param, make("short", request.param, HERE / "short" / "public.txt")


def test_it_does_what_the_source_does(short):
    bits, objects = short
    binary = ROOT / "build" / f"micropython-{bits}"
    status, wanted = run(binary, HERE / "frozen", HERE / "short" / "check.py")
    assert status == 0, wanted
    status, output = run(objects / "micropython", ".frozen", HERE / "short" / "check.py")
    assert (status, output) == (0, wanted)


def test_what_is_private_has_no_name_of_its_own(short):
    _, objects = short
    left = pool(objects)
    for name in "further_many left_count right_count _count_hidden place_total put_aside".split():
        assert name not in left, name
    # What is asked for by a string, and what a module's __getattr__ makes, stays.
    assert {"left_only", "further_only", "first_answer", "made_up", "MADE_HERE"} <= left


def test_one_name_stands_for_several_that_no_object_has_two_of(short):
    names = Names(short[1] / "names")
    shared = [set(found) for found in names.names.values() if len(found) > 1]
    assert shared
    left = {"left_limit", "left_count", "left_step"}
    for scope in (
        left | {"further_many", "further_late", "doubled", "tripled"},
        {"right_count", "right_step"},
        {"place_name", "place_size", "filled_with", "place_total"},
    ):
        for found in shared:
            assert len(found & scope) < 2, found
    # An attribute that any object may be given has a name that stands for nothing else.
    for found in shared:
        assert not found & {"stored_from_outside", "set_aside", "asks_only", "_inner"}


def test_the_map_puts_the_long_names_back(short):
    _, objects = short
    code = "import shortcase.places\nshortcase.places.break_down()"
    status, output = run(objects / "micropython", ".frozen", "-c", code)
    assert status == 1 and "break_inside" not in output, output
    names = Names(objects / "names")
    lines = names.restore(output).splitlines()
    assert 'File "shortcase/places.py", in break_down' in lines[-4]
    assert 'File "shortcase/places.py", in Place.break_' in lines[-3]
    assert "_break_inside" in lines[-2]
    assert "_break_attribute" in lines[-1] and lines[-1].startswith("AttributeError: 'Place'")
    assert names.restore("no traceback at all\n") == "no traceback at all\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """lib/uplink with short names, but for what the tests of lib/ ask for."""
    words = set()
    for path in LIB_TESTS.glob("*.py"):
        words.update(re.findall(r"[A-Za-z_]\w*", path.read_text()))
    public = tmp_path_factory.mktemp("short") / "public.txt"
    more = " ".join(sorted(words) + sorted(f"{word}=" for word in words))
    public.write_text(PUBLIC.read_text() + more)
    bits = host.widths()[-1]
    return make("short-lib", bits, public)


@pytest.mark.parametrize("module", [name for name in FILES if name not in _REPLACE])
def test_lib_runs_with_short_names(library, module):
    argv = ["-X", "heapsize=2m", LIB_TESTS / "run.py", module]
    status, output = run(library / "micropython", f".frozen:{LIB_TESTS}", *argv)
    assert status == 0, output


def test_most_names_of_the_library_are_short_then(library):
    assert len(Names(library / "names").names) > 100


def test_what_is_written_in_c_takes_no_ram_and_is_there_for_all(library):
    code = (
        "import _uplink, uplink\nfrom uplink.at import Engine\n"
        "from uplink.exact import clear, cut\n"
        "print(clear is _uplink.clear, Engine is _uplink.Engine, cut is _uplink.cut)\n"
        "print('clear' in uplink.exact.__dict__, 'Engine' in uplink.at.__dict__)"
    )
    status, output = run(library / "micropython", ".frozen", "-c", code)
    assert (status, output.split()) == (0, ["True"] * 3 + ["False"] * 2), output
