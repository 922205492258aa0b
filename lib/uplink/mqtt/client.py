"""The client: connects, stays connected, subscribes, publishes, and comes back (MQTT 3.1.1, 4).

Sans-IO: bytes and the time come through the transport's listener methods and `poll(now)`. One
packet is one `send` of the transport, and small packets that wait together are one as well.
"""

from .. import log
from ..errors import CLOSED_PEER, MQTTError, closed_text
from ..exact import _ALL, clear
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from .packets import Filter, begin, const, is_topic, number
from .session import Session

_IDLE = const(0)  # see session.py
_PAUSE = const(1)
_OPENING = const(2)
_GREETING = const(3)
_UP = const(4)
_FAREWELL = const(5)
_CLOSING = const(6)
_UNWANTED = const(4)  # of a filter

_RETRY_MS = const(100)
_POISON = const(10)  # connections that bring nothing before the first message is the cause
_UNGREETED = "closed by the server before CONNACK: check user, password, client id, certificate"


class MQTT(Session):
    """One connection to one broker, kept as long as it is wanted.

    `cfg` has `broker`, `outbox` and `backoff`; `transport` is as `lib/uplink/README.md` tells.
    With a loop it runs by itself and wants to be connected; without (`loop` None) the owner
    calls `connect` and `poll(now)`. `rand(n)` gives 0 to n - 1.
    """

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
        if self.state == _OPENING or self.state == _GREETING:
            self._close(None)
        self._touch()

    def on(self, filter, qos=1):
        """Decorator: `function(topic, payload)` takes the messages of a topic filter.

        Both are bytearrays that are valid until it returns. ValueError for a wrong filter.
        """

        def register(function):
            self.subscribe(filter, function, qos)
            return function

        return register

    def subscribe(self, filter, handler, qos=1, sink=None):
        """The same without the decorator's form."""
        sub = Filter(filter, qos)
        sub.handler = handler
        sub.sink = sink
        self._subs.append(sub)
        self._unasked = True
        self._touch()

    def on_large(self, filter, sink, qos=1):
        """Messages too large for the buffer come in pieces to `sink`.

        It has `begin(topic, size)`, `write(piece)` and `end(ok)`; smaller ones come as one piece
        where the filter has no handler.
        """
        text = Filter(filter).text
        for sub in self._subs:
            if sub.text == text and sub.sink is None and sub.state < _UNWANTED:
                sub.sink = sink
                return
        self.subscribe(filter, None, qos, sink)

    def unsubscribe(self, filter):
        """Forget a topic filter and its handlers."""
        text = Filter(filter).text
        for sub in self._subs:
            if sub.text == text:
                sub.state = _UNWANTED
        self._unasked = True
        self._touch()

    def publish(self, topic, payload, qos=0, retain=False):
        """Accept a message for delivery: a `Receipt`, or None where there is no room for it.

        Never blocks. ValueError for a topic that cannot be one. No heap with `bytes`.
        """
        name = self._name if topic is self._topic else self._checked(topic)
        if isinstance(payload, str):
            payload = payload.encode()
        size = len(payload)
        box = self._outbox
        if not qos and not self._busy and self._slot is None and box.passed == box.count:
            n = len(name) + size + 2
            if n + 3 <= self._room and self.state == _UP:
                # nothing goes first: not through the outbox. What runs for each sample of a
                # sensor is written out here, since a call costs as much as ten other steps.
                head = self._head
                key = n << 1 | (1 if retain else 0)
                if key != self._key:
                    self._key = key
                    head[_ALL] = b""
                    begin(head, 0x30 | key & 1, n)
                    number(head, len(name))
                    head.extend(name)
                tx = self._tx
                tx[_ALL] = b""
                tx.extend(head)
                tx.extend(payload)
                self._slot = m = self._direct
                m.total = m.size = n = n + 2 if n < 128 else n + 3
                m.serial = (m.serial + 4) & 0xFFFC | m.state
                m.state = 0
                self._n.published += 1
                # `sent` may come before `send` returns
                self._pumping = self._busy = self._fresh = True
                if self._transport.send(tx, 0, n):
                    self._done = n
                    self._n.messages_sent += 1
                else:
                    self._busy = False
                self._pumping = False
                if not self._busy:
                    self._pump()
                return m
        return self._accept(name, payload, None, size, qos, retain)

    def publish_from(self, topic, source, size, qos=0, retain=False):
        """The same with a payload of `size` bytes from `source.readinto(buf) -> n`.

        Read from its beginning when the packet is sent, and again (`seek(0)`) when it is sent
        again: at QoS 1 and 2 it must stay as it is until then.
        """
        if (qos and not hasattr(source, "seek")) or not 0 <= size <= 0xFFEFFFF:
            raise ValueError("mqtt: size, or a source for QoS 1 or 2 without seek")
        return self._accept(self._checked(topic), b"", source, size, qos, retain)

    def _checked(self, topic):
        """The topic as bytes; ValueError where it cannot be one. The last one is remembered."""
        name = topic.encode() if isinstance(topic, str) else topic
        if not is_topic(name):
            raise ValueError("mqtt: topic is empty, has a wildcard, or is not UTF-8")
        self._key = 0
        if not isinstance(topic, bytearray):
            self._topic = topic
            self._name = name
        return name

    def _accept(self, name, payload, source, size, qos, retain):
        """Into the outbox, and out of it where nothing else goes first."""
        if not 0 <= qos <= 2:
            raise ValueError("mqtt: QoS is 0, 1 or 2")
        n = len(name)
        size += n + (4 if qos else 2)
        box = self._outbox
        if box.waste and not self._busy:
            box.pack()
        b = box.arena
        m = box.slot(n + len(payload) + 9)
        if m is None:
            self._n.refused += 1
            log.warn("mqtt", "outbox full, refused:", name, size)
            return None
        m.off = off = len(b)
        m.qos = qos
        m.source = source
        m.step = 0  # QUEUED
        begin(b, 0x30 | qos << 1 | (1 if retain else 0), size)
        m.total = len(b) + size - off
        number(b, n)
        b.extend(name)
        if qos:
            m.id = n = self._new_id()
            number(b, n)
        b.extend(payload)
        m.size = len(b) - off
        m.serial = (m.serial + 4) & 0xFFFC | m.state
        m.state = 0
        self._n.published += 1
        self._pump()
        return m

    def error(self):
        """The refusal of the last login as an `MQTTError`, or None (allocates)."""
        return MQTTError(self.last_code, self.last_error) if self.last_code else None

    def poll(self, now):
        """Do what is due; the ms until it must be called again."""
        self._now = now
        state = self.state
        if state == _GREETING:
            left = self._answer_ms - ticks_diff(now, self._due)
            if left <= 0:
                self._doubt("no CONNACK")
            elif self._greeted:
                return left
            else:
                self._greet()
                return _RETRY_MS
        elif state == _FAREWELL:
            left = self._answer_ms - ticks_diff(now, self._due)
            if left > 0:
                return left
            self._close(None)
        elif state < _OPENING:
            if not self._wanted:
                self.state = _IDLE
                return FOREVER
            left = ticks_diff(self._due, now) if state == _PAUSE else 0
            if left > 0:
                return left
            if self._transport.state:
                return _RETRY_MS
            self.state = _OPENING
            self._why = None
            self._transport.open(self._host, self._port, self._tls)
        if state != _UP:
            return FOREVER
        # connected
        if ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = 0
        wait = limit = self._ack_ms
        answer = self._answer_ms
        if not self._wanted:
            if not self._leaving:
                self._leaving = True
                self._due = now
            wait = answer - ticks_diff(now, self._due)
            if wait <= 0:
                self._why = None
                if self._busy or self._slot is not None or not self._leave():
                    self._close(None)
                return answer
        if self._pinging:
            # what arrives meanwhile may stand before the answer in a slow queue
            left = min(
                limit - ticks_diff(now, self._ping_at), answer - ticks_diff(now, self._heard_at)
            )
            if left <= 0:
                return self._doubt("no PINGRESP")
        elif self._slot is not None:
            left = answer  # not into the middle of a packet; below is watched that it goes on
        else:
            # by what we sent (3.1.2-23), and by what arrives: only that proves anything
            left = self._ping_ms - max(
                ticks_diff(now, self._heard_at), ticks_diff(now, self._sent_at)
            )
            if left <= 0:
                if self._may_reply(2):
                    number(self._ctl, 0xC000)
                self._n.pings += 1
                self._pinging = True
                self._ping_at = self._heard_at = now
                left = answer
        wait = min(wait, left)
        left = limit
        if self._fresh:
            self._fresh = False
            self._busy_at = now
        if self._busy:
            left = limit - ticks_diff(now, self._busy_at)
        if self._slot is None and (self._sub_id or self._outbox.waiting):
            left = min(left, limit - ticks_diff(now, self._since))
        if left <= 0:
            return self._doubt("no acknowledgement")
        self._pump()
        if not self._busy and self.state == _UP and (self._ctl or self._slot is not None):
            return _RETRY_MS
        return min(wait, left)

    def _doubt(self, text):
        """The server did not answer in time."""
        self._n.timeouts += 1
        self._transport.doubt()
        self._close(text)
        return FOREVER

    # ---- the transport's listener ---------------------------------------------------------------

    def opened(self, now):
        """Connected: say CONNECT."""
        self._now = now
        if self.state == _OPENING:
            self.state = _GREETING
            self._due = now
            self.reset()
            self._greet()
            self._touch()

    def received(self, buf, off, n, now):
        """Bytes from the server."""
        self._now = self._heard_at = now
        if self.state == _UP or self.state == _GREETING:
            self.feed(buf, off, n)
            self._pump()

    def sent(self, now):
        """The transport has taken what it was given."""
        self._now = self._sent_at = now
        self._busy = False
        if self.state == _FAREWELL:
            self._close(None)
        else:
            self._pump()

    def closed(self, reason, now):
        """The connection is over, or could not be opened."""
        self._now = now
        state = self.state
        if state < _OPENING:
            return
        why = self._why
        meant = why is None and state >= _FAREWELL
        if not meant:
            told = self._long  # a refused login has its own line
            if why is None:
                why = closed_text(reason)
                if state == _GREETING and reason == CLOSED_PEER:
                    # a refusing CONNACK can be lost in the modem when the close overtakes it
                    why = _UNGREETED
                    self._long = self._ungreeted
                    self._ungreeted = True
            if not told:
                log.warn("mqtt", "connection ended:", why)
            self.last_error = why
        box = self._outbox
        if self._was_up:  # did it bring anything? Only with messages on their way one can tell
            self._was_up = False
            if ticks_diff(now, self._up_at) >= self._stable_ms:
                self._attempts = self._fruitless = 0
            elif self._n.acked != self._acked_up:
                self._fruitless = 0
            elif reason == CLOSED_PEER and box.waiting:
                self._fruitless += 1
        # what belonged to this connection
        self.connected = False
        self._need = -1
        self._sink_end(False)
        clear(self._ctl)
        self._out = 0
        self._busy = self._pinging = self._held = False
        self._not_asked()
        m = self._slot
        done = self._done
        self._slot = None
        self._done = 0
        if m is not None and not m.qos and (done or m is self._direct):
            self._drop(m, "connection lost while QoS 0 was being sent")
        if self._fruitless >= _POISON and box.waiting:
            # A server of 3.1.1 can refuse a PUBLISH only by closing the connection (3.3.5-2): a
            # topic that this device may not publish to would keep it away for ever.
            self._drop(box.slots[box.oldest], "the server closes the connection each time")
        self.state = _IDLE
        if self._wanted:
            self.state = _PAUSE
            ms = self._max_ms
            if meant:
                ms = 0
            elif self._long:
                ms = ms // 2 + self._rand(ms // 2 + 1)
            else:  # exponential, with full jitter
                next_ms = self._first_ms << self._attempts
                if next_ms < ms:
                    ms = next_ms
                    self._attempts += 1
                ms = 1 + self._rand(ms)
            self._due = ticks_add(now, ms)
        self._long = False
        self._touch()
