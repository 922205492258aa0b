# main.py of the bench: the ready-made application, and beside it what is measured. GO says to the
# PC when: it counts how long the processor was awake between two edges.
import gc

from machine import Pin

PAYLOAD = b'{"t":21.5,"rssi":-67,"n":1}'[:26]
TOPIC = b"devices/dev7/bench"

go = Pin(22, Pin.OUT, value=0)


class Taker:
    """The end of a socket that counts what comes."""

    def __init__(self):
        self.n = 0
        self.is_open = False

    def opened(self, now):
        self.is_open = True

    def received(self, buf, off, n, now):
        self.n += n
        if self.n >= SIZE:
            go(0)

    def sent(self, now):
        pass

    def closed(self, reason, now):
        self.is_open = False


taker = Taker()
app = BEFORE = None


async def bench():
    loop = app.loop
    mqtt = app.mqtt
    while not (mqtt.connected and mqtt.acked):
        await loop.sleep_ms(100)
    await loop.sleep_ms(5000)
    gc.collect()
    print("FIGURE device.heap_bytes", gc.mem_alloc() - BEFORE)
    await loop.sleep_ms(3000)
    go(1)  # idle
    await loop.sleep_ms(20000)
    go(0)
    await loop.sleep_ms(1000)
    for _ in range(8):  # one message each time
        go(1)
        mqtt.publish(TOPIC, PAYLOAD, 0)
        go(0)
        await loop.sleep_ms(2000)
    socket = app.modem.socket()
    socket.listener = taker
    socket.open(b"big", 8883, True)
    while not taker.is_open:
        await loop.sleep_ms(100)
    await loop.sleep_ms(2000)
    go(1)
    socket.send(b"give", 0, 4)
    while taker.n < SIZE:
        await loop.sleep_ms(20)
    print("FIGURE device.received_bytes", taker.n)
    print("DONE")


gc.collect()
BEFORE = gc.mem_alloc()  # what is the bench's own is there by now, but for its coroutine

from uplink import App

app = App("uplink.json")
app.task(bench)
app.run()
