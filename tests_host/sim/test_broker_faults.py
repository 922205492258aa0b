"""The broker's misbehaviour, each kind once."""

import random

import pytest

from . import broker_faults as faults, mqtt_script as s, mqtt_wire as wire
from .broker import Broker
from .mqtt_script import Conn


def login(broker, **kw):
    conn = Conn(broker)
    conn.say(s.connect(**kw))
    return conn


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_refused_logins(code):
    broker = Broker()
    broker.faults.refuse(code, times=2)
    for expected in (code, code, 0):
        conn = Conn(broker)
        assert conn.say(s.connect()) == [bytes((0x20, 2, 0, expected))]
        assert conn.open is (expected == 0)
    assert [r.code for r in broker.history[b"dev"]] == [code, code, 0]
    assert broker.violations == []


def test_a_delayed_refusal_closes_behind_itself():
    broker = Broker()
    broker.faults.refuse(5)
    broker.faults.delay(wire.CONNACK, 100)
    conn = Conn(broker)
    assert conn.say(s.connect() + s.PINGREQ, 0) == []
    assert conn.open
    broker.poll(100)
    assert conn.take() == [b"\x20\x02\x00\x05"]
    assert not conn.open


def test_connack_withheld_means_that_nothing_comes():
    broker = Broker()
    broker.faults.withhold(wire.CONNACK)
    conn = Conn(broker)
    assert conn.say(s.connect() + s.PINGREQ + s.subscribe(1, ("a", 1))) == []
    broker.publish("a", b"x", 1)
    assert conn.open
    assert conn.data == b""
    assert Conn(broker).say(s.connect()) == [b"\x20\x02\x00\x00"]


@pytest.mark.parametrize("name", faults.MALFORMED_CONNACK)
def test_malformed_answers_to_connect(name):
    broker = Broker()
    broker.faults.answer_connect(faults.MALFORMED_CONNACK[name])
    conn = Conn(broker)
    broker.received(conn, s.connect() + s.PINGREQ, 0)
    assert conn.data == faults.MALFORMED_CONNACK[name]
    conn.drop()
    assert Conn(broker).say(s.connect()) == [b"\x20\x02\x00\x00"]


@pytest.mark.parametrize(
    "kind, question",
    [
        (wire.PINGRESP, s.PINGREQ),
        (wire.PUBACK, s.publish("a", b"x", 1, 1)),
        (wire.PUBREC, s.publish("a", b"x", 2, 1)),
        (wire.SUBACK, s.subscribe(1, ("a", 0))),
        (wire.UNSUBACK, s.unsubscribe(1, "a")),
    ],
)
def test_withheld_delayed_closed_instead(kind, question):
    broker = Broker()
    broker.faults.withhold(kind)
    assert login(broker).say(question) == []
    broker.faults.delay(kind, 70)
    conn = login(broker)
    assert conn.say(question, 0) == []
    assert broker.poll(0) == 70
    broker.poll(70)
    assert len(conn.take()) == 1
    broker.faults.release(kind)
    broker.faults.close_before(kind, skip=1)
    assert len(login(broker).say(question)) == 1
    conn = login(broker)
    assert conn.say(question) == []
    assert not conn.open
    assert broker.history[b"dev"][-1].reason == "fault"
    assert len(login(broker).say(question)) == 1
    assert broker.violations == []


def test_a_message_delivered_but_never_acknowledged_comes_again():
    broker = Broker()
    broker.faults.close_before(wire.PUBACK)
    login(broker, clean=False).say(s.publish("t", b"x", 1, 1))
    assert broker.waiting("dev") == [1]
    conn = login(broker, clean=False)
    assert conn.say(s.publish("t", b"x", 1, 1, dup=True)) == [s.puback(1)]
    assert [p.dup for p in broker.published] == [False, True]
    assert broker.history[b"dev"][1].resent == 1
    assert broker.violations == []


def test_closing_after_bytes_and_packets():
    hello = s.connect()
    broker = Broker()
    broker.faults.close_after(received=len(hello) + 3, skip=1)
    broker.faults.close_after(packets=2)
    conn = Conn(broker)
    assert conn.say(hello + s.publish("t", b"x", 1, 1) + s.PINGREQ)[1:] == [s.puback(1)]
    assert not conn.open
    conn = Conn(broker)
    for i in range(len(hello) + 2):
        broker.received(conn, (hello + s.PINGREQ)[i : i + 1], 0)
    assert conn.open
    broker.received(conn, b"", 0)
    assert conn.say(b"\xc0") == [b"\x20\x02\x00\x00", b"\xd0\x00"]
    assert not conn.open
    assert login(broker).open


@pytest.mark.parametrize("n", range(1, 9))
def test_closing_after_bytes_sent(n):
    broker = Broker()
    broker.faults.close_after(sent=n)
    conn = Conn(broker)
    broker.received(conn, s.connect() + s.publish("t", b"x", 1, 1) + s.PINGREQ, 0)
    assert conn.data == (b"\x20\x02\x00\x00" + s.puback(1))[:n]
    assert not conn.open


@pytest.mark.parametrize("name", faults.MALFORMED)
def test_malformed_packets_leave_as_they_are(name):
    broker = Broker()
    conn = login(broker)
    conn.pieces = []
    broker.send_raw("dev", faults.MALFORMED[name])
    assert conn.data == faults.MALFORMED[name]


def test_malformed_packets_are_malformed_for_a_strict_reader():
    """Each entry is wrong by itself: our own reader of clients' packets, and the rules, refuse it.

    The acknowledgements and QoS of both directions have the same form, so that the entries about
    PUBLISH, PUBACK, PUBREC, PUBREL and PUBCOMP can be played against the broker itself."""
    played = 0
    for name, data in faults.MALFORMED.items():
        if name.split()[0] not in ("PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP"):
            continue
        broker = Broker()
        conn = login(broker)
        conn.say(data)
        assert len(broker.violations) == 1, name
        played += 1
    assert played > 20


def test_duplicates_and_unsolicited_acknowledgements():
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, ("t", 2)))
    broker.publish("t", b"x", 1, copies=2)
    assert conn.take() == [s.publish("t", b"x", 1, 1), s.publish("t", b"x", 1, 1, dup=True)]
    conn.say(s.puback(1) + s.puback(1))
    broker.publish("t", b"y", 2, copies=2)
    assert [p[0] for p in conn.take()] == [0x34, 0x3C]
    assert conn.say(s.pubrec(2) + s.pubrec(2)) == [s.pubrel(2)] * 2
    conn.say(s.pubcomp(2) + s.pubcomp(2))
    assert broker.unacknowledged("dev") == 0
    for kind in (wire.PUBACK, wire.PUBCOMP, wire.SUBACK, wire.UNSUBACK, wire.PINGRESP):
        broker.send_unsolicited("dev", kind, 77)
        assert conn.take()[0][0] >> 4 == kind
    broker.send_unsolicited("dev", wire.PUBREL, 77)
    assert conn.take() == [s.pubrel(77)]
    conn.say(s.pubcomp(77))
    broker.send_unsolicited("dev", wire.PUBREC, 77)
    assert conn.take() == [s.pubrec(77)]
    assert conn.say(s.pubrel(77)) == [s.pubcomp(77)]
    assert broker.violations == []
    conn.say(s.pubrel(77))
    assert [v.statement for v in broker.violations] == ["4.3.3-1"]


def test_pubrec_doubled_in_the_middle_of_a_flow():
    broker = Broker()
    conn = login(broker)
    conn.say(s.publish("t", b"x", 2, 1))
    broker.send_unsolicited("dev", wire.PUBREC, 1)
    assert conn.take() == [s.pubrec(1)]
    assert conn.say(s.pubrel(1) + s.pubrel(1)) == [s.pubcomp(1)] * 2
    assert broker.violations == []


def test_an_oversized_message():
    broker = Broker()
    conn = login(broker)
    conn.say(s.subscribe(1, ("t", 1)))
    broker.publish("t", bytes(100_000), 1)
    assert len(conn.data) == 100_000 + 4 + 5
    conn.say(s.puback(1))
    assert broker.violations == []


@pytest.mark.parametrize("forget", [False, True])
def test_restart(forget):
    broker = Broker()
    conn = login(broker, clean=False, will=("w", b"", 0, False))
    conn.say(s.subscribe(1, ("t", 1)))
    broker.publish("r", b"x", retain=True)
    broker.restart(9, forget=forget)
    assert not conn.open
    assert broker.wills == []
    conn = Conn(broker)
    assert conn.say(s.connect(clean=False)) == [bytes((0x20, 2, not forget, 0))]
    assert broker.subscriptions("dev") == ({} if forget else {b"t": 1})
    assert bool(broker.retained) is not forget
    assert broker.history[b"dev"][0].reason == "restart"


def test_down():
    broker = Broker()
    broker.down = True
    assert not Conn(broker).open
    broker.down = False
    assert login(broker).open


def test_any_shape_carries_the_same_bytes():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    for shape in (
        faults.whole,
        faults.glued,
        faults.pieces(1),
        faults.pieces(7),
        faults.scattered(random.Random(seed)),
    ):
        broker = Broker()
        broker.faults.shape = shape
        conn = Conn(broker)
        broker.received(conn, s.connect() + s.subscribe(1, ("t", 0)) + s.PINGREQ, 0)
        broker.publish("t", b"y" * 300)
        expected = b"\x20\x02\x00\x00\x90\x03\x00\x01\x00\xd0\x00" + s.publish("t", b"y" * 300)
        assert conn.data == expected


def test_disconnect_and_forget():
    broker = Broker()
    conn = login(broker, clean=False)
    broker.disconnect("dev")
    assert not conn.open
    assert broker.sessions() == [b"dev"]
    conn = login(broker, clean=False)
    broker.forget("dev")
    assert not conn.open
    assert broker.sessions() == []
