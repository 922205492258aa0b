"""HTTP by a SIM7000's own commands with the heap locked after start, beside MQTT over a socket."""

from fake_module import FakeBoard
from test_heap import Device, quiet

from uplink import exact, log
from uplink.services import modem as services

BODY = b"\r\nOK\r\n+SH" * 200  # two pieces
POSTED = b"\r\nOK\r\n>\x00\xff" * 20
RUNNING = -2
WHOLE = -1


class Serving(FakeBoard):
    """It answers requests; the result of a read comes before its bytes, or behind them."""

    first = True
    asked = 0
    took = 0
    bodies = 0

    def _hear(self, data):
        was = self.want
        FakeBoard._hear(self, data)
        if self.took and was and not self.want:
            self.bodies += self.tcp == POSTED
            self.took = 0
            self.tcp = self.kept

    def _broker(self):
        if not self.took:
            FakeBoard._broker(self)

    def _command(self, line):
        if line.startswith(b"AT+SHSTATE?"):
            self.say(b"+SHSTATE: 0")
        elif line == b"AT+SHSSL?":
            self.say(b'+SHSSL: 5,"",""')
        elif line == b"AT+SHCONF?":
            self.say(b'+SHCONF: "URL","http://broker"\r\n+SHCONF: "BODYLEN",64')
        elif line == b"AT+SHBODEXT=?":
            self.say(b"+SHBODEXT: (1-1024),(100-10000)")
        elif line.startswith(b"AT+SHBODEXT="):
            self.kept = self.tcp
            self.tcp = b""
            self.took = self.want = int(line[12 : line.find(b",")])
            self.to_host += b"\r\n> "
            return
        elif line.startswith(b"AT+SHREQ="):
            self.asked += 1
            self.say(b"OK")
            self.say(b'+SHREQ: "GET",200,%d' % len(BODY))
            return
        elif line.startswith(b"AT+SHREAD="):
            comma = line.find(b",")
            at = int(line[10:comma])
            n = int(line[comma + 1 :])
            piece = b"\r\n+SHREAD: %d\r\n" % n + BODY[at : at + n] + b"\r\n"
            if self.first:
                self.to_host += b"\r\nOK\r\n" + piece
            else:
                self.to_host += piece + b"\r\nOK\r\n"
            return
        FakeBoard._command(self, line)


class Done:
    """The request has ended, and was put away."""

    def __init__(self, http):
        self.http = http

    def met(self):
        return self.http.why != RUNNING and not self.http.state


def _ask(device, http, done, into, drive):
    for n in range(4):
        device.board.first = n & 1 == 0
        if n & 2:
            http.post(b"broker", b"/p", POSTED, store=into, most=2000, port=80, tls=False)
        else:
            http.get(b"broker", b"/x", store=into, most=2000, port=80, tls=False, header=b"X: 7")
        if not drive(device.board, device.loop, done, 60_000):
            return 1
        if http.why != WHOLE or http.status != 200 or into != BODY:
            return 2
    return 0


def test_http_of_a_sim7000_takes_no_heap():
    import test_heap
    from fake_module import drive

    keep = log.sink
    log.sink = quiet
    plain = test_heap.Modem
    test_heap.Modem = services.ServiceModem
    try:
        device = Device(Serving)
        http = device.modem.http()
        done = Done(http)
        into = exact.buffer(2000)
        assert device.wait(0), device.modem.state
        assert _ask(device, http, done, into, drive) == 0, (http.why, http.status, len(into))
        device.heap.lock()
        failed = 0
        for _ in range(20):
            failed = failed or _ask(device, http, done, into, drive)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, http.why, http.status, http.count)
        assert device.board.asked == 84 and device.board.bodies == 42
        assert device.board.connects == 1
    finally:
        test_heap.Modem = plain
        log.sink = keep
