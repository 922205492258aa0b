"""What the command engine remembers, how a script ends, payload, and the way back into step."""

from uplink import exact
from uplink.at import codes
from uplink.port.ticks import ticks_add

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_IDLE = const(0)
_PAUSE = const(1)  # a command is due when the pause after the last result is over
_WAIT = const(2)  # command sent
_PAYLOAD = const(3)  # payload going out
_QUIET = const(4)  # out of step: waiting for silence
_PROBE = const(5)  # out of step: probe sent
_ALMOST = const(6)  # probe answered: no other result may come now
_LINES = const(0)
_DEAF = const(-2)  # out of step inside payload: nothing can be trusted until silence
_SEAM = const(-1)  # the line end behind payload is due
_READ = const(0)
_WRITE = const(1)
_OK = const(0)
_TIMEOUT = const(5)
_DAMAGED = const(6)
_STOPPED = const(11)
_IS_PAYLOAD = const(8)
_QUIET_MS = const(100)
_QUIET_LIMIT_MS = const(3000)
_PROBE_LIMIT_MS = const(1000)
_PROBES = const(12)
_CAPACITY = const(192)  # longest command line


class Resync:
    """Base of `Engine`: what is not done for each line.

    No properties here and in `Engine`: a class that has one takes 5 to 10 us longer for each
    attribute that is set on its objects.
    """

    def __init__(self, ring, vendor, user):
        self.ring = ring
        self.vendor = vendor
        self.user = user
        self.tx = exact.buffer(_CAPACITY)
        self.out = self.tx
        self.probes = 0
        self.stray = False  # the answer to an earlier probe has come: its result is due
        self.answered = False  # the probe's own line has come
        self.result_at = 0  # when the last final result code came
        self.heard_at = 0
        self.sync_at = 0
        self.deadline = 0
        self.paused = False  # the pause after `result_at` is not over yet
        self.script = ()
        self.load = None  # what a transfer sends; None: the user is asked
        self.load_id = 0  # its connection; from where; how many bytes
        self.load_at = 0
        self.load_size = 0
        self.index = 0
        self.cme = -1
        self.failed_command = b""  # the first constant piece of the last command that failed
        self.failed_result = _OK
        self.failed_cme = -1
        self.unknown = 0
        self.late = 0
        self.timeouts = 0
        self.damaged = 0
        self.resyncs = 0
        self._rest()

    def stop(self, result, now):
        """End what is running, with `result`; the line is taken to be in step (a restart)."""
        running = self.state
        self._rest()
        self.result_at = now
        self.paused = True
        if _IDLE < running < _QUIET:
            self.user.finished(result, now)

    def drop(self, now):
        """End the script if its next command has not been sent yet (nobody wants it any more)."""
        if self.state == _PAUSE:
            self._rest()
            self.user.finished(_STOPPED, now)

    def _rest(self):
        self.state = _IDLE
        self.idle = True  # a script may be started
        self.in_step = True  # False: finding the way back after a lost answer
        self.prefix = b""  # of the response that is waited for
        self.step = None
        self.quick = False  # OK will end the step, whatever else is looked at
        self.seen = False  # the response has come
        self.ended = False  # LATER: OK has come before the response
        self.verdict = 0
        self.left = _LINES
        self.out_pos = 0
        self.out_end = 0

    def _fail(self, result, now):
        name = self.step[1]
        if not isinstance(name, bytes):
            name = name[0]
        self.failed_command = name
        self.failed_result = result
        self.failed_cme = self.cme
        codes.tell(result, name, self.cme)
        if result == _TIMEOUT or result == _DAMAGED:
            self.lost_step(now)
        else:
            self._rest()
        self.user.finished(result, now)

    def _late(self, result, now):
        """A final result code that no command in flight asked for."""
        state = self.state
        if state == _PROBE and self.answered and result == _OK:
            self.state = _ALMOST
            self.deadline = ticks_add(now, _QUIET_MS)
            return
        self.late += 1
        if state == _ALMOST:
            self._quiet(now)
        elif state < _QUIET:
            # what we sent before has been read as another command, or in pieces
            self.user.unasked(now)
            self.lost_step(now)
            if state == _PAUSE:
                self.user.finished(_DAMAGED, now)

    def _prompt(self, now):
        state = self.state
        if state == _WAIT and self.step[2] == b">":
            if not self.seen:
                self._ready(now)
        elif state >= _QUIET:
            # the module waits for payload that will not come: let its own limit pass first
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)
            self.state = _QUIET
            self.deadline = self.sync_at
        else:
            self.unknown += 1

    def _ready(self, now):
        """The module takes payload now."""
        self.seen = True
        self.out_pos = 0
        self.out_end = 0
        if self.load is not None:
            self.out = self.load
            self.out_pos = self.load_at
            self.out_end = self.load_at + self.load_size
        self.state = _PAYLOAD
        self.deadline = ticks_add(now, self.step[4])

    def _payload(self, ring, at, now):
        """Bytes that no line is made of; False when more have to come."""
        left = self.left
        read = at[_READ]
        n = at[_WRITE] - read
        if left > 0:
            if n > left:
                n = left
            at[_READ] = read + n
            left -= n
            self.left = left if left else _SEAM
            self.user.data(ring.buf, read, n, now)
        elif left == _DEAF:
            ring.clear()
        elif n < 2:
            return False
        elif ring.buf[read] != 13 or ring.buf[read + 1] != 10:
            self.damage(now)
        else:
            at[_READ] = read + 2
            self.left = _LINES
            self.user.data_end(True, now)
        return True

    def damage(self, now):
        """Counted payload ended early or late: tell the user, trust nothing until silence."""
        self.damaged += 1
        self.left = _LINES
        self.user.data_end(False, now)
        self.left = _DEAF
        state = self.state
        if state == _WAIT or state == _PAYLOAD:
            self._fail(_DAMAGED, now)
        elif state < _QUIET:
            self.lost_step(now)
            if state == _PAUSE:
                self.user.finished(_DAMAGED, now)

    def lost_step(self, now):
        """Get back in step; also for an owner that saw nonsense although nothing timed out."""
        deaf = self.left == _DEAF or self.left > 0
        step = self.step
        # (the command is out; its prompt may have been lost)
        waits = step is not None and step[5] & _IS_PAYLOAD and _PAUSE < self.state < _QUIET
        self._rest()
        if deaf:
            self.left = _DEAF
        self.stray = False
        self.probes = _PROBES
        self.heard_at = now
        self._quiet(now)
        if waits:
            # the module may still wait for payload (the prompt can be lost): whatever is sent now
            # would become it
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)

    def _quiet(self, now):
        self.state = _QUIET
        self.idle = False
        self.in_step = False
        self.sync_at = now
        self.deadline = ticks_add(now, _QUIET_LIMIT_MS)

    def _probe(self, now):
        if self.left == _DEAF:
            self.left = _LINES
        self.ring.clear()
        tx = self.tx
        exact.clear(tx)
        tx.extend(self.vendor.PROBE[0])
        tx.append(13)
        self.out = tx
        self.out_pos = 0
        self.out_end = len(tx)
        self.answered = False
        self.state = _PROBE
        self.deadline = ticks_add(now, _PROBE_LIMIT_MS)
