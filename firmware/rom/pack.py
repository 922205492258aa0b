"""Texts that are read a line at a time, packed: a byte from 128 on stands for two others.

Each step takes the two bytes that most often stand side by side in all the texts, and writes one
byte for them (Larsson and Moffat, Off-line dictionary-based compression, 2000: Re-Pair). What
those bytes stand for goes where the reader looks for it, `_PAIRS` of its module. The reader
(`unpack` of uplink.at) takes a text that is not packed as well, so the sources have theirs
as one reads them.
"""

import re
from collections import Counter

FIRST = 128
# What a module has in the place of its pairs. The texts of modules that have no such place are
# read by the module that has no text of its own.
NAME, PLACE = "_PAIRS", b"\x80"
# What is searched for in a text stays: line ends, and behind them a script's letter or a number.
_TEXT = re.compile(rb"\n(?:#.|\d{3} )[^\n]*\n")
_KEPT = re.compile(rb"(\n(?:#.|\d{3} )?)")


def is_text(constant):
    """Whether it is packed: lines, of which the first begins with `#` (scripts) or a number."""
    return isinstance(constant, bytes) and _TEXT.match(constant) is not None


def pack(compiled):
    """Replace the texts among the constants of the modules that are frozen together: those of a
    package that has a reader of them.
    """
    packages = {}
    for cm in compiled:
        package, _, inner = cm.source_file.str.partition("/")
        if inner:
            packages.setdefault(package, []).append(cm)
    for modules in packages.values():
        readers = [cm.obj_table for cm in modules if _reads(cm)]
        others = [cm.obj_table for cm in modules if not _reads(cm)]
        own = [table for table in readers if any(map(is_text, table))]
        for table in own:
            _pack(table, [table])
        for table in readers:
            if PLACE in table:
                _pack(table, others)


def _reads(cm):
    """Whether a module has a place for pairs: `_PAIRS = b"\x80"`."""
    return PLACE in cm.obj_table and any(name.str == NAME for name in cm.qstr_table)


def _pack(reader, tables):
    """Pack the texts in `tables` for a reader, whose table of pairs has its place in `reader`."""
    places = [
        (table, i) for table in tables for i, constant in enumerate(table) if is_text(constant)
    ]
    pairs, texts = packed([table[i] for table, i in places])
    for (table, i), text in zip(places, texts, strict=True):
        table[i] = text
    reader[reader.index(PLACE)] = pairs


def packed(texts):
    """(what the bytes from 128 on stand for, the texts with them)"""
    # Every second piece is one that stays.
    pieces = [[list(piece) for piece in _KEPT.split(text)] for text in texts]
    pairs = []
    while FIRST + len(pairs) < 256:
        found = Counter()
        for text in pieces:
            for piece in text[::2]:
                _count(piece, found)
        pair, times = max(found.items(), key=lambda one: (one[1], one[0]), default=((), 0))
        if times < 4:  # it takes two itself
            break
        for text in pieces:
            for piece in text[::2]:
                _replace(piece, pair, FIRST + len(pairs))
        pairs.append(bytes(pair))
    return b"".join(pairs), [bytes(byte for piece in text for byte in piece) for text in pieces]


def unpacked(text, pairs):
    """The text again."""
    for at in reversed(range(0, len(pairs), 2)):
        text = text.replace(bytes([FIRST + at // 2]), pairs[at : at + 2])
    return text


def _count(piece, found):
    """Count what stands side by side, three alike as one pair."""
    counted = -1
    for i, pair in enumerate(zip(piece, piece[1:], strict=False)):
        if counted == i - 1 and pair[0] == pair[1] == piece[i - 1]:
            continue
        found[pair] += 1
        counted = i


def _replace(piece, pair, byte):
    i = 0
    while i < len(piece) - 1:
        if (piece[i], piece[i + 1]) == pair:
            piece[i : i + 2] = [byte]
        i += 1
