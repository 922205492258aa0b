"""The client as a task of the loop, and receipts that are awaited."""

import mqtt_bench as t

from uplink.loop import Loop
from uplink.mqtt import MQTT
from uplink.port.ticks import ticks_add


class Board:
    """The clock of a loop."""

    def __init__(self):
        self.t = ticks_add(0, -50_000)  # it wraps on the way

    def ticks_ms(self):
        return self.t

    def any(self):
        return 0

    def idle(self, ms, data=True):
        self.t = ticks_add(self.t, max(ms, 1))


class Server(t.Wire):
    """Answers in the loop's time, `delay_ms` after each send; `quiet` answers no PUBLISH."""

    def __init__(self, loop):
        super().__init__(False)
        self.loop = loop
        self.delay_ms = 700
        self.quiet = False
        self.answers = 0

    async def run(self):
        while True:
            await self.loop.sleep_ms(self.delay_ms)
            now = self.loop.now()
            self.now = now
            if self.state == t.OPENING:
                self.state = t.OPEN
                self.listener.opened(now)
            elif self.state == t.OPEN and len(self.out) > self.answers:
                data = self.out[self.answers]
                self.answers += 1
                self.listener.sent(now)
                kind = data[0] & 0xF0
                answer = None
                if kind == 0x10:
                    answer = t.CONNACK
                elif kind == 0x80:
                    answer = t.suback(data[2] << 8 | data[3], b"\x01")
                elif kind == 0xC0:
                    answer = t.PINGRESP
                elif kind == 0x30 and not self.quiet and data[0] & 6 == 2:
                    k = 4 + data[3]
                    answer = t.puback(data[k] << 8 | data[k + 1])
                if answer:
                    self.listener.received(answer, 0, len(answer), now)


def setting():
    loop = Loop(Board())
    server = Server(loop)
    mqtt = MQTT(loop, server, t.config(keepalive_s=60), lambda n: 0)
    loop.spawn(server.run(), "server")
    return loop, server, mqtt


def test_it_connects_by_itself_and_receipts_can_be_awaited():
    loop, server, mqtt = setting()
    heard = t.Heard()
    mqtt.on("cmd")(heard)

    async def app():
        results = []
        for k in range(20):
            receipt = mqtt.publish(b"a", b"%d" % k, k % 2)
            results.append(await receipt)
        await loop.sleep_ms(200_000)
        return results

    assert loop.run(app()) == [True] * 20
    assert mqtt.connected and mqtt.pings >= 3 and mqtt.acked == 10
    assert server.opens == 1


def test_a_receipt_tells_that_it_was_dropped():
    loop, server, mqtt = setting()

    async def app():
        while not mqtt.connected:
            await loop.sleep_ms(100)
        receipt = mqtt.publish(b"a", b"lost")
        server.state = t.CLOSED
        server.listener.closed(2, loop.now())
        return await receipt

    assert loop.run(app()) is False
    assert mqtt.dropped == 1


def test_a_receipt_of_a_slot_that_was_used_again_still_tells_its_own():
    loop, server, mqtt = setting()
    seen = []

    async def wait(receipt):
        seen.append(await receipt)

    async def app():
        while not mqtt.connected:
            await loop.sleep_ms(100)
        loop.spawn(wait(mqtt.publish(b"a", b"first", 1)))
        await loop.sleep_ms(10)
        mqtt._drop(mqtt._slots[0])
        for _ in range(8):
            assert mqtt.publish(b"a", b"next", 1)
        await loop.sleep_ms(10)

    loop.run(app())
    assert seen == [False]


def test_it_comes_back_and_disconnects():
    loop, server, mqtt = setting()

    async def app():
        await loop.sleep_ms(5_000)
        assert mqtt.connected
        server.state = t.CLOSED
        server.listener.closed(1, loop.now())
        assert not mqtt.connected
        await loop.sleep_ms(5_000)
        assert mqtt.connected and mqtt.reconnects == 1
        mqtt.disconnect()
        await loop.sleep_ms(5_000)
        assert not mqtt.connected and server.out[-1] == t.DISCONNECT
        await loop.sleep_ms(500_000)
        assert server.opens == 2
        mqtt.connect()
        await loop.sleep_ms(5_000)
        assert mqtt.connected

    loop.run(app())
