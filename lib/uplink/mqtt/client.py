"""The client: connects, stays connected, subscribes, publishes, and comes back (MQTT 3.1.1, 4).

Sans-IO: bytes and the time come through the transport's listener methods and `poll(now)`. One
packet is one `send` of the transport, and small packets that wait together are one as well.
"""

from .. import log
from ..errors import MQTTError, closed_text
from ..exact import _ALL, Copier, buffer, cut, resize
from ..loop import Event
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from .packets import begin, connect, const, drop, is_topic, number
from .reader import Reader

# MQTT.state
_IDLE = const(0)  # not wanted
_PAUSE = const(1)  # backoff before the next attempt
_OPENING = const(2)  # the transport connects
_GREETING = const(3)  # CONNECT sent, CONNACK awaited
_UP = const(4)
_FAREWELL = const(5)  # DISCONNECT sent
_CLOSING = const(6)  # the transport closes

# Steps of a message; above these it is sent, and the step is the type of the answer awaited.
_QUEUED = const(0)  # not sent yet, or not in this session (QoS 0: until its end)
_DONE = const(1)  # over, but an older one is not
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)

# States of a receipt; 0 = waiting.
_ACKNOWLEDGED = const(1)
_DROPPED = const(2)

# Counters, by their place in _COUNTERS.
_COUNTED = const(18)
_PUBLISHED = const(0)
_SENT = const(1)
_RESENT = const(4)
_DROPS = const(5)
_REFUSALS = const(6)
_FAILED = const(10)
_PINGS = const(11)
_TIMEOUTS = const(12)
_COUNTERS = (
    " published"  # accepted by publish
    " messages_sent"  # PUBLISH packets sent, all QoS
    " messages_received"  # delivered messages
    " acked resent dropped"
    " refused"  # publish had no room
    " duplicates"  # of QoS 2, received again
    " unrouted"  # no handler for the topic
    " oversize"  # received, too large, nobody takes pieces
    " failed"  # handlers that raised
    " pings timeouts malformed logins_refused filters_refused connects reconnects "
)

_END = const(3)  # see reader.py
_PEER = const(1)  # of errors.CLOSED_
_RETRY_MS = const(100)
_ACKS = const(256)  # bytes that may wait for the transport; and another packet before them
_IDS = const(32)  # QoS 2 messages that the server may have in flight
_TOPIC = const(256)  # longest topic name received
_STAGE = const(64)
_FRUITLESS = const(5)  # connections that bring nothing before a new session is begun
_POISON = const(10)  # … before the first message is the cause
_UNGREETED = "closed by the server before CONNACK: check user, password, client_id, certificate"
_AGAIN = EOFError()  # thrown into `_read` when it must begin afresh


class Receipt:
    """What `publish` returns. `await receipt` gives True = acknowledged, False = dropped.

    `state` tells it without waiting: 0 waiting, 1 acknowledged (QoS 0: handed to the transport),
    2 dropped. The object belongs to a slot of the outbox: it serves another message once the slot
    is used again, `messages` publishes later at the earliest.
    """

    def __init__(self, event):
        self._event = event
        self.state = _ACKNOWLEDGED
        self._serial = 0  # of its message, above two bits: the state of the one before
        self._step = _DONE
        self._kind = 0  # the first answer awaited: PUBACK, PUBREC, or none
        self._id = 0  # packet identifier in use; 0 = none
        self._off = 0  # where its packet begins
        self._size = 0  # bytes of it that are held
        self._total = 0  # with those that its source will give
        self._source = None

    def __iter__(self):
        serial = self._serial
        while self._serial == serial:
            if self.state:
                return self.state == _ACKNOWLEDGED
            yield from self._event.wait()
        return self._serial & 3 == _ACKNOWLEDGED

    __await__ = __iter__


class MQTT(Reader):
    """One connection to one broker, kept as long as it is wanted.

    `cfg` has `broker`, `outbox` and `backoff`; `transport` is as `lib/uplink/README.md` tells.
    With a loop it runs by itself and wants to be connected; without (`loop` None) the owner
    calls `connect` and `poll(now)`. `rand(n)` gives 0 to n - 1.
    """

    _tx = None  # a piece from a source: made when one is first used

    def __init__(self, loop, transport, cfg, rand=None):
        broker = cfg["broker"]
        room = cfg["outbox"]
        backoff = cfg["backoff"]
        if rand is None:
            from random import randrange as rand
        self._rand = rand
        self._hello = connect(broker)
        self._n = [0] * _COUNTED
        self._host = broker["host"]
        self._tls = broker["tls"]
        self._port = broker["port"] or (8883 if self._tls else 1883)
        self._clean = broker.get("clean", False)
        # 3.1.2-23 limits the gap between packets sent; what is "sent" on a modem is only queued
        self._ping_ms = broker["keepalive_s"] * 625 or FOREVER
        self._answer_ms = broker.get("answer_s", 30) * 1000
        self._ack_ms = broker.get("ack_s", 120) * 1000
        self._first_ms = backoff["first_s"] * 1000
        self._max_ms = backoff["max_s"] * 1000
        self._stable_ms = backoff["stable_s"] * 1000
        # state
        self.state = _IDLE
        self.session_present = False
        self.last_error = None  # a sentence: why it is not connected, or was not
        self.last_code = 0  # of a refusing CONNACK
        self._wanted = loop is not None  # None: no more, and the limit for what is to be sent runs
        self._now = 0
        self._due = 0  # in PAUSE: when to open; else when `answer_s` is over
        self._attempts = 0
        self._long = 0  # 2: a refused login, the longest pause; 1: the next one without CONNACK
        self._up_at = 0
        self._fruitless = 0  # accepted connections in a row that the server ended, nothing acked
        self._sent_at = 0
        self._heard_at = 0  # since the last PINGREQ, or before
        self._pinging = False
        # reading
        self._packet = packet = room["packet"]
        self._topic = buffer(_TOPIC + 2)
        self._payload = buffer(packet)
        self._stage = buffer(_STAGE)
        self._copier = Copier(_STAGE)
        self._into = None  # where the bytes awaited go; None: nowhere
        self._sink = None  # the Filter that takes its pieces
        self._reading = self._read()
        self._received = [0] * _IDS  # QoS 2: delivered, not released
        self._subs = []
        self._unasked = True  # a SUBSCRIBE or UNSUBSCRIBE may have to be sent
        self._sub_id = 0  # of the one that waits for its answer
        # sending
        self._ctl = buffer(2 * _ACKS)  # all but messages of the outbox, in order
        self._out = 0  # bytes of it that the transport has
        self._busy = False  # the transport has not taken yet what it was given
        self._fresh = False  # `_since` is for the next `poll` to set: publish knows no time
        self._since = 0  # when the oldest message, or filter, began to wait for its answer
        self._pumping = False
        self._held = False  # `_tx` holds a piece that the transport did not take
        self._next_id = rand(65535)  # a session from before a restart may hold low ones
        self._name_of = self._name = None  # the last topic, as it was given and as bytes
        # the outbox
        event = Event(loop)
        self._quick = Receipt(event)  # of a QoS 0 message in `_ctl`
        self._slots = [Receipt(event) for _ in range(room["messages"])]  # the oldest first
        self.waiting = 0  # slots in use, DONE ones included
        self._passed = 0  # of these, how many have been dealt with on this connection
        self._inflight = 0  # sent at QoS 1 or 2 and not acknowledged: the window in use
        self._window = room["inflight"]
        self._size = room["bytes"]
        self._arena = buffer(self._size)
        self._waste = 0  # bytes in front of the arena that belong to nobody
        self._slot = None  # the message that is on its way
        self._done = 0  # bytes of it that the transport was given
        self._need = next(self._reading)  # bytes that must come next
        self._transport = transport
        transport.listener = self
        self._wake = Event(loop)
        if loop is not None:
            loop.spawn(self._run(loop), "mqtt")

    def __getattr__(self, name):
        # Counters. (No property: in a class that has one, each `self.x = y` takes 40 us longer.)
        if name == "connected":
            return self.state == _UP
        k = _COUNTERS.find(name)
        n = len(name)
        if k < 1 or not (_COUNTERS.startswith(" ", k - 1) and _COUNTERS.startswith(" ", k + n)):
            raise AttributeError(name)
        return self._n[_COUNTERS.count(" ", 1, k)]

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
        if self.state == _OPENING or self.state == _GREETING:
            self._close(None)
        self._wake.set()

    def publish(self, topic, payload, qos=0, retain=False, source=None, more=0):
        """Accept a message for delivery: a `Receipt`, or None where there is no room for it.

        Never blocks. ValueError for a topic that cannot be one. No heap with `bytes`.
        (`source` and `more` are for `publish_from`.)
        """
        name = self._name
        if topic is not self._name_of:
            name = topic.encode() if isinstance(topic, str) else topic
            if not is_topic(name):
                raise ValueError("mqtt: topic is empty, has a wildcard, or is not UTF-8")
            if not isinstance(topic, bytearray):
                self._name_of = topic
                self._name = name
        if isinstance(payload, str):
            payload = payload.encode()
        n = len(name)
        size = n + len(payload) + 2
        count = self._n
        b = self._ctl
        k = self.waiting
        off = 0
        if (
            not (qos or b or more or self._busy)
            and self._passed == k
            and self._slot is None
            and size + 3 <= _ACKS
            and self.state == _UP
        ):
            m = self._quick  # nothing goes first: not through the outbox
            count[_SENT] += 1
        else:
            if not 0 <= qos <= 2:
                raise ValueError("mqtt: QoS is 0, 1 or 2")
            b = self._arena
            off = len(b)
            slots = self._slots
            if k == len(slots) or off + size + 7 > self._size:
                count[_REFUSALS] += 1
                log.warn("mqtt", "outbox full, refused:", name, size)
                return None
            self.waiting = k + 1
            m = slots[k]
            m._step = _QUEUED
            m._kind = 0
            m._source = source
            if qos:
                size += 2
                m._kind = 0x30 + (qos << 4)
        b.append(0x30 | qos << 1 | (1 if retain else 0))
        size += more
        while size > 127:
            b.append(size & 127 | 128)
            size >>= 7
        b.append(size)
        b.append(n >> 8)
        b.append(n & 255)
        b.extend(name)
        if qos:
            m._id = n = self._new_id()
            number(b, n)
        b.extend(payload)
        m._off = off
        m._size = n = len(b) - off
        m._total = n + more
        m._serial = (m._serial + 4) & 0xFFFC | m.state
        m.state = 0
        count[_PUBLISHED] += 1
        self._pump()
        return m

    def publish_from(self, topic, source, size, qos=0, retain=False):
        """The same with a payload of `size` bytes from `source.readinto(buf) -> n`.

        Read from its beginning when the packet is sent, and again (`seek(0)`) when it is sent
        again: at QoS 1 and 2 it must stay as it is until then.
        """
        if (qos and not hasattr(source, "seek")) or not 0 <= size <= 0xFFEFFFF:
            raise ValueError("mqtt: size, or a source for QoS 1 or 2 without seek")
        if self._tx is None:
            self._tx = buffer(self._packet)
        return self.publish(topic, b"", qos, retain, source, size)

    def error(self):
        """The refusal of the last login as an `MQTTError`, or None (allocates)."""
        return MQTTError(self.last_code, self.last_error) if self.last_code else None

    def counters(self):
        """All counters, as a dict (allocates)."""
        out = {}
        for name in _COUNTERS.split():
            out[name[9:] if name.startswith("messages_") else name] = self._n[len(out)]
        return out

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
                return FOREVER
            if state == _PAUSE and left > 0:
                return left
            if self._transport.state:
                return _RETRY_MS
            self.state = _OPENING
            self._transport.open(self._host, self._port, self._tls)
        if state != _UP:
            return FOREVER
        # connected
        answer = self._answer_ms
        wait = limit = self._ack_ms
        if ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = self._fruitless = 0
        if not self._wanted:
            if self._wanted is not None:
                self._wanted = None
                self._due = ticks_add(now, answer)
                left = answer
            elif left <= 0:
                self._leave()
                return answer
            wait = left
        left = answer
        if self._pinging:
            # what arrives meanwhile may stand before the answer in a slow queue
            left -= ticks_diff(now, self._heard_at)
            if left <= 0:
                return self._doubt("no PINGRESP")
        elif self._slot is None:  # not into the middle of a packet
            # by what we sent (3.1.2-23), and by what arrives: only that proves anything
            left = self._ping_ms - max(
                ticks_diff(now, self._heard_at), ticks_diff(now, self._sent_at)
            )
            if left <= 0:
                number(self._ctl, 0xC000)
                self._n[_PINGS] += 1
                self._pinging = True
                self._heard_at = now
                left = answer
        self._pump()
        if self._fresh:
            self._fresh = False
            self._since = now
        if self._busy or self._pinging or self._sub_id or self._inflight:
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
            _AGAIN.__traceback__ = None
            try:
                self._need = self._reading.throw(_AGAIN)
            except EOFError:  # it was interrupted, by Ctrl-C
                self._reading = self._read()
                self._need = next(self._reading)
            hello = self._hello
            hello[7] &= 0xFD
            if self._clean or self._fruitless >= _FRUITLESS:
                hello[7] |= 2  # the session ends each time: a new one
            begin(self._ctl, 0x10, len(hello))
            self._ctl.extend(hello)
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
        if state < _FAREWELL:
            self.last_error = closed_text(reason)
            if reason == _PEER:
                if state == _GREETING:
                    # a refusing CONNACK can be lost in the modem when the close overtakes it
                    self.last_error = _UNGREETED
                    pause += 1
                elif state == _UP and self._inflight:
                    self._fruitless += 1  # did it bring anything?
        elif state == _FAREWELL:
            self.last_error = None
        why = self.last_error
        if why is not None:
            log.warn("mqtt", "connection ended:", why)
        # what belonged to this connection
        if self._sink is not None:
            self._call(self._sink, _END, False)
            self._sink = None
        self._ctl[_ALL] = b""
        self._out = self._sub_id = 0
        self._busy = self._pinging = self._held = False
        m = self._slot
        if m is not None and not m._kind and self._done:
            self._drop(m)
        self._slot = None
        self._done = 0
        if not self._quick.state:
            self._drop(self._quick)
        if self._fruitless >= _POISON and self._inflight:
            # A server of 3.1.1 can refuse a PUBLISH only by closing the connection (3.3.5-2): a
            # topic that this device may not publish to would keep it away for ever.
            self._drop(self._slots[0])
        self.state = _IDLE
        if self._wanted:
            self.state = _PAUSE
            ms = self._max_ms
            if why is None:
                ms = 0
            elif pause > 1:
                pause = 1
                ms = ms // 2 + self._rand(ms // 2 + 1)
            else:  # exponential, with full jitter
                next_ms = self._first_ms << self._attempts
                if next_ms < ms:
                    ms = next_ms
                    self._attempts += 1
                ms = 1 + self._rand(ms)
            self._due = ticks_add(now, ms)
        self._long = pause
        self._pump()
        self._wake.set()

    # ---- within ---------------------------------------------------------------------------------

    def _doubt(self, text):
        """The server did not answer in time."""
        self._n[_TIMEOUTS] += 1
        self._transport.doubt()
        self._close(text)
        return FOREVER

    def _close(self, why):
        """Close the transport because of `why` (None: as wanted)."""
        if self.state != _CLOSING and self.state != _IDLE:
            self.last_error = why
            self.state = _CLOSING
            self._transport.close()

    def _find(self, packet_id):
        """The message with a packet identifier; `_quick`, which has none, where there is none."""
        for m in self._slots:
            if m._id == packet_id:
                return m
        return self._quick

    def _new_id(self):
        """A packet identifier that nothing in flight has (2.3.1)."""
        n = self._next_id
        while True:
            n = n % 65535 + 1
            if n != self._sub_id and self._find(n) is self._quick:
                self._next_id = n
                return n

    def _end(self, m, result):
        """Message `m` is over, with the receipt's state `result`."""
        if m._step > _DONE:
            self._inflight -= 1
        m._step = _DONE
        m._id = 0
        m._source = None
        m.state = result
        event = m._event
        if event.value is not None:  # somebody waits
            event.set()
            event.clear()

    def _drop(self, m):
        """A message is given up, by name."""
        if m is not self._quick:
            b = self._arena
            k = m._off + 1
            while b[k] & 128:
                k += 1
            n = min(b[k + 1] << 8 | b[k + 2], _STAGE)
            self._copier.set(self._stage, b, k + 3, n)
            log.error("mqtt", "message dropped:", self._stage)
        self._n[_DROPS] += 1
        self._end(m, _DROPPED)

    def _pump(self):
        """Send whatever is next until the transport is busy."""
        if self._pumping:
            return
        self._pumping = True
        ctl = self._ctl
        slots = self._slots
        try:
            while True:
                m = self._slot
                if not self._busy:
                    if self._out:  # the transport has taken it
                        drop(ctl, self._out)
                        self._out = 0
                        if not self._quick.state:
                            self._end(self._quick, _ACKNOWLEDGED)
                    if m is not None and self._done == m._total:
                        self._slot = None
                        self._done = 0
                        if not m._kind:
                            self._end(m, _ACKNOWLEDGED)
                        elif self._inflight == 1:
                            self._since = self._now
                            self._wake.set()
                        m = None
                while self.waiting and slots[0]._step == _DONE:  # given back in order
                    first = slots.pop(0)
                    slots.append(first)
                    self._waste += first._size
                    self.waiting -= 1
                    if self._passed:
                        self._passed -= 1
                    self._since = self._now
                if self._busy:
                    break
                off = self._waste
                if off:
                    self._waste = 0
                    drop(self._arena, off)
                    for first in slots:
                        first._off -= off
                state = self.state
                if not _OPENING < state < _CLOSING:
                    break
                done = self._done
                buf = ctl
                off = 0
                n = len(ctl)
                if n and not done:
                    self._out = n
                elif state != _UP:
                    break
                else:
                    if m is None:
                        if self._unasked and not self._sub_id:
                            self._unasked = False
                            self._ask()
                            continue
                        k = self._passed
                        if k == self.waiting:
                            if not (self._wanted or k or self._sub_id):
                                self._leave()
                                continue
                            break
                        m = slots[k]
                        if not m._step and m._kind and self._inflight >= self._window:
                            break
                        self._passed = k + 1
                        if m._step == _DONE:
                            continue
                        if m._step == _PUBCOMP:  # 4.3.3: only PUBREL, in the order of the messages
                            self._reply(_PUBREL, m._id)
                            continue
                        self._slot = m
                    n = min(m._size - done, self._packet)
                    off = m._off + done
                    buf = self._arena
                    if n <= 0:
                        buf = self._tx
                        off = 0
                        if not self._held:
                            resize(buf, min(m._total - done, self._packet))
                            try:
                                if m._kind and done == m._size:
                                    m._source.seek(0)
                                n = m._source.readinto(buf) or 0
                            except Exception as error:
                                self._failed(error)
                            if n <= 0:
                                # it has begun and cannot be completed: the server must not wait for it
                                self._slot = None
                                self._done = 0
                                self._drop(m)
                                self._close("the source of a message ended early")
                                continue
                            cut(buf, n)
                            self._held = True
                        n = len(buf)
                self._busy = True
                if not (self._inflight or self._sub_id):
                    self._fresh = True
                if not self._transport.send(buf, off, n):
                    self._busy = False
                    self._out = 0
                    break
                if buf is not ctl and m is self._slot:  # nothing is noted before it is taken
                    self._held = False
                    if done:
                        self._since = self._now
                    else:
                        count = self._n
                        count[_SENT] += 1
                        if m._step:
                            count[_RESENT] += 1
                        elif m._kind:
                            self._inflight += 1
                            m._step = m._kind
                    self._done = done + n
        finally:
            self._pumping = False

    def _leave(self):
        """DISCONNECT (3.14): nothing is sent after it."""
        if self._busy or self._slot is not None:
            self._close(None)
        else:
            number(self._ctl, 0xE000)
            self.state = _FAREWELL
            self._due = ticks_add(self._now, self._answer_ms)
            self._wake.set()
            self._pump()

    def _may_reply(self):
        """True where an acknowledgement finds room; closes where it does not."""
        if len(self._ctl) - self._out < _ACKS:
            return True
        self._close("too many acknowledgements wait")
        return False

    def _reply(self, kind, packet_id):
        if self._may_reply():
            ctl = self._ctl
            ctl.append(kind)
            ctl.append(2)
            number(ctl, packet_id)
