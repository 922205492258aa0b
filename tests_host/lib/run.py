"""Runs test files on MicroPython: `micropython tests_host/lib/run.py test_ring [test_one …]`.

With `--python` in front of them, what is native (firmware/native) is not there, as on a stock
MicroPython: its twins in Python are tested.

The first argument is the module (in this folder), the others name single tests of it. Prints `ok
name` or `FAIL name` with the traceback for each `def test_…():` in the order of the file; ends
with status 1 where one failed or there were none.
"""

import gc
import sys

try:
    import micropython
except ImportError:
    micropython = None


def names_in(path):
    """Names of the test functions in the file at `path`, in its order (a module has none)."""
    names = []
    with open(path) as source:
        for line in source:
            if line.startswith("def test"):
                names.append(line[4 : line.index("(")])
    return names


def unlock():
    """Undo the heap locks that a test left held; answers how many. Takes no heap itself."""
    if micropython is None:
        return 0
    # Unlocking tells how many locks are left, and must not go below none.
    micropython.heap_lock()
    held = micropython.heap_unlock()
    for _ in range(held):
        micropython.heap_unlock()
    return held


def prepare():
    """Import the rooms from the lowest up: each import of a source inside another takes C stack,
    and the 32-bit port has 40 KB of it.
    """
    for room in (
        "port",
        "loop",
        "ring",
        "at",
        "modems",
        "modem",
        "mqtt",
        "http",
        "services",
        "app",
    ):
        try:
            __import__("uplink." + room)
        except Exception:
            # Whose test imports it will tell.
            pass


def report(error):
    if hasattr(sys, "print_exception"):
        sys.print_exception(error, sys.stdout)
    else:
        import traceback

        traceback.print_exception(error, file=sys.stdout)


def main(folder, module, only):
    names = names_in(folder + "/" + module + ".py")
    prepare()
    space = __import__(module)
    failed = ran = 0
    for name in names:
        if only and name not in only:
            continue
        ran += 1
        gc.collect()
        try:
            getattr(space, name)()
            held = unlock()
            assert not held, "left the heap locked"
        except BaseException as error:
            unlock()
            failed += 1
            print("FAIL", name)
            report(error)
        else:
            print("ok", name)
    print("%d tests, %d failed" % (ran, failed))
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    here = sys.argv[0].rsplit("/", 1)[0] if "/" in sys.argv[0] else "."
    if here not in sys.path:
        sys.path.insert(0, here)
    names = sys.argv[1:]
    if names[0] == "--python":
        names.pop(0)
        sys.modules["_uplink"] = sys  # which has none of its names
    sys.exit(main(here, names[0], names[1:]))
