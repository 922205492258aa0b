"""What hears the line while no command line can stand there: text up to Ctrl-Z, and data mode.

A reader is given to `Line.listen(reader)` (or `listen_when_free`) and hears everything until it
gives the line back (`mode` is "busy" then, as while a command runs). It has `urcs` (whether URCs
are said meanwhile), `begin()`, `due()`, `hear(now_us)` and `drop()`.
"""

CTRL_Z = 0x1A
ESCAPE = 0x1B
BACKSPACE = 0x08


class _Reader:
    """What both have: the line, an end that comes once, and a limit."""

    urcs = True

    def __init__(self, line, done, limit_us=None):
        self.line = line
        self.modem = line.modem
        self.done = done
        self.over = False
        self._limit = None if limit_us is None else self.modem.after(limit_us, self._late)

    def _late(self):
        self.hear(self.modem.now)
        self._end("late")

    def _end(self, why):
        if self.over:
            return
        self.drop()
        self.line.mode = "busy"
        self.line.reader = None
        self.modem.touched()
        self.finish(why)

    def begin(self):
        """The line is taken."""

    def drop(self):
        """The line is gone (power), or the other side has ended it."""
        self.over = True
        self.modem.timers.cancel(self._limit)
        self._limit = None

    def _heard(self, start, data):
        self.line._mark(start, len(data), "payload")
        self.modem.note("<", data)
        self.modem.touched()


class TextEntry(_Reader):
    """Bytes up to Ctrl-Z; escape cancels. Calls done(data, why) once, with why "end", "cancel",
    "long" (more than `most` bytes before Ctrl-Z) or "late"; data is None but for "end".

    With `erase`, backspace takes back the byte before it, as where text is typed."""

    def __init__(self, line, most, limit_us, done, erase=False):
        super().__init__(line, done, limit_us)
        self.most = most
        self.erase = erase
        self.got = bytearray()

    def due(self):
        wire = self.line.rx
        times = [wire.arrival(b"\x1a"), wire.arrival(b"\x1b")]
        return None if times[0] is None else min(times)

    def hear(self, now_us):
        wire = self.line.rx
        data = wire.peek(now_us)
        if not data or self.over:
            return False
        cut = len(data)
        for stop in (b"\x1a", b"\x1b"):
            at = data.find(stop)
            if 0 <= at < cut:
                cut = at + 1
        start = wire.position()
        data = wire.take(now_us, cut)
        self._heard(start, data)
        if self.line.echoes_payload():
            self.line.write("echo", data)
        for byte in data:
            if byte == CTRL_Z:
                self._end("long" if len(self.got) > self.most else "end")
            elif byte == ESCAPE:
                self._end("cancel")
            elif byte == BACKSPACE and self.erase:
                del self.got[-1:]
            elif len(self.got) <= self.most:
                self.got.append(byte)
        return True

    def finish(self, why):
        self.done(bytes(self.got) if why == "end" else None, why)


class DataMode(_Reader):
    """Every byte is data: up(data) is called with what has come, done(why) once at the end.

    It ends by `+++` ("escape"), with `count` after so many bytes ("count"), or after `limit_us`
    ("late"). The escape sequence counts only with `guard_us` of silence before and after it and
    less than that between its characters; its characters are no data then. Anything else that
    has a `+` in it is data, if later.

    Data is handed up `size` bytes at a time, or after `wait_us` of silence.
    """

    def __init__(
        self, line, up, done, *, guard_us=1_000_000, count=None, limit_us=None,
        wait_us=200_000, size=1024, urcs=False, begun=None,
    ):  # fmt: skip
        super().__init__(line, done, limit_us)
        self.up = up
        self.guard_us = guard_us
        self.count = count
        self.wait_us = wait_us
        self.size = size
        self.urcs = urcs
        self.begun = begun  # called once the line is taken
        self.taken = 0
        self.plus = b""  # what may be an escape sequence
        self.waiting = bytearray()  # what is not handed up yet
        self.last_us = line.rx.busy_until  # when the last byte was through
        self._timers = [None, None]

    def begin(self):
        if self.begun is not None:
            self.begun()

    def due(self):
        left = self.size - len(self.waiting)
        if self.count is not None:
            left = min(left, self.count - self.taken)
        return self.line.rx.arrival(None, left)

    def hear(self, now_us):
        wire = self.line.rx
        data = wire.peek(now_us)
        if not data or self.over:
            return False
        if self.count is not None:
            data = data[: self.count - self.taken]
        run = wire.runs[0]
        first = run.when(run.pos) - 10_000_000 // run.baud
        last = run.when(run.pos + len(data) - 1)
        start = wire.position()
        data = wire.take(now_us, len(data))
        self.taken += len(data)
        self._heard(start, data)
        quiet = first - self.last_us >= self.guard_us
        self.last_us = last
        if quiet:
            self._not_escape()
        whole = self.plus + data
        if (quiet or self.plus) and whole == b"+++"[: len(whole)]:
            self.plus = whole
        else:
            self.plus = b""
            self.waiting += whole
        if self.count is not None and self.taken >= self.count:
            self._not_escape()
            self._flush()
            self._end("count")
            return True
        while len(self.waiting) >= self.size:
            piece = bytes(self.waiting[: self.size])
            del self.waiting[: self.size]
            self.up(piece)
        self._plan(0, last + self.guard_us, self._silence, bool(self.plus))
        self._plan(1, last + self.wait_us, self._flush, bool(self.waiting))
        return True

    def _plan(self, which, when_us, call, wanted):
        modem = self.modem
        modem.timers.cancel(self._timers[which])
        self._timers[which] = modem.after(when_us - modem.now, call) if wanted else None

    def _not_escape(self):
        self.waiting += self.plus
        self.plus = b""

    def _silence(self):
        """Long enough since the last byte: that was an escape sequence, or only its beginning."""
        if self.over:
            return
        if self.plus == b"+++":
            self.taken -= 3
            self.plus = b""
            self._flush()
            self._end("escape")
        else:
            self._not_escape()
            self._flush()

    def _flush(self):
        if self.waiting and not self.over:
            piece, self.waiting = bytes(self.waiting), bytearray()
            self.up(piece)

    def drop(self):
        super().drop()
        for timer in self._timers:
            self.modem.timers.cancel(timer)

    def finish(self, why):
        if why == "late":
            self.over = False
            self._not_escape()
            self._flush()
            self.over = True
        self.done(why)
