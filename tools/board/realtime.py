"""The board by the clock of this machine, its USB serial port on a pty of its own.

While the processor sleeps, the board waits for the wall clock, and so for its user and for real
servers. While it is busy it runs as fast as it can, and its time gets ahead of the wall clock or
falls behind; neither is made up for afterwards.
"""

import contextlib
import os
import selectors
import time
import tty

_BUSY_US = 2_000  # of the board's time between two looks at the pty while it is busy
# Until a PC has made a port of a device that has appeared; what is written meanwhile stays in the
# pty. (A Ctrl-C that came earlier would interrupt MicroPython's own start.)
_ENUMERATION_US = 250_000
_LONGEST_S = 0.1  # of real time in one turn
_TURN_S = 0.005  # of real time, where nothing is to be done
_BEHIND_US = 200_000  # lateness that is caught up; more is forgiven
_QUEUE = 2048  # bytes on their way into the board; more stay in the pty
_UNREAD = 65_536  # bytes that nobody reads: the oldest of more get lost


class SerialPort:
    """A raw pty that stands for the USB serial port; whoever opens it may come and go."""

    def __init__(self, link=None):
        self.fd, self._other = os.openpty()
        tty.setraw(self._other)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other)
        self._link = link
        self._out = b""
        if link is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(link)
            os.symlink(self.path, link)

    def fileno(self):
        """For a selector."""
        return self.fd

    def read(self, limit):
        """What has been written to the port, without waiting."""
        try:
            return os.read(self.fd, limit)
        except OSError:
            return b""

    def write(self, data=b""):
        """What the board says."""
        self._out = (self._out + data)[-_UNREAD:]
        if self._out:
            with contextlib.suppress(OSError):
                self._out = self._out[os.write(self.fd, self._out) :]

    def close(self):
        """Close both ends."""
        if self._link is not None:
            with contextlib.suppress(OSError):
                if os.readlink(self._link) == self.path:
                    os.unlink(self._link)
        os.close(self.fd)
        os.close(self._other)


class Runner:
    """Drives `board` with its modem, whose network may be real sockets."""

    def __init__(self, board, port, clock=time.monotonic):
        self.board = board
        self.port = port
        self.clock = clock
        self.started = clock() - board.now_us / 1e6
        self.behind_us = 0  # in all
        self._since_us = board.now_us
        self.selector = selectors.DefaultSelector()
        self.selector.register(port, selectors.EVENT_READ)
        network = getattr(board.modem, "network", None)
        if hasattr(getattr(network, "selector", None), "fileno"):  # real sockets
            self.selector.register(network.selector, selectors.EVENT_READ)
        board.listeners.append(port.write)

    def _now_us(self):
        return int((self.clock() - self.started) * 1e6)

    def turn(self):
        """Bring the board up to now, then wait a little."""
        board = self.board
        deadline = self.clock() + _LONGEST_S
        now_us = self._now_us()
        while board.now_us < now_us or not (board.asleep or board.stopped):
            self._hand_over()
            board.step(max(now_us, board.now_us + (1 if board.asleep else _BUSY_US)))
            if self.clock() > deadline:
                break
        ahead = board.now_us - self._now_us()
        if ahead > 0:  # it was busy
            self.started -= ahead / 1e6
        late = self._now_us() - board.now_us - _BEHIND_US
        if late > 0:
            self.behind_us += late
            self.started += late / 1e6
        self.port.write()
        board.output.clear()
        if board.asleep:
            self._wait()

    def _wait(self):
        """For the next byte, but not for long."""
        waits = self.board.now_us - self._since_us < _ENUMERATION_US
        if waits or self.board.queued >= _QUEUE:
            time.sleep(_TURN_S)
        else:
            self.selector.select(_TURN_S)

    def _hand_over(self):
        board = self.board
        if not board.connected:
            self._since_us = board.now_us
        room = _QUEUE - board.queued
        if room > 0 and board.now_us - self._since_us >= _ENUMERATION_US:
            data = self.port.read(room)
            if data:
                board.send(data)

    def close(self):
        """The selector only: board and port are the caller's."""
        self.selector.close()
