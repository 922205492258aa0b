# ruff: noqa: F821
# mypy: ignore-errors
"""The work on each byte of the ring, in viper; `plain` is its twin and tells what it does.

On an RP2040 at 125 MHz a byte costs about 0.5 us here, 10 to 20 us in bytecode: an answer of two
lines is sorted in a tenth of the time. The figures are in the README.
"""

import micropython
from micropython import const

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
_HEADER = const(64)


@micropython.viper
def put(self, n: int):
    """Append the first `n` bytes of the stage."""
    at = ptr32(self.at)
    whole = self.buf
    buf = ptr8(whole)
    stage = ptr8(self.stage)
    size = int(len(whole))
    read = at[_READ]
    w = at[_WRITE]
    i = 0
    if read >= w:
        w = 0
    elif w + n > size:
        if w - read + n > size:
            at[_OVERLONG] = at[_OVERLONG] + 1
            at[_DISCARDED] = at[_DISCARDED] + w - read
            at[_DROP] = 1
            w = 0
        else:
            while read + i < w:
                buf[i] = buf[read + i]
                i += 1
            at[_SCAN] = at[_SCAN] - read if at[_SCAN] > read else 0
            at[_FEED] = at[_FEED] - read if at[_FEED] > read else 0
            at[_READ] = 0
            w = i
            i = 0
    if w == 0:
        at[_READ] = 0
        at[_SCAN] = 0
        at[_FEED] = 0
    while i < n:
        buf[w] = stage[i]
        w += 1
        i += 1
    at[_WRITE] = w


@micropython.viper
def _drop(self):
    """The rest of an overlong line."""
    at = ptr32(self.at)
    buf = ptr8(self.buf)
    n = at[_WRITE]
    k = at[_READ]
    i = k
    while i < n and buf[i] != 10 and buf[i] != 13:
        i += 1
    at[_READ] = i
    at[_DISCARDED] = at[_DISCARDED] + i - k
    if i < n:
        at[_DROP] = 0


@micropython.viper
def scan(self, want, counted) -> int:
    """What comes next: a code of `ring`."""
    at = ptr32(self.at)
    buf = ptr8(self.buf)
    n = at[_WRITE]
    i = at[_READ]
    while True:
        if at[_DROP]:
            _drop(self)
            i = at[_READ]
        c = 0
        while i < n:
            c = buf[i]
            if c > 32 and c < 128:
                break
            if c != 10 and c != 13 and c != 32:
                at[_JUNK] = at[_JUNK] + 1
            i += 1
        at[_READ] = i
        if i >= n:
            return 0
        if c == 62:
            at[_READ] = i + 1
            return 1
        k = 0
        rows = int(len(counted))
        while k < rows:
            row = counted[k]
            prefix = row[0]
            p = ptr8(prefix)
            if p[0] == c:
                m = int(len(prefix))
                j = 1
                while j < m and i + j < n and buf[i + j] == p[j]:
                    j += 1
                if j == m:
                    commas = int(row[1])
                    j = i + m
                    while j < n and buf[j] != 10:
                        if buf[j] == 44:
                            commas -= 1
                            if commas == 0:
                                at[_START] = i + m
                                at[_END] = j
                                at[_ENTRY] = k
                                o = self.cursor
                                o.pos = i + m
                                o.end = j
                                return 2
                        j += 1
                    if j >= n and n - i < _HEADER:
                        return 0
                elif i + j >= n:
                    return 0
            k += 1
        e = at[_FEED] - 1
        if e < i:
            e = at[_SCAN]
            if e < i:
                e = i
            while e < n and buf[e] != 10:
                e += 1
            at[_SCAN] = e
            if e >= n:
                return 0
            at[_FEED] = e + 1
            at[_SCAN] = e + 1
        k = i
        while k < e and buf[k] != 13:
            k += 1
        at[_START] = i
        at[_END] = k
        j = k + 1
        if j == e:
            j += 1
        at[_READ] = j
        if c == 65 and buf[i + 1] == 84:
            i = j
            continue
        m = int(len(want))
        if m and m <= k - i:
            p = ptr8(want)
            j = 0
            while j < m and buf[i + j] == p[j]:
                j += 1
            if j == m:
                o = self.cursor
                o.pos = i + m
                o.end = k
                return 3
        if k - i == 2 and c == 79 and buf[i + 1] == 75:
            return 4
        return 5


@micropython.viper
def find(self, table) -> int:
    """The number of the first row of `table` whose prefix the line found begins with, or -1."""
    at = ptr32(self.at)
    buf = ptr8(self.buf)
    i = at[_START]
    n = at[_END] - i
    rows = int(len(table))
    k = 0
    while k < rows:
        prefix = table[k][0]
        m = int(len(prefix))
        if m <= n:
            p = ptr8(prefix)
            j = 0
            while j < m and buf[i + j] == p[j]:
                j += 1
            if j == m:
                o = self.cursor
                o.line_start = i
                o.pos = i + m
                o.end = i + n
                return k
        k += 1
    return -1
