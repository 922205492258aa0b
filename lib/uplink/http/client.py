"""HTTP/1.1 over a transport: one request a connection, sans-IO but for its task.

The connection is ended by us, when the answer is whole: a server that ends it directly behind its
answer would make some modules forget what they still hold of it.
"""

from uplink import exact
from uplink.loop import Event
from uplink.port.ticks import FOREVER, ticks_diff

from .parser import Parser, const
from .request import Request

_RUNNING = const(-2)
_WHOLE = const(-1)
_LOCAL = const(0)  # of errors.CLOSED_
_PEER = const(1)
_TIMEOUT = const(3)
_PROTOCOL = const(9)

_P_WHOLE = const(1)  # of parser
_P_MALFORMED = const(2)

_OPEN = const(2)

# Client.phase
_IDLE = const(0)
_WAIT = const(1)  # for the transport to be closed
_OPENING = const(2)
_HEAD = const(3)  # the head is to be sent,
_CONTENT = const(4)  # then what is posted
_ANSWER = const(5)

_HEAD_SIZE = const(512)


class HTTP(Request):
    """`transport`: the contract of lib/uplink/README.md, nobody else's. `get`, `post`: Request.

    With a loop it spawns the task `http`; without one the owner calls `poll(now)`.
    """

    def __init__(self, loop, transport):
        super().__init__(loop)
        self.transport = transport
        transport.listener = self
        self.phase = _IDLE
        self.busy = False  # the transport has bytes of ours
        self.now = 0
        self.since = 0  # the last progress,
        self.begun_at = 0  # and the beginning
        self.parser = Parser(self)
        self.out = exact.buffer(_HEAD_SIZE)
        self.loop = loop
        self._wake = Event(loop)
        if loop is not None:
            loop.spawn(self._run(loop), "http")

    async def _run(self, loop):
        wake = self._wake
        while True:
            wake.clear()
            await wake.wait(self.poll(loop.now()))

    # ---- of Request -----------------------------------------------------------------------------

    def started(self):
        """Compose the head; connect at the next poll."""
        out = self.out
        exact.clear(out)
        out.extend(b"GET " if self.content is None else b"POST ")
        out.extend(self.path)
        out.extend(b" HTTP/1.1\r\nHost: ")
        out.extend(self.host)
        if self.port != (443 if self.tls else 80):
            out.append(58)
            self._number(self.port)
        out.extend(b"\r\nAccept-Encoding: identity\r\n")
        if self.content is not None:
            out.extend(b"Content-Length: ")
            self._number(len(self.content))
            out.extend(b"\r\n")
            if self.mime:
                out.extend(b"Content-Type: ")
                out.extend(self.mime)
                out.extend(b"\r\n")
        if self.header:
            out.extend(self.header)
            out.extend(b"\r\n")
        out.extend(b"\r\n")
        self.parser.begin()
        self.location = self.parser.location
        self.phase = _WAIT
        self.begun_at = -1  # from the next poll
        self._wake.set()

    def over(self):
        """Nothing more of this connection is wanted."""
        self.phase = _IDLE
        if self.transport.state:
            self.transport.close()
        self._wake.set()

    def cancel(self):
        """Give the running request up: its `why` is CLOSED_LOCAL."""
        self.finish(_LOCAL)

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        self.now = now
        phase = self.phase
        if phase == _IDLE:
            return FOREVER
        if self.begun_at < 0:
            self.begun_at = self.since = now
        transport = self.transport
        if phase == _WAIT and not transport.state:
            self.phase = _OPENING
            self.busy = False
            self.since = now
            transport.listener = self
            transport.open(self.host, self.port, self.tls)
        elif phase == _HEAD or phase == _CONTENT:
            self.send()
        since = ticks_diff(now, self.since)
        total = ticks_diff(now, self.begun_at)
        left = min(self.pause_ms - since, self.total_ms - total)
        # (a difference of more than six days looks negative)
        if left <= 0 or total < 0 or since < 0:
            self.finish(_TIMEOUT)
            return FOREVER
        if (phase == _HEAD or phase == _CONTENT) and not self.busy:
            return min(left, 100)  # the transport would not take it: again
        return left

    def send(self):
        """Give the transport what is to go next."""
        if self.busy or self.transport.state != _OPEN:
            return
        out = self.out if self.phase == _HEAD else self.content
        self.busy = True  # (`sent` may come before `send` returns)
        if not self.transport.send(out, 0, len(out)):
            self.busy = False

    def _number(self, n):
        if n > 9:
            self._number(n // 10)
        self.out.append(48 + n % 10)

    # ---- of the parser --------------------------------------------------------------------------

    def head(self):
        self.transport.proved()
        self.head_is_there(self.parser.status, self.parser.length)

    def body(self, buf, off, n):
        return self.take(buf, off, n)

    # ---- of the transport -----------------------------------------------------------------------

    def opened(self, now):
        if self.phase == _OPENING:
            self.phase = _HEAD
            self.since = now
            self.send()
            self._wake.set()

    def sent(self, now):
        self.busy = False
        self.since = now
        if self.phase == _HEAD:
            self.phase = _CONTENT if self.content else _ANSWER
            if self.content:
                self.send()
        elif self.phase == _CONTENT:
            self.phase = _ANSWER
        self._wake.set()

    def received(self, buf, off, n, now):
        """(A server may answer before all is sent: it is heard at once.)"""
        if self.phase < _HEAD:
            return
        self.since = now
        verdict = self.parser.feed(buf, off, n)
        if verdict == _P_WHOLE:
            self.finish(_WHOLE)
        elif verdict == _P_MALFORMED:
            self.finish(_PROTOCOL)

    def closed(self, reason, now):
        self.busy = False
        if self.phase >= _HEAD and reason == _PEER and self.parser.ended() == _P_WHOLE:
            self.finish(_WHOLE)
        elif self.phase >= _OPENING:
            self.finish(reason)
        self._wake.set()
