"""The scheduler: order, time, joining, failures, the watchdog."""

from fake_board import LAST, FakeBoard, Log, quiet_loop

from uplink import log
from uplink.errors import UplinkError
from uplink.loop import Event
from uplink.port.ticks import FOREVER


def test_every_ready_task_runs_once_a_pass_in_turn():
    loop = quiet_loop()
    seen = []

    async def task(name):
        for _ in range(3):
            seen.append(name)
            await loop.sleep_ms(0)

    for name in "abc":
        loop.spawn(task(name), name)
    assert loop.step() == 0
    assert "".join(seen) == "abc"
    loop.run()
    assert "".join(seen) == "abcabcabc"


def test_a_first_task_goes_to_the_head_when_woken():
    loop = quiet_loop()
    event = Event(loop)
    seen = []

    async def link():
        while True:
            await event.wait()
            event.clear()
            seen.append("link")

    async def waker():
        event.set()
        seen.append("waker")

    async def other(name):
        seen.append(name)

    loop.spawn(link(), first=True)
    loop.step()
    loop.spawn(waker())
    loop.spawn(other("b"))
    loop.spawn(other("c"))
    loop.step()
    assert seen == ["waker", "link", "b", "c"]


def test_two_first_tasks_cannot_starve_the_others():
    loop = quiet_loop()
    ping = Event(loop)
    pong = Event(loop)
    turns = []

    async def first(mine, other):
        while True:
            await mine.wait()
            mine.clear()
            other.set()

    async def plain():
        while True:
            turns.append(1)
            await loop.sleep_ms(0)

    loop.spawn(first(ping, pong), first=True)
    loop.spawn(first(pong, ping), first=True)
    loop.spawn(plain())
    ping.set()
    for _ in range(50):
        loop.step()
    assert len(turns) == 50


def test_sleeps_are_exact_and_idle_is_asked_for_exactly_that_across_the_wrap():
    # ticks_ms wraps 50 ms after the start.
    board = FakeBoard()
    loop = quiet_loop(board)
    seen = []

    async def sleeper(ms, times):
        for _ in range(times):
            await loop.sleep_ms(ms)
            seen.append((board.time, ms))

    loop.spawn(sleeper(30, 4))
    loop.spawn(sleeper(45, 2))
    loop.run()
    assert seen == [(30, 30), (45, 45), (60, 30), (90, 30), (90, 45), (120, 30)]
    assert board.idles == [30, 15, 15, 30, 30]
    assert board.blind == 5  # nobody waited for data


def wrap_after(lead):
    board = FakeBoard(LAST - lead)
    loop = quiet_loop(board)

    async def sleeper():
        await loop.sleep_ms(5)
        with loop.limit(20):
            await loop.sleep_ms(6)
        return board.time

    assert loop.run(sleeper()) == 11, lead


def test_wrap_at_every_phase():
    for lead in range(12):
        wrap_after(lead)


def test_a_negative_sleep_is_a_turn():
    loop = quiet_loop()

    async def task():
        await loop.sleep_ms(-5)
        return 1

    assert loop.run(task()) == 1
    assert loop.board.idles == []


def test_a_forgotten_await_is_named_and_disturbs_nobody_else():
    loop = quiet_loop()

    async def forgetful():
        await loop.sleep_ms(2)
        for _ in range(3):
            loop.sleep_ms(1000)
        await Event(loop).wait(1)

    async def other():
        for _ in range(5):
            await loop.sleep_ms(1)
        return loop.board.time

    loop.spawn(forgetful(), "forgetful")
    with Log() as lines:
        assert loop.run(other()) == 5
    assert lines[0] == (log.WARN, "sleep_ms without await", "forgetful")


def test_a_wait_that_is_too_long_is_refused_where_it_stands():
    loop = quiet_loop()
    event = Event(loop)

    async def task():
        refused = 0
        for wait in (loop.sleep_ms, event.wait):
            try:
                await wait(FOREVER + 1)
            except ValueError:
                refused += 1
        try:
            loop.limit(FOREVER + 1)
        except ValueError:
            refused += 1
        await loop.sleep_ms(1)
        return refused

    assert loop.run(task()) == 3


def test_step_says_when_to_call_again():
    board = FakeBoard()
    loop = quiet_loop(board)
    assert loop.step() == FOREVER

    async def task():
        await loop.sleep_ms(70)
        await Event(loop).wait()

    loop.spawn(task())
    assert loop.step() == 70
    board.time += 60
    assert loop.step() == 10
    board.time += 25
    assert loop.step() == FOREVER


def test_await_a_task_gives_its_result_or_raises_its_error():
    loop = quiet_loop()

    async def good():
        await loop.sleep_ms(5)
        return 42

    async def bad():
        await loop.sleep_ms(10)
        raise KeyError("x")

    async def main():
        one = loop.spawn(good())
        two = loop.spawn(bad())
        results = [await one, await one]
        try:
            await two
        except KeyError:
            results.append("raised")
        return results

    assert loop.run(main()) == [42, 42, "raised"]
    assert loop.report.kept == []  # somebody waited for it


def test_a_task_that_waits_for_itself_is_told():
    loop = quiet_loop()
    box = []

    async def task():
        await box[0]

    box.append(loop.spawn(task(), "narcissus"))
    loop.run()
    assert isinstance(box[0].error, RuntimeError)


def test_a_failing_task_is_reported_by_name_and_the_others_go_on():
    loop = quiet_loop()
    done = []

    async def bad():
        raise ValueError("no")

    async def good():
        await loop.sleep_ms(1)
        done.append(1)

    with Log() as lines:
        task = loop.spawn(bad(), "bad one")
        loop.spawn(good())
        loop.run()
    assert done == [1]
    assert task.done and isinstance(task.error, ValueError)
    assert [name for name, _ in loop.report.kept] == ["bad one"]
    assert lines == [(log.ERROR, "task failed", "bad one")]


def test_a_report_that_fails_stops_nothing():
    loop = quiet_loop()

    def worse(task, error):
        raise MemoryError

    async def bad():
        raise ValueError("no")

    async def good():
        await loop.sleep_ms(1)
        return 1

    loop.report = worse
    with Log() as lines:
        loop.spawn(bad(), "bad")
        assert loop.run(good()) == 1
    assert [line[1] for line in lines] == ["task failed", "report failed"]


def test_an_awaitable_of_somebody_else_fails_that_task_only():
    loop = quiet_loop()
    closed = []

    class Foreign:
        def __iter__(self):
            return self

        __await__ = __iter__

        def __next__(self):
            return None

    async def bad():
        try:
            await Foreign()
        finally:
            closed.append(1)

    async def good():
        await loop.sleep_ms(3)
        return 1

    with Log():
        task = loop.spawn(bad())
        assert loop.run(good()) == 1
    assert isinstance(task.error, TypeError)
    assert closed == [1]


def test_a_keyboard_interrupt_gets_out_and_the_loop_can_go_on():
    loop = quiet_loop()
    turns = []

    async def interrupted():
        raise KeyboardInterrupt

    async def other():
        await loop.sleep_ms(5)
        turns.append(1)

    loop.spawn(other())
    loop.spawn(interrupted())
    got = False
    try:
        loop.run()
    except KeyboardInterrupt:
        got = True
    assert got
    loop.run()
    assert turns == [1]


def test_more_tasks_than_the_loop_has_room_for_are_refused():
    loop = quiet_loop(tasks=3)

    async def task():
        await loop.sleep_ms(1)

    for _ in range(3):
        loop.spawn(task())
    spare = task()
    refused = False
    try:
        loop.spawn(spare)
    except UplinkError:
        refused = True
    assert refused
    loop.run()
    loop.run(spare)  # there is room again


def test_what_is_no_coroutine_is_refused():
    loop = quiet_loop()

    async def task():
        pass

    refused = False
    try:
        loop.spawn(task)
    except TypeError:
        refused = True
    assert refused


def test_run_returns_when_stopped_and_goes_on_when_called_again():
    loop = quiet_loop()
    turns = []

    async def task():
        for i in range(4):
            turns.append(i)
            if i == 1:
                loop.stop()
            await loop.sleep_ms(1)

    loop.spawn(task())
    loop.run()
    assert turns == [0, 1]
    loop.run()
    assert turns == [0, 1, 2, 3]


def test_run_until_raises_what_the_task_raised():
    loop = quiet_loop()

    async def bad():
        raise ValueError("no")

    got = False
    with Log():
        try:
            loop.run(bad())
        except ValueError:
            got = True
    assert got


def test_watchdog_is_fed_by_a_loop_that_idles():
    board = FakeBoard()
    loop = quiet_loop(board)

    async def task():
        await loop.sleep_ms(1000)

    loop.watch(400)
    loop.run(task())
    assert board.dog.ms == 400
    assert board.dog.fed == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]


def test_watchdog_starves_when_a_watched_task_is_late_and_not_when_it_has_ended():
    board = FakeBoard()
    loop = quiet_loop(board)
    stuck = Event(loop)

    async def watched():
        await loop.sleep_ms(50)
        await stuck.wait()

    async def main():
        await loop.sleep_ms(600)
        fed_late = len(board.dog.fed)
        stuck.set()
        await loop.sleep_ms(300)
        return fed_late

    loop.spawn(watched(), "stuck one", within_ms=150)
    loop.watch(400)
    with Log() as lines:
        fed_late = loop.run(main())
    # Resumed at 50 for the last time: in time until 200.
    assert board.dog.fed[:fed_late] == [0, 100, 200]
    assert lines == [(log.ERROR, "watchdog not fed, task late", "stuck one")]
    # It ended at 600: no longer watched.
    assert board.dog.fed[fed_late:] == [700, 800, 900]


def test_a_turn_without_end_starves_the_watchdog():
    board = FakeBoard()
    loop = quiet_loop(board)

    async def hog():
        await loop.sleep_ms(10)
        board.time += 5000  # no await in all this time

    loop.watch(400)
    loop.run(hog())
    assert board.dog.fed == [0]
