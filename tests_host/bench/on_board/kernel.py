# What a turn costs: a bare generator, asyncio, and Uplink's loop.
import asyncio

from uplink import Event, Loop

ROUNDS = 400


def bare():
    def forever():
        while True:
            yield 0

    generator = forever()
    resume = generator.__next__

    def run(n):
        for _ in range(n):
            resume()

    each("generator.resume", ROUNDS, run)


def asyncio_switch():
    async def turns(n):
        for _ in range(n):
            await asyncio.sleep_ms(0)

    each("asyncio.switch", ROUNDS, lambda n: asyncio.run(turns(n)))


def asyncio_event():
    async def waiter(event, n):
        for _ in range(n):
            await event.wait()
            event.clear()

    async def setter(n):
        event = asyncio.Event()
        task = asyncio.create_task(waiter(event, n))
        for _ in range(n):
            event.set()
            await asyncio.sleep_ms(0)
        await task

    each("asyncio.event", ROUNDS // 4, lambda n: asyncio.run(setter(n)))


def asyncio_limit():
    async def nothing():
        pass

    async def limited(n):
        for _ in range(n):
            await asyncio.wait_for_ms(nothing(), 1000)

    each("asyncio.limit", ROUNDS // 4, lambda n: asyncio.run(limited(n)))


def uplink_switch(tasks):
    """One turn of one of `tasks` tasks, the loop's own work included."""
    loop = Loop()

    async def turns(n):
        for _ in range(n):
            await loop.sleep_ms(0)

    def run(n):
        for _ in range(tasks - 1):
            loop.spawn(turns(n))
        loop.run(turns(n))

    run(1)
    run(1)
    gc.collect()
    start = ticks_us()
    run(0)
    empty = ticks_diff(ticks_us(), start)
    start = ticks_us()
    run(ROUNDS)
    us = ticks_diff(ticks_us(), start) - empty
    figure("uplink.switch_of_%d.us" % tasks, us / (ROUNDS * tasks))


def uplink_switch_heap():
    """Garbage of 1,000 turns of two tasks, after they were started."""
    loop = Loop()
    taken = [0]

    async def turns():
        while True:
            await loop.sleep_ms(0)

    async def meter():
        await loop.sleep_ms(0)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(500):
            await loop.sleep_ms(0)
        taken[0] = gc.mem_alloc() - before
        gc.enable()

    loop.spawn(turns())
    loop.run(meter())
    figure("uplink.switch.bytes", taken[0] / 1000)


def uplink_event():
    loop = Loop()
    event = Event(loop)

    async def waiter(n):
        for _ in range(n):
            await event.wait()
            event.clear()

    async def setter(n):
        loop.spawn(waiter(n))
        await loop.sleep_ms(0)
        for _ in range(n):
            event.set()
            await loop.sleep_ms(0)

    each("uplink.event", ROUNDS // 4, lambda n: loop.run(setter(n)))


def uplink_limit():
    loop = Loop()

    async def limited(n):
        for _ in range(n):
            with loop.limit(1000):
                pass

    each("uplink.limit", ROUNDS // 4, lambda n: loop.run(limited(n)))


def uplink_heap():
    """A loop with eight tasks, their coroutines included; the loop alone."""

    async def wait(loop):
        await loop.sleep_ms(1000)

    def eight():
        loop = Loop()
        for _ in range(8):
            loop.spawn(wait(loop))
        loop.step()
        return loop

    eight()
    loop, taken = heap(eight)
    figure("uplink.loop_and_8_tasks.bytes", taken)
    loop, taken = heap(Loop)
    figure("uplink.loop.bytes", taken)


bare()
asyncio_switch()
asyncio_event()
asyncio_limit()
for count in (1, 2, 8):
    uplink_switch(count)
uplink_switch_heap()
uplink_event()
uplink_limit()
uplink_heap()
