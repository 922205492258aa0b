"""A board in simulated time: the interface of `uplink.port`, with a virtual modem on its UART.

Time is an integer number of microseconds and moves only in `idle` and `advance`. So a run is the
same every time, and a week takes as long as what happens in it.

The peer (the virtual modem) is an object with

    receive(data: bytes, now_us)        bytes from the host
    set_host_baud(baud)                 the host's UART was set to this rate
    pin(name, low, now_us)              "PWRKEY", "DTR" or "RESET" was driven
    status -> bool                      its STATUS line
    poll(now_us) -> next_us | None      do all that is due; when to call again
    take(now_us) -> bytes               what has arrived at the host by now
"""

import random

_TICKS = 1 << 30
# This long before `ticks_ms` wraps.
NEAR_WRAP = _TICKS - 5_000


class SimReset(Exception):
    """The firmware asked for a reset."""


class WatchdogBite(Exception):
    """The hardware watchdog was not fed in time."""


class Spinning(AssertionError):
    """The loop asks for no rest, and nothing comes of it."""


class SimWatchdog:
    """Records when it was fed (`feeds`, ms) and whether it has bitten."""

    def __init__(self, board, ms):
        self._board = board
        self.ms = ms
        self.feeds = []
        self.bitten = False
        self.deadline_us = board.now_us + ms * 1000

    def feed(self):
        self.feeds.append(self._board.now_us // 1000)
        self.deadline_us = self._board.now_us + self.ms * 1000


class SimUart:
    """The host's UART. `max_read` bytes at most are given in one read (None: all; a function: each
    time what it says).
    """

    def __init__(self, board):
        self._board = board
        self.baud = 0

    def any(self):
        return len(self._board.rx)

    def readinto(self, buf):
        rx = self._board.rx
        n = min(len(buf), len(rx))
        most = self._board.max_read
        if most:
            n = min(n, most() if callable(most) else most)
        buf[:n] = rx[:n]
        del rx[:n]
        return n

    def write(self, buf, off, n):
        data = bytes(memoryview(buf)[off : off + n])
        self._board.written += n
        self._board.peer.receive(data, self._board.now_us)
        return n

    def set_baud(self, rate):
        self.baud = rate
        self._board.peer.set_host_baud(rate)


class SimOutput:
    """A line to the module; `.asserted` is what it was last set to."""

    wired = True

    def __init__(self, board, name):
        self._board = board
        self._name = name
        self.asserted = None
        self.set(False)

    def set(self, asserted):
        asserted = bool(asserted)
        if asserted is not self.asserted:
            self.asserted = asserted
            self._board.peer.pin(self._name.upper(), asserted, self._board.now_us)


class SimInput:
    """STATUS."""

    wired = True

    def __init__(self, board):
        self._board = board

    def get(self):
        return bool(self._board.peer.status)


class SimNoPin:
    """A line that is not wired."""

    wired = False

    def set(self, asserted):
        pass

    def get(self):
        return False


class SimBoard:
    """The board.

    `start_ms`: what `ticks_ms` shows at the beginning (NEAR_WRAP: it wraps after 5 s).
    `max_read`: bytes a read gives at most. `rxbuf`: what the UART keeps unread; more is lost and
    counted in `overruns`. `seed`: of `rand`. `cause`: what `reset_cause` answers.
    `turn_us`: what a pass of the loop costs where more is ready at once (see `run_until`).

    Passes of the loop that follow each other closely though no byte comes or goes are a processor
    that is never idle: `Spinning` after so many.
    """

    PASSES = 500

    def __init__(
        self,
        peer,
        start_ms=0,
        max_read=None,
        rxbuf=4096,
        seed=1,
        cause="power",
        turn_us=100,
    ):
        self.peer = peer
        self.now_us = 0
        self.max_read = max_read
        self.turn_us = turn_us
        self.rx = bytearray()
        self.overruns = 0
        self.written = 0
        self.heard = 0
        self.idles = 0
        self._passes = 0
        self.dog = None
        self._rxbuf = rxbuf
        self._start_ms = start_ms
        self._cause = cause
        self._random = random.Random(seed)
        self._rtc_offset = None

    # --- the interface of uplink.port ---

    def ticks_ms(self):
        return (self._start_ms + self.now_us // 1000) % _TICKS

    def uart(self, cfg):
        uart = SimUart(self)
        uart.set_baud(cfg["uart"]["baud"])
        return uart

    def any(self):
        return len(self.rx)

    def output(self, cfg, name):
        if cfg["pins"].get(name) is None:
            return SimNoPin()
        return SimOutput(self, name)

    def input(self, cfg, name):
        if cfg["pins"].get(name) is None:
            return SimNoPin()
        return SimInput(self)

    def idle(self, ms, data=True):
        """Time passes until `ms` are over, or (with `data`) bytes are there, or STATUS changes."""
        self.idles += 1
        self._until((self.now_us // 1000 + ms) * 1000, data)
        if self.dog is not None and self.dog.bitten:
            raise WatchdogBite("not fed for %d ms" % self.dog.ms)

    def watchdog(self, ms):
        self.dog = SimWatchdog(self, ms)
        return self.dog

    def reset_cause(self):
        return self._cause

    def reset(self):
        raise SimReset

    def set_clock(self, unix_s):
        self._rtc_offset = unix_s - self.now_us // 1_000_000

    def clock(self):
        if self._rtc_offset is None:
            return 0
        return self._rtc_offset + self.now_us // 1_000_000

    def rand(self, n):
        return self._random.randrange(n)

    # --- for tests ---

    def advance(self, ms):
        """Time passes, whatever happens."""
        self._until(self.now_us + int(ms * 1000), False, False)

    def run_until(self, loop, predicate, limit_s):
        """Run `loop` until `predicate()`; False where that did not come in `limit_s`."""
        end_us = self.now_us + int(limit_s * 1_000_000)
        while not predicate():
            if self.now_us >= end_us:
                return False
            before = self.now_us, self.written + self.heard
            ms = loop.step()
            if predicate():
                return True
            if ms == 0:
                # More is ready: on a board the pass has taken a little time.
                self._until(self.now_us + self.turn_us, False, False)
                self._bite()
            else:
                loop.idle(max(1, min(ms, (end_us - self.now_us + 999) // 1000)))
            self._count(*before)
        return True

    def _count(self, since_us, moved):
        """A pass of the loop is over."""
        if self.now_us - since_us > 2000 or self.written + self.heard != moved:
            self._passes = 0
            return
        self._passes += 1
        if self._passes > self.PASSES:
            raise Spinning(f"{self._passes} passes of the loop without a byte")

    def _bite(self):
        if self.dog is not None and self.dog.bitten:
            raise WatchdogBite("not fed for %d ms" % self.dog.ms)

    def _until(self, end_us, data, pins=True):
        """Move to `end_us`, polling the peer whenever it wants to be."""
        peer = self.peer
        status = peer.status
        while True:
            now = self.now_us
            following = peer.poll(now)
            arrived = peer.take(now)
            if arrived:
                self._receive(arrived)
            if data and self.rx:
                break
            if pins and peer.status != status:
                break
            if now >= end_us:
                break
            if following is None or following >= end_us:
                self.now_us = end_us
            else:
                # A peer that asks for a time that has passed must not stop the clock.
                self.now_us = max(following, now + 1)
        if self.dog is not None and self.now_us >= self.dog.deadline_us:
            self.dog.bitten = True

    def _receive(self, data):
        self.heard += len(data)
        room = self._rxbuf - len(self.rx)
        if len(data) > room:
            self.overruns += len(data) - room
            data = data[:room]
        self.rx += data
