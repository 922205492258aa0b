"""Packed texts (firmware/rom/pack.py): unpacked they are the same, and what is searched stays."""

import importlib
import random
import re
import sys

import pytest

from tests_host.conftest import ROOT
from uplink.at import cme, plain

sys.path.insert(0, str(ROOT / "firmware" / "rom"))
pack = importlib.import_module("pack")

SCRIPTS = [
    module.SCRIPTS
    for path in sorted((ROOT / "lib/uplink/modems").glob("*.py"))
    if hasattr(module := importlib.import_module(f"uplink.modems.{path.stem}"), "SCRIPTS")
]


def unpacked(text, pairs):
    """The text, line by line, as the device reads it."""
    lines = []
    at = 0
    while at <= len(text):
        line = bytearray()
        plain.unpack(line, text, at, pairs)
        lines.append(bytes(line))
        end = text.find(b"\n", at)
        at = end + 1 if end >= 0 else len(text) + 1
    return b"\n".join(lines)


@pytest.mark.parametrize(
    "texts", [SCRIPTS, [cme._TEXTS], [max(SCRIPTS, key=len)]], ids=["all", "cme", "one"]
)
def test_what_images_have(texts):
    assert all(map(pack.is_text, texts))
    pairs, small = pack.packed(texts)
    assert [unpacked(text, pairs) for text in small] == texts
    assert len(pairs) + sum(map(len, small)) < 0.65 * sum(map(len, texts))
    for text, full in zip(small, texts, strict=True):
        assert text.count(b"\n") == full.count(b"\n")
        kept = rb"\n(?:#.|\d{3} )"
        assert re.findall(kept, text) == re.findall(kept, full)
        assert pack.packed(texts) == (pairs, small)  # always the same


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_the_same_again(seed):
    print("seed", seed)
    rng = random.Random(seed)
    letters = b"\nab#0 ~"[: rng.randint(3, 7)]
    texts = [bytes(rng.choices(letters, k=rng.randint(0, 400))) for _ in range(3)]
    pairs, small = pack.packed(texts)
    assert [unpacked(text, pairs) for text in small] == texts
    assert len(pairs) + sum(map(len, small)) <= sum(map(len, texts))


def test_other_constants_are_none():
    for constant in (b"\n#", b"\n", b"\n+CREG:E\nRDY:R", "\n#A\n  0AT", b"", 7, None):
        assert not pack.is_text(constant)


class Name:
    def __init__(self, text):
        self.str = text


class Compiled:
    """What mpy-tool.py reads of a module."""

    def __init__(self, *objects, file="uplink/a.py", names=("_PAIRS",)):
        self.source_file = Name(file)
        self.qstr_table = [Name(file), *map(Name, names)]
        self.obj_table = list(objects)


def test_each_reader_has_the_pairs_of_its_texts():
    numbers, script = cme._TEXTS, SCRIPTS[0]
    one = Compiled(1, pack.PLACE, numbers)
    reader, vendor = Compiled(b"\n#", pack.PLACE), Compiled("name", script)
    pack.pack([one, vendor, reader])
    assert unpacked(one.obj_table[2], one.obj_table[1]) == numbers != one.obj_table[2]
    assert reader.obj_table[0] == b"\n#" and vendor.obj_table[0] == "name"
    assert unpacked(vendor.obj_table[1], reader.obj_table[1]) == script != vendor.obj_table[1]


def test_without_a_reader_nothing_is_packed():
    vendor = Compiled(SCRIPTS[0])
    pack.pack([vendor])
    assert vendor.obj_table == [SCRIPTS[0]]


def test_what_is_an_applications_own_stays():
    script = SCRIPTS[0]
    reader, vendor = Compiled(pack.PLACE), Compiled(script)
    others = [
        Compiled(script, pack.PLACE, file="pump.py"),
        Compiled(script, file="pump/table.py"),
        Compiled(b"x", pack.PLACE, names=("HIGH",)),
    ]
    pack.pack([*others, reader, vendor])
    assert vendor.obj_table != [script]
    assert [cm.obj_table for cm in others] == [[script, pack.PLACE], [script], [b"x", pack.PLACE]]
