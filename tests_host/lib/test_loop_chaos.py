"""Everything at once, at random: no task is lost, none is queued twice, and all can be ended."""

from fake_board import FakeBoard, Log, quiet_loop

from uplink import loop as native
from uplink.errors import TimeoutError_
from uplink.loop import core, wait
from uplink.loop.wait import NO, YES


class Written:
    """The kinds in Python, whichever `uplink.loop` has."""

    Loop = core.Loop
    Event = wait.Event
    Queue = wait.Queue
    Cancelled = wait.Cancelled


class Dice:
    """Small numbers from a seed, alike on every Python."""

    def __init__(self, seed):
        self.state = seed * 7919 + 1

    def __call__(self, n):
        self.state = (self.state * 1103515245 + 12345) % (1 << 31)
        return (self.state >> 12) % n


class Chaos:
    """A loop, things to wait for, and workers that wait for them at random."""

    def __init__(self, seed, kinds):
        self.kinds = kinds
        self.dice = Dice(seed)
        self.loop = quiet_loop(FakeBoard(), kind=kinds.Loop)
        self.events = [kinds.Event(self.loop) for _ in range(3)]
        self.queue = kinds.Queue(self.loop, 3)
        self.trace = []  # (ms, whose wait ended, how, items put and got)
        self.put = 0
        self.got = 0
        self.workers = []

    def spawn(self, number):
        work = self.work if number else self.shepherd
        self.workers.append(
            self.loop.spawn(work(), "w%d" % number, first=number == 1, within_ms=number)
        )

    async def wait(self):
        dice = self.dice
        kind = dice(7)
        if kind == 0:
            await self.loop.sleep_ms(dice(4))
        elif kind == 1:
            event = self.events[dice(3)]
            if await event.wait(dice(9) - 1):
                event.clear()
        elif kind == 2:
            if await self.queue.get(dice(9) - 1) is not None:
                self.got += 1
        elif kind == 3:
            await self.loop.data(dice(9))
        elif kind == 4:
            with self.loop.limit(dice(6)):
                await self.wait()
        elif kind == 5:
            other = self.workers[dice(len(self.workers))]
            if other is not self.loop.current:
                with self.loop.limit(5):
                    await other
        else:
            self.events[dice(3)].set()
            if self.queue.put(1):
                self.put += 1
            self.loop.board.waiting = dice(2)

    async def work(self):
        while True:
            what = 0
            try:
                await self.wait()
                what = 1
            except TimeoutError_:
                what = 2
            finally:
                name = self.loop.current.name
                self.trace.append((self.loop.board.time, name, what, self.put, self.got))
                if self.dice(5) == 0:
                    await self.loop.sleep_ms(0)

    async def shepherd(self):
        """Ends workers, and starts others in their place."""
        while True:
            await self.loop.sleep_ms(1 + self.dice(3))
            number = 1 + self.dice(len(self.workers) - 1)
            task = self.workers[number]
            if task.done:
                self.workers[number] = self.loop.spawn(self.work(), "new")
            else:
                task.cancel()

    def check(self):
        """Each task is in exactly one place."""
        if self.kinds is not Written:
            return
        ready = list(self.loop.ready)
        for task in self.loop.tasks:
            times = sum([1 for other in ready if other is task])
            waiting = task.due is not None or (task.on is not None and task.value not in (YES, NO))
            assert times == (0 if waiting else 1), (task.name, times, waiting)
        assert len(ready) <= len(self.loop.tasks)


def run_chaos(seed, kinds):
    chaos = Chaos(seed, kinds)
    loop = chaos.loop
    for number in range(8):
        chaos.spawn(number)
    for _ in range(400):
        ms = loop.step()
        chaos.check()
        if ms:
            loop.board.time += min(ms, 1 + chaos.dice(3))
    for task in list(loop.tasks):
        task.cancel()
    for _ in range(50):
        ms = loop.step()
        chaos.check()
        loop.board.time += 1
        for task in list(loop.tasks):
            task.cancel()
    assert loop.tasks == [], "seed %d: not ended" % seed
    assert len(chaos.queue) == chaos.put - chaos.got, "seed %d: an item was lost" % seed
    for name, error in loop.report.kept:
        # A worker that joined one which was cancelled fails with that, and no other way.
        assert isinstance(error, kinds.Cancelled), (seed, name, error)
    for event in chaos.events:
        assert event.value is None
    loop.run(last(loop))
    return chaos.trace


async def last(loop):
    await loop.sleep_ms(1)


def test_chaos():
    with Log() as lines:
        for seed in range(40):
            run_chaos(seed, Written)
            run_chaos(seed, native)
            lines.clear()


def test_twins_do_the_same_at_the_same_time():
    for seed in range(100, 130):
        with Log() as lines:
            trace = run_chaos(seed, Written)
            told = list(lines)
            lines.clear()
            other = run_chaos(seed, native)
        assert len(trace) > 100
        for i in range(min(len(trace), len(other))):
            assert trace[i] == other[i], (seed, i, trace[i], other[i])
        assert len(trace) == len(other) and told == lines, (seed, told, lines)
