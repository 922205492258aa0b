"""For dialogues with a vendor's tables, byte by byte.

`Talk` is the modem's core, online, with the test in the place of the module: `says` hands it
bytes in pieces of 1, 7 or all, `hears` gives what it says next.
"""

from test_heap import CFG

from uplink import log
from uplink.modem.core import Core
from uplink.ring import Ring
from uplink.ring.cursor import Cursor

ONLINE = 13
FILES = 8
ATTACH = 11


def quiet(level, room, text, a=None, b=None):
    pass


class Talk(Core):
    def __init__(self, vendor, piece=7, **tls):
        self.clock = 1000
        self.piece = piece
        cfg = {name: dict(section) for name, section in CFG.items()}
        cfg["modem"]["sockets"] = 2
        cfg["tls"].update(tls)
        cfg["tls"]["level"] = "compatible"
        super().__init__(cfg, vendor, Ring(512))
        log.sink = quiet
        self.phase = ONLINE
        self.online = self.registered = self.address = self.wanted = True
        self.poll_at = self.clock + 1_000_000
        self.data_in = bytearray()
        self.log = []
        for s in self.sockets:
            s.listener = self

    # the owner
    def time(self):
        self.now = self.clock
        return self.now

    def changed(self):
        pass

    def wake(self):
        pass

    go = wake

    def network_time(self, *parts):
        self.log.append(parts)

    # the sockets' listener
    def opened(self, now):
        self.log.append("opened")

    def received(self, buf, off, n, now):
        self.data_in += buf[off : off + n]

    def sent(self, now):
        self.log.append("sent")

    def closed(self, reason, now):
        self.log.append(("closed", reason))

    # the test
    def hears(self, after_ms=30):
        """What it says within the pause between commands."""
        out = b""
        for _ in range(after_ms):
            self.clock += 1
            self.now = self.clock
            while True:
                self.poll(self.clock)
                engine = self.engine
                n = engine.out_end - engine.out_pos
                if n <= 0:
                    break
                out += bytes(engine.out[engine.out_pos : engine.out_end])
                engine.out_pos = engine.out_end
        return out

    def says(self, data, after_ms=30):
        """The module says it; what is asked then."""
        ring = self.engine.ring
        for i in range(0, len(data), self.piece):
            part = data[i : i + self.piece]
            for k in range(len(part)):
                ring.stage[k] = part[k]
            ring.put(len(part))
            self.now = self.clock
            self.engine.heard(self.clock)
        return self.hears(after_ms)

    def ok(self, expected, answer=b"OK"):
        """It asks `expected` next, and is answered."""
        found = self.waits
        assert found == expected, found
        self.waits = self.says(b"\r\n" + answer + b"\r\n")

    def start(self, script, phase=ONLINE):
        self.phase = phase
        self.run(ord(script), 0, self.clock)
        self.waits = self.hears()


def each(test):
    for piece in (1, 7, 1000):
        test(piece)


def opened(talk, index=0, tls=True):
    """An open connection, without having been opened."""
    s = talk.sockets[index]
    s.tls = tls
    s.number(talk.vendor.NUMBERS)
    s.state = 2
    return s


class Memory:
    """A file on the board's flash."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def seek(self, at, whence=0):
        self.at = len(self.data) if whence else at
        return self.at

    def readinto(self, buf):
        part = self.data[self.at : self.at + len(buf)]
        for i in range(len(part)):
            buf[i] = part[i]
        self.at += len(part)
        return len(part)

    def close(self):
        pass


def uploads(talk, data):
    """It is about to write `data` as the CA."""
    files = talk.files
    files.index = 0
    files.size = files.sizes[0] = len(data)
    files.file = Memory(data)
    talk.start("F", FILES)


def line(text):
    c = Cursor()
    c.over(text, 0, len(text))
    return c
