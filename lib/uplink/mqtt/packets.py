"""The half of the client that takes: subscriptions, and what each packet changes; CONNECT, and
what its packets are made of, in C where there is that.

What breaks the protocol closes the connection.
"""

from .. import log
from ..port.ticks import ticks_add

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


try:
    from _uplink import (  # the same in C: firmware/native, in images of ours
        Decoder,
        compose,
        cut_front,
        is_text,
        matches,
        put_header,
        put_number,
        subscription,
    )
except ImportError:
    from .decoder import (  # noqa: F401
        Decoder,
        compose,
        cut_front,
        is_text,
        matches,
        put_header,
        put_number,
        subscription,
    )

_CONNACK = const(0x20)
_PUBREC = const(0x50)
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)

_UP = const(4)  # see __init__.py
_IDS = const(32)
_QUEUED = const(0)  # see sender.py
_DONE = const(1)
_ACKNOWLEDGED = const(1)

# Counters: their place in these names, which are those of the attributes.
_ACKED = const(3)
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
    "last_code "  # of a refusing CONNACK
)

# Places in a subscription: see plain.py.
_STATE = const(0)
_TEXT = const(1)
_QOS = const(2)
_HANDLER = const(3)
_SINK = const(4)
# … and its states.
_WANTED = const(0)  # SUBSCRIBE must be sent
_ASKED = const(1)  # SUBACK awaited
_GRANTED = const(2)
_REFUSED = const(3)  # by the server; asked for again on the next connection
_UNWANTED = const(4)  # UNSUBSCRIBE must be sent (with _ASKED: behind the SUBACK)
_LEAVING = const(6)  # UNSUBACK awaited

_CODES = (
    "unacceptable protocol version;identifier rejected;server unavailable;"
    "bad user name or password;not authorized;unknown return code"
)
_WRONG = (  # what `_bad` is told, from 1
    "packet type, flags or code;packet length;packet identifier 0;no CONNACK, or two;topic name"
)
_TYPE = const(1)
_SIZE = const(2)


def connect_body(broker):
    """CONNECT (3.1) for the configuration `broker`, without its fixed header; raises ValueError.

    A client identifier may be empty only with a clean session (3.1.3-7), and a password needs
    a user name (3.1.2-22).
    """
    client = broker["client_id"] or b""
    user = broker.get("user")
    password = broker.get("password")
    will = broker.get("will")
    keepalive = broker["keepalive_s"]
    topic = message = None
    flags = 2 if broker.get("clean") else 0
    good = (client or flags) and 0 <= keepalive < 65536 and is_text(client, False)
    if will:
        topic = will["topic"]
        message = will["payload"]
        flags |= 4 | will["qos"] << 3 | (32 if will["retain"] else 0)
        good = good and is_text(topic, True) and 0 <= will["qos"] <= 2
    if user is not None:
        flags |= 128
        good = good and is_text(user, False)
    if password is not None:
        flags |= 64
        good = good and user is not None
    body = bytearray(b"\0\4MQTT\4")
    body.append(flags)
    put_number(body, keepalive)
    for field in (client, topic, message, user, password):
        if field is not None:
            good = good and len(field) < 65536
            put_number(body, len(field))
            body.extend(field)
    if not good:
        raise ValueError("mqtt: wrong client_id, will, user, password or keepalive_s")
    return body


class _Reader:
    """Part of `MQTT`, which has its attributes."""

    state: int
    _done: int
    _inflight: int
    _sub_id: int
    _slot: object

    def __getattr__(self, name):
        # Counters. (No property: in a class that has one, each `self.x = y` takes 40 us longer.)
        if name == "connected":
            return self.state == _UP
        k = _COUNTERS.find(name)
        n = len(name)
        if k < 1 or not (_COUNTERS.startswith(" ", k - 1) and _COUNTERS.startswith(" ", k + n)):
            raise AttributeError(name)
        return self._n[_COUNTERS.count(" ", 1, k)]

    def counters(self):
        """All counters, as a dict (allocates)."""
        out = {}
        for name in _COUNTERS.split()[:-1]:
            out[name.replace("messages_", "")] = self._n[len(out)]
        return out

    # ---- subscriptions --------------------------------------------------------------------------

    def on(self, filter, qos=1):
        """Decorator: `function(topic, payload)` takes the messages of a topic filter.

        Both are bytearrays that are valid until it returns. ValueError for a wrong filter.
        """

        return lambda function: self.subscribe(filter, function, qos)

    def subscribe(self, filter, handler, qos=1, sink=None):
        """The same without the decorator's form."""
        self._subs.append(subscription(filter, qos, handler, sink))
        self._unasked = True
        self._wake.set()
        return handler

    def on_large(self, filter, sink, qos=1):
        """Messages too large for the buffer come in pieces to `sink`.

        It has `begin(topic, size)`, `write(piece)` and `end(ok)`; smaller ones come as one piece
        where the filter has no handler.
        """
        text = subscription(filter, 0, None, None)[_TEXT]
        for sub in self._subs:
            if sub[_TEXT] == text and sub[_SINK] is None and sub[_STATE] < _UNWANTED:
                sub[_SINK] = sink
                return
        self.subscribe(filter, None, qos, sink)

    def unsubscribe(self, filter):
        """Forget a topic filter and its handlers."""
        text = subscription(filter, 0, None, None)[_TEXT]
        for sub in self._subs:
            if sub[_TEXT] == text:
                sub[_STATE] = _UNWANTED | (sub[_STATE] & 3 == _ASKED)
        self._unasked = True
        self._wake.set()

    # ---- what arrives ---------------------------------------------------------------------------

    def received(self, buf, off, n, now):
        """Bytes from the server."""
        self._now = self._heard_at = now
        self._decoder.feed(buf, off, n)
        self._pump()

    # ---- what the decoder tells -----------------------------------------------------------------

    def _bad(self, what):
        """It breaks the protocol: what is wrong, as in `_WRONG` from 1."""
        what = _WRONG.split(";")[what - 1]
        self._n[_MALFORMED] += 1
        log.error("mqtt", "malformed:", what)
        self._close(what)

    def _lost(self, which, what):
        """`what`: the bytes of a message that nobody takes, or what its handler raised."""
        self._n[which] += 1
        text = "message too large, bytes:"
        if which == _FAILED:
            text = "handler failed:"
        log.error("mqtt", text, what)

    def _take(self, first, number, body):
        """Everything but PUBLISH. What is wrong with it (see `_WRONG`), or None."""
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
            if m is self._slot:
                if self._done < m._total:  # type: ignore[attr-defined]
                    m = self._quick  # what has not gone out cannot be acknowledged
                else:
                    self._slot = None
                    self._done = 0
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
        if not kept:
            for k in range(_IDS):
                self._received[k] = 0
        for sub in self._subs:
            if not (kept and sub[_STATE] == _GRANTED):
                sub[_STATE] &= _UNWANTED  # wanted still, or not
        self._unasked = True
        # all messages are looked at again: as new ones where the session is lost; what the server
        # has taken over by PUBREC is over then
        self._passed = 0
        arena = self._arena
        for m in self._slots:
            if m._step > _DONE:
                if kept:
                    arena[m._off] |= 8  # DUP
                elif m._step == _PUBCOMP:
                    self._end(m, _ACKNOWLEDGED)
                else:
                    arena[m._off] &= 0xF7
                    m._step = _QUEUED
                    self._inflight -= 1
        n[_LAST_CODE] = self._long = 0
        self.last_error = None
        self._sent_at = self._since = now = self._now
        self._due = ticks_add(now, self._stable_ms)
        self.state = _UP
        log.info("mqtt", "connected, session present:", present)
        self._wake.set()

    def _answer(self, number, body):
        """SUBACK, UNSUBACK: the codes stand in the order of the filters (3.9)."""
        subs = self._subs
        k = 2
        for i in range(k, len(body)):
            if body[i] > 2 and body[i] != 0x80:
                return _TYPE
        if number != self._sub_id:
            return None
        for sub in subs:
            if sub[_STATE] & 3 == _ASKED:
                k += 1
        if k != len(body):
            return _SIZE
        self._sub_id = 0
        self._unasked = True  # there may be more
        i = len(subs)
        while i:
            i -= 1
            sub = subs[i]
            state = sub[_STATE]
            if state == _LEAVING:
                subs.pop(i)
            elif state & 3 == _ASKED:
                k -= 1
                code = body[k]
                sub[_STATE] = state & _UNWANTED or _GRANTED
                if code == 0x80:
                    sub[_STATE] = state & _UNWANTED or _REFUSED
                    self._n[_FILTERS_REFUSED] += 1
                    log.error("mqtt", "subscription refused:", sub[_TEXT])
                elif code < sub[_QOS]:
                    log.warn("mqtt", "granted a lower QoS:", sub[_TEXT], code)
