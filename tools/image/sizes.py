"""What an image takes of flash and RAM, and the share of each frozen file.

The whole of lib/uplink is the image less the image without it, and what both have of the C modules
that it uses (native.py). A file's share of it is

- code: its bytecode and native code;
- constants: its objects, their text, and its tables of constants and globals;
- names: the strings that the interpreter knows by number, with what it keeps beside them (a
  length, its part of a group's offset; and a hash, where there are such).

A text that several files use is shared among them; one that the image without lib/uplink has
already costs nothing. What is left over (alignment, the table of the classes and their names, and
what no name tells whose it is) is `shared`.
"""

import ast
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field

from . import native

# Sections of the ELF that are in RAM.
_RAM = (".ram_vector_table", ".data", ".uninitialized_data", ".uninitialized_bss", ".bss")
_RAM += (".scratch_x", ".scratch_y")
# Names of frozen code (patch 0060): a length, and of each eighth an offset.
_PER_NAME = 1 + 2 / 8
# Beside a frozen file: its name's number, how deep it is. And its part of the array of modules.
_PER_FILE = 2 + 1
_MODULES = "mp_frozen_mpy_content"
# Behind the last module of a source.
_END = "// collection of all frozen modules"
# What a source defines: `static const byte fun_data_x[9] =`, `} rom_globals_x =`.
_SYMBOL = re.compile(r"(?m)^(?:static (?:const )?[\w \*]*?|\} )\b(\w+)(?:\[| = )")
SHARED = "shared"
# The classes of all files, behind the last one.
_TYPES = "rom_types_"
# They, and tables of names and constants, which several modules share.
_SHARED_BY_ALL = (_TYPES, "rom_names_", "rom_constants")
GROUND = "ground"


@dataclass
class Share:
    """Bytes of one file, or of what files share."""

    code: int = 0
    constants: float = 0
    names: float = 0

    @property
    def total(self):
        return self.code + round(self.constants) + round(self.names)


@dataclass
class Sizes:
    """An image in bytes. `files`: name below lib/uplink → Share; they add up to `uplink`."""

    flash: int
    uplink: int
    static_ram: int
    uplink_ram: int
    stack: int
    heap: int
    files: dict = field(default_factory=dict)

    def rooms(self):
        """Room → {file: Share}; the files in no room are the ground that all stand on. C that is
        named for a room (native/mqtt.c) is a part of it.
        """
        found, c = defaultdict(dict), {}
        for name, share in self.files.items():
            if name.startswith("native/"):
                c[name] = share
            elif name != SHARED:
                found[name.split("/")[0] if "/" in name else GROUND][name] = share
        for name, share in c.items():
            room = name.removeprefix("native/").removesuffix(".c")
            found[room if room in found else "native"][name] = share
        return dict(found)

    def room_totals(self):
        return {
            room: sum(share.total for share in files.values())
            for room, files in self.rooms().items()
        }


def measure(image, tool):
    """The Sizes of an image (a build.Image); `tool(name)` is the path of the compiler's `nm`."""
    elf, plain = (_symbols(tool, path) for path in (image.elf, image.without / "uplink.elf"))
    ram, plain_ram = (
        _ram(_sections(tool, path)) for path in (image.elf, image.without / "uplink.elf")
    )
    flash, plain_flash = (
        s["__flash_binary_end"] - s["__flash_binary_start"] for s in (elf, plain)
    )
    sizes = _sizes(tool, image.folder / "frozen.o")
    hash_ = native.hash_bytes(image)
    shares = of_files(
        (image.folder / "frozen_content.c").read_text(),
        (image.without / "frozen_content.c").read_text(),
        (image.without / "uplink.bin").read_bytes(),
        sizes,
        _PER_NAME + hash_,
    )
    of_native = native.shares(image, Share)
    native_alone = sum(share.code for share in of_native.values()) - native.in_both(image)
    uplink = flash - plain_flash
    plain_sizes = _sizes(tool, image.without / "frozen.o")
    types = sum(size for symbol, size in sizes.items() if symbol.startswith(_SHARED_BY_ALL))
    types -= sum(s for symbol, s in plain_sizes.items() if symbol.startswith(_SHARED_BY_ALL))
    rest = uplink - native_alone - types - sum(share.total for share in shares.values())
    shares[SHARED] = Share(rest, types)
    shares |= of_native
    uplink += sum(share.total for share in of_native.values()) - native_alone
    return Sizes(
        flash=flash,
        uplink=uplink,
        static_ram=ram,
        uplink_ram=ram - plain_ram,
        stack=elf["__StackTop"] - elf["__StackBottom"],
        heap=elf["__GcHeapEnd"] - elf["__GcHeapStart"],
        files=shares,
    )


def of_files(frozen, plain, flash, symbols, per_name=_PER_NAME):
    """{name: Share} of the files of lib/uplink in the C source `frozen`, by the sizes of its
    symbols; what the image without them has already (its source `plain`, its bytes `flash`) costs
    nothing. `per_name`: bytes that a name takes beside its text.
    """
    known = set(re.findall(r"\bMP_QSTR_\w+", _head(plain)))
    new = {name: _text(text) for name, text in _pool(frozen).items() if name not in known}
    shares, names, texts = {}, defaultdict(list), defaultdict(list)
    own = _file_names(frozen)
    per_file = _PER_FILE + symbols.get(_MODULES, 0) // len(own)
    for file, part in _modules(frozen):
        if not file.startswith("uplink/"):
            continue
        share = shares[file.removeprefix("uplink/")] = Share(constants=per_file)
        share.code += sum(map(int, re.findall(r"(?m)^// - code: (\d+) bytes", part)))
        for symbol in set(_SYMBOL.findall(part)):
            size = symbols.get(symbol, 0)
            if symbol.startswith(_SHARED_BY_ALL):
                continue
            if symbol.startswith("fun_data_"):
                share.code += size
            else:
                share.constants += size
        for literal in re.findall(r'\(const byte\*\)"((?:\\x..)*)"', part):
            texts[_text(literal)].append(share)
        used = {*re.findall(r"\bMP_QSTR_\w+", part), own.get(file)}
        for name in used & new.keys():
            names[name].append(share)
    for name, sharers in names.items():
        for share in sharers:
            share.names += (len(new[name]) + 1 + per_name) / len(sharers)
    for text in _stored(texts, flash):
        for share in texts[text]:
            share.constants += (len(text) + 1) / len(texts[text])
    return shares


def _stored(texts, flash):
    """Those of `texts` that the linker stores: none that `flash` has or another ends with."""
    backwards = sorted(text[::-1] for text in texts)
    for text, after in zip(backwards, [*backwards[1:], b""], strict=True):
        if not after.startswith(text) and text[::-1] + b"\0" not in flash:
            yield text[::-1]


def _head(frozen):
    """The source before its first module: the names that it adds to the interpreter's."""
    return frozen.split("// frozen module", 1)[0]


def _pool(frozen):
    """{name: C string} of the strings that a source adds to the interpreter's."""
    head = _head(frozen)
    names = re.findall(r"(?m)^    (MP_QSTR_\w+)(?: = MP_QSTRnumber_of)?,$", head)
    literals = re.findall(r'(?m)^    "(.*)\\0"$', head)
    return dict(zip(names, literals, strict=True))


def _file_names(frozen):
    """{file name: the name that stands for it among the frozen files}."""
    rows = re.findall(r"(?m)^    (MP_QSTR_\w+), // (.*\.py)$", frozen.split(_END, 1)[-1])
    return {file: name for name, file in rows}


def _text(literal):
    """The bytes of a C string."""
    return ast.literal_eval(f'b"{literal}"')


def _modules(frozen):
    """(file name, C source) of each frozen module."""
    for part in frozen.split(_END, 1)[0].split("// frozen module ")[1:]:
        yield re.search(r"(?m)^// - frozen file name: (.*)$", part)[1], part


def _run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _symbols(tool, path):
    """{symbol: address}."""
    rows = (line.split() for line in _run(tool("nm"), path).splitlines())
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def _sizes(tool, path):
    """{symbol: size}."""
    rows = (line.split() for line in _run(tool("nm"), "-S", path).splitlines())
    return {row[3]: int(row[1], 16) for row in rows if len(row) == 4}


def _sections(tool, path):
    rows = (line.split() for line in _run(tool("size"), "-A", path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def _ram(sections):
    """RAM that is taken before MicroPython starts, without the stack and its own heap."""
    return sum(sections.get(name, 0) for name in _RAM)
