"""The half of the client that reads: the server's bytes, in pieces of any size, into packets, and
what comes of them.

A packet is gathered without heap in two buffers, topic and payload; a PUBLISH that does not fit
is handed on in pieces, or drained. What breaks the protocol ends in `on_bad(text)`.
"""

from .. import log
from ..exact import Copier, buffer, clear
from .packets import const, is_topic

_CONNACK = const(0x20)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGRESP = const(0xD0)
_FIRSTS = b"\x20\x40\x50\x62\x70\x90\xb0\xd0"  # what a server can send, but PUBLISH

# What has come once `_need` bytes of the body are here.
_WHOLE = const(0)
_LENGTH = const(1)  # of a PUBLISH: the length of its topic
_NAME = const(2)
_ID = const(3)
_PAYLOAD = const(4)  # all of it
_PIECE = const(5)

_STAGE = const(64)  # bytes that are copied at a time
_FEW = const(12)  # as many are faster one by one

_UP = const(4)  # see session.py
_WANTED = const(0)
_ASKED = const(1)
_GRANTED = const(2)
_REFUSED = const(3)
_UNWANTED = const(4)
_LEAVING = const(5)

_SENT = const(1)  # see outbox.py
_RELEASED = const(2)
_ACKNOWLEDGED = const(1)

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
_SHORT = "packet length"
_ZERO = "packet identifier 0"


class Reader:
    """`packet`: longest body that is held whole; `topic`: longest topic name, both in bytes.

    Packets come to `on_packet(first, id, body)` and `on_publish(topic, payload, first, id)`; a
    PUBLISH that is too large to `on_head(topic or None, size, first, id) -> bool` (True: wants
    the pieces), `on_piece(payload) -> bool` (True: wants more) and `on_end(first, id)`. `first` is
    the packet's first byte (of PUBLISH: DUP 8, QoS 6, RETAIN 1).
    """

    def __init__(self, packet, topic):
        self._packet = packet
        self._longest = topic
        self._heading = buffer(topic)
        self._payload = buffer(packet)
        self._stage = buffer(_STAGE)
        self._copier = Copier(_STAGE)
        self._into = None  # where the bytes awaited go; None: nowhere
        self._step = 0
        self._left = 0  # bytes of a PUBLISH behind those awaited
        self._number = 0  # its packet identifier
        self._slot = None  # the message whose PUBLISH goes out
        self._done = 0  # bytes of it that the transport was given
        self.reset()

    def __getattr__(self, name):
        # Counters, and `waiting`: messages in the outbox. (No property: in a class that has one,
        # each `self.x = y` takes 40 us longer.)
        if name == "_n" or name == "_outbox":
            raise AttributeError(name)  # not made yet
        return self._outbox.count if name == "waiting" else getattr(self._n, name)

    def reset(self):  # a new connection: nothing has been read
        self.greeted = False  # CONNACK has come
        self._first = 0  # of the packet that is being read
        self._remaining = 0  # its length
        self._shift = 0
        self._need = 0  # bytes of its body that are awaited; -1: nothing is read any more

    def feed(self, buf, off, n):
        """Take `buf[off:off + n]`."""
        end = off + n
        while off < end:
            need = self._need
            if need < 0:
                return
            if need:
                n = end - off
                if n > need:
                    n = need
                into = self._into
                if into is not None:
                    if n < _FEW:
                        for k in range(off, off + n):
                            into.append(buf[k])
                    else:
                        if n > _STAGE:
                            n = _STAGE
                        self._copier.set(self._stage, buf, off, n)
                        into.extend(self._stage)
                off += n
                self._need = need - n
                if n < need:
                    continue
                bad = None
            else:
                bad = self._header(buf[off])
                off += 1
            while not bad and not self._need and self._first and self._step >= 0:
                bad = self._part()
            if bad:
                self._need = -1
                self.on_bad(bad)

    def _header(self, c):
        """A byte of the fixed header. Like `_part`: what is wrong with it, or None."""
        first = self._first
        self._step = -1
        if not first:
            if c >> 4 == 3:
                if c & 6 == 6:
                    return "QoS 3"
            elif c not in _FIRSTS:
                return _TYPE
            if (c == _CONNACK) == self.greeted:
                return "no CONNACK, or two"
            self._first = c
            self._remaining = self._shift = 0
            return None
        self._remaining = n = self._remaining | (c & 127) << self._shift
        self._shift += 7
        if c & 128:
            return _SHORT if self._shift > 21 else None
        self._into = self._payload
        clear(self._payload)
        self._step = _WHOLE
        if first >> 4 == 3:
            if n < 3:
                return _SHORT
            self._step = _LENGTH
            n = 2
        elif first == _SUBACK:
            if n < 3 or n > self._packet:
                return _SHORT
        elif n != (0 if first == _PINGRESP else 2):
            return _SHORT
        self._need = n
        return None

    def _part(self):
        """`_need` bytes of the body are here. What is wrong with them, or None."""
        p = self._payload
        step = self._step
        first = self._first
        topic = self._heading
        n = len(p)
        number = p[0] << 8 | p[1] if n > 1 else 0
        with_id = first & 6
        if step == _WHOLE:
            self._first = 0  # the next byte begins another
            if first == _CONNACK:
                if p[0] & 0xFE:
                    return _TYPE
                self.greeted = True
            elif n and not number:
                return _ZERO
            elif first == _SUBACK:
                for k in range(2, n):
                    if p[k] > 2 and p[k] != 0x80:
                        return _TYPE
            self.on_packet(first, number, p)
        elif step == _LENGTH:
            self._left = self._remaining - 2 - number
            if with_id:
                self._left -= 2
            if self._left < 0 or not number:
                return _SHORT
            clear(topic)
            self._into = topic if number <= self._longest else None
            self._need = number
            self._step = _NAME
        elif step == _NAME:
            if topic and not is_topic(topic):
                return "topic name"
            clear(p)
            self._into = p
            self._need = 2 if with_id else 0
            self._step = _ID
        elif step == _ID:
            if with_id and not number:
                return _ZERO
            self._number = number
            clear(p)
            self._step = _PAYLOAD
            self._need = self._left
            if self._remaining > self._packet or not topic:
                self._step = _PIECE
                self._need = 0
                wanted = self.on_head(topic or None, self._left, first, number)
                if not topic or not wanted:
                    self._into = None
        elif step == _PAYLOAD:
            self._first = 0  # the next byte begins another
            self.on_publish(topic, p, first, self._number)
        else:
            if n and self._into is not None and not self.on_piece(p):
                self._into = None
            if self._need < 0:
                return None  # closed meanwhile
            n = self._left
            if n:
                clear(p)
                if self._into is not None and n > self._packet:
                    n = self._packet
                self._left -= n
                self._need = n
            else:
                self._first = 0  # the next byte begins another
                self.on_end(first, self._number)
        return None

    # ---- what arrives ---------------------------------------------------------------------------

    def on_bad(self, text):
        """The server broke the protocol."""
        self._n.malformed += 1
        log.error("mqtt", "malformed packet:", text)
        self._close(text)

    def on_packet(self, first, packet_id, body):
        """Anything but PUBLISH."""
        self._transport.proved()
        if first == _CONNACK:
            self._welcome(body[0], body[1])
        elif first == _PINGRESP:
            self._pinging = False
        elif first == _PUBREL:
            ids = self._received
            if packet_id in ids:
                ids[ids.index(packet_id)] = 0
            self._reply(_PUBCOMP, packet_id)
        elif first == _SUBACK or first == _UNSUBACK:
            if packet_id == self._sub_id:
                self._answer(first, body)
        else:  # PUBACK, PUBREC, PUBCOMP (3.4, 3.5, 3.7)
            box = self._outbox
            m = box.find(packet_id)
            now = self._now
            oldest = box.oldest
            if m is None or (m is self._slot and self._done < m.total):
                if first == _PUBREC:
                    self._reply(_PUBREL, packet_id)
            elif first == _PUBREC:
                if m.qos == 2 and m.step:
                    if m.step == _SENT:
                        self._acked_up = -1  # an answer: this connection brings something
                        m.step = _RELEASED
                        if m is box.slots[oldest]:
                            self._since = now
                    self._reply(_PUBREL, packet_id)
            elif (first == _PUBACK and m.qos == 1 and m.step == _SENT) or (
                first == _PUBCOMP and m.step == _RELEASED
            ):
                if m is self._slot:
                    self._slot = None
                    self._done = 0
                self._n.acked += 1
                box.end(m, _ACKNOWLEDGED)
                if box.oldest != oldest:
                    self._since = now

    def _welcome(self, present, code):
        """CONNACK (3.2)"""
        if code:
            self._n.logins_refused += 1
            self.last_code = code
            text = _CODES.split(";")[min(code, 6) - 1]
            log.error("mqtt", "CONNECT refused:", text, code)
            self._long = True
            self._close(text)
            return
        kept = present == 1 and not self._clean
        self.session_present = kept
        ids = self._received
        for k in range(0 if kept else len(ids)):
            ids[k] = 0
        for sub in self._subs:
            if sub.state < _UNWANTED and not (kept and sub.state == _GRANTED):
                sub.state = _WANTED
        self._unasked = True
        self._outbox.resume(kept)
        if self._n.connects:
            self._n.reconnects += 1
        self._n.connects += 1
        self.last_code = 0
        self.last_error = None
        self._was_up = True
        self._ungreeted = False
        self._up_at = self._sent_at = self._since = self._now
        self._acked_up = self._n.acked
        self.state = _UP
        self.connected = True
        log.info("mqtt", "connected, session present:", present)
        self._touch()

    def _answer(self, first, body):
        """SUBACK, UNSUBACK: the codes stand in the order of the filters (3.9)."""
        subs = self._subs
        k = 2
        i = len(subs)
        for sub in subs:
            if sub.state == _ASKED:
                k += 1
        if k != len(body):
            self.on_bad(_SHORT)
            return
        self._sub_id = 0
        self._unasked = True  # there may be more
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
                    self._n.filters_refused += 1
                    log.error("mqtt", "subscription refused by the server:", sub.text)
                elif code < sub.qos:
                    log.warn("mqtt", "granted a lower QoS:", sub.text, code)

    # ---- messages -------------------------------------------------------------------------------

    def on_publish(self, topic, payload, first, packet_id):
        """A message that is here as a whole (3.3)."""
        if self._take(first, packet_id):
            self._n.messages_received += 1
            routed = False
            for sub in self._subs:
                if sub.state < _UNWANTED and sub.matches(topic):
                    routed = True
                    if sub.handler is not None:
                        self._call(sub, _HANDLE, topic, payload)
                    elif self._call(sub, _BEGIN, topic, len(payload)):
                        self._sink = sub
                        self.on_piece(payload)
                        self._sink_end(True)
            if not routed:
                self._n.unrouted += 1
        self._took(first, packet_id)

    def on_head(self, topic, size, first, packet_id):
        """The head of a message that is too large: True where its pieces are wanted."""
        self._sink = None
        if self._take(first, packet_id):
            for sub in self._subs:
                if topic and sub.sink is not None and sub.matches(topic):
                    self._n.messages_received += 1
                    if self._call(sub, _BEGIN, topic, size):
                        self._sink = sub
                    return self._sink is not None
            self._n.oversize += 1
            log.warn("mqtt", "message too large, not delivered, bytes:", size)
        return False

    def on_piece(self, piece):
        """More of it: True where it is still wanted."""
        if self._call(self._sink, _WRITE, piece):
            return True
        self._sink_end(False)
        return False

    def on_end(self, first, packet_id):
        """It is here to its last byte."""
        self._sink_end(True)
        self._took(first, packet_id)

    def _sink_end(self, ok):
        sub = self._sink
        self._sink = None
        if sub is not None:
            self._call(sub, _END, ok)

    def _call(self, sub, step, a, b=None):
        """Call the application; False where it raised."""
        try:
            if step == _HANDLE:
                sub.handler(a, b)
            elif step == _BEGIN:
                sub.sink.begin(a, b)
            elif step == _WRITE:
                sub.sink.write(a)
            else:
                sub.sink.end(a)
            return True
        except Exception as error:
            self._raised(error)
            return False

    def _raised(self, error):
        self._n.failed += 1
        log.error("mqtt", "handler failed:", error)

    def _take(self, first, packet_id):
        """True where a message must be delivered: not a QoS 2 message that was before."""
        if self.state != _UP:
            return False
        if first & 4:
            if packet_id in self._received:
                self._n.duplicates += 1
                return False
            if 0 not in self._received:
                self._close("more QoS 2 messages in flight than there is room for")
                return False
        return not first & 6 or self._may_reply()

    def _took(self, first, packet_id):
        """Acknowledge what the application has."""
        if self.state == _UP and first & 6:
            if first & 4:
                ids = self._received
                if packet_id not in ids:
                    ids[ids.index(0)] = packet_id
                self._reply(_PUBREC, packet_id)
            else:
                self._reply(_PUBACK, packet_id)
