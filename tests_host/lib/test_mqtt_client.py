"""Connecting, staying, leaving and coming back: dialogues with a scripted server."""

import mqtt_bench as t

from uplink import log
from uplink.errors import CLOSED_LINK, CLOSED_TLS, MQTTError
from uplink.port.ticks import ticks_add

WRAP = ticks_add(0, -5000)


def test_connect_is_the_first_packet_and_nothing_else_before_connack():
    b = t.Bench()
    b.mqtt.subscribe("a", t.Heard())
    assert b.mqtt.publish(b"a", b"early", 1) is not None
    assert b.link() == b"\x10\x0f\x00\x04MQTT\x04\x00\x00\x78\x00\x03dev"
    b.wait(5000)
    assert b.mqtt.publish(b"a", b"early", 0) is not None
    assert b.take() == [] and not b.mqtt.connected
    b.say(t.CONNACK)
    assert b.mqtt.connected and not b.mqtt.session_present
    sent = b.take()
    assert sent[0] == t.subscribe(2, (b"a", 1))
    assert sent[1:] == [t.publish(b"a", b"early", 1, 1), t.publish(b"a", b"early")]
    assert b.wire.target == (b"broker", 1883, False)


def test_default_ports():
    for tls, port in ((False, 1883), (True, 8883)):
        b = t.Bench(port=None, tls=tls)
        b.link()
        assert b.wire.target == (b"broker", port, tls)


def test_no_connack_closes():
    for start in (0, WRAP):
        b = t.Bench(start=start, answer_s=10)
        b.link()
        b.wait(9000)
        assert b.wire.closes == 0
        b.wait(2000)
        assert b.wire.closes == 1 and b.wire.doubts == 1
        assert b.mqtt.last_error == "no CONNACK"


def test_anything_before_connack_closes():
    for data in (t.PINGRESP, t.puback(1), t.publish(b"a", b"b"), b"\x20\x02\x02\x00"):
        b = t.Bench()
        b.link()
        b.say(data)
        assert b.wire.closes == 1 and b.mqtt.malformed == 1 and not b.mqtt.connected
        assert b.take() == []


def test_malformed_packet_closes_with_the_reason_and_comes_back():
    b = t.Bench()
    b.up()
    b.say(b"\x36\x00" + t.PINGRESP)
    assert b.wire.closes == 1 and b.mqtt.malformed == 1
    assert b.mqtt.last_error == "packet type, flags or code"
    assert b.mqtt.state == t.PAUSE
    b.wait(2000)
    assert b.wire.opens == 2
    b.up()
    assert b.mqtt.connected and b.mqtt.last_error is None and b.mqtt.reconnects == 1


def test_refused_login_is_not_hammered():
    for code in (1, 2, 3, 4, 5, 6, 255):
        b = t.Bench(max_s=300)
        b.link()
        b.say(bytes([0x20, 2, 0, code]) + t.PINGRESP)
        assert b.wire.closes == 1
        assert b.mqtt.logins_refused == 1 and b.mqtt.last_code == code
        error = b.mqtt.error()
        assert isinstance(error, MQTTError) and error.code == code
        assert error.name == b.mqtt.last_error and len(error.name) > 5
        b.wait(149_000)
        assert b.wire.opens == 1, code
        b.wait(2_000)
        assert b.wire.opens == 2


def test_backoff_doubles_with_full_jitter_up_to_its_limit():
    asked = []

    def rand(n):
        asked.append(n)
        return n - 1

    b = t.Bench(rand=rand, first_s=2, max_s=60)
    b.mqtt.connect()
    b.poll()
    asked.clear()
    for k in range(9):
        b.lose(CLOSED_LINK)
        limit = min(2000 << k, 60000)
        assert asked[-1] == limit
        assert b.poll() == limit
        b.wait(limit - 1)
        assert b.wire.state == t.CLOSED
        b.wait(1)
        assert b.wire.state == t.OPENING
    # a short connection does not reset it, a stable one does
    b.up()
    b.wait(59_000)
    b.lose()
    assert asked[-1] == 60000
    b.wait(60000)
    b.up()
    b.wait(60_000)
    b.lose()
    assert asked[-1] == 2000


def test_a_failed_opening_tells_why():
    b = t.Bench()
    b.mqtt.connect()
    b.poll()
    b.lose(CLOSED_TLS)
    assert b.mqtt.last_error.startswith("TLS handshake failed")


def test_ping_by_what_was_sent():
    for start in (0, WRAP):
        b = t.Bench(start=start, keepalive_s=100)
        b.up()
        b.wait(62_000)
        assert b.take() == []
        b.wait(1_000)
        assert b.take() == [t.PINGREQ]
        b.wait(1_000)
        b.say(t.PINGRESP)
        b.wait(60_000)
        assert b.take() == []
        b.wait(2_000)
        assert b.take() == [t.PINGREQ]
        b.say(t.PINGRESP)
        assert b.mqtt.pings == 2 and b.wire.closes == 0


def test_no_gap_is_longer_than_the_keepalive_whatever_arrives():
    b = t.Bench(keepalive_s=100)
    b.up()
    last = b.now
    for _ in range(100):
        b.wait(7_000)
        b.say(t.publish(b"x", b"noise"))
        for sent in b.take():
            last = b.now
            if sent == t.PINGREQ:
                b.say(t.PINGRESP)
        assert b.now - last <= 75_000


def test_silence_of_the_server_is_noticed_though_we_send():
    b = t.Bench(keepalive_s=100, answer_s=20)
    b.up()
    for _ in range(6):
        b.wait(10_000)
        b.mqtt.publish(b"a", b"x")
    assert t.PINGREQ not in b.take()
    b.wait(5_000)
    b.mqtt.publish(b"a", b"x")
    assert t.PINGREQ in b.take()
    b.wait(10_000)
    b.mqtt.publish(b"a", b"x")
    assert b.wire.closes == 0
    b.wait(11_000)
    assert b.wire.closes == 1 and b.wire.doubts == 1 and b.mqtt.last_error == "no PINGRESP"
    assert b.take().count(t.PINGREQ) == 0


def test_one_pingreq_at_a_time():
    b = t.Bench(keepalive_s=20, answer_s=60)
    b.up()
    b.wait(55_000)
    assert b.take() == [t.PINGREQ] and b.mqtt.pings == 1


def test_a_slow_queue_before_pingresp_is_no_loss():
    b = t.Bench(keepalive_s=100, answer_s=20)
    b.up()
    b.wait(63_000)
    assert b.take() == [t.PINGREQ]
    for _ in range(5):
        b.wait(15_000)
        b.say(t.publish(b"x", b"old"))
    assert b.wire.closes == 0
    b.wait(21_000)
    assert b.wire.closes == 1


def test_keepalive_0_never_pings():
    b = t.Bench(keepalive_s=0)
    b.up()
    b.wait(10_000_000)
    assert b.take() == [] and b.wire.closes == 0


def test_what_the_server_answers_proves_the_path():
    b = t.Bench(keepalive_s=100)
    b.mqtt.subscribe("a", t.Heard())
    b.up()
    answers = (t.suback(1, b"\x01"), t.puback(9), t.pubrec(9), t.pubcomp(9), t.PINGRESP)
    proofs = b.wire.proofs
    assert proofs == 1
    for answer in answers:
        b.say(answer)
        assert b.wire.proofs == proofs + 1
        proofs += 1
    b.say(t.publish(b"x", b"y"))
    assert b.wire.proofs == proofs


def test_disconnect_goes_last_and_nothing_after_it():
    b = t.Bench(auto=False)
    b.up()
    b.mqtt.publish(b"a", b"0")
    b.mqtt.publish(b"a", b"1", 1)
    b.mqtt.disconnect()
    b.poll()
    b.wire.listener.sent(b.now)
    b.say(t.publish(b"x", b"y", 1, 7))
    b.wire.listener.sent(b.now)
    b.wire.listener.sent(b.now)
    assert b.take() == [t.publish(b"a", b"0"), t.publish(b"a", b"1", 1, 1), t.puback(7)]
    b.say(t.puback(1))
    assert b.take() == [t.DISCONNECT]
    assert b.wire.closes == 0
    b.mqtt.publish(b"a", b"late")
    b.say(t.publish(b"x", b"y", 1, 8))
    b.poll()
    b.wire.listener.sent(b.now)
    assert b.take() == [] and b.wire.closes == 1
    assert b.mqtt.state == t.IDLE
    b.wait(1_000_000)
    assert b.wire.opens == 1 and b.mqtt.last_error is None


def test_disconnect_does_not_wait_for_ever():
    b = t.Bench(answer_s=10)
    b.up()
    b.wait(100_000_000 % 50_000)
    b.mqtt.publish(b"a", b"1", 1)
    b.mqtt.disconnect()
    b.wait(9_000)
    assert t.DISCONNECT not in b.take()
    b.wait(2_000)
    assert b.take() == [t.DISCONNECT] and b.mqtt.state == t.IDLE
    assert b.mqtt.waiting == 1
    # wanted again: the message goes out, as a new one where the session is gone
    assert b.up() == [t.publish(b"a", b"1", 1, 1)]


def test_disconnect_while_connecting():
    b = t.Bench()
    b.mqtt.connect()
    b.poll()
    b.mqtt.disconnect()
    assert b.wire.state == t.CLOSED and b.mqtt.state == t.IDLE
    b.link()
    b.mqtt.disconnect()
    assert b.wire.state == t.CLOSED
    b.wait(100_000)
    assert b.wire.opens == 2


def test_a_transport_that_takes_nothing_for_long_is_doubted():
    b = t.Bench(auto=False, ack_s=60, keepalive_s=0)
    b.up()
    b.wait(10_000_000 % 90_000)
    b.mqtt.publish(b"a", b"x")
    b.wait(59_000)
    assert b.wire.closes == 0
    b.wait(80_000)
    assert b.wire.closes == 1 and b.wire.doubts == 1


def test_a_send_that_is_refused_is_tried_again():
    b = t.Bench()
    b.link()
    b.wire.deaf = True
    b.say(t.CONNACK)
    receipt = b.mqtt.publish(b"a", b"x", 0)
    assert receipt is not None and receipt.state == 0
    b.say(t.publish(b"x", b"y", 1, 5))
    assert b.take() == [] and b.poll() <= 1000
    b.wire.deaf = False
    b.poll()
    assert b"".join(b.take()) == t.publish(b"a", b"x") + t.puback(5)
    assert receipt.state == 1


def test_connect_that_is_refused_by_the_transport_is_tried_again():
    b = t.Bench()
    b.wire.deaf = True
    assert b.link() == b""
    b.wire.deaf = False
    b.poll()
    assert b.take()[0][:1] == b"\x10"
    b.say(t.CONNACK)
    assert b.mqtt.connected


def test_the_log_and_the_errors_hold_no_secret():
    lines = []
    sink = log.sink
    threshold = log.threshold
    log.sink = lambda *a: lines.append(repr(a))
    log.threshold = log.DEBUG
    try:
        b = t.Bench(user=b"joe", password=b"hunter2")
        assert b"hunter2" in b.link()
        b.say(b"\x20\x02\x00\x05")
        lines.append(repr(b.mqtt.error()))
        lines.append(repr(b.mqtt.counters()))
    finally:
        log.sink = sink
        log.threshold = threshold
    assert lines and "hunter2" not in " ".join(lines)


def test_a_connect_larger_than_the_queue():
    will = {"topic": b"w", "payload": b"x" * 700, "qos": 1, "retain": True}
    b = t.Bench(will=will)
    body = b"\x00\x04MQTT\x04\x2c\x00\x78" + t.string(b"dev") + t.string(b"w")
    for _ in range(2):
        assert b.link() == t.packet(0x10, body + t.string(b"x" * 700))
        b.say(t.CONNACK)
        assert b.mqtt.connected
        b.lose()
        b.wait(300_000)


def test_interrupted_in_a_handler_it_reads_again_on_the_next_connection():
    b = t.Bench()
    heard = t.Heard()

    def stop(topic, payload):
        if payload == b"stop":
            raise KeyboardInterrupt

    b.mqtt.subscribe("a", stop)
    b.mqtt.subscribe("b", heard)
    b.up()
    try:
        b.say(t.publish(b"a", b"stop"))
        assert False
    except KeyboardInterrupt:
        pass
    b.back()
    b.say(t.publish(b"b", b"x"))
    assert heard.messages == [(b"b", b"x")] and b.mqtt.failed == 0


def test_interrupted_in_a_handler_it_hears_nothing_that_was_not_said():
    """On the same connection: in C the message is told once more; in Python nothing is until the
    next one.
    """
    b = t.Bench()
    told = []

    def stop(topic, payload):
        told.append(bytes(payload))
        if told == [b"stop"]:
            raise KeyboardInterrupt

    b.mqtt.subscribe("a", stop)
    b.up()
    b.take()
    for data in (t.publish(b"a", b"stop", 1, 7), t.publish(b"a", b"x" * 500, 1, 8), t.PINGRESP):
        try:
            b.say(data)
        except (KeyboardInterrupt, StopIteration):
            pass
    if len(told) > 1:
        assert told == [b"stop", b"stop", b"x" * 500]
        assert b"".join(b.take()) == t.puback(7) + t.puback(8)
    assert b.mqtt.malformed == 0


def test_wrong_arguments():
    b = t.Bench()
    mqtt = b.mqtt
    for topic in ("", "a/+", "#", "a\0b", b"\xff", b"x" * 65536):
        for qos in (0, 1):
            try:
                mqtt.publish(topic, b"", qos)
                assert False, topic
            except ValueError:
                pass
    for qos in (-1, 3):
        for call in (mqtt.publish, mqtt.subscribe):
            try:
                call("a", b"", qos)
                assert False, qos
            except ValueError:
                pass
    for text in ("", "a#", "+a", "#/a"):
        try:
            mqtt.subscribe(text, t.Heard())
            assert False, text
        except ValueError:
            pass
    assert mqtt.waiting == 0 and mqtt.counters()["published"] == 0


def test_an_empty_client_id_needs_a_clean_session():
    for clean in (False, True):
        try:
            t.Bench(client_id=b"", clean=clean)
            assert clean
        except ValueError:
            assert not clean
