"""The smallest board: a clock that only `idle` moves, and bytes that arrive when the test says."""

from uplink import log
from uplink.loop import Loop
from uplink.port.ticks import ticks_add

# Of ticks_ms: 2**30 on the board and on CPython, more on 64-bit MicroPython.
LAST = ticks_add(0, -1)


class Dog:
    def __init__(self, board, ms):
        self.board = board
        self.ms = ms
        self.fed = []

    def feed(self):
        self.fed.append(self.board.time)


class FakeBoard:
    """`time`: ms since the start. `bytes_at`: when bytes arrive. `idles`: what was asked for."""

    def __init__(self, start=LAST - 49, bytes_at=()):
        self.start = start
        self.time = 0
        self.bytes_at = list(bytes_at)
        self.waiting = 0
        self.idles = []
        self.blind = 0  # how often idle was told not to look at the UARTs
        self.dog = None
        self.quiet = False  # record nothing (a list that grows takes heap)

    def ticks_ms(self):
        return ticks_add(self.start, self.time)

    def any(self):
        return self.waiting

    def watchdog(self, ms):
        self.dog = Dog(self, ms)
        return self.dog

    def idle(self, ms, data=True):
        if self.quiet:
            self.time += ms
            return
        assert ms > 0
        self.idles.append(ms)
        if not data:
            self.blind += 1
        if data and self.waiting:
            return
        end = self.time + ms
        while self.bytes_at and self.bytes_at[0] <= end:
            self.waiting += 1
            at = self.bytes_at.pop(0)
            if data:
                self.time = max(at, self.time)
                return
        self.time = end


class Reports:
    """In place of `loop.report`: keeps (name of the task, error)."""

    def __init__(self):
        self.kept = []

    def __call__(self, task, error):
        self.kept.append((task.name, error))


def quiet_loop(board=None, tasks=16, kind=Loop):
    """A loop whose reports are kept in `loop.report.kept` instead of printed."""
    loop = kind(board or FakeBoard(), tasks)
    loop.report = Reports()
    return loop


class Log:
    """Keeps log lines while a test runs."""

    def __enter__(self):
        self.lines = []
        self.sink = log.sink
        log.sink = self.take
        return self.lines

    def take(self, level, room, text, a=None, b=None):
        self.lines.append((level, text, a))

    def __exit__(self, kind, error, trace):
        log.sink = self.sink
