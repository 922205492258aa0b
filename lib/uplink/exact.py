"""Byte buffers of exactly the right length, and copies between them, without heap.

On MicroPython every `b[i:j]` makes a slice object (16 bytes) even where the rest is free, so the
slices here are made once, at import. A `bytearray` keeps its capacity when it shrinks: all of
this is free of heap up to the length that a buffer once had.
"""

import io


class _Index:
    def __getitem__(self, index):
        return index


_AT = _Index()
_ALL = _AT[:]
_LAST = (
    _AT[-1:],
    _AT[-2:],
    _AT[-4:],
    _AT[-8:],
    _AT[-16:],
    _AT[-32:],
    _AT[-64:],
    _AT[-128:],
    _AT[-256:],
    _AT[-512:],
    _AT[-1024:],
    _AT[-2048:],
    _AT[-4096:],
)
_PADS = tuple(bytes(1 << k) for k in range(9))
_BIG = 1 << 8


def buffer(size):
    """An empty bytearray with room for `size` bytes."""
    b = bytearray(size)
    b[_ALL] = b""
    return b


def clear(b):
    """Make `b` empty; its capacity stays."""
    b[_ALL] = b""


def cut(b, n):
    """Shorten `b` to its first `n` bytes (it loses at most 8191)."""
    excess = len(b) - n
    k = 0
    while excess > 0:
        if excess & 1:
            b[_LAST[k]] = b""
        excess >>= 1
        k += 1


def resize(b, n):
    """Make `b` exactly `n` bytes long; what is in it afterwards means nothing."""
    if len(b) == n:
        return
    if len(b) > n:
        b[_ALL] = b""
    n -= len(b)
    while n >= _BIG:
        b.extend(_PADS[8])
        n -= _BIG
    k = 0
    while n:
        if n & 1:
            b.extend(_PADS[k])
        n >>= 1
        k += 1


class Copier:
    """Copies from any place of a buffer at C speed; `size` is the longest copy."""

    def __init__(self, size):
        self._size = size
        self._pipe = io.BytesIO(bytes(size))
        try:
            # MicroPython's streams take (buf, offset, length); a first write makes room
            self._pipe.write(b"0", 0, 1)
            self._direct = True
            self._pipe.write(bytes(size), 0, size - 1)
        except TypeError:
            self._direct = False

    def set(self, into, buf, off, n):
        """Make the bytearray `into` exactly `buf[off:off + n]`, `n` up to the size."""
        if not self._direct:
            into[:] = buf[off : off + n]
            return
        resize(into, n)
        pipe = self._pipe
        pipe.seek(0)
        pipe.write(buf, off, n)
        pipe.seek(0)
        pipe.readinto(into, n)
