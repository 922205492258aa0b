"""An HTTP/1.1 response in any pieces: its status, what of its header matters, its body.

Sans-IO, no heap, bounded: a line keeps its first 256 bytes, all lines of one response that are
not its body have 8192 between them, whatever the server sends. Source: RFC 9112 (chapters in
brackets). The user has

    head()                              the header is whole: status, length, location stand
    body(buf, off, n) -> bool           a piece of the body, in place; False: go no further
"""

from uplink import exact

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


MORE = 0
WHOLE = 1
MALFORMED = 2
STOPPED = 3  # by the user

_MORE = const(0)
_WHOLE = const(1)
_MALFORMED = const(2)
_STOPPED = const(3)

# What the next byte belongs to.
_STATUS = const(0)
_FIELD = const(1)
_BODY = const(2)  # `left` bytes,
_REST = const(3)  # or up to the end of the connection
_SIZE = const(4)  # chunks: the line with the size,
_CHUNK = const(5)  # the bytes,
_SEAM = const(6)  # the end of line behind them,
_TRAILER = const(7)
_END = const(8)

_LINE_MAX = const(256)
_HEAD_MAX = const(8192)
_SIZE_MAX = const(0x3FFFFFF)  # a tenfold of it is a small integer on every board

_UNKNOWN = const(-1)


class Parser:
    """One response at a time; `begin` before each."""

    def __init__(self, user):
        self.user = user
        self.line = exact.buffer(_LINE_MAX)
        self.location = exact.buffer(_LINE_MAX)  # where a redirect leads, as the server says it
        self.begin()

    def begin(self):
        """A new response."""
        exact.clear(self.line)
        exact.clear(self.location)
        self.state = _STATUS
        self.status = 0
        self.length = _UNKNOWN  # of the body, where the server told it
        self.chunked = False
        self.old = False  # HTTP/1.0
        self.cut = False  # the line was longer than what was kept of it
        self.left = 0
        self.spent = 0  # bytes of lines

    def feed(self, buf, off, n):
        """`n` bytes of `buf` from `off`: MORE, WHOLE, MALFORMED or STOPPED. What comes behind
        the response is not looked at.
        """
        end = off + n
        while off < end:
            state = self.state
            if state == _BODY or state == _CHUNK or state == _REST:
                n = end - off
                if state != _REST:
                    if n > self.left:
                        n = self.left
                    self.left -= n
                if not self.user.body(buf, off, n):
                    return _STOPPED
                off += n
                if state == _CHUNK and not self.left:
                    self.state = _SEAM
                elif state == _BODY and not self.left:
                    self.state = _END
            elif state == _END:
                return _WHOLE
            else:
                stop = buf.find(b"\n", off, end)
                verdict = self.keep(buf, off, end if stop < 0 else stop)
                if verdict:
                    return verdict
                if stop < 0:
                    return _MORE
                off = stop + 1
                self.spent += 1
                verdict = self.whole_line()
                if verdict:
                    return verdict
        return _WHOLE if self.state == _END else _MORE

    def ended(self):
        """The connection has ended: WHOLE where that is the end of the body, or MALFORMED."""
        state = self.state
        return _WHOLE if state == _REST or state == _END else _MALFORMED

    def keep(self, buf, off, end):
        """Bytes of a line, without its LF."""
        self.spent += end - off
        if self.spent > _HEAD_MAX:
            return _MALFORMED
        line = self.line
        room = _LINE_MAX - len(line)
        if end - off > room:
            self.cut = True
            end = off + room
        while off < end:
            line.append(buf[off])
            off += 1
        return _MORE

    def whole_line(self):
        """A line has ended; it stands in `line`, perhaps with its CR."""
        line = self.line
        n = len(line)
        cut = self.cut
        if not cut and n and line[n - 1] == 13:
            n -= 1
            exact.cut(line, n)
        for c in line:
            # (a CR in the middle among them: nothing that ends a line elsewhere hides in one)
            if c < 32 and c != 9 or c == 127:
                return _MALFORMED
        state = self.state
        verdict = _MORE
        if state == _STATUS:
            verdict = self.status_line(n)
        elif state == _SEAM:
            self.state = _SIZE
            if n:
                verdict = _MALFORMED
        elif state == _SIZE:
            verdict = self.chunk_size(n)
        elif not n:
            verdict = self.head() if state == _FIELD else self.end()
        elif state == _FIELD:
            verdict = self.field(n)
        exact.clear(line)
        self.cut = False
        return verdict

    def end(self):
        self.state = _END
        return _WHOLE

    def status_line(self, n):
        """`HTTP/1.1 200 OK` (4)."""
        line = self.line
        if n < 12 or not line.startswith(b"HTTP/1.") or not 48 <= line[7] < 58:
            return _MALFORMED
        status = self.digits(9, 12)
        if line[8] != 32 or not 100 <= status < 600 or (n > 12 and line[12] != 32):
            return _MALFORMED
        self.old = line[7] == 48
        self.status = status
        self.state = _FIELD
        return _MORE

    def digits(self, at, end):
        """The decimal number line[at:end], nothing else in it; -1: it is none, or too large."""
        line = self.line
        value = 0
        if at >= end:
            return -1
        while at < end:
            c = line[at] - 48
            if not 0 <= c < 10 or value > _SIZE_MAX:
                return -1
            value = value * 10 + c
            at += 1
        return value

    def names(self, name):
        """Whether the line is the field `name` (small letters and `-`), its colon included."""
        line = self.line
        if len(line) < len(name):
            return False
        for i in range(len(name)):
            c = line[i]
            if 65 <= c <= 90:
                c += 32
            if c != name[i]:
                return False
        return True

    def field(self, n):
        """A field of the header (5)."""
        line = self.line
        colon = line.find(b":")
        # a line that continues another begins with a blank; no name has one before its colon
        if colon < 1 or not 0 > line.find(b" ", 0, colon) or not 0 > line.find(b"\t", 0, colon):
            return _MALFORMED
        at = colon + 1
        while at < n and (line[at] == 32 or line[at] == 9):
            at += 1
        while n > at and (line[n - 1] == 32 or line[n - 1] == 9):
            n -= 1
        if self.names(b"content-length:"):
            length = self.digits(at, n)
            if self.cut or length < 0 or (self.length >= 0 and self.length != length):
                return _MALFORMED
            self.length = length
        elif self.names(b"transfer-encoding:"):
            # compressed bodies were not asked for
            if self.cut or self.old or self.chunked or not self.is_chunked(at, n):
                return _MALFORMED
            self.chunked = True
        elif self.names(b"location:") and not self.cut and not self.location:
            while at < n:
                self.location.append(line[at])
                at += 1
        return _MORE

    def is_chunked(self, at, n):
        if n - at != 7:
            return False
        for i in range(7):
            if self.line[at + i] | 32 != b"chunked"[i]:
                return False
        return True

    def head(self):
        """The empty line behind the header: what follows, and how long is it (6.3)?"""
        status = self.status
        if status < 200:
            # interim; nobody asked for another protocol
            if status == 101:
                return _MALFORMED
            self.length = _UNKNOWN
            self.chunked = False
            exact.clear(self.location)
            self.state = _STATUS
            return _MORE
        if status == 204 or status == 304:
            self.length = 0
            self.chunked = False
        elif self.chunked:
            self.length = _UNKNOWN
        self.user.head()
        if self.chunked:
            self.state = _SIZE
        elif self.length < 0:
            self.state = _REST
        elif self.length:
            self.left = self.length
            self.state = _BODY
        else:
            return self.end()
        return _MORE

    def chunk_size(self, n):
        """`1a;extension` (7.1)."""
        line = self.line
        value = 0
        at = 0
        while at < n:
            c = line[at]
            if 48 <= c < 58:
                c -= 48
            elif 97 <= c | 32 < 103:
                c = (c | 32) - 87
            else:
                break
            if value > _SIZE_MAX:
                return _MALFORMED
            value = value * 16 + c
            at += 1
        # (what stands behind the number is an extension, or blanks)
        if not at or (at < n and line[at] != 59 and line[at] != 32 and line[at] != 9):
            return _MALFORMED
        self.left = value
        # a line a chunk: only those of one chunk count together
        self.spent = 0
        self.state = _CHUNK if value else _TRAILER
        return _MORE
