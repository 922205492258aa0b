"""What all halves of the client share: its state and memory, made once, and the way out."""

from .. import log
from ..exact import buffer
from ..port.ticks import FOREVER
from . import packets
from .decoder import Decoder
from .outbox import DROPPED, Outbox, Receipt
from .session import CLOSING, IDLE, Received

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_ACKS = const(256)  # bytes of acknowledgements that may wait for the transport
_RECEIVED = const(64)  # QoS 2 messages that the server may have in flight
_TOPIC = const(256)  # longest topic name received
_HEAD = const(256)  # room for a topic beside a payload of `packet` bytes


class Base:
    """Part of `MQTT`, which tells the arguments."""

    def __init__(self, loop, transport, cfg, rand=None):
        broker = cfg["broker"]
        room = cfg["outbox"]
        backoff = cfg["backoff"]
        if rand is None:
            from random import randrange as rand
        self._rand = rand
        self._host = broker["host"]
        self._port = broker["port"] or (8883 if broker["tls"] else 1883)
        self._tls = broker["tls"]
        self._hello = packets.connect(broker)
        # the same with a clean session, for one that the server does not get on with
        renewed = dict(broker)
        renewed["clean"] = True
        self._hello_new = packets.connect(renewed)
        self._clean = broker.get("clean", False)
        keepalive_ms = broker["keepalive_s"] * 1000
        # 3.1.2-23 limits the gap between packets sent; what is "sent" on a modem is only queued
        self._ping_ms = keepalive_ms * 5 // 8 if keepalive_ms else FOREVER
        self._answer_ms = broker.get("answer_s", 30) * 1000
        self._ack_ms = broker.get("ack_s", 120) * 1000
        self._first_ms = backoff["first_s"] * 1000
        self._max_ms = backoff["max_s"] * 1000
        self._stable_ms = backoff["stable_s"] * 1000
        # state
        self.state = IDLE
        self.connected = False
        self.session_present = False
        self.last_error = None  # a sentence: why it is not connected, or was not
        self.last_code = 0  # of a refusing CONNACK
        self._wanted = loop is not None
        self._now = 0
        self._due = 0  # in PAUSE: when to open; in GREETING: when it was opened
        self._attempts = 0
        self._why = None  # why we close
        self._long = False  # a refused login: the longest pause
        self._was_up = False  # this connection was accepted, at:
        self._up_at = 0
        self._acked_up = 0  # `acked` when this connection was accepted
        self._ungreeted = False  # the server closed before CONNACK, the last time
        self._fruitless = 0  # accepted connections in a row that the server ended, nothing acked
        self._sent_at = 0
        self._heard_at = 0
        self._pinging = False
        self._ping_at = 0
        self._leaving = False  # the limit for what is to be sent before DISCONNECT runs
        self._leave_at = 0
        # sending
        self._busy = False  # the transport has `_tx`
        self._busy_at = 0
        self._fresh = False  # `_busy_at` is for the next `poll` to set: publish knows no time
        self._pumping = False
        self._slot = -1  # of the outbox: its PUBLISH is in `_tx`
        self._left = 0  # bytes of it that are not in `_tx` yet
        self._greeted = False  # the transport has taken CONNECT
        self._held = False  # `_tx` holds a piece that the transport has not taken
        self._direct = False  # a QoS 0 PUBLISH that was never in the outbox is in `_tx`
        self._next_id = rand(65535)  # a session from before a restart may hold low ones
        self._subs = []
        self._unasked = True  # a SUBSCRIBE or UNSUBSCRIBE may have to be sent
        self._sub_id = 0  # of the SUBSCRIBE or UNSUBSCRIBE that waits for its answer
        self._sub_at = 0
        self._received = Received(_RECEIVED)
        self._sink = None  # takes the large message that is arriving
        self._topic = None  # the topic published last, and its bytes
        self._topic_bytes = None
        # counters
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
        self._event = None
        self._wake = None
        if loop is not None:
            from ..loop import Event

            self._event = Event(loop)
            self._wake = Event(loop)
        # memory
        packet = room["packet"]
        self._decoder = Decoder(self, packet, min(packet, _TOPIC))
        self._outbox = Outbox(room["messages"], room["bytes"], room["inflight"], self._event)
        self._tx_size = max(packet + _HEAD, len(self._hello))
        self._tx = buffer(self._tx_size)
        self._ctl_size = _ACKS
        self._ctl = buffer(_ACKS)
        self._receipt = Receipt(self._event)
        self._transport = transport
        transport.listener = self

    def _touch(self):
        """Something changed that `poll` must look at."""
        if self._wake is not None:
            self._wake.set()

    def _send(self):
        """Hand `_tx` to the transport; False = not taken."""
        self._busy = True
        self._fresh = True
        if self._transport.send(self._tx, 0, len(self._tx)):
            return True
        self._busy = False
        return False

    def _close(self, why):
        """Close the transport because of `why` (None: as wanted)."""
        if self.state == CLOSING or self.state == IDLE:
            return
        self._why = why
        self._decoder.stop()
        self.connected = False
        self.state = CLOSING
        self._transport.close()

    def _drop(self, box, i, why):
        box.name(i, self._tx)
        log.error("mqtt", "message dropped:", self._tx, why)
        self.dropped += 1
        box.end(i, DROPPED)

    def _raised(self, error):
        self.failed += 1
        log.error("mqtt", "handler failed:", error)

    def _sink_end(self, ok):
        sink = self._sink
        self._sink = None
        if sink is not None:
            try:
                sink.end(ok)
            except Exception as error:
                self._raised(error)
