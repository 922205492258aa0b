"""Globals of all kinds. show() returns what they are."""

import json
import sys
from array import array

import romcase.many
from romcase import LEVEL, Ground, functions, many as more
from romcase.functions import plain as minus

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


try:
    from time import ticks_diff, ticks_none  # noqa: F401 (there is no such function)
except ImportError:
    ticks_diff = None

try:
    from romcase.nowhere import lost
except ImportError:
    lost = "lost"

_HIDDEN = const(5)
TEXT = "a text"
LONG = "a text that is longer than what the compiler makes a name of"
TABLE = (LEVEL, TEXT, b"x", (None, True))
BIG = 1 << 40
alias = other = TEXT
sum = functions.plain  # hides a builtin
made = LEVEL + 1
counter = 0
switch = 1
for step in (1, 2):
    last = step
if LEVEL > 2:
    chosen = "more"
else:
    chosen = "less"
deleted = 1
del deleted


def helper(x=TABLE):
    return x


class Kind:
    SIZE = 9

    @staticmethod
    def static(x):
        return x + Kind.SIZE

    def ask(self):
        return helper(1)


def count():
    global counter
    counter += 1
    return counter


def later():
    return defined_later()


def flip():
    more.switch = 2
    romcase.names.switch = 3
    return switch


def defined_later():
    return minus(7, 2), more.i((3,))()


def fails(f):
    try:
        return f()
    except NameError as error:
        return str(error)


def show():
    return [
        (LEVEL, TEXT, LONG, TABLE, BIG, _HIDDEN),
        (alias, other, made, last, chosen, lost, ticks_diff),
        json.loads("[1]"),
        list(array("b", b"12")),
        sys.version[0] > "2",
        romcase.many is more,
        functions.LEVEL,
        repr(Ground()),
        helper(),
        helper(2),
        Kind().ask(),
        Kind.static(1),
        later(),
        sum(5, 3),
        max(len("abc"), 1),
        fails(lambda: deleted),  # noqa: F821
        fails(lambda: missing),  # noqa: F821
        [hasattr(romcase.names, name) for name in ("TEXT", "helper", "missing", "deleted")],
        getattr(romcase.names, "TEXT"),  # noqa: B009
        __name__,
    ]
