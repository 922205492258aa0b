"""What the clock asks for: pings, limits, closing, and the pause before the next attempt."""

from .. import log
from ..errors import CLOSED_PEER
from ..exact import clear
from ..port.ticks import FOREVER, ticks_diff
from . import packets
from .inbound import Inbound
from .outbox import DROPPED
from .session import UP

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_RETRY_MS = const(100)


class Upkeep(Inbound):
    """Part of `MQTT`."""

    def _stay(self, now):
        """What is due while connected; the ms until something may be."""
        if self._attempts and ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = 0
        wait = self._ack_ms
        if not self._wanted:
            if not self._leaving:
                self._leaving = True
                self._leave_at = now
            wait = self._answer_ms - ticks_diff(now, self._leave_at)
            if wait <= 0:
                log.warn("mqtt", "disconnecting with messages left:", self._outbox.count)
                self._why = None
                if self._busy or self._slot >= 0 or not self._leave():
                    self._close(None)
                return self._answer_ms
        if self._pinging:
            # what arrives meanwhile may stand before the answer in a slow queue
            left = self._ack_ms - ticks_diff(now, self._ping_at)
            since = self._later(self._ping_at, self._heard_at, True)
            quiet = self._answer_ms - ticks_diff(now, since)
            if quiet < left:
                left = quiet
            if left <= 0:
                self._doubt("no PINGRESP")
                return FOREVER
        elif self._slot >= 0:
            left = self._answer_ms  # not into the middle of a packet; `_overdue` watches it
        else:
            # by what we sent (3.1.2-23), and by what arrives: only that proves anything
            since = ticks_diff(now, self._later(self._heard_at, self._sent_at, False))
            left = self._ping_ms - since
            if left <= 0:
                if len(self._ctl) + 2 <= self._ctl_size:
                    self._ctl.append(packets.PINGREQ)
                    self._ctl.append(0)
                self.pings += 1
                self._pinging = True
                self._ping_at = now
                left = self._answer_ms
        if left < wait:
            wait = left
        left = self._overdue(now)
        if left <= 0:
            self._doubt("no acknowledgement")
            return FOREVER
        if left < wait:
            wait = left
        self._pump()
        if not self._busy and self.state == UP and (self._ctl or self._slot >= 0):
            return _RETRY_MS
        return wait

    def _later(self, a, b, later):
        """The later of two times, or the earlier."""
        return a if (ticks_diff(a, b) > 0) == later else b

    def _overdue(self, now):
        """ms until something was not answered, or not taken, for too long."""
        limit = self._ack_ms
        left = FOREVER
        if self._busy:
            if self._fresh:
                self._fresh = False
                self._busy_at = now
            left = limit - ticks_diff(now, self._busy_at)
        if self._sub_id:
            age = limit - ticks_diff(now, self._sub_at)
            if age < left:
                left = age
        box = self._outbox
        if box.waiting:
            age = box.age(now, self._slot)
            if age >= 0 and limit - age < left:
                left = limit - age
        return left

    def _doubt(self, text):
        """The server did not answer in time."""
        self.timeouts += 1
        self._transport.doubt()
        self._close(text)

    def _forget(self):
        """What belonged to the connection that is over."""
        self.connected = False
        self._decoder.reset()
        if self._sink is not None:
            self._sink_end(False)
        clear(self._ctl)
        self._busy = False
        self._pinging = False
        self._held = False
        self._not_asked()
        if self._direct:
            self._direct = False
            self.dropped += 1
            self._receipt.end(DROPPED)
        i = self._slot
        self._slot = -1
        self._left = 0
        if i >= 0 and not self._outbox.qos(i):
            self._drop(self._outbox, i, "connection lost while QoS 0 was being sent")

    def _pause(self):
        """ms until the next attempt: exponential, with full jitter."""
        if self._long:
            return self._max_ms // 2 + self._rand(self._max_ms // 2 + 1)
        ms = self._first_ms
        k = self._attempts
        while k and ms < self._max_ms:
            ms <<= 1
            k -= 1
        if ms >= self._max_ms:
            ms = self._max_ms
        else:
            self._attempts += 1
        return 1 + self._rand(ms)

    def _judge(self, reason, now):
        """A connection that was accepted is over: did it bring anything?

        Only one with messages on their way can tell, and any answer to one of them counts.
        """
        if ticks_diff(now, self._up_at) >= self._stable_ms:
            self._attempts = 0
            self._fruitless = 0
        elif self.acked != self._acked_up:
            self._fruitless = 0
        elif reason == CLOSED_PEER and self._outbox.waiting:
            self._fruitless += 1

    def _drop_first(self):
        """Even a new session ends each time: the first message is taken for the cause.

        A server of 3.1.1 can refuse a PUBLISH only by closing the connection (3.3.5-2): a topic
        that this device may not publish to would keep it away for ever.
        """
        box = self._outbox
        if box.waiting:
            self._drop(box, box.oldest, "the server closes the connection whenever it is sent")
