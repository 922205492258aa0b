"""The tests of lib/ on real MicroPython, 64 and 32 bit: one test here for each file of
tests_host/lib and each binary.

The same files are collected by pytest itself, on CPython. The 32-bit build has the board's object
sizes (16-byte blocks).
"""

import os
import shutil
import subprocess

import pytest

from tests_host.conftest import ROOT
from tools.setup import host

LIB_TESTS = ROOT / "tests_host" / "lib"
FILES = sorted(path.stem for path in LIB_TESTS.glob("test_*.py"))
# What has a native form in firmware/native, and a twin in Python.
TWINS = ("test_at", "test_loop", "test_mqtt", "test_ring", "test_heap", "test_twins")
# Far more than a board has: a test may build long inputs. What must not allocate is run with the
# heap locked.
HEAP = "2m"
# Seconds; a file that hangs is a failure of its own, not of the whole run.
LIMIT_S = 200


def run(bits, module, *only, folder=LIB_TESTS):
    """Run the tests of `folder/module.py` under MicroPython; its exit status and output."""
    binary = ROOT / "build" / f"micropython-{bits}"
    argv = [binary, "-X", f"heapsize={HEAP}", folder / "run.py", module, *only]
    path = f"{ROOT / 'lib'}:{folder}:.frozen"
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, "MICROPYPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired as late:
        told = (late.stdout or b"").decode(errors="replace")
        return -1, f"{told}no end after {LIMIT_S} s, in the test after these"
    return done.returncode, done.stdout.decode(errors="replace")


@pytest.mark.parametrize("bits", host.widths())
@pytest.mark.parametrize("module", FILES)
def test_file(module, bits):
    status, output = run(bits, module)
    print(output)
    assert status == 0, f"{module} on MicroPython, {bits} bit:\n{output}"


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith(TWINS)])
def test_file_without_native_code(module):
    """Of the widths, the boards' (or what there is)."""
    status, output = run(host.widths()[-1], "--python", module)
    print(output)
    assert status == 0, f"{module} on MicroPython without native code:\n{output}"


def test_there_are_files():
    assert FILES


class TestRunner:
    """The runner itself: it must not be able to call a failure a success."""

    @pytest.fixture(params=host.widths())
    def run(self, request, tmp_path):
        def run_source(source, *only):
            (tmp_path / "test_small.py").write_text(source)
            # The runner looks for the module beside itself.
            shutil.copy(LIB_TESTS / "run.py", tmp_path)
            return run(request.param, "test_small", *only, folder=tmp_path)

        return run_source

    def test_success_is_named_in_the_order_of_the_file(self, run):
        status, output = run("def test_b():\n    pass\n\ndef test_a():\n    assert 1\n")
        assert (status, output) == (0, "ok test_b\nok test_a\n2 tests, 0 failed\n")

    def test_failure_shows_where_and_the_rest_still_runs(self, run):
        status, output = run(
            "def test_a():\n    x = 1\n    assert x == 2\n\ndef test_b():\n    pass\n"
        )
        assert status == 1
        assert "FAIL test_a\nTraceback" in output and "line 3, in test_a" in output
        assert output.endswith("ok test_b\n2 tests, 1 failed\n")

    def test_an_exit_in_a_test_is_a_failure(self, run):
        status, output = run("def test_a():\n    raise SystemExit(0)\n")
        assert status == 1 and "FAIL test_a" in output

    def test_a_file_without_tests_is_a_failure(self, run):
        status, output = run("x = 1\n")
        assert (status, output) == (1, "0 tests, 0 failed\n")

    def test_a_file_that_cannot_be_imported_is_a_failure(self, run):
        status, output = run("import nothing_of_that_name\n\ndef test_a():\n    pass\n")
        assert status == 1 and "nothing_of_that_name" in output

    def test_one_test_can_be_named(self, run):
        status, output = run("def test_a():\n    assert 0\n\ndef test_b():\n    pass\n", "test_b")
        assert (status, output) == (0, "ok test_b\n1 tests, 0 failed\n")

    def test_a_name_that_is_not_there_is_a_failure(self, run):
        assert run("def test_a():\n    pass\n", "test_b")[0] == 1

    def test_a_heap_left_locked_is_a_failure_and_does_not_reach_the_next(self, run):
        source = (
            "import micropython\n\ndef test_a():\n    micropython.heap_lock()\n\n"
            "def test_b():\n    assert bytearray(100)\n"
        )
        status, output = run(source)
        assert status == 1
        assert (
            "FAIL test_a" in output and "left the heap locked" in output and "ok test_b" in output
        )

    def test_an_allocation_under_the_lock_is_a_failure(self, run):
        source = (
            "import micropython\n\ndef test_a():\n    micropython.heap_lock()\n"
            "    bytearray(100)\n    micropython.heap_unlock()\n\n"
            "def test_b():\n    assert bytearray(100)\n"
        )
        status, output = run(source)
        assert status == 1 and "MemoryError" in output and "ok test_b" in output
