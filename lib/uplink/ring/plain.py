"""The twin of `fast`, for CPython and where there is no native emitter: same results.

Methods of `Ring`; the places in `at` and the results are explained in `ring`.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_READ = const(0)
_WRITE = const(1)
_SCAN = const(2)
_FEED = const(3)
_START = const(4)
_END = const(5)
_ENTRY = const(6)
_DROP = const(7)
_JUNK = const(8)
_OVERLONG = const(9)
_DISCARDED = const(10)
_HEADER = const(64)  # a header that has not come whole is waited for up to so many bytes


def put(self, n):
    """Append the first `n` bytes of the stage; what has not been read is moved where it must."""
    at = self.at
    buf = self.buf
    read = at[_READ]
    w = at[_WRITE]
    if read >= w:
        w = 0
    elif w + n > len(buf):
        if w - read + n > len(buf):
            # a line as long as the buffer is noise; what follows it up to a line end too
            at[_OVERLONG] += 1
            at[_DISCARDED] += w - read
            at[_DROP] = 1
            w = 0
        else:
            for i in range(read, w):
                buf[i - read] = buf[i]
            at[_SCAN] = max(at[_SCAN] - read, 0)
            at[_FEED] = max(at[_FEED] - read, 0)
            at[_READ] = 0
            w -= read
    if w == 0:
        at[_READ] = 0
        at[_SCAN] = 0
        at[_FEED] = 0
    for i in range(n):
        buf[w + i] = self.stage[i]
    at[_WRITE] = w + n


def scan(self, want, counted):
    """What comes next: a code of `ring`. Line ends, blanks, junk and echo are passed over."""
    at = self.at
    buf = self.buf
    n = at[_WRITE]
    i = at[_READ]
    while True:
        if at[_DROP]:
            k = i
            while i < n and buf[i] != 10 and buf[i] != 13:
                i += 1
            at[_DISCARDED] += i - k
            if i < n:
                at[_DROP] = 0
        while i < n and not 32 < buf[i] < 128:
            if buf[i] != 10 and buf[i] != 13 and buf[i] != 32:
                at[_JUNK] += 1
            i += 1
        at[_READ] = i
        if i >= n:
            return 0
        if buf[i] == 62:
            at[_READ] = i + 1
            return 1
        for k in range(len(counted)):
            prefix = counted[k][0]
            if buf[i] != prefix[0]:
                continue
            m = len(prefix)
            j = 1
            while j < m and i + j < n and buf[i + j] == prefix[j]:
                j += 1
            if j == m:
                feed = buf.find(b"\n", i, n)
                end = n if feed < 0 else feed
                j = i + m - 1
                commas = counted[k][1]
                while commas and j >= 0:
                    j = buf.find(b",", j + 1, end)
                    commas -= 1
                if j >= 0:
                    at[_START] = i + m
                    at[_END] = j
                    at[_ENTRY] = k
                    _over(self.cursor, i, i + m, j)
                    return 2
                if feed < 0 and n - i < _HEADER:
                    return 0
            elif i + j >= n:
                return 0
        e = at[_FEED] - 1
        if e < i:
            e = buf.find(b"\n", max(i, at[_SCAN]), n)
            if e < 0:
                at[_SCAN] = n
                return 0
            at[_FEED] = e + 1
            at[_SCAN] = e + 1
        # a CR that stands inside ends this line; the line feed behind it is known already
        k = buf.find(b"\r", i, e)
        if k < 0:
            k = e
        at[_START] = i
        at[_END] = k
        at[_READ] = e + 1 if k + 1 >= e else k + 1
        if not buf.startswith(b"AT", i):
            break
        i = at[_READ]
    if want and buf.startswith(want, i) and k - i >= len(want):
        _over(self.cursor, i, i + len(want), k)
        return 3
    if k - i == 2 and buf.startswith(b"OK", i):
        return 4
    return 5


def find(self, table):
    """The number of the first row of `table` whose prefix the line found begins with, or -1."""
    buf = self.buf
    start = self.at[_START]
    for k in range(len(table)):
        prefix = table[k][0]
        if buf.startswith(prefix, start) and self.at[_END] - start >= len(prefix):
            _over(self.cursor, start, start + len(prefix), self.at[_END])
            return k
    return -1


def _over(cursor, start, pos, end):
    cursor.line_start = start
    cursor.pos = pos
    cursor.end = end
