"""The server's byte stream, in pieces of any size, into packets, without heap.

Whole packets of up to `packet` bytes are gathered in a `Store` and told to the listener; a longer
PUBLISH is told in pieces, or drained byte-exactly. Every body is eaten to its end. What breaks
the protocol ends in `listener.on_bad(text)`, and nothing more is read until `reset`.
"""

from ..exact import buffer, resize
from .packets import CONNACK, PINGRESP, PUBACK, PUBCOMP, PUBLISH, SUBACK, UNSUBACK, Store
from .topics import is_topic

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# What is to be done once `_need` bytes of the body are here.
_WHOLE = const(0)
_LARGE = const(1)  # the topic's length of a PUBLISH that does not fit
_LARGE_TOPIC = const(2)  # its topic, and its packet identifier
_LONG_TOPIC = const(3)  # a topic that does not fit has been drained
_LARGE_ID = const(4)
_PIECE = const(5)

_TYPE = "packet type that a server cannot send"
_FLAGS = "reserved header flags"
_QOS = "QoS 3"
_LENGTH = "remaining length"
_SHORT = "length does not fit the packet type"
_GREETING = "packet before CONNACK"
_AGAIN = "second CONNACK"
_TOPIC = "topic name"
_ID = "packet identifier 0"
_ACK_FLAGS = "CONNACK flags"
_CODE = "SUBACK return code"


class Decoder:
    """`packet`: longest body that is held whole; `topic`: longest topic name, both in bytes.

    The listener has `on_connack(present, code, now)`, `on_ack(kind, id, now)`,
    `on_suback(id, codes, now)`, `on_pingresp(now)`, `on_publish(topic, payload, first, id, now)`,
    `on_head(topic or None, size, first, id) -> bool` (True: wants the pieces),
    `on_piece(payload) -> bool` (True: wants more), `on_large_end(first, id, now)` and
    `on_bad(text)`. `first` is the first byte of the PUBLISH (DUP 8, QoS 6, RETAIN 1). Buffers
    are valid until the call returns.
    """

    def __init__(self, listener, packet, topic):
        self._listener = listener
        self._packet = packet
        self._longest_topic = topic
        self._store = Store(packet)
        self._two = bytearray(2)
        self._topic = buffer(topic)
        self._payload = buffer(packet)
        self._resets = 0
        self.greeted = False
        self.reset()

    def reset(self):
        """A new connection: nothing has been read."""
        self._resets = (self._resets + 1) & 0xFFFF
        self.greeted = False  # CONNACK has come
        self._first = 0
        self._remaining = 0
        self._shift = 0
        self._need = 0  # bytes of the body that are awaited before `_next` is done
        self._keep = True  # they go into the store
        self._next = _WHOLE
        self._left = 0  # bytes of a large packet behind those
        self._length = 0  # of its topic
        self._taken = 0  # bytes of its piece
        self._id = 0
        self._dead = False

    def feed(self, buf, off, n, now):
        """Take `buf[off:off + n]`."""
        end = off + n
        resets = self._resets
        while off < end and not self._dead:
            need = self._need
            if need:
                take = end - off
                if take > need:
                    take = need
                if self._keep:
                    self._store.put(buf, off, take)
                off += take
                self._need = need - take
                if take < need:
                    return
            else:
                c = buf[off]
                off += 1
                if not self._first:
                    bad = self._check(c)
                    if bad:
                        self._fail(bad)
                        return
                    self._first = c
                    self._remaining = 0
                    self._shift = 0
                    continue
                self._remaining |= (c & 127) << self._shift
                if c & 128:
                    self._shift += 7
                    if self._shift > 21:
                        self._fail(_LENGTH)
                        return
                    continue
                bad = self._body()
                if bad:
                    self._fail(bad)
                    return
                if self._need:
                    continue
            bad = self._done(now)
            if resets != self._resets:  # closed meanwhile, perhaps opened again
                return
            if bad:
                self._fail(bad)
                return

    def stop(self):
        """Read nothing more until `reset`."""
        self._dead = True

    def _fail(self, text):
        self._dead = True
        self._listener.on_bad(text)

    def _check(self, c):
        """What is wrong with the first byte of a packet; None = nothing."""
        kind = c & 0xF0
        if kind == PUBLISH:
            if c & 6 == 6:
                return _QOS
        elif kind == CONNACK or PUBACK <= kind <= PUBCOMP or kind == SUBACK:
            if c & 15 != (2 if kind == 0x60 else 0):
                return _FLAGS
        elif kind == UNSUBACK or kind == PINGRESP:
            if c & 15:
                return _FLAGS
        else:
            return _TYPE
        if self.greeted:
            return _AGAIN if kind == CONNACK else None
        return None if kind == CONNACK else _GREETING

    def _body(self):
        """The fixed header is complete: what of the body must come first."""
        kind = self._first & 0xF0
        n = self._remaining
        self._keep = True
        self._next = _WHOLE
        self._store.seek(0)
        if kind == PUBLISH:
            if n < (5 if self._first & 6 else 3):
                return _SHORT
            if n > self._packet:
                self._next = _LARGE
                self._left = n - 2
                n = 2
        elif kind == SUBACK:
            if n < 3 or n > self._packet:
                return _SHORT
        elif n != (0 if kind == PINGRESP else 2):
            return _SHORT
        self._need = n
        return None

    def _done(self, now):
        """`_need` bytes are here. Returns what is wrong with them, or None."""
        step = self._next
        if step == _WHOLE:
            first = self._first
            self._first = 0
            store = self._store
            store.seek(0)
            if first & 0xF0 == PUBLISH:
                return self._publish(first, now)
            listener = self._listener
            if first == PINGRESP:
                listener.on_pingresp(now)
                return None
            two = self._two
            store.read(two)
            if first == CONNACK:
                if two[0] & 0xFE:
                    return _ACK_FLAGS
                self.greeted = True
                listener.on_connack(two[0], two[1], now)
                return None
            number = two[0] << 8 | two[1]
            if not number:
                return _ID
            if first == SUBACK:
                codes = self._payload
                resize(codes, self._remaining - 2)
                store.read(codes)
                for code in codes:
                    if code > 2 and code != 0x80:
                        return _CODE
                listener.on_suback(number, codes, now)
            else:
                listener.on_ack(first, number, now)
            return None
        if step == _PIECE:
            resets = self._resets
            if self._keep:
                self._keep = self._piece()
            if resets != self._resets:
                return None
            self._left -= self._taken
            return self._more(now)
        return self._large(step, now)

    def _publish(self, first, now):
        """A PUBLISH that is held whole (3.3)."""
        store = self._store
        two = self._two
        store.read(two)
        n = two[0] << 8 | two[1]
        rest = self._remaining - 2 - n
        if first & 6:
            rest -= 2
        if rest < 0:
            return _SHORT
        fits = n <= self._longest_topic
        topic = self._topic
        if fits:
            resize(topic, n)
            store.read(topic)
            if not is_topic(topic):
                return _TOPIC
        else:
            store.seek(2 + n)
        number = 0
        if first & 6:
            store.read(two)
            number = two[0] << 8 | two[1]
            if not number:
                return _ID
        if not fits:
            self._listener.on_head(None, rest, first, number)
            self._listener.on_large_end(first, number, now)
            return None
        payload = self._payload
        resize(payload, rest)
        if rest:
            store.read(payload)
        self._listener.on_publish(topic, payload, first, number, now)
        return None

    # ---- a PUBLISH that is longer than the store ------------------------------------------------

    def _large(self, step, now):
        """The next part of its head is here."""
        store = self._store
        two = self._two
        store.seek(0)
        with_id = 2 if self._first & 6 else 0
        if step == _LARGE:
            store.read(two)
            store.seek(0)
            n = two[0] << 8 | two[1]
            if not n:
                return _TOPIC
            if n + with_id > self._left:
                return _SHORT
            self._length = n
            if n <= self._longest_topic and n + with_id <= self._packet:
                self._left -= n + with_id
                self._need = n + with_id
                self._next = _LARGE_TOPIC
            else:
                self._left -= n
                self._need = n
                self._keep = False
                self._next = _LONG_TOPIC
            return None
        if step == _LONG_TOPIC and with_id:
            self._left -= 2
            self._need = 2
            self._keep = True
            self._next = _LARGE_ID
            return None
        topic = None
        if step == _LARGE_TOPIC:
            topic = self._topic
            resize(topic, self._length)
            store.read(topic)
            if not is_topic(topic):
                return _TOPIC
        self._id = 0
        if with_id:
            store.read(two)
            self._id = two[0] << 8 | two[1]
            if not self._id:
                return _ID
        resets = self._resets
        keep = self._listener.on_head(topic, self._left, self._first, self._id)
        if resets != self._resets:
            return None
        self._keep = keep
        self._next = _PIECE
        return self._more(now)

    def _piece(self):
        payload = self._payload
        resize(payload, self._taken)
        self._store.seek(0)
        self._store.read(payload)
        return self._listener.on_piece(payload)

    def _more(self, now):
        """Await the next piece, or end."""
        n = self._left
        if not n:
            first = self._first
            self._first = 0
            self._listener.on_large_end(first, self._id, now)
            return None
        if self._keep and n > self._packet:
            n = self._packet
        self._taken = n
        self._need = n
        self._store.seek(0)
        return None
