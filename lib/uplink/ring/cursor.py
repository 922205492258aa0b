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
        self.buf = b""
        self.pos = 0
        self.end = 0
        self.first = 0
        self.last = 0
        self.line_start = 0

    def over(self, buf, start, end):
        """Set the window; `start` is remembered for `starts` and `whole`."""
        self.buf = buf
        self.pos = start
        self.end = end
        self.line_start = start
        self.first = start
        self.last = start

    def starts(self, prefix):
        """True when the window's beginning is `prefix`."""
        return self.buf.startswith(prefix, self.line_start)

    def more(self):
        """True while a parameter is left to read."""
        return self.pos < self.end

    def count(self):
        """How many commas are left outside quotes, plus one; 0 at the end."""
        if self.pos >= self.end:
            return 0
        n = 1
        quoted = False
        i = self.pos
        while i < self.end:
            c = self.buf[i]
            if c == _QUOTE:
                quoted = not quoted
            elif c == _COMMA and not quoted:
                n += 1
            i += 1
        return n

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

    def hex(self, default=-1):
        """Read one hexadecimal parameter (`1A2B`, `0x1A2B`), up to 7 digits."""
        if not self.text():
            return default
        buf = self.buf
        i = self.first
        last = self.last
        if last - i > 2 and buf[i] == 48 and (buf[i + 1] | 32) == 120:
            i += 2
        if last - i > 7:
            return default
        n = 0
        while i < last:
            c = buf[i] | 32
            if 48 <= c <= 57:
                c -= 48
            elif 97 <= c <= 102:
                c -= 87
            else:
                return default
            n = n * 16 + c
            i += 1
        return n

    def equals(self, value):
        """True when the parameter last read is `value`."""
        i = self.first
        if self.last - i != len(value):
            return False
        for c in value:
            if self.buf[i] != c:
                return False
            i += 1
        return True

    def copy(self, into, limit=64):
        """Put the parameter last read into the bytearray `into`, at most `limit` bytes."""
        exact.clear(into)
        i = self.first
        last = min(self.last, i + limit)
        while i < last:
            into.append(self.buf[i])
            i += 1

    def rest(self):
        """Take all that is left as one parameter, trailing blanks removed."""
        self.first = self.pos
        last = self.end
        while last > self.first and self.buf[last - 1] == _SPACE:
            last -= 1
        self.last = last
        self.pos = self.end
        return self.last > self.first

    def digits(self, n, default=-1):
        """Read `n` digits at the cursor, then pass over the byte behind them (dates)."""
        value = 0
        i = self.pos
        if i + n > self.end:
            return default
        while n > 0:
            c = self.buf[i] - 48
            if c < 0 or c > 9:
                return default
            value = value * 10 + c
            i += 1
            n -= 1
        self.pos = i + 1
        return value
