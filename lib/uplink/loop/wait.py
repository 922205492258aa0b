"""What a task can wait for, besides time: `Event`, `Queue`, another `Task`; and `Limit`.

An awaitable here is one reusable object for all tasks and all times: `await` calls its
`__next__` once to begin (it returns what the loop is to do) and once to end (it raises a
StopIteration that has existed since start-up, which carries the answer). The waiting tasks
form a list linked through their `value`, oldest first.

Await at once what `wait` and `get` return: it remembers the time given until then.
"""

from collections import deque

# The two answers. YES is also what `__next__` returns to the loop where nothing is to be done
# since somebody will wake the task; else that is a number of milliseconds.
YES = StopIteration(True)
NO = StopIteration(False)


class Event:
    """A flag that tasks wait for. Stays set until `clear`.

    `set`, `clear` and `wait` take no heap. Not for interrupt handlers.
    """

    def __init__(self, loop):
        self.loop = loop
        self.value = None  # who has waited longest; the next one is its `value`
        self.flag = False
        self.ms = -1

    def is_set(self) -> bool:
        return self.flag

    def set(self):
        """Set the flag and wake all who wait, oldest first."""
        self.flag = True
        task = self.value
        while task is not None:
            self.value = task.value
            task.value = YES
            self.loop.wake(task)
            task = self.value

    def clear(self):
        self.flag = False

    def wait(self, ms: int = -1):
        """`await` gives True when set, False after `ms` (negative: none, 0: others run)."""
        self.ms = ms
        return self

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        task = self.loop.current
        if task.on is self:
            task.on = None
            stop = task.value
        elif self.flag:
            stop = YES
        else:
            task.on = self
            ms = self.ms
            if ms == 0:
                task.value = NO
                return 0
            task.value = None
            last = self
            while last.value is not None:
                last = last.value
            last.value = task
            return YES if ms < 0 else ms
        stop.__traceback__ = None
        raise stop

    def leave(self, task, stop):
        """The wait of `task` ends before it has what it waits for: its time is up (`stop` is
        NO), or it is interrupted (None)."""
        if task.value is YES or task.value is NO:
            return  # it was about to go on
        this = self
        while this.value is not task:
            this = this.value
        this.value = task.value
        task.value = stop
        self.loop.wake(task)


class Queue(Event):
    """At most `size` objects, first in, first out, between tasks.

    `put` and `pop` take no heap. `get` makes one StopIteration for each object (48 bytes on a
    32-bit board; under `heap_lock` MicroPython's emergency exception serves). An object that
    woke a task is its own: it cannot be taken by another, and is there again if that task is
    cancelled first.
    """

    def __init__(self, loop, size: int):
        super().__init__(loop)
        self._items = deque((), size)
        self._size = size
        self._owed = 0  # of the items, how many are promised to tasks that wake up

    def __len__(self):
        return len(self._items)

    def put(self, item) -> bool:
        """Add `item` (anything but None); False = full, nothing taken."""
        if len(self._items) >= self._size:
            return False
        self._items.append(item)
        self.promise()
        return True

    def pop(self):
        """The oldest object now, or None."""
        if len(self._items) > self._owed:
            return self._items.popleft()
        return None

    get = Event.wait  # `await` gives the oldest object, or None after `ms` (negative: no limit)

    def promise(self):
        """Wake the oldest who waits where there is an object for it."""
        task = self.value
        if task is not None and len(self._items) > self._owed:
            self._owed += 1
            self.value = task.value
            task.value = YES
            self.loop.wake(task)

    def leave(self, task, stop):
        if task.value is YES:  # what it was promised goes to the next
            self._owed -= 1
            self.promise()
        else:
            Event.leave(self, task, stop)

    def __next__(self):
        task = self.loop.current
        if task.on is self:
            task.on = None
            if task.value is NO:
                raise StopIteration(None)
            self._owed -= 1
        elif len(self._items) <= self._owed:
            return Event.__next__(self)
        raise StopIteration(self._items.popleft())


class Cancelled(BaseException):
    """Raised in a task at the await where `cancel` found it. Let it pass."""


# Where there is no heap for one of its own. (On MicroPython a shared instance of a Python
# class grows by a traceback each time it is raised, so sharing is the exception.)
_CANCELLED = Cancelled()


class Task:
    """What `spawn` returns: `await` it for its result, `cancel` it, ask for `done` and `error`.

    `error` is None while it runs and after a good end, else the exception that ended it
    (a `Cancelled` where it was cancelled).
    """

    within_ms = 0  # the watchdog is fed while it was `seen` within that; 0: always

    # Twelve attributes: the 13th would cost 40 bytes a task on a 32-bit board.
    def __init__(self, loop, coro, name, first):
        self.loop = loop
        self.coro = coro
        self.run = coro  # whose `send` the loop calls next: also itself
        self.name = name
        self.lap = 0 if first else None  # the pass in which it last went to the head
        self.seen = loop.now()  # when it was last resumed
        self.due = None  # when it is to be woken at the latest
        self.on = None  # the Event, Queue or Task it waits for
        self.error = None  # while it runs: what is to be raised in it
        self.value = None  # while it waits: the next who waits, then YES or NO; then its result
        self.until = None  # cancelled: when its cleanup ought to be over; -1 = remarked upon
        self.done = False  # (a property would make each store to a task twice as slow)

    def cancel(self) -> bool:
        """Raise `Cancelled` where the task waits (a running task: where it waits next).

        False = it had ended already. One that never began does not begin.
        """
        if self.done:
            return False
        try:
            error = Cancelled()
        except MemoryError:
            error = _CANCELLED
        self.loop.interrupt(self, error)
        return True

    def send(self, _):
        """In the place of the coroutine for one turn: raise `error` in it."""
        error = self.error
        self.error = None
        if self.until is None and isinstance(error, Cancelled):
            self.until = self.loop.arm(1000)  # a `finally` that takes longer is remarked upon
        self.run = self.coro
        return self.coro.throw(error)

    __iter__ = __await__ = Event.__iter__

    def __next__(self):
        task = self.loop.current
        task.on = None
        if self.done:
            if self.error is not None:
                raise self.error
            raise StopIteration(self.value)
        if task is self:
            raise RuntimeError("a task awaits itself")
        task.on = self
        task.value = None
        return YES

    def leave(self, task, _):
        """`task`, which waits for this one, is interrupted."""
        if not self.done:
            self.loop.wake(task)


class Limit:
    """`with loop.limit(ms)`: a limit on everything that is awaited inside the block.

    Raised once when it has passed; `expired` tells whether the TimeoutError_ that came was its
    own. A block that goes on in spite of it (in a `finally`, or because it caught the error)
    has another `ms` before it is raised again.
    """

    def __init__(self, loop):
        self.loop = loop
        self.next = loop.spare  # in the list of those that hold (outer before inner) or are spare
        loop.spare = self
        self.task = None
        self.ms = self.due = 0
        self.error = None  # raised, or to be raised, in its task
        self.expired = False

    def __enter__(self):
        loop = self.loop
        self.task = loop.current
        if self.task is None or not self.ms:
            raise RuntimeError("limit outside a task of the loop, or used again")
        while loop.next is not None:
            loop = loop.next
        loop.next = self
        return self

    def __exit__(self, kind, error, trace):
        task = self.task
        if task.error is not None and task.error is self.error:
            task.error = None  # left before it could be raised
        self.error = self.task = None
        self.ms = 0
        loop = last = self.loop
        if self.due == loop.due:
            loop.stale = True
        while last.next is not self:
            last = last.next
        last.next = self.next
        self.next = loop.spare
        loop.spare = self
        return False
