"""MicroPython on a PC: `cfg["uart"]["device"]` is a tty or pty.

There is no termios here, so the line is set by `stty` (coreutils) when it is opened and by
`set_baud`: raw, no echo, and `min 0 time 0`, so that a read returns what there is. Where there
is no `stty`, the caller has to have set the line raw and to its baud rate; bytes are then read
one by one, each after asking whether it is there.

After `uart()` neither `any`, `readinto`, `write` nor `idle` takes heap or waits.
"""

import os
import random
import select
import time

from .. import log
from .host import HostBoard

# A tty that polls as writable takes this much without waiting: a serial driver has room for
# a page less 256 bytes by then, and a pty's room comes in pieces of 256.
_CHUNK = 256


def _poller(file, events):
    poll = select.poll()
    poll.register(file, events)
    for _ in poll.ipoll(0):  # the first call takes the heap that the others use
        pass
    return poll


class Tty:
    """A tty as a raw file. One that hangs up is `gone`: silent, and swallows what it is given."""

    def __init__(self, device, baud, flow):
        self._device = device
        self._flow = flow
        self._whole = self._stty(baud)
        self.file = open(device, "r+b")
        self._in = _poller(self.file, select.POLLIN)
        self._out = _poller(self.file, select.POLLOUT)
        self._byte = bytearray(1)
        self._stage = bytearray(_CHUNK)
        self.gone = False

    def _stty(self, baud):
        if "'" in self._device:
            raise ValueError("uart.device: no ' in a path")
        flow = "crtscts" if self._flow else "-crtscts"
        rate = "" if baud is None else str(baud)
        command = "stty -F '%s' %s raw -echo clocal min 0 time 0 %s 2>/dev/null"
        if os.system(command % (self._device, rate, flow)) == 0:
            return True
        log.warn("port", "stty failed, baud rate left as it is", self._device)
        return False

    def any(self):
        """1 where there are bytes (how many is not known), else 0."""
        if self.gone:
            return 0
        for _, events in self._in.ipoll(0):
            if events & select.POLLIN:
                return 1
            self._hang_up()
        return 0

    def _hang_up(self):
        if not self.gone:
            self.gone = True
            log.error("port", "the other end of the line is gone", self._device)

    def readinto(self, buf):
        try:
            if self._whole:
                return self._read_whole(buf)
            n = 0
            while n < len(buf) and self.any() and self.file.readinto(self._byte):
                buf[n] = self._byte[0]
                n += 1
            return n
        except OSError:
            self._hang_up()
            return 0

    def _read_whole(self, buf):
        if not self.any():
            return 0
        n = self.file.readinto(buf) or 0
        if n == 0:
            self._hang_up()  # readable, and nothing there: that is how an end looks
        return n

    def write(self, buf, off, n):
        if self.gone:
            return n
        done = 0
        try:
            while done < n and self._writable():
                done += self.file.write(buf, off + done, min(n - done, _CHUNK)) or 0
        except OSError:
            self._hang_up()
            return n
        return done

    def _writable(self):
        for _, events in self._out.ipoll(0):
            return events & select.POLLOUT
        return 0

    def set_baud(self, rate):
        self._stty(rate)


class Board(HostBoard):
    """A PC under unix MicroPython."""

    ticks_ms = staticmethod(time.ticks_ms)

    def __init__(self):
        super().__init__()
        self._poll = select.poll()
        random.seed(int.from_bytes(os.urandom(4), "little"))

    def _open(self, device, baud, flow):
        return Tty(device, baud, flow)

    def uart(self, cfg):
        stream = super().uart(cfg)
        self._poll.register(stream.file, select.POLLIN)
        for _ in self._poll.ipoll(0):
            pass
        return stream

    def idle(self, ms, data=True):
        if data:
            for stream in self._streams:
                if stream.gone:
                    data = False  # a poll would return at once, for ever
        if data and self._streams:
            for _ in self._poll.ipoll(ms):
                pass
        else:
            time.sleep_ms(ms)

    def rand(self, n):
        return random.randrange(n)
