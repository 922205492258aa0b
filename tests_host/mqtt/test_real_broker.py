"""This client and Debian's Mosquitto: each QoS both ways, retained, will, sessions, large ones."""

import io

import mqtt_bench as t
import pytest

from tests_host.mosquitto import Message, Mosquitto

from .driver import Driver


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    options = ("allow_zero_length_clientid true", "max_inflight_messages 20")
    with Mosquitto(tmp_path_factory.mktemp("mosquitto"), options=options) as running:
        yield running


@pytest.fixture
def driver(broker, request):
    """A client of its own for each test; its session is cleared at the end."""
    name = request.node.name.encode()[:60]
    made = []

    def make(**changes):
        made.append(Driver(broker.port, client_id=name, **changes))
        return made[-1]

    yield make
    for one in made:
        if one.transport.state:
            one.leave()


def test_each_qos_both_ways(broker, driver):
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("both/in/+", heard, 2)
    one.up()
    with broker.subscribe("both/out/#", client_id="w1") as watch:
        for qos in (0, 1, 2):
            one.mqtt.publish(f"both/out/{qos}", b"payload %d" % qos, qos)
        one.delivered()
        expected = [Message(f"both/out/{q}", b"payload %d" % q, q, False) for q in (0, 1, 2)]
        assert sorted(watch.messages(3)) == sorted(expected)
    for qos in (0, 1, 2):
        broker.publish(f"both/in/{qos}", b"down", qos)
    one.until(lambda: len(heard.messages) == 3)
    assert heard.messages == [(b"both/in/%d" % q, b"down") for q in (0, 1, 2)]
    assert one.mqtt.malformed == 0 and one.mqtt.connects == 1


def test_order_and_nothing_missing_in_a_burst(broker, driver):
    one = driver().up()
    with broker.subscribe("burst", client_id="w2") as watch:
        k = 0
        while k < 200:
            if one.mqtt.publish(b"burst", b"%d" % k, 1 + k % 2) is not None:
                k += 1
            else:
                one.turn()
        one.delivered()
        assert sorted(int(m.payload) for m in watch.messages(200)) == list(range(200))
    assert one.mqtt.acked == 200 and one.mqtt.resent == 0


def test_zero_width_no_break_space_is_kept(broker, driver):
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("bom/#", heard)
    one.up()
    one.mqtt.publish("bom/\ufeffx", b"1", 1)
    one.until(lambda: heard.messages)
    assert heard.messages == [(b"bom/\xef\xbb\xbfx", b"1")]


def test_retained(broker, driver):
    one = driver().up()
    one.mqtt.publish(b"kept", b"state", 1, retain=True)
    one.delivered().leave()
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("kept", heard)
    one.up().until(lambda: heard.messages)
    one.mqtt.publish(b"kept", b"", 1, retain=True)
    one.delivered()


def test_will_is_published_when_lost_and_not_when_left(broker, driver):
    will = {"topic": b"gone/dev", "payload": b"lost", "qos": 1, "retain": False}
    one = driver(will=will)
    with broker.subscribe("gone/#", client_id="w3") as watch:
        one.up().leave()
        one.up().mqtt._wanted = False
        one.drop()
        assert watch.messages(1) == [Message("gone/dev", b"lost", 1, False)]


def test_a_session_is_resumed(broker, driver):
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("s/#", heard, 2)
    one.up().leave()
    for qos in (1, 2):
        broker.publish("s/x", b"missed %d" % qos, qos)
    one.up().until(lambda: len(heard.messages) == 2)
    assert one.mqtt.session_present and one.mqtt.reconnects == 1
    assert [p for _, p in heard.messages] == [b"missed 1", b"missed 2"]


def test_messages_survive_broken_connections_and_a_restart(broker, driver):
    one = driver().up()
    with broker.subscribe("b", client_id="w4") as watch:
        for k in range(30):
            while one.mqtt.publish(b"b", b"%d" % k, 2) is None:
                one.turn()
            if k % 7 == 3:
                # some progress each time: four connections in a row without any end the session
                one.until(lambda before=k // 2: one.mqtt.acked > before)
                one.mqtt.publish(b"b/under/way", b"", 2)
                one.drop().up()
        one.delivered()
        assert sorted(int(m.payload) for m in watch.messages(30)) == list(range(30))
    assert one.mqtt.reconnects == 4


def test_larger_than_the_buffers(broker, driver):
    data = bytes(range(256)) * 300
    sink = t.Sink()
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("big/small", heard, 1)
    one.mqtt.on_large("big/#", sink, 2)
    one.up()
    for qos in (0, 1, 2):
        sink.events.clear()
        one.mqtt.publish_from(b"big/x", io.BytesIO(data), len(data), qos)
        one.delivered().until(lambda: sink.events and sink.events[-1][0] == "end")
        assert sink.payload() == data and sink.events[-1] == ("end", True)
    one.mqtt.publish(b"big/small", b"s")
    one.until(lambda: heard.messages)


def test_too_large_for_anybody_keeps_the_step(broker, driver):
    heard = t.Heard()
    one = driver()
    one.mqtt.subscribe("huge", heard, 2)
    one.up()
    for qos in (0, 1, 2):
        broker.publish("huge", bytes(50_000), qos)
    broker.publish("huge", b"after", 1)
    one.until(lambda: heard.messages)
    assert heard.messages == [(b"huge", b"after")] and one.mqtt.oversize == 3
    one.drop().up()
    assert one.mqtt.oversize == 3


def test_users(tmp_path):
    with Mosquitto(tmp_path, users={"joe": "secret"}) as broker:
        good = Driver(broker.port, user=b"joe", password=b"secret").up()
        good.leave()
        bad = Driver(broker.port, user=b"joe", password=b"wrong")
        bad.mqtt.connect()
        bad.until(lambda: bad.mqtt.logins_refused)
        assert bad.mqtt.error().code in (4, 5) and not bad.mqtt.connected
        assert "wrong" not in bad.mqtt.last_error


def test_a_clean_session_with_an_empty_client_id(broker):
    one = Driver(broker.port, client_id=b"", clean=True).up()
    assert not one.mqtt.session_present
    one.leave()
