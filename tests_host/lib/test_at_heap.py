"""The command engine takes no heap for URCs, answers and payload."""

from at_user import CSQ, READ

from uplink.at import Engine
from uplink.ring import Ring

try:
    import micropython
except ImportError:
    micropython = None


class Quiet:
    """A user that takes no heap."""

    def __init__(self):
        self.n = 0
        self.results = 0
        self.bytes = 0

    def when(self, condition):
        return True

    def put(self, variable, line):
        return True

    def payload(self, engine):
        return False

    def data(self, buf, off, n, now):
        self.bytes += n

    def data_end(self, good, now):
        self.n += 1

    def finished(self, result, now):
        self.results += 1

    def silent(self, now):
        self.n += 1

    def back_in_step(self, now):
        self.n += 1

    def unasked(self, now):
        self.n += 1


class QuietVendor:
    """Handlers that take no heap."""

    PAUSE_MS = 0
    FAST_MS = 0
    INPUT_MS = 0
    PROBE = (b"AT+CMEE?", b"+CMEE: ")
    FINALS = ((b"ERROR", 1),)
    COUNTED = ((b"+RECV: ", 1, "on_counted"),)
    URCS = ((b"+IND: ", "on_ind"),)


def quiet_csq(user, c):
    user.n += c.int()


def quiet_ind(user, c):
    user.n += 1


def quiet_counted(user, c):
    return c.int()


def test_no_heap_for_urcs_answers_and_payload():
    vendor = QuietVendor()
    vendor.on_csq = quiet_csq
    vendor.on_ind = quiet_ind
    vendor.on_counted = quiet_counted
    user = Quiet()
    ring = Ring(512, 64)
    engine = Engine(ring, vendor, user)
    answer = b"\r\n+IND: 1\r\n+CSQ: 25,99\r\n\r\nOK\r\n"
    read = b"\r\n+RECV: 12,hello world!\r\nOK\r\n"
    stage = ring.stage
    if micropython is not None:
        micropython.heap_lock()
    try:
        now = 0
        for i in range(1000):
            now += 100
            engine.run(CSQ if i & 1 else READ, now)
            engine.poll(now)
            engine.out_pos = engine.out_end
            k = 0
            for b in answer if i & 1 else read:
                stage[k] = b
                k += 1
            ring.put(k)
            engine.heard(now)
            engine.poll(now)
    finally:
        if micropython is not None:
            micropython.heap_unlock()
    assert user.results == 1000
    assert user.n == 500 * (25 + 1) + 500
    assert user.bytes == 500 * 12
