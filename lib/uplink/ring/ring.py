"""The receive buffer: bytes from the UART on one side, lines and payload in place on the other.

It is bipartite: bytes are appended behind `at[WRITE]`; when the tail has no room for more, what
has not been read (part of a line, as a rule) is moved to the front. So what it holds is always
contiguous. The work on each byte is done in `fast` (viper) or `plain` (its twin).
"""

from array import array

from uplink.ring.cursor import Cursor

try:
    from uplink.ring.fast import find, put, scan
except (ImportError, SyntaxError):  # CPython, or a MicroPython without a native emitter
    from uplink.ring.plain import find, put, scan

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# Places in `Ring.at`.
_READ = const(0)  # the first byte that has not been read
_WRITE = const(1)  # where the next byte goes
_SCAN = const(2)  # the first byte that has not been searched for a line feed
_FEED = const(3)  # behind the last line feed found; not above READ: none ahead
_START = const(4)  # what `scan` found: buf[START:END]
_END = const(5)
_ENTRY = const(6)  # of the table `counted`: which
_DROP = const(7)  # inside an overlong line
_JUNK = const(8)  # bytes passed over that cannot begin a line
_DISCARDED = const(9)  # of lines that did not fit

# What `scan` found.
_NOTHING = const(0)  # more has to come
_PROMPT = const(1)  # `>`; it is read
_COUNTED = const(2)  # END at the last comma; nothing is read yet
_WANTED = const(3)  # a line that begins with `want`; it is read, as all lines below
_OK = const(4)  # START and END mean nothing
_LINE = const(5)


class Ring:
    """`size` bytes of buffer; `stage` is what the UART reads into, `len(stage)` at a time.

    `put(n)` appends the first `n` bytes of `stage` (positions given out before are invalid then).
    `scan(want, counted)` looks for what comes next: see above, and the README.
    `find(table)` is the number of the first row whose prefix the line begins with, or -1.
    Both set `cursor` behind the prefix that they found.
    """

    put = put
    scan = scan
    find = find

    def __init__(self, size=512, stage=256):
        if size < 2 * stage:
            raise ValueError("ring: size must be at least twice the stage")
        self.stage = bytearray(stage)
        self.buf = bytearray(size)
        self.at = array("i", b"\0" * 40)
        self.overlong = 0  # lines that did not fit, dropped
        self.cursor = Cursor()
        self.cursor.buf = self.buf

    def clear(self):
        """Forget everything that has not been read."""
        self.at[_READ] = self.at[_WRITE]

    def move(self, n):
        """Room for `n` bytes: what has not been read goes to the front, if it fits with them."""
        at = self.at
        read = at[_READ]
        left = at[_WRITE] - read
        if left + n > len(self.buf):
            # a line as long as the buffer is noise; what follows it up to a line end too
            self.overlong += 1
            at[_DISCARDED] += left
            at[_DROP] = 1
            read += left
            left = 0
        for i in range(left):
            self.buf[i] = self.buf[read + i]
        at[_READ] = 0
        at[_WRITE] = left
        at[_SCAN] = max(at[_SCAN] - read, 0)
        at[_FEED] = max(at[_FEED] - read, 0)

    def drop(self):
        """The rest of an overlong line."""
        at = self.at
        while at[_READ] < at[_WRITE]:
            c = self.buf[at[_READ]]
            if c == 10 or c == 13:
                at[_DROP] = 0
                return
            at[_READ] += 1
            at[_DISCARDED] += 1
