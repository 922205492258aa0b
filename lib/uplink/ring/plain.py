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
_HEADER = const(64)  # a header that has not come whole is waited for up to so many bytes


def put(self, n):
    """Append the first `n` bytes of the stage."""
    at = self.at
    w = at[_WRITE]
    if at[_READ] >= w:
        w = 0
        at[_READ] = at[_SCAN] = at[_FEED] = 0
    elif w + n > len(self.buf):
        self.move(n)
        w = at[_WRITE]
    at[_WRITE] = w + n
    for i in range(n):
        self.buf[w + i] = self.stage[i]


def scan(self, want, counted):
    """What comes next: a code of `ring`. Line ends, blanks, junk and echo are passed over."""
    at = self.at
    if at[_DROP]:
        self.drop()
    buf = self.buf
    n = at[_WRITE]
    i = at[_READ]
    while True:
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
        if i + 4 <= n and buf.startswith(b"OK\r\n", i):
            at[_READ] = i + 4
            return 4
        at[_START] = i
        at[_END] = n
        k = find(self, counted)
        if k >= 0:
            at[_ENTRY] = k
            feed = buf.find(b"\n", i, n)
            end = n if feed < 0 else feed
            j = self.cursor.pos - 1
            commas = counted[k][1]
            while commas and j >= 0:
                j = buf.find(b",", j + 1, end)
                commas -= 1
            if j >= 0:
                at[_END] = j
                self.cursor.end = j
                return 2
            if feed < 0 and n - i < _HEADER:
                return 0
        e = at[_FEED] - 1
        if e < i:
            e = buf.find(b"\n", max(i, at[_SCAN]), n)
            if e < 0:
                at[_SCAN] = n
                return 0
            at[_SCAN] = e
            at[_FEED] = e + 1
        # a CR that stands inside ends this line; the line feed behind it is known already
        k = buf.find(b"\r", i, e)
        if k < 0:
            k = e
        at[_END] = k
        at[_READ] = e + 1 if k + 1 >= e else k + 1
        if not buf.startswith(b"AT", i):
            break
        i = at[_READ]
    if want and buf.startswith(want, i) and k - i >= len(want):
        self.cursor.pos = i + len(want)
        self.cursor.end = k
        return 3
    return 5


def find(self, table):
    """The number of the first row of `table` that buf[START:END] begins with, or -1."""
    start = self.at[_START]
    end = self.at[_END]
    for k in range(len(table)):
        prefix = table[k][0]
        if self.buf.startswith(prefix, start) and end - start >= len(prefix):
            self.cursor.pos = start + len(prefix)
            self.cursor.end = end
            return k
    return -1
