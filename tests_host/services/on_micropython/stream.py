"""Runs on MicroPython: a stream over TLS in data mode, escaped and back, to a server that echoes.
The argument: a file with the configuration.
"""

import json
import sys

# From the lowest up: an import of a source inside another takes C stack, of which there is little.
for room in "port loop ring at modems modem mqtt http services app".split():
    __import__("uplink." + room)

from uplink import log  # noqa: E402
from uplink.app import config  # noqa: E402
from uplink.loop import Loop  # noqa: E402
from uplink.services import ServiceModem  # noqa: E402

# (a Telit hands 300 bytes at a time to TLS, what is left after 5 s)
DATA = b"\r\nNO CARRIER\r\n+++\r\nOK\r\n" + b"." * 29 + bytes(range(256)) * 8
PIECE = 700


class Listener:
    def __init__(self):
        self.data = bytearray()
        self.told = []

    def opened(self, now):
        self.told.append("opened")

    def received(self, buf, off, n, now):
        self.data += bytes(memoryview(buf)[off : off + n])

    def sent(self, now):
        pass

    def closed(self, reason, now):
        self.told.append(reason)


async def until(condition):
    for _ in range(3000):
        if condition():
            return
        await loop.sleep_ms(10)
    raise AssertionError(said[-30:], listener.told, len(listener.data), modem.state)


async def both_ways():
    at = len(listener.data)
    off = 0
    while off < len(DATA):
        n = min(PIECE, len(DATA) - off)
        if stream.send(DATA, off, n):
            off += n
        await loop.sleep_ms(10)
    await until(lambda: len(listener.data) >= at + len(DATA))
    assert listener.data[at:] == DATA


async def talk():
    assert await modem.ready.wait(60_000), (modem.state, said[-30:])
    stream.open(b"web.example", 443)
    await until(lambda: stream.state == 2)
    await both_ways()
    assert await stream.escape()
    lines = await ask(b"AT+CGMM")
    assert await stream.resume()
    await both_ways()
    stream.close()
    await until(lambda: not stream.state)
    return lines


said = []
log.sink = lambda level, room, *text: said.append(text)
loop = Loop()
with open(sys.argv[1]) as file:
    modem = ServiceModem(loop, config.check(json.load(file)))
stream = modem.stream()
ask = modem.ask()
stream.listener = listener = Listener()
lines = loop.run(talk())
assert listener.told == ["opened", 0], listener.told
print("DONE", sys.implementation.name, lines)
