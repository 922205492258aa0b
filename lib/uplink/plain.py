"""The buffers of `exact` in Python, where there is no firmware/native.

On MicroPython every `b[i:j]` makes a slice object (16 bytes) even where the rest is free, so the
slices here are made once, at import.
"""

import io


class _Index:
    def __getitem__(self, index):
        return index


_AT = _Index()
_ALL = _AT[:]
_LAST = (_AT[-1:], _AT[-2:], _AT[-4:], _AT[-8:], _AT[-16:], _AT[-32:], _AT[-64:], _AT[-512:])
# (written out: a constant tuple stays in flash)
_PADS = (
    b"0",
    b"00",
    b"0000",
    b"00000000",
    b"0000000000000000",
    b"00000000000000000000000000000000",
    b"0000000000000000000000000000000000000000000000000000000000000000",
)


def buffer(size):
    """An empty bytearray with room for `size` bytes."""
    b = bytearray(size)
    b[_ALL] = b""
    return b


def clear(b):
    """Make `b` empty; its capacity stays."""
    b[_ALL] = b""


def cut(b, n):
    """Shorten `b` to its first `n` bytes."""
    if n == 0:
        b[_ALL] = b""
        return
    n = len(b) - n
    while n >= 512:
        b[_LAST[7]] = b""
        n -= 512
    while n >= 64:
        b[_LAST[6]] = b""
        n -= 64
    k = 0
    while n > 0:
        if n & 1:
            b[_LAST[k]] = b""
        n >>= 1
        k += 1


def resize(b, n):
    """Make `b` exactly `n` bytes long; what is in it afterwards means nothing."""
    n -= len(b)
    if n < 0:
        cut(b, len(b) + n)
        return
    while n >= 64:
        b.extend(_PADS[6])
        n -= 64
    k = 0
    while n:
        if n & 1:
            b.extend(_PADS[k])
        n >>= 1
        k += 1


class Copier:
    """Copies from any place of a buffer at C speed; `size` is the longest copy."""

    def __init__(self, size):
        pipe = io.BytesIO(bytes(size))
        try:
            # MicroPython's streams take (buf, offset, length); a first write makes room
            pipe.write(b"0", 0, 1)
            pipe.write(bytes(size), 0, size - 1)
        except TypeError:
            pipe = None
        self._pipe = pipe

    def set(self, into, buf, off, n):
        """Make the bytearray `into` exactly `buf[off:off + n]`, `n` up to the size."""
        pipe = self._pipe
        if pipe is None:
            into[:] = buf[off : off + n]
            return
        resize(into, n)
        pipe.seek(0)
        pipe.write(buf, off, n)
        pipe.seek(0)
        pipe.readinto(into, n)
