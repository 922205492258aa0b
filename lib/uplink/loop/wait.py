"""What a task can wait for, besides time: `Event` and `Queue`.

An awaitable here is one reusable object for all tasks and all times: `await` calls its
`__next__` once to begin (it returns what the loop is to do) and once to end (it raises a
StopIteration that has existed since start-up, which carries the answer). The waiting tasks
form a list linked through the tasks themselves, oldest first.

Await at once what `wait` and `get` return: it remembers the time given until then.
"""

from collections import deque

# What `__next__` returns to the loop, besides a number of milliseconds: nothing to be done,
# somebody will wake the task.
PARK = -(1 << 28)

YES = StopIteration(True)
NO = StopIteration(False)
_NONE = StopIteration()


class Turn:
    """Awaited, hands one number to the loop: on CPython, what MicroPython's deque iterator is."""

    def __init__(self):
        self._ms = None

    def append(self, ms):
        self._ms = ms

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        ms = self._ms
        if ms is None:
            raise StopIteration
        self._ms = None
        return ms


class Waitable:
    """A list of waiting tasks. `task.value` is None while one waits, then YES or NO."""

    def __init__(self, loop):
        self._loop = loop
        self.head = None
        self._tail = None
        self._ms = -1

    def __iter__(self):
        return self

    __await__ = __iter__

    def _enter(self, task):
        """Let `task` wait; what `__next__` returns then."""
        task.on = self
        if self._ms == 0:
            task.value = NO
            return 0
        task.value = None
        task.next = None
        if self.head is None:
            self.head = task
        else:
            self._tail.next = task
        self._tail = task
        return PARK if self._ms < 0 else self._ms

    def _unlink(self, task):
        before = None
        this = self.head
        while this is not task:
            before = this
            this = this.next
        if before is None:
            self.head = task.next
        else:
            before.next = task.next
        if self._tail is task:
            self._tail = before
        task.next = None

    def _wake_first(self):
        """End the wait of the oldest."""
        task = self.head
        self.head = task.next
        task.next = None
        task.value = YES
        self._loop.wake(task)

    def late(self, task):
        """The time of `task` is up."""
        self._unlink(task)
        task.value = NO
        self._loop.wake(task)

    def forget(self, task):
        """`task` is interrupted: it waits no more."""
        if task.value is None:
            self._unlink(task)
            self._loop.wake(task)


class Event(Waitable):
    """A flag that tasks wait for. Stays set until `clear`.

    `set`, `clear` and `wait` take no heap. Not for interrupt handlers.
    """

    def __init__(self, loop):
        super().__init__(loop)
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def set(self):
        """Set the flag and wake all who wait, oldest first."""
        self._flag = True
        while self.head is not None:
            self._wake_first()

    def clear(self):
        self._flag = False

    def wait(self, ms: int = -1):
        """`await` gives True when set, False after `ms` (negative: none, 0: others run)."""
        self._ms = ms
        return self

    def __next__(self):
        task = self._loop.current
        if task.on is self:
            task.on = None
            stop = task.value
            stop.__traceback__ = None
            raise stop
        if self._flag:
            YES.__traceback__ = None
            raise YES
        return self._enter(task)


class Data(Event):
    """Bytes on a UART: never set for longer than it takes to wake who waits."""

    def arrived(self):
        while self.head is not None:
            self._wake_first()


class Queue(Waitable):
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
        self._promise()
        return True

    def pop(self):
        """The oldest object now, or None."""
        if len(self._items) > self._owed:
            return self._items.popleft()
        return None

    def get(self, ms: int = -1):
        """`await` gives the oldest object, or None after `ms` (negative: no limit)."""
        self._ms = ms
        return self

    def forget(self, task):
        if task.value is YES:
            self._owed -= 1
            self._promise()
        else:
            super().forget(task)

    def _promise(self):
        if self.head is not None and len(self._items) > self._owed:
            self._owed += 1
            self._wake_first()

    def __next__(self):
        task = self._loop.current
        if task.on is self:
            task.on = None
            if task.value is NO:
                _NONE.__traceback__ = None
                raise _NONE
            self._owed -= 1
            raise StopIteration(self._items.popleft())
        if len(self._items) > self._owed:
            raise StopIteration(self._items.popleft())
        return self._enter(task)
