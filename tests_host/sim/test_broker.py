"""The broker as a server: every dialogue of MQTT 3.1.1, in simulated time."""

import pytest

from . import broker_faults, mqtt_script as s, mqtt_wire as wire
from .broker import Broker
from .mqtt_script import Conn

S = 1_000_000


def login(broker, now_us=0, **kw):
    conn = Conn(broker, now_us)
    assert conn.say(s.connect(**kw), now_us)[0][0] == 0x20
    return conn


def test_connack_tells_whether_the_session_is_there():
    broker = Broker()
    conn = Conn(broker)
    assert conn.say(s.connect(clean=False)) == [b"\x20\x02\x00\x00"]
    conn.say(s.DISCONNECT)
    assert not conn.open
    conn = Conn(broker)
    assert conn.say(s.connect(clean=False)) == [b"\x20\x02\x01\x00"]
    conn.say(s.DISCONNECT)
    assert Conn(broker).say(s.connect(clean=True)) == [b"\x20\x02\x00\x00"]
    codes = [(r.code, r.session_present, r.reason) for r in broker.history[b"dev"]]
    assert codes == [(0, False, "disconnect"), (0, True, "disconnect"), (0, False, None)]
    assert broker.violations == []


def test_a_clean_session_leaves_nothing():
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, ("a", 1)))
    conn.say(s.DISCONNECT)
    assert broker.sessions() == []
    broker.publish("a", b"x", 1)
    assert login(broker).take() == []


def test_login_with_users():
    broker = Broker(users={"joe": "secret"})
    assert Conn(broker).say(s.connect(user="joe", password="secret")) == [b"\x20\x02\x00\x00"]
    for kw in ({}, {"user": "joe"}, {"user": "joe", "password": "x"}, {"user": "x"}):
        conn = Conn(broker)
        assert conn.say(s.connect(client_id="other", **kw) + s.PINGREQ) == [b"\x20\x02\x00\x05"]
        assert not conn.open
    assert broker.violations == []
    assert broker.arrivals["PINGREQ"] == 0  # 3.1.4-5


def test_publish_at_each_qos_arrives_once_and_is_acknowledged():
    broker = Broker()
    conn = login(broker)
    assert conn.say(s.publish("t", b"0")) == []
    assert conn.say(s.publish("t", b"1", 1, 7)) == [s.puback(7)]
    assert conn.say(s.publish("t", b"2", 2, 8)) == [s.pubrec(8)]
    assert conn.say(s.pubrel(8)) == [s.pubcomp(8)]
    assert [tuple(p)[1:] for p in broker.published] == [
        (b"dev", b"t", b"0", 0, False, False, 0),
        (b"dev", b"t", b"1", 1, False, False, 7),
        (b"dev", b"t", b"2", 2, False, False, 8),
    ]
    assert broker.violations == []


def test_identifiers_may_be_used_again_once_acknowledged():
    broker = Broker()
    conn = login(broker)
    for _ in range(3):
        assert conn.say(s.publish("t", b"same", 1, 1)) == [s.puback(1)]
        assert conn.say(s.publish("t", b"same", 2, 2)) == [s.pubrec(2)]
        assert conn.say(s.pubrel(2)) == [s.pubcomp(2)]
        assert conn.say(s.subscribe(1, ("a", 0))) == [b"\x90\x03\x00\x01\x00"]
    assert len(broker.published) == 6
    assert broker.violations == []


def test_subscribe_grants_refuses_and_unsubscribes():
    broker = Broker(max_qos=1, refuse_filter=lambda client_id, f: f == b"no/#")
    conn = login(broker)
    answer = conn.say(s.subscribe(3, ("a", 0), ("no/#", 1), ("b/+", 2)))
    assert answer == [b"\x90\x05\x00\x03\x00\x80\x01"]
    assert broker.subscriptions("dev") == {b"a": 0, b"b/+": 1}
    assert conn.say(s.unsubscribe(4, "a", "unknown")) == [b"\xb0\x02\x00\x04"]
    assert broker.subscriptions("dev") == {b"b/+": 1}
    broker.publish("b/c", b"x", 2)
    assert conn.take() == [s.publish("b/c", b"x", 1, 1)]


def test_retained_messages():
    broker = Broker()
    conn = login(broker)
    conn.say(s.publish("a/1", b"one", retain=True))
    conn.say(s.publish("a/2", b"two", 1, 1, retain=True))
    conn.say(s.publish("a/1", b"uno", retain=True))
    answer = conn.say(s.subscribe(2, ("a/#", 1)))
    assert answer[0] == b"\x90\x03\x00\x02\x01"
    assert sorted(answer[1:]) == [
        s.publish("a/1", b"uno", retain=True),
        s.publish("a/2", b"two", 1, 1, retain=True),
    ]
    # To a subscription that exists already it goes without RETAIN (3.3.1-9).
    assert conn.say(s.publish("a/1", b"", retain=True)) == [s.publish("a/1", b"")]
    assert list(broker.retained) == [b"a/2"]


def test_retained_before_suback():
    broker = Broker(retained_first=True)
    broker.publish("a", b"x", retain=True)
    answer = login(broker).say(s.subscribe(1, ("a", 0)))
    assert [p[0] for p in answer] == [0x31, 0x90]


MATCHES = [
    ("a/b", "a/b", True),
    ("a/b", "a/c", False),
    ("a/+", "a/b", True),
    ("a/+", "a/b/c", False),
    ("a/+", "a", False),
    ("a/+", "a/", True),
    ("a/#", "a", True),
    ("a/#", "a/b/c", True),
    ("#", "a/b", True),
    ("#", "/", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    ("+/b/#", "a/b", True),
    ("#", "$SYS/x", False),
    ("+/x", "$SYS/x", False),
    ("$SYS/#", "$SYS/x", True),
    ("$SYS/+", "$SYS/x", True),
    ("a", "A", False),
]


@pytest.mark.parametrize("topic_filter, topic, expected", MATCHES)
def test_wildcards(topic_filter, topic, expected):
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, (topic_filter, 0)))
    broker.publish(topic, b"x")
    assert bool(conn.take()) is expected


def test_overlapping_subscriptions_deliver_once_at_the_highest_qos():
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, ("a/#", 0), ("a/+", 2), ("a/b", 1)))
    broker.publish("a/b", b"x", 2)
    assert conn.take() == [s.publish("a/b", b"x", 2, 1)]


def test_messages_to_the_client_at_qos_1_and_2():
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, ("t", 2)))
    broker.publish("t", b"1", 1)
    broker.publish("t", b"2", 2)
    assert conn.take() == [s.publish("t", b"1", 1, 1), s.publish("t", b"2", 2, 2)]
    assert broker.unacknowledged("dev") == 2
    assert conn.say(s.puback(1)) == []
    assert conn.say(s.pubrec(2)) == [s.pubrel(2)]
    assert broker.unacknowledged("dev") == 1
    assert conn.say(s.pubcomp(2)) == []
    assert broker.unacknowledged("dev") == 0
    assert broker.violations == []


def test_offline_messages_and_resending_in_order():
    broker = Broker(max_inflight=3)
    conn = login(broker, clean=False)
    conn.say(s.subscribe(1, ("t", 2)))
    broker.publish("t", b"a", 2)
    broker.publish("t", b"b", 1)
    conn.say(s.pubrec(1))
    conn.drop()
    broker.publish("t", b"lost", 0)
    broker.publish("t", b"c", 1)
    broker.publish("t", b"d", 1)
    conn = Conn(broker)
    assert conn.say(s.connect(clean=False)) == [
        b"\x20\x02\x01\x00",
        s.pubrel(1),
        s.publish("t", b"b", 1, 2, dup=True),
        s.publish("t", b"c", 1, 3),
    ]
    assert conn.say(s.pubcomp(1)) == [s.publish("t", b"d", 1, 4)]
    conn.say(s.puback(2) + s.puback(3) + s.puback(4))
    assert broker.unacknowledged("dev") == 0
    assert broker.violations == []


def test_the_queue_for_an_absent_client_is_bounded():
    broker = Broker(max_queued=5)
    conn = login(broker, clean=False)
    conn.say(s.subscribe(1, ("t", 1)))
    conn.say(s.DISCONNECT)
    for _ in range(9):
        broker.publish("t", b"x", 1)
    assert broker.unacknowledged("dev") == 5


def test_will_after_a_lost_connection_not_after_disconnect():
    broker = Broker()
    watch = login(broker, client_id="watch")
    watch.say(s.subscribe(1, ("w", 1)))
    will = ("w", b"gone", 1, True)
    login(broker, will=will).say(s.DISCONNECT)
    assert watch.take() == []
    assert broker.wills == []
    login(broker, will=will).drop(5)
    assert watch.take() == [s.publish("w", b"gone", 1, 1)]
    assert broker.retained == {b"w": (b"gone", 1)}
    assert [tuple(w) for w in broker.wills] == [(5, b"dev", b"w", b"gone", 1, True)]


def test_take_over_of_a_client_identifier():
    broker = Broker()
    old = login(broker, clean=False, will=("w", b"old", 0, False))
    new = Conn(broker)
    assert new.say(s.connect(clean=False)) == [b"\x20\x02\x01\x00"]
    assert not old.open
    assert broker.wills[0].payload == b"old"
    broker.closed(old)
    assert broker.online("dev")
    assert [r.reason for r in broker.history[b"dev"]] == ["taken over", None]


def test_keepalive_is_one_and_a_half():
    broker = Broker()
    conn = login(broker, keepalive_s=10, will=("w", b"", 0, False))
    assert broker.poll(0) == 15 * S
    conn.say(s.PINGREQ, 9 * S)
    assert broker.poll(15 * S) == 24 * S
    assert broker.poll(24 * S - 1) == 24 * S
    assert conn.open
    assert broker.poll(24 * S) is None
    assert not conn.open
    assert [v.statement for v in broker.violations] == ["3.1.2-23"]
    assert (broker.timeouts, len(broker.wills)) == (1, 1)
    assert broker.history[b"dev"][0].longest_gap_us == 9 * S


@pytest.mark.parametrize("how", ["option", "excuse"])
def test_a_dead_network_is_not_the_clients_fault(how):
    broker = Broker(judge_keepalive=how != "option")
    conn = login(broker, keepalive_s=10)
    if how == "excuse":
        broker.excuse(conn)
    broker.poll(15 * S)
    assert not conn.open
    assert (broker.timeouts, broker.violations) == (1, [])


def test_half_a_packet_does_not_keep_alive():
    broker = Broker()
    conn = login(broker, keepalive_s=10)
    conn.say(b"\xc0", 14 * S)
    broker.poll(15 * S)
    assert not conn.open


def test_a_connection_without_connect_is_closed():
    broker = Broker(connect_limit_us=3 * S)
    conn = Conn(broker, 1 * S)
    assert broker.poll(1 * S) == 4 * S
    broker.poll(4 * S)
    assert not conn.open
    assert broker.violations == []


def test_empty_client_identifiers_get_names_of_their_own():
    broker = Broker()
    first, second = login(broker, client_id=""), login(broker, client_id="")
    assert first.open
    assert second.open
    assert len(broker.sessions()) == 2


def test_delayed_acknowledgements_keep_their_order_and_connack_comes_first():
    broker = Broker(ack_delay_us=100)
    broker.faults.delay(wire.CONNACK, 1000)
    conn = Conn(broker)
    hello = s.connect() + s.publish("t", b"a", 1, 1) + s.PINGREQ + s.publish("t", b"b", 1, 2)
    assert conn.say(hello, 0) == []
    assert broker.waiting("dev") == [1, 2]
    assert broker.poll(999) == 1000
    assert conn.take() == []
    broker.poll(1000)
    assert conn.take()[0] == b"\x20\x02\x00\x00"
    assert broker.waiting("dev") == []
    assert conn.say(s.publish("t", b"c", 1, 3), 2000) == []
    broker.faults.delay(wire.PINGRESP, 50)
    assert conn.say(s.PINGREQ, 2000) == []
    assert broker.poll(2000) == 2050
    broker.poll(2100)
    assert conn.take() == [b"\xd0\x00", s.puback(3)]


def test_split_output_with_gaps():
    broker = Broker()
    broker.faults.shape = broker_faults.pieces(3)
    broker.faults.gap_us = 10
    conn = Conn(broker)
    conn.say(s.connect() + s.PINGREQ + s.PINGREQ, 0)
    assert conn.pieces == [b"\x20\x02\x00"]
    assert broker.poll(0) == 10
    broker.poll(10)
    broker.poll(20)
    assert conn.pieces == [b"\x20\x02\x00", b"\x00\xd0\x00", b"\xd0\x00"]


def test_glued_output():
    broker = Broker()
    broker.faults.shape = broker_faults.glued
    conn = Conn(broker)
    conn.broker.received(conn, s.connect() + s.PINGREQ, 0)
    assert conn.pieces == [b"\x20\x02\x00\x00\xd0\x00"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_input_in_pieces_of_any_size(size):
    broker = Broker()
    conn = Conn(broker)
    data = s.connect(keepalive_s=9, user="u", password="p", will=("w", b"x" * 200, 2, True))
    data += s.publish("t", b"y" * 300, 2, 5) + s.pubrel(5) + s.DISCONNECT
    for i in range(0, len(data), size):
        broker.received(conn, data[i : i + size], 0)
    assert conn.data == b"\x20\x02\x00\x00" + s.pubrec(5) + s.pubcomp(5)
    assert broker.violations == []
    assert broker.published[0].payload == b"y" * 300


def test_disconnect_may_linger():
    broker = Broker(linger_us=5 * S)
    conn = login(broker)
    conn.say(s.DISCONNECT, 1 * S)
    assert conn.open
    conn.drop(2 * S)
    assert broker.violations == []
    assert broker.history[b"dev"][0].reason == "disconnect"
    conn = login(broker, 3 * S)
    conn.say(s.DISCONNECT, 3 * S)
    assert broker.poll(3 * S) == 8 * S
    broker.poll(8 * S)
    assert not conn.open
    assert [v.statement for v in broker.violations] == ["3.14.4-1"]


def test_a_callback_instead_of_a_list():
    seen = []
    broker = Broker(on_published=seen.append)
    login(broker).say(s.publish("t", b"x"))
    assert (len(seen), broker.published) == (1, [])


def test_a_week_of_messages_does_not_grow():
    """40,000 messages, a reconnection after each hundred: what the broker holds stays small."""
    count = [0]

    def on_published(entry):
        count[0] += 1

    broker = Broker(on_published=on_published)
    identifier = now = 0
    sizes = []
    for round_ in range(400):
        conn = Conn(broker, now)
        conn.say(s.connect(clean=False, keepalive_s=60), now)
        if round_ == 0:
            conn.say(s.subscribe(65535, ("cmd", 1)), now)
        for i in range(100):
            now += 15 * S
            identifier = identifier % 60000 + 1
            conn.say(s.publish("t", b"%d" % now, 1 + i % 2, identifier), now)
            if i % 2:
                conn.say(s.pubrel(identifier), now)
            broker.publish("cmd", b"x", 1, now_us=now)
            sent = conn.take()[-1]
            conn.say(s.puback(int.from_bytes(sent[7:9], "big")), now)
            broker.poll(now)
        conn.drop(now)
        session = broker._sessions[b"dev"]
        sizes.append(len(session.inbound._entries) + len(session.outbound.inflight))
    assert count[0] == 40_000
    assert broker.violations == []
    assert max(sizes) <= 1024
    assert len(broker._links) == 0
