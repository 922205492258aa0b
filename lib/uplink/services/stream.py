"""Transparent mode: one connection that has the serial line for itself, until it is escaped from.

`ModuleStream` is a transport as `modem.Socket` is (`open`, `send`, `close`, `state`, `listener`:
lib/uplink/README.md), and beside that `await stream.escape()` gives the line back to commands
while the connection stays, and `await stream.resume()` takes it again.

In data mode every byte is data, and the module says its own words in between: that the
connection has ended looks as if the far end had sent it. So what stands last and looks so is
kept back, and the escape sequence decides: a module that answers it was in data mode, and the
words were data; one that does not has come back to command lines by itself.
"""

from uplink import exact, log
from uplink.modem.states import const
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

from .service import Service
from .tail import Tail

_OPENING = const(1)
_OPEN = const(2)
_CLOSING = const(3)

_LOCAL = const(0)  # of errors.CLOSED_
_PEER = const(1)
_LINK = const(2)
_TIMED_OUT = const(3)
_TLS = const(6)
_DAMAGE = const(8)
_RUNNING = const(-2)  # of http.request
_WHOLE = const(-1)

_OK = const(0)  # of at.codes
_TIMEOUT = const(5)

_READY = const(5)  # of states: these do not wait for the line
_DARK = const(7)

# ModuleStream.phase
_NONE = const(0)
_ASK = const(111)  # o: the script that opens
_CLOSE = const(120)  # x: … that closes
_COMMAND = const(1)  # escaped: others have the line
_BACK = const(2)  # the way back is wanted
# With the line:
_SOON = const(3)  # the pause before ATO
_WAITING = const(4)  # for CONNECT
_DATA = const(5)
_GUARD = const(6)  # silence before the escape sequence
_ESCAPING = const(7)  # its answer is awaited

_DOING = const(21)  # of core: a service's script
_ENDLESS = const(0xFFFFFFF)
_FLUSH_MS = const(60)  # so long where they look like nothing
_GUARD_MS = const(1_200)  # more than the second that V.250 wants on either side
_ANSWER_MS = const(900)  # not earlier behind the sequence can it be answered,
_NO_ANSWER_MS = const(2_500)  # nor later
_SETTLED_MS = const(100)  # nothing comes behind that answer
_OPEN_MS = const(95_000)
_BACK_MS = const(10_000)
_PAUSE_MS = const(30)  # from a final result code to ATO, from CONNECT to data
_TRIES = const(3)
_ESCAPE = b"+++"


class ModuleStream(Tail):
    """A connection in transparent mode. TLS alone, by the configuration's `tls`.

    ValueError: no number of the module is left.
    """

    def __init__(self, core, vendor):
        if len(core.sockets) - len(core.units) > vendor.NUMBER:
            raise ValueError("no number left for a stream: lower modem.sockets")
        super().__init__(core, vendor, "stream")
        self.id = self.cid = vendor.NUMBER
        self.phase = _NONE
        self.since = 0
        self.limit = 0
        self.reason = _LOCAL  # with which it will be closed
        self.ending = False  # … once escaped
        self.checking = False  # something looked like the end
        self.out_wanted = False  # others are to have the line
        self.later = 0  # an event of the machine's that waits for the line
        self.tries = 0
        self.out = b""
        self.out_off = 0
        self.out_left = 0
        self.chunk = 0  # bytes on their way,
        self.through_at = 0  # and when the last of them is through

    # ---- the transport contract -----------------------------------------------------------------

    def open(self, host, port, tls=True):
        """Connect. ValueError: not closed, no TLS, or what cannot be a host or port."""
        if self.state or not tls:
            raise ValueError("stream: not closed, or without TLS")
        if not host or not 0 < port < 65536:
            raise ValueError("stream: bad host or port")
        for c in host:
            if c < 33 or c == 34 or c == 92 or c > 126:
                raise ValueError("stream: bad host or port")
        self.host = host
        self.port = port
        self.tls = True
        self.asked = False
        self.ending = self.checking = self.out_wanted = False
        self.phase = _ASK
        self.wants()
        self.state = _OPENING

    def send(self, buf, off, n):
        """Take `n` bytes; False: busy, escaped, not open. `listener.sent`: the UART has them."""
        if self.state != _OPEN or self.phase != _DATA or self.out_left or self.chunk or n <= 0:
            return False
        self.out = buf
        self.out_off = off
        self.out_left = n
        self.core.wake()
        return True

    def close(self):
        """Close; `listener.closed(CLOSED_LOCAL)` follows."""
        if self.state == _OPENING and self.phase == _ASK and self.core.active is not self:
            self.is_closed(_LOCAL, self.core.time())
        elif self.state == _OPENING or self.state == _OPEN:
            self.state = _CLOSING
            self.reason = _LOCAL
            self.out_left = 0
            if self.phase == _COMMAND or self.phase == _BACK:
                self.phase = _CLOSE
            elif self.phase == _DATA:
                self._leave()
            self.ending = True
            self.core.wake()

    def proved(self):
        self.core.proved()

    def doubt(self):
        self.core.doubt()

    # ---- the escape sequence --------------------------------------------------------------------

    def escape(self):
        """`await` gives True once others have the command line; the connection stays, and what
        comes meanwhile waits in the module. ValueError where it is not in data mode.
        """
        there = self.phase == _DATA
        if self.state != _OPEN or not (there or self.checking) or self.out_left or self.out_wanted:
            raise ValueError("stream: not in data mode, or a send is on its way")
        self.why = _RUNNING
        self._event.clear()
        self.out_wanted = True
        if there:
            self._leave()
        self.core.wake()
        return self

    def resume(self):
        """`await` gives True once it is in data mode again (ATO); False: it is closed."""
        if self.state != _OPEN or self.phase != _COMMAND:
            raise ValueError("stream: not escaped")
        self.why = _RUNNING
        self._event.clear()
        self.phase = _BACK
        self.core.wake()
        return self

    def over(self):
        pass

    # ---- of Service -----------------------------------------------------------------------------

    def begin(self):
        phase = self.phase
        return phase if phase == _ASK or phase == _CLOSE or phase == _BACK else 0

    def serve(self, now):
        if self.phase == _BACK:
            self._hold(now, _SOON)
            self.limit = _BACK_MS
        elif self.phase == _CLOSE or self.may_use_tls(now):
            self.opened_at = now
            Service.serve(self, now)

    def due(self, now):
        if self.state == _OPENING and self.asked:
            return 90_000 - ticks_diff(now, self.opened_at)
        return FOREVER

    def ended(self, letter, result, now):
        if letter == _CLOSE and self.phase == _CLOSE:
            self.is_closed(self.reason, now)
        elif letter == _ASK and self.phase == _ASK:
            if result:
                self.is_closed(_TIMED_OUT if result == _TIMEOUT else _LINK, now)
            else:
                self._hold(now, _WAITING)
                self.limit = _OPEN_MS

    def failed(self, reason, now):
        """It could not be opened, or what is needed for it is not there."""
        if self.state != _OPENING and self.state != _CLOSING:
            return
        if self.phase == _WAITING:
            self._release()
        if reason == _TLS and self.state == _OPENING and self.core.security.another_suite():
            self.asked = False
            self.phase = _ASK
            return
        self.core.refused = reason
        self.is_closed(reason, now)

    def is_open(self, now):
        pass

    def lost(self, now):
        """The connection ended while others had the line."""
        self.is_closed(_PEER, now)

    def is_closed(self, reason, now):
        if not self.state:
            return
        if self.state == _CLOSING:
            reason = _LOCAL
        self.state = 0
        self.phase = _NONE
        self.asked = False
        self.out_left = self.chunk = 0
        self.holds = False
        self.tls = False
        self.finish(reason)
        if self.listener is not None:
            self.listener.closed(reason, now)

    def defers(self, event):
        """Whether this event of the machine's has to wait until commands are heard again."""
        if self.phase < _SOON or self.phase > _ESCAPING or _READY <= event <= _DARK:
            return False
        self.later = event
        self.reason = _LINK
        self.ending = True
        if self.phase <= _DATA:
            self._leave()
            self.core.wake()
        return True

    # ---- into data mode, and out of it ----------------------------------------------------------

    def _hold(self, now, phase):
        """Take the line: no command goes out from now on."""
        core = self.core
        core.active = self
        core.doing = _DOING
        core.script = self.script
        self.script.any = True
        self.script.what = 67  # C
        self.phase = phase
        self.since = now

    def _release(self):
        core = self.core
        self.holds = False
        self.script.any = False
        if core.active is self:
            core.active = None
            core.doing = 0

    def connected(self, now):
        """CONNECT: every byte is data now."""
        first = self.state == _OPENING
        core = self.core
        if self.phase != _WAITING:
            return
        self.phase = _DATA
        self.since = now
        self.holds = True
        self.checking = False
        self.heard_at = self.through_at = now
        exact.clear(self.tail)
        core.engine.expect(_ENDLESS)
        if first:
            self.asked = False
            self.state = _OPEN
            core.refused = -1
            core.security.refused = core.security.failed = 0
            if self.listener is not None:
                self.listener.opened(now)
        elif not self.out_wanted:
            self.finish(_WHOLE)
        if self.ending or self.out_wanted:
            self._leave()

    def no_carrier(self, now):
        """ATO: there is nothing to go back to."""
        if self.phase == _WAITING and self.state != _OPENING:
            self._release()
            self.is_closed(_PEER, now)

    def _leave(self):
        """Escape from data mode as soon as the guard time has passed."""
        self.phase = _GUARD
        self.tries = _TRIES

    def _escaped(self, now):
        """Its answer stands last in what has come: commands are heard again."""
        core = self.core
        n = len(self.tail) - len(self.vendor.ESCAPED)
        exact.cut(self.tail, n)
        self._deliver(now)
        core.engine.stop(_OK, now)
        self._release()
        if self.tries < _TRIES and not self.ending:
            # an earlier sequence was not heard as one: it went out as data
            self.ending = True
            self.reason = _DAMAGE
        if self.ending:
            self.phase = _CLOSE
        elif self.checking and not self.out_wanted:
            self.phase = _BACK
        else:
            self.phase = _COMMAND
            self.checking = self.out_wanted = False
            self.finish(_WHOLE)
        self._pass_on()
        core.wake()

    def _unanswered(self, now):
        """It is at its command line already, or mute."""
        core = self.core
        gone = self.checking
        core.engine.stop(_OK, now)
        self._release()
        core.engine.lost_step(now)
        if not gone:
            log.warn("modem", "no way out of data mode", self.cid)
        at = self._word()
        self._tell(self.tail, 0, at if gone else len(self.tail), now)
        self.is_closed(_PEER if gone else _DAMAGE, now)
        if self.tail.find(b"\r\nRDY\r\n") >= 0:
            core.restarted(True)
        elif self.tail.find(b" POWER DOWN\r\n") >= 0:
            core.powered_down()
        else:
            core.poll_at = now  # (packet data may be gone, too)
        self._pass_on()

    def _pass_on(self):
        event = self.later
        self.later = 0
        if event:
            self.core.event(event)

    # ---- data -----------------------------------------------------------------------------------

    def _push(self, buf, off, n):
        engine = self.core.engine
        self.chunk = n
        engine.out = buf
        engine.out_pos = off
        engine.out_end = off + n

    def _pluses(self):
        """What is to be sent could be heard as an escape sequence."""
        if self.out_left > 3:
            return False
        for i in range(self.out_left):
            if self.out[self.out_off + i] != 43:
                return False
        return True

    def poll(self, now):
        """What is due; ms until the next look."""
        phase = self.phase
        if phase < _SOON or phase > _ESCAPING:
            return FOREVER
        core = self.core
        engine = core.engine
        if self.chunk and engine.out_pos >= engine.out_end:
            # the UART has it; the wire needs a little longer
            self.through_at = ticks_add(now, self.chunk * 10_000 // core.baud + 1)
            self.chunk = 0
            if phase == _DATA and not self.out_left and self.listener is not None:
                self.listener.sent(now)
        silent = ticks_diff(now, self.through_at)
        since = ticks_diff(now, self.since)
        if phase == _SOON:
            if since >= _PAUSE_MS:
                self.phase = _WAITING
                self._push(self.vendor.BACK, 0, len(self.vendor.BACK))
                return 0
            return _PAUSE_MS
        if phase == _WAITING:
            if since < self.limit:
                return self.limit - since
            self.asked = False
            # its CONNECT may have been lost: nothing but the escape sequence is safe to be said
            self.reason = _TIMED_OUT if self.state == _OPENING else _DAMAGE
            self.ending = True
            self.holds = True
            exact.clear(self.tail)
            engine.expect(_ENDLESS)
            self._leave()
        elif phase == _DATA:
            if core.rung >= 0:
                # somebody needs the line to recover
                self.reason = _LINK
                self.ending = True
                self._leave()
                return 0
            if self.out_left and not self.chunk:
                if since < _PAUSE_MS:
                    return _PAUSE_MS - since
                n = self.out_left
                if self._pluses():
                    # one at a time, each with silence behind it: that is no sequence
                    if silent < _GUARD_MS:
                        return _GUARD_MS - silent
                    n = 1
                self._push(self.out, self.out_off, n)
                self.out_off += n
                self.out_left -= n
                return 0
            if self.tail:
                quiet = ticks_diff(now, self.heard_at)
                if quiet >= _GUARD_MS:
                    self.checking = True
                    self._leave()
                    return 0
                if quiet >= _FLUSH_MS and self._word() < 0:
                    self._deliver(now)
        elif phase == _GUARD:
            if not self.chunk and silent >= _GUARD_MS:
                self.phase = _ESCAPING
                self._push(_ESCAPE, 0, 3)
                return 0
        elif not self.chunk:
            settled = ticks_diff(now, self.heard_at) >= _SETTLED_MS
            if silent >= _ANSWER_MS and settled and self._ends(self.vendor.ESCAPED):
                self._escaped(now)
            elif silent >= _NO_ANSWER_MS:
                self.tries -= 1
                if self.tries and not self.checking:
                    self.phase = _GUARD
                else:
                    self._unanswered(now)
            return 20
        return _FLUSH_MS
