"""The half of the client that takes: subscriptions, and the server's bytes, in pieces of any size,
into packets and what comes of them.

A packet is gathered without heap in two buffers: a PUBLISH's topic, and its payload or any other
packet's body. A PUBLISH that does not fit is handed on in pieces, or drained. What breaks the
protocol closes the connection.
"""

from .. import log
from ..exact import _ALL, cut
from ..port.ticks import ticks_add
from .packets import Filter, const, is_topic

_CONNACK = const(0x20)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
# What a server can send as the first byte of a packet: not QoS 3, no other flags.
_FIRSTS = b"\x20\x40\x50\x62\x70\x90\xb0\xd0\x30\x31\x32\x33\x34\x35\x38\x39\x3a\x3b\x3c\x3d"

_STAGE = const(64)  # bytes that are copied at a time
_FEW = const(12)  # as many are faster one by one
_TOPIC = const(256)  # see __init__.py

_OPENING = const(2)  # see __init__.py
_GREETING = const(3)
_UP = const(4)
_FAREWELL = const(5)
_QUEUED = const(0)  # see sender.py
_DONE = const(1)
_ACKNOWLEDGED = const(1)

# Counters: their place in these names, which are those of the attributes.
_RECEIVED = const(2)
_ACKED = const(3)
_DUPLICATES = const(7)
_UNROUTED = const(8)
_OVERSIZE = const(9)
_FAILED = const(10)
_MALFORMED = const(13)
_LOGINS_REFUSED = const(14)
_FILTERS_REFUSED = const(15)
_CONNECTS = const(16)
_RECONNECTS = const(17)
_LAST_CODE = const(18)
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

# States of a filter; an odd one below 6 but REFUSED waits for an answer.
_WANTED = const(0)  # SUBSCRIBE must be sent
_ASKED = const(1)  # SUBACK awaited
_GRANTED = const(2)
_REFUSED = const(3)  # by the server; asked for again on the next connection
_UNWANTED = const(4)  # UNSUBSCRIBE must be sent
_LEAVING = const(5)  # UNSUBACK awaited

# Calls of the application.
_HANDLE = const(0)
_BEGIN = const(1)
_WRITE = const(2)
_END = const(3)

_CODES = (
    "unacceptable protocol version;identifier rejected;server unavailable;"
    "bad user name or password;not authorized;unknown return code"
)
_TYPE = "packet type, flags or code"
_SIZE = "packet length"
_ZERO = "packet identifier 0"


class Reader:
    """Part of `MQTT`, which has its attributes."""

    state: int
    _need: int
    _done: int
    _inflight: int
    _sub_id: int
    _slot: object

    def __getattr__(self, name):
        # Counters. (No property: in a class that has one, each `self.x = y` takes 40 us longer.)
        if name == "connected":
            return self.state == _UP
        if name == "last_code":  # of a refusing CONNACK
            return self._n[_LAST_CODE]
        k = _COUNTERS.find(name)
        n = len(name)
        if k < 1 or not (_COUNTERS.startswith(" ", k - 1) and _COUNTERS.startswith(" ", k + n)):
            raise AttributeError(name)
        return self._n[_COUNTERS.count(" ", 1, k)]

    def counters(self):
        """All counters, as a dict (allocates)."""
        out = {}
        for name in _COUNTERS.split():
            out[name[9:] if name.startswith("messages_") else name] = self._n[len(out)]
        return out

    # ---- subscriptions --------------------------------------------------------------------------

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
        self._subs.append(Filter(filter, qos, handler, sink))
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

    # ---- what arrives ---------------------------------------------------------------------------

    def received(self, buf, off, n, now):
        """Bytes from the server."""
        self._now = self._heard_at = now
        end = off + n
        while off < end and _OPENING < self.state < _FAREWELL:
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
        self._pump()

    def _read(self, p):
        """A generator: yields how many bytes must come next, into `_into` (None: nowhere).

        `p` takes the payload, or the body of what is not a PUBLISH.
        """
        topic = self._topic
        n = self._n
        bad = None
        while True:
            try:
                if bad:
                    n[_MALFORMED] += 1
                    log.error("mqtt", "malformed:", bad)
                    self._close(bad)
                    bad = None
                    yield 1  # until there is another connection
                self._into = p
                p[_ALL] = b""
                yield 1
                first = p[0]
                if first not in _FIRSTS:
                    bad = _TYPE
                    continue
                if (first == _CONNACK) != (self.state == _GREETING):
                    bad = "no CONNACK, or two"
                    continue
                size = shift = 0
                while shift < 28:
                    p[_ALL] = b""
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
                p[_ALL] = b""
                yield 2 if publish else size
                number = p[0] << 8 | p[1] if p else 1
                if not publish:
                    if number or first == _CONNACK:
                        bad = self._take_packet(first, number, p)
                    else:
                        bad = _ZERO
                    continue
                id_size = 2 if first & 6 else 0
                left = size - 2 - number - id_size
                if left < 0 or not number:
                    bad = _SIZE
                    continue
                topic[_ALL] = b""
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
                if number and not is_topic(topic):
                    bad = "topic name"
                    continue
                self._into = None
                ids = self._received
                if self.state != _UP or (id_size and not self._may_reply()):
                    pass
                elif first & 4 and packet_id in ids:
                    n[_DUPLICATES] += 1
                elif first & 4 and 0 not in ids:
                    self._close("too many QoS 2 messages in flight")
                elif topic and size <= self._packet:
                    self._into = p
                else:
                    for sub in self._subs:
                        if topic and sub.sink is not None and sub.matches(topic):
                            self._sink = sub
                            if self._call(sub, _BEGIN, left):
                                self._into = p
                            else:
                                self._sink = None
                            n[_RECEIVED] += 1
                            break
                    else:
                        n[_OVERSIZE] += 1
                        log.warn("mqtt", "message too large, not delivered, bytes:", left)
                while True:
                    p[_ALL] = b""
                    size = left
                    if self._into is not None:
                        size = min(left, self._packet)
                    yield size
                    left -= size
                    sub = self._sink
                    if sub is not None:
                        if p and not self._call(sub, _WRITE, p):
                            self._call(sub, _END, False)
                            self._into = self._sink = None
                    elif self._into is not None:
                        n[_RECEIVED] += 1
                        nobody = 1
                        for sub in self._subs:
                            if sub.state < _UNWANTED and sub.matches(topic):
                                nobody = 0
                                if sub.handler is not None:
                                    self._call(sub, _HANDLE, p)
                                elif self._call(sub, _BEGIN, len(p)):
                                    self._call(sub, _END, self._call(sub, _WRITE, p))
                        n[_UNROUTED] += nobody
                    if not left:
                        break
                if self._sink is not None:
                    self._call(self._sink, _END, True)
                    self._sink = None
                if id_size and self.state == _UP:  # the application has it
                    if first & 4:
                        if packet_id not in ids:
                            ids[ids.index(0)] = packet_id
                        self._reply(_PUBREC, packet_id)
                    else:
                        self._reply(_PUBACK, packet_id)
            except EOFError:
                pass

    def _call(self, sub, step, a):
        """Call the application; False where it raised."""
        try:
            if step == _HANDLE:
                sub.handler(self._topic, a)
            elif step == _BEGIN:
                sub.sink.begin(self._topic, a)
            elif step == _WRITE:
                sub.sink.write(a)
            else:
                sub.sink.end(a)
            return True
        except Exception as error:
            self._failed(error)
            return False

    def _failed(self, error):
        self._n[_FAILED] += 1
        log.error("mqtt", "handler failed:", error)

    # ---- everything but PUBLISH -----------------------------------------------------------------

    def _take_packet(self, first, number, body):
        """What is wrong with it, or None."""
        n = self._n
        self._transport.proved()
        if first == _CONNACK:
            code = body[1]
            if body[0] > 1:
                return _TYPE
            elif code:
                n[_LOGINS_REFUSED] += 1
                n[_LAST_CODE] = code
                text = _CODES.split(";")[min(code, 6) - 1]
                log.error("mqtt", "CONNECT refused:", text, code)
                self._long = 2
                self._close(text)
            else:
                self._welcome(body[0])
        elif first == _PINGRESP:
            self._pinging = False
        elif first == _PUBREL:
            ids = self._received
            if number in ids:
                ids[ids.index(number)] = 0
            self._reply(_PUBCOMP, number)
        elif first >= _SUBACK:
            return self._answer(number, body)
        else:  # PUBACK, PUBREC, PUBCOMP (3.4, 3.5, 3.7)
            m = self._find(number)
            whole = self._done == m._total
            if m is self._slot:
                if whole:
                    self._slot = None
                    self._done = 0
                else:
                    m = self._quick  # what has not gone out cannot be acknowledged
            if m._step == first:
                self._fruitless = -1  # this connection brings something
                if first == _PUBREC:
                    m._step = _PUBCOMP
                    if m is self._slots[0]:
                        self._since = self._now
                else:
                    n[_ACKED] += 1
                    self._end(m, _ACKNOWLEDGED)
            if first == _PUBREC and m._step & 0x31:  # nobody's, or PUBCOMP is awaited
                self._reply(_PUBREL, number)

    def _welcome(self, present):
        """The server has accepted us (3.2)."""
        n = self._n
        n[_RECONNECTS] = n[_CONNECTS]
        n[_CONNECTS] += 1
        self.session_present = kept = present and not self._hello[7] & 2
        for k in range(0 if kept else len(self._received)):
            self._received[k] = 0
        for sub in self._subs:
            if not (kept and sub.state == _GRANTED):
                sub.state &= _UNWANTED  # wanted still, or not
        self._unasked = True
        # all messages are looked at again: as new ones where the session is lost; what the server
        # has taken over by PUBREC is over then
        self._passed = 0
        arena = self._arena
        for m in self._slots:
            if m._step > _DONE:
                arena[m._off] |= 8  # DUP
                if m._step == _PUBCOMP:
                    if not kept:
                        self._end(m, _ACKNOWLEDGED)
                elif not kept:
                    arena[m._off] ^= 8
                    m._step = _QUEUED
                    self._inflight -= 1
        n[_LAST_CODE] = self._long = 0
        self.last_error = None
        self._sent_at = self._since = now = self._now
        self._due = ticks_add(now, self._stable_ms)
        self.state = _UP
        log.info("mqtt", "connected, session present:", present)
        self._touch()

    def _answer(self, number, body):
        """SUBACK, UNSUBACK: the codes stand in the order of the filters (3.9)."""
        subs = self._subs
        k = 2
        for i in range(k, len(body)):
            if body[i] > 2 and body[i] != 0x80:
                return _TYPE
        if number != self._sub_id:
            return
        for sub in subs:
            if sub.state == _ASKED:
                k += 1
        if k != len(body):
            return _SIZE
        self._sub_id = 0
        self._unasked = True  # there may be more
        i = len(subs)
        while i:
            i -= 1
            sub = subs[i]
            if sub.state == _LEAVING:
                subs.pop(i)
            elif sub.state == _ASKED:
                k -= 1
                code = body[k]
                sub.state = _GRANTED
                if code == 0x80:
                    sub.state = _REFUSED
                    self._n[_FILTERS_REFUSED] += 1
                    log.error("mqtt", "subscription refused by the server:", sub.text)
                elif code < sub.qos:
                    log.warn("mqtt", "granted a lower QoS:", sub.text, code)
