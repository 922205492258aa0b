"""HTTP by a Telit's own commands with the heap locked after start, beside MQTT over a socket."""

from fake_module import FakeTelit
from test_heap import Device, quiet

from uplink import exact, log
from uplink.services import modem as services

BODY = b"\r\nOK\r\n<<<" * 150
RUNNING = -2
WHOLE = -1


class Serving(FakeTelit):
    """It answers requests: once with a length, once without."""

    counted = True
    left = b""
    asked = 0
    want_http = 0

    def _command(self, line):
        if line.startswith(b"AT#HTTPCFG?"):
            self.say(b'#HTTPCFG: 0,"",80,0,"",0,120,1')
        elif line.startswith(b"AT#HTTPQRY="):
            self.asked += 1
            self.left = BODY
            self.say(b"OK")
            size = len(BODY) if self.counted else 0
            self.say(b'#HTTPRING: 0,200,"text/plain",%d' % size)
            return
        elif line.startswith(b"AT#HTTPRCV="):
            n = 1000 if b"," in line else len(self.left)
            self.to_host += b"\r\n<<<" + self.left[:n] + b"\r\n\r\nOK\r\n"
            self.left = self.left[n:]
            return
        FakeTelit._command(self, line)


class Done:
    """The request has ended."""

    def __init__(self, http):
        self.http = http

    def met(self):
        return self.http.why != RUNNING and not self.http.state


def _ask(device, http, done, into, drive):
    for counted in (True, False):
        device.board.counted = counted
        http.get(b"broker", b"/x", store=into, most=2000, port=80, tls=False)
        if not drive(device.board, device.loop, done, 60_000):
            return 1
        if http.why != WHOLE or http.status != 200 or len(into) != len(BODY):
            return 2
        if into != BODY:
            return 3
    return 0


def test_http_of_the_module_takes_no_heap():
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
        assert device.board.asked == 42
    finally:
        test_heap.Modem = plain
        log.sink = keep
