"""What the tests of `uplink.http` share: a transport in memory, and a sink that remembers."""

from uplink.http import HTTP
from uplink.loop import Loop
from uplink.port.ticks import ticks_add


class Clock:
    """The least that `Loop` asks of a board."""

    def __init__(self):
        self.ms = 0

    def ticks_ms(self):
        return self.ms

    def any(self):
        return 0

    def idle(self, ms, data=True):
        self.ms += ms


class Wire:
    """A transport: what was sent is in `out`; it takes everything at once."""

    def __init__(self):
        self.state = 0
        self.listener = None
        self.out = b""
        self.target = None
        self.now = 0
        self.opens = 0
        self.proofs = 0
        self.deaf = False

    def open(self, host, port, tls):
        assert self.state == 0
        self.state = 1
        self.opens += 1
        self.out = b""
        self.target = (bytes(host), port, tls)

    def send(self, buf, off, n):
        if self.state != 2 or self.deaf:
            return False
        self.out += bytes(buf[off : off + n])
        self.listener.sent(self.now)
        return True

    def close(self):
        assert self.state
        self.state = 0
        self.listener.closed(0, self.now)

    def proved(self):
        self.proofs += 1

    def doubt(self):
        raise AssertionError("a slow server is no reason to doubt the modem")


class Sink:
    def __init__(self):
        self.said = []
        self.got = b""

    def begin(self, status, length):
        self.said.append((status, length))

    def write(self, piece):
        assert isinstance(piece, bytearray) and 0 < len(piece) <= 256
        self.got += bytes(piece)

    def end(self, whole):
        self.said.append(whole)


class Bench:
    """A client on a `Wire`, and the time."""

    def __init__(self):
        self.wire = Wire()
        loop = Loop(Clock())
        self.http = HTTP(loop, self.wire)
        loop.step()  # its task waits; it is polled by hand

    def poll(self, ms=0):
        self.wire.now = ticks_add(self.wire.now, ms)
        return self.http.poll(self.wire.now)

    def connect(self):
        """The request that was asked for is sent."""
        self.poll()
        assert self.wire.state == 1
        self.wire.state = 2
        self.wire.listener.opened(self.wire.now)
        return self.wire.out

    def say(self, data, piece=0):
        """Bytes of the server, as pieces in the middle of a buffer."""
        piece = piece or len(data) or 1
        for i in range(0, len(data), piece):
            if self.wire.state != 2:
                return
            part = bytearray(b"\n7" + data[i : i + piece] + b"\r\n")
            self.wire.listener.received(part, 2, len(part) - 4, self.wire.now)

    def lose(self, reason=1):
        self.wire.state = 0
        self.wire.listener.closed(reason, self.wire.now)

    def answer(self, data, ends=False, piece=0, **more):
        """GET, and this answer; the body."""
        into = bytearray()
        self.http.get(b"host", b"/", store=into, **more)
        self.connect()
        self.say(data, piece)
        if ends and self.wire.state:
            self.lose()
        return bytes(into)
