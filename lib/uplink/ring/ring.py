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
READ = const(0)  # the first byte that has not been read
WRITE = const(1)  # where the next byte goes
SCAN = const(2)  # the first byte that has not been searched for a line feed
FEED = const(3)  # behind the last line feed found; not above READ: none ahead
START = const(4)  # what `scan` found: buf[START:END]
END = const(5)
ENTRY = const(6)  # of the table `counted`: which
DROP = const(7)  # inside an overlong line
JUNK = const(8)  # bytes passed over that cannot begin a line
OVERLONG = const(9)  # lines that did not fit
DISCARDED = const(10)  # their bytes

# What `scan` found.
NOTHING = const(0)  # more has to come
PROMPT = const(1)  # `>`; it is read
COUNTED = const(2)  # START behind the prefix, END at the last comma; nothing is read yet
WANTED = const(3)  # a line that begins with `want`; it is read, as all lines below
OK = const(4)
LINE = const(5)


class Ring:
    """`size` bytes of buffer; `stage` is what the UART reads into, `len(stage)` at a time.

    `put(n)` appends the first `n` bytes of `stage` (positions given out before are invalid then).
    `scan(want, counted)` looks for what comes next: see above, and the README.
    `find(table)` is the number of the first row whose prefix the line begins with, or -1.
    """

    put = put
    scan = scan
    find = find

    def __init__(self, size=2048, stage=64):
        if size < 2 * stage:
            raise ValueError("ring: size must be at least twice the stage")
        self.stage = bytearray(stage)
        self.buf = bytearray(size)
        self.at = array("i", b"\0" * 44)
        self.cursor = Cursor()  # over the line found, behind the prefix
        self.cursor.over(self.buf, 0, 0)

    @property
    def overlong(self):
        """Lines that did not fit, dropped."""
        return self.at[OVERLONG]

    def clear(self):
        """Forget everything that has not been read."""
        at = self.at
        at[READ] = at[WRITE]
