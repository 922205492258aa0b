"""The module's own HTTP behind the calls of `uplink.http.Request`."""

from uplink import exact
from uplink.http.parser import Parser
from uplink.modem.states import const
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

from .service import Service

_RUNNING = const(-2)
_WHOLE = const(-1)
_LOCAL = const(0)  # of errors.CLOSED_
_PEER = const(1)
_TIMEOUT = const(3)
_REFUSED = const(4)
_TLS = const(6)
_DAMAGE = const(8)
_PROTOCOL = const(9)
_UNABLE = const(19)  # of http.request
_CME = const(2)  # of at.codes
_BUSY = const(3)
_P_MALFORMED = const(2)  # of http.parser

# ModuleHTTP.phase, and the scripts by letter
_IDLE = const(0)
_ASK = const(97)  # a: everything up to the answer
_RING = const(1)  # the answer is awaited
_READ = const(114)  # r: a piece of it
_END = const(101)  # e: put away what was set

_TRIES = const(20)  # to put away,
_AGAIN_MS = const(5_000)  # so far apart
_GAP_MS = const(700)  # (the engine ends a gap inside of payload after 500)


class ModuleHTTP(Service):
    """`get` and `post` as of `Request`, done by the module."""

    def __init__(self, core, vendor):
        super().__init__(core, vendor, "http")
        self.phase = _IDLE
        self.after = _WHOLE  # the code once it is put away
        self.begun_at = 0
        self.since = 0
        self.heads = False  # the body has the answer's head before it
        self.draining = False  # nobody wants what still comes
        self.again = False  # another request waits until the last is put away
        self.tries = 0
        self.told = 0  # what the module has said of itself in this request: the vendor's bits
        self.size = -1  # bytes of the answer by the module's word (also of one nobody wants),
        self.place = 0  # and how many of them it has handed over
        self.out = exact.buffer(vendor.URL_MAX)  # what goes out behind the prompt
        self.parser = Parser(self)

    # ---- of Request -----------------------------------------------------------------------------

    def started(self):
        now = self.core.time()
        self.begun_at = self.since = self.due_at = now
        self.after = _WHOLE
        self.parser.begin()
        self.location = self.parser.location
        self.heads = False
        exact.clear(self.out)
        content = self.content
        unable = content is not None and not 0 < len(content) <= self.vendor.BODY_MAX
        if self.vendor.compose(self) or unable:
            self.finish(_UNABLE)
            return
        if self.phase != _IDLE:
            self.again = True  # put the last away first
        else:
            self.asked = False
            self.first()
        self.wants()

    def first(self):
        """From the beginning."""
        self.told = 0
        self.size = -1
        self.place = 0
        self.phase = _ASK

    def over(self):
        """(What is still in the module is read, what is set there put away.)"""
        phase = self.phase
        if self.vendor.DRAINS and (phase == _RING or phase == _READ):
            self.draining = True
        elif phase > _IDLE and phase != _END:
            self.leave()

    def cancel(self):
        """Give the running request up: its `why` is CLOSED_LOCAL."""
        self.again = False
        self.finish(_LOCAL)

    def leave(self):
        """Put away what is set in the module, if there is anything."""
        self.letter = 0  # a script in flight is nobody's
        self.draining = False
        self.tries = _TRIES
        self.due_at = self.core.now
        if self.asked and self.vendor.LEAVES:
            self.phase = _END
            self.core.wake()
        else:
            self.phase = _IDLE
            self.state = 0

    def close(self, code):
        """Put away what is set in the module, then end with `code`."""
        self.after = code
        again = self.again
        self.leave()
        if self.phase == _IDLE:
            self.finish(code)
        elif again:
            self.again = True

    # ---- of Service -----------------------------------------------------------------------------

    def begin(self):
        phase = self.phase
        if phase >= _END and ticks_diff(self.core.now, self.due_at) < 0:
            return 0
        return phase if phase > _RING else 0

    def serve(self, now):
        if self.phase == _ASK and self.tls and not self.may_use_tls(now):
            return
        Service.serve(self, now)

    def ended(self, letter, result, now):
        self.since = now
        if letter == _END:
            self.put_away(result, now)
            return
        if self.core.reading is self:
            return  # the bytes of the piece still come
        if self.draining and letter == _READ:
            if result or 0 <= self.size <= self.place:
                self.size = -1
                self.leave()  # there is no more
            return
        if not letter:
            return  # ended meanwhile
        if result:
            nothing = letter == _READ and result == _CME
            if nothing and self.core.engine.cme == self.vendor.NOTHING and self.announced < 0:
                self.close(_WHOLE)
                return
            reason = self.reason(result)
            if reason == _TLS and letter == _ASK:
                if not self.tls:
                    reason = _REFUSED
                elif self.core.security.another_suite():
                    # the same again, from the beginning
                    self.phase = _ASK if not self.asked or not self.vendor.LEAVES else _END
                    self.again = self.phase == _END
                    self.due_at = now
                    return
            self.close(reason)
        elif letter == _ASK:
            if self.phase == _ASK:
                self.phase = _READ if self.vendor.AT_ONCE else _RING
        elif self.heads and not self.status:
            self.close(_PROTOCOL)
        elif self.announced < 0 or self.count >= self.announced:
            self.close(_WHOLE)
        elif self.vendor.AT_ONCE:
            self.close(_PEER)

    def piece_end(self, good, now):
        if not good:
            if self.draining:
                self.leave()
            elif self.letter:
                self.close(_DAMAGE)
        else:
            self.ended(self.letter, 0, now)

    def peer_gone(self):
        """The module says that the server has closed before it answered."""
        if self.draining:
            self.leave()
        elif self.why == _RUNNING:
            self.close(_PEER)

    def put_away(self, result, now):
        """What was set in the module has been put back, or not."""
        if result:
            self.tries -= 1
        if result and self.vendor.DRAINS and self.place < self.size:
            self.draining = True  # what was not read may be what holds it
            self.phase = _READ
            self.since = self.due_at = now
        elif result and self.tries > 0:
            self.due_at = ticks_add(now, _AGAIN_MS)
        else:
            self.phase = _IDLE
            self.state = 0
            self.asked = False
        again = self.again
        if not again:
            self.finish(self.after)
        elif self.phase == _IDLE:
            self.again = False
            self.first()
            self.state = _BUSY

    def failed(self, reason, now):
        """The link is gone, or TLS may not be used."""
        if self.phase != _END:
            self.leave()
        self.again = False
        self.finish(reason)

    def sweep(self, now):
        """Put away what an earlier life may have left; True where a script began."""
        if not self.vendor.LEAVES or _IDLE < self.phase < _END or self.phase == _READ:
            return False
        self.phase = _END
        self.tries = 1
        Service.serve(self, now)
        return True

    def poll(self, now):
        """Limits; ms until the next look."""
        if self.core.reading is self:
            # bytes behind a result come at once, a line end behind them: else some were lost
            left = _GAP_MS - ticks_diff(now, self.since)
            if left > 0:
                return left
            self.core.engine.damage(now)
            return 0
        if self.phase == _END:
            left = ticks_diff(self.due_at, now)
            return left if left > 0 else FOREVER
        if self.why != _RUNNING and not self.draining:
            return FOREVER
        left = self.pause_ms - ticks_diff(now, self.since)
        if self.phase == _ASK:
            left = FOREVER  # its commands have limits of their own
        left = min(left, self.total_ms - ticks_diff(now, self.begun_at))
        later = ticks_diff(self.due_at, now)
        if 0 < later < left:
            return later
        if left <= 0 and self.core.active is not self:
            if self.draining:
                self.leave()
            else:
                self.close(_TIMEOUT)
            return 0
        return left if left > 0 else 1000

    def payload(self, engine):
        """The URL, or what is posted."""
        out = self.content if self.vendor.posts(self.script.head) else self.out
        if out is None or engine.out is out:
            return False
        engine.out = out
        engine.out_pos = 0
        engine.out_end = len(out)
        return True

    def ring(self, status, length):
        """The module says that the answer is there; 0: there is none."""
        if self.phase != _RING and self.phase != _ASK:
            return
        self.since = self.core.now
        if length > 0:
            self.size = length
        if self.draining:
            self.phase = _READ
            if not status or (not length and self.vendor.empty(status)):
                self.leave()
            return
        if not status:
            self.close(_TIMEOUT)
            return
        self.head_is_there(status, length)
        if self.why == _RUNNING:
            self.phase = _READ
            if not length and self.vendor.empty(status):
                self.close(_WHOLE)
            elif not length:
                self.announced = -1  # it did not say

    def taken(self, buf, off, n, now):
        """A piece of the answer."""
        self.since = now
        if not self.letter:
            return  # of one that was given up; the next may be asked for already
        self.place += n
        if self.draining:
            return
        if not self.heads:
            if not self.status and self.vendor.AT_ONCE and not self.begun:
                self.head_is_there(0, -1)
            self.take(buf, off, n)
        elif self.parser.feed(buf, off, n) == _P_MALFORMED:
            self.heads = False
            self.finish(_PROTOCOL)

    # ---- of the parser: the head, and behind it the body as the module has unpacked it

    def head(self):
        parser = self.parser
        length = -1 if parser.chunked else parser.length
        parser.chunked = False
        parser.length = -1
        self.head_is_there(parser.status, length)

    def body(self, buf, off, n):
        return self.take(buf, off, n)
