"""The broker as a judge: what a client can do wrong, and what must not be called wrong."""

import pytest

from . import mqtt_script as s, mqtt_wire as wire
from .broker import Broker
from .mqtt_script import Conn, frame, text

HELLO = s.connect()


def raw_connect(
    name=b"MQTT", level=4, flags=2, keepalive=b"\x00\x00", rest=b"\x00\x03dev", first=0x10
):
    return frame(first, text(name) + bytes((level, flags)) + keepalive + rest)


# (statement, what the client says on its one connection). Every one must close it.
WRONG = {
    "CONNECT flags": ("2.2.2-2", b"\x11" + HELLO[1:]),
    "PUBACK flags": ("2.2.2-2", HELLO + b"\x41\x02\x00\x01"),
    "PUBREC flags": ("2.2.2-2", HELLO + b"\x52\x02\x00\x01"),
    "PUBCOMP flags": ("2.2.2-2", HELLO + b"\x78\x02\x00\x01"),
    "PUBREL flags": ("3.6.1-1", HELLO + b"\x60\x02\x00\x01"),
    "SUBSCRIBE flags": ("3.8.1-1", HELLO + b"\x80" + s.subscribe(1, ("a", 0))[1:]),
    "UNSUBSCRIBE flags": ("3.10.1-1", HELLO + b"\xa0" + s.unsubscribe(1, "a")[1:]),
    "PINGREQ flags": ("2.2.2-2", HELLO + b"\xc1\x00"),
    "DISCONNECT flags": ("3.14.1-1", HELLO + b"\xe2\x00"),
    "type 0": ("4.8.0-1", HELLO + b"\x00\x00"),
    "type 15": ("4.8.0-1", HELLO + b"\xf0\x00"),
    "CONNACK": ("4.8.0-1", HELLO + b"\x20\x02\x00\x00"),
    "SUBACK": ("4.8.0-1", HELLO + b"\x90\x03\x00\x01\x00"),
    "UNSUBACK": ("4.8.0-1", HELLO + b"\xb0\x02\x00\x01"),
    "PINGRESP": ("4.8.0-1", HELLO + b"\xd0\x00"),
    "five length bytes": ("4.8.0-1", HELLO + b"\x30\xff\xff\xff\xff\x01"),
    "PUBLISH QoS 3": ("3.3.1-4", HELLO + b"\x36\x06\x00\x01a\x00\x01x"),
    "PUBLISH DUP at QoS 0": ("3.3.1-2", HELLO + b"\x38\x04\x00\x01ax"),
    "PUBLISH DUP at first, QoS 1": ("3.3.1-1", HELLO + s.publish("a", b"x", 1, 1, dup=True)),
    "PUBLISH DUP at first, QoS 2": ("3.3.1-1", HELLO + s.publish("a", b"x", 2, 1, dup=True)),
    "PUBLISH identifier 0": ("2.3.1-1", HELLO + s.publish("a", b"x", 1, 0)),
    "PUBLISH without identifier": ("4.8.0-1", HELLO + b"\x32\x04\x00\x01a\x00"),
    "PUBLISH of nothing": ("4.8.0-1", HELLO + b"\x30\x00"),
    "PUBLISH topic too long": ("4.8.0-1", HELLO + b"\x30\x04\x00\x09ab"),
    "PUBLISH empty topic": ("4.7.3-1", HELLO + s.publish("", b"x")),
    "PUBLISH to +": ("3.3.2-2", HELLO + s.publish("a/+", b"x")),
    "PUBLISH to #": ("3.3.2-2", HELLO + s.publish("#", b"x")),
    "PUBLISH overlong UTF-8": ("1.5.3-1", HELLO + s.publish(b"\xc0\xaf", b"x")),
    "PUBLISH surrogate": ("1.5.3-1", HELLO + s.publish(b"\xed\xa0\x80", b"x")),
    "PUBLISH above 10FFFF": ("1.5.3-1", HELLO + s.publish(b"\xf4\x90\x80\x80", b"x")),
    "PUBLISH cut UTF-8": ("1.5.3-1", HELLO + s.publish(b"a\xe2\x82", b"x")),
    "PUBLISH U+0000": ("1.5.3-2", HELLO + s.publish(b"a\0b", b"x")),
    "PUBACK identifier 0": ("2.3.1-1", HELLO + s.puback(0)),
    "PUBACK of one byte": ("4.8.0-1", HELLO + b"\x40\x01\x01"),
    "PUBACK of three bytes": ("4.8.0-1", HELLO + b"\x40\x03\x00\x01\x00"),
    "PUBACK for nothing": ("2.3.1-6", HELLO + s.puback(1)),
    "PUBREC for nothing": ("2.3.1-6", HELLO + s.pubrec(1)),
    "PUBCOMP for nothing": ("4.3.3-2", HELLO + s.pubcomp(1)),
    "PUBREL for nothing": ("4.3.3-1", HELLO + s.pubrel(1)),
    "PUBREL for QoS 1": ("4.3.3-1", HELLO + s.publish("a", b"x", 1, 1) + s.pubrel(1)),
    "PUBREL twice": ("4.4.0-1", HELLO + s.publish("a", b"x", 2, 1) + s.pubrel(1) * 2),
    "PUBLISH after PUBREC": (
        "4.3.3-1",
        HELLO + s.publish("a", b"x", 2, 1) + s.publish("a", b"x", 2, 1, dup=True),
    ),
    "other PUBLISH in flight at QoS 2": (
        "2.3.1-2",
        HELLO + s.publish("a", b"x", 2, 1) + s.publish("a", b"y", 2, 1),
    ),
    "QoS 1 on an identifier of QoS 2": (
        "2.3.1-2",
        HELLO + s.publish("a", b"x", 2, 1) + s.publish("a", b"x", 1, 1),
    ),
    "SUBSCRIBE on an identifier in flight": (
        "2.3.1-2",
        HELLO + s.publish("a", b"x", 2, 1) + s.subscribe(1, ("a", 0)),
    ),
    "resent on a live connection": (
        "4.4.0-1",
        HELLO + s.publish("a", b"x", 1, 1) + s.publish("a", b"x", 1, 1, dup=True),
    ),
    "PUBREL out of order": (
        "4.6.0-4",
        HELLO
        + s.publish("a", b"x", 2, 1)
        + s.publish("a", b"y", 2, 2)
        + s.pubrel(2)
        + s.pubrel(1),
    ),
    "SUBSCRIBE identifier 0": ("2.3.1-1", HELLO + s.subscribe(0, ("a", 0))),
    "SUBSCRIBE without filter": ("3.8.3-3", HELLO + s.subscribe(1)),
    "SUBSCRIBE QoS 3": ("3.8.3-4", HELLO + s.subscribe(1, ("a", 3))),
    "SUBSCRIBE reserved bits": ("3.8.3-4", HELLO + s.subscribe(1, ("a", 0x41))),
    "SUBSCRIBE without QoS": ("4.8.0-1", HELLO + frame(0x82, b"\x00\x01" + text("a"))),
    "SUBSCRIBE empty filter": ("4.7.3-1", HELLO + s.subscribe(1, ("", 0))),
    "SUBSCRIBE # inside": ("4.7.1-2", HELLO + s.subscribe(1, ("a/#/b", 0))),
    "SUBSCRIBE # glued": ("4.7.1-2", HELLO + s.subscribe(1, ("a#", 0))),
    "SUBSCRIBE + glued": ("4.7.1-3", HELLO + s.subscribe(1, ("a/b+", 0))),
    "SUBSCRIBE bad UTF-8": ("1.5.3-1", HELLO + s.subscribe(1, (b"\xff", 0))),
    "UNSUBSCRIBE identifier 0": ("2.3.1-1", HELLO + s.unsubscribe(0, "a")),
    "UNSUBSCRIBE without filter": ("3.10.3-2", HELLO + s.unsubscribe(1)),
    "UNSUBSCRIBE # inside": ("4.7.1-2", HELLO + s.unsubscribe(1, "#/a")),
    "PINGREQ with a body": ("4.8.0-1", HELLO + b"\xc0\x01x"),
    "DISCONNECT with a body": ("4.8.0-1", HELLO + b"\xe0\x01\x00"),
    "after DISCONNECT": ("3.14.4-2", HELLO + s.DISCONNECT + s.PINGREQ),
    "one byte after DISCONNECT": ("3.14.4-2", HELLO + s.DISCONNECT + b"\x30"),
    "second CONNECT": ("3.1.0-2", HELLO + HELLO),
    "PINGREQ before CONNECT": ("3.1.0-1", s.PINGREQ + HELLO),
    "PUBLISH before CONNECT": ("3.1.0-1", s.publish("a", b"x") + HELLO),
    "protocol name": ("3.1.2-1", raw_connect(name=b"MQTX")),
    "protocol level 3": ("3.1.2-2", s.connect(level=3)),
    "protocol level 5": ("3.1.2-2", s.connect(level=5)),
    "reserved connect flag": ("3.1.2-3", raw_connect(flags=3)),
    "will QoS without will": ("3.1.2-13", raw_connect(flags=0x0A)),
    "will retain without will": ("3.1.2-15", raw_connect(flags=0x22)),
    "will QoS 3": ("3.1.2-14", raw_connect(flags=0x1E, rest=text("d") + text("w") + text("x"))),
    "will missing": ("4.8.0-1", raw_connect(flags=0x06)),
    "will topic with wildcard": (
        "3.3.2-2",
        raw_connect(flags=0x06, rest=text("d") + text("w/#") + text("x")),
    ),
    "password without user": ("3.1.2-22", raw_connect(flags=0x42, rest=text("d") + text("pw"))),
    "user missing": ("4.8.0-1", raw_connect(flags=0x82)),
    "user though not announced": ("4.8.0-1", raw_connect(rest=text("d") + text("u"))),
    "client identifier missing": ("4.8.0-1", raw_connect(rest=b"")),
    "client identifier bad UTF-8": ("1.5.3-1", raw_connect(rest=text(b"\xe9"))),
    "empty client identifier kept": ("3.1.3-7", s.connect(client_id="", clean=False)),
    "user bad UTF-8": ("1.5.3-1", raw_connect(flags=0x82, rest=text("d") + text(b"\xff"))),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("step", [1, 10_000])
def test_violation_is_named_and_closes(name, step):
    statement, data = WRONG[name]
    broker = Broker()
    conn = Conn(broker)
    for i in range(0, len(data), step):
        broker.received(conn, data[i : i + step], 5)
    assert [v.statement for v in broker.violations] == [statement]
    assert broker.violations[0].now_us == 5
    assert len(broker.violations[0].packet) > 0
    assert not conn.open


def test_refusals_that_are_answered():
    conn = Conn(Broker())
    assert conn.say(s.connect(level=3)) == [b"\x20\x02\x00\x01"]
    conn = Conn(Broker())
    assert conn.say(s.connect(client_id="", clean=False)) == [b"\x20\x02\x00\x02"]
    conn = Conn(Broker())
    assert conn.say(raw_connect(flags=3)) == []  # 3.1.4-1: closed without CONNACK


def test_a_subscribe_that_waits_holds_its_identifier():
    broker = Broker()
    broker.faults.withhold(wire.SUBACK)
    conn = Conn(broker)
    conn.say(HELLO + s.subscribe(9, ("a", 0)) + s.publish("a", b"x", 1, 9))
    assert [v.statement for v in broker.violations] == ["2.3.1-2"]


# What a client answers to messages that go to it.


def receiver(*messages):
    broker = Broker()
    conn = Conn(broker)
    conn.say(HELLO + s.subscribe(1, ("t", 2)))
    for qos, payload in messages:
        broker.publish("t", payload, qos)
    conn.take()
    return broker, conn


@pytest.mark.parametrize(
    "statement, qos, answer",
    [
        ("4.6.0-2", 1, s.puback(2) + s.puback(1)),
        ("4.6.0-3", 2, s.pubrec(2) + s.pubrec(1)),
        ("3.3.4-1", 2, s.puback(1)),
        ("3.3.4-1", 1, s.pubrec(1)),
        ("2.3.1-6", 1, s.puback(1) + s.puback(1)),
        ("2.3.1-6", 2, s.pubrec(1) + s.pubrec(1)),
        ("4.3.3-2", 2, s.pubcomp(1)),
        ("4.3.3-2", 2, s.pubrec(1) + s.pubcomp(1) + s.pubcomp(1)),
    ],
)
def test_wrong_answers_to_messages(statement, qos, answer):
    broker, conn = receiver((qos, b"a"), (qos, b"b"))
    conn.say(answer)
    assert [v.statement for v in broker.violations] == [statement]
    assert not conn.open


def test_acknowledging_for_a_lost_connection_is_wrong():
    broker = Broker()
    conn = Conn(broker)
    conn.say(s.connect(clean=False) + s.subscribe(1, ("t", 1)))
    broker.publish("t", b"x", 1)
    conn.drop()
    conn = Conn(broker)
    conn.say(s.connect(clean=False))
    conn.say(s.puback(1))
    assert broker.violations == []
    conn.say(s.puback(1))
    assert [v.statement for v in broker.violations] == ["2.3.1-6"]


# Sessions: what a second connection sends, after a first one on which messages 1 to 4 were sent.
# 1: QoS 1, PUBACK written. 2: QoS 1, no PUBACK. 3: QoS 2, no PUBREC. 4: QoS 2, PUBREC written.

M1, M2, M3, M4 = (("t", b"1", 1, 1), ("t", b"2", 1, 2), ("t", b"3", 2, 3), ("t", b"4", 2, 4))


def again(message):
    return s.publish(*message, dup=True)


def first_connection(broker, released=False):
    conn = Conn(broker)
    conn.say(s.connect(clean=False) + s.publish(*M1))
    broker.faults.withhold(wire.PUBACK)
    broker.faults.withhold(wire.PUBREC)
    conn.say(b"".join(s.publish(*m) for m in (M2, M3, M4)))
    if released:
        conn.say(s.pubrel(4))
    conn.drop()
    assert broker.violations == []
    assert broker.waiting("dev") == ([2, 3] if released else [2, 3, 4])


NEW = s.publish("t", b"new", 1, 9)
LOST = s.publish("t", b"lost", 1, 8, dup=True)  # sent before, never arrived

RIGHT = {
    "all again": again(M1) + again(M2) + again(M3) + again(M4) + s.pubrel(3) + s.pubrel(4) + NEW,
    "PUBACK read, PUBREC read": again(M2) + again(M3) + s.pubrel(4) + NEW,
    "PUBREL first": s.pubrel(4) + again(M2) + again(M3) + NEW,
    "PUBREL late": again(M2) + again(M3) + NEW + s.pubrel(4),
    "one that never arrived": again(M2) + again(M3) + again(M4) + LOST + NEW,
    "identifier of an acknowledged one": again(M2) + again(M3) + s.publish("t", b"n", 1, 1),
    "identifier of an acknowledged one, lost before": (
        again(M2) + again(M3) + again(M4) + s.publish("t", b"n", 2, 1, dup=True) + NEW
    ),
    "QoS 0 between": s.publish("t", b"0") + again(M2) + s.publish("t", b"0") + again(M3),
    "only a ping": s.PINGREQ,
    "only DISCONNECT": s.DISCONNECT,
    "SUBSCRIBE first": s.subscribe(5, ("a", 1)) + again(M2) + again(M3),
}

WRONG_AGAIN = {
    "without DUP": ("3.3.1-1", s.publish(*M2)),
    "QoS 2 without DUP": ("3.3.1-1", again(M2) + s.publish(*M3)),
    "PUBREC'd without DUP": ("3.3.1-1", again(M2) + again(M3) + s.publish(*M4)),
    "order": ("4.6.0-1", again(M3) + again(M2)),
    "order with an acknowledged one": ("4.6.0-1", again(M2) + again(M1)),
    "behind one that never arrived": ("4.6.0-1", again(M2) + LOST + again(M3)),
    "new before old": ("4.4.0-1", NEW + again(M2)),
    "one left out": ("4.4.0-1", again(M3) + NEW),
    "the last left out": ("4.4.0-1", again(M2) + NEW),
    "DUP behind new": ("3.3.1-1", again(M2) + again(M3) + NEW + LOST),
    "PUBREC'd behind new": ("4.6.0-1", again(M2) + again(M3) + NEW + again(M4)),
    "identifier reused": ("2.3.1-2", s.publish("t", b"other", 1, 2)),
    "identifier reused with DUP": ("2.3.1-2", s.publish("t", b"other", 1, 2, dup=True)),
    "identifier reused at another QoS": ("2.3.1-2", s.publish("t", b"2", 2, 2, dup=True)),
    "identifier reused by SUBSCRIBE": ("2.3.1-2", s.subscribe(2, ("a", 0))),
    "retain changed": ("2.3.1-2", s.publish(*M2, dup=True, retain=True)),
    "PUBREL without PUBREC": ("4.3.3-1", s.pubrel(3)),
    "twice on the connection": ("4.4.0-1", again(M2) + again(M2)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_in_a_resumed_session(name):
    broker = Broker()
    first_connection(broker)
    conn = Conn(broker)
    assert conn.say(s.connect(clean=False))[0] == b"\x20\x02\x01\x00"
    conn.say(RIGHT[name])
    assert broker.violations == []
    # QoS 2 exactly once; QoS 1 as often as it came.
    payloads = [p.payload for p in broker.published]
    assert payloads.count(b"3") == payloads.count(b"4") == 1
    assert payloads.count(b"2") == 1 + (again(M2) in RIGHT[name])


@pytest.mark.parametrize("name", WRONG_AGAIN)
def test_wrong_in_a_resumed_session(name):
    statement, data = WRONG_AGAIN[name]
    broker = Broker()
    first_connection(broker)
    conn = Conn(broker)
    conn.say(s.connect(clean=False))
    conn.say(data)
    assert [v.statement for v in broker.violations] == [statement]
    assert not conn.open


@pytest.mark.parametrize("pubcomp", ["written", "withheld"])
def test_after_pubrel_only_pubrel(pubcomp):
    for data, right in ((s.pubrel(4), True), (again(M4), False)):
        broker = Broker()
        if pubcomp == "withheld":
            broker.faults.withhold(wire.PUBCOMP)
        conn = Conn(broker)
        conn.say(s.connect(clean=False) + s.publish(*M4) + s.pubrel(4))
        conn.drop()
        conn = Conn(broker)
        conn.say(s.connect(clean=False))
        answer = conn.say(data)
        assert answer == ([s.pubcomp(4)] if right else [])
        assert [v.statement for v in broker.violations] == ([] if right else ["4.3.3-1"])
        assert len(broker.published) == 1


def test_a_clean_session_owes_nothing_and_repeats_nothing():
    broker = Broker()
    first_connection(broker)
    conn = Conn(broker)
    conn.say(s.connect(clean=True) + s.publish("t", b"other", 1, 2))
    assert broker.violations == []
    conn.say(again(M3))
    assert [v.statement for v in broker.violations] == ["3.3.1-1"]


def test_when_the_broker_has_lost_the_session_both_ways_are_right():
    for data in (again(M2) + again(M3) + s.pubrel(4) + NEW, s.publish(*M2) + s.publish(*M3) + NEW):
        broker = Broker()
        first_connection(broker)
        broker.forget("dev")
        conn = Conn(broker)
        assert conn.say(s.connect(clean=False)) == [b"\x20\x02\x00\x00"]
        conn.say(data)
        assert broker.violations == []


def test_a_device_that_lost_its_memory_is_forgiven():
    for forgive in (True, False):
        broker = Broker()
        first_connection(broker)
        if forgive:
            broker.forgive("dev")
        conn = Conn(broker)
        conn.say(s.connect(clean=False) + s.publish("t", b"first", 1, 2))
        assert len(broker.violations) == (0 if forgive else 1)


def test_late_bytes_after_disconnect_and_closing():
    broker = Broker()
    conn = Conn(broker)
    conn.say(HELLO + s.DISCONNECT)
    assert not conn.open
    conn.say(s.PINGREQ)
    assert [v.statement for v in broker.violations] == ["3.14.4-2"]


def test_violations_are_bounded():
    broker = Broker()
    for _ in range(1100):
        Conn(broker).say(s.PINGREQ)
    assert (len(broker.violations), broker.violation_count) == (1000, 1100)
