"""One connection in the module, TLS or plain: the transport that applications and MQTT use.

The contract (calls, listener, states) is in `lib/uplink/README.md`. Everything is asked for
here and done by `core` when the command line is free, so no call waits.
"""

from uplink import errors, log
from uplink.at import allowed, codes
from uplink.modem.states import const
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

_CLOSED = const(0)
_OPENING = const(1)
_OPEN = const(2)
_CLOSING = const(3)

_LOCAL = const(0)  # of errors.CLOSED_
_PEER = const(1)
_LINK = const(2)
_TIMED_OUT = const(3)
_REFUSED = const(4)
_TLS = const(6)
_CERTIFICATE = const(7)
_DAMAGE = const(8)

_ERROR = const(1)  # of at.codes
_CME = const(2)
_TIMEOUT = const(5)
_DAMAGED = const(6)
_AGAIN = const(12)

_ONLINE = const(13)  # of states
_R_RETRY = const(0)  # of machine
_R_POWER = const(6)
_FORMS = const(12)  # of vendor.NUMBERS
_FIRST = const(16)
_OPENS = const(20)

# What `core` should do next for a socket.
_NOTHING = const(0)
_DO_OPEN = const(1)
_DO_SEND = const(2)
_DO_READ = const(3)
_DO_CLOSE = const(4)

_SAFETY_LAST_MS = const(16_000)  # the last interval of reads that nothing announced
_AGAIN_MS = const(1_000)
_AGAINS = const(30)  # so often may the module be too busy to send
_OPEN_LIMIT_MS = const(90_000)
_WATCH_SOON_MS = const(2_000)


class Socket:
    """Connection `cid` of the module. Made by `Modem.socket()`, reused for every open."""

    def __init__(self, core, cid):
        self._core = core
        self.cid = cid
        self.id = cid  # its number in the module
        self.state = _CLOSED
        self.listener = None
        self.host = b""
        self.port = 0
        self.tls = False
        # for `core`
        self.asked = False  # the open command has been sent, its result is awaited
        self.ending = False  # closed by the peer; the read in flight is still let end
        self.gone = False  # the module has said that it is closed
        self.out = b""
        self.out_off = 0
        self.out_left = 0
        self.chunk = 0  # bytes of the send in flight
        self.busy = 0  # how often the module could not take it yet
        self.held = False  # it waits for the next read
        self.sent_last = 0  # bytes of the last send that the module has taken
        self.sent_at = 0
        self.sent = 0
        self.waiting = False  # data waits in the module
        self.unread = False  # perhaps it does: it was not read until there was no more
        self.safety_ms = 0  # interval of the next read that nothing announced; 0 = none
        self.safety_at = 0
        self.active_at = 0
        self.opened_at = 0

    # ---- the transport contract -----------------------------------------------------------

    def open(self, host, port, tls):
        """Connect to `host` (bytes): `port`, over TLS when `tls`. Legal only when closed."""
        if self.state:
            raise ValueError("socket: not closed")
        if not host or not allowed(host) or not 0 < port < 65536:
            raise ValueError("socket: bad host or port")
        self.host = host
        self.port = port
        self.tls = tls
        self.state = _OPENING
        self.ending = False
        self.waiting = False
        self.unread = False
        self._core.wake()

    def send(self, buf, off, n):
        """Take `n` bytes of `buf` from `off` as one send; False when busy or not open."""
        if self.state != _OPEN or self.out_left or n <= 0:
            return False
        self.out = buf
        self.out_off = off
        self.out_left = n
        core = self._core
        if core.engine.idle and core.phase == _ONLINE and core.rung < 0 and not self.waiting:
            # nothing else is going on: it need not be looked for
            core.serve(self, _DO_SEND, core.now)
            core.go()
        else:
            core.wake()
        return True

    def close(self):
        """Close; `listener.closed(CLOSED_LOCAL)` follows unless it is closed already."""
        core = self._core
        if self.state == _OPENING and core.active is not self and not self.asked:
            self.is_closed(_LOCAL, core.time())  # the module does not know of it yet
        elif self.state == _OPENING or self.state == _OPEN:
            self.state = _CLOSING
            self.out_left = 0
            core.wake()

    def proved(self):
        """The far end has answered: the path works end to end."""
        self._core.proved()

    def doubt(self):
        """The far end did not answer in time although the connection looks open."""
        self._core.doubt()

    # ---- for core ---------------------------------------------------------------------------

    def next_work(self, now):
        """What this socket needs from the command line now."""
        state = self.state
        if state == _OPEN:
            if self.waiting:
                return _DO_READ
            if self.out_left and not self.held:
                return _DO_SEND
            if self.unread or (self.safety_ms and ticks_diff(now, self.safety_at) >= 0):
                return _DO_READ
        elif state == _CLOSING:
            return _DO_CLOSE
        elif state == _OPENING and not self.asked:
            return _DO_OPEN
        return _NOTHING

    def due(self, now):
        """ms until `next_work` may change by itself, or the open has lasted too long."""
        if self.state == _OPEN and self.safety_ms:
            return ticks_diff(self.safety_at, now)
        if self.state == _OPENING and self.asked:
            return _OPEN_LIMIT_MS - ticks_diff(now, self.opened_at)
        return FOREVER

    def arm(self, now):
        """Something may answer: read soon even if nothing announces data: that can be missing."""
        ms = self._core.safety_ms
        self.safety_ms = ms
        self.safety_at = ticks_add(now, ms)
        self.active_at = now

    def number(self, numbers):
        """Choose its number in the module; where that has one TLS connection, it is the first."""
        self.id = numbers[_FIRST]
        if not self.tls or self._core.security.most > 1:
            self.id += self.cid

    def is_open(self, now):
        """The module has opened it."""
        core = self._core
        core.refused = -1
        core.security.refused = 0
        core.security.failed = 0
        if self.tls:
            core.checked = False
        if self.state == _OPENING:
            self.state = _OPEN
            self.gone = False
            self.asked = False
            self.opened_at = now
            self.arm(now)
            if self.listener is not None:
                self.listener.opened(now)

    def failed(self, reason, now):
        """The module could not connect."""
        if self.state != _OPENING and self.state != _CLOSING:
            return
        core = self._core
        if reason == _TLS and self.state == _OPENING and core.security.another_suite():
            self.asked = False
            log.info("modem", "another cipher suite", self.cid)
            return
        core.refused = reason
        log.warn("modem", errors.closed_text(reason), self.cid)
        self.is_closed(reason, now)
        security = core.security
        security.failed += 1
        opens = core.vendor.NUMBERS[_OPENS]
        if opens and security.failed % opens == 0:
            # it may refuse every connection from now on, and only this helps
            core.climb(_R_POWER)
        if reason == _LINK:
            core.poll_at = now
        if reason == _TLS and security.is_refused():
            return
        if reason != _CERTIFICATE and reason != _REFUSED:
            for other in core.sockets:
                if other is not self and other.state == _OPEN:
                    return  # the path works: it is this server
            core.climb(_R_RETRY)

    def lost(self, now):
        """The connection is gone; what the module still held of it is lost."""
        if self.state == _OPENING and self.asked:
            return  # the open command's own result will come
        self.gone = True
        if self._core.reading is self:
            self.ending = True  # what the read in flight brings is still ours
        else:
            self.is_closed(_PEER, now)

    def is_sent(self, now):
        """The chunk in flight has been taken by the module."""
        n = self.chunk
        self.out_off += n
        self.out_left -= n
        self.sent += n
        self.sent_last = n
        self.sent_at = now
        self.chunk = 0
        if self.busy:
            self.busy = 0
        self.arm(now)
        if not self.out_left and self.listener is not None and self.state == _OPEN:
            self.listener.sent(now)

    def is_closed(self, reason, now):
        """It is closed, for whatever reason; tells the listener once."""
        if not self.state:
            return
        if self.state == _CLOSING:
            reason = _LOCAL
        self.state = _CLOSED
        self.asked = False
        self.out_left = 0
        self.chunk = 0
        self.busy = 0
        self.held = False
        self.safety_ms = 0
        core = self._core
        if core.active is self:
            core.engine.drop(now)  # what was to be asked for it need not be
        if self.listener is not None:
            self.listener.closed(reason, now)

    def done(self, work, result, now):
        """The command that `core` ran for it (a _DO_) has ended."""
        core = self._core
        state = self.state
        if work == _DO_READ:
            if state != _OPEN:
                return
            self.held = False
            self.unread = False
            if result == _TIMEOUT:
                self.is_closed(_DAMAGE, now)
            elif result or self.ending:
                self.is_closed(_PEER, now)
            elif core.got == 0:
                # look again later, and in the end no more
                ms = self.safety_ms
                if ms:
                    ms = ms * 4 if ms < _SAFETY_LAST_MS else 0
                    self.safety_ms = ms
                    self.safety_at = ticks_add(now, ms)
            elif core.got >= core.asked:
                self.waiting = True
            else:
                self.unread = core.got >= core.read_more
                self.arm(now)
        elif work == _DO_SEND:
            if not self.chunk:
                # closed meanwhile: the module has nowhere to send what it may wait for
                if self.gone:
                    core.engine.sync_at = now
                elif result:
                    core.unsent()
                return
            if not result:
                self.is_sent(now)
                return
            if result == _AGAIN and self.busy < _AGAINS:
                # nothing was queued: the same again, a little later
                self.busy += 1
                self.chunk = 0
                self.held = True
                self.safety_ms = _AGAIN_MS
                self.safety_at = ticks_add(now, _AGAIN_MS)
                return
            # part of it may be queued: the stream cannot be continued
            log.warn("modem", "send failed", codes.name(result), self.cid)
            self.is_closed(_DAMAGE, now)
            core.poll_at = ticks_add(now, _WATCH_SOON_MS)
            if not core.unsent() and result != _DAMAGED:
                core.climb(_R_RETRY)
        elif work == _DO_CLOSE:
            if state == _CLOSING:
                self.is_closed(_LOCAL, now)
        elif state == _OPENING or state == _CLOSING:
            if not result:
                core.form_failed = 0
                if state == _CLOSING:
                    self.asked = False  # closes with its own command now
                return  # opened, or the URC will tell
            forms = core.vendor.NUMBERS[_FORMS]
            said_no = self.asked and (result == _ERROR or result == _CME)
            if said_no and core.form_failed < forms - 1:
                # some firmwares take the command in another form
                core.form_failed += 1
                core.form = (core.form + 1) % forms
                self.asked = False
                return
            core.form_failed = 0
            reason = _TIMED_OUT if result == _TIMEOUT else _LINK
            reasons = core.vendor.REASONS
            for i in range(0, len(reasons), 2):
                if result == _CME and reasons[i] == core.engine.cme:
                    reason = reasons[i + 1]
            self.failed(reason, now)
