"""Telit: data mode of a socket (CONNECT … +++ or NO CARRIER)."""

from ..datamode import DataMode

_NEVER_US = 10**15
_NUMBERS = {"OK": 0, "CONNECT": 1, "NO CARRIER": 3}


def say(modem, text):
    """A result code that ends data mode or comes by itself."""
    settings = modem.settings
    if settings["Q"]:
        return
    if settings["V"]:
        modem.line.write("final", b"\r\n" + text.encode() + b"\r\n")
    else:
        modem.line.write("final", b"%d\r" % _NUMBERS[text])


class Online:
    """A socket in data mode. `suspended(why)` is told of an escape sequence, `ended()` when its
    idle time is over; either has to say what comes then."""

    def __init__(self, modem, cid, *, size=0, wait_100ms=0, idle_s=0, suspended=None, ended=None):
        self.modem = modem
        self.cid = cid
        self.idle_us = idle_s * 1_000_000
        self.suspended = suspended
        self.ended = ended
        self.moved = modem.now
        self._idle = None
        guard = modem.settings["S12"] * 20_000
        self.reader = DataMode(
            modem.line,
            self._up,
            self._over,
            guard_us=_NEVER_US if modem.settings["#SKIPESC"] else guard,
            wait_us=wait_100ms * 100_000 or _NEVER_US,
            size=size or 1024,
        )

    def enter(self, c):
        """CONNECT, and the line is data from then on."""
        modem = self.modem
        modem.page_state.online = self
        modem.line.next_reader = self.reader
        modem.event("socket", f"{self.cid} data mode")
        c.final("CONNECT")
        if self.idle_us:
            self._idle = modem.after(self.idle_us, self._look)
        modem.after(0, self.waiting)

    def _up(self, data):
        self.moved = self.modem.now
        one = self.modem.sockets.get(self.cid)
        if one is not None and one.send(data):
            self.modem.event("socket", f"{self.cid} sent {len(data)} bytes")

    def waiting(self):
        """Data has come for the host."""
        one = self.modem.sockets.get(self.cid)
        if one is None or self.modem.page_state.online is not self:
            return
        data = one.read(1 << 20)
        if data:
            self.moved = self.modem.now
            self.modem.line.write("payload", data)

    def _look(self):
        left = self.moved + self.idle_us - self.modem.now
        if left > 0:
            self._idle = self.modem.after(left, self._look)
        elif self.modem.page_state.online is self:
            self.modem.event("socket", f"{self.cid} idle for too long")
            if self.ended is not None:
                self.ended()

    def close(self):
        """The far side has closed, or nothing moved for too long: NO CARRIER."""
        if self.modem.page_state.online is self:
            self.reader.hear(self.modem.now)
            if not self.reader.over:
                self.reader._end("closed")

    def _over(self, why):
        modem = self.modem
        modem.page_state.online = None
        modem.timers.cancel(self._idle)
        modem.event("socket", f"{self.cid} data mode ends: {why}")
        if why == "escape" and self.suspended is not None:
            self.suspended()
            return
        say(modem, "OK" if why == "escape" else "NO CARRIER")
        modem.line.free()
