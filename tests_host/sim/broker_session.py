"""What a broker remembers of one client, and what it can hold against it (3.1.1, 4.1 to 4.6).

`Inbound` follows the client's own QoS 1 and 2 messages, `Outbound` those that go to it. Both live
as long as the session; `begin` marks a new connection. They raise `Wrong` where the client cannot
be right, and stay silent where a lost packet could explain what it does: an acknowledgement that
was written to a connection which then broke may or may not have arrived.
"""

from collections import deque

from . import mqtt_wire as wire
from .mqtt_wire import Wrong

# How far one inbound message has come. In ACKED and COMPLETED the last word has been written to
# the client, and only the client knows whether it has read it.
RECEIVED, ACKED, RECORDED, RELEASED, COMPLETED = range(5)

_MAX_SETTLED = 1024


class _Entry:
    __slots__ = ("seq", "qos", "state", "content", "epoch", "rec_seq")

    def __init__(self, seq, qos, content, epoch):
        self.seq = seq
        self.qos = qos
        self.state = RECEIVED
        self.content = content
        self.epoch = epoch
        self.rec_seq = 0


class Inbound:
    """The client as a sender: packet identifiers, DUP, and the order of what it sends again."""

    def __init__(self):
        self._entries = {}  # packet identifier -> _Entry, in the order of first arrival
        self._seq = 0
        self._rec_seq = 0
        self._epoch = 0
        self._loose = False
        self.begin(resumed=False, known=False, clean=True)

    def begin(self, resumed, known, clean):
        """A connection begins. `known`: the client has been connected before, so that it may have
        sent things that never arrived."""
        self._epoch += 1
        self._resumed = resumed
        if not resumed:
            self._entries.clear()
            # A client whose session the broker has lost may go on with its own half (3.2.2.2), so
            # flows that the broker knows nothing of prove nothing from here on.
            self._loose = known and not clean
        self._may_repeat = known and not clean
        self._requests = set()  # SUBSCRIBE and UNSUBSCRIBE that wait for their answer
        self._extra_rec = {}  # PUBREC that nobody asked for: each excuses one PUBREL
        self._last_seq = 0  # of the last message sent again on this connection
        self._last_rec = 0  # of the last PUBREL on this connection
        self._beyond = False  # a DUP message arrived that had never arrived before
        self._settled = False  # a new message has been sent on this connection

    def forgive(self):
        """The client has lost its memory (power cut): nothing it did before binds it."""
        self._entries.clear()
        self._loose = True

    def waiting(self):
        """Packet identifiers whose last acknowledgement has not been written."""
        return [i for i, e in self._entries.items() if e.state not in (ACKED, COMPLETED)]

    def publish(self, p):
        """Take a PUBLISH of QoS 1 or 2; whether it is to be delivered (4.3)."""
        packet_id = p.packet_id
        if packet_id in self._requests:
            raise Wrong("2.3.1-2", f"identifier {packet_id} is in use by a SUBSCRIBE")
        content = (p.topic, hash(p.payload), len(p.payload), p.qos, p.retain)
        entry = self._entries.get(packet_id)
        if entry is None:
            return self._first(p, content)
        over = entry.state in (ACKED, COMPLETED)
        same = entry.content == content
        if entry.epoch == self._epoch:
            return self._again_live(p, entry, content, over, same)
        if over:
            if p.dup and same:
                if entry.qos == 2:
                    raise Wrong("4.3.3-1", f"PUBLISH {packet_id} sent again after its PUBREL")
                return self._again(entry)
            del self._entries[packet_id]
            return self._first(p, content)
        if entry.state == RELEASED and same:
            raise Wrong("4.3.3-1", f"PUBLISH {packet_id} sent again after its PUBREL")
        if not same:
            raise Wrong("2.3.1-2", f"identifier {packet_id} is still in flight in this session")
        if not p.dup:
            raise Wrong("3.3.1-1", f"PUBLISH {packet_id} is sent again without DUP")
        return self._again(entry)

    def _first(self, p, content):
        if p.dup:
            if not self._may_repeat:
                raise Wrong("3.3.1-1", f"PUBLISH {p.packet_id} has DUP at its first transmission")
            if self._settled:
                raise Wrong(
                    "3.3.1-1",
                    f"PUBLISH {p.packet_id} has DUP behind new messages: either DUP is wrong, or "
                    "the order of what is sent again",
                )
            self._beyond = True
        else:
            self._settle()
        self._seq += 1
        self._entries[p.packet_id] = _Entry(self._seq, p.qos, content, self._epoch)
        if len(self._entries) > _MAX_SETTLED:
            oldest = next(iter(self._entries))
            if self._entries[oldest].state in (ACKED, COMPLETED):
                del self._entries[oldest]
        return True

    def _again_live(self, p, entry, content, over, same):
        if over and not p.dup:
            del self._entries[p.packet_id]
            return self._first(p, content)
        if same and entry.qos == 2 and entry.state != RECEIVED:
            raise Wrong("4.3.3-1", f"PUBLISH {p.packet_id} sent again after its PUBREC")
        if same:
            raise Wrong("4.4.0-1", f"PUBLISH {p.packet_id} sent again on a live connection")
        if over:
            raise Wrong("3.3.1-1", f"PUBLISH {p.packet_id} has DUP at its first transmission")
        raise Wrong("2.3.1-2", f"identifier {p.packet_id} is still in flight")

    def _again(self, entry):
        if self._settled or self._beyond or entry.seq < self._last_seq:
            raise Wrong("4.6.0-1", "messages are sent again in another order than the first time")
        self._last_seq = entry.seq
        entry.epoch = self._epoch
        entry.state = RECEIVED
        return entry.qos == 1

    def _settle(self):
        """A new message: everything that had to be sent again must have been by now."""
        if self._settled:
            return
        self._settled = True
        for packet_id, entry in list(self._entries.items()):
            if entry.epoch == self._epoch:
                continue
            if entry.state == RECEIVED:
                raise Wrong(
                    "4.4.0-1", f"a new message, and PUBLISH {packet_id} has not been sent again"
                )
            if entry.state == ACKED:
                del self._entries[packet_id]

    def pubrel(self, packet_id):
        """Take a PUBREL; PUBCOMP is the answer."""
        try:
            self._pubrel(packet_id)
        except Wrong:
            # It may be the right answer to a PUBREC that we should not have sent.
            if not self._extra_rec.get(packet_id):
                raise
            self._extra_rec[packet_id] -= 1

    def _pubrel(self, packet_id):
        entry = self._entries.get(packet_id)
        if entry is None or entry.qos != 2:
            if self._loose and entry is None:
                return
            raise Wrong("4.3.3-1", f"PUBREL {packet_id} belongs to no QoS 2 message")
        if entry.state == RECEIVED:
            raise Wrong("4.3.3-1", f"PUBREL {packet_id} before any PUBREC")
        if entry.epoch == self._epoch and entry.state != RECORDED:
            raise Wrong("4.4.0-1", f"PUBREL {packet_id} sent again on a live connection")
        if entry.epoch == self._epoch:
            # The order is asked of first PUBRELs; those sent again may follow the PUBLISHes.
            if entry.rec_seq < self._last_rec:
                raise Wrong("4.6.0-4", f"PUBREL {packet_id} is not in the order of the PUBRECs")
            self._last_rec = entry.rec_seq
        entry.epoch = self._epoch
        entry.state = RELEASED

    def request(self, packet_id):
        """Take the identifier of a SUBSCRIBE or UNSUBSCRIBE."""
        entry = self._entries.get(packet_id)
        if packet_id in self._requests or (entry and entry.state not in (ACKED, COMPLETED)):
            raise Wrong("2.3.1-2", f"identifier {packet_id} is still in flight")
        if entry:
            del self._entries[packet_id]
        self._requests.add(packet_id)

    def answered(self, kind, packet_id, unasked=False):
        """An acknowledgement of `kind` has been written to the client."""
        if kind in (wire.SUBACK, wire.UNSUBACK):
            self._requests.discard(packet_id)
            return
        if kind == wire.PUBREC and unasked:
            self._extra_rec[packet_id] = self._extra_rec.get(packet_id, 0) + 1
        entry = self._entries.get(packet_id)
        if entry is None:
            return
        if kind == wire.PUBACK and entry.qos == 1:
            entry.state = ACKED
        elif kind == wire.PUBREC and entry.qos == 2 and entry.state == RECEIVED:
            entry.state = RECORDED
            self._rec_seq += 1
            entry.rec_seq = self._rec_seq
        elif kind == wire.PUBCOMP and entry.state == RELEASED:
            entry.state = COMPLETED


class Message:
    """One message on its way to one client."""

    __slots__ = ("topic", "payload", "qos", "retain", "packet_id", "released", "copies")

    def __init__(self, topic, payload, qos, retain, copies=1):
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.packet_id = 0
        self.released = False
        self.copies = copies

    def bytes(self, dup):
        return wire.publish(self.topic, self.payload, self.qos, self.retain, dup, self.packet_id)


class Outbound:
    """The client as a receiver: what is in flight to it, and how it must acknowledge."""

    def __init__(self, max_inflight=20, max_queued=1000):
        self.inflight = {}  # packet identifier -> Message, in the order of sending
        self.queue = deque()
        self.dropped = 0
        self._max_inflight = max_inflight
        self._max_queued = max_queued
        self._next_id = 1
        self.begin()

    def begin(self):
        """A connection begins: what was written to the last one will not be acknowledged here."""
        self._acks = deque()  # identifiers of QoS 1 messages written on this connection
        self._recs = deque()  # of QoS 2 messages
        self._comps = {}  # PUBRELs written and not completed

    def put(self, message):
        """Take a message of QoS 1 or 2. Full: it is dropped and counted."""
        if len(self.queue) >= self._max_queued:
            self.dropped += 1
            return False
        self.queue.append(message)
        return True

    def ready(self):
        """The next message that may go out, with an identifier; None when the window is full."""
        if not self.queue or len(self.inflight) >= self._max_inflight:
            return None
        message = self.queue.popleft()
        while self._next_id in self.inflight:
            self._next_id = self._next_id % 65535 + 1
        message.packet_id = self._next_id
        self._next_id = self._next_id % 65535 + 1
        self.inflight[message.packet_id] = message
        return message

    def written(self, kind, packet_id, qos=0):
        """A PUBLISH or PUBREL has been written: its answer is due."""
        if kind == wire.PUBREL:
            self._comps[packet_id] = self._comps.get(packet_id, 0) + 1
        elif qos == 1:
            self._acks.append(packet_id)
        elif qos == 2:
            self._recs.append(packet_id)

    def _answer(self, name, packet_id, due, statement):
        if due and due[0] == packet_id:
            due.popleft()
            return
        if packet_id in due:
            raise Wrong(statement, f"{name} {packet_id} overtakes {name} {due[0]}")
        other = self._recs if due is self._acks else self._acks
        if packet_id in other:
            raise Wrong("3.3.4-1", f"{name} {packet_id} is not the answer to that QoS")
        raise Wrong("2.3.1-6", f"{name} {packet_id} answers nothing that was sent")

    def puback(self, packet_id):
        self._answer("PUBACK", packet_id, self._acks, "4.6.0-2")
        message = self.inflight.get(packet_id)
        if message is not None and message.qos == 1:
            del self.inflight[packet_id]

    def pubrec(self, packet_id):
        """PUBREL is the answer."""
        self._answer("PUBREC", packet_id, self._recs, "4.6.0-3")
        message = self.inflight.get(packet_id)
        if message is not None and message.qos == 2:
            message.released = True

    def pubcomp(self, packet_id):
        if not self._comps.get(packet_id):
            raise Wrong("4.3.3-2", f"PUBCOMP {packet_id} answers no PUBREL")
        self._comps[packet_id] -= 1
        if not self._comps[packet_id]:
            del self._comps[packet_id]
        message = self.inflight.get(packet_id)
        if message is not None and message.released:
            del self.inflight[packet_id]


class Session:
    """Everything that outlives a connection (4.1)."""

    def __init__(self, client_id, max_inflight, max_queued):
        self.client_id = client_id
        self.clean = True
        self.subscriptions = {}  # filter -> granted QoS
        self.inbound = Inbound()
        self.outbound = Outbound(max_inflight, max_queued)
        self.link = None  # the live connection, if any

    def granted(self, topic):
        """The highest QoS of all subscriptions that match (3.3.5-1), or None."""
        best = None
        for topic_filter, qos in self.subscriptions.items():
            if (best is None or qos > best) and wire.matches(topic_filter, topic):
                best = qos
        return best
