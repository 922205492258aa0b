# An answer of line, blank line and OK: its cost from the UART to its handler, and what is lost.
# In front of it stand MODE, BAUD and COUNT; the emulated module sends ANSWER COUNT times while GO
# is high: with gaps where MODE ends in "cost", at the line's full rate where it ends in "loss".
import asyncio

from machine import UART, Pin

from uplink.at import Engine
from uplink.port import board
from uplink.ring import Ring

ANSWER = b"\r\n+CSQ: 21,99\r\n\r\nOK\r\n"
WHOLE = len(ANSWER) * COUNT
END_MS = 300  # nothing for so long: the sender has ended

go = Pin(22, Pin.OUT, value=0)


class Vendor:
    """A table with just this answer."""

    PAUSE_MS = 0
    FAST_MS = 0
    INPUT_MS = 0
    PROBE = (b"AT+CMEE?", b"+CMEE: ")
    FINALS = ((b"ERROR", 1),)
    COUNTED = ()
    URCS = ((b"+CSQ: ", "on_urc"),)

    # Got from the class itself, they are plain functions, as from a module.
    def on_csq(user, cursor):
        user.seen = cursor.int()

    def on_urc(user, cursor):
        user.lines += 1


class User:
    """Takes what the engine says."""

    seen = 0
    lines = 0
    results = 0

    def when(self, condition):
        return True

    def put(self, variable, line):
        return True

    def payload(self, engine):
        return False

    def data(self, buf, off, n, now):
        pass

    def data_end(self, good, now):
        pass

    def finished(self, result, now):
        self.results += 1

    def silent(self, now):
        pass

    def back_in_step(self, now):
        pass

    def unasked(self, now):
        pass


CSQ = ((0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1000, 0),)


def opened(rxbuf):
    return board().uart(
        {
            "uart": {
                "id": 0,
                "tx": 0,
                "rx": 1,
                "rts": None,
                "cts": None,
                "baud": BAUD,
                "rxbuf": rxbuf,
                "device": None,
            }
        }
    )


def uplink_cost():
    uart = opened(1024)
    ring = Ring(1024)
    user = User()
    engine = Engine(ring, Vendor, user)
    now = board().ticks_ms()
    us = 0
    gc.collect()
    gc.disable()
    go.value(1)
    for i in range(COUNT):
        if i == 1:  # the first makes what is kept
            before = gc.mem_alloc()
        engine.run(CSQ, now)
        engine.poll(now)
        engine.out_pos = engine.out_end
        while not uart.any():
            pass
        time.sleep_us(21 * 10_000_000 // BAUD + 100)
        start = ticks_us()
        n = uart.readinto(ring.stage)
        ring.put(n)
        engine.heard(now)
        us += ticks_diff(ticks_us(), start)
    go.value(0)
    taken = gc.mem_alloc() - before
    gc.enable()
    assert user.results == COUNT and user.seen == 21, (user.results, user.seen)
    figure("uplink.answer.us", us / COUNT)
    figure("uplink.answer.bytes", taken / (COUNT - 1))


async def busy():
    """A task that takes 2 ms of each 10."""
    while True:
        end = time.ticks_add(ticks_us(), 2000)
        while ticks_diff(end, ticks_us()) > 0:
            pass
        await asyncio.sleep_ms(8)


def uplink_loss():
    from uplink import Loop

    loop = Loop()
    uart = opened(1024)
    ring = Ring(1024)
    user = User()
    engine = Engine(ring, Vendor, user)
    got = [0]

    async def work():
        while True:
            end = time.ticks_add(ticks_us(), 2000)
            while ticks_diff(end, ticks_us()) > 0:
                pass
            await loop.sleep_ms(8)

    async def link():
        go.value(1)
        while await loop.data(END_MS):
            n = 1
            while n:
                n = uart.readinto(ring.stage)
                if n:
                    got[0] += n
                    ring.put(n)
                    engine.heard(loop.now())

    for _ in range(3):
        loop.spawn(work())
    loop.run(link())
    go.value(0)
    figure("uplink.lost_%d" % BAUD, WHOLE - got[0])
    figure("uplink.lines_%d" % BAUD, user.lines)


def peer_uart(rxbuf):
    return UART(0, BAUD, tx=Pin(0), rx=Pin(1), rxbuf=rxbuf, timeout=0)


async def read_lines(uart, lines):
    reader = asyncio.StreamReader(uart)
    for _ in range(lines):
        await asyncio.wait_for_ms(reader.readline(), 1000)


def asyncio_cost():
    """The lines stand in the buffer already: nothing but the reading is measured."""
    uart = peer_uart(4096)
    go.value(1)
    time.sleep_ms(END_MS)
    go.value(0)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    start = ticks_us()
    asyncio.run(read_lines(uart, 4 * COUNT))
    figure("asyncio.answer.us", ticks_diff(ticks_us(), start) / COUNT)
    figure("asyncio.answer.bytes", (gc.mem_alloc() - before) / COUNT)
    gc.enable()


def asyncio_loss():
    uart = peer_uart(1024)
    got = [0]

    async def link():
        for _ in range(3):
            asyncio.create_task(busy())
        reader = asyncio.StreamReader(uart)
        go.value(1)
        while True:
            try:
                got[0] += len(await asyncio.wait_for_ms(reader.readline(), END_MS))
            except asyncio.TimeoutError:
                return

    asyncio.run(link())
    go.value(0)
    figure("asyncio.lost_%d" % BAUD, WHOLE - got[0])


def readline_cost():
    uart = peer_uart(4096)
    go.value(1)
    time.sleep_ms(END_MS)
    go.value(0)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    start = ticks_us()
    for _ in range(4 * COUNT):
        uart.readline()
    figure("readline.answer.us", ticks_diff(ticks_us(), start) / COUNT)
    figure("readline.answer.bytes", (gc.mem_alloc() - before) / COUNT)
    gc.enable()


def readline_loss():
    """Nothing else runs: it is blocking."""
    uart = UART(0, BAUD, tx=Pin(0), rx=Pin(1), rxbuf=1024, timeout=END_MS)
    go.value(1)
    got = 0
    while True:
        line = uart.readline()
        if not line:
            break
        got += len(line)
    go.value(0)
    figure("readline.lost_%d" % BAUD, WHOLE - got)


globals()[MODE]()
