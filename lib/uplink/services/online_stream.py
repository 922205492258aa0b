"""A secure socket of the module as a stream: online (every byte of the line is data) or in
command mode, and from one to the other; with a session that is resumed where the module can.

The calls are those of a transport (lib/uplink/README.md), and `escape`, `resume`, `read`.
"""

from uplink.loop import Event
from uplink.modem.states import const
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

from .online import Online
from .service import Service

_CLOSED = const(0)
_OPENING = const(1)
_OPEN = const(2)
_CLOSING = const(3)

_LOCAL = const(0)  # of errors.CLOSED_
_PEER = const(1)
_LINK = const(2)
_TLS = const(6)
_DAMAGE = const(8)
_RUNNING = const(-2)  # of http.request
_WHOLE = const(-1)
_NO_CARRIER = const(4)  # of at.codes

_READY = const(5)  # of states: these do not wait for the line
_DARK = const(7)

_DIAL = const(97)  # the scripts by letter
_CLOSE = const(99)
_FAST = const(102)
_ONLINE = const(111)
_READ = const(114)
_STATUS = const(115)
_TEXT = const(116)
_COUNTED = const(120)

_E_NO = const(0)  # of online
_AGAIN_MS = const(2_000)


class OnlineStream(Online):
    """`ServiceModem.stream()`. `state`, `listener` as of a socket; `online`: in that mode now;
    `moved`: an Event, set whenever one of both has changed, or a read has ended.
    """

    def __init__(self, core, vendor):
        super().__init__(core, vendor, "stream")
        self.id = 1
        self.moved = Event(core.loop)
        self.online = False
        self.wants_online = True
        self.dials_online = True
        self.keep = False
        self.kept = False  # there is a session to resume
        self.ring = 1
        self.idle_s = 0
        self.parting = _LOCAL  # with which it closes
        self.later = 0  # an event of the machine's that waits for the line
        self.dial = _DIAL
        self.there = False  # #SSLS says that it is open
        self.look = False  # it is to be asked for
        self.ending = False  # NO CARRIER came while a command was in flight
        # out
        self.out = b""
        self.out_off = 0
        self.out_left = 0
        self.chunk = 0
        self.text = False
        self.ends = False  # behind the text its end went out
        self.out_at = 0
        # in
        self.asks = 0  # bytes of the read that is due, or was the last
        self.got = 0
        self.wants_read = False
        self.more = False  # perhaps, although nothing was announced
        self.read_max = vendor.READ_MOST
        # the way out of online mode
        self.leaving = _E_NO
        self.leaving_at = 0  # when it was entered; when +++ was said
        self.doubt = False  # … is taken to find out whether NO CARRIER was data

    # ---- for the application --------------------------------------------------------------------

    def open(self, host, port, tls=True, online=True, keep=False, ring=1, idle_s=0):
        """Connect, over TLS (what else the module has, sockets do). `online`: data mode at once.

        `keep`: the session can be resumed by `reopen` (ValueError where the module cannot).
        `ring`: in command mode data is read when it is announced (1), comes with the announcement
        (2), or only by `read` (0). `idle_s`: online, the module closes after so long without data.
        """
        if self.state or not tls or not host or not 0 < port < 65536 or not 0 <= ring <= 2:
            raise ValueError("stream: not closed, or bad host, port, mode")
        if keep and not self.vendor.resumes(self.core):
            raise ValueError("stream: this module does not resume sessions")
        self.host = host
        self.port = port
        self.keep = keep
        self.ring = ring
        self.idle_s = idle_s
        self._begin(_DIAL, online)

    def reopen(self, online=True):
        """Connect to the same server, with the session that `close(keep=True)` has left."""
        if self.state or not self.kept:
            raise ValueError("stream: no session is kept")
        self._begin(_FAST, online)

    def send(self, buf, off, n):
        """As of a transport. Online, `+` alone is refused (ValueError): it could end the mode."""
        if self.state != _OPEN or self.out_left or n <= 0:
            return False
        if self.wants_online and n < 4:
            plus = 0
            for i in range(off, off + n):
                plus += buf[i] == 43
            if plus == n:
                raise ValueError("stream: plus signs alone")
        self.text = False
        return self._send(buf, off, n)

    def send_text(self, buf, off, n):
        """In command mode, by #SSLSEND: no backspace, escape and Ctrl-Z (ValueError)."""
        for i in range(off, off + n):
            if buf[i] == 8 or buf[i] == 26 or buf[i] == 27:
                raise ValueError("stream: a control character in text")
        if self.state != _OPEN or self.online or self.wants_online or self.out_left or n <= 0:
            return False
        if n > self.vendor.MOST:
            raise ValueError("stream: too long")
        self.text = True
        return self._send(buf, off, n)

    def read(self, most):
        """In command mode: read up to `most` bytes, waiting for them; `got`: so many came."""
        if self.state != _OPEN or self.wants_online or not 0 < most <= self.vendor.READ_MOST:
            return False
        self.wants_read = True
        self.asks = most
        self.core.wake()
        return True

    def escape(self):
        """From online to command mode: `await` gives True once it is there; False: it is closed.
        What is on its way goes out before. ValueError where it is not online.
        """
        return self._turn(False)

    def resume(self):
        """Online again, `await` as of `escape`. ValueError where it is not in command mode."""
        return self._turn(True)

    def over(self):
        pass

    def close(self, keep=False):
        """Close; `keep`: the session can be resumed."""
        if self.state == _OPENING and self.core.active is not self:
            self._closed(_LOCAL, self.core.time())
        elif self.state:
            self.parting = _LOCAL
            self.kept = keep and self.keep
            self.state = _CLOSING
            if not self.online:
                self.out_left = 0
            self.wants_online = False
            self.core.wake()

    def proved(self):
        self.core.proved()

    # (A transport has `doubt`, too. Whoever waits in vain closes: the ladder is the sockets'.)

    # ---- of Service -----------------------------------------------------------------------------

    def _begin(self, dial, online):
        self.dial = dial
        self.tls = True
        self.wants_online = online
        self.dials_online = online
        self.online = False
        self.there = False
        self.look = False
        self.ending = False
        self.waiting = False
        self.wants_read = False
        self.more = False
        self.out_left = 0
        self.state = _OPENING
        self.moved.clear()
        self.core.wake()

    def _turn(self, online):
        if self.state != _OPEN or self.wants_online == online or self.why == _RUNNING:
            raise ValueError("stream: not open, or not in the other mode")
        self.why = _RUNNING
        self._event.clear()
        self.wants_online = online
        self.moved.clear()
        self.core.wake()
        return self

    def _send(self, buf, off, n):
        self.out = buf
        self.out_off = off
        self.out_left = n
        self.core.wake()
        return True

    def begin(self):
        state = self.state
        if state == _OPENING:
            return self.dial
        if state == _CLOSING:
            return _CLOSE
        if self.look:
            return _STATUS
        if self.wants_online:
            return _ONLINE
        if self.out_left:
            return _TEXT if self.text else _COUNTED
        return _READ if self.waiting or self.wants_read else 0

    def serve(self, now):
        state = self.state
        core = self.core
        if state == _OPENING:
            if not self.may_use_tls(now):
                return
            for other in core.sockets:
                if other is not self and not other.state and other.id == 1:
                    other.tls = False  # what is said of 1 is ours now
            self.asked = True
            self.opened_at = now
        Service.serve(self, now)
        letter = self.letter
        if letter == _READ:
            if not self.wants_read:
                # (what is announced: no more is asked for, so that it comes at once)
                n = self.waiting
                self.asks = n if 1 < n < self.read_max else self.read_max
            self.waiting = False
            self.wants_read = False
            self.more = False
            self.got = 0
            core.reading = self
        elif letter == _COUNTED or letter == _TEXT:
            most = self.vendor.MOST
            self.chunk = self.out_left if self.out_left < most else most
            self.ends = letter == _COUNTED

    def payload(self, engine):
        """What is sent in command mode; behind text its end."""
        out = self.out
        if engine.out is not out or engine.out_end != self.out_off + self.chunk:
            if engine.out is self.vendor.TEXT_END:
                return False
            engine.out = out
            engine.out_pos = self.out_off
            engine.out_end = self.out_off + self.chunk
            return True
        if self.ends:
            return False
        self.ends = True
        engine.out = self.vendor.TEXT_END
        engine.out_pos = 0
        engine.out_end = 1
        return True

    def connected(self):
        """CONNECT: every byte is data from now on."""
        now = self.core.now
        self.online = True
        self.out_at = self.leaving_at = now
        self.leaving = _E_NO
        self.doubt = False
        self.take_line(now)
        self._opened(now)

    def _opened(self, now):
        first = self.state == _OPENING
        if first:
            self.state = _OPEN
            self.asked = False
            self.core.security.refused = 0
        self.active_at = now
        self.moved.set()
        if not first:
            self.finish(_WHOLE)
        elif self.listener is not None:
            self.listener.opened(now)

    def ended(self, letter, result, now):
        self.online = False
        if letter == _CLOSE:
            self._closed(_LOCAL, now)
        elif self.state == _OPENING:
            if not result and self.there:
                self._opened(now)
                return
            reason = self.reason(result) if result else _PEER
            if reason == _TLS and self.core.security.another_suite():
                return  # the same again
            self._closed(reason, now)
        elif result == _NO_CARRIER or (self.ending and letter != _READ):
            self._closed(_PEER, now)
        elif letter == _STATUS and not self.there:
            self._closed(_PEER, now)
        elif letter == _COUNTED or letter == _TEXT:
            if result:
                self._closed(_DAMAGE, now)
                self.core.unsent()
                return
            self._taken(self.chunk, now)
        elif letter == _READ:
            if result or self.ending:
                self._closed(_PEER, now)
            else:
                if self.got >= self.asks:
                    # what is left is announced again; that can be lost
                    self.due_at = ticks_add(now, _AGAIN_MS)
                    self.more = self.ring == 1
                self.moved.set()
        elif result:
            self._closed(_DAMAGE, now)
        elif letter != _STATUS:
            # out of online mode
            self.look = not (self.doubt and self.wants_online)
            self.doubt = False
            self.moved.set()
        else:
            self.look = False
            if not self.wants_online:
                self.finish(_WHOLE)

    def _taken(self, n, now):
        self.out_off += n
        self.out_left -= n
        self.chunk = 0
        self.sent_at = self.out_at = self.active_at = now
        if not self.out_left and self.listener is not None and self.state == _OPEN:
            self.listener.sent(now)

    def _closed(self, reason, now):
        if not self.state:
            return
        if self.state == _CLOSING:
            reason = self.parting
        self.state = _CLOSED
        self.online = False
        if self.holds:
            self.give_line(now)
        self.asked = False
        self.out_left = 0
        self.tls = False
        self.moved.set()
        self.finish(reason)
        if self.listener is not None:
            self.listener.closed(reason, now)
        event = self.later
        self.later = 0
        if event:
            self.core.event(event)

    def failed(self, reason, now):
        self.kept = False
        self._closed(reason, now)

    def lost(self, now):
        """NO CARRIER in command mode, or DISCONNECTED: it is closed, and has been read."""
        if self.core.active is self:
            self.ending = True
        elif self.state == _OPEN:
            self._closed(_PEER, now)

    def defers(self, event):
        """Whether this event of the machine's has to wait until commands are heard again."""
        if not self.raw or _READY <= event <= _DARK:
            self.later = 0
            return False
        self.later = event
        self.makes_way()
        return True

    def makes_way(self):
        """Others need the line."""
        if self.state == _OPEN:
            self.close()
            self.parting = _LINK

    def poll(self, now):
        if not self.more or self.state != _OPEN or self.wants_online:
            return FOREVER
        wait = ticks_diff(self.due_at, now)
        if wait <= 0:
            self.more = False
            self.waiting = True
            return 0
        return wait
