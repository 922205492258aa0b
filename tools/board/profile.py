"""Which functions of the image the processor's time went to.

    board.profile()
    board.exec("...")
    for name, us in functions(board.profile(False), "build/UPLINK_PICO/uplink.elf"):

The functions are those of C (an ELF's symbols); MicroPython's bytecode is `mp_execute_bytecode`.
With `board.profile(handlers=handlers(elf))` and `functions(…, elf, OBJECT)` they are those of
Python that are frozen: a sample belongs to the innermost that runs, with the C that it called.
"""

import struct
from bisect import bisect_right
from collections import Counter
from pathlib import Path

from .process import BoardError

_FUNCTION = 2
OBJECT = 1
# Of MicroPython's mp_state_ctx: the list of exception handlers (thread.nlr_top).
_NLR_TOP = 20
_SYMBOLS = 2
FLASH = "(flash: erase or program)"
ROM = "(boot ROM)"


def handlers(elf):
    """Where an image keeps the list of exception handlers."""
    return next(at for at, _, name in symbols(elf, OBJECT) if name == "mp_state_ctx") + _NLR_TOP


def symbols(elf, wanted=_FUNCTION):
    """Sorted [(address, size, name)] of an ELF's functions or objects (32 bit, little endian)."""
    data = Path(elf).read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise BoardError(f"{elf} is no ELF file of 32 bit")
    start, count = struct.unpack_from("<I", data, 32)[0], struct.unpack_from("<H", data, 48)[0]
    sections = [struct.unpack_from("<10I", data, start + 40 * i) for i in range(count)]
    found = []
    for _, kind, _, _, offset, size, link, *_ in sections:
        if kind != _SYMBOLS:
            continue
        names = sections[link][4]
        for at in range(offset, offset + size, 16):
            name, value, length, info, _, _ = struct.unpack_from("<IIIBBH", data, at)
            if info & 15 == wanted and value:
                begin = names + name
                text = data[begin : data.index(b"\0", begin)].decode("latin-1")
                found.append((value & ~1, length, text))
    return sorted(found)


def functions(samples, elf, wanted=_FUNCTION):
    """[(name, µs)], the longest first, of what `Board.profile` gave."""
    table = symbols(elf, wanted)
    starts = [address for address, _, _ in table]
    counted = Counter()
    for pc, count in samples.items():
        i = bisect_right(starts, pc) - 1
        if pc == 0:
            name = FLASH
        elif pc < 0x4000:
            name = ROM
        elif i >= 0 and pc < table[i][0] + max(table[i][1], 2):
            name = table[i][2]
        else:
            name = f"0x{pc & ~0xFF:08x}"
        counted[name] += count
    return counted.most_common()
