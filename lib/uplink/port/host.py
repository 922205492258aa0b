"""What the two PC ports have in common: a tty instead of a UART, a second one instead of pins.

`cfg["pins"]["control"]` names a pty (CPython: or `tcp:HOST:PORT`) that carries the pins as
lines of text. We write `PWRKEY 0` when the module's line is to be low (asserted) and
`PWRKEY 1` when it is to be let go, likewise `DTR` and `RESET`; we read `STATUS 1` and
`STATUS 0`. A pin that the configuration leaves out is not wired, unless it leaves out all of them:
then all are.
"""

import time

from .. import log

# What a process that wants to be started again ends with (EX_TEMPFAIL of sysexits.h).
_AGAIN = 75

# By name: let go, asserted.
_LINES = {
    "pwrkey": (b"PWRKEY 1\n", b"PWRKEY 0\n"),
    "dtr": (b"DTR 1\n", b"DTR 0\n"),
    "reset": (b"RESET 1\n", b"RESET 0\n"),
}


class Control:
    """The pins over a stream. Takes no heap after it is made."""

    def __init__(self, stream):
        self._stream = stream
        self._stage = bytearray(32)
        self._line = bytearray(16)  # this capacity is kept
        self._line[:] = b""
        self._status = False

    def send(self, line):
        if self._stream.write(line, 0, len(line)) != len(line):
            log.error("port", "control line is not being read: pin change lost")

    def status(self):
        """The last STATUS that was read."""
        while self._stream.any():
            n = self._stream.readinto(self._stage)
            if not n:
                break
            for i in range(n):
                self._take(self._stage[i])
        return self._status

    def _take(self, byte):
        line = self._line
        if byte == 10:
            if line == b"STATUS 1":
                self._status = True
            elif line == b"STATUS 0":
                self._status = False
            line[:] = b""
        elif byte != 13 and len(line) < 16:
            line.append(byte)


class Output:
    """A line to the module, by way of `Control`."""

    wired = True

    def __init__(self, control, lines):
        self._control = control
        self._lines = lines
        self.set(False)

    def set(self, asserted):
        self._control.send(self._lines[1 if asserted else 0])


class Input:
    """STATUS, by way of `Control`."""

    wired = True

    def __init__(self, control):
        self._control = control

    def get(self):
        return self._control.status()


class NoPin:
    """A line that is not wired."""

    wired = False

    def set(self, asserted):
        """Does nothing."""

    def get(self):
        """False: nothing is known."""
        return False


class Offset:
    """A clock of our own, beside a host's that is not ours to set."""

    def __init__(self):
        self._offset = None

    def set(self, unix_s):
        self._offset = unix_s - int(time.time())

    def get(self):
        """Unix time in seconds; 0 = never set."""
        return 0 if self._offset is None else int(time.time()) + self._offset


class NoWatchdog:
    """A PC resets nothing."""

    def feed(self):
        """Does nothing."""


class HostBoard:
    """Base of the PC ports. They add `ticks_ms`, `rand`, `any`, `idle` and `_open`."""

    def __init__(self):
        self._streams = []  # the UARTs
        self._control = None
        self._rtc = Offset()

    def _open(self, device, baud, flow):
        """A stream on a device, of the port's own kind."""
        return None

    def uart(self, cfg):
        c = cfg["uart"]
        flow = c.get("rts") is not None and c.get("cts") is not None
        stream = self._open(c["device"], c["baud"], flow)
        self._streams.append(stream)
        return stream

    def any(self):
        """How many of the UARTs have bytes."""
        n = 0
        for stream in self._streams:
            if stream.any():
                n += 1
        return n

    def _wired(self, cfg, name):
        pins = cfg.get("pins") or {}
        if not pins.get("control"):
            return False
        if pins.get(name) is None:
            for other in ("pwrkey", "dtr", "reset", "status"):
                if pins.get(other) is not None:
                    return False
        if self._control is None:
            self._control = Control(self._open(pins["control"], None, False))
        return True

    def output(self, cfg, name):
        if not self._wired(cfg, name):
            return NoPin()
        return Output(self._control, _LINES[name])

    def input(self, cfg, name):
        if not self._wired(cfg, name):
            return NoPin()
        return Input(self._control)

    def watchdog(self, ms):
        return NoWatchdog()

    def reset_cause(self):
        return "unknown"

    def reset(self):
        """Ends the process with status 75: whoever runs it may start it again."""
        raise SystemExit(_AGAIN)

    def set_clock(self, unix_s):
        """Ours only: the PC's own clock stays as it is."""
        self._rtc.set(unix_s)

    def clock(self):
        return self._rtc.get()
