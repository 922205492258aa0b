"""The loop.

Guarantees
- Fair: in one pass every task that was ready at its beginning runs once, in the order in
  which they became ready. A task spawned with `first=True` goes to the head when it is
  woken, once a pass, so it cannot keep the others away.
- No heap for a switch, a sleep, a wait for an event or data, or a limit (which is made
  when it is first needed, and kept).
- Never spins: with nothing ready the board idles until exactly the next due time, or until
  there are bytes where a task waits for them. (A time limit of 100 ms or more that was not
  needed may wake it once, for nothing.)
- Never early: `sleep_ms(n)` takes n ms or longer. Times wrap; a wait can be FOREVER
  (3.1 days) long at most, and a longer one is a ValueError.
- A task that fails is reported and taken out; the others never notice.
- Cancelling raises `Cancelled` at the await, wherever it is: every `finally` runs.

Not its business
- Preemption: a task that does not await stops all (and the hardware watchdog ends that).
- Interrupt handlers and threads: nothing here may be called from them.
- Order among tasks that become due in the same pass: it is the order of their spawning.
"""

from collections import deque

from .. import log
from ..errors import TimeoutError_, UplinkError
from ..port import board as default_board
from ..port.ticks import ticks_add, ticks_diff
from .wait import NO, YES, Cancelled, Event, Limit, Task

try:
    from sys import print_exception

    from micropython import const

    Turns = None  # it has them; see Loop.__init__
except ImportError:
    from ..port.cpython import Turns, const, print_exception  # type: ignore[no-redef]

_FOREVER = const(1 << 28)
# A withdrawn due time that is nearer than this is looked into before the board idles.
_SOON_MS = const(100)
# Where there is no heap for one of its own.
_LATE = TimeoutError_("limit passed")


class Loop:
    """The scheduler of one board. `board`: see `port`; None = the one this runs on.

    `tasks` is the largest number of tasks at one time.
    """

    def __init__(self, board=None, tasks: int = 16):
        self.board = default_board() if board is None else board
        self.now = self.board.ticks_ms
        self.current = None  # the task that runs
        self.tasks = []
        self.most = tasks
        self.ready = deque((), tasks)
        self.pop = self.ready.popleft
        self.push = self.ready.append
        self.lap = 0
        self.due = None  # when the next task or limit is due; can be early if `stale`
        self.stale = False
        self.stopped = False
        self.bytes = Event(self)  # set for no longer than it takes to wake who waits
        self.next = None  # the limits that hold
        self.spare = None  # and those that nobody uses
        self.dog = None  # the hardware watchdog, once it is started
        self.feed = 0  # when it is fed next; every `every` ms
        self.every = 0
        self.late = None  # who was last seen to be late
        # MicroPython's iterator over a deque goes on when something has been appended
        # since it ended: an awaitable that gives each appended number once, without a
        # call into Python (a Python `__next__` costs three calls and an exception a switch).
        if Turns is None:
            turn = deque((), 3)
            turns = iter(turn)
        else:
            turn = turns = Turns()
        append = turn.append

        # A function of its own, since a method and its two attributes cost 10 µs more a switch.
        def sleep_ms(ms):
            """`await`: let the others run, and go on after `ms` or later."""
            append(ms)
            return turns

        self.sleep_ms = sleep_ms
        self.turns = turns

    # --- what tasks use ---

    def data(self, ms: int = -1):
        """`await` gives True once a UART has bytes, False after `ms` (negative: no limit)."""
        event = self.bytes
        event.ms = ms
        return event

    def kick(self):
        """End the wait of all that wait for data, as if a UART had some."""
        self.bytes.set()
        self.bytes.flag = False

    def limit(self, ms: int):
        """`with loop.limit(ms):` raises TimeoutError_ at the await that waits after `ms`.
        Can be nested: `with … as limit`, and `limit.expired` tells whose error it was."""
        ms = max(ms, 1)
        due = self.arm(ms)
        if self.spare is None:
            Limit(self)
        limit = self.spare
        self.spare = limit.next
        limit.next = None
        limit.ms = ms
        limit.due = due
        limit.expired = False
        return limit

    # --- what its owner uses ---

    def spawn(self, coro, name: str = "", first: bool = False, within_ms: int = 0) -> Task:
        """Start a coroutine as a task. It first runs in the next pass.

        `first`: goes ahead of the others when woken (for the link). `within_ms`: the
        watchdog is fed only while it has been resumed within that time (0: not watched).
        """
        if not hasattr(coro, "send"):
            raise TypeError("spawn takes a coroutine: call the async function")
        if len(self.tasks) >= self.most:
            raise UplinkError("loop: %d tasks run already: use Loop(tasks=...)" % self.most)
        task = Task(self, coro, name or getattr(coro, "__name__", "task"), first)
        self.tasks.append(task)
        if within_ms:
            task.within_ms = within_ms
        self.wake(task)
        return task

    def run(self, until=None):
        """Run until `stop`, until no task is left, or until the task or coroutine `until`
        has ended: then its result is returned, or its error raised."""
        if until is not None and not isinstance(until, Task):
            until = self.spawn(until)
        self.start()
        while self.tasks and not self.stopped:
            ms = self.step()
            if until is not None and until.done:
                if until.error is not None:
                    raise until.error
                return until.value
            if ms and self.tasks and not self.stopped:
                self.idle(ms)

    def stop(self):
        """Let `run` and `serve` return after this pass. The tasks stay as they are."""
        self.stopped = True

    def start(self):
        """Undo `stop`."""
        self.stopped = False

    def idle(self, ms: int):
        """Let the board sleep for `ms`, or until there are bytes and a task waits for them."""
        self.board.idle(ms, self.bytes.value is not None)

    def watch(self, ms: int):
        """Start the hardware watchdog: the board is reset once the loop does not get round
        within `ms`, or a task was not resumed in its `within_ms`. Cannot be stopped."""
        self.dog = self.board.watchdog(ms)
        self.every = ms // 4 or 1
        self.feed = self.arm(0)

    def report(self, task, error):
        """Called for each task that fails and that nobody waits for: its traceback on the
        console. Replace it as you like (`loop.report = f`: f(task, error))."""
        print_exception(error)

    def step(self) -> int:
        """Run everything that is ready once; the ms until `step` must be called again."""
        now = self.now()
        if self.due is not None and ticks_diff(now, self.due) >= 0:
            self._scan(now)
        if self.bytes.value is not None and self.board.any():
            self.kick()
        ready = self.ready
        if ready:
            pop = self.pop
            push = self.push
            turns = self.turns
            last = ready[-1]
            task = None
            while task is not last:
                try:
                    while task is not last:
                        for _ in turns:  # else the next task would get it
                            log.warn("loop", "sleep_ms without await", task and task.name)
                        task = pop()
                        self.current = task
                        task.seen = now
                        ms = task.run.send(None)
                        if ms == 0:
                            push(task)
                        elif ms is not YES or task.error is not None:
                            self._park(task, ms)
                except StopIteration as stop:
                    self._end(task, stop.value, None)
                except BaseException as error:
                    if self._end(task, None, error):
                        self.current = None
                        raise
            self.current = None
            self.lap = (self.lap + 1) & 0xFFFF
        while not ready:
            if self.due is None:
                return _FOREVER
            ms = ticks_diff(self.due, self.now())
            # A withdrawn time that is later is left: a wake for nothing costs less than this.
            if not self.stale or ms >= _SOON_MS:
                return max(ms, 0)
            self._scan(self.now())
        return 0

    # --- what Task, Event and Limit use ---

    def wake(self, task):
        """Put a task that waits, and is in no list, into the queue of the ready."""
        if task.due is not None:
            if task.due == self.due:
                self.stale = True
            task.due = None
        if task.lap is None or task.lap == self.lap:
            self.push(task)
        else:
            task.lap = self.lap
            self.ready.appendleft(task)

    def arm(self, ms):
        """Have `_scan` called in `ms`; returns that time."""
        if ms > _FOREVER:
            raise ValueError("a wait of %d ms: %d is the longest" % (ms, _FOREVER))
        due = ticks_add(self.now(), ms)
        if self.due is None or ticks_diff(due, self.due) < 0:
            self.due = due
        return due

    def interrupt(self, task, error):
        """Raise `error` at the await where `task` is (if it runs: at its next)."""
        task.error = error
        task.run = task  # in its next turn it raises its error instead
        if task is not self.current:
            on = task.on
            task.on = None
            if on is None:
                if task.due is not None:
                    self.wake(task)
            else:
                on.leave(task, None)

    # --- inside ---

    def _park(self, task, ms):
        """`task` wants to wait for `ms`, or was interrupted while it ran."""
        if ms is not YES:
            if ms > 0:
                try:
                    task.due = self.arm(ms)
                except ValueError as error:
                    task.error = error
                    task.due = self.now()
            else:
                self.push(task)
        if task.error is not None:
            self.current = None
            self.interrupt(task, task.error)

    def _scan(self, now):
        """Wake all that is due, feed the watchdog, and find out when the next will be due.

        Where several limits of a task have passed, the outermost is raised.
        """
        soonest = _FOREVER + 1
        limit = self.next
        while limit is not None:
            task = limit.task
            left = ticks_diff(limit.due, now)
            if left <= 0:
                if task.error is not None or (
                    task.due is not None and ticks_diff(limit.due, task.due) >= 0
                ):
                    # Something is to be raised already, or its wait was over before the limit,
                    # and the next one is not: look again after its turn.
                    left = 0
                else:
                    left = limit.ms
                    limit.expired = True
                    limit.due = ticks_add(now, left)
                    try:
                        limit.error = TimeoutError_("limit of %d ms passed" % left)
                    except MemoryError:
                        limit.error = _LATE
                    if task.on is not None and task.value is YES:
                        task.error = limit.error  # it has what it waited for: at its next wait
                    else:
                        self.interrupt(task, limit.error)
            soonest = min(soonest, left)
            limit = limit.next
        for task in self.tasks:
            if task.due is not None:
                left = ticks_diff(task.due, now)
                if left > 0:
                    soonest = min(soonest, left)
                elif task.on is None:
                    self.wake(task)
                else:
                    task.on.leave(task, NO)
            if task.until is not None and task.until >= 0:
                left = ticks_diff(task.until, now)
                if left > 0:
                    soonest = min(soonest, left)
                else:
                    self._swallowed(task)
        if self.dog is not None:
            if ticks_diff(now, self.feed) >= 0:
                self.feed = ticks_add(now, self.every)
                late = None
                for task in self.tasks:
                    if 0 < task.within_ms < ticks_diff(now, task.seen):
                        late = task
                if late is None:
                    self.dog.feed()
                elif late is not self.late:
                    log.error("loop", "watchdog not fed, task late", late.name)
                self.late = late
            soonest = min(soonest, ticks_diff(self.feed, now))
        self.stale = soonest == 0
        self.due = None if soonest > _FOREVER else ticks_add(now, soonest)

    def _swallowed(self, task):
        task.until = -1
        log.warn("loop", "task swallowed its cancellation", task.name)

    def _end(self, task, value, error):
        """The coroutine of `task` has returned `value` or raised `error`; True = something
        (KeyboardInterrupt, SystemExit) that ends the loop, too."""
        if error is not None:
            try:
                task.coro.close()
            except Exception:  # one that refuses to be closed is left to the collector
                pass
        task.run = task.coro = task.on = task.due = None
        task.value = value
        task.error = error
        task.done = True
        self.tasks.remove(task)
        failed = isinstance(error, (Exception, Cancelled, GeneratorExit))
        fatal = error is not None and not failed
        if task.until is not None:
            if error is None and task.until >= 0:
                self._swallowed(task)
            elif isinstance(error, Cancelled):
                failed = False
        for other in self.tasks:
            if other.on is task:
                other.value = YES
                self.wake(other)
                failed = False  # it is told
        if failed:
            log.error("loop", "task failed", task.name)
            try:
                self.report(task, error)
            except Exception:
                log.error("loop", "report failed", task.name)
        return fatal
