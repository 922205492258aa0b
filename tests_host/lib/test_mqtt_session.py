"""Subscriptions over connections, and connections that bring nothing."""

import mqtt_bench as t

from uplink import log
from uplink.errors import CLOSED_LINK


def test_subscribe_only_when_the_session_is_new():
    b = t.Bench()
    b.mqtt.subscribe("a", t.Heard(), 2)
    b.mqtt.subscribe("b/#", t.Heard(), 0)
    assert b.up(t.RESUMED) == [t.subscribe(1, (b"a", 2), (b"b/#", 0))]
    b.say(t.suback(1, b"\x02\x00"))
    assert b.back(t.RESUMED) == []
    assert b.back(t.CONNACK) == [t.subscribe(2, (b"a", 2), (b"b/#", 0))]
    b.say(t.suback(2, b"\x02\x00"))
    b.mqtt.subscribe("c", t.Heard(), 1)
    b.poll()
    assert b.take() == [t.subscribe(3, (b"c", 1))]
    # not answered: asked for again, alone
    assert b.back(t.RESUMED) == [t.subscribe(4, (b"c", 1))]


def test_clean_session_believes_no_session_present():
    b = t.Bench(clean=True)
    b.mqtt.subscribe("a", t.Heard(), 1)
    assert len(b.up()) == 1
    b.say(t.suback(1, b"\x01"))
    assert b.back(t.RESUMED) == [t.subscribe(2, (b"a", 1))]
    assert not b.mqtt.session_present


def test_refused_and_lowered_subscriptions_are_reported():
    lines = []
    sink = log.sink
    log.sink = lambda level, room, text, a, b: lines.append((level, text, a))
    try:
        b = t.Bench()
        b.mqtt.subscribe("a", t.Heard(), 2)
        b.mqtt.subscribe("b", t.Heard(), 2)
        b.mqtt.subscribe("c", t.Heard(), 2)
        b.up()
        b.say(t.suback(1, b"\x02\x80\x00"))
    finally:
        log.sink = sink
    assert (log.ERROR, "subscription refused:", b"b") in lines
    assert (log.WARN, "granted a lower QoS:", b"c") in lines
    assert b.mqtt.filters_refused == 1 and b.wire.closes == 0
    b.wait(10_000)
    assert b.take() == []
    assert b.back(t.RESUMED) == [t.subscribe(2, (b"b", 2))]


def test_suback_that_does_not_fit_and_one_unasked():
    b = t.Bench()
    b.mqtt.subscribe("a", t.Heard())
    b.up()
    b.say(t.suback(77, b"\x00\x00"))
    assert b.wire.closes == 0
    b.say(t.suback(1, b"\x00\x00"))
    assert b.wire.closes == 1 and b.mqtt.malformed == 1


def test_unsubscribe():
    b = t.Bench()
    heard = t.Heard()
    b.mqtt.subscribe("a", heard)
    b.mqtt.subscribe("b", heard)
    b.up()
    b.say(t.suback(1, b"\x01\x01"))
    b.mqtt.unsubscribe("a")
    b.poll()
    assert b.take() == [b"\xa2\x05\x00\x02\x00\x01a"]
    b.say(t.publish(b"a", b"late") + t.publish(b"b", b"x"))
    assert heard.messages == [(b"b", b"x")]
    # the answer is lost with the connection: asked again
    assert b.back(t.RESUMED) == [b"\xa2\x05\x00\x03\x00\x01a"]
    b.say(t.ack(0xB0, 3))
    assert b.back(t.RESUMED) == []
    assert b.back() == [t.subscribe(4, (b"b", 1))]


def test_a_handler_is_replaced_by_another():
    """UNSUBSCRIBE goes out first: after the SUBSCRIBE it would undo it."""
    b = t.Bench()
    old, new = t.Heard(), t.Heard()
    b.mqtt.subscribe("a", old)
    b.up()
    b.say(t.suback(1, b"\x01"))
    b.mqtt.unsubscribe("a")
    b.mqtt.subscribe("a", new)
    b.poll()
    assert b.take() == [b"\xa2\x05\x00\x02\x00\x01a"]
    b.say(t.ack(0xB0, 2))
    assert b.take() == [t.subscribe(3, (b"a", 1))]
    b.say(t.suback(3, b"\x01") + t.publish(b"a", b"x"))
    assert (old.messages, new.messages) == ([], [(b"a", b"x")])
    assert b.take() == []


def test_unsubscribed_before_the_suback():
    """The SUBACK has its code, whatever it is; UNSUBSCRIBE follows it."""
    for code in (b"\x01", b"\x00", b"\x80"):
        b = t.Bench()
        heard = t.Heard()
        b.mqtt.subscribe("a", heard)
        b.mqtt.subscribe("b", heard)
        b.up()
        b.mqtt.unsubscribe("a")
        b.mqtt.unsubscribe("a")
        b.poll()
        assert b.take() == []
        b.say(t.publish(b"a", b"early") + t.suback(1, code + b"\x01"))
        assert b.take() == [b"\xa2\x05\x00\x02\x00\x01a"]
        b.say(t.ack(0xB0, 2) + t.publish(b"b", b"x"))
        assert (b.take(), b.wire.closes, heard.messages) == ([], 0, [(b"b", b"x")])
        assert b.back() == [t.subscribe(3, (b"b", 1))]
        # … nor after a lost connection
        b.mqtt.subscribe("c", heard)
        b.poll()
        b.mqtt.unsubscribe("c")
        assert b.back(t.RESUMED)[0][0] == 0xA2


def test_many_filters_go_in_as_many_packets_as_they_need():
    b = t.Bench(packet=128)
    for k in range(40):
        b.mqtt.subscribe("a/very/long/filter/number/" + str(k), t.Heard())
    sent = b.up()
    n = 0
    while sent:
        assert len(sent) == 1 and len(sent[0]) <= 128 + 256
        body = sent[0][3 if sent[0][1] > 127 else 2 :]
        codes = body.count(b"a/very")
        n += codes
        b.say(t.suback(body[0] << 8 | body[1], b"\x01" * codes))
        sent = b.take()
    assert n == 40 and b.wire.closes == 0


def test_a_filter_longer_than_the_queue_goes_alone():
    b = t.Bench()
    long = b"x" * 700
    for text in (b"a", long, b"b"):
        b.mqtt.subscribe(text, t.Heard())
    assert b.up() == [t.subscribe(1, (b"a", 1), (b"b", 1))]
    b.say(t.suback(1, b"\1\1"))
    assert b.take() == [t.subscribe(2, (long, 1))]
    b.say(t.suback(2, b"\1"))
    b.mqtt.unsubscribe(long)
    b.poll()
    assert b.take() == [b"\xa2\xc0\x05\x00\x03\x02\xbc" + long]


def test_no_suback_for_long_reconnects():
    b = t.Bench(ack_s=60, keepalive_s=0)
    b.mqtt.subscribe("a", t.Heard())
    b.up()
    b.wait(59_000)
    assert b.wire.closes == 0
    b.wait(2_000)
    assert b.wire.closes == 1 and b.mqtt.timeouts == 1


def test_a_message_that_the_server_will_not_have_is_dropped_by_name_in_the_end():
    b = t.Bench()
    b.mqtt._rand = lambda n: 0
    b.up()
    bad = b.mqtt.publish(b"forbidden", b"x", 1)
    good = b.mqtt.publish(b"a", b"y", 1)
    cleans = 0
    for _ in range(12):
        b.lose()
        b.wait(300_000)
        hello = b.link()
        cleans += hello[9] & 2
        b.say(t.CONNACK)
        if bad.state:
            break
        assert b.take()[0][4:13] == b"forbidden"
    assert bad.state == 2 and good.state == 0 and b.mqtt.dropped == 1
    assert cleans > 0
    assert b.take() == [t.publish(b"a", b"y", 1, 2)]
    b.say(t.puback(2))
    assert good.state == 1


def test_links_that_fail_never_drop_a_message():
    b = t.Bench()
    b.up()
    receipt = b.mqtt.publish(b"a", b"x", 1)
    for _ in range(30):
        b.lose(CLOSED_LINK)
        b.wait(300_000)
        b.up(t.RESUMED)
    assert receipt.state == 0 and b.mqtt.dropped == 0


def test_closed_before_connack_twice_is_taken_for_a_refusal():
    b = t.Bench()
    b.link()
    b.lose()
    assert "before CONNACK" in b.mqtt.last_error
    b.wait(3_000)
    assert b.wire.opens == 2
    b.link()
    b.lose()
    b.wait(149_000)
    assert b.wire.opens == 2
    b.wait(2_000)
    assert b.wire.opens == 3
