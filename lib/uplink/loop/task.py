"""A task, and what stands for its coroutine from its cancellation on."""

import sys

from .. import log
from ..port.ticks import ticks_add, ticks_diff
from .wait import PARK

# How long a cancelled task may take over its `finally` before that is remarked upon.
CLEANUP_MS = 1000


class Cancelled(BaseException):
    """Raised in a task at the await where `cancel` found it. Let it pass."""


# What ends a task and no more; anything else (KeyboardInterrupt, SystemExit) ends the loop.
ENDINGS = (Exception, Cancelled, GeneratorExit)

# Where there is no heap for one of its own; see limit.py.
_CANCELLED = Cancelled()


def _cancelled():
    try:
        return Cancelled()
    except MemoryError:
        return _CANCELLED


def report(task, error):
    """The default of `Loop.report`: the traceback of a task that failed, on the console."""
    if hasattr(sys, "print_exception"):
        sys.print_exception(error)
    else:
        import traceback

        traceback.print_exception(error)


class Task:
    """What `spawn` returns: `await` it for its result, `cancel` it, ask for `done` and `error`.

    `error` is None while it runs and after a good end, else the exception that ended it
    (a `Cancelled` where it was cancelled).
    """

    # Twelve attributes: the 13th would cost 48 bytes a task on a 32-bit board.
    def __init__(self, loop, coro, name, first):
        self.loop = loop
        self.coro = coro
        self.run = coro  # whose `send` the loop calls next: also itself; None = done
        self.name = name
        self.lap = 0 if first else None  # the pass in which it last went to the head
        self.seen = loop.now()  # when it was last resumed
        self.due = None  # when it is to be woken at the latest
        self.on = None  # the Waitable or Task it waits for
        self.next = None  # in the list of that Waitable
        self.limit = None  # the innermost Limit it is inside of
        self.error = None  # while it runs: what is to be raised in it
        self.value = None  # while it waits: see Waitable; then its result

    @property
    def done(self) -> bool:
        return self.run is None

    def cancel(self) -> bool:
        """Raise `Cancelled` where the task waits (a running task: where it waits next).

        False = it had ended already. One that never began does not begin.
        """
        if self.run is None:
            return False
        self.loop.interrupt(self, _cancelled())
        return True

    def send(self, _):
        """In the place of the coroutine for one turn: raise `error` in it."""
        error = self.error
        self.error = None
        if isinstance(error, Cancelled) and not isinstance(self.coro, Cleanup):
            self.coro = Cleanup(self)
        self.run = self.coro
        return self.coro.throw(error)

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        task = self.loop.current
        task.on = None
        if self.run is None:
            if self.error is not None:
                raise self.error
            raise StopIteration(self.value)
        if task is self:
            raise RuntimeError("task %s waits for itself: it would never end" % self.name)
        task.on = self
        task.value = None
        return PARK

    def end(self, value, error):
        """The coroutine has returned `value` or raised `error`; True where that is a failure."""
        coro = self.coro
        if error is not None:
            try:
                coro.close()
            except Exception:  # one that refuses to be closed is left to the collector
                pass
        self.run = self.coro = self.on = self.due = None
        self.value = value
        self.error = error
        if isinstance(coro, Cleanup):
            if error is None:
                coro.remark()
            elif isinstance(error, Cancelled):
                return False
        return isinstance(error, ENDINGS)

    def forget(self, task):
        """`task`, which waits for this one, is interrupted."""
        if self.run is not None:
            self.loop.wake(task)


class Cleanup:
    """Stands for the coroutine of a task from its cancellation on, and remarks on it once
    if the task lives on instead of ending."""

    def __init__(self, task):
        self._coro = task.coro
        self._name = task.name
        self._loop = task.loop
        self._until = ticks_add(task.loop.now(), CLEANUP_MS)
        self._said = False

    def send(self, value):
        if not self._said and ticks_diff(self._loop.now(), self._until) > 0:
            self.remark()
        return self._coro.send(value)

    def throw(self, error):
        return self._coro.throw(error)

    def close(self):
        self._coro.close()

    def remark(self):
        if not self._said:
            self._said = True
            log.warn("loop", "task swallowed its cancellation", self._name)
