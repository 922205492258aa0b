"""Bytes from the UART on one side, lines and counted payload on the other, without heap.

The buffer is bipartite: bytes are appended behind `write`; when the tail has no room for another
stage, what has not been read (part of a line, as a rule) is moved to the front and the rest of
the buffer is free again. So what it holds is always contiguous and is searched by C code.
`scan` remembers how far the search for a line end has come: no byte is searched twice, however
the bytes arrive. `put` copies a whole stage in one call although only its first bytes count:
what lies behind `write` means nothing and is overwritten by the next bytes.

A line ends at CR or LF; empty lines are passed over. What cannot be a line is counted and
dropped, and reading goes on behind the next line end:

* bytes that precede a line and cannot start one (NUL, 0x80 and above): `junk`;
* a line longer than the buffer: `overlong`, and `discarded` counts its bytes.
"""

from struct import pack_into

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_CR = const(13)
_LF = const(10)


class Ring:
    """`size` bytes of buffer; `stage` is what the UART reads into, `len(stage)` at a time."""

    def __init__(self, size=2048, stage=64):
        if size < 2 * stage:
            raise ValueError("ring: size must be at least twice the stage")
        self.stage = bytearray(stage)
        self.buf = bytearray(size)
        self._format = "%ds" % stage
        self._last = size - stage  # where a stage can begin at the latest
        self.read = 0  # the first byte that has not been read
        self.write = 0  # where the next byte goes
        self.scan = 0  # the first byte that has not been searched for a line end
        self.feed = -1  # the LF that the search found, while bytes before it are left
        self.start = 0  # the line that `line` found: buf[start:end]
        self.end = 0
        self.dropping = False  # inside an overlong line
        self.junk = 0
        self.overlong = 0
        self.discarded = 0

    def put(self, n):
        """Append the first `n` bytes of `stage`. Invalidates positions given out before."""
        if self.write > self._last:
            self._move()
        pack_into(self._format, self.buf, self.write, self.stage)
        self.write += n

    def available(self):
        """Bytes that have arrived and have not been read."""
        return self.write - self.read

    def skip(self, n):
        """Pass over `n` bytes of those available (payload that has been handed on)."""
        self.read += n
        if self.scan < self.read:
            self.scan = self.read
        if self.read >= self.write:
            self.clear()

    def clear(self):
        """Forget everything that has not been read."""
        self.read = 0
        self.write = 0
        self.scan = 0
        self.feed = -1

    def at_line(self):
        """Move to the first byte that can start a line.

        True when there is one: it is `buf[read]`. Line ends and junk before it are gone.
        """
        buf = self.buf
        i = self.read
        n = self.write
        if self.dropping:
            while i < n and buf[i] != _LF and buf[i] != _CR:
                i += 1
            self.discarded += i - self.read
            if i < n:
                self.dropping = False
        while i < n:
            c = buf[i]
            if 32 < c < 128:
                break
            if c != _CR and c != _LF and c != 32:
                self.junk += 1
            i += 1
        if i >= n:
            self.clear()
            return False
        if i != self.read:
            self.read = i
            if self.scan < i:
                self.scan = i
        return True

    def line(self):
        """Find the next line: True when it is whole; it is `buf[start:end]` and has been read.

        Call after `at_line` was True. The bytes stay in place until the next `put`.
        """
        buf = self.buf
        end = self.feed
        if end < self.read:
            end = buf.find(b"\n", self.scan, self.write)
            self.feed = end
        if end < 0:
            self.scan = self.write
            return False
        start = self.read
        stop = buf.find(b"\r", start, end)
        if stop < 0:
            stop = end
        self.start = start
        self.end = stop
        # a CR that stands inside ends this line; the LF behind it is known already
        self.read = stop + 1
        self.scan = end + 1
        return True

    def _move(self):
        """What has not been read goes to the front; where that gives no room, it is dropped."""
        read = self.read
        n = self.write - read
        if read < len(self.stage):
            # a line as long as the buffer is noise; what follows it up to a line end too
            self.overlong += 1
            self.discarded += n
            self.dropping = True
            self.clear()
            return
        buf = self.buf
        for i in range(n):
            buf[i] = buf[read + i]
        self.read = 0
        self.write = n
        self.scan -= read
        self.feed -= read
