"""Limits and cancellation: every `finally` runs, at every kind of await."""

from fake_board import FakeBoard, Log, quiet_loop

from uplink import log
from uplink.errors import TimeoutError_
from uplink.loop import Cancelled, Event, Queue


def waits(loop):
    """One awaitable of each kind that nobody ends."""

    async def endless():
        await Event(loop).wait()

    return (
        None,
        Event(loop).wait(),
        Event(loop).wait(10_000),
        Queue(loop, 1).get(),
        Queue(loop, 1).get(10_000),
        loop.data(),
        loop.spawn(endless(), "endless"),
    )


def await_kind(loop, kind):
    """A coroutine that waits in the way number `kind`, and notes what it saw."""
    seen = []

    async def task():
        try:
            if kind == 0:
                await loop.sleep_ms(10_000)
            elif kind == 7:
                while True:
                    await loop.sleep_ms(0)
            elif kind == 8:
                with loop.limit(10_000):
                    await loop.sleep_ms(9_000)
            else:
                await waits(loop)[kind]
            seen.append("went on")
        except Cancelled:
            seen.append("cancelled")
            raise
        except TimeoutError_:
            seen.append("late")
        finally:
            seen.append("finally")
            await loop.sleep_ms(5)
            seen.append("cleaned")

    return task(), seen


async def let_time_pass(loop, until):
    """For a task that is always ready, so that the board never idles."""
    while loop.board.time < until:
        loop.board.time += 1
        await loop.sleep_ms(0)


def cancel_at(kind):
    loop = quiet_loop(FakeBoard())
    coro, seen = await_kind(loop, kind)

    async def main():
        task = loop.spawn(coro)
        await loop.sleep_ms(10)
        assert task.cancel()
        try:
            await task
        except Cancelled:
            seen.append("joined")
        assert not task.cancel()
        return task

    if kind == 7:
        loop.spawn(let_time_pass(loop, 12))
    task = loop.run(main())
    assert seen == ["cancelled", "finally", "cleaned", "joined"], (kind, seen)
    assert isinstance(task.error, Cancelled)
    assert loop.board.time == (17 if kind == 7 else 15), kind
    assert loop.report.kept == []


def test_cancel_runs_finally_at_every_kind_of_await():
    for kind in range(9):
        cancel_at(kind)


def limit_at(kind):
    loop = quiet_loop(FakeBoard())
    coro, seen = await_kind(loop, kind)
    event = Event(loop)

    async def main():
        with loop.limit(30):
            await coro
        seen.append(loop.board.time)
        assert not await event.wait(7)
        seen.append(loop.board.time)

    if kind == 7:
        loop.spawn(let_time_pass(loop, 32))
    loop.run(main())
    end = 37 if kind == 7 else 35
    assert seen == ["late", "finally", "cleaned", end, end + 7], (kind, seen)


def test_limit_ends_every_kind_of_await_and_what_follows_works():
    for kind in range(9):
        limit_at(kind)


def test_a_limit_that_was_kept_has_no_effect():
    board = FakeBoard()
    loop = quiet_loop(board)

    async def main():
        with loop.limit(30):
            await loop.sleep_ms(30)
        with loop.limit(30):
            pass
        await loop.sleep_ms(100)
        return board.time

    assert loop.run(main()) == 130
    assert board.idles == [30, 100]


def nest(inner_ms, outer_ms):
    loop = quiet_loop()

    async def main():
        with loop.limit(outer_ms) as outer:
            try:
                with loop.limit(inner_ms) as inner:
                    await loop.sleep_ms(1000)
            except TimeoutError_:
                return (inner.expired, outer.expired, loop.board.time)

    inner_was, outer_was, when = loop.run(main())
    assert when == 20
    assert inner_was == (inner_ms < outer_ms)
    assert outer_was == (outer_ms <= inner_ms)


def test_limits_nest_and_know_whose_the_error_is():
    for inner_ms, outer_ms in ((20, 50), (50, 20), (20, 20)):
        nest(inner_ms, outer_ms)


def test_an_outer_limit_that_was_swallowed_comes_again():
    loop = quiet_loop()
    times = []

    async def main():
        try:
            with loop.limit(20):
                for _ in range(2):
                    try:
                        with loop.limit(1000):
                            await loop.sleep_ms(500)
                    except TimeoutError_:
                        times.append(loop.board.time)
                await loop.sleep_ms(500)
        except TimeoutError_:
            times.append(loop.board.time)

    loop.run(main())
    assert times == [20, 40, 60]


def test_more_limits_than_the_pool_holds():
    loop = quiet_loop()

    async def deep(n):
        if n == 0:
            await loop.sleep_ms(50)
        else:
            with loop.limit(1000 + n):
                await deep(n - 1)

    async def main():
        await deep(9)
        try:
            with loop.limit(10):
                await deep(9)
        except TimeoutError_:
            return loop.board.time

    assert loop.run(main()) == 60


def test_a_limit_does_not_take_what_has_already_come():
    # The event is set in the very pass in which the limit passes.
    board = FakeBoard()
    loop = quiet_loop(board)
    queue = Queue(loop, 1)

    async def main():
        try:
            with loop.limit(20):
                return await queue.get()
        except TimeoutError_:
            return "lost"

    task = loop.spawn(main())
    loop.step()
    queue.put("kept")
    board.time += 30
    loop.run()
    assert task.value == "kept"


def test_a_limit_reaches_a_task_whose_waits_always_come_true():
    board = FakeBoard()
    loop = quiet_loop(board)
    event = Event(loop)

    async def busy():
        try:
            with loop.limit(20):
                while True:
                    await event.wait()
                    event.clear()
        except TimeoutError_:
            return board.time

    task = loop.spawn(busy())
    for _ in range(200):
        event.set()
        board.time += 1
        loop.step()
        if task.done:
            break
    assert task.done and 20 <= task.value <= 23


def test_a_limit_that_passed_at_the_last_moment_does_not_hit_later_code():
    board = FakeBoard()
    loop = quiet_loop(board)
    event = Event(loop)

    async def main():
        with loop.limit(20):
            await event.wait()
        await loop.sleep_ms(500)
        return board.time

    task = loop.spawn(main())
    loop.step()
    event.set()
    board.time += 20  # the limit passes while the task is awake, but has not run
    loop.run()
    assert task.error is None and task.value == 520


def test_a_task_cancelled_before_it_began_does_not_begin():
    loop = quiet_loop()
    seen = []

    async def task():
        seen.append(1)

    one = loop.spawn(task())
    one.cancel()
    loop.run()
    assert seen == [] and one.done and isinstance(one.error, Cancelled)
    assert loop.report.kept == []


def cancel_self_at(kind):
    loop = quiet_loop()
    seen = []
    box = []

    async def task():
        try:
            box[0].cancel()
            seen.append("still here")
            if kind == 0:
                await loop.sleep_ms(0)
            elif kind == 1:
                await loop.sleep_ms(10_000)
            elif kind == 2:
                await Event(loop).wait()
            else:
                await Queue(loop, 1).get(10_000)
            seen.append("wrong")
        finally:
            seen.append("finally")

    box.append(loop.spawn(task()))
    loop.run()
    assert seen == ["still here", "finally"], kind
    assert isinstance(box[0].error, Cancelled)
    assert loop.board.time == 0


def test_a_task_can_cancel_itself_at_its_next_await():
    for kind in range(4):
        cancel_self_at(kind)


def test_a_cancelled_task_leaves_the_lists_it_waited_in():
    loop = quiet_loop()
    event = Event(loop)
    seen = []

    async def waiter(name):
        await event.wait()
        seen.append(name)

    tasks = [loop.spawn(waiter(name)) for name in "abcde"]
    loop.step()
    for i in (0, 2, 4):
        tasks[i].cancel()
    loop.step()
    event.set()
    loop.run()
    assert seen == ["b", "d"]


def test_a_task_that_swallows_its_cancellation_is_reported():
    loop = quiet_loop()

    async def returns():
        try:
            await loop.sleep_ms(1000)
        except Cancelled:
            pass

    async def goes_on():
        while True:
            try:
                await loop.sleep_ms(400)
            except Cancelled:
                pass

    async def main(task):
        await loop.sleep_ms(1)
        task.cancel()
        await loop.sleep_ms(2000)

    with Log() as lines:
        task = loop.spawn(returns(), "returns")
        loop.run(main(task))
        task = loop.spawn(goes_on(), "goes on")
        loop.run(main(task))
    assert lines == [
        (log.WARN, "task swallowed its cancellation", "returns"),
        (log.WARN, "task swallowed its cancellation", "goes on"),
    ]


def test_an_error_in_the_cleanup_is_reported():
    loop = quiet_loop()

    async def task():
        try:
            await loop.sleep_ms(1000)
        finally:
            raise ValueError("cleanup")

    one = loop.spawn(task(), "untidy")
    loop.step()
    with Log():
        one.cancel()
        loop.run()
    assert [name for name, _ in loop.report.kept] == ["untidy"]


def test_a_limit_holds_inside_a_cleanup():
    loop = quiet_loop()
    seen = []

    async def task():
        try:
            await loop.sleep_ms(1000)
        finally:
            try:
                with loop.limit(20):
                    await Event(loop).wait()
            except TimeoutError_:
                seen.append(loop.board.time)

    one = loop.spawn(task())
    loop.step()
    one.cancel()
    with Log() as lines:
        loop.run()
    assert seen == [20] and isinstance(one.error, Cancelled)
    assert lines == [] and loop.report.kept == []


def test_who_waits_for_a_cancelled_task_and_does_not_care_is_reported():
    loop = quiet_loop()

    async def endless():
        await Event(loop).wait()

    async def joiner(task):
        await task

    one = loop.spawn(endless())
    loop.spawn(joiner(one), "joiner")
    loop.step()
    one.cancel()
    with Log():
        loop.run()
    assert [name for name, _ in loop.report.kept] == ["joiner"]


def test_a_joiner_can_be_cancelled_without_the_task():
    loop = quiet_loop()

    async def worker():
        await loop.sleep_ms(50)
        return 1

    async def joiner(task):
        return await task

    one = loop.spawn(worker())
    two = loop.spawn(joiner(one))
    loop.step()
    two.cancel()
    loop.run()
    assert one.value == 1 and isinstance(two.error, Cancelled)
