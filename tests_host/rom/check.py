"""Runs on MicroPython: prints what the package romcase does, more than once and with a collection
of garbage at each allocation or so.
"""

import gc
import sys

import romcase.circle
import romcase.classes
import romcase.functions
import romcase.fused
import romcase.names
import romcase.plain

COUNTED = 28
PARTS = romcase.functions, romcase.classes, romcase.names, romcase.fused, romcase.plain
first = tuple(part.show() for part in PARTS)
for part in first:
    for line in part:
        print(line)
for threshold in (-1, 64):
    if hasattr(gc, "threshold"):
        gc.threshold(threshold)
    for _ in range(10):
        gc.collect()
        again = tuple(part.show() for part in PARTS)
        # What counts how often it was called.
        for result in (first, again):
            for i in (3, 4, 9, 10):
                result[0][i] = 0
            result[1][COUNTED] = 0
        assert again == first, (again, first)
gc.threshold(-1)

# A module that is imported again starts anew, and what is left of the old one still works.
old = romcase.functions
keep = old.counting, old.closure(1)
del sys.modules["romcase.functions"]
import romcase.functions  # noqa: E402

gc.collect()
assert romcase.functions.counting() == 1
assert keep[1](2) == 3
assert romcase.functions.show()[3:5] == [2, 3]
print("again")

# Names that are assigned.
names = romcase.names
print(names.count(), names.count(), names.counter, names.flip(), romcase.many.switch)
names.helper = lambda: "mine"
names.TEXT = "other"
print(names.helper(), names.TEXT, names.__dict__["TEXT"], getattr(names, "TEXT"))  # noqa: B009
names.added = 5
print(names.added, hasattr(names, "added"), hasattr(romcase, "names"))
print(romcase.circle.both(), romcase.circle.round is sys.modules["romcase.round"])
print(
    repr(names), names.__name__, names.__file__.endswith("romcase/names.py"), romcase.__path__[-7:]
)
print(sorted(name for name in dir(names) if name in ("LONG", "Kind", "count", "last", "missing")))
scope = {}
exec("from romcase.many import *", scope)
print(sorted(name for name in scope if name[0] != "_"))

try:
    romcase.functions.refused(3)
except ValueError as error:
    sys.print_exception(error, sys.stdout)
