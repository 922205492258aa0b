"""Streams in data mode, escaped and back, closed by either side, with the heap locked after start;
the settings and texts of a Quectel's TLS, too.
"""

from fake_module import drive
from fake_streams import QuectelTransparent, TelitOnline
from test_heap_services import online, with_device

from uplink.services.ssl import ModuleSSL

DATA = b"\r\nOK\r\n+++ \r\nNO CARRIER\r\n" * 12 + b"0123456789" * 12
HEAD = len(DATA) - 120  # so much of it looks like the end


class Stream:
    """A stream's listener, and what a test waits for, without heap."""

    def __init__(self, device):
        self.board = device.board
        self.loop = device.loop
        self.stream = device.modem.stream()
        self.stream.listener = self
        self.what = 0
        self.count = 0
        self.received_bytes = 0
        self.wrong = 0
        self.at = 0
        self.closes = 0
        self.reason = -1

    def opened(self, now):
        self.at = 0

    def received(self, buf, off, n, now):
        for i in range(off, off + n):
            if buf[i] != DATA[self.at]:
                self.wrong += 1
            self.at = self.at + 1 if self.at + 1 < len(DATA) else 0
        self.received_bytes += n

    def sent(self, now):
        pass

    def closed(self, reason, now):
        self.closes += 1
        self.reason = reason

    def met(self):
        what = self.what
        stream = self.stream
        if what == 0:
            return stream.state == 2
        if what == 1:
            return not stream.state
        if what == 2:
            return self.received_bytes >= self.count and not stream.out_left
        if what == 4:
            return stream.send(DATA, HEAD, len(DATA) - HEAD)
        if what == 5:
            return False
        return stream.why != -2

    def wait(self, what, limit_ms=60_000):
        self.what = what
        return drive(self.board, self.loop, self, limit_ms)

    def both_ways(self):
        """All of DATA there, and back."""
        self.count = self.received_bytes + len(DATA)
        if not self.stream.send(DATA, 0, len(DATA)):
            return False
        return self.wait(2) and self.received_bytes == self.count

    def turned(self):
        """The escape sequence, or the way back, has been answered well."""
        return self.wait(3) and self.stream.why == -1


def common(s, n):
    """Open, both ways, out of data mode and in again, closed by both: 0, or what failed."""
    stream = s.stream
    for _ in range(n):
        stream.open(b"host", 443)
        if not s.wait(0):
            return 1
        for _ in range(3):
            if not s.both_ways():
                return 2
            stream.escape()
            if not s.turned():
                return 3
            stream.resume()
            if not s.turned():
                return 4
            if not s.both_ways():
                return 5
        stream.close()
        if not s.wait(1) or s.reason != 0:
            return 6
        stream.open(b"host", 443)
        if not s.wait(0) or not s.both_ways():
            return 7
        s.board.end()
        if not s.wait(1) or s.reason != 1:
            return 8
    return 0


def doubted(s, n):
    """Data that looks like the end, and a pause: the escape sequence finds out; so does it where
    it is the end.
    """
    stream = s.stream
    for _ in range(n):
        stream.open(b"host", 443)
        if not s.wait(0):
            return 21
        escapes = s.board.escapes
        s.count = s.received_bytes + HEAD
        if not stream.send(DATA, 0, HEAD) or not s.wait(2):
            return 22
        if s.board.escapes == escapes:
            return 23
        s.count += len(DATA) - HEAD
        if not s.wait(4) or not s.wait(2):
            return 24
        s.wait(5, 400_000)  # longer than any command may take
        if not s.both_ways():
            return 25
        s.board.end()
        if not s.wait(1) or s.reason != 1:
            return 26
    return 0


def command_mode(s, n):
    """A Telit's: counted and typed text, read when it is announced, and when it is asked for."""
    stream = s.stream
    for i in range(n):
        stream.open(b"host", 443, True, False, False, i & 1)
        if not s.wait(0):
            return 11
        s.count = s.received_bytes + len(DATA)
        half = len(DATA) // 2
        if not stream.send(DATA, 0, half):
            return 12
        if not i & 1:
            while stream.out_left:
                s.loop.step()
                s.loop.idle(1)
            if not stream.read(1000):
                return 13
        s.count -= len(DATA) - half
        if not s.wait(2):
            return 14
        s.count += len(DATA) - half
        if not stream.send_text(DATA, half, len(DATA) - half):
            return 15
        if not i & 1:
            while stream.out_left:
                s.loop.step()
                s.loop.idle(1)
            stream.read(1000)
        if not s.wait(2):
            return 16
        stream.resume()
        if not s.turned() or not s.both_ways():
            return 17
        stream.escape()
        if not s.turned():
            return 18
        stream.close()
        if not s.wait(1):
            return 19
    return 0


def takes_no_heap(kind, *parts):
    def test(device):
        s = Stream(device)
        online(device)
        device.mqtt.disconnect()
        for part in parts:
            failed = part(s, 1)
            assert failed == 0, (failed, s.reason, s.wrong, s.stream.state)
        device.heap.lock()
        failed = 0
        for part in parts:
            failed = failed or part(s, 8)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, s.reason, s.wrong, s.stream.state)
        assert s.wrong == 0 and s.received_bytes % len(DATA) == 0
        assert device.board.dials == 9 * (1 + len(parts))
        assert device.board.escapes >= 9 * 3

    with_device(kind, test)


def test_transparent_mode_of_a_quectel_takes_no_heap():
    takes_no_heap(QuectelTransparent, common, doubted)


def test_online_and_command_mode_of_a_telit_take_no_heap():
    takes_no_heap(TelitOnline, common, doubted, command_mode)


class Asked:
    """What was asked of the settings is done."""

    def __init__(self, ssl):
        self.ssl = ssl

    def met(self):
        return self.ssl.why != -2

    def well(self, device):
        return drive(device.board, device.loop, self, 60_000) and self.ssl.why == -1


class Socket:
    """It has that state."""

    def __init__(self, socket, state):
        self.socket = socket
        self.state = state

    def met(self):
        return self.socket.state == self.state


SUITES = (b"0X003D", b"0X0035")


def settings(device, ssl, done, is_open, is_closed, n):
    """Every kind of question, setting and text: 0, or what failed."""
    socket = is_open.socket
    for _ in range(n):
        ssl.ask(b"seclevel", 0)
        if not done.well(device) or ssl.value != b"2":
            return 1
        ssl.set(b"smtpsctxi", 3)
        if not done.well(device):
            return 2
        ssl.set(b"ciphersuite", SUITES, 4)
        if not done.well(device):
            return 3
        ssl.text(socket, DATA)
        if not done.well(device):
            return 4
        ssl.delete()
        if not done.well(device):
            return 5
        socket.close()
        if not drive(device.board, device.loop, is_closed, 60_000):
            return 6
        ssl.open(socket, b"host", 443)
        if not done.well(device) or not drive(device.board, device.loop, is_open, 60_000):
            return 7
    return 0


def test_settings_and_texts_of_a_quectel_take_no_heap():
    def test(device):
        ssl = ModuleSSL(device.modem)
        done = Asked(ssl)
        online(device)
        # (its own traffic would make the socket busy now and then)
        socket = device.modem.sockets[0]
        device.mqtt.disconnect()
        is_open = Socket(socket, 2)
        is_closed = Socket(socket, 0)
        assert drive(device.board, device.loop, is_closed, 60_000)
        socket.listener = None
        socket.open(b"host", 7, False)
        assert drive(device.board, device.loop, is_open, 60_000)
        failed = settings(device, ssl, done, is_open, is_closed, 2)
        assert failed == 0, (failed, ssl.why, ssl.error())
        device.heap.lock()
        failed = settings(device, ssl, done, is_open, is_closed, 30)
        while device.heap.unlock():
            pass
        assert failed == 0, (failed, ssl.why)
        assert device.board.typed == device.board.own == 32

    with_device(QuectelTransparent, test)
