"""A user and a vendor of the command engine, made for its tests; time is the user's own."""

from uplink.at import Engine, codes
from uplink.port.ticks import ticks_add
from uplink.ring import Ring


class Vendor:
    """A table made for these tests; functions are attributes, as in a module."""

    PAUSE_MS = 20
    FAST_MS = 5
    INPUT_MS = 6000
    PROBE = (b"AT+CMEE?", b"+CMEE: ")
    FINALS = (
        (b"SEND OK", codes.OK),
        (b"SEND FAIL", 20),
        (b"ERROR", codes.ERROR),
        (b"NO CARRIER", codes.NO_CARRIER),
    )
    COUNTED = ((b"+RECV: ", 1, "on_counted"), (b"SRING: ", 2, "on_counted_urc"))
    URCS = ((b"+IND: ", "on_ind"), (b"RDY", "on_ready"), (b"+CSQ: ", "on_csq_urc"))


def on_csq(user, c):
    first = c.int()
    if not c.more():
        return codes.NOT_MINE
    user.events.append(("csq", first))
    return None


def on_csq_urc(user, c):
    user.events.append(("csq urc", c.int()))


def on_ind(user, c):
    user.events.append(("ind", c.int()))


def on_ready(user, c):
    user.events.append(("ready",))
    user.engine.stop(codes.RESTARTED, user.now)


def on_counted(user, c):
    n = c.int()
    user.events.append(("counted", n))
    return n


def on_counted_urc(user, c):
    c.skip()
    n = c.int()
    user.events.append(("sring", n))
    return n


def on_length(user, c):
    user.engine.expect(c.int())


def on_text(user, c):
    c.rest()
    user.events.append(("text", bytes(c.buf[c.first : c.last])))


for f in (on_csq, on_csq_urc, on_ind, on_ready, on_counted, on_counted_urc, on_length, on_text):
    setattr(Vendor, f.__name__, staticmethod(f))


class User:
    """Owner of an engine: keeps events, answers what the host sends by a script."""

    def __init__(self, ring=Ring, engine=Engine):
        self.ring = ring(1024, 64)
        self.engine = engine(self.ring, Vendor, self)
        self.now = (1 << 30) - 50  # the clock wraps in every test
        self.events = []
        self.sent = b""
        self.payload_bytes = b""
        self.data_bytes = b""
        self.names = {1: b"value", 2: b'va"lue', 3: b"38"}

    def tick(self, ms):
        self.now = ticks_add(self.now, ms)

    def feed(self, data, piece=64):
        for i in range(0, len(data), piece):
            chunk = data[i : i + piece]
            self.ring.stage[: len(chunk)] = chunk
            self.ring.put(len(chunk))
            self.engine.heard(self.now)
            self.pump()

    def pump(self):
        e = self.engine
        while True:
            wait = e.poll(self.now)
            if e.out_pos == e.out_end:
                return wait
            self.sent += bytes(e.out[e.out_pos : e.out_end])
            e.out_pos = e.out_end

    def wait(self, ms):
        """Let time pass as the engine asks."""
        while ms > 0:
            step = min(max(self.pump(), 1), ms)
            self.tick(step)
            ms -= step
        self.pump()

    def take(self):
        sent = self.sent
        self.sent = b""
        return sent

    # the engine's user
    def when(self, condition):
        return condition == 1

    def put(self, variable, line):
        from uplink.at import put

        return put(line, self.names[variable])

    def payload(self, engine):
        if not self.payload_bytes:
            return False
        engine.out = self.payload_bytes
        engine.out_pos = 0
        engine.out_end = len(self.payload_bytes)
        self.payload_bytes = b""
        return True

    def data(self, buf, off, n, now):
        self.data_bytes += bytes(buf[off : off + n])

    def data_end(self, good, now):
        self.events.append(("payload", self.data_bytes, good))
        self.data_bytes = b""

    def finished(self, result, now):
        self.events.append(("finished", result))

    def silent(self, now):
        self.events.append(("silent",))

    def back_in_step(self, now):
        self.events.append(("in step",))

    def unasked(self, now):
        self.events.append(("unasked",))


CSQ = ((0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1000, codes.NEED),)


def run(script, answers, piece=64):
    """Run a script; `answers` maps what is sent to what the module says. Returns the user."""
    u = User()
    u.engine.run(script, u.now)
    for _ in range(50):
        u.wait(30)
        sent = u.take()
        if sent:
            u.feed(answers[sent], piece)
        if u.events and u.events[-1][0] == "finished":
            break
    return u


SEND = ((0, b"AT+SEND=4", b">", None, 1000, codes.PAYLOAD),)
READ = ((0, b"AT+RECV", b"+RECV: ", None, 1000, 0),)
NASTY = b"\r\nOK\r\n>\r\nERROR\r\n+IND: 9\r\nRDY\r\n\x00"
