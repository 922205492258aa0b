"""Messages that `publish` has accepted, in order, until they are acknowledged: of fixed size.

Each has a slot (of a ring of `messages`) and its encoded PUBLISH packet in the arena (a ring of
`size` bytes; a packet is contiguous). The arena is a `packets.Store`: whatever has `seek`, `put`,
`add` and `read`, a file for example, can stand in for it. Slots and arena are given back in
order, so a message is out of both only once all older ones are.
"""

from ..exact import buffer, resize
from ..port.ticks import ticks_diff
from .packets import PUBLISH, Store, begin, number

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# States of a slot.
FREE = const(0)
QUEUED = const(1)  # not sent yet, or not in this session
SENT = const(2)  # PUBLISH sent, PUBACK or PUBREC awaited (QoS 0: being sent)
RELEASED = const(3)  # PUBREC received: only PUBREL is ever sent again
DONE = const(4)  # over, but an older one is not

# States of a receipt.
WAITING = const(0)
ACKNOWLEDGED = const(1)
DROPPED = const(2)


class Receipt:
    """What `publish` returns. `await receipt` gives True = acknowledged, False = dropped.

    `state` tells it without waiting: 0 waiting, 1 acknowledged (QoS 0: handed to the transport),
    2 dropped. The object belongs to the slot: it serves another message once the slot is used
    again, `messages` publishes later at the earliest.
    """

    def __init__(self, event):
        self._event = event
        self._serial = 0
        self._before = WAITING
        self.state = ACKNOWLEDGED

    def begin(self):
        self._serial = (self._serial + 1) & 0xFFFF
        self._before = self.state
        self.state = WAITING

    def end(self, state):
        self.state = state
        event = self._event
        if event is not None:
            event.set()
            event.clear()

    def __iter__(self):
        serial = self._serial
        while self._serial == serial and self.state == WAITING:
            yield from self._event.wait()
        return (self.state if self._serial == serial else self._before) == ACKNOWLEDGED

    __await__ = __iter__


class Outbox:
    """`messages` slots, `size` bytes; up to `inflight` unacknowledged at QoS 1 and 2."""

    def __init__(self, messages, size, inflight, event=None):
        self.slots = messages
        self.inflight = inflight
        self.count = 0  # slots in use, DONE ones included
        self.pending = 0  # of these, how many `next` has not passed on this connection
        self.waiting = 0  # sent at QoS 1 or 2 and not acknowledged: the window in use
        self.oldest = 0
        self.state = bytearray(messages)
        self.ids = [0] * messages  # packet identifiers in use; 0 = none
        self.receipts = [Receipt(event) for _ in range(messages)]
        self.sources: list = [None] * messages
        self.extra = [0] * messages  # bytes that come from the source
        self.length = [0] * messages  # bytes in the arena
        self.at = [0] * messages  # when it was sent
        self._offset = [0] * messages
        self._qos = bytearray(messages)
        self._again = bytearray(messages)  # 1 = sent before in this session: DUP
        self._arena = Store(size)
        self._head = 0  # where the next packet goes
        self._cursor = 0  # the slot that `next` looks at
        self._header = buffer(9)

    def put(self, topic, payload, source, size, qos, retain, packet_id):
        """Take a message; `payload` is None where `size` bytes come from `source`.

        Returns its slot, or -1 where there is no room.
        """
        if self.count == self.slots:
            return -1
        n = len(topic)
        remaining = 2 + n + (2 if qos else 0) + size
        header = self._header
        begin(header, PUBLISH | qos << 1 | (1 if retain else 0), remaining)
        length = len(header) + remaining
        if payload is None:
            length -= size
        at = self._room(length)
        if at < 0:
            return -1
        arena = self._arena
        arena.seek(at)
        number(header, n)
        arena.add(header)
        arena.add(topic)
        if qos:
            resize(header, 0)
            number(header, packet_id)
            arena.add(header)
        if payload is not None:
            arena.add(payload)
        i = self.oldest + self.count
        if i >= self.slots:
            i -= self.slots
        if not self.pending:
            self._cursor = i
        self.count += 1
        self.pending += 1
        self._head = at + length
        self._offset[i] = at
        self.length[i] = length
        self.extra[i] = 0 if source is None else size
        self.sources[i] = source
        self.ids[i] = packet_id
        self._qos[i] = qos
        self._again[i] = 0
        self.state[i] = QUEUED
        self.receipts[i].begin()
        return i

    def _room(self, n):
        """Where `n` contiguous bytes of the arena are free, or -1."""
        size = self._arena.size
        if not self.count:
            return 0 if n <= size else -1
        head = self._head
        tail = self._offset[self.oldest]
        if head > tail:
            if size - head >= n:
                return head
            return 0 if tail >= n else -1
        return head if tail - head >= n else -1

    def next(self):
        """The next slot that something must be sent for, or -1; `passed` goes on behind it.

        After a reconnect that kept the session these are also SENT and RELEASED ones.
        """
        state = self.state
        while self.pending:
            i = self._cursor
            s = state[i]
            if s == QUEUED:
                if self._qos[i] and self.waiting >= self.inflight:
                    return -1
                return i
            if s != DONE:
                return i
            self.passed()
        return -1

    def passed(self):
        """The slot that `next` gave has been dealt with on this connection."""
        self.pending -= 1
        self._cursor += 1
        if self._cursor == self.slots:
            self._cursor = 0

    def load(self, i, into, at, n):
        """Make `into` exactly `n` bytes of the packet in slot `i`, from its byte `at`."""
        resize(into, n)
        self._arena.seek(self._offset[i] + at)
        self._arena.read(into)
        if not at and self._again[i]:
            into[0] |= 8  # DUP

    def sending(self, i):
        """The PUBLISH of slot `i`, which `next` gave, goes out: 1 where it does so again."""
        self.passed()
        again = self._again[i]
        if self._qos[i]:
            if self.state[i] == QUEUED:
                self.waiting += 1
            self._again[i] = 1
        self.state[i] = SENT
        return again

    def unsent(self, i, state, again):
        """It did not: undo `sending`."""
        self.pending += 1
        self._cursor = i
        if self._qos[i] and state == QUEUED:
            self.waiting -= 1
        self._again[i] = again
        self.state[i] = state

    def qos(self, i):
        return self._qos[i]

    def find(self, packet_id):
        """The slot of a packet identifier, or -1."""
        ids = self.ids
        return ids.index(packet_id) if packet_id in ids else -1

    def name(self, i, into):
        """Make `into` the topic of slot `i`."""
        self.load(i, into, 0, 7)
        k = 1
        while into[k] & 128:
            k += 1
        self.load(i, into, k + 3, into[k + 1] << 8 | into[k + 2])

    def age(self, now, but):
        """ms that the oldest message waits for its answer (`but` is not sent yet); -1: none."""
        i = self.oldest
        k = self.count - self.pending
        while k > 0:
            s = self.state[i]
            if i != but and self._qos[i] and (s == SENT or s == RELEASED):
                return ticks_diff(now, self.at[i])
            k -= 1
            i += 1
            if i == self.slots:
                i = 0
        return -1

    def end(self, i, result):
        """Slot `i` is over, with the receipt's state `result`."""
        if self._qos[i] and self.state[i] != QUEUED:
            self.waiting -= 1
        self.state[i] = DONE
        self.ids[i] = 0
        self.sources[i] = None
        while self.count and self.state[self.oldest] == DONE:
            if self.pending == self.count:  # `next` has not passed it
                self.passed()
            self.state[self.oldest] = FREE
            self.count -= 1
            self.oldest += 1
            if self.oldest == self.slots:
                self.oldest = 0
        self.receipts[i].end(result)

    def resume(self, present):
        """A connection begins: look at all again, as new messages unless the session is `present`.

        What the server has taken over by PUBREC is over when the session is lost.
        """
        self._cursor = self.oldest
        self.pending = self.count
        if present:
            return
        i = self.oldest
        for _ in range(self.count):
            self._again[i] = 0
            if self.state[i] == SENT:
                self.state[i] = QUEUED
                if self._qos[i]:
                    self.waiting -= 1
            i += 1
            if i == self.slots:
                i = 0
        for i in range(self.slots):
            if self.state[i] == RELEASED:
                self.end(i, ACKNOWLEDGED)
