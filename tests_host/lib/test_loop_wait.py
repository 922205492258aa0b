"""The scheduler: events, data, queues."""

from fake_board import FakeBoard, quiet_loop

from uplink.loop import Event, Queue
from uplink.port.ticks import FOREVER


def test_event_gives_true_or_false_and_stays_set():
    board = FakeBoard()
    loop = quiet_loop(board)
    event = Event(loop)
    got = []

    async def waiter():
        got.append(await event.wait(20))
        got.append(board.time)
        got.append(await event.wait(100))
        got.append(board.time)
        got.append(await event.wait())
        event.clear()
        got.append(await event.wait(0))
        got.append(event.is_set())

    async def setter():
        await loop.sleep_ms(33)
        event.set()

    loop.spawn(waiter())
    loop.spawn(setter())
    loop.run()
    assert got == [False, 20, True, 33, True, False, False]


def test_event_wakes_all_in_the_order_of_waiting():
    loop = quiet_loop()
    event = Event(loop)
    seen = []

    async def waiter(name, ms):
        seen.append((name, await event.wait(ms)))

    for name, ms in (("a", -1), ("b", 5), ("c", -1), ("d", 5), ("e", -1)):
        loop.spawn(waiter(name, ms))
    loop.step()
    loop.board.time += 5
    loop.step()
    assert seen == [("b", False), ("d", False)]
    event.set()
    loop.run()
    assert seen[2:] == [("a", True), ("c", True), ("e", True)]


def test_a_timeout_that_was_not_needed_does_not_disturb_the_idle():
    board = FakeBoard()
    loop = quiet_loop(board)
    event = Event(loop)

    async def waiter():
        await event.wait(20)
        await loop.sleep_ms(100)

    async def setter():
        await loop.sleep_ms(5)
        event.set()

    loop.spawn(waiter())
    loop.spawn(setter())
    loop.run()
    assert board.idles == [5, 100]


def test_data_wakes_at_once_and_only_who_waits_for_it():
    board = FakeBoard(bytes_at=(10, 40))
    loop = quiet_loop(board)
    got = []

    async def link():
        got.append((await loop.data(), board.time))
        board.waiting = 0
        got.append((await loop.data(20), board.time))
        await loop.sleep_ms(50)  # bytes that arrive now wake nobody
        got.append((await loop.data(5), board.time))

    loop.spawn(link())
    loop.run()
    assert got == [(True, 10), (False, 30), (True, 80)]
    assert board.idles == [FOREVER, 20, 50, 5]  # the board returns from the last at once
    assert board.blind == 1


def test_unread_bytes_do_not_keep_the_others_away():
    board = FakeBoard(bytes_at=(0,))
    loop = quiet_loop(board)
    turns = []

    async def deaf():
        while True:
            await loop.data(1000)

    async def other():
        for _ in range(10):
            turns.append(1)
            await loop.sleep_ms(0)

    loop.spawn(deaf(), first=True)
    loop.run(other())
    assert len(turns) == 10


def test_queue_is_bounded_and_in_order():
    loop = quiet_loop()
    queue = Queue(loop, 3)
    assert [queue.put(i) for i in range(4)] == [True, True, True, False]
    assert len(queue) == 3
    got = []

    async def taker():
        for _ in range(5):
            got.append(await queue.get(10))

    async def giver():
        await loop.sleep_ms(5)
        assert queue.put(7)

    loop.spawn(taker())
    loop.spawn(giver())
    loop.run()
    assert got == [0, 1, 2, 7, None]
    assert queue.pop() is None
    assert queue.put(1) and queue.pop() == 1


def test_an_item_that_woke_a_task_cannot_be_taken_from_it():
    loop = quiet_loop()
    queue = Queue(loop, 2)
    got = []

    async def taker():
        got.append(await queue.get())

    task = loop.spawn(taker())
    loop.step()
    queue.put("mine")
    assert queue.pop() is None
    # Cancelled before it could take it: it is there again.
    task.cancel()
    loop.step()
    assert task.done and got == []
    assert queue.pop() == "mine"


def test_a_cancelled_taker_hands_on_to_the_next():
    loop = quiet_loop()
    queue = Queue(loop, 2)
    got = []

    async def taker(name):
        got.append((name, await queue.get()))

    first = loop.spawn(taker("a"))
    loop.spawn(taker("b"))
    loop.step()
    queue.put(1)
    first.cancel()
    loop.run()
    assert got == [("b", 1)]


def test_a_limit_is_for_one_block():
    loop = quiet_loop()
    said = []

    async def work():
        limit = loop.limit(30)
        with limit:
            await loop.sleep_ms(0)
        try:
            with limit:
                said.append("again")
        except RuntimeError:
            said.append("refused")
        with loop.limit(30):
            await loop.sleep_ms(0)

    loop.run(work())
    assert said == ["refused"]
