"""The server's bytes, in pieces of any size, into packets and what is done with them.

A packet is gathered without heap in two buffers: a PUBLISH's topic, and its payload or any other
packet's body. A PUBLISH that does not fit is handed on in pieces, or drained.
`firmware/native/mqtt.c` is the same in C.
"""

from ..exact import Copier, buffer, clear, cut
from .plain import (  # noqa: F401
    compose,
    cut_front,
    is_text,
    matches,
    put_header,
    put_number,
    subscription,
)

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_CONNACK = const(0x20)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
# What a server can send as the first byte of a packet: not QoS 3, no other flags.
_FIRSTS = b"\x20\x40\x50\x62\x70\x90\xb0\xd0\x30\x31\x32\x33\x34\x35\x38\x39\x3a\x3b\x3c\x3d"

_STAGE = const(64)  # bytes that are copied at a time
_FEW = const(12)  # as many are faster one by one
_TOPIC = const(256)  # longest topic name received

_OPENING = const(2)  # of `MQTT.state`: see __init__.py
_GREETING = const(3)
_UP = const(4)
_FAREWELL = const(5)
_RECEIVED = const(2)  # counters: see packets.py
_DUPLICATES = const(7)
_UNROUTED = const(8)
_OVERSIZE = const(9)
_FAILED = const(10)
_STATE = const(0)  # places in a subscription: see plain.py
_HANDLER = const(3)
_SINK = const(4)
_UNWANTED = const(4)  # a state of it: see packets.py

# Calls of the application.
_HANDLE = const(0)
_BEGIN = const(1)
_WRITE = const(2)
_END = const(3)

# What is wrong: see packets.py.
_TYPE = const(1)
_SIZE = const(2)
_ZERO = const(3)
_TWICE = const(4)
_NO_TOPIC = const(5)

_AGAIN = EOFError()  # thrown into `_read` when it must begin afresh


class Decoder:
    """Part of the client `client`, whose `state` and whose methods `_bad`, `_take`,
    `_room`, `_reply` and `_lost` it uses.

    Lists: `counts` (counters), `ids` (QoS 2 identifiers delivered and not released, 0 = free),
    `subs` (each a `subscription`). Empty bytearrays with their capacity: `topic` (256 + 2) and
    `body` (`packet`, the longest packet that is held).
    """

    def __init__(self, client, counts, ids, subs, topic, body, packet):
        self._client = client
        self._counts = counts
        self._ids = ids
        self._subs = subs
        self._packet = packet
        self._topic = topic
        self._body = body
        self._stage = buffer(_STAGE)
        self._copier = Copier(_STAGE)
        self._into = None  # where the bytes awaited go; None: nowhere
        self._sink = None  # the subscription that takes the pieces
        self._reading = self._read()
        self._need = next(self._reading)  # bytes that must come next

    def begin(self):
        """A new connection."""
        _AGAIN.__traceback__ = None
        try:
            self._need = self._reading.throw(_AGAIN)
        except (EOFError, StopIteration):  # it was interrupted, by Ctrl-C
            self._reading = self._read()
            self._need = next(self._reading)

    def end(self, good=False):
        """The message that comes in pieces is over."""
        sub = self._sink
        if sub is not None:
            self._sink = None
            self._call(sub, _END, good)

    def feed(self, buf, off, n):
        """`n` bytes of `buf` from `off`."""
        client = self._client
        end = off + n
        while off < end and _OPENING < client.state < _FAREWELL:
            n = min(end - off, self._need, _STAGE)
            into = self._into
            if into is not None:
                if n < _FEW:
                    for k in range(off, off + n):
                        into.append(buf[k])
                else:
                    self._copier.set(self._stage, buf, off, n)
                    into.extend(self._stage)
            off += n
            self._need -= n
            while not self._need:
                self._need = next(self._reading)

    def _read(self):
        """A generator: yields how many bytes must come next, into `_into` (None: nowhere)."""
        client = self._client
        topic = self._topic
        p = self._body  # takes the payload, or the body of what is not a PUBLISH
        n = self._counts
        ids = self._ids
        bad = None
        while True:
            try:
                if bad:
                    client._bad(bad)
                    bad = None
                self._into = p
                clear(p)
                yield 1
                first = p[0]
                if first not in _FIRSTS:
                    bad = _TYPE
                    continue
                if (first == _CONNACK) != (client.state == _GREETING):
                    bad = _TWICE
                    continue
                size = shift = 0
                while shift < 28:
                    clear(p)
                    yield 1
                    size |= (p[0] & 127) << shift
                    if p[0] < 128:
                        break
                    shift += 7
                publish = first >> 4 == 3
                least = most = 0 if first == _PINGRESP else 2
                if publish:
                    least = 3
                    most = size
                elif first == _SUBACK:
                    least = 3
                    most = self._packet
                if shift == 28 or not least <= size <= most:
                    bad = _SIZE
                    continue
                clear(p)
                yield 2 if publish else size
                number = p[0] << 8 | p[1] if p else 1
                if not publish:
                    if number or first == _CONNACK:
                        bad = client._take(first, number, p)
                    else:
                        bad = _ZERO
                    continue
                id_size = 2 if first & 6 else 0
                left = size - 2 - number - id_size
                if left < 0 or not number:
                    bad = _SIZE
                    continue
                clear(topic)
                if number > _TOPIC:
                    self._into = None
                    yield number
                    number = 0
                self._into = topic
                yield number + id_size
                if id_size:
                    packet_id = topic[number] << 8 | topic[number + 1]
                    cut(topic, number)
                    if not packet_id:
                        bad = _ZERO
                        continue
                if number and not is_text(topic, True):
                    bad = _NO_TOPIC
                    continue
                self._into = None
                again = first & 4 and packet_id in ids
                full = bool(first & 4) and not again and 0 not in ids
                if client.state != _UP or (id_size and not client._room(full)):
                    pass
                elif again:
                    n[_DUPLICATES] += 1
                elif topic and size <= self._packet:
                    self._into = p
                else:
                    for sub in self._subs:
                        if (
                            topic
                            and sub[_SINK] is not None
                            and sub[_STATE] < _UNWANTED
                            and matches(sub, topic)
                        ):
                            self._sink = sub
                            if self._call(sub, _BEGIN, left):
                                self._into = p
                            else:
                                self._sink = None
                            n[_RECEIVED] += 1
                            break
                    else:
                        client._lost(_OVERSIZE, left)
                while True:
                    clear(p)
                    size = left
                    if self._into is not None:
                        size = min(left, self._packet)
                    yield size
                    left -= size
                    if self._sink is not None:
                        if p and not self._call(self._sink, _WRITE, p):
                            self.end()
                            self._into = None
                    elif self._into is not None:
                        n[_RECEIVED] += 1
                        nobody = 1
                        for sub in self._subs:
                            if sub[_STATE] < _UNWANTED and matches(sub, topic):
                                nobody = 0
                                if sub[_HANDLER] is not None:
                                    self._call(sub, _HANDLE, p)
                                elif self._call(sub, _BEGIN, len(p)):
                                    self._call(sub, _END, self._call(sub, _WRITE, p))
                        n[_UNROUTED] += nobody
                    if not left:
                        break
                self.end(True)
                if id_size and client.state == _UP:  # the application has it
                    if first & 4:
                        if packet_id not in ids:
                            ids[ids.index(0)] = packet_id
                        client._reply(_PUBREC, packet_id)
                    else:
                        client._reply(_PUBACK, packet_id)
            except EOFError:
                pass

    def _call(self, sub, step, a):
        """Call the application; False where it raised."""
        try:
            if step == _HANDLE:
                sub[_HANDLER](self._topic, a)
            elif step == _BEGIN:
                sub[_SINK].begin(self._topic, a)
            elif step == _WRITE:
                sub[_SINK].write(a)
            else:
                sub[_SINK].end(a)
            return True
        except Exception as error:
            self._client._lost(_FAILED, error)
            return False
