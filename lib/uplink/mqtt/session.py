"""The half of the client that sends: its state and memory, made once, and what goes out when."""

from .. import log
from ..exact import buffer, clear, cut, resize
from ..port.ticks import FOREVER
from .outbox import Outbox, Receipt
from .packets import begin, connect, const, drop, number
from .reader import Reader

# MQTT.state
_IDLE = const(0)  # not wanted
_PAUSE = const(1)  # backoff before the next attempt
_OPENING = const(2)  # the transport connects
_GREETING = const(3)  # CONNECT sent, CONNACK awaited
_UP = const(4)
_FAREWELL = const(5)  # DISCONNECT sent
_CLOSING = const(6)  # the transport closes

# States of a filter; an odd one below 6 but REFUSED waits for an answer.
_WANTED = const(0)  # SUBSCRIBE must be sent
_ASKED = const(1)  # SUBACK awaited
_GRANTED = const(2)
_REFUSED = const(3)  # by the server; asked for again on the next connection
_UNWANTED = const(4)  # UNSUBSCRIBE must be sent
_LEAVING = const(5)  # UNSUBACK awaited

_QUEUED = const(0)  # see outbox.py
_SENT = const(1)
_RELEASED = const(2)
_ACKNOWLEDGED = const(1)
_DROPPED = const(2)

_PUBREL = const(0x62)

_ACKS = const(256)  # bytes of acknowledgements that may wait for the transport
_RECEIVED = const(32)  # QoS 2 messages that the server may have in flight
_TOPIC = const(256)  # longest topic name received
_FRUITLESS = const(5)  # connections that bring nothing before a new session is begun


class Counters:
    """Plain integers, beside the client: its own table of attributes stays small and quick."""

    def __init__(self):
        self.published = 0  # accepted by publish
        self.messages_sent = 0  # PUBLISH packets sent, all QoS
        self.messages_received = 0  # delivered messages
        self.acked = 0
        self.resent = 0
        self.dropped = 0
        self.refused = 0  # publish had no room
        self.duplicates = 0  # of QoS 2, received again
        self.unrouted = 0  # no handler for the topic
        self.oversize = 0  # received, too large, nobody takes pieces
        self.failed = 0  # handlers that raised
        self.pings = 0
        self.timeouts = 0
        self.malformed = 0
        self.logins_refused = 0
        self.filters_refused = 0
        self.connects = 0
        self.reconnects = 0


class Session(Reader):
    """Part of `MQTT`, which tells the arguments."""

    def __init__(self, loop, transport, cfg, rand=None):
        broker = cfg["broker"]
        room = cfg["outbox"]
        backoff = cfg["backoff"]
        packet = room["packet"]
        super().__init__(packet, min(packet, _TOPIC))
        self._n = Counters()
        if rand is None:
            from random import randrange as rand
        self._rand = rand
        self._host = broker["host"]
        self._tls = broker["tls"]
        self._port = broker["port"] or (8883 if self._tls else 1883)
        self._hello = connect(broker)
        self._clean = broker.get("clean", False)
        # 3.1.2-23 limits the gap between packets sent; what is "sent" on a modem is only queued
        self._ping_ms = broker["keepalive_s"] * 625 or FOREVER
        self._answer_ms = broker.get("answer_s", 30) * 1000
        self._ack_ms = broker.get("ack_s", 120) * 1000
        self._first_ms = backoff["first_s"] * 1000
        self._max_ms = backoff["max_s"] * 1000
        self._stable_ms = backoff["stable_s"] * 1000
        # state
        self.state = _IDLE
        self.connected = False
        self.session_present = False
        self.last_error = None  # a sentence: why it is not connected, or was not
        self.last_code = 0  # of a refusing CONNACK
        self._wanted = loop is not None
        self._leaving = False  # the limit for what is to be sent before DISCONNECT runs
        self._now = 0
        self._due = 0  # in PAUSE: when to open; else when what `answer_s` limits began
        self._attempts = 0
        self._why = None  # why we close
        self._long = False  # a refused login: the longest pause
        self._was_up = False  # this connection was accepted, at:
        self._up_at = 0
        self._acked_up = 0  # `acked` when this connection was accepted
        self._ungreeted = False  # the server closed before CONNACK, the last time
        self._fruitless = 0  # accepted connections in a row that the server ended, nothing acked
        self._greeted = False  # the transport has taken CONNECT
        self._sent_at = 0
        self._heard_at = 0  # since the last PINGREQ, or before
        self._pinging = False
        self._ping_at = 0
        # sending
        self._busy = False  # the transport has not taken yet what it was given
        self._busy_at = 0
        self._fresh = False  # `_busy_at` is for the next `poll` to set: publish knows no time
        self._since = 0  # when the oldest message, or filter, began to wait for its answer
        self._pumping = False
        self._out = 0  # bytes of `_ctl` that the transport has
        self._held = False  # `_tx` holds a piece that the transport did not take
        self._next_id = self._rand(65535)  # a session from before a restart may hold low ones
        self._subs = []
        self._unasked = True  # a SUBSCRIBE or UNSUBSCRIBE may have to be sent
        self._sub_id = 0  # of the one that waits for its answer
        self._received = [0] * _RECEIVED  # QoS 2: delivered, not released
        self._sink = None  # the filter that a message goes to
        self._topic = None  # the topic published last, and its bytes
        self._name = None
        self._wake = event = None
        if loop is not None:
            from ..loop import Event

            event = Event(loop)
            self._wake = Event(loop)
        # memory
        self._outbox = Outbox(room["messages"], room["bytes"], room["inflight"], event)
        self._direct = Receipt(event)  # QoS 0 that goes out at once, in `_tx`
        self._room = packet // 8 + 128
        self._tx = buffer(self._room)
        self._head = buffer(96)  # of the QoS 0 PUBLISH before; it fits the next of this length:
        self._key = 0
        self._ctl = buffer(_ACKS)  # acknowledgements and the like, in order
        self._transport = transport
        transport.listener = self
        if loop is not None:
            loop.spawn(self._run(loop), "mqtt")

    def counters(self):
        """All counters, as a dict (allocates)."""
        out = {}
        for name, value in self._n.__dict__.items():
            out[name[9:] if name.startswith("messages_") else name] = value
        return out

    def _touch(self):
        """Something changed that `poll` must look at."""
        if self._wake is not None:
            self._wake.set()

    def _close(self, why):
        """Close the transport because of `why` (None: as wanted)."""
        if self.state != _CLOSING and self.state != _IDLE:
            self._why = why
            self._need = -1
            self.connected = False
            self.state = _CLOSING
            self._transport.close()

    def _drop(self, m, why):
        if m is not self._direct:
            # its topic, for the log
            b = self._outbox.arena
            k = m.off + 1
            while b[k] & 128:
                k += 1
            tx = self._tx
            clear(tx)
            for i in range(min(b[k + 1] << 8 | b[k + 2], 200)):
                tx.append(b[k + 3 + i])
            log.error("mqtt", "message dropped:", tx, why)
        self._n.dropped += 1
        self._outbox.end(m, _DROPPED)

    # ---- sending --------------------------------------------------------------------------------

    def _send(self, buf, off, n):
        """Hand bytes to the transport; False = not taken."""
        self._busy = self._fresh = True
        if self._transport.send(buf, off, n):
            return True
        self._busy = False
        return False

    def _pump(self):
        """Send whatever is next until the transport is busy."""
        if not self._pumping:
            self._pumping = True
            try:
                while self.state == _UP and not self._busy and self._next():
                    pass
            finally:
                self._pumping = False

    def _next(self):
        """Send one packet, or one piece of a long one; True = there may be more to do."""
        ctl = self._ctl
        box = self._outbox
        if self._out:  # the transport has taken it
            drop(ctl, self._out)
            self._out = 0
        m = self._slot
        if m is not None and self._done == m.total:
            self._slot = m2 = None
            self._done = 0
            if not m.qos:
                box.end(m, _ACKNOWLEDGED)
            elif box.waiting == 1:
                self._since = self._now
                self._touch()
            m = m2
        if ctl and not self._done:
            n = len(ctl)
            if self._send(ctl, 0, n):
                self._out = n
                return True
            return False
        if m is None:
            if self._unasked and not self._sub_id:
                self._unasked = False
                self._ask()
                if self._busy or self._unasked:
                    return self._busy
            if box.waste:
                box.pack()
            m = box.next()
            if m is None:
                return not self._wanted and not box.count and not self._sub_id and self._leave()
            box.passed += 1
            if m.step == _RELEASED:  # 4.3.3: only PUBREL, in the order of the messages
                self._reply(_PUBREL, m.id)
                return True
            if m.source is not None and m.qos:
                try:
                    m.source.seek(0)
                except Exception as error:
                    self._drop(m, error)
                    return True
            self._slot = m
        return self._piece(m)

    def _piece(self, m):
        """The next piece of the message that is on its way."""
        done = self._done
        tx = self._tx
        n = min(m.size - done, self._packet)
        if n > 0:
            ok = self._send(tx if m is self._direct else self._outbox.arena, m.off + done, n)
        else:
            if not self._held:
                resize(tx, min(m.total - done, self._room))
                try:
                    n = m.source.readinto(tx) or 0
                except Exception as error:
                    self._raised(error)
                if n <= 0:
                    # the packet has begun and cannot be completed: the server must not wait for it
                    self._slot = None
                    self._done = 0
                    self._drop(m, "its source ended early")
                    self._close("the source of a message ended early")
                    return False
                cut(tx, n)
                self._held = True
            n = len(tx)
            ok = self._send(tx, 0, n)
        if not ok or self.state != _UP:
            return False
        self._held = False
        if not done:
            self._n.messages_sent += 1
            if m.step:
                self._n.resent += 1
            elif m.qos:
                self._outbox.waiting += 1
            m.step = _SENT
        self._done = done + n
        return True

    def _ask(self):
        """One SUBSCRIBE for all filters that are wanted, or one UNSUBSCRIBE.

        As many as the buffer holds; the rest follows after the answer.
        """
        state = _WANTED
        while True:
            size = 2
            extra = 3 if state == _WANTED else 2
            for sub in self._subs:
                if sub.state == state:
                    n = len(sub.text) + extra
                    if size > 2 and size + n + 5 > self._room:
                        break
                    size += n
                    sub.state = state + 1
            if size > 2:
                break
            if state:
                return
            state = _UNWANTED
        tx = self._tx
        clear(tx)
        begin(tx, 0xA2 if state else 0x82, size)
        self._sub_id = self._new_id()
        number(tx, self._sub_id)
        for sub in self._subs:
            if sub.state == state + 1:
                number(tx, len(sub.text))
                tx.extend(sub.text)
                if not state:
                    tx.append(sub.qos)
        self._since = self._now
        if not self._send(tx, 0, len(tx)):
            self._not_asked()

    def _not_asked(self):
        """A SUBSCRIBE or UNSUBSCRIBE was not sent, or its answer can come no more."""
        self._sub_id = 0
        self._unasked = True
        for sub in self._subs:
            if sub.state == _ASKED or sub.state == _LEAVING:
                sub.state -= 1

    def _new_id(self):
        """A packet identifier that nothing in flight has (2.3.1)."""
        n = self._next_id
        while True:
            n = n % 65535 + 1
            if n != self._sub_id and self._outbox.find(n) is None:
                self._next_id = n
                return n

    def _leave(self):
        """DISCONNECT (3.14): nothing is sent after it."""
        ctl = self._ctl
        n = len(ctl)
        number(ctl, 0xE000)
        self.state = _FAREWELL
        self._due = self._now
        if not self._send(ctl, 0, n + 2):
            self.state = _UP
            cut(ctl, n)
            return False
        self.connected = False
        self._touch()
        return True

    def _greet(self):
        hello = self._hello
        k = hello.find(b"MQTT") + 5
        hello[k] &= 0xFD
        if self._clean or self._fruitless >= _FRUITLESS:
            hello[k] |= 2  # the session ends each time: a new one
        self._greeted = self._send(hello, 0, len(hello))

    def _may_reply(self, n=4):
        """True where an acknowledgement finds room; closes where it does not."""
        if len(self._ctl) + n <= _ACKS:
            return True
        if n > 2:
            self._close("more messages than the transport lets us acknowledge")
        return False

    def _reply(self, kind, packet_id):
        if self._may_reply():
            ctl = self._ctl
            ctl.append(kind)
            ctl.append(2)
            number(ctl, packet_id)
