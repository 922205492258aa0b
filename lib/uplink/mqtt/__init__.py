"""The client: connects, stays connected, subscribes, publishes, and comes back (MQTT 3.1.1, 4).

Sans-IO: bytes and the time come through the transport's listener methods and `poll(now)`. One
packet is one `send` of the transport, and small packets that wait together are one as well.
"""

from .. import log
from ..errors import MQTTError, closed_text
from ..exact import buffer, clear
from ..loop import Event
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from .packets import Decoder, connect_body, const, put_header, put_number
from .sender import Receipt, _Sender

# MQTT.state
_IDLE = const(0)  # not wanted
_PAUSE = const(1)  # backoff before the next attempt
_OPENING = const(2)  # the transport connects
_GREETING = const(3)  # CONNECT sent, CONNACK awaited
_UP = const(4)
_FAREWELL = const(5)  # DISCONNECT sent
_CLOSING = const(6)  # the transport closes

_COUNTED = const(19)  # see packets.py
_PINGS = const(11)
_TIMEOUTS = const(12)
_PEER = const(1)  # of errors.CLOSED_
_RETRY_MS = const(100)
_ACKS = const(256)  # see sender.py
_IDS = const(32)  # QoS 2 messages that the server may have in flight
_TOPIC = const(256)  # longest topic name received
_FRUITLESS = const(5)  # connections that bring nothing before a new session is begun
_POISON = const(10)  # … before the first message is the cause
_UNGREETED = "closed before CONNACK: check user, password, client_id, certificate"


class MQTT(_Sender):
    """One connection to one broker, kept as long as it is wanted.

    `cfg` has `broker`, `outbox` and `backoff`; `transport` is as `lib/uplink/README.md` tells.
    With a loop it runs by itself and wants to be connected; without (`loop` None) the owner
    calls `connect` and `poll(now)`. `rand(n)` gives 0 to n - 1.
    """

    def __init__(self, loop, transport, cfg, rand=None):
        broker = cfg["broker"]
        room = cfg["outbox"]
        backoff = cfg["backoff"]
        if rand is None:
            from random import randrange as rand
        self._rand = rand
        self._hello = connect_body(broker)
        self._n = [0] * _COUNTED  # and `last_code`
        self._host = broker["host"]
        self._tls = broker["tls"]
        self._port = broker["port"] or (8883 if self._tls else 1883)
        # 3.1.2-23 limits the gap between packets sent; what is "sent" on a modem is only queued
        self._ping_ms = broker["keepalive_s"] * 625 or FOREVER
        self._answer_ms = broker.get("answer_s", 30) * 1000
        self._ack_ms = broker.get("ack_s", 120) * 1000
        self._first_ms = self._next_ms = backoff["first_s"] * 1000
        self._max_ms = backoff["max_s"] * 1000
        self._stable_ms = backoff["stable_s"] * 1000
        # state
        self.state = _IDLE
        self.session_present = False
        self.last_error = None  # a sentence: why it is not connected, or was not
        self._wanted = loop is not None  # None: no more, and the limit for what is to be sent runs
        self._now = 0
        self._due = 0  # when to open; when `answer_s` is over; in UP: when it is stable
        self._long = 0  # 2: a refused login, the longest pause; 1: the next one without CONNACK
        self._fruitless = 0  # accepted connections in a row that the server ended, nothing acked
        self._sent_at = 0
        self._heard_at = 0  # since the last PINGREQ, or before
        self._pinging = False
        # reading
        self._packet = packet = room["packet"]
        self._received = [0] * _IDS  # QoS 2: delivered, not released
        self._subs = []
        self._decoder = Decoder(
            self, self._n, self._received, self._subs, buffer(_TOPIC + 2), buffer(packet), packet
        )
        self._unasked = True  # a SUBSCRIBE or UNSUBSCRIBE may have to be sent
        self._sub_id = 0  # of the one that waits for its answer
        # sending
        self._ctl = buffer(2 * _ACKS)  # all but messages of the outbox, in order
        self._out = 0  # bytes of it that the transport has
        self._busy = False  # the transport has not taken yet what it was given
        # when the oldest message, or filter, began to wait for its answer; None: nothing does, or
        # before the next `poll`: publish knows no time
        self._since = None
        self._pumping = False
        self._tx = None  # a piece from a source: made when one is first used
        self._held = False  # it holds one that the transport did not take
        self._next_id = rand(65535)  # a session from before a restart may hold low ones
        # the outbox
        event = Event(loop)
        self._wake = Event(loop)  # something changed that `poll` must look at
        self._quick = Receipt(event)  # of a QoS 0 message in `_ctl`
        self._slots = slots = []  # the oldest first
        while len(slots) < room["messages"]:
            slots.append(Receipt(event))
        self.waiting = 0  # slots in use, DONE ones included
        self._passed = 0  # of these, how many have been dealt with on this connection
        self._inflight = 0  # sent at QoS 1 or 2 and not acknowledged: the window in use
        self._window = room["inflight"]
        self._size = room["bytes"]
        self._arena = buffer(self._size)
        self._waste = 0  # bytes in front of the arena that belong to nobody
        self._slot = None  # the message that is on its way
        self._done = 0  # bytes of it that the transport was given
        self._transport = transport
        transport.listener = self
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
        self._wake.set()

    def disconnect(self):
        """Send what the outbox holds (for `answer_s` at most), then DISCONNECT, and stay away."""
        self._wanted = False
        if _OPENING <= self.state <= _GREETING:
            self._close(None)
        self._wake.set()

    def error(self):
        """The refusal of the last login as an `MQTTError`, or None (allocates)."""
        code = self.last_code
        return MQTTError(code, self.last_error) if code else None

    def poll(self, now):
        """Do what is due; the ms until it must be called again."""
        self._now = now
        state = self.state
        left = ticks_diff(self._due, now)
        if state == _GREETING or state == _FAREWELL:
            if left > 0:
                self._pump()
                return left if self._busy or not self._ctl else _RETRY_MS
            if state == _GREETING:
                return self._doubt("no CONNACK")
            self._close(None)
        elif state < _OPENING:
            if not self._wanted:
                self.state = _IDLE
            elif state == _PAUSE and left > 0:
                return left
            elif self._transport.state:
                return _RETRY_MS
            else:
                self.state = _OPENING
                self._transport.open(self._host, self._port, self._tls)
        if state != _UP:
            return FOREVER
        # connected
        answer = self._answer_ms
        wait = limit = self._ack_ms
        if not self._wanted:
            if self._wanted is not None:
                self._wanted = None
                self._due = ticks_add(now, answer)
                left = answer
            elif left <= 0:
                self._leave()
                return answer
            wait = left
        elif left <= 0:
            self._next_ms = self._first_ms
            self._fruitless = 0
        left = answer
        if self._pinging:
            # what arrives meanwhile may stand before the answer in a slow queue
            left -= ticks_diff(now, self._heard_at)
            if left <= 0:
                return self._doubt("no PINGRESP")
        elif not self._done:  # not into the middle of a packet
            # by what we sent (3.1.2-23), and by what arrives: only that proves anything
            left = self._ping_ms - max(
                ticks_diff(now, self._heard_at), ticks_diff(now, self._sent_at)
            )
            if left <= 0:
                put_number(self._ctl, 0xC000)
                self._n[_PINGS] += 1
                self._pinging = True
                self._heard_at = now
                left = answer
        self._pump()
        if self._busy or self._pinging or self._sub_id or self._inflight:
            if self._since is None:
                self._since = now
            limit -= ticks_diff(now, self._since)
            if limit <= 0:
                return self._doubt("no acknowledgement")
        if not self._busy and (self._ctl or self._slot is not None):
            limit = _RETRY_MS
        return min(wait, left, limit)

    # ---- the transport's listener ---------------------------------------------------------------

    def opened(self, now):
        """Connected: say CONNECT."""
        self._now = now
        if self.state == _OPENING:
            self.state = _GREETING
            self._due = ticks_add(now, self._answer_ms)
            self._decoder.begin()
            put_header(self._ctl, 0x10, len(self._hello))
            k = len(self._ctl) + 7
            self._ctl.extend(self._hello)
            if self._fruitless >= _FRUITLESS:
                self._ctl[k] |= 2  # the session ends each time: a new one
            self._pump()
            self._wake.set()

    def sent(self, now):
        """The transport has taken what it was given."""
        self._now = self._sent_at = now
        self._busy = False
        if self.state == _FAREWELL:
            self._close(None)
        self._pump()

    def closed(self, reason, now):
        """The connection is over, or could not be opened."""
        self._now = now
        state = self.state
        if state < _OPENING:
            return
        pause = self._long
        why = self.last_error
        if state < _FAREWELL:
            why = closed_text(reason)
            if reason == _PEER:
                if state == _GREETING:
                    # a refusing CONNACK can be lost in the modem when the close overtakes it
                    why = _UNGREETED
                    pause += 1
                elif state == _UP and self._inflight:
                    self._fruitless += 1  # did it bring anything?
        elif state == _FAREWELL:
            why = None
        self.last_error = why
        if why is not None:
            log.warn("mqtt", "connection ended:", why)
        # what belonged to this connection
        self._decoder.end()
        clear(self._ctl)
        self._out = self._sub_id = 0
        self._busy = self._pinging = self._held = False
        m = self._slot
        if self._done and not m._kind:
            self._drop(m)
        self._slot = None
        self._done = 0
        if not self._quick.state:
            self._drop(self._quick)
        if self._fruitless >= _POISON and self._inflight:
            # A server of 3.1.1 can refuse a PUBLISH only by closing the connection (3.3.5-2): a
            # topic that this device may not publish to would keep it away for ever.
            self._drop(self._slots[0])
        ms = self._max_ms
        if why is None:
            ms = 0
        elif pause > 1:
            pause = 1
            ms = ms // 2 + self._rand(ms // 2 + 1)
        else:  # exponential, with full jitter
            ms = min(ms, self._next_ms)
            self._next_ms = 2 * ms
            ms = 1 + self._rand(ms)
        self._due = ticks_add(now, ms)
        self._long = pause
        self.state = _PAUSE if self._wanted else _IDLE
        self._pump()
        self._wake.set()

    # ---- within ---------------------------------------------------------------------------------

    def _doubt(self, text):
        """The server did not answer in time."""
        self._n[_TIMEOUTS] += 1
        self._transport.doubt()
        self._close(text)
        return FOREVER
