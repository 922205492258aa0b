"""The strict broker of tests_host/sim judges this client, with faults, in simulated time."""

import random

import mqtt_bench as t
import pytest

from tests_host.sim.broker import Broker
from uplink import log
from uplink.errors import CLOSED_LINK, CLOSED_PEER
from uplink.mqtt import MQTT

STEP_MS = 50


class Network:
    """The client's transport and the broker's connection; loses the connection when told."""

    def __init__(self, broker):
        self.broker = broker
        self.state = t.CLOSED
        self.listener = None
        self.now = 0
        self.up = []
        self.down = []
        self.sending = False
        self.conn = None

    # the client's side
    def open(self, host, port, tls):
        self.state = t.OPENING

    def send(self, buf, off, n):
        if self.state != t.OPEN or self.sending:
            return False
        self.sending = True
        self.up.append(bytes(buf[off : off + n]))
        return True

    def close(self):
        self.state = t.CLOSING

    def proved(self):
        pass

    def doubt(self):
        pass

    def step(self, rng, loss):
        """50 ms of the network: bytes both ways, in pieces, or the end of the connection."""
        self.now += STEP_MS
        us = self.now * 1000
        self.broker.poll(us)
        if self.state == t.OPENING:
            self.state = t.OPEN
            self.conn = Conn(self)
            self.broker.connected(self.conn, us)
            self.listener.opened(self.now)
        elif self.state == t.CLOSING or (self.state == t.OPEN and rng.random() < loss):
            self.lost(0 if self.state == t.CLOSING else CLOSED_LINK, us)
        elif self.state == t.OPEN:
            if self.sending:
                self.sending = False
                data = self.up.pop(0)
                self.broker.received(self.conn, data, us)
                self.listener.sent(self.now)
            data = b"".join(self.down)
            self.down.clear()
            while data and self.state == t.OPEN:
                n = rng.randint(1, len(data))
                self.listener.received(data[:n], 0, n, self.now)
                data = data[n:]
            if self.conn is not None and self.conn.closed and self.state == t.OPEN:
                self.lost(CLOSED_PEER, us)

    def lost(self, reason, us):
        conn, self.conn = self.conn, None
        if conn is not None and not conn.closed:
            conn.closed = True
            self.broker.closed(conn, us)
        self.state = t.CLOSED
        self.sending = False
        self.up.clear()
        self.down.clear()
        self.listener.closed(reason, self.now)


class Conn:
    """What the broker writes to."""

    def __init__(self, network):
        self.network = network
        self.closed = False

    def send(self, data):
        self.network.down.append(bytes(data))

    def close(self):
        self.closed = True


def play(seed):
    """150 s of messages both ways with connections lost, then quiet; gives the client."""
    rng = random.Random(seed)
    log.sink, sink = (lambda *a: None), log.sink
    try:
        broker = Broker(ack_delay_us=rng.choice([0, 300_000]), max_inflight=rng.choice([1, 20]))
        network = Network(broker)
        heard = []
        mqtt = MQTT(None, network, t.config(keepalive_s=20, first_s=1, max_s=4), rng.randrange)
        mqtt.subscribe("down/#", lambda topic, payload: heard.append(bytes(payload)), 2)
        mqtt.connect()
        accepted = {1: [], 2: []}
        sent_down = []
        k = 0
        for turn in range(3000):
            loss = 0.01 if turn < 2000 else 0
            if turn < 2000 and rng.random() < 0.3:
                qos = rng.randrange(3)
                if mqtt.publish(b"up/%d" % qos, b"%d" % k, qos) and qos:
                    accepted[qos].append(b"%d" % k)
                k += 1
            if 100 < turn < 2000 and rng.random() < 0.05:
                broker.publish(b"down/x", b"%d" % k, 2, now_us=network.now * 1000)
                sent_down.append(b"%d" % k)
                k += 1
            mqtt.poll(network.now)
            network.step(rng, loss)
        mqtt.disconnect()
        for _ in range(200):
            mqtt.poll(network.now)
            network.step(rng, 0)
    finally:
        log.sink = sink
    assert broker.violations == [], (seed, broker.violations)
    assert mqtt.malformed == 0 and mqtt.waiting == 0 and mqtt.state == 0, (seed, mqtt.counters())
    assert mqtt.reconnects > 5
    got = {1: [], 2: []}
    for message in broker.published:
        if message.topic.startswith(b"up/") and message.qos:
            got[message.qos].append(message.payload)
    assert got[2] == accepted[2], seed  # each once, in order
    assert set(got[1]) == set(accepted[1]), seed
    assert list(dict.fromkeys(got[1])) == accepted[1], seed
    assert heard == sent_down, seed
    return mqtt


@pytest.mark.parametrize("seed", range(40))
def test_no_violation_and_nothing_lost_or_doubled(seed):
    play(seed)


def test_these_dialogues_hold_what_they_are_for():
    played = [play(seed) for seed in range(6)]
    assert sum(mqtt.resent for mqtt in played) > 20
    assert sum(mqtt.duplicates for mqtt in played) > 5
