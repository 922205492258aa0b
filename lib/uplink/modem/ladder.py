"""The recovery ladder: what to try, how often, before the next stronger measure.

A failure takes the next try of the rung it stands on; when its tries are used up, the next
rung. Proof that the path works (the far end answered) puts the ladder down again, but only
after it has held for a while: a connection that dies every minute climbs all the same.
"""

from uplink.modem import states
from uplink.port.ticks import ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# (event for the machine, tries, pause before it in ms)
RUNGS = (
    (states.RETRY, 3, 1_000),  # the same again
    (states.REOPEN, 2, 2_000),  # sockets closed and opened
    (states.DATA, 2, 2_000),  # packet data off and on
    (states.NETWORK, 2, 5_000),  # deregister and register
    (states.RADIO_OFF, 1, 5_000),  # CFUN: radio off and on
    (states.RESET, 1, 1_000),  # hard reset (or the module's own restart command)
    (states.POWER, 2, 1_000),  # power cycle
    (states.WAIT, 1, 0),  # wait longer each time, then power cycle
)

RETRY = const(0)
REOPEN = const(1)
DATA = const(2)
NETWORK = const(3)
RADIO = const(4)
RESET = const(5)
POWER = const(6)
WAIT = const(7)

_STABLE_MS = const(60_000)
_WAIT_MS = const(60_000)  # the first long wait; it doubles
_WAIT_LIMIT_MS = const(3_600_000)


class Ladder:
    """Where recovery stands, and how often each rung has been used since start (`used`)."""

    def __init__(self):
        self.rung = RETRY
        self.tries = 0
        self.used = [0] * len(RUNGS)
        self.wait_ms = 0  # the last long wait
        self.proven = False
        self.proved_at = 0

    def fail(self, floor=RETRY):
        """Count a failure; returns the rung to take (an index into RUNGS), `floor` or above."""
        self.proven = False
        if self.rung < floor:
            self.rung = floor
            self.tries = 0
        while self.tries >= RUNGS[self.rung][1]:
            # after the long wait: power cycle, then wait again, longer
            self.rung = self.rung + 1 if self.rung < WAIT else POWER
            self.tries = 0
        if self.rung < floor:
            self.rung = floor
        if self.rung == WAIT:
            self.wait_ms = min(self.wait_ms * 2, _WAIT_LIMIT_MS) if self.wait_ms else _WAIT_MS
        self.tries += 1
        self.used[self.rung] += 1
        return self.rung

    def proved(self, now):
        """The far end has answered."""
        if not self.proven:
            self.proven = True
            self.proved_at = now
        elif (self.rung or self.tries) and ticks_diff(now, self.proved_at) > _STABLE_MS:
            self.rung = RETRY
            self.tries = 0
            self.wait_ms = 0

    def due(self, rung, now):
        """When the rung may begin, as ticks."""
        return ticks_add(now, RUNGS[rung][2])
