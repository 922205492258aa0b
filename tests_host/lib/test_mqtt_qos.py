"""Messages both ways at each QoS, and the session that survives its connections."""

import mqtt_bench as t

T = b"a/b"


def test_qos_0_is_one_packet_and_done_when_taken():
    b = t.Bench(auto=False)
    b.up()
    receipt = b.mqtt.publish("a/b", "text", retain=True)
    assert b.take() == [t.publish(T, b"text", retain=True)]
    assert receipt and receipt.state == 0
    b.wire.listener.sent(b.now)
    assert receipt.state == 1
    assert b.mqtt.waiting == 0 and b.mqtt.messages_sent == 1


def test_qos_1():
    b = t.Bench()
    b.up()
    receipt = b.mqtt.publish(T, b"x", 1)
    assert b.take() == [t.publish(T, b"x", 1, 1)]
    b.wait(60_000)
    b.say(t.puback(2))
    assert receipt.state == 0 and b.mqtt.acked == 0
    b.say(t.puback(1))
    assert receipt.state == 1 and b.mqtt.acked == 1 and b.mqtt.waiting == 0
    b.say(t.puback(1))
    assert b.mqtt.acked == 1 and b.wire.closes == 0


def test_qos_2():
    b = t.Bench()
    b.up()
    receipt = b.mqtt.publish(T, b"x", 2)
    assert b.take() == [t.publish(T, b"x", 2, 1)]
    b.say(t.pubcomp(1) + t.puback(1))
    assert receipt.state == 0 and b.take() == []
    b.say(t.pubrec(1))
    assert b.take() == [t.pubrel(1)]
    b.say(t.pubrec(1))
    assert b.take() == [t.pubrel(1)]
    b.say(t.pubcomp(1))
    assert receipt.state == 1 and b.mqtt.waiting == 0


def test_unknown_acknowledgements():
    b = t.Bench()
    b.up()
    b.say(t.puback(5) + t.pubcomp(6) + t.ack(0xB0, 7) + t.suback(8, b"\x00") + t.PINGRESP)
    assert b.take() == []
    b.say(t.pubrec(9))
    assert b.take() == [t.pubrel(9)]
    b.say(t.pubrel(10))
    assert b.take() == [t.pubcomp(10)]
    assert b.wire.closes == 0


def test_the_window_and_the_order():
    b = t.Bench(inflight=2, messages=8)
    b.up()
    for k in range(5):
        assert b.mqtt.publish(T, bytes([k]), 1 + k % 2)
    assert b.take() == [t.publish(T, b"\0", 1, 1), t.publish(T, b"\1", 2, 2)]
    b.say(t.pubrec(2))
    assert b.take() == [t.pubrel(2)]
    b.say(t.pubcomp(2))
    assert b.take() == [t.publish(T, b"\2", 1, 3)]
    b.say(t.puback(3) + t.puback(1))
    assert b.take() == [t.publish(T, b"\3", 2, 4), t.publish(T, b"\4", 1, 5)]


def test_a_full_outbox_refuses_and_takes_again():
    b = t.Bench(messages=3, inflight=3)
    b.up()
    for k in range(3):
        assert b.mqtt.publish(T, bytes([k]), 1)
    assert b.mqtt.publish(T, b"no", 1) is None and b.mqtt.refused == 1
    assert b.mqtt.publish(T, b"direct") is not None
    b.say(t.puback(2))
    assert b.mqtt.publish(T, b"no", 1) is None
    b.say(t.puback(1))
    assert b.mqtt.publish(T, b"yes", 1) is not None
    b = t.Bench(bytes=100)
    assert b.mqtt.publish(T, b"x" * 101, 1) is None
    assert b.mqtt.publish(T, b"x" * 80, 1) is not None
    assert b.mqtt.publish(T, b"x" * 20, 1) is None


def test_the_arena_gives_back_what_it_lent_in_any_pattern():
    b = t.Bench(messages=6, bytes=300, inflight=6)
    b.up()
    sent = []
    taken = 0
    for k in range(2000):
        size = (k * 37) % 120
        payload = bytes([k & 255]) * size
        if b.mqtt.publish(T, payload, 1):
            taken += 1
            data = b.take()
            number = data[0].find(T) + 3
            number = data[0][number] << 8 | data[0][number + 1]
            assert data == [t.publish(T, payload, 1, number)]
            sent.append(number)
        while len(sent) > (k * 7) % 5:
            b.say(t.puback(sent.pop(k % len(sent))))
    assert taken > 1500 and b.wire.closes == 0
    for number in sent:
        b.say(t.puback(number))
    assert b.mqtt.waiting == 0


def test_identifiers_skip_what_is_in_flight_after_the_wrap():
    b = t.Bench(messages=8, inflight=4)
    b.up()
    b.mqtt.subscribe("s", t.Heard())
    b.poll()
    b.take()
    b.mqtt.publish(T, b"stays", 1)
    assert b.take() == [t.publish(T, b"stays", 1, 2)]
    b.mqtt._next_id = 65533
    seen = []
    for _ in range(6):
        b.mqtt.publish(T, b"x", 1)
        data = b.take()[0]
        number = data[7] << 8 | data[8]
        seen.append(number)
        b.say(t.puback(number))
    assert seen == [65534, 65535, 3, 4, 5, 6]


def test_after_a_loss_with_the_session_all_is_sent_again_in_order():
    b = t.Bench(inflight=4)
    b.up()
    mqtt = b.mqtt
    receipts = [mqtt.publish(T, b"%d" % k, 1 + k % 2) for k in range(5)]
    b.say(t.pubrec(2))
    b.take()
    b.lose()
    mqtt.publish(T, b"5", 1)
    b.wait(3000)
    b.say(b"")
    assert b.up(t.RESUMED) == [
        t.publish(T, b"0", 1, 1, True),
        t.pubrel(2),
        t.publish(T, b"2", 1, 3, True),
        t.publish(T, b"3", 2, 4, True),
    ]
    assert mqtt.resent == 3
    b.say(t.puback(1))
    assert b.take() == [t.publish(T, b"4", 1, 5)]
    b.say(t.pubcomp(2) + t.puback(3))
    assert b.take() == [t.publish(T, b"5", 1, 6)]
    assert [r.state for r in receipts] == [1, 1, 1, 0, 0]


def test_after_a_loss_of_the_session_all_is_sent_as_new():
    b = t.Bench(inflight=4)
    b.up()
    mqtt = b.mqtt
    receipts = [mqtt.publish(T, b"%d" % k, 1 + k % 2) for k in range(4)]
    b.say(t.pubrec(2))
    b.take()
    assert b.back(t.CONNACK) == [
        t.publish(T, b"0", 1, 1),
        t.publish(T, b"2", 1, 3),
        t.publish(T, b"3", 2, 4),
    ]
    # the server had taken over the one that it confirmed by PUBREC
    assert [r.state for r in receipts] == [0, 1, 0, 0]
    assert b.back(t.RESUMED)[0] == t.publish(T, b"0", 1, 1, True)


def test_nothing_is_sent_again_on_a_live_connection():
    b = t.Bench(ack_s=10_000, keepalive_s=100)
    b.up()
    b.mqtt.publish(T, b"x", 1)
    b.mqtt.publish(T, b"x", 2)
    b.take()
    for _ in range(300):
        b.wait(20_000)
        for sent in b.take():
            assert sent == t.PINGREQ
            b.say(t.PINGRESP)
    assert b.wire.closes == 0


def test_an_acknowledgement_that_never_comes_reconnects():
    for qos in (1, 2):
        b = t.Bench(ack_s=120, keepalive_s=60)
        b.up()
        b.mqtt.publish(T, b"x", qos)
        b.take()
        for _ in range(23):
            b.wait(5_000)
            if t.PINGREQ in b.take():
                b.say(t.PINGRESP)
        assert b.wire.closes == 0
        b.wait(6_000)
        assert b.wire.closes == 1 and b.mqtt.last_error == "no acknowledgement"
        assert b.up(t.RESUMED) == [t.publish(T, b"x", qos, 1, True)]


def test_acknowledged_before_the_transport_says_that_it_has_taken_it():
    b = t.Bench(auto=False, messages=2, inflight=2)
    b.up()
    for k in range(1, 7):  # the slots turn meanwhile
        first = b.mqtt.publish(T, b"1", 1)
        second = b.mqtt.publish(T, b"22", 2)
        assert b.take() == [t.publish(T, b"1", 1, 2 * k - 1)]
        b.say(t.puback(2 * k - 1))
        assert first.state == 1 and second.state == 0 and b.take() == []
        third = b.mqtt.publish(T, b"333", 1)
        assert third is not None and b.mqtt.waiting == 2
        b.mqtt._drop(third)
        b.wire.listener.sent(b.now)
        assert b.take() == [t.publish(T, b"22", 2, 2 * k)]
        b.wire.listener.sent(b.now)
        b.say(t.pubrec(2 * k))
        assert b.take() == [t.pubrel(2 * k)]
        b.wire.listener.sent(b.now)
        b.say(t.pubcomp(2 * k))
        assert second.state == 1 and b.mqtt.waiting == 0
        b.mqtt._next_id = 2 * k
    assert b.wire.closes == 0 and len(b.mqtt._arena) == 0


def test_other_traffic_hides_no_missing_acknowledgement():
    b = t.Bench(ack_s=120, keepalive_s=60)
    b.up()
    b.mqtt.publish(T, b"x", 1)
    for _ in range(23):
        b.wait(5_000)
        b.mqtt.publish(T, b"y")
        b.say(t.publish(T, b"z", 1, 7))
        if t.PINGREQ in b.take():
            b.say(t.PINGRESP)
    assert b.wire.closes == 0
    b.wait(6_000)
    assert b.wire.closes == 1 and b.mqtt.last_error == "no acknowledgement"


def test_qos_0_under_way_is_dropped_and_waiting_ones_are_not():
    b = t.Bench(auto=False)
    b.up()
    first = b.mqtt.publish(T, b"0")
    second = b.mqtt.publish(T, b"1")
    b.take()
    b.lose()
    assert first.state == 2 and second.state == 0 and b.mqtt.dropped == 1
    b.wait(3000)
    assert b.up() == [t.publish(T, b"1")]
    b.lose()
    assert second.state == 2 and b.mqtt.dropped == 2 and b.mqtt.waiting == 0


def test_received_at_each_qos():
    b = t.Bench()
    heard = t.Heard()
    b.mqtt.on("a/+", 2)(heard)
    b.up()
    b.say(t.suback(1, b"\x02"))
    for piece in (0, 1, 2, 5):
        heard.messages.clear()
        b.say(t.publish(T, b"0") + t.publish(T, b"1", 1, 7) + t.publish(T, b"2", 2, 8), piece)
        assert heard.messages == [(T, b"0"), (T, b"1"), (T, b"2")]
        assert b"".join(b.take()) == t.puback(7) + t.pubrec(8)
        b.say(t.publish(T, b"2", 2, 8, True), piece)
        assert len(heard.messages) == 3 and b.take() == [t.pubrec(8)]
        b.say(t.pubrel(8), piece)
        assert b.take() == [t.pubcomp(8)]
    # the identifier is free again
    b.say(t.publish(T, b"new", 2, 8))
    assert heard.messages[-1] == (T, b"new")


def test_qos_2_is_delivered_once_over_a_loss():
    b = t.Bench()
    heard = t.Heard()
    b.mqtt.subscribe("#", heard, 2)
    b.up()
    b.say(t.suback(1, b"\x02") + t.publish(T, b"2", 2, 8))
    b.back(t.RESUMED)
    b.say(t.publish(T, b"2", 2, 8, True))
    assert heard.messages == [(T, b"2")] and b.take() == [t.pubrec(8)]
    assert b.mqtt.duplicates == 1
    # but a new session is another space
    b.back(t.CONNACK)
    b.take()
    b.say(t.publish(T, b"other", 2, 8))
    assert heard.messages == [(T, b"2"), (T, b"other")]


def test_acknowledged_in_the_order_of_arrival_glued_while_busy():
    b = t.Bench(auto=False)
    b.up()
    b.mqtt.publish(T, b"busy")
    for k in range(1, 21):
        b.say(t.publish(T, b"x", 1 + k % 2, k))
    assert b.take() == [t.publish(T, b"busy")]
    b.wire.listener.sent(b.now)
    expected = b"".join([t.pubrec(k) if k % 2 else t.puback(k) for k in range(1, 21)])
    assert b.take() == [expected]


def test_more_than_can_be_acknowledged_closes_and_loses_nothing():
    b = t.Bench(auto=False)
    heard = t.Heard()
    b.mqtt.subscribe("#", heard, 1)
    b.up()
    for k in range(1, 100):
        b.say(t.publish(T, b"%d" % k, 1, k))
    assert b.wire.closes == 1 and len(heard.messages) == 64
    b = t.Bench()
    b.mqtt.subscribe("#", heard, 2)
    b.up()
    heard.messages.clear()
    for k in range(1, 66):
        b.say(t.publish(T, b"%d" % k, 2, k))
    assert b.wire.closes == 1 and len(heard.messages) == 32
    assert len([s for s in b.take() if s[0] == 0x50]) == 32


def test_a_handler_that_raises_is_reported_and_the_step_is_kept():
    b = t.Bench()
    heard = t.Heard()

    def bad(topic, payload):
        raise RuntimeError("mine")

    b.mqtt.subscribe("a/#", bad)
    b.mqtt.subscribe("a/+", heard)
    b.up()
    b.say(t.publish(T, b"1", 1, 7) + t.publish(T, b"2", 2, 8) + t.publish(T, b"3"))
    assert [m[1] for m in heard.messages] == [b"1", b"2", b"3"]
    assert b"".join(b.take()) == t.puback(7) + t.pubrec(8)
    assert b.mqtt.failed == 3


def test_a_message_for_nobody_is_acknowledged():
    b = t.Bench()
    b.up()
    b.say(t.publish(T, b"1", 1, 7))
    assert b.take() == [t.puback(7)] and b.mqtt.unrouted == 1


def test_a_handler_may_publish_and_disconnect():
    b = t.Bench()

    def echo(topic, payload):
        b.mqtt.publish(b"echo", payload, 1)

    def leave(topic, payload):
        b.mqtt.disconnect()

    b.mqtt.subscribe("in", echo)
    b.mqtt.subscribe("leave", leave)
    b.up()
    b.say(t.suback(1, b"\1\1") + t.publish(b"in", b"x", 1, 7))
    assert b.take() == [t.publish(b"echo", b"x", 1, 2), t.puback(7)]
    b.say(t.puback(2) + t.publish(b"leave", b"", 1, 8))
    b.poll()
    assert b"".join(b.take()) == t.puback(8) + t.DISCONNECT


def test_a_transport_that_closes_inside_a_handler():
    b = t.Bench()
    heard = t.Heard()

    def cut(topic, payload):
        b.wire.close()

    b.mqtt.subscribe("cut", cut)
    b.mqtt.subscribe("a/b", heard)
    b.up()
    b.say(t.publish(b"cut", b"", 2, 7) + t.publish(T, b"x", 1, 9) + b"\xff\xff")
    assert heard.messages == [] and b.mqtt.malformed == 0
    b.wait(3000)
    assert b.wire.opens == 2


def test_overlapping_filters_each_get_it():
    b = t.Bench()
    one = t.Heard()
    two = t.Heard()
    b.mqtt.subscribe("a/#", one)
    b.mqtt.subscribe("+/b", two)
    b.up()
    b.say(t.publish(T, b"x", 1, 1))
    assert one.messages == two.messages == [(T, b"x")]
