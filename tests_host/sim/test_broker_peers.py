"""The broker against clients that are not ours: paho-mqtt, mosquitto_pub and mosquitto_sub.

They must get along without one violation, and see what they would see from any broker.
"""

import queue
import subprocess

import paho.mqtt.client as paho
import pytest

from ..mosquitto import program
from . import broker_faults, mqtt_wire as wire
from .broker import Broker
from .broker_tcp import TcpBroker

LIMIT_S = 10


class Client:
    """paho-mqtt with its events in queues."""

    def __init__(self, server, client_id="dev", clean=True, **kw):
        self.messages = queue.Queue()
        self.connects = queue.Queue()
        self.subscribed = queue.Queue()
        self.acked = queue.Queue()
        self.paho = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=clean,
            protocol=paho.MQTTv311,
        )
        self.paho.reconnect_delay_set(1, 1)
        self.paho.on_message = lambda c, u, m: self.messages.put(
            (m.topic, m.payload, m.qos, bool(m.retain))
        )
        self.paho.on_connect = lambda c, u, flags, code, p: self.connects.put(
            (flags.session_present, code.getName())
        )
        self.paho.on_subscribe = lambda c, u, mid, codes, p: self.subscribed.put(
            [c.value for c in codes]
        )
        self.paho.on_publish = lambda c, u, mid, code, p: self.acked.put(mid)
        for name, value in kw.items():
            getattr(self.paho, name)(*value)
        self.port = server.port

    def __enter__(self):
        self.paho.connect("127.0.0.1", self.port, keepalive=60)
        self.paho.loop_start()
        return self

    def __exit__(self, *exc):
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture
def server():
    broker = Broker()
    with TcpBroker(broker) as s:
        yield s
    assert broker.violations == []


def test_paho_at_every_qos_both_ways(server):
    with Client(server) as c:
        assert c.connects.get(timeout=LIMIT_S) == (False, "Success")
        c.paho.subscribe([("t/#", 2), ("one", 1)])
        assert c.subscribed.get(timeout=LIMIT_S) == [2, 1]
        for qos in (0, 1, 2):
            c.paho.publish(f"t/{qos}", b"x" * qos, qos)
        got = [c.messages.get(timeout=LIMIT_S) for _ in range(3)]
        assert sorted(got) == [(f"t/{q}", b"x" * q, q, False) for q in (0, 1, 2)]
        for qos in (0, 1, 2):
            server.publish("one", b"%d" % qos, qos)
        got = [c.messages.get(timeout=LIMIT_S) for _ in range(3)]
        assert sorted(got) == [("one", b"%d" % q, min(q, 1), False) for q in (0, 1, 2)]
    assert server.wait(lambda b: not b.online("dev") and b.history[b"dev"][0].closed_us)
    assert [p.qos for p in server.broker.published] == [0, 1, 2]
    assert server.broker.history[b"dev"][0].reason == "disconnect"


def test_paho_resumes_its_session_and_repeats_with_dup(server):
    with server.lock:
        server.broker.faults.close_before(wire.PUBACK)
    with Client(server, clean=False) as c:
        assert c.connects.get(timeout=LIMIT_S) == (False, "Success")
        c.paho.subscribe("cmd", 1)
        c.subscribed.get(timeout=LIMIT_S)
        c.paho.publish("t", b"once more", 1)
        assert c.connects.get(timeout=LIMIT_S) == (True, "Success")
        c.acked.get(timeout=LIMIT_S)
        server.publish("cmd", b"go", 1)
        assert c.messages.get(timeout=LIMIT_S) == ("cmd", b"go", 1, False)
        assert server.wait(lambda b: b.unacknowledged("dev") == 0)
    published = [(p.payload, p.dup) for p in server.broker.published]
    assert published == [(b"once more", False), (b"once more", True)]


def test_paho_with_delays_and_bytes_in_pieces(server):
    with server.lock:
        server.broker.ack_delay_us = 3000
        server.broker.faults.shape = broker_faults.pieces(1)
        server.broker.faults.gap_us = 100
    with Client(server) as c:
        for i in range(20):
            c.paho.publish("t", b"%d" % i, 1 + i % 2)
        for _ in range(20):
            c.acked.get(timeout=LIMIT_S)
    assert [p.payload for p in server.broker.published] == [b"%d" % i for i in range(20)]


def test_paho_will_and_take_over(server):
    server.publish("w", b"", retain=True)
    with Client(server, client_id="watch") as watch:
        watch.paho.subscribe("w", 1)
        watch.subscribed.get(timeout=LIMIT_S)
        with Client(server, will_set=("w", b"gone", 1, True)) as c:
            c.connects.get(timeout=LIMIT_S)
            server.call(lambda broker: broker.disconnect("dev"))
            assert watch.messages.get(timeout=LIMIT_S) == ("w", b"gone", 1, False)
    assert server.broker.retained[b"w"] == (b"gone", 1)


def test_paho_is_refused():
    with TcpBroker(Broker(users={"joe": "secret"})) as server:
        with Client(server, username_pw_set=("joe", "wrong")) as c:
            assert c.connects.get(timeout=LIMIT_S) == (False, "Not authorized")
        with Client(server, username_pw_set=("joe", "secret")) as c:
            assert c.connects.get(timeout=LIMIT_S) == (False, "Success")
        assert server.broker.violations == []


def run(name, server, *arguments, **kw):
    command = [program(name), "-h", "127.0.0.1", "-p", str(server.port), "-V", "mqttv311"]
    return subprocess.run(
        command + [str(a) for a in arguments], capture_output=True, timeout=LIMIT_S, **kw
    )


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mosquitto_pub(server, qos):
    done = run("mosquitto_pub", server, "-t", "a/b", "-q", qos, "-l", input=b"one\ntwo\nthree\n")
    assert done.returncode == 0, done.stderr
    got = [(p.topic, p.payload, p.qos) for p in server.broker.published]
    assert got == [(b"a/b", p, qos) for p in (b"one", b"two", b"three")]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mosquitto_sub(server, qos):
    server.publish("a/b", b"kept", 2, retain=True)
    sub = run("mosquitto_sub", server, "-t", "a/+", "-q", qos, "-C", 1, "-F", "%t %p %q %r")
    assert sub.stdout == b"a/b kept %d 1\n" % qos
    assert sub.returncode == 0


def test_mosquitto_clients_are_refused():
    with TcpBroker(Broker()) as server:
        server.broker.faults.refuse(5)
        done = run("mosquitto_pub", server, "-t", "a", "-m", "x")
        assert done.returncode != 0
        assert b"not authorised" in done.stderr
        assert server.broker.published == []
