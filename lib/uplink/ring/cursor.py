"""Reads the comma separated parameters of a line where they stand, without heap.

Parameters are read in order; a quoted string may hold commas. The modems' own misprints are
read too: a quote that is missing at one end (`22:40:35"` of `*PSUTTZ`), blanks around values.
A parameter that is empty or absent gives the default, and counts as read.
"""

from uplink import exact

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_COMMA = const(44)
_QUOTE = const(34)
_SPACE = const(32)
_LIMIT = const(100000000)


class Cursor:
    """A window `buf[pos:end]` and the parameter last read, `buf[first:last]` without quotes."""

    def __init__(self):
        self.over(b"", 0, 0)

    def over(self, buf, start, end):
        """Set the window."""
        self.buf = buf
        self.pos = start
        self.end = end
        self.first = start
        self.last = start

    def starts(self, prefix):
        """True when the rest of the window begins with `prefix`."""
        return self.buf.startswith(prefix, self.pos)

    def more(self):
        """True while a parameter is left to read."""
        return self.pos < self.end

    def skip(self, n=1):
        """Pass over `n` parameters."""
        while n > 0:
            self.text()
            n -= 1

    def text(self):
        """Read one parameter into `first`, `last`; False when it is empty or absent."""
        buf = self.buf
        end = self.end
        i = self.pos
        while i < end and buf[i] == _SPACE:
            i += 1
        if i < end and buf[i] == _QUOTE:
            i += 1
            close = buf.find(b'"', i, end)
            comma = buf.find(b",", i if close < 0 else close, end)
        else:
            close = -1
            comma = buf.find(b",", i, end)
        stop = end if comma < 0 else comma
        self.pos = stop + 1
        self.first = i
        if close >= 0:
            stop = close
        while stop > i and (buf[stop - 1] == _SPACE or buf[stop - 1] == _QUOTE):
            stop -= 1
        self.last = stop
        return stop > i

    def int(self, default=-1):
        """Read one decimal parameter; `default` where it is empty, absent or no number."""
        if not self.text():
            return default
        buf = self.buf
        i = self.first
        last = self.last
        negative = False
        c = buf[i]
        if c == 45 or c == 43:
            negative = c == 45
            i += 1
            if i == last:
                return default
        n = 0
        while i < last:
            c = buf[i] - 48
            if c < 0 or c > 9 or n > _LIMIT:
                return default
            n = n * 10 + c
            i += 1
        return -n if negative else n

    def equals(self, value):
        """True when the parameter last read is `value`."""
        n = self.last - self.first
        for i in range(n):
            if i >= len(value) or self.buf[self.first + i] != value[i]:
                return False
        return n == len(value)

    def copy(self, into, limit=64):
        """Put the parameter last read into the bytearray `into`, at most `limit` bytes."""
        exact.clear(into)
        for i in range(self.first, min(self.last, self.first + limit)):
            into.append(self.buf[i])

    def rest(self):
        """Take all that is left as one parameter, trailing blanks removed."""
        self.first = self.pos
        last = self.end
        while last > self.first and self.buf[last - 1] == _SPACE:
            last -= 1
        self.last = last
        self.pos = self.end
        return last > self.first

    def digits(self, n, default=-1):
        """Read `n` digits at the cursor, then pass over the byte behind them (dates)."""
        value = 0
        stop = self.pos + n
        if stop > self.end:
            return default
        for i in range(self.pos, stop):
            c = self.buf[i] - 48
            if c < 0 or c > 9:
                return default
            value = value * 10 + c
        self.pos = stop + 1
        return value
