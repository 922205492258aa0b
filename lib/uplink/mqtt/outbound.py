"""The half of the client that sends: one packet after the other, and what the clock asks for."""

from .. import log
from ..errors import CLOSED_PEER
from ..exact import clear, cut, resize
from ..port.ticks import FOREVER, ticks_diff
from . import packets
from .outbox import DROPPED, RELEASED
from .session import ASKED, CLOSING, FAREWELL, IDLE, LEAVING, UNWANTED, UP, WANTED, Subscription
from .topics import as_bytes, is_topic

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_RETRY_MS = const(100)
_FRUITLESS = const(4)  # connections that bring nothing before a new session is begun


class Outbound:
    """Part of `MQTT`."""

    # ---- accepting ------------------------------------------------------------------------------

    def _checked(self, topic, qos):
        """The topic as bytes; ValueError where it cannot be one. The last one is remembered."""
        if not 0 <= qos <= 2:
            raise ValueError("mqtt: QoS is 0, 1 or 2")
        if topic is self._topic:
            return self._topic_bytes
        text = as_bytes(topic)
        if not is_topic(text):
            raise ValueError("mqtt: topic is empty, has a wildcard, or is not UTF-8")
        if not isinstance(topic, bytearray):
            self._topic = topic
            self._topic_bytes = text
        return text

    def _accept(self, topic, payload, source, size, qos, retain):
        """Into the outbox, and out of it at once where nothing else goes first."""
        box = self._outbox
        number = self._number() if qos else 0
        i = box.put(topic, payload, source, size, qos, retain, number)
        if i < 0:
            self.refused += 1
            log.warn("mqtt", "outbox full, refused:", topic, size)
            return None
        self.published += 1
        if self.state == UP:
            self._pump()
        return box.receipts[i]

    def _number(self):
        """A packet identifier that nothing in flight has (2.3.1)."""
        ids = self._outbox.ids
        n = self._next_id
        while True:
            n += 1
            if n > 65535:
                n = 1
            if n not in ids and n != self._sub_id:
                self._next_id = n
                return n

    # ---- subscriptions --------------------------------------------------------------------------

    def _subscription(self, filter, qos):
        if not 0 <= qos <= 2:
            raise ValueError("mqtt: QoS is 0, 1 or 2")
        sub = Subscription(as_bytes(filter), qos)
        self._subs.append(sub)
        return sub

    def _send_filters(self):
        """One SUBSCRIBE for all filters that are wanted, or one UNSUBSCRIBE; True = sent.

        As many as the buffer holds; the rest follows after the answer.
        """
        if not self._filters(WANTED, ASKED, packets.SUBSCRIBE, 3):
            return self._filters(UNWANTED, LEAVING, packets.UNSUBSCRIBE, 2)
        return True

    def _filters(self, state, then, first, extra):
        room = self._tx_size - 7
        size = 0
        n = 0
        for sub in self._subs:
            if sub.state == state:
                more = len(sub.filter.text) + extra
                if size and size + more > room:
                    break
                size += more
                n += 1
        if not n:
            return False
        tx = self._tx
        packets.begin(tx, first, 2 + size)
        number = self._number()
        packets.number(tx, number)
        k = n
        for sub in self._subs:
            if k and sub.state == state:
                k -= 1
                packets.string(tx, sub.filter.text)
                if extra == 3:
                    tx.append(sub.qos)
        for sub in self._subs:
            if n and sub.state == state:
                n -= 1
                sub.state = then
        self._sub_id = number
        self._sub_at = self._now
        if self._send():
            return True
        self._not_asked()
        return False

    def _not_asked(self):
        """A SUBSCRIBE or UNSUBSCRIBE was not sent, or its answer can come no more."""
        self._sub_id = 0
        for sub in self._subs:
            if sub.state == ASKED:
                sub.state = WANTED
            elif sub.state == LEAVING:
                sub.state = UNWANTED

    def _left_filters(self):
        """UNSUBACK: those filters are gone."""
        self._sub_id = 0
        subs = self._subs
        k = len(subs)
        while k:
            k -= 1
            if subs[k].state == LEAVING:
                subs.pop(k)

    # ---- sending --------------------------------------------------------------------------------

    def _send(self):
        """Hand `_tx` to the transport; False = not taken."""
        self._busy = True
        self._fresh = True
        if self._transport.send(self._tx, 0, len(self._tx)):
            return True
        self._busy = False
        return False

    def _pump(self):
        """Send whatever is next until the transport is busy."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self.state == UP and not self._busy and self._next():
                pass
        finally:
            self._pumping = False

    def _next(self):
        """Send one packet, or one piece of a long one; True = something went out."""
        if self._slot >= 0:
            return self._send_piece()
        ctl = self._ctl
        tx = self._tx
        if ctl:
            clear(tx)
            tx.extend(ctl)
            clear(ctl)
            if self._send():
                return True
            ctl.extend(tx)
            return False
        if not self._sub_id and self._send_filters():
            return True
        if self._busy:
            return False
        box = self._outbox
        i = box.next()
        if i >= 0:
            return self._send_slot(box, i)
        if not self._wanted and not box.count and not self._sub_id:
            return self._leave()
        return False

    def _send_slot(self, box, i):
        if box.state[i] == RELEASED:  # 4.3.3: only PUBREL, in the order of the messages
            box.passed()
            box.at[i] = self._now
            self._reply(packets.PUBREL, box.ids[i])
            return True
        n = box.length[i]
        if n > self._tx_size:
            n = self._tx_size
        source = box.sources[i]
        if source is not None and box.qos(i):
            try:
                source.seek(0)
            except Exception as error:
                self._drop(box, i, error)
                return True
        box.load(i, self._tx, 0, n)
        # all is noted before `_send`: the transport may tell `sent` before that returns
        self._slot = i
        self._left = box.length[i] - n + box.extra[i]
        state = box.state[i]
        again = box.sending(i)
        if not self._send():
            self._slot = -1
            box.unsent(i, state, again)
            return False
        self.resent += again
        self.messages_sent += 1
        return True

    def _send_piece(self):
        """The next piece of the packet that is on its way."""
        if not self._left:
            return False
        box = self._outbox
        i = self._slot
        tx = self._tx
        n = self._left
        extra = box.extra[i]
        if n > extra:  # from the arena
            at = box.length[i] + extra - n
            n -= extra
            if n > self._tx_size:
                n = self._tx_size
            box.load(i, tx, at, n)
        elif not self._held:
            if n > self._tx_size:
                n = self._tx_size
            resize(tx, n)
            try:
                n = box.sources[i].readinto(tx) or 0
            except Exception as error:
                self._raised(error)
                n = 0
            if n <= 0:
                # the packet has begun and cannot be completed: the server must not wait for it
                self._slot = -1
                self._drop(box, i, "its source ended early")
                self._close("the source of a message ended early")
                return True
            cut(tx, n)
            self._held = True
        n = len(tx)
        self._left -= n
        if not self._send():
            self._left += n
            return False
        self._held = False
        return True

    def _drop(self, box, i, why):
        box.name(i, self._tx)
        log.error("mqtt", "message dropped:", self._tx, why)
        self.dropped += 1
        box.end(i, DROPPED)

    def _leave(self):
        """DISCONNECT (3.14): nothing is sent after it."""
        tx = self._tx
        packets.begin(tx, packets.DISCONNECT, 0)
        self.state = FAREWELL
        self._leave_at = self._now
        if not self._send():
            self.state = UP
            return False
        self.connected = False
        self._touch()
        return True

    def _greet(self):
        tx = self._tx
        clear(tx)
        if self._fruitless < _FRUITLESS:
            tx.extend(self._hello)
        else:
            log.warn("mqtt", "the session ends each time: asking for a new one")
            tx.extend(self._hello_new)
        self._greeted = self._send()

    # ---- acknowledgements -----------------------------------------------------------------------

    def _may_reply(self):
        """True where an acknowledgement finds room; closes where it does not."""
        if len(self._ctl) + 4 <= self._ctl_size:
            return True
        self._close("more messages than the transport lets us acknowledge")
        return False

    def _reply(self, kind, number):
        if self._may_reply():
            ctl = self._ctl
            ctl.append(kind)
            ctl.append(2)
            packets.number(ctl, number)

    # ---- the clock ------------------------------------------------------------------------------

    def _stay(self, now):
        """What is due while connected; the ms until something may be."""
        if self._attempts and ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = 0
        wait = self._ack_ms
        if not self._wanted:
            if not self._leaving:
                self._leaving = True
                self._leave_at = now
            wait = self._answer_ms - ticks_diff(now, self._leave_at)
            if wait <= 0:
                log.warn("mqtt", "disconnecting with messages left:", self._outbox.count)
                self._why = None
                if self._busy or self._slot >= 0 or not self._leave():
                    self._close(None)
                return self._answer_ms
        if self._pinging:
            # what arrives meanwhile may stand before the answer in a slow queue
            left = self._ack_ms - ticks_diff(now, self._ping_at)
            since = self._later(self._ping_at, self._heard_at, True)
            quiet = self._answer_ms - ticks_diff(now, since)
            if quiet < left:
                left = quiet
            if left <= 0:
                self._doubt("no PINGRESP")
                return FOREVER
        elif self._slot >= 0:
            left = self._answer_ms  # not into the middle of a packet; `_overdue` watches it
        else:
            # by what we sent (3.1.2-23), and by what arrives: only that proves anything
            since = ticks_diff(now, self._later(self._heard_at, self._sent_at, False))
            left = self._ping_ms - since
            if left <= 0:
                if len(self._ctl) + 2 <= self._ctl_size:
                    self._ctl.append(packets.PINGREQ)
                    self._ctl.append(0)
                self.pings += 1
                self._pinging = True
                self._ping_at = now
                left = self._answer_ms
        if left < wait:
            wait = left
        left = self._overdue(now)
        if left <= 0:
            self._doubt("no acknowledgement")
            return FOREVER
        if left < wait:
            wait = left
        self._pump()
        if not self._busy and self.state == UP and (self._ctl or self._slot >= 0):
            return _RETRY_MS
        return wait

    def _later(self, a, b, later):
        """The later of two times, or the earlier."""
        return a if (ticks_diff(a, b) > 0) == later else b

    def _overdue(self, now):
        """ms until something was not answered, or not taken, for too long."""
        limit = self._ack_ms
        left = FOREVER
        if self._busy:
            if self._fresh:
                self._fresh = False
                self._busy_at = now
            left = limit - ticks_diff(now, self._busy_at)
        if self._sub_id:
            age = limit - ticks_diff(now, self._sub_at)
            if age < left:
                left = age
        box = self._outbox
        if box.waiting:
            age = box.age(now, self._slot)
            if age >= 0 and limit - age < left:
                left = limit - age
        return left

    def _doubt(self, text):
        """The server did not answer in time."""
        self.timeouts += 1
        self._transport.doubt()
        self._close(text)

    def _close(self, why):
        """Close the transport because of `why` (None: as wanted)."""
        if self.state == CLOSING or self.state == IDLE:
            return
        self._why = why
        self._decoder.stop()
        self.connected = False
        self.state = CLOSING
        self._transport.close()

    def _forget(self):
        """What belonged to the connection that is over."""
        self.connected = False
        self._decoder.reset()
        if self._sink is not None:
            self._sink_end(False)
        clear(self._ctl)
        self._busy = False
        self._pinging = False
        self._held = False
        self._not_asked()
        if self._direct:
            self._direct = False
            self.dropped += 1
            self._receipt.end(DROPPED)
        i = self._slot
        self._slot = -1
        self._left = 0
        if i >= 0 and not self._outbox.qos(i):
            self._drop(self._outbox, i, "connection lost while QoS 0 was being sent")

    def _pause(self):
        """ms until the next attempt: exponential, with full jitter."""
        if self._long:
            return self._max_ms // 2 + self._rand(self._max_ms // 2 + 1)
        ms = self._first_ms
        k = self._attempts
        while k and ms < self._max_ms:
            ms <<= 1
            k -= 1
        if ms >= self._max_ms:
            ms = self._max_ms
        else:
            self._attempts += 1
        return 1 + self._rand(ms)

    def _judge(self, reason, now):
        """A connection that was accepted is over: did it bring anything?"""
        if ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = 0
            self._fruitless = 0
        elif self.acked != self._acked_up:
            self._fruitless = 0
        elif reason == CLOSED_PEER:
            self._fruitless += 1

    def _drop_first(self):
        """Even a new session ends each time: the first message is taken for the cause.

        A server of 3.1.1 can refuse a PUBLISH only by closing the connection (3.3.5-2): a topic
        that this device may not publish to would keep it away for ever.
        """
        box = self._outbox
        if box.waiting:
            self._drop(box, box.oldest, "the server closes the connection whenever it is sent")
