"""Nothing here takes heap once it runs: 32-bit MicroPython has the board's object sizes."""

import gc
import sys

from fake_board import FakeBoard

from uplink.loop import Event, Loop, Queue

try:
    import micropython
except ImportError:
    micropython = None


class Board(FakeBoard):
    """A time that stays a small int, and no lists that grow."""

    def idle(self, ms, data=True):
        self.time += min(ms, 50)


def run_locked(loop, steps):
    """`steps` passes with the heap locked, after some to warm up."""
    board = loop.board
    for _ in range(20):
        board.idle(loop.step())
    if micropython:
        gc.collect()
        before = gc.mem_alloc()
        micropython.heap_lock()
    try:
        for _ in range(steps):
            board.idle(loop.step())
    finally:
        if micropython:
            micropython.heap_unlock()
    if micropython:
        # And not only for want of it: without the lock it takes none either.
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        before = gc.mem_alloc()
        for _ in range(steps):
            board.idle(loop.step())
        after = gc.mem_alloc()
        gc.enable()
        return after - before
    return 0


def test_sleeps():
    loop = Loop(Board())
    count = [0]

    async def task(ms):
        while True:
            await loop.sleep_ms(ms)
            count[0] += 1

    for ms in (0, 0, 1, 7, 50):
        loop.spawn(task(ms))
    assert run_locked(loop, 500) == 0
    assert count[0] > 1000


def test_events_and_their_timeouts():
    loop = Loop(Board())
    ping = Event(loop)
    pong = Event(loop)
    never = Event(loop)
    count = [0, 0, 0]

    async def one():
        while True:
            ping.set()
            if await pong.wait(100):
                count[0] += 1
            pong.clear()

    async def two():
        while True:
            await ping.wait()
            ping.clear()
            pong.set()
            await loop.sleep_ms(1)

    async def three():
        while True:
            if not await never.wait(20):
                count[1] += 1

    async def four():
        while True:
            if not await never.wait(0):
                count[2] += 1
            await loop.sleep_ms(3)

    loop.spawn(one(), first=True)
    loop.spawn(two())
    loop.spawn(three())
    loop.spawn(four())
    assert run_locked(loop, 500) == 0
    assert min(count) > 10


def test_data():
    board = Board()
    loop = Loop(board)
    count = [0, 0]

    async def link():
        while True:
            if await loop.data(30):
                board.waiting = 0
                count[0] += 1
            else:
                count[1] += 1

    async def line():
        while True:
            await loop.sleep_ms(10)
            board.waiting = 1
            await loop.sleep_ms(100)

    loop.spawn(link(), first=True)
    loop.spawn(line())
    assert run_locked(loop, 500) == 0
    assert min(count) > 20


def test_limits_that_hold():
    loop = Loop(Board())
    count = [0]

    async def task(ms):
        while True:
            with loop.limit(1000):
                with loop.limit(500):
                    await loop.sleep_ms(ms)
                    count[0] += 1

    loop.spawn(task(0))
    loop.spawn(task(3))
    assert run_locked(loop, 300) == 0
    assert count[0] > 300


def test_watchdog_and_idle():
    board = Board()
    board.watchdog = lambda ms: Fed()
    loop = Loop(board)

    async def task():
        while True:
            await loop.sleep_ms(9)

    loop.spawn(task(), within_ms=100)
    loop.watch(40)
    assert run_locked(loop, 300) == 0


class Fed:
    def feed(self):
        pass


def test_queue():
    loop = Loop(Board())
    queue = Queue(loop, 4)
    polled = Queue(loop, 4)
    count = [0, 0]

    async def give():
        while True:
            queue.put(1)
            queue.put(2)
            polled.put(3)
            await loop.sleep_ms(1)

    async def take():
        while True:
            if await queue.get(50):
                count[0] += 1

    async def poll():
        while True:
            while polled.pop():
                count[1] += 1
            await loop.sleep_ms(1)

    loop.spawn(give())
    loop.spawn(take())
    loop.spawn(poll())
    # `get` makes a StopIteration for each item (from the emergency exception when locked).
    taken = count[0]
    took = run_locked(loop, 200)
    if micropython:
        assert took <= 64 * (count[0] - taken)
    assert min(count) > 100


def test_eight_tasks_fit_in_2_kib():
    if not micropython:
        return

    async def task():
        while True:
            await loop.sleep_ms(0)

    gc.collect()
    before = gc.mem_alloc()
    before = gc.mem_alloc()
    loop = Loop(BOARD, 8)
    for i in range(8):
        loop.spawn(task(), "task", first=i == 0, within_ms=1000 if i < 2 else 0)
    loop.step()
    gc.collect()
    taken = gc.mem_alloc() - before
    print("loop and 8 tasks with their coroutines: %d bytes" % taken)
    if sys.maxsize < 1 << 32:
        assert taken < 2048


BOARD = Board()
