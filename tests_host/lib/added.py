"""Puts a vendor's table where an image would have it, without touching lib/."""

import sys

import larch

from uplink import modems


def add(name="larch", table=larch, types=b" larch larch"):
    """What steps 1 and 2 of the page do, by a test's means; returns what `remove` takes."""
    before = modems.NAMES, modems._TYPES
    sys.modules["uplink.modems." + name] = table
    setattr(modems, name, table)
    modems.NAMES += (name,)
    modems._TYPES += types
    return name, before


def remove(added):
    """As it was."""
    name, (modems.NAMES, modems._TYPES) = added
    delattr(modems, name)
    del sys.modules["uplink.modems." + name]
