"""The loop.

Guarantees
- Fair: in one pass every task that was ready at its beginning runs once, in the order in
  which they became ready. A task spawned with `first=True` goes to the head when it is
  woken, once a pass, so it cannot keep the others away.
- No heap for a switch, a sleep, a wait for an event or data, or a limit (the third limit
  at one time is made when it is first needed, and kept).
- Never spins: with nothing ready the board idles until exactly the next due time, or until
  there are bytes where a task waits for them.
- Never early: `sleep_ms(n)` takes n ms or longer. Times wrap; a wait can be FOREVER
  (3.1 days) long at most, and a longer one is a ValueError.
- A task that fails is reported and taken out; the others never notice.
- Cancelling raises `Cancelled` at the await, wherever it is: every `finally` runs.

Not its business
- Preemption: a task that does not await stops all (and the hardware watchdog ends that).
- Interrupt handlers and threads: nothing here may be called from them.
- Order among tasks that become due in the same pass: it is the order of their spawning.
"""

import sys
from collections import deque

from .. import log
from ..errors import UplinkError
from ..port import board as default_board
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from .limit import Limits
from .task import ENDINGS, Task, report
from .wait import PARK, YES, Data, Turn
from .watch import Watch

_LAPS = 0xFFFF


class Loop:
    """The scheduler of one board. `board`: see `port`; None = the one this runs on.

    `tasks` is the largest number of tasks at one time. `report(task, error)` is called for
    each task that fails and that nobody waits for; replace it as you like.
    """

    report = staticmethod(report)

    def __init__(self, board=None, tasks: int = 16):
        self.board = default_board() if board is None else board
        self.now = self.board.ticks_ms
        self.current = None  # the task that runs
        self._tasks = []
        self._most = tasks
        self._ready = deque((), tasks)
        self._pop = self._ready.popleft
        self._push = self._ready.append
        self._lap = 0
        self._due = None  # when the next task or limit is due; can be early if `_stale`
        self._stale = False
        self._stopped = False
        self._data = Data(self)
        self._watch = Watch()
        self._limits = Limits(self)
        # MicroPython's iterator over a deque goes on when something has been appended
        # since it ended: an awaitable that gives each appended number once, without a
        # call into Python (a Python `__next__` costs three calls and an exception a switch).
        self._turn = self._turns = Turn()
        if sys.implementation.name == "micropython":
            self._turn = deque((), 3)
            self._turns = iter(self._turn)

    # --- what tasks use ---

    def sleep_ms(self, ms: int):
        """`await`: let the others run, and go on after `ms` or later."""
        self._turn.append(ms)
        return self._turns

    def data(self, ms: int = -1):
        """`await` gives True once a UART has bytes, False after `ms` (negative: no limit)."""
        return self._data.wait(ms)

    def kick(self):
        """End the wait of all that wait for data, as if a UART had some."""
        self._data.arrived()

    def limit(self, ms: int):
        """`with loop.limit(ms):` raises TimeoutError_ at the await that waits after `ms`.
        Can be nested: `with … as limit`, and `limit.expired` tells whose error it was."""
        return self._limits.take(ms)

    # --- what its owner uses ---

    def spawn(self, coro, name: str = "", first: bool = False, within_ms: int = 0) -> Task:
        """Start a coroutine as a task. It first runs in the next pass.

        `first`: goes ahead of the others when woken (for the link). `within_ms`: the
        watchdog is fed only while it has been resumed within that time (0: not watched).
        """
        if not hasattr(coro, "send"):
            raise TypeError("spawn: a coroutine is expected: call the async function")
        if len(self._tasks) >= self._most:
            raise UplinkError("loop: %d tasks run already: use Loop(tasks=...)" % self._most)
        task = Task(self, coro, name or getattr(coro, "__name__", "task"), first)
        self._tasks.append(task)
        if within_ms:
            self._watch.add(task, within_ms)
        self.wake(task)
        return task

    def run(self, until=None):
        """Run until `stop`, until no task is left, or until the task or coroutine `until`
        has ended: then its result is returned, or its error raised."""
        task = until
        if until is not None and not isinstance(until, Task):
            task = self.spawn(until)
        self.start()
        while not self._stopped and self._tasks:
            ms = self.step()
            if task is not None and task.done:
                if task.error is not None:
                    raise task.error
                return task.value
            if ms and self._tasks and not self._stopped:
                self.idle(ms)

    def stop(self):
        """Let `run` and `serve` return after this pass. The tasks stay as they are."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        return self._stopped or not self._tasks

    def start(self):
        """Undo `stop`."""
        self._stopped = False

    @property
    def wants_data(self) -> bool:
        """A task waits for bytes on a UART."""
        return self._data.head is not None

    def idle(self, ms: int):
        """Let the board sleep for `ms`, or until there are bytes and a task waits for them."""
        if self.wants_data:
            self.board.idle(ms)
        else:
            self.board.idle(ms, False)

    def watch(self, ms: int):
        """Start the hardware watchdog: the board is reset once the loop does not get round
        within `ms`, or a task was not resumed in its `within_ms`. Cannot be stopped."""
        self._watch.start(self.board.watchdog(ms), ms, self.arm(0))

    def step(self) -> int:
        """Run everything that is ready once; the ms until `step` must be called again."""
        now = self.now()
        if self._due is not None and ticks_diff(now, self._due) >= 0:
            self._scan(now)
        if self._data.head is not None and self.board.any():
            self._data.arrived()
        ready = self._ready
        if ready:
            pop = self._pop
            push = self._push
            turns = self._turns
            last = ready[-1]
            task = None
            while task is not last:
                try:
                    while task is not last:
                        for _ in turns:  # else the next task would get it
                            self._not_awaited(task)
                        task = pop()
                        self.current = task
                        task.seen = now
                        ms = task.run.send(None)
                        if ms == 0:
                            push(task)
                        elif ms > 0:
                            self._sleep(task, ms)
                        elif ms != PARK:
                            push(task)
                        elif task.error is not None:
                            self._unpark(task)
                except StopIteration as stop:
                    self._end(task, stop.value, None)
                except BaseException as error:
                    self._end(task, None, error)
                    if not isinstance(error, ENDINGS):
                        self.current = None
                        raise
            self.current = None
            self._lap = (self._lap + 1) & _LAPS
            if ready:
                return 0
        if self._stale:
            self._scan(self.now())
            if ready:
                return 0
        if self._due is None:
            return FOREVER
        return max(ticks_diff(self._due, self.now()), 0)

    # --- what Task, Waitable and Limit use ---

    def wake(self, task):
        """Put a task that waits, and is in no list, into the queue of the ready."""
        if task.due is not None:
            self.disarm(task.due)
            task.due = None
        if task.lap is not None and task.lap != self._lap:
            task.lap = self._lap
            self._ready.appendleft(task)
        else:
            self._ready.append(task)

    def arm(self, ms):
        """Have `_scan` called in `ms`; returns that time."""
        if ms > FOREVER:
            raise ValueError("a wait of %d ms: %d is the longest" % (ms, FOREVER))
        due = ticks_add(self.now(), ms)
        if self._due is None or ticks_diff(due, self._due) < 0:
            self._due = due
        return due

    def disarm(self, due):
        """What was to happen at `due` will not."""
        if due == self._due:
            self._stale = True

    def interrupt(self, task, error):
        """Raise `error` at the await where `task` is (if it runs: at its next)."""
        task.error = error
        task.run = task
        if task is not self.current:
            self._unpark(task)

    # --- inside ---

    def _unpark(self, task):
        """End the wait of `task`: in its next turn it raises its error instead."""
        task.run = task
        on = task.on
        if on is not None:
            task.on = None
            on.forget(task)
        elif task.due is not None:
            self.wake(task)

    def _not_awaited(self, task):
        log.warn("loop", "sleep_ms without await", "" if task is None else task.name)

    def _sleep(self, task, ms):
        try:
            task.due = self.arm(ms)
        except ValueError as error:
            self.interrupt(task, error)
            task.due = self.now()
        if task.error is not None:
            self._unpark(task)

    def _scan(self, now):
        """Wake all that is due, and find out when the next will be."""
        soonest = FOREVER + 1
        for task in self._tasks:
            due = task.due
            if due is not None:
                left = ticks_diff(due, now)
                if left > 0:
                    soonest = min(soonest, left)
                    due = None
                elif task.on is None:
                    self.wake(task)
                else:
                    task.on.late(task)
            if task.limit is not None:
                soonest = min(soonest, self._limits.check(task, now, due))
        feed = self._watch.poll(now)
        if feed >= 0:
            soonest = min(soonest, feed)
        self._stale = soonest == 0
        self._due = None if soonest > FOREVER else ticks_add(now, soonest)

    def _end(self, task, value, error):
        """The coroutine of `task` has returned `value` or raised `error`."""
        failed = task.end(value, error)
        self._tasks.remove(task)
        self._watch.remove(task)
        for other in self._tasks:
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
