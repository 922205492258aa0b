"""The half of the client that sends: messages, filters, acknowledgements, one after the other."""

from .. import log
from ..exact import clear, cut, resize
from . import packets
from .base import Base
from .outbox import RELEASED
from .session import ASKED, FAREWELL, LEAVING, UNWANTED, UP, WANTED, Subscription
from .topics import as_bytes, is_topic

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_FRUITLESS = const(5)  # connections that bring nothing before a new session is begun


class Outbound(Base):
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
        self._unasked = True
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
        self._unasked = True
        for sub in self._subs:
            if sub.state == ASKED:
                sub.state = WANTED
            elif sub.state == LEAVING:
                sub.state = UNWANTED

    def _left_filters(self):
        """UNSUBACK: those filters are gone."""
        self._sub_id = 0
        self._unasked = True
        subs = self._subs
        k = len(subs)
        while k:
            k -= 1
            if subs[k].state == LEAVING:
                subs.pop(k)

    # ---- sending --------------------------------------------------------------------------------

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
        if self._unasked and not self._sub_id:
            self._unasked = False
            if self._send_filters():
                return True
            if self._unasked:  # there are some, and the transport did not take them
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
