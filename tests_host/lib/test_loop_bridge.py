"""The loop as one task of asyncio."""

import asyncio
import sys

from fake_board import FakeBoard, quiet_loop

from uplink.loop import Event, serve


class FakeAsyncio:
    """An asyncio whose sleep only moves the board's clock."""

    def __init__(self, board):
        self.board = board
        self.slept = []

    async def sleep_ms(self, ms):
        self.slept.append(ms)
        self.board.time += ms


def serve_in_fake_time(loop):
    fake = FakeAsyncio(loop.board)
    real = sys.modules["asyncio"]
    sys.modules["asyncio"] = fake
    try:
        serve(loop).send(None)
    except StopIteration:
        return fake.slept
    finally:
        sys.modules["asyncio"] = real
    raise AssertionError("serve waited for something else")


def test_it_sleeps_in_asyncio_until_the_next_task_is_due():
    loop = quiet_loop(FakeBoard())

    async def task():
        await loop.sleep_ms(0)
        await loop.sleep_ms(7)
        await loop.sleep_ms(120)

    loop.spawn(task())
    assert serve_in_fake_time(loop) == [0, 7, 50, 50, 20]


def test_it_looks_at_the_uart_every_10_ms_and_never_spins():
    board = FakeBoard()
    loop = quiet_loop(board)

    async def link():
        for _ in range(2):
            await loop.data(95)

    loop.spawn(link())
    slept = serve_in_fake_time(loop)
    assert slept == ([10] * 9 + [5]) * 2
    assert board.time == 190


def test_stop_ends_it_and_it_can_be_served_again():
    loop = quiet_loop(FakeBoard())
    turns = []

    async def task():
        for i in range(4):
            turns.append(i)
            if i == 1:
                loop.stop()
            await loop.sleep_ms(3)

    loop.spawn(task())
    serve_in_fake_time(loop)
    assert turns == [0, 1]
    serve_in_fake_time(loop)
    assert turns == [0, 1, 2, 3]


def test_inside_the_real_asyncio_beside_another_task():
    loop = quiet_loop(FakeBoard())
    event = Event(loop)
    seen = []

    async def task():
        for _ in range(3):
            await loop.sleep_ms(0)
            seen.append("uplink")
        await event.wait()
        seen.append("told")

    async def main():
        loop.spawn(task())
        served = asyncio.create_task(serve(loop))
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append("asyncio")
        event.set()
        await served

    asyncio.run(main())
    assert seen[-1] == "told" and seen.count("uplink") == 3 and seen.count("asyncio") == 3
    assert seen != sorted(seen)  # they took turns


def test_cancelling_it_leaves_the_tasks_whole():
    loop = quiet_loop(FakeBoard())
    turns = []

    async def task():
        for i in range(6):
            turns.append(i)
            await loop.sleep_ms(0)

    async def main():
        loop.spawn(task())
        served = asyncio.create_task(serve(loop))
        for _ in range(3):
            await asyncio.sleep(0)
        served.cancel()
        try:
            await served
        except asyncio.CancelledError:
            pass
        assert loop.current is None
        return len(turns)

    done = asyncio.run(main())
    assert 0 < done < 6
    loop.run()
    assert turns == list(range(6))
