"""CPython on a PC: `cfg["uart"]["device"]` is a tty, a pty, or `tcp:HOST:PORT`."""

import fcntl
import os
import random
import select
import socket
import struct
import termios
import time
import traceback
import tty

from .. import log
from ..errors import ConfigError
from .host import HostBoard

_CONNECT_S = 10
_TICKS = (1 << 30) - 1


_HALF = 1 << 29


def ticks_add(ticks, delta):
    """`ticks` moved by `delta` ms (either sign), wrapped."""
    return (ticks + delta) & _TICKS


def ticks_diff(end, start):
    """Signed ms from `start` to `end`; right for spans below 6.2 days."""
    return ((end - start + _HALF) & _TICKS) - _HALF


class Stream:
    """A file descriptor that never waits. One that ends is `gone`: silent, and swallows
    what it is given."""

    def __init__(self, fd, name):
        os.set_blocking(fd, False)
        self._fd = fd
        self._name = name
        self.gone = False

    def fileno(self):
        return self._fd

    def any(self):
        """How many bytes there are."""
        if self.gone:
            return 0
        try:
            n = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0\0\0\0"))[0]
            if n == 0 and select.select([self._fd], [], [], 0)[0]:
                self._check_end()
                n = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0\0\0\0"))[0]
            return n
        except OSError:
            self._hang_up()
            return 0

    def _check_end(self):
        """Readable, and nothing there: at its end, unless something came just now."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN | select.POLLHUP)
        for _, events in poll.poll(0):
            if events & (select.POLLHUP | select.POLLERR):
                self._hang_up()

    def _hang_up(self):
        if not self.gone:
            self.gone = True
            log.error("port", "the other end of the line is gone", self._name)

    def readinto(self, buf):
        if self.gone:
            return 0
        try:
            n = os.readv(self._fd, [buf])
        except BlockingIOError:
            return 0
        except OSError:
            n = 0
        if n == 0:
            self._hang_up()
        return n

    def write(self, buf, off, n):
        if self.gone:
            return n
        try:
            return os.write(self._fd, memoryview(buf)[off : off + n])
        except BlockingIOError:
            return 0
        except OSError:
            self._hang_up()
            return n

    def set_baud(self, rate):
        """A stream without a line has no baud rate."""

    def close(self):
        os.close(self._fd)


class Tty(Stream):
    """A serial port or pty."""

    def __init__(self, device, baud, flow):
        fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        super().__init__(fd, device)
        tty.setraw(fd)
        mode = termios.tcgetattr(fd)
        mode[2] |= termios.CLOCAL | termios.CREAD
        if flow:
            mode[2] |= termios.CRTSCTS
        else:
            mode[2] &= ~termios.CRTSCTS
        mode[6][termios.VMIN] = 1
        mode[6][termios.VTIME] = 0
        termios.tcsetattr(fd, termios.TCSANOW, mode)
        if baud is not None:
            self.set_baud(baud)

    def set_baud(self, rate):
        speed = getattr(termios, "B%d" % rate, None)
        if speed is None:
            raise ConfigError("uplink.json", "uart.baud", "a rate this PC has, not %d" % rate)
        if self.gone:
            return
        mode = termios.tcgetattr(self._fd)
        mode[4] = mode[5] = speed
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)


class Tcp(Stream):
    """A modem behind a TCP port."""

    def __init__(self, device):
        _, host, port = device.split(":")
        self._socket = socket.create_connection((host, int(port)), _CONNECT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(self._socket.fileno(), device)

    def close(self):
        self._socket.close()


class Board(HostBoard):
    """A PC under CPython."""

    def __init__(self):
        super().__init__()
        self._poll = select.poll()
        self._random = random.SystemRandom()

    @staticmethod
    def ticks_ms():
        return (time.monotonic_ns() // 1_000_000) & _TICKS

    def _open(self, device, baud, flow):
        if device.startswith("tcp:"):
            return Tcp(device)
        return Tty(device, baud, flow)

    def uart(self, cfg):
        stream = super().uart(cfg)
        self._poll.register(stream, select.POLLIN)
        return stream

    def idle(self, ms, data=True):
        if data and self._streams and not any(stream.gone for stream in self._streams):
            self._poll.poll(ms)
        else:
            time.sleep(ms / 1000)

    def rand(self, n):
        return self._random.randrange(n)

    def close(self):
        """Close what was opened (for tests)."""
        for stream in self._streams:
            stream.close()
        self._streams.clear()
        self._poll = select.poll()


class Turns:
    """What MicroPython's iterator over a deque is: gives each appended number once. For `loop`."""

    def __init__(self):
        self._ms = None

    def append(self, ms):
        self._ms = ms

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        ms = self._ms
        if ms is None:
            raise StopIteration
        self._ms = None
        return ms


# MicroPython's is in `sys`, and in its compiler.
print_exception = traceback.print_exception
const = int
