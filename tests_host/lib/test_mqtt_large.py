"""Messages larger than the buffers, both ways."""

import io

import mqtt_bench as t

T = b"a/b"


def test_a_payload_from_a_source_in_pieces():
    data = bytes([k % 251 for k in range(5000)])
    for qos in (0, 1, 2):
        b = t.Bench()
        b.up()
        receipt = b.mqtt.publish_from(T, io.BytesIO(data), len(data), qos, True)
        sent = b.take()
        assert b"".join(sent) == t.publish(T, data, qos, 1, retain=True)
        assert len(sent) > 1 and max([len(s) for s in sent]) <= 512 + 256
        assert receipt.state == (0 if qos else 1)


def test_nothing_comes_between_the_pieces():
    data = bytes(3000)
    b = t.Bench(auto=False, keepalive_s=100)
    b.up()
    b.mqtt.publish_from(T, io.BytesIO(data), len(data), 1)
    b.mqtt.publish(T, b"after")
    b.say(t.publish(T, b"x", 1, 7))
    sent = b.take()
    while len(b"".join(sent)) < 3000:
        b.wait(70_000)
        b.wire.listener.sent(b.now)
        sent += b.take()
    assert b"".join(sent) == t.publish(T, data, 1, 1)
    for _ in range(3):
        b.wire.listener.sent(b.now)
    assert b"".join(b.take())[:4] == t.puback(7)
    assert b.wire.closes == 0


def test_a_source_is_read_again_after_a_loss():
    data = bytes([k % 251 for k in range(3000)])
    b = t.Bench(auto=False)
    b.up()
    receipt = b.mqtt.publish_from(T, io.BytesIO(data), len(data), 2)
    b.wire.listener.sent(b.now)
    b.wire.listener.sent(b.now)
    b.take()
    b.lose()
    b.wait(3000)
    b.wire.auto = True
    b.link()
    b.say(t.RESUMED)
    assert b"".join(b.take()) == t.publish(T, data, 2, 1, True)
    b.say(t.pubrec(1) + t.pubcomp(1))
    assert receipt.state == 1


class Broken:
    """A source that gives less than it promised, or raises."""

    def __init__(self, n, error=False):
        self.n = n
        self.error = error

    def seek(self, at):
        pass

    def readinto(self, buf):
        n = min(self.n, 100, len(buf))
        self.n -= n
        if self.error and not n:
            raise OSError(5)
        return n


def test_a_source_that_ends_early_closes_and_is_dropped_by_name():
    for qos in (0, 1):
        for error in (False, True):
            b = t.Bench()
            b.up()
            receipt = b.mqtt.publish_from(T, Broken(300, error), 400, qos)
            after = b.mqtt.publish(T, b"after", 1)
            assert receipt.state == 2 and b.mqtt.dropped == 1 and b.wire.closes == 1
            b.take()
            b.wait(3000)
            assert b.up(t.RESUMED) == [t.publish(T, b"after", 1, 1 + qos)]
            assert after.state == 0


def test_a_message_of_the_outbox_larger_than_the_send_buffer():
    b = t.Bench(packet=128, bytes=4096)
    b.up()
    data = bytes([k % 251 for k in range(2000)])
    b.mqtt.publish(T, data, 1)
    sent = b.take()
    assert len(sent) > 3 and b"".join(sent) == t.publish(T, data, 1, 1)
    assert b"".join(b.back(t.RESUMED)) == t.publish(T, data, 1, 1, True)


def test_too_large_is_drained_and_acknowledged():
    b = t.Bench()
    heard = t.Heard()
    b.mqtt.subscribe("#", heard)
    b.up()
    big = bytes(5000)
    for piece in (0, 1000, 1):
        heard.messages.clear()
        b.take()
        data = t.publish(T, big) + t.publish(T, big, 1, 7) + t.publish(T, big, 2, 8)
        b.say(data + t.publish(T, b"small", 1, 9), piece)
        assert heard.messages == [(T, b"small")]
        assert b"".join(b.take()) == t.puback(7) + t.pubrec(8) + t.puback(9)
        b.say(t.pubrel(8))
    assert b.mqtt.oversize == 9 and b.wire.closes == 0


def test_large_in_pieces():
    b = t.Bench()
    sink = t.Sink()
    heard = t.Heard()
    b.mqtt.subscribe("a/b", heard)
    b.mqtt.on_large("a/b", sink)
    b.mqtt.on_large("c", sink)
    assert b.up() == [t.subscribe(1, (b"a/b", 1), (b"c", 1))]
    big = bytes([k % 251 for k in range(5000)])
    for piece in (0, 1, 7):
        sink.events.clear()
        b.take()
        b.say(t.publish(T, big, 2, 8), piece)
        assert sink.events[0] == ("begin", T, 5000) and sink.events[-1] == ("end", True)
        assert sink.payload() == big and b.take() == [t.pubrec(8)]
        sink.events.clear()
        b.say(t.publish(T, big, 2, 8, True), piece)
        assert sink.events == [] and b.take() == [t.pubrec(8)]
        b.say(t.pubrel(8))
    sink.events.clear()
    b.say(t.publish(b"c", b"small") + t.publish(T, b"small"))
    assert sink.events == [("begin", b"c", 5), ("write", b"small"), ("end", True)]
    assert heard.messages == [(T, b"small")]


def test_what_is_unsubscribed_takes_nothing_large_either():
    b = t.Bench()
    sink = t.Sink()
    b.mqtt.on_large("a/b", sink)
    b.up()
    b.say(t.suback(1, b"\x01"))
    b.mqtt.unsubscribe("a/b")
    b.say(t.publish(T, bytes(5000)) + t.publish(T, b"small"))
    assert sink.events == [] and b.mqtt.oversize == b.mqtt.unrouted == 1


def test_a_loss_inside_a_large_message_ends_it():
    b = t.Bench()
    sink = t.Sink()
    b.mqtt.on_large("#", sink)
    b.up()
    b.say(t.publish(T, bytes(5000), 1, 7)[:3000])
    b.back(t.RESUMED)
    assert sink.events[-1] == ("end", False)
    sink.events.clear()
    b.say(t.publish(T, bytes(5000), 1, 7, True))
    assert sink.events[-1] == ("end", True) and b.take() == [t.puback(7)]


def test_a_sink_that_raises():
    class Bad(t.Sink):
        def write(self, piece):
            t.Sink.write(self, piece)
            raise OSError(28)

    b = t.Bench()
    sink = Bad()
    b.mqtt.on_large("#", sink)
    b.up()
    b.take()
    b.say(t.publish(T, bytes(5000), 1, 7) + t.PINGRESP)
    assert len(sink.events) == 3 and sink.events[-1] == ("end", False)
    assert b.take() == [t.puback(7)] and b.mqtt.failed == 1
