"""One connection in the module, TLS or plain: the transport that applications and MQTT use.

The contract (calls, listener, states) is in `lib/uplink/README.md`. Everything is asked for
here and done by `core` when the command line is free, so no call waits.
"""

from uplink.at.line import allowed
from uplink.errors import CLOSED_LOCAL
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


CLOSED = const(0)
OPENING = const(1)
OPEN = const(2)
CLOSING = const(3)

# What `core` should do next for a socket.
NOTHING = const(0)
DO_OPEN = const(1)
DO_SEND = const(2)
DO_READ = const(3)
DO_CLOSE = const(4)

# `+CADATAIND` can be missing: read anyway so long after a send or an opening, then less often.
_SAFETY_FIRST_MS = const(250)
_SAFETY_LAST_MS = const(16_000)
_OPEN_LIMIT_MS = const(90_000)


class Socket:
    """Connection `cid` of the module. Made by `Modem.socket()`, reused for every open."""

    def __init__(self, core, cid):
        self._core = core
        self.cid = cid
        self.state = CLOSED
        self.listener = None
        self.host = b""
        self.port = 0
        self.tls = False
        self.reason = CLOSED_LOCAL  # why it closed last
        # for `core`
        self.asked = False  # the open command has been sent, its result is awaited
        self.ending = False  # closed by the peer; the read in flight is still let end
        self.out = b""
        self.out_off = 0
        self.out_left = 0
        self.chunk = 0  # bytes of the send in flight
        self.sent_last = 0  # bytes of the last send that the module has taken
        self.sent_at = 0
        self.waiting = False  # data waits in the module
        self.safety_ms = 0  # interval of the next read that nothing announced; 0 = none
        self.safety_at = 0
        self.active_at = 0
        self.opened_at = 0
        self.received = 0
        self.sent = 0
        self.reads = 0
        self.opens = 0

    # ---- the transport contract -----------------------------------------------------------

    def open(self, host, port, tls):
        """Connect to `host` (bytes): `port`, over TLS when `tls`. Legal only when closed."""
        if self.state != CLOSED:
            raise ValueError("socket: open() while not closed")
        if not host or not allowed(host) or not 0 < port < 65536:
            raise ValueError("socket: host or port cannot be used")
        self.host = host
        self.port = port
        self.tls = tls
        self.state = OPENING
        self.asked = False
        self.ending = False
        self.out_left = 0
        self.waiting = False
        self.safety_ms = 0
        self._core.wake()

    def send(self, buf, off, n):
        """Take `n` bytes of `buf` from `off` as one send; False when busy or not open."""
        if self.state != OPEN or self.out_left or n <= 0:
            return False
        self.out = buf
        self.out_off = off
        self.out_left = n
        self._core.wake()
        return True

    def close(self):
        """Close; `listener.closed(CLOSED_LOCAL)` follows unless it is closed already."""
        if self.state == OPENING and self._core.active is not self and not self.asked:
            self.is_closed(CLOSED_LOCAL, self._core.time())  # the module does not know of it yet
        elif self.state == OPENING or self.state == OPEN:
            self.state = CLOSING
            self.out_left = 0
            self._core.wake()

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
        if state == CLOSING:
            return DO_CLOSE
        if state == OPEN:
            if self.waiting:
                return DO_READ
            if self.safety_ms and ticks_diff(now, self.safety_at) >= 0:
                return DO_READ
            if self.out_left:
                return DO_SEND
        elif state == OPENING and not self.asked:
            return DO_OPEN
        return NOTHING

    def due(self, now):
        """ms until `next_work` may change by itself."""
        if self.state == OPEN and self.safety_ms:
            wait = ticks_diff(self.safety_at, now)
            return wait if wait > 0 else 0
        if self.state == OPENING and self.asked:
            wait = ticks_diff(ticks_add(self.opened_at, _OPEN_LIMIT_MS), now)
            return wait if wait > 0 else 0
        return FOREVER

    def overdue(self, now):
        """True when the module never told how the open ended."""
        return (
            self.state == OPENING
            and self.asked
            and ticks_diff(now, self.opened_at) >= _OPEN_LIMIT_MS
        )

    def arm(self, now):
        """Something may answer: read soon even if nothing announces data."""
        self.safety_ms = _SAFETY_FIRST_MS
        self.safety_at = ticks_add(now, _SAFETY_FIRST_MS)
        self.active_at = now

    def rearm(self, now):
        """An unannounced read found nothing: look again later, and in the end no more."""
        if self.safety_ms:
            self.safety_ms = self.safety_ms * 4 if self.safety_ms < _SAFETY_LAST_MS else 0
            self.safety_at = ticks_add(now, self.safety_ms)

    def is_open(self, now):
        """The module has opened it."""
        if self.state != OPENING:
            return
        self.state = OPEN
        self.asked = False
        self.opened_at = now
        self.opens += 1
        self.arm(now)
        if self.listener is not None:
            self.listener.opened(now)

    def is_sent(self, now):
        """The chunk in flight has been taken by the module."""
        self.out_off += self.chunk
        self.out_left -= self.chunk
        self.sent += self.chunk
        self.sent_last = self.chunk
        self.sent_at = now
        self.chunk = 0
        self.arm(now)
        if self.out_left <= 0:
            self.out_left = 0
            if self.listener is not None and self.state == OPEN:
                self.listener.sent(now)

    def has_data(self, now):
        """The module announced data."""
        if self.state == OPEN:
            self.waiting = True

    def is_closed(self, reason, now):
        """It is closed, for whatever reason; tells the listener once."""
        if self.state == CLOSED:
            return
        if self.state == CLOSING:
            reason = CLOSED_LOCAL
        self.state = CLOSED
        self.reason = reason
        self.asked = False
        self.out_left = 0
        self.chunk = 0
        self.waiting = False
        self.safety_ms = 0
        self._core.let_go(self, now)
        if self.listener is not None:
            self.listener.closed(reason, now)
