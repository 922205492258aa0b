"""Connected, publishing, receiving, pinging and reconnecting with the heap locked."""

import mqtt_bench as t

from uplink import log
from uplink.mqtt import MQTT

try:
    import micropython
except ImportError:
    micropython = None


def quiet(level, room, text, a, b):
    pass


class Server:
    """The transport and a broker behind it that answers in place: nothing here takes heap."""

    def __init__(self):
        self.state = 0
        self.listener = None
        self.now = 0
        self.present = False
        self.mute = False  # takes packets and answers nothing
        self.greeting = bytearray(b"\x20\x02\x00\x00")
        self.answer = bytearray(5)
        self.suback = bytearray(b"\x90\x04\x00\x00\x01\x01")
        self.pong = b"\xd0\x00"
        self.waiting = False  # `listener.sent` is due
        self.buf = None
        self.off = 0
        self.end = 0
        self.published = [0, 0, 0]
        self.again = 0
        self.acked = [0, 0, 0]
        self.pings = 0
        self.connects = 0
        self.subscribes = 0
        self.released = 0

    def open(self, host, port, tls):
        self.state = 1

    def send(self, buf, off, n):
        if self.state != 2 or self.waiting:
            return False
        self.waiting = True
        self.buf = buf
        self.off = off
        self.end = off + n
        return True

    def close(self):
        self.state = 0
        self.waiting = False
        self.listener.closed(0, self.now)

    def proved(self):
        pass

    def doubt(self):
        pass

    def step(self):
        """Take what is being sent and answer it; True where there was something."""
        if self.state == 1:
            self.state = 2
            self.listener.opened(self.now)
            return True
        if not self.waiting:
            return False
        self.waiting = False
        buf = self.buf
        at = self.off
        size = self.end
        while at < size and self.state == 2:
            kind = buf[at] & 0xF0
            again = buf[at] & 8
            qos = buf[at] >> 1 & 3
            n = buf[at + 1]
            at += 2
            if n & 128:
                n = (n & 127) | buf[at] << 7
                at += 1
            k = at
            if kind == 0x30:
                self.published[qos] += 1
                if again:
                    self.again += 1
                k += 2 + (buf[at] << 8 | buf[at + 1])
                if qos and not self.mute:
                    self.reply(0x50 if qos == 2 else 0x40, buf[k], buf[k + 1])
            elif kind == 0x10:
                self.connects += 1
                self.greeting[2] = 1 if self.present else 0
                self.listener.received(self.greeting, 0, 4, self.now)
            elif kind == 0x80:
                self.subscribes += 1
                self.suback[2] = buf[at]
                self.suback[3] = buf[at + 1]
                self.listener.received(self.suback, 0, 6, self.now)
            elif kind == 0x60:
                self.released += 1
                self.reply(0x70, buf[at], buf[at + 1])
            elif kind == 0x50:
                self.acked[2] += 1
                self.reply(0x62, buf[at], buf[at + 1])
            elif kind == 0x40:
                self.acked[1] += 1
            elif kind == 0xC0:
                self.pings += 1
                self.listener.received(self.pong, 0, 2, self.now)
            at += n
        self.listener.sent(self.now)
        return True

    def reply(self, first, high, low):
        a = self.answer
        a[0] = first
        a[1] = 2
        a[2] = high
        a[3] = low
        self.listener.received(a, 0, 4, self.now)

    def settle(self):
        while self.step():
            pass


class Count:
    def __init__(self):
        self.messages = 0
        self.bytes = 0
        self.topics = 0

    def take(self, topic, payload):
        self.messages += 1
        self.bytes += len(payload)
        self.topics += len(topic)


def run(server, mqtt, ms):
    """Let `ms` pass."""
    while ms > 0:
        server.settle()
        step = mqtt.poll(server.now)
        server.settle()
        if step < 1:
            step = 1
        if step > ms:
            step = ms
        server.now += step
        ms -= step
    mqtt.poll(server.now)
    server.settle()


def test_nothing_takes_heap_after_the_first_connection():
    sink = log.sink
    log.sink = quiet
    try:
        _work()
    finally:
        log.sink = sink


def _work():
    server = Server()
    mqtt = MQTT(None, server, t.config(keepalive_s=100))
    count = Count()
    mqtt.subscribe(b"devices/+/cmd", count.take, 1)
    mqtt.subscribe(b"all/#", count.take, 2)
    topic = b"devices/7/telemetry"
    payload = b'{"t":21.5,"h":40,"n":1234567}' * 4
    arrived = []
    for qos in (0, 1, 2):
        arrived.append(bytearray(t.publish(b"devices/7/cmd", b'{"led":true}' * (1 + qos), qos, 1)))
    other = t.publish(b"all/a/b/c", b"x" * 300, 1, 9)
    mqtt.connect()
    run(server, mqtt, 1000)
    assert mqtt.connected and server.subscribes == 1
    mqtt.publish(topic, payload, 1)
    run(server, mqtt, 1000)
    if micropython is not None:
        micropython.heap_lock()
    accepted = 0
    for qos in range(3):
        for _ in range(200):
            if mqtt.publish(topic, payload, qos) is not None:
                accepted += 1
            server.settle()
    for qos in range(3):
        data = arrived[qos]
        for i in range(200):
            if qos:
                data[len(data) - 12 * (1 + qos) - 1] = 1 + i
            mqtt.received(data, 0, len(data), server.now)
            mqtt.received(other, 0, 100, server.now)
            mqtt.received(other, 100, len(other) - 100, server.now)
            server.settle()
    run(server, mqtt, 500000)
    pings = server.pings
    # lost, the session kept, with messages under way at each QoS
    server.mute = True
    mqtt.publish(topic, payload, 1)
    mqtt.publish(topic, payload, 2)
    mqtt.publish(topic, payload, 0)
    server.settle()
    server.mute = False
    server.present = True
    for _ in range(3):
        server.state = 0
        server.waiting = False
        mqtt.closed(2, server.now)
        mqtt.publish(topic, payload, 1)
        run(server, mqtt, 400000)
    # lost with the session
    server.present = False
    server.mute = True
    mqtt.publish(topic, payload, 1)
    server.settle()
    server.mute = False
    server.state = 0
    server.waiting = False
    mqtt.closed(1, server.now)
    run(server, mqtt, 400000)
    if micropython is not None:
        micropython.heap_unlock()
    assert accepted == 600, accepted
    assert count.messages == 1200, count.messages
    assert count.bytes == 200 * (12 + 24 + 36) + 600 * 300
    assert server.published[0] == 201 and server.published[1] == 200 + 1 + 1 + 1 + 3 + 1 + 1
    assert server.published[2] == 202, server.published
    assert server.again == 2, server.again
    assert server.acked[2] == 200 and server.acked[1] == 800, server.acked
    assert server.released == 201
    assert pings >= 7, pings
    assert server.connects == 5 and server.subscribes == 2
    assert mqtt.reconnects == 4 and mqtt.malformed == 0 and mqtt.dropped == 0
    assert mqtt.waiting == 0 and mqtt.failed == 0
