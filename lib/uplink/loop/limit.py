"""`with loop.limit(ms)`: a limit on everything that is awaited inside the block.

A limit is raised once when it has passed. A block that goes on in spite of it (in a
`finally`, or because it caught the error) has another `ms` before it is raised again.
"""

from ..errors import TimeoutError_
from ..port.ticks import FOREVER, ticks_add, ticks_diff
from .wait import YES

# How many limits exist from the start; more are made when needed, and kept.
_POOL = 2

# Where there is no heap for one of its own. (On MicroPython a shared instance of a Python
# class grows by a traceback each time it is raised, so sharing is the exception.)
_LATE = TimeoutError_("limit passed")


def _late(ms):
    try:
        return TimeoutError_("limit of %d ms passed" % ms)
    except MemoryError:
        return _LATE


class Limit:
    """One limit; `expired` tells whether the TimeoutError_ that came was its own."""

    def __init__(self, limits):
        self._limits = limits
        self.outer = None  # the next one outside; in the pool: the next one
        self.ms = 0
        self.due = 0
        self.error = None  # raised, or to be raised, in its task
        self.expired = False

    def __enter__(self):
        self._limits.enter(self)
        return self

    def __exit__(self, kind, error, trace):
        self._limits.leave(self)
        return False


class Limits:
    """All limits of one loop."""

    def __init__(self, loop):
        self._loop = loop
        self._free = None
        for _ in range(_POOL):
            self._give_back(Limit(self))

    def _give_back(self, limit):
        limit.outer = self._free
        self._free = limit

    def take(self, ms):
        """A limit of `ms` (at least 1), not yet entered."""
        if ms > FOREVER:
            raise ValueError("limit of %d ms: %d is the longest" % (ms, FOREVER))
        limit = self._free
        if limit is None:
            limit = Limit(self)
        else:
            self._free = limit.outer
        limit.ms = max(ms, 1)
        limit.expired = False
        return limit

    def enter(self, limit):
        task = self._loop.current
        if task is None:
            raise RuntimeError("loop.limit: only inside a task of the loop")
        limit.due = self._loop.arm(limit.ms)
        limit.outer = task.limit
        task.limit = limit

    def leave(self, limit):
        task = self._loop.current
        if task is None:
            return  # a coroutine that the collector closes
        task.limit = limit.outer
        if task.error is not None and task.error is limit.error:
            task.error = None  # left before it could be raised
        limit.error = None
        self._loop.disarm(limit.due)
        self._give_back(limit)

    def check(self, task, now, ended):
        """Raise the outermost limit of `task` that has passed; ms until the next one.

        0 means: look again once the task has run.
        `ended`: the time at which the wait of `task` has just come to its own end, or None.
        """
        soonest = FOREVER
        passed = None
        limit = task.limit
        while limit is not None:
            left = ticks_diff(limit.due, now)
            if left > 0:
                soonest = min(soonest, left)
            elif ended is not None and ticks_diff(limit.due, ended) >= 0:
                soonest = 0  # the wait was over before the limit; the next one is not
            else:
                if passed is not None:
                    soonest = 0
                passed = limit
            limit = limit.outer
        if passed is None:
            return soonest
        if task.error is not None:
            return 0  # something is to be raised already
        passed.expired = True
        passed.due = ticks_add(now, passed.ms)
        passed.error = _late(passed.ms)
        if task.on is not None and task.value is YES:
            task.error = passed.error  # it has what it waited for: at its next wait
        else:
            self._loop.interrupt(task, passed.error)
        return min(soonest, passed.ms)
