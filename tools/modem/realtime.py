"""A virtual modem in real time: its UART on a pty or TCP port, its pins on another pty."""

import os
import selectors
import socket
import termios
import time
import tty

_SLICE_S = 0.001  # how finely bytes are handed over while some are on the wire
PINS = ("PWRKEY", "DTR", "RESET", "RTS", "ON_OFF", "HW_SHUTDOWN")
_OVERRUN = 65_536  # bytes that nobody reads: more of them get lost, as in any UART
_SPEEDS = {
    getattr(termios, "B%d" % rate): rate
    for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
    if hasattr(termios, "B%d" % rate)
}
PINS += ("EMERG_OFF",)


class _Pty:
    """A raw pty without echo; the other end may come and go."""

    def __init__(self):
        self.fd, self.other = os.openpty()
        tty.setraw(self.other)
        mode = termios.tcgetattr(self.other)
        mode[4] = mode[5] = termios.B115200
        termios.tcsetattr(self.other, termios.TCSANOW, mode)
        self.path = os.ttyname(self.other)
        os.set_blocking(self.fd, False)

    def fileno(self):
        return self.fd

    def rate(self):
        """The rate that the host has set on its end."""
        return _SPEEDS.get(termios.tcgetattr(self.fd)[5], 0)

    def read(self):
        try:
            return os.read(self.fd, 4096)
        except OSError:
            return b""

    def write(self, data):
        try:
            return os.write(self.fd, data)
        except OSError:
            return 0

    def close(self):
        os.close(self.fd)
        os.close(self.other)


class Runner:
    """Drives a modem by the clock of this machine."""

    def __init__(self, modem, tcp=None, pins=False):
        self.modem = modem
        self.started = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.out = b""
        self.client = None
        self.listening = None
        self.pty = None
        self.pins = None
        self._status = None
        self._pin_text = b""
        if tcp is None:
            self.pty = _Pty()
            self.uart_path = self.pty.path
            self.selector.register(self.pty, selectors.EVENT_READ, self._from_pty)
        else:
            self.listening = socket.create_server(("127.0.0.1", tcp))
            self.listening.setblocking(False)
            self.uart_path = "%s:%d" % self.listening.getsockname()
            self.selector.register(self.listening, selectors.EVENT_READ, self._accept)
        if pins:
            self.pins = _Pty()
            self.pins_path = self.pins.path
            self.selector.register(self.pins, selectors.EVENT_READ, self._from_pins)
        if hasattr(modem.network.selector, "fileno"):
            self.selector.register(modem.network.selector, selectors.EVENT_READ, self._nothing)

    def now(self):
        return int((time.monotonic() - self.started) * 1e6)

    def run(self):
        """Until interrupted."""
        while True:
            self.turn(1.0)

    def turn(self, longest_s):
        """Wait for the next thing (at most so long) and do it."""
        modem = self.modem
        now = self.now()
        due = modem.poll(now)
        self._hand_over(now)
        wait = longest_s if due is None else min(longest_s, max(0.0, (due - now) / 1e6))
        if modem.line.tx.runs:
            wait = min(wait, _SLICE_S)
        elif self.out:
            wait = min(wait, 0.02)
        if modem.network.waiting() or not hasattr(modem.network.selector, "fileno"):
            wait = min(wait, 0.01)
        for key, _ in self.selector.select(wait):
            key.data()

    def _hand_over(self, now):
        self.out += self.modem.take(now)
        if self.out:
            if self.pty is not None:
                self.out = self.out[self.pty.write(self.out) :]
            elif self.client is not None:
                try:
                    self.out = self.out[self.client.send(self.out) :]
                except BlockingIOError:
                    pass
                except OSError:
                    self._hang_up()
            else:
                self.out = b""
            self.out = self.out[-_OVERRUN:]
        status = self.modem.status
        if self.pins is not None and status != self._status:
            self._status = status
            self.pins.write(b"STATUS %d\n" % status)

    def _nothing(self):
        """The network's own sockets: the next poll moves their bytes."""

    def _from_pty(self):
        rate = self.pty.rate()
        if rate:
            self.modem.set_host_baud(rate)
        self.modem.receive(self.pty.read(), self.now())

    def _accept(self):
        client, _ = self.listening.accept()
        if self.client is not None:
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client = client
        self.selector.register(client, selectors.EVENT_READ, self._from_client)

    def _from_client(self):
        try:
            data = self.client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.modem.receive(data, self.now())
        else:
            self._hang_up()

    def _hang_up(self):
        self.selector.unregister(self.client)
        self.client.close()
        self.client = None

    def _from_pins(self):
        self._pin_text += self.pins.read()
        *lines, self._pin_text = self._pin_text.split(b"\n")
        del lines[:-64]
        for line in lines:
            name, _, level = line.strip().decode("latin-1").partition(" ")
            if name in PINS and level in ("0", "1"):
                self.modem.pin(name, level == "0", self.now())
                self._status = None  # tell it again: the host may have been started anew

    def close(self):
        self._hand_over(self.now())
        for one in (self.client, self.listening, self.pty, self.pins):
            if one is not None:
                one.close()
        self.selector.close()
