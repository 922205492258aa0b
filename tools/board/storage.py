"""The littlefs on the board's flash, from outside: as `_boot.py` of MicroPython's rp2 port makes
it (blocks of 4096 bytes, programmed by 256)."""

import re
import struct
from pathlib import Path

from littlefs import LittleFS, UserContext

from .process import BoardError

FLASH_BYTES = 2 * 1024 * 1024
BLOCK = 4096
_XIP = 0x1000_0000
_BLOCK_DEVICE = re.compile(rb"(?s)[\x00-\xff]{2}MP(.{4})(.{4})(.{4})")


def location(image: bytes):
    """(offset, size) of the file system: the image says it, in its binary information."""
    for match in _BLOCK_DEVICE.finditer(image):
        _, address, size = (struct.unpack("<I", part)[0] for part in match.groups())
        offset = address - _XIP
        if 0 < offset < FLASH_BYTES and offset % BLOCK == 0 and offset + size == FLASH_BYTES:
            return offset, size
    raise BoardError("the image does not say where its file system is: is it MicroPython's?")


def _system(size, data=None):
    context = UserContext(size)
    if data is not None:
        context.buffer = bytearray(data)
    return LittleFS(
        context=context,
        block_size=BLOCK,
        block_count=size // BLOCK,
        prog_size=256,
        read_size=32,
        cache_size=1024,
        lookahead_size=32,
        mount=data is not None,
    )


def make(size, files):
    """A new file system of `size` bytes with `files` ({path: bytes})."""
    system = _system(size)
    system.format()
    system.mount()
    _put(system, files)
    return bytes(system.context.buffer)


def _put(system, files):
    for path, data in files.items():
        parent = str(Path(path).parent)
        if parent not in (".", "/"):
            system.makedirs(parent, exist_ok=True)
        with system.open(str(path), "wb") as file:
            file.write(bytes(data))


def read(data):
    """{path: bytes} of a file system."""
    system = _system(len(data), data)
    found = {}
    for folder, _, names in system.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path.lstrip("/")] = file.read()
    return found


def image(firmware: bytes, files=None):
    """The whole flash: the firmware, and a file system with `files` (None: none is made, the
    board formats it at its first start)."""
    flash = bytearray(b"\xff" * FLASH_BYTES)
    flash[: len(firmware)] = firmware
    if files is not None:
        offset, size = location(firmware)
        flash[offset : offset + size] = make(size, files)
    return bytes(flash)
