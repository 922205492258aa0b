"""Messages that `publish` has accepted, in order, until they are acknowledged: of fixed size.

Each has a slot (of a ring of `messages`), which is also its receipt, and its encoded PUBLISH
packet in the arena: a bytearray that grows behind and is cut in front, so that packets are sent
from where they lie. Slots and arena are given back in order, so a message is out of both only
once all older ones are.
"""

from ..exact import buffer, clear
from .packets import const, drop

# Steps of a message.
_QUEUED = const(0)  # not sent yet, or not in this session
_SENT = const(1)  # PUBLISH sent, PUBACK or PUBREC awaited (QoS 0: being sent)
_RELEASED = const(2)  # PUBREC received: only PUBREL is ever sent again
_DONE = const(3)  # over, but an older one is not

# States of a receipt; 0 = waiting.
_ACKNOWLEDGED = const(1)


class Receipt:
    """What `publish` returns. `await receipt` gives True = acknowledged, False = dropped.

    `state` tells it without waiting: 0 waiting, 1 acknowledged (QoS 0: handed to the transport),
    2 dropped. The object belongs to the slot: it serves another message once the slot is used
    again, `messages` publishes later at the earliest.
    """

    def __init__(self, event):
        self._event = event
        self.state = _ACKNOWLEDGED
        self.serial = 0  # of its message, above two bits: the state of the one before
        self.step = _DONE
        self.qos = 0
        self.id = 0  # packet identifier in use; 0 = none
        self.off = 0  # where its packet begins
        self.size = 0  # bytes of it that are held
        self.total = 0  # with those that its source will give
        self.source = None

    def __iter__(self):
        serial = self.serial
        while self.serial == serial and not self.state:
            yield from self._event.wait()
        return (self.state if self.serial == serial else self.serial & 3) == _ACKNOWLEDGED

    __await__ = __iter__


class Outbox:
    """`messages` slots, `size` bytes; up to `inflight` unacknowledged at QoS 1 and 2."""

    def __init__(self, messages, size, inflight, event):
        self.size = size
        self.inflight = inflight
        self.count = 0  # slots in use, DONE ones included
        self.passed = 0  # of these, how many have been dealt with on this connection
        self.waiting = 0  # sent at QoS 1 or 2 and not acknowledged: the window in use
        self.oldest = 0
        self.waste = 0  # bytes in front of the arena that belong to nobody
        self.arena = buffer(size)
        self._event = event
        self.slots = [Receipt(event) for _ in range(messages)]

    def slot(self, n):
        """The slot of a new message that needs `n` bytes; None where there is no room."""
        slots = self.slots
        k = self.count
        if k == len(slots) or len(self.arena) + n > self.size:
            return None
        self.count = k + 1
        return slots[(self.oldest + k) % len(slots)]

    def pack(self):
        """Cut off what is over: only while the transport has nothing of the arena."""
        n = self.waste
        self.waste = 0
        if n == len(self.arena):
            clear(self.arena)
        else:
            drop(self.arena, n)
            for m in self.slots:
                m.off -= n

    def next(self):
        """The first message that something must be sent for, or None; `passed` goes behind it.

        After a reconnect that kept the session these are also SENT and RELEASED ones.
        """
        slots = self.slots
        while self.passed < self.count:
            m = slots[(self.oldest + self.passed) % len(slots)]
            if m.step < _DONE:
                if m.step == _QUEUED and m.qos and self.waiting >= self.inflight:
                    break
                return m
            self.passed += 1
        return None

    def find(self, packet_id):
        """The message with a packet identifier, or None."""
        for m in self.slots:
            if m.id == packet_id:
                return m
        return None

    def end(self, m, result):
        """Message `m` is over, with the receipt's state `result`."""
        if m.qos and _QUEUED < m.step < _DONE:
            self.waiting -= 1
        m.step = _DONE
        m.id = 0
        m.source = None
        slots = self.slots
        while self.count:
            first = slots[self.oldest]
            if first.step < _DONE:
                break
            self.waste += first.size
            self.count -= 1
            if self.passed:
                self.passed -= 1
            self.oldest = (self.oldest + 1) % len(slots)
        m.state = result
        if self._event is not None:
            self._event.set()
            self._event.clear()

    def resume(self, present):
        """A connection begins: look at all again, as new messages unless the session is `present`.

        What the server has taken over by PUBREC is over when the session is lost.
        """
        self.passed = 0
        for m in self.slots:
            if m.step == _SENT:
                if present:
                    self.arena[m.off] |= 8  # DUP
                else:
                    self.arena[m.off] &= 0xF7
                    m.step = _QUEUED
                    self.waiting -= 1
            elif m.step == _RELEASED and not present:
                self.end(m, _ACKNOWLEDGED)
