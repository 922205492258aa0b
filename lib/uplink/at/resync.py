"""What the command engine remembers, and how it gets back in step after a lost answer."""

from uplink import exact
from uplink.at import codes
from uplink.port.ticks import ticks_add
from uplink.ring import Cursor

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# State: see `state`.
_IDLE = const(0)
_QUIET = const(4)  # out of step: waiting for silence
_PROBE = const(5)  # out of step: probe sent

_QUIET_LIMIT_MS = const(3000)
_PROBE_LIMIT_MS = const(1000)
_PROBES = const(12)
_CAPACITY = const(192)  # longest command line


class Resync:
    """State of the engine, and the states from _QUIET on. Base of `Engine`."""

    def __init__(self, ring, vendor, user):
        self.ring = ring
        self.vendor = vendor
        self.user = user
        self.cursor = Cursor()
        self.tx = exact.buffer(_CAPACITY)
        self.want = exact.buffer(64)
        self.out = self.tx
        self.out_pos = 0
        self.out_end = 0
        self.state = _IDLE
        self.script = ()
        self.index = 0
        self.step = None
        self.writing = False  # second phase of a SETTING
        self.seen = False  # the response has come
        self.ended = False  # LATER: OK has come before the response
        self.verdict = codes.NEXT
        self.cme = -1
        self.left = 0  # bytes of counted payload still to come
        self.seam = False  # the line end behind payload is due
        self.deaf = False  # out of step inside payload: nothing can be trusted until silence
        self.probes = 0
        self.stray = False  # the answer to an earlier probe has come: its result is due
        self.answered = False  # the probe's own line has come
        self.deadline = 0
        self.result_at = 0  # when the last final result code came
        self.heard_at = 0
        self.sync_at = 0
        self.paused = False  # the pause after `result_at` is not over yet
        self.failed_command = b""  # the first constant piece of the last command that failed
        self.failed_result = codes.OK
        self.failed_cme = -1
        # counters
        self.unknown = 0
        self.late = 0
        self.timeouts = 0
        self.damaged = 0
        self.resyncs = 0

    @property
    def idle(self):
        """True when a script may be started."""
        return self.state == _IDLE

    @property
    def in_step(self):
        """False while the engine is finding its way back after a lost answer."""
        return self.state < _QUIET

    def _rest(self):
        self.state = _IDLE
        self.step = None
        self.script = ()
        self.left = 0
        self.seam = False
        self.deaf = False
        self.out_pos = 0
        self.out_end = 0

    def _resync(self, now):
        deaf = self.deaf or self.left > 0
        step = self.step
        self.sync_at = now
        if step is not None and step[5] & codes.PAYLOAD and self.seen:
            # the module may still wait for payload: whatever is sent now would become it
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)
        self._rest()
        self.deaf = deaf
        self.state = _QUIET
        self.stray = False
        self.probes = _PROBES
        self.heard_at = now
        self.deadline = ticks_add(now, _QUIET_LIMIT_MS)

    def _probe(self, now):
        self.deaf = False
        self.ring.clear()
        tx = self.tx
        exact.clear(tx)
        tx.extend(self.vendor.PROBE[0])
        tx.extend(b"\r")
        self.out = tx
        self.out_pos = 0
        self.out_end = len(tx)
        self.answered = False
        self.state = _PROBE
        self.deadline = ticks_add(now, _PROBE_LIMIT_MS)

    def _probe_failed(self, now):
        self.probes -= 1
        if self.probes <= 0:
            self._rest()
            self.user.silent(now)
            return
        self.state = _QUIET
        self.sync_at = now
        self.deadline = ticks_add(now, _QUIET_LIMIT_MS)
