"""Is the judge just? A client by the book, over a line that breaks anywhere, is never blamed;
the same client with one bug always is, by the statement that it breaks.

The client here is a model for this purpose only: it allocates, copies and knows no time. Each run
draws the line's behaviour from its seed.
"""

import random

import pytest

from . import broker_faults, mqtt_script as s, mqtt_wire as wire
from .broker import Broker

WINDOW = 5


class Line:
    """A connection whose bytes are under way until `up` and `down` are drained."""

    def __init__(self, broker):
        self.broker = broker
        self.up = bytearray()
        self.down = bytearray()
        self.open = True
        self.broker.connected(self, 0)

    def send(self, data):
        self.down += data

    def close(self):
        self.open = False


class Client:
    """MQTT 3.1.1 with a kept session; `bug` names the one thing that it does wrong."""

    def __init__(self, broker, rng, bug=None):
        self.broker = broker
        self.rng = rng
        self.bug = bug
        self.line = None
        self.queue = []  # (payload, qos) accepted, not yet sent
        self.flight = []  # [id, payload, qos, released] in the order of sending
        self.received = []
        self.known = set()  # QoS 2 identifiers from the broker, until PUBREL
        self.stale = []
        self.acks = []
        self.ready = False
        self.fresh = True

    def connect(self):
        self.line = Line(self.broker)
        self.ready = False
        self.line.up += s.connect("dev", clean=False)
        if self.bug != "stale acknowledgements":
            self.stale = []

    def cut(self):
        if self.line:
            if self.line.open:
                self.broker.closed(self.line, 0)
            self.line = None

    def write(self, data):
        self.line.up += data

    def identifier(self):
        used = {m[0] for m in self.flight}
        if self.bug == "identifiers reused" and self.flight:
            return self.flight[-1][0]
        return next(i for i in range(1, 100) if i not in used)

    def publish(self, message, dup):
        packet_id, payload, qos = message[:3]
        if self.bug == "no DUP":
            dup = False
        if self.bug == "always DUP":
            dup = True
        self.write(s.publish("t", payload, qos, packet_id, dup))

    def pump(self):
        while self.ready and self.queue and len(self.flight) < WINDOW:
            payload, qos = self.queue.pop(0)
            message = [self.identifier(), payload, qos, False]
            self.flight.append(message)
            self.publish(message, False)

    def resume(self, present):
        self.ready = True
        if not present:
            self.known.clear()
            self.write(s.subscribe(60000, ("cmd", 2)))
        flight = list(self.flight)
        if self.bug == "new before old":
            self.pump()
        if self.bug == "other order":
            flight.reverse()
        for message in flight:
            if self.bug == "not again" and message[2] == 1:
                self.flight.remove(message)
            elif message[3] and self.bug != "PUBLISH after PUBREC":
                self.write(s.pubrel(message[0]))
            else:
                self.publish(message, True)
        for data in self.stale:
            self.write(data)
        self.stale = []

    def handle(self, packet):
        kind = packet[0] >> 4
        if kind == wire.CONNACK:
            self.resume(packet[2])
        elif kind == wire.PUBLISH:
            self.take(wire.parse_publish(packet))
        elif kind in (wire.PUBACK, wire.PUBREC, wire.PUBREL, wire.PUBCOMP):
            packet_id = wire.parse_ack(packet)
            if kind == wire.PUBREL:
                self.known.discard(packet_id)
                self.answer(s.pubcomp(packet_id))
                return
            for message in self.flight:
                if message[0] == packet_id:
                    break
            else:
                if kind == wire.PUBREC:
                    self.write(s.pubrel(packet_id))
                return
            if kind == wire.PUBREC and message[2] == 2:
                message[3] = True
                if self.bug == "no PUBREL":
                    self.flight.remove(message)
                    return
                self.write(s.pubrel(packet_id))
            elif kind == (wire.PUBCOMP if message[2] == 2 else wire.PUBACK):
                self.flight.remove(message)

    def take(self, p):
        if p.qos == 2 and p.packet_id in self.known:
            self.answer(s.pubrec(p.packet_id))
            return
        self.received.append(p.payload)
        if p.qos == 2:
            self.known.add(p.packet_id)
            self.answer(s.pubrec(p.packet_id))
        elif p.qos == 1:
            self.answer(s.puback(p.packet_id))
            if self.bug == "stale acknowledgements":
                self.stale.append(s.puback(p.packet_id))

    def answer(self, data):
        if self.bug == "order of acknowledgements" and data[0] >> 4 == wire.PUBACK:
            self.acks.append(data)
            if len(self.acks) == 2:
                self.write(self.acks.pop() + self.acks.pop())
            return
        self.write(data)

    def ping(self):
        if self.ready and self.bug == "again on a live line" and self.flight:
            self.publish(self.flight[0], True)
        elif self.ready:
            self.write(s.PINGREQ)


def move(client, everything=False):
    """Let bytes arrive on both ends."""
    line, rng = client.line, client.rng
    n = len(line.up) if everything else rng.randint(0, len(line.up))
    if n and line.open:
        data = bytes(line.up[:n])
        del line.up[:n]
        client.broker.received(line, data, 0)
    packets, rest = s.split(bytes(line.down))
    n = len(packets) if everything else rng.randint(0, len(packets))
    line.down = bytearray(b"".join(packets[n:]) + rest)
    for packet in packets[:n]:
        client.handle(packet)
    client.pump()
    if not line.open and not line.down:
        client.cut()


def play(seed, bug=None, steps=250, lose_sessions=False):
    """One run; the client and the broker at its end, and what was sent."""
    rng = random.Random(seed)
    broker = Broker(max_inflight=4)
    client = Client(broker, rng, bug)
    sent, commands = [], []
    for i in range(steps):
        if client.line is None:
            client.connect()
        event = rng.random()
        if event < 0.25:
            message = (b"m%d" % i, rng.choice((1, 2)))
            sent.append(message)
            client.queue.append(message)
        elif event < 0.30 and broker.subscriptions("dev"):
            command = (b"c%d" % i, rng.choice((1, 2)))
            commands.append(command)
            broker.publish("cmd", *command)
        elif event < 0.35:
            client.cut()
            continue
        elif event < 0.38:
            misbehave(broker, rng)
        elif event < 0.42:
            client.ping()
        elif event < 0.43 and lose_sessions:
            broker.restart(forget=True)
        if client.line is not None:
            move(client)
    broker.faults.clear()
    client.cut()  # what was withheld comes no more on that connection
    for _ in range(60):
        if client.line is None:
            client.connect()
        move(client, everything=True)
    return client, broker, sent, commands


def misbehave(broker, rng):
    faults = broker.faults
    kind = rng.choice((wire.PUBACK, wire.PUBREC, wire.PUBCOMP, wire.PUBREL, wire.CONNACK))
    choice = rng.randrange(4)
    if choice == 0:
        faults.close_before(kind, rng.randrange(3))
    elif choice == 1 and kind != wire.PUBREL:
        faults.withhold(kind)
    elif choice == 2:
        faults.close_after(sent=rng.randint(1, 60))
    else:
        faults.shape = broker_faults.scattered(rng)


@pytest.mark.parametrize("block", range(10))
def test_a_client_by_the_book_is_never_blamed(block):
    for seed in range(block * 30, block * 30 + 30):
        client, broker, sent, commands = play(seed)
        assert broker.violations == [], f"seed {seed}"
        payloads = [p.payload for p in broker.published]
        for payload, qos in sent:
            assert payloads.count(payload) == 1 or (qos == 1 and payload in payloads), seed
        for payload, qos in commands:
            got = client.received.count(payload)
            assert got == 1 or (qos == 1 and got > 1), f"seed {seed}: {payload} {got} times"
        assert broker.unacknowledged("dev") == 0
        assert broker.waiting("dev") == []


def test_nor_when_the_broker_loses_its_sessions():
    for seed in range(60):
        client, broker, sent, _ = play(seed, lose_sessions=True)
        assert broker.violations == [], f"seed {seed}"
        payloads = [p.payload for p in broker.published]
        assert all(payload in payloads for payload, qos in sent if qos == 1), f"seed {seed}"


# What each bug must be blamed for, and what may follow from it.
BUGS = {
    "no DUP": ("3.3.1-1", set()),
    "always DUP": ("3.3.1-1", set()),
    "identifiers reused": ("2.3.1-2", {"3.3.1-1"}),
    "other order": ("4.6.0-1", {"4.4.0-1"}),
    "new before old": ("4.4.0-1", {"4.6.0-1", "3.3.1-1"}),
    "not again": ("4.4.0-1", {"2.3.1-2"}),
    "PUBLISH after PUBREC": ("4.3.3-1", set()),
    "no PUBREL": ("2.3.1-2", set()),
    "stale acknowledgements": ("2.3.1-6", set()),
    "order of acknowledgements": ("4.6.0-2", {"2.3.1-6"}),
    "again on a live line": ("4.4.0-1", {"4.3.3-1"}),
}


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_is_found(bug):
    found = set()
    runs = 0
    for seed in range(20):
        _, broker, _, _ = play(seed, bug)
        found |= {v.statement for v in broker.violations}
        runs += bool(broker.violations)
    assert runs >= 8, f"found in {runs} of 20 runs"
    statement, others = BUGS[bug]
    assert statement in found
    assert found - others == {statement}


def test_noise_is_survived():
    """Random and mutated streams: never an exception, and the broker serves on."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    good = (
        s.connect("x", clean=False, keepalive_s=5, will=("w", b"w", 1, True), user="u")
        + s.subscribe(1, ("a/#", 2), ("b", 0))
        + s.publish("a/b", b"hello", 1, 2)
        + s.publish("a/b", b"hello", 2, 3)
        + s.pubrel(3)
        + s.unsubscribe(4, "b")
        + s.PINGREQ
        + s.puback(1)
        + s.DISCONNECT
    )
    broker = Broker()
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            what = rng.randrange(3)
            if what == 0:
                data[at] = rng.randrange(256)
            elif what == 1:
                del data[at : at + rng.randint(1, 8)]
            else:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            if not data:
                break
        line = Line(broker)
        while data and line.open:
            n = rng.randint(1, 30)
            broker.received(line, bytes(data[:n]), 0)
            del data[:n]
        if line.open:
            broker.closed(line, 0)
        # What may stay is what a client may leave: a session, no connection.
        assert not broker._links
    line = Line(broker)
    broker.received(line, s.connect("after"), 0)
    assert line.down == b"\x20\x02\x00\x00"
