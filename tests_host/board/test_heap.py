"""The connected client on the board with the heap locked: what allocates raises MemoryError."""

from tests_host.board.rig import COMMANDS, DEVICE, Rig, configuration

MAIN = b"""
import sys
import micropython
micropython.alloc_emergency_exception_buf(300)
from uplink import Loop, Modem, MQTT, config, log

cfg = config.load("uplink.json")
loop = Loop()
modem = Modem(loop, cfg)
mqtt = MQTT(loop, modem.socket(), cfg)
TOPIC = b"devices/dev7/heap"
PAYLOAD = b'{"t":21.5,"rssi":-67,"n":1'
seen = [0, 0, 0]  # received, times connected, lines of the log


def sink(level, room, text, a=None, b=None):
    seen[2] += 1


@mqtt.on("devices/dev7/cmd")
def command(topic, payload):
    seen[0] += 1


async def sent(n, qos):
    for _ in range(n):
        while mqtt.publish(TOPIC, PAYLOAD, qos) is None:
            await loop.sleep_ms(20)
        await loop.sleep_ms(20)


async def connected():
    while not mqtt.connected:
        await loop.sleep_ms(100)
    while mqtt.waiting:
        await loop.sleep_ms(20)


async def heard(n):
    while seen[0] < n:
        await loop.sleep_ms(20)


def failed(task, error):
    micropython.heap_unlock()
    print("FAILED", task.name, repr(error))


# Made before the heap is locked: a coroutine is an object.
warm = [connected(), sent(2, 0), sent(2, 1), sent(2, 2), heard(2), connected()]
steps = [sent(100, 0), sent(100, 1), sent(100, 2), heard(102), connected()]
loop.report = failed


async def work():
    for step in warm:
        await step
    log.sink = sink
    print("WARM")
    await loop.sleep_ms(15000)  # a connection is lost and comes back
    while not mqtt.connected:
        await loop.sleep_ms(100)
    await loop.sleep_ms(3000)
    print("LOCKED")
    micropython.heap_lock()
    for step in steps:
        await step
    await loop.sleep_ms(60000)
    while not mqtt.connected:
        await loop.sleep_ms(100)
    micropython.heap_unlock()
    print("DONE", seen)


loop.spawn(work())
try:
    loop.run()
except Exception as error:
    micropython.heap_unlock()
    sys.print_exception(error)
"""


def test_nothing_takes_heap_once_it_runs(image):
    config = configuration(broker={"keepalive_s": 20})
    with Rig(image, main=MAIN, config=config, judge_keepalive=False) as rig:

        def until(mark, limit_s):
            bad = (b"FAILED", b"Traceback", b"MemoryError")
            done = rig.run_until(
                lambda: mark in rig.output or any(text in rig.output for text in bad), limit_s
            )
            if not done or mark not in rig.output:
                rig.run_ms(5000)  # what it says of it
                raise AssertionError(rig.text[-2000:])

        assert rig.run_until(lambda: rig.broker.subscriptions(DEVICE.encode()), 90), rig.text
        for _ in range(2):
            rig.broker.publish(COMMANDS, b"on", 1, now_us=rig.now_us)
        until(b"WARM", 60)
        rig.broker.disconnect(DEVICE.encode(), now_us=rig.now_us)
        until(b"LOCKED", 120)
        connections = len(rig.broker.history[DEVICE.encode()])
        rig.modem.fault("urc_storm", count=500)
        for i in range(100):
            rig.run_ms(100)
            rig.broker.publish(COMMANDS, b"%03d" % i, i % 3, now_us=rig.now_us)
        rig.run_ms(20_000)
        rig.broker.disconnect(DEVICE.encode(), now_us=rig.now_us)
        until(b"DONE", 200)
        pings = rig.broker.arrivals["PINGREQ"]
        arrived = rig.arrived(b"devices/dev7/heap")
        assert len(rig.broker.history[DEVICE.encode()]) > connections
        assert pings >= 2
        assert len(arrived) >= 4 + 200, "QoS 0 may be lost with the connection, the others not"
        assert not rig.broker.violations
        assert rig.overruns == 0
