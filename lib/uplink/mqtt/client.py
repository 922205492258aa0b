"""The client: connects, stays connected, subscribes, publishes, and comes back (MQTT 3.1.1, 4).

Sans-IO: bytes and the time come through the transport's listener methods and `poll(now)`. One
packet is one `send` of the transport, and small packets that wait together are one as well.
"""

from .. import log
from ..errors import CLOSED_PEER, MQTTError, closed_text
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from . import packets
from .outbox import ACKNOWLEDGED, DROPPED
from .session import (
    CLOSING,
    FAREWELL,
    GREETING,
    IDLE,
    OPENING,
    PAUSE,
    UNWANTED,
    UP,
)
from .topics import as_bytes
from .upkeep import Upkeep

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_RETRY_MS = const(100)
_POISON = const(10)  # connections that bring nothing before the first message is the cause
_UNGREETED = "closed by the server before CONNACK: check user, password, client id, certificate"


class MQTT(Upkeep):
    """One connection to one broker, kept as long as it is wanted.

    `cfg` has `broker`, `outbox` and `backoff`; `transport` is as `lib/uplink/README.md` tells.
    With a loop it runs by itself and wants to be connected; without (`loop` None) the owner
    calls `connect` and `poll(now)`. `rand(n)` gives 0 to n - 1.
    """

    def __init__(self, loop, transport, cfg, rand=None):
        super().__init__(loop, transport, cfg, rand)
        if loop is not None:
            loop.spawn(self._run(loop), "mqtt")

    async def _run(self, loop):
        wake = self._wake
        while True:
            wake.clear()
            await wake.wait(self.poll(loop.now()))

    # ---- what applications call -----------------------------------------------------------------

    def connect(self):
        """Connect, and stay connected."""
        self._wanted = True
        self._touch()

    def disconnect(self):
        """Send what the outbox holds (for `answer_s` at most), then DISCONNECT, and stay away."""
        self._wanted = False
        self._leaving = False
        if self.state == OPENING or self.state == GREETING:
            self._close(None)
        self._touch()

    def on(self, filter, qos: int = 1):
        """Decorator: `function(topic, payload)` takes the messages of a topic filter.

        Both are bytearrays that are valid until it returns. ValueError for a wrong filter.
        """

        def register(function):
            self.subscribe(filter, function, qos)
            return function

        return register

    def subscribe(self, filter, handler, qos: int = 1):
        """The same without the decorator's form."""
        self._subscription(filter, qos).handler = handler
        self._touch()

    def on_large(self, filter, sink, qos: int = 1):
        """Messages too large for the buffer come in pieces to `sink`.

        It has `begin(topic, size)`, `write(piece)` and `end(ok)`; smaller ones come as one piece
        where the filter has no handler.
        """
        filter = as_bytes(filter)
        for sub in self._subs:
            if sub.filter.text == filter and sub.sink is None:
                sub.sink = sink
                return
        self._subscription(filter, qos).sink = sink
        self._touch()

    def unsubscribe(self, filter):
        """Forget a topic filter and its handlers."""
        filter = as_bytes(filter)
        for sub in self._subs:
            if sub.filter.text == filter:
                sub.handler = None
                sub.sink = None
                sub.state = UNWANTED
                self._unasked = True
        self._touch()

    def publish(self, topic, payload, qos: int = 0, retain: bool = False):
        """Accept a message for delivery: a `Receipt`, or None where there is no room for it.

        Never blocks. ValueError for a topic that cannot be one. No heap with `bytes`.
        """
        topic = self._checked(topic, qos)
        if isinstance(payload, str):
            payload = payload.encode()
        size = len(payload)
        if not qos and self.state == UP and not self._busy and self._slot < 0:
            n = len(topic)
            if not self._outbox.pending and n + size + 7 <= self._tx_size:
                tx = self._tx
                packets.begin(tx, 0x31 if retain else 0x30, 2 + n + size)
                packets.number(tx, n)
                tx.extend(topic)
                tx.extend(payload)
                receipt = self._receipt
                receipt.begin()
                self._direct = True
                if self._send():
                    self.published += 1
                    self.messages_sent += 1
                    return receipt
                self._direct = False
                receipt.end(DROPPED)
        return self._accept(topic, payload, None, size, qos, retain)

    def publish_from(self, topic, source, size: int, qos: int = 0, retain: bool = False):
        """The same with a payload of `size` bytes from `source.readinto(buf) -> n`.

        Read from its beginning when the packet is sent, and again (`seek(0)`) when it is sent
        again: at QoS 1 and 2 it must stay as it is until then.
        """
        topic = self._checked(topic, qos)
        if qos and not hasattr(source, "seek"):
            raise ValueError("mqtt: a source for QoS 1 or 2 needs seek")
        if not 0 <= size <= packets.LONGEST - len(topic) - 4:
            raise ValueError("mqtt: size of the payload")
        return self._accept(topic, None, source, size, qos, retain)

    def counters(self):
        """All counters, as a dict (allocates)."""
        return {
            "published": self.published,
            "sent": self.messages_sent,
            "received": self.messages_received,
            "acked": self.acked,
            "resent": self.resent,
            "dropped": self.dropped,
            "refused": self.refused,
            "duplicates": self.duplicates,
            "unrouted": self.unrouted,
            "oversize": self.oversize,
            "failed": self.failed,
            "pings": self.pings,
            "timeouts": self.timeouts,
            "malformed": self.malformed,
            "logins_refused": self.logins_refused,
            "filters_refused": self.filters_refused,
            "connects": self.connects,
            "reconnects": self.reconnects,
        }

    def error(self):
        """The refusal of the last login as an `MQTTError`, or None (allocates)."""
        return MQTTError(self.last_code, self.last_error) if self.last_code else None

    @property
    def waiting(self) -> int:
        """Messages in the outbox: accepted, and not yet delivered or dropped."""
        return self._outbox.count

    def poll(self, now: int) -> int:
        """Do what is due; the ms until it must be called again."""
        self._now = now
        state = self.state
        if state == UP:
            return self._stay(now)
        if state == GREETING:
            left = self._answer_ms - ticks_diff(now, self._due)
            if left <= 0:
                self._doubt("no CONNACK")
                return FOREVER
            if not self._greeted:
                self._greet()
                return _RETRY_MS
            return left
        if state == FAREWELL:
            left = self._answer_ms - ticks_diff(now, self._leave_at)
            if left <= 0:
                self._close(None)
                return FOREVER
            return left
        if state == PAUSE or state == IDLE:
            if not self._wanted:
                self.state = IDLE
                return FOREVER
            left = ticks_diff(self._due, now) if state == PAUSE else 0
            if left > 0:
                return left
            if self._transport.state:
                return _RETRY_MS
            self.state = OPENING
            self._why = None
            self._transport.open(self._host, self._port, self._tls)
        return FOREVER

    # ---- the transport's listener ---------------------------------------------------------------

    def opened(self, now):
        """Connected: say CONNECT."""
        self._now = now
        if self.state != OPENING:
            return
        self.state = GREETING
        self._due = now
        self._decoder.reset()
        self._greeted = False
        self._greet()
        self._touch()

    def received(self, buf, off, n, now):
        """Bytes from the server."""
        self._now = now
        self._heard_at = now
        state = self.state
        if state == UP or state == GREETING:
            self._decoder.feed(buf, off, n, now)
            self._pump()

    def sent(self, now):
        """The transport has taken `_tx`."""
        self._now = now
        self._sent_at = now
        if not self._busy:
            return
        self._busy = False
        if self._direct:
            self._direct = False
            self._receipt.end(ACKNOWLEDGED)
        elif self._slot >= 0 and not self._left:
            i = self._slot
            self._slot = -1
            if self._outbox.qos(i):
                self._outbox.at[i] = now
                self._touch()
            else:
                self._outbox.end(i, ACKNOWLEDGED)
        if self.state == FAREWELL:
            self._close(None)
        else:
            self._pump()

    def closed(self, reason, now):
        """The connection is over, or could not be opened."""
        self._now = now
        state = self.state
        if state == IDLE or state == PAUSE:
            return
        meant = self._why is None and (state == FAREWELL or state == CLOSING)
        if not meant:
            told = self._long  # a refused login has its own line
            if self._why is None:
                self._why = closed_text(reason)
                if state == GREETING and reason == CLOSED_PEER:
                    # a refusing CONNACK can be lost in the modem when the close overtakes it
                    self._why = _UNGREETED
                    self._long = self._ungreeted
                    self._ungreeted = True
            if not told:
                log.warn("mqtt", "connection ended:", self._why)
            self.last_error = self._why
        if self._was_up:
            self._judge(reason, now)
        self._was_up = False
        self._forget()
        if self._fruitless >= _POISON:
            self._drop_first()
        self.state = IDLE
        if self._wanted:
            self.state = PAUSE
            self._due = now if meant else ticks_add(now, self._pause())
        self._long = False
        self._touch()
