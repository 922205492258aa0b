"""The module's own MQTT behind the calls of `uplink.mqtt.MQTT`; README.md tells its limits."""

from uplink import exact, log
from uplink.errors import closed_text
from uplink.loop import Event
from uplink.modem.states import const
from uplink.mqtt.packets import is_text, matches, subscription
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

from .service import Service

_BUSY = const(3)
_PLACES = const(30)  # messages that the module keeps
_TOPIC_MAX = const(128)  # what a command line has room for beside the rest
_MESSAGE_MAX = const(1500)
_WATCH_MS = const(30_000)  # nobody says that the connection is gone

# MQ.phase: the script that is due, or
_OFF = const(0)
_PAUSE = const(1)  # before the next attempt
_UP = const(2)
_CONNECT = const(97)  # a
_END = const(101)  # e
_PUBLISH = const(112)  # p
_READ = const(114)  # r
_SUBSCRIBE = const(115)  # s
_WATCH = const(119)  # w

_TEXT = const(1)  # places in a subscription: see mqtt/plain.py
_HANDLER = const(3)
_WAITING = const(0)  # of receipts
_ACKED = const(1)
_DROPPED = const(2)
_PEER = const(1)  # of errors.CLOSED_
_OURS = (None, None, None)
_COUNTERS = "published acked dropped refused received missed unrouted failed_handlers connects"


class Message:
    """A place of the outbox, and the receipt: `await` gives True = the broker has it."""

    def __init__(self, event, size):
        self._event = event
        self.state = _ACKED
        self.serial = 0
        self.topic = exact.buffer(_TOPIC_MAX)
        self.payload = exact.buffer(size)
        self.qos = 0
        self.retain = False

    def __iter__(self):
        serial = self.serial
        while self.serial == serial and not self.state:
            yield from self._event.wait()
        return self.serial != serial or self.state == _ACKED

    __await__ = __iter__


class ModuleMQTT(Service):
    """`cfg` has broker, outbox and backoff, as for `MQTT`."""

    def __init__(self, core, vendor):
        super().__init__(core, vendor, "mqtt")
        cfg = core.cfg
        self.broker = cfg["broker"]
        self.backoff = cfg["backoff"]
        size = min(cfg["outbox"]["packet"], _MESSAGE_MAX)
        event = self._event = Event(core.loop)
        count = min(cfg["outbox"]["messages"], max(cfg["outbox"]["bytes"] // size, 1))
        self.spare = [Message(event, size) for _ in range(count)]
        self.outbox = []
        self.filters = []
        self.granted = bytearray(0)  # of filters: 1 = the module has it
        self.index = 0
        self.no_qos = False
        self.words = _OURS  # how TLS is done, where that is not ours to say
        self.sizes = [0] * _PLACES
        # … and last that of the message that is being read: its place may be taken meanwhile
        self.topics = [exact.buffer(_TOPIC_MAX) for _ in range(_PLACES + 1)]
        self.size = 0
        self.rung = exact.buffer(_PLACES)  # what was announced and not yet read, in order
        self.place = 0
        self.inbox = exact.buffer(_MESSAGE_MAX)
        self.over_size = False
        self.piece = exact.buffer(256)
        self.copy = exact.Copier(256)
        self.waiting = 0  # messages in the outbox
        self.fails = 0  # of the oldest of them
        self.phase = _OFF
        self.connected = False
        self.up = False
        self.last_error = None
        self.wait_ms = 0
        self.watch_at = 0
        self.published = 0
        self.acked = 0
        self.dropped = 0
        self.refused = 0
        self.received = 0
        self.missed = 0
        self.unrouted = 0
        self.failed_handlers = 0
        self.connects = 0
        self.connect()

    # ---- for the application --------------------------------------------------------------------

    @staticmethod
    def _bytes(text):
        return text.encode() if isinstance(text, str) else text

    def publish(self, topic, payload, qos=0, retain=False):
        """A receipt, or None where the outbox has no room. ValueError: what cannot be said."""
        topic = self._bytes(topic)
        payload = self._bytes(payload)
        if not is_text(topic, True) or not self._sayable(topic) or not 0 <= qos <= 2:
            raise ValueError("mqtt: topic or QoS")
        if not self.spare or not 0 < len(payload) <= _MESSAGE_MAX:
            self.refused += 1
            return None
        one = self.spare.pop(0)
        exact.clear(one.topic)
        one.topic.extend(topic)
        exact.clear(one.payload)
        one.payload.extend(payload)
        one.qos = qos
        one.retain = retain
        one.state = _WAITING
        one.serial += 1
        self.outbox.append(one)
        self.waiting += 1
        self.published += 1
        self.core.wake()
        return one

    def subscribe(self, filter, handler, qos=1):
        """`handler(topic, payload)` for what matches; bytearrays, valid until it returns."""
        one = subscription(filter, qos, handler, None)
        if not self._sayable(one[_TEXT]):
            raise ValueError("mqtt: filter")
        self.filters.append(one)
        self.granted.append(0)
        self.core.wake()

    def on(self, filter, qos=1):
        """`subscribe` as a decorator."""

        def register(handler):
            self.subscribe(filter, handler, qos)
            return handler

        return register

    def connect(self):
        """Connect, and stay connected."""
        broker = self.broker
        self.host = broker["host"]
        self.port = broker["port"]
        self.tls = broker["tls"]
        self.phase = _CONNECT
        self.asked = False
        self.wants()

    def security(self, suite=None, connection=None, version=None):
        """From the next connection on TLS is set in these words instead of by the configuration:
        what stands behind `AT#SSLSECCFG=1,`, `AT#SSLCFG=1,`, `AT#SSLSECCFG2=1,`; None: ours.

        With them verification, the check of the server's name, and versions can be given up: each
        connection says so in the log.
        """
        words = []
        for text in (suite, connection, version):
            if text is not None:
                text = self._bytes(text)
                for c in text:
                    if not (48 <= c <= 57 or c == 44 or 65 <= c & 95 <= 70 or c == 120):
                        raise ValueError("mqtt: digits and commas")
            words.append(text or None)
        self.words = tuple(words)

    def disconnect(self):
        """Leave the broker; what waits stays in the outbox."""
        self._down(None)
        self.phase = _END
        self.core.wake()

    def counters(self):
        """All counters, as a dict (allocates)."""
        return {name: getattr(self, name) for name in _COUNTERS.split()}

    @staticmethod
    def _sayable(text):
        if not 0 < len(text) <= _TOPIC_MAX:
            return False
        for c in text:
            if c < 32 or c == 34 or c == 92 or c > 126:
                return False
        return True

    # ---- of Service -----------------------------------------------------------------------------

    def begin(self):
        phase = self.phase
        now = self.core.now
        if phase == _PAUSE and ticks_diff(now, self.due_at) >= 0:
            self.phase = phase = _CONNECT
        if phase != _UP:
            return phase if phase > _UP else 0
        index = self.granted.find(b"\0")
        if index >= 0:
            self.index = index
            return _SUBSCRIBE
        if self.rung:
            self.place = self.rung[0]
            return _READ
        if ticks_diff(now, self.watch_at) >= 0:
            return _WATCH
        return _PUBLISH if self.outbox else 0

    def serve(self, now):
        if self.phase == _CONNECT and self.tls:
            if not self.may_use_tls(now):
                return
            if self.words != _OURS:
                log.warn("mqtt", "TLS is set in the application's own words")
        exact.clear(self.inbox)
        self.over_size = False
        self.up = False
        Service.serve(self, now)
        if self.letter == _READ:
            self._take()

    def _take(self):
        """The oldest message is read: what is announced for its place from now on is another."""
        topics = self.topics
        place = self.place
        self.size = self.sizes[place]
        topics[place], topics[_PLACES] = topics[_PLACES], topics[place]
        rung = self.rung
        for i in range(len(rung) - 1):
            rung[i] = rung[i + 1]
        exact.cut(rung, len(rung) - 1)

    def ended(self, letter, result, now):
        core = self.core
        if letter == _END:
            self.phase = _OFF
            self.state = 0
        elif letter == _CONNECT and self.phase == _CONNECT:
            if not result:
                self._is_up(now)
                return
            reason = self.reason(result)
            if reason == 6 and self.tls and core.security.another_suite():
                return  # the same again
            self.failed(reason, now)
        elif self.phase != _UP:
            return  # ended meanwhile
        elif letter == _SUBSCRIBE:
            if result and not self.no_qos and core.engine.cme == 4:
                self.no_qos = True  # (operation not supported)
            else:
                self.granted[self.index] = 2 if result else 1
                if result:
                    log.warn("mqtt", "filter refused", self.filters[self.index][_TEXT])
        elif letter == _READ:
            if result or self.over_size or len(self.inbox) != self.size:
                self.missed += 1
            else:
                self._deliver(self.topics[_PLACES], self.inbox)
        elif letter == _PUBLISH:
            self._published(result, now)
        elif not self.up:
            self.failed(_PEER, now)
        else:
            self.watch_at = ticks_add(now, _WATCH_MS)

    def _is_up(self, now):
        self.phase = _UP
        self.connected = True
        self.last_error = None
        self.connects += 1
        self.wait_ms = 0
        self.fails = 0
        self.watch_at = ticks_add(now, _WATCH_MS)
        for i in range(len(self.granted)):
            self.granted[i] = 0
        exact.clear(self.rung)
        self.core.proved()
        log.info("mqtt", "connected by the module")

    def _published(self, result, now):
        one = self.outbox[0]
        if result:
            self.fails += 1
            self.watch_at = now  # is it connected still?
            if one.qos and self.fails < 3:
                return
        self.fails = 0
        self.outbox.pop(0)
        self.spare.append(one)
        self.waiting -= 1
        one.state = _DROPPED if result else _ACKED
        if result:
            self.dropped += 1
            log.warn("mqtt", "dropped", one.topic)
        else:
            self.acked += 1
        self._event.set()
        self._event.clear()

    def _deliver(self, topic, payload):
        self.received += 1
        found = False
        for one in self.filters:
            if matches(one, topic):
                found = True
                try:
                    one[_HANDLER](topic, payload)
                except Exception as error:
                    self.failed_handlers += 1
                    log.error("mqtt", "handler", error)
        if not found:
            self.unrouted += 1

    def _down(self, why):
        self.connected = False
        self.letter = 0
        self.last_error = why

    def failed(self, reason, now):
        """Not connected, or not any more: again after a pause."""
        text = "TLS is held by another: close that first" if reason == 17 else closed_text(reason)
        self._down(text)
        if self.phase == _END or not self.phase:
            self.phase = _OFF
            self.state = 0
            return
        log.warn("mqtt", text)
        backoff = self.backoff
        most = backoff["max_s"] * 1000
        self.wait_ms = min(self.wait_ms * 2 or backoff["first_s"] * 1000, most)
        self.phase = _PAUSE
        self.due_at = ticks_add(now, self.wait_ms)

    def sweep(self, now):
        return False  # nothing of it is saved

    def poll(self, now):
        if self.phase == _PAUSE:
            left = ticks_diff(self.due_at, now)
        elif self.phase == _UP:
            left = ticks_diff(self.watch_at, now)
        else:
            return FOREVER
        return left if left > 0 else FOREVER

    def payload(self, engine):
        out = self.outbox[0].payload
        if engine.out is out:
            return False
        engine.out = out
        engine.out_pos = 0
        engine.out_end = len(out)
        return True

    def ring(self, place, buf, off, n, size):
        """A message waits in the module: where, its topic, its bytes; place 0: it had no room."""
        if not 0 < place <= _PLACES or not self.connected:
            self.missed += not place
            return
        topic = self.topics[place - 1]
        exact.clear(topic)
        if n > _TOPIC_MAX or n <= 0:
            size = -1  # it is read, and lost
        else:
            for i in range(off, off + n):
                topic.append(buf[i])
        self.sizes[place - 1] = size
        rung = self.rung
        for i in range(len(rung)):  # (MicroPython has no `in` for a number and a bytearray)
            if rung[i] == place - 1:
                return
        rung.append(place - 1)

    def taken(self, buf, off, n, now):
        inbox = self.inbox
        while n > 0:
            k = n if n < 256 else 256
            if len(inbox) + k > _MESSAGE_MAX:
                self.over_size = True
                return
            self.copy.set(self.piece, buf, off, k)
            inbox.extend(self.piece)
            off += k
            n -= k
