"""The half of the client that sends: messages that `publish` has accepted, in order, until they
are acknowledged, and before them the small packets: acknowledgements, SUBSCRIBE, PINGREQ.

A message has a slot, which is also its receipt, and its encoded PUBLISH in the arena: a bytearray
that grows behind and is cut in front, so that packets are sent from where they lie. Slots and
arena are given back in order, so a message is out of both only once all older ones are.
"""

from .. import log
from ..exact import buffer, clear, resize
from ..port.ticks import ticks_add
from .packets import _Reader, compose, const, cut_front, is_text, put_header, put_number

_OPENING = const(2)  # of `MQTT.state`: see __init__.py
_UP = const(4)
_FAREWELL = const(5)
_CLOSING = const(6)

# Steps of a message; above these it is sent, and the step is the type of the answer awaited.
_QUEUED = const(0)  # not sent yet, or not in this session (QoS 0: until its end)
_DONE = const(1)  # over, but an older one is not
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)

# States of a receipt; 0 = waiting.
_ACKNOWLEDGED = const(1)
_DROPPED = const(2)

_PUBLISHED = const(0)  # counters: see packets.py
_SENT = const(1)
_RESENT = const(4)
_DROPS = const(5)
_FAILED = const(10)
_REFUSALS = const(6)

_STATE = const(0)  # places in a subscription: see plain.py
_TEXT = const(1)
_QOS = const(2)
_WANTED = const(0)  # states of it: see packets.py
_ASKED = const(1)
_UNWANTED = const(4)
_LEAVING = const(6)

_ACKS = const(256)  # bytes that may wait for the transport; and another packet before them
_QUICK = const(260)  # … a message of QoS 0, with 9 for its headers
_SHOWN = const(64)  # bytes of a topic in the log


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


class _Sender(_Reader):
    """Part of `MQTT`, which has its attributes."""

    waiting: int
    _slot: Receipt
    _busy: bool
    _pumping: bool
    _held: bool
    _next_id: int
    _out: int
    _waste: int
    _passed: int
    _since: int
    _tx: bytearray

    def publish(self, topic, payload, qos=0, retain=False, source=None, more=0):
        """Accept a message for delivery: a `Receipt`, or None where there is no room for it.

        Never blocks. ValueError for a topic that cannot be one. No heap with `bytes`.
        (`source` and `more` are for `publish_from`.)
        """
        if not (0 <= qos <= 2 and is_text(topic, True)):
            raise ValueError("mqtt: topic empty, with wildcard, not UTF-8, or wrong QoS")
        count = self._n
        k = self.waiting
        first = 0x30 | qos << 1 | bool(retain)
        m = self._quick
        b = self._ctl
        # with nothing before it not through the outbox, and at once
        quick = (
            not (qos or b or more)
            and self._passed == k
            and self._slot is None
            and self.state == _UP
            and compose(b, _QUICK, first, topic, 0, payload, 0)
        )
        if not quick:
            slots = self._slots
            b = self._arena
            off = len(b)
            packet_id = self._new_id() if qos else 0
            if k == len(slots) or not compose(
                b, self._size, first, topic, packet_id, payload, more
            ):
                count[_REFUSALS] += 1
                log.warn("mqtt", "outbox full, refused:", topic)
                return None
            self.waiting = k + 1
            m = slots[k]
            m._step = _QUEUED
            m._kind = qos and 0x30 + (qos << 4)
            m._id = packet_id
            m._source = source
            m._off = off
            m._size = off = len(b) - off
            m._total = off + more
        m._serial = (m._serial + 4) & 0xFFFC | m.state
        m.state = 0
        count[_PUBLISHED] += 1
        if quick:
            self._busy = True
            self._out = k = len(b)
            if not self._transport.send(b, 0, k):
                self._busy = False
                self._out = 0
        else:
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

    def _ask(self, state, sent):
        """One SUBSCRIBE for all filters that are _WANTED, or one UNSUBSCRIBE for those that are
        _UNWANTED, into `_ctl`: as many as there is room for; the rest follows after the answer.
        `sent`: their state then.
        """
        ctl = self._ctl
        size = 2
        for sub in self._subs:
            n = len(sub[_TEXT]) + (2 if state else 3)  # its length, and the QoS
            if sub[_STATE] == state and (size == 2 or size + n < _ACKS):
                sub[_STATE] = sent
                size += n
        if size > 2:
            self._since = self._now
            self._sub_id = n = self._new_id()
            put_header(ctl, 0xA2 if state else 0x82, size)
            put_number(ctl, n)
            for sub in self._subs:
                if sub[_STATE] == sent:
                    put_number(ctl, len(sub[_TEXT]))
                    ctl.extend(sub[_TEXT])
                    if not state:
                        ctl.append(sub[_QOS])

    def _close(self, why):
        """Close the transport because of `why` (None: as wanted)."""
        if self.state % _CLOSING:  # neither closing nor idle
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
            k += 3
            name = self._ctl  # empty: there is no connection
            for i in range(k, k + min(b[k - 2] << 8 | b[k - 1], _SHOWN)):
                name.append(b[i])
            log.error("mqtt", "message dropped:", name)
            clear(name)
        self._n[_DROPS] += 1
        self._end(m, _DROPPED)

    def _pump(self):
        """Send whatever is next until the transport is busy."""
        if self._pumping:
            return
        self._pumping = True
        count = self._n
        ctl = self._ctl
        slots = self._slots
        try:
            while True:
                m = self._slot
                done = self._done  # (not 0: there is a slot)
                if not self._busy:
                    if not (self._inflight or self._sub_id):
                        self._since = None
                    if self._out:  # the transport has taken it
                        cut_front(ctl, self._out)
                        self._out = 0
                        if not self._quick.state:
                            count[_SENT] += 1
                            self._end(self._quick, _ACKNOWLEDGED)
                    if done and done == m._total:
                        self._slot = None
                        self._done = done = 0
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
                    cut_front(self._arena, off)
                    for first in slots:
                        first._off -= off
                state = self.state
                buf = ctl
                off = 0
                n = len(ctl)
                if n and not done and _OPENING < state < _CLOSING:
                    self._out = n
                elif state != _UP:
                    break
                else:
                    if m is None:
                        if self._unasked and not self._sub_id:
                            self._unasked = False
                            # first: the same filter may be wanted again
                            self._ask(_UNWANTED, _LEAVING)
                            if not self._sub_id:
                                self._ask(_WANTED, _ASKED)
                            continue
                        k = self._passed
                        if k == self.waiting:
                            if self._wanted or k or self._sub_id:
                                break
                            self._leave()
                            continue
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
                                self._lost(_FAILED, error)
                            if n <= 0:
                                # begun, and never completed: it is dropped with the connection
                                m._kind = 0
                                self._close("source of a message ended early")
                                break
                            resize(buf, n)
                            self._held = True
                        n = len(buf)
                self._busy = True
                if not self._transport.send(buf, off, n):
                    self._busy = False
                    self._out = 0
                    break
                if buf is not ctl and m is self._slot:  # nothing is noted before it is taken
                    self._held = False
                    if done:
                        self._since = self._now
                    else:
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
        if self._busy or self._done:
            self._close(None)
        else:
            put_number(self._ctl, 0xE000)
            self.state = _FAREWELL
            self._due = ticks_add(self._now, self._answer_ms)
            self._wake.set()
            self._pump()

    def _room(self, full):
        """True where an acknowledgement finds room (and its identifier, unless `full`); closes
        where it does not.
        """
        why = "too many QoS 2 messages in flight"
        if not full:
            if len(self._ctl) - self._out < _ACKS:
                return True
            why = "too many acknowledgements wait"
        self._close(why)
        return False

    def _reply(self, kind, packet_id):
        if self._room(False):
            put_header(self._ctl, kind, 2)
            put_number(self._ctl, packet_id)
