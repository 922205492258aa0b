"""What the C modules of firmware/native take. The image without lib/uplink has all of their names,
and their code where a module of the interpreter's names it: the difference of the two does not
show that.

A file's share is what the linker kept of its sections, and the names (strings that the
interpreter knows by number) that no other C source asks for.
"""

import re
from collections import defaultdict

# As the map file tells a section: address, size, object.
_SECTION = re.compile(r"\s(0x[0-9a-f]+)\s+(0x[0-9a-f]+)\s+\S*/native/(\w+\.c)\.o$")
# The interpreter's own names: a pointer, a length.
_PER_NAME = 4 + 1


def shares(image, share):
    """{`native/ring.c`: share} of an image (a build.Image); `share(code, constants, names)`."""
    code = _kept(image.elf.with_name(image.elf.name + ".map"))
    names = _names(image.folder / "genhdr" / "qstr", _PER_NAME + hash_bytes(image))
    return {f"native/{file}": share(size, 0, names[file]) for file, size in code.items()}


def in_both(image):
    """The bytes of their code that the image without lib/uplink has, too."""
    return sum(_kept(image.without / "uplink.elf.map").values())


def _kept(path):
    found = defaultdict(int)
    lines = path.read_text().splitlines()
    # Before this stands what was thrown away.
    start = next(i for i, line in enumerate(lines) if line.startswith("Linker script and memory"))
    debug = False
    for line in lines[start:]:
        if line.startswith(" ."):
            debug = line.startswith((" .debug", " .comment", " .ARM.attributes"))
        section = _SECTION.search(line)
        if section and not debug and int(section[1], 16):
            found[section[3]] += int(section[2], 16)
    return found


def hash_bytes(image):
    """Bytes of hash that the interpreter keeps beside each name."""
    header = (image.folder / "genhdr" / "qstrdefs.preprocessed.h").read_text()
    return int(re.search(r"QCFG\(BYTES_IN_HASH, \(?(\d)\)?\)", header)[1])


def _names(folder, per_name):
    """{file: bytes} of the names that only files of firmware/native use; `per_name`: bytes of
    each beside its text.
    """
    ours, others = defaultdict(set), set()
    for path in folder.iterdir():
        wanted = set(re.findall(r"Q\((.*)\)", path.read_text()))
        if "__firmware__native__" in path.name:
            file = path.name.removesuffix(".qstr").rsplit("__native__")[-1]
            ours[file] = wanted
        else:
            others |= wanted
    found = defaultdict(float)
    for name in set().union(*ours.values()) - others:
        users = [file for file in ours if name in ours[file]]
        for file in users:
            found[file] += (len(name) + 1 + per_name) / len(users)
    return found
