"""One AT command in flight: scripts of steps in, events out.

Sans-IO. The owner puts received bytes into the ring and calls `heard`, calls `poll(now)`, and
writes `out[out_pos:out_end]` to the UART (moving `out_pos`). A *script* is a constant tuple of
steps; a step is

    (when, command, response, handler, limit_ms, flags)

    when      0, or a number for `user.when(n)`: the step is passed over where that is False
    command   bytes, or a tuple of bytes and ints; an int is a variable: `user.put(n, line)`
    response  prefix of the information response; b"" any line; b">" the prompt; None
    handler   name of a function of the vendor's module, `f(user, cursor) -> verdict`, or None
    limit_ms  how long the final result code may take (from the last byte sent)
    flags     see `codes`

The vendor's module also has `URCS` ((prefix, handler) …), `FINALS` ((text, is_success) …),
`COUNTED` ((prefix, commas, handler) …: payload that begins inside a line; the handler returns
its length or -1), `PROBE` (command, response), `PAUSE_MS`, `FAST_MS`, `INPUT_MS`.

Every received line is sorted in this order: echo, counted payload, response of the step,
final result code, URC, any line (response b""), unknown. A handler that returns NOT_MINE
passes its line on to the URCs. After a timeout or damage the engine is out of step: a late
answer may still come. It then waits for silence, sends PROBE, and takes up work only when
exactly the probe's own answer has come, and no other final result code after it.
"""

from uplink import exact, log
from uplink.at import cme, codes, line
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff
from uplink.ring import Cursor

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# State.
_IDLE = const(0)
_PAUSE = const(1)  # a command is due when the pause after the last result is over
_WAIT = const(2)  # command sent
_PAYLOAD = const(3)  # payload going out
_QUIET = const(4)  # out of step: waiting for silence
_PROBE = const(5)  # out of step: probe sent
_ALMOST = const(6)  # probe answered: no other result may come now

_SILENCE_MS = const(500)  # longest gap between the bytes of counted payload
_QUIET_MS = const(100)
_QUIET_LIMIT_MS = const(3000)
_PROBE_LIMIT_MS = const(1000)
_PROBES = const(12)
_CAPACITY = const(192)  # longest command line


class Engine:
    """Runs scripts of `vendor` for `user`; both are duck-typed (see the module's text)."""

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
        self.answered = False  # the probe's own line has come
        self.deadline = 0
        self.result_at = 0  # when the last final result code came
        self.heard_at = 0
        self.sync_at = 0
        self.paused = False  # the pause after `result_at` is not over yet
        # counters
        self.unknown = 0
        self.late = 0
        self.timeouts = 0
        self.damaged = 0
        self.resyncs = 0

    # ---- what the owner calls -------------------------------------------------------------

    @property
    def idle(self):
        """True when a script may be started."""
        return self.state == _IDLE

    @property
    def in_step(self):
        """False while the engine is finding its way back after a lost answer."""
        return self.state < _QUIET

    def run(self, script, now):
        """Start a script; `user.finished(result, now)` follows. Only when idle."""
        self.script = script
        self.index = 0
        self.cme = -1
        self._next(now)

    def stop(self, result, now):
        """End what is running, with `result`; the line is taken to be in step (a restart)."""
        running = self.state
        self._rest()
        self._pause(now)
        if _IDLE < running < _QUIET:
            self.user.finished(result, now)

    def lost_step(self, now):
        """Get back in step although no command timed out (the owner saw nonsense)."""
        self._resync(now)

    def heard(self, now):
        """Bytes have been put into the ring."""
        self.heard_at = now
        self._parse(now)

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        while True:
            state = self.state
            if self.left and ticks_diff(now, self.heard_at) > _SILENCE_MS:
                self._damage(now)
                continue
            if state == _IDLE:
                return _SILENCE_MS if self.left else FOREVER
            if state == _PAUSE:
                if self.paused:
                    vendor = self.vendor
                    wait = vendor.FAST_MS if self.step[5] & codes.FAST else vendor.PAUSE_MS
                    wait -= ticks_diff(now, self.result_at)
                    if wait > 0:
                        return wait
                    self.paused = False
                self._send(now)
                continue
            if state == _PAYLOAD and self.out_pos == self.out_end:
                if not self.user.payload(self):
                    self.state = _WAIT
                    self.deadline = ticks_add(now, self.step[4])
                    continue
            if state == _QUIET:
                since = ticks_diff(now, self.heard_at)
                if since >= _QUIET_MS or ticks_diff(now, self.deadline) >= 0:
                    wait = ticks_diff(self.sync_at, now)
                    if wait > 0:
                        return wait
                    self._probe(now)
                    continue
                return _QUIET_MS - since
            wait = ticks_diff(self.deadline, now)
            if wait > 0:
                return _SILENCE_MS if self.left and wait > _SILENCE_MS else wait
            if state == _ALMOST:
                self._rest()
                self.resyncs += 1
                self.user.back_in_step(now)
            elif state == _PROBE:
                self._probe_failed(now)
            else:
                self.timeouts += 1
                self._fail(codes.TIMEOUT, now)

    def expect(self, n):
        """For handlers: `n` bytes of counted payload follow this line."""
        ring = self.ring
        if ring.feed == ring.read:
            ring.skip(1)  # the LF of this line
        self.left = n

    # ---- steps ----------------------------------------------------------------------------

    def _rest(self):
        self.state = _IDLE
        self.step = None
        self.script = ()
        self.left = 0
        self.seam = False
        self.deaf = False
        self.out_pos = 0
        self.out_end = 0

    def _next(self, now):
        script = self.script
        while self.index < len(script):
            step = script[self.index]
            if step[0] == 0 or self.user.when(step[0]):
                self.step = step
                self.writing = False
                self.state = _PAUSE
                return
            self.index += 1
        self._rest()
        self.user.finished(codes.OK, now)

    def _send(self, now):
        step = self.step
        tx = self.tx
        exact.clear(tx)
        good = True
        command = step[1]
        flags = step[5]
        if isinstance(command, bytes):
            tx.extend(command)
        elif flags & codes.SETTING:
            good = self._setting(command)
        else:
            for piece in command:
                if isinstance(piece, bytes):
                    tx.extend(piece)
                elif not self.user.put(piece, tx):
                    good = False
        if not good or len(tx) >= _CAPACITY:
            self._rest()
            log.error("at", codes.name(codes.BAD_ARGUMENT), self._name(step))
            self.user.finished(codes.BAD_ARGUMENT, now)
            return
        tx.extend(b"\r")
        self.out = tx
        self.out_pos = 0
        self.out_end = len(tx)
        self.seen = False
        self.ended = False
        self.verdict = codes.NEXT
        self.state = _WAIT
        self.deadline = ticks_add(now, step[4])

    def _setting(self, command):
        """`AT+X?` first; `AT+X=value` when the answer was not `value`."""
        tx = self.tx
        want = self.want
        tx.extend(command[0])
        if not self.writing:
            tx.extend(b"?")
            exact.clear(want)
        else:
            tx.extend(b"=")
        target = tx if self.writing else want
        for i in range(1, len(command)):
            piece = command[i]
            if isinstance(piece, bytes):
                target.extend(piece)
            elif not self.user.put(piece, target):
                return False
        return True

    def _name(self, step):
        return step[1] if isinstance(step[1], bytes) else step[1][0]

    def _pause(self, now):
        self.result_at = now
        self.paused = True

    def _result(self, result, now):
        """A final result code has come for the command in flight."""
        step = self.step
        flags = step[5]
        self._pause(now)
        if result != codes.OK and not flags & codes.MAY_FAIL:
            self._fail(result, now)
            return
        if result == codes.OK:
            if flags & codes.PAYLOAD and not self.seen and step[2] is not None:
                self._fail(codes.NO_ANSWER, now)
                return
            if flags & codes.SETTING and not self.writing and self.seen:
                if self.verdict == codes.FAIL:  # differs
                    self.writing = True
                    self.verdict = codes.NEXT
                    self.state = _PAUSE
                    return
            elif not self.seen and step[2] is not None:
                if flags & codes.LATER:
                    self.ended = True
                    return
                if flags & codes.NEED and not self.writing:
                    self._fail(codes.NO_ANSWER, now)
                    return
        self._advance(now)

    def _advance(self, now):
        verdict = self.verdict
        if verdict == codes.FAIL:
            self._fail(codes.REFUSED, now)
            return
        if verdict == codes.END:
            self.index = len(self.script)
        else:
            self.index += 1 + verdict
        self._next(now)

    def _fail(self, result, now):
        name = self._name(self.step)
        log.debug("at", codes.name(result), name, self.cme)
        if result == codes.TIMEOUT or result == codes.DAMAGED:
            self._resync(now)
        else:
            self._rest()
        self.user.finished(result, now)

    # ---- getting back in step ---------------------------------------------------------------

    def _resync(self, now):
        deaf = self.deaf
        step = self.step
        self.sync_at = now
        if step is not None and step[5] & codes.PAYLOAD and self.seen:
            # the module may still wait for payload: whatever is sent now would become it
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)
        self._rest()
        self.deaf = deaf
        self.state = _QUIET
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

    def _damage(self, now):
        """Counted payload ended early or late: tell the user, trust nothing until silence."""
        self.damaged += 1
        self.left = 0
        self.seam = False
        self.user.data_end(False, now)
        self.deaf = True
        if self.state == _WAIT or self.state == _PAYLOAD:
            self._fail(codes.DAMAGED, now)
        elif self.state < _QUIET:
            script = self.state == _PAUSE
            self._resync(now)
            if script:
                self.user.finished(codes.DAMAGED, now)

    # ---- what the module says ---------------------------------------------------------------

    def _parse(self, now):
        ring = self.ring
        user = self.user
        while True:
            if self.deaf:
                ring.clear()
                return
            if self.left:
                n = ring.available()
                if n == 0:
                    return
                if n > self.left:
                    n = self.left
                user.data(ring.buf, ring.read, n, now)
                ring.skip(n)
                self.left -= n
                self.seam = self.left == 0
                continue
            if self.seam:
                if ring.available() < 2:
                    return
                i = ring.read
                if ring.buf[i] != 13 or ring.buf[i + 1] != 10:
                    self._damage(now)
                    continue
                self.seam = False
                user.data_end(True, now)
                continue
            if not ring.at_line():
                return
            if ring.buf[ring.read] == 62:
                ring.skip(1)
                self._prompt(now)
                continue
            if self._counted():
                if self.left < 0:  # the header has not come whole
                    self.left = 0
                    return
                continue
            if not ring.line():
                return
            self._line(now)

    def _counted(self):
        """Does payload that is announced inside its line begin here?"""
        ring = self.ring
        buf = ring.buf
        i = ring.read
        for entry in self.vendor.COUNTED:
            prefix = entry[0]
            if buf[i] != prefix[0]:
                continue
            have = ring.write - i
            if have < len(prefix):
                if buf.find(b"\n", i, ring.write) < 0:
                    self.left = -1
                    return True
                continue
            if not buf.startswith(prefix, i):
                continue
            end = buf.find(b"\n", i, ring.write)
            at = i + len(prefix) - 1
            n = entry[1]
            while n > 0:
                at = buf.find(b",", at + 1, ring.write)
                if at < 0 or 0 <= end < at:
                    break
                n -= 1
            if n:
                if end >= 0:
                    return False  # a whole line without payload
                if have < 64:
                    self.left = -1
                    return True
                return False
            cursor = self.cursor
            cursor.over(buf, i, at)
            cursor.pos = i + len(prefix)
            n = getattr(self.vendor, entry[2])(self.user, cursor)
            if n <= 0:
                return False
            self.seen = True
            ring.skip(at + 1 - i)
            self.left = n
            return True
        return False

    def _prompt(self, now):
        state = self.state
        if state == _WAIT and self.step[5] & codes.PAYLOAD and self.step[2] == b">":
            if not self.seen:
                self.seen = True
                self._payload(now)
        elif state >= _QUIET:
            # the module waits for payload that will not come: let its own limit pass first
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)
            self.state = _QUIET
            self.deadline = self.sync_at
        else:
            self.unknown += 1

    def _payload(self, now):
        self.out_pos = 0
        self.out_end = 0
        self.state = _PAYLOAD
        self.deadline = ticks_add(now, self.step[4])

    def _line(self, now):
        ring = self.ring
        buf = ring.buf
        start = ring.start
        cursor = self.cursor
        cursor.over(buf, start, ring.end)
        if buf.startswith(b"AT", start):
            return  # echo
        state = self.state
        step = self.step
        prefix = None
        if state == _WAIT or state == _PAYLOAD:
            prefix = step[2]
            if prefix and buf.startswith(prefix, start):
                cursor.pos = start + len(prefix)
                if self._answer(now):
                    return
                cursor.over(buf, start, ring.end)
        elif state == _PROBE and buf.startswith(self.vendor.PROBE[1], start):
            self.answered = True
            return
        result = self._final(buf, start)
        if result >= 0:
            if state == _WAIT or state == _PAYLOAD:
                if self.ended:
                    self.late += 1
                else:
                    self._result(result, now)
            else:
                self._late(result, now)
            return
        vendor = self.vendor
        for entry in vendor.URCS:
            if buf.startswith(entry[0], start):
                cursor.pos = start + len(entry[0])
                getattr(vendor, entry[1])(self.user, cursor)
                return
        if prefix == b"" and not self.seen:
            self._answer(now)
            return
        self.unknown += 1

    def _answer(self, now):
        """The information response of the step; False when the handler says it is a URC."""
        step = self.step
        flags = step[5]
        if flags & codes.PAYLOAD:
            if not self.seen:
                self.seen = True
                self._payload(now)
            return True
        if flags & codes.SETTING:
            cursor = self.cursor
            cursor.rest()
            self.verdict = codes.NEXT if cursor.equals(self.want) else codes.FAIL
            self.seen = True
            return True
        if step[3] is not None:
            verdict = getattr(self.vendor, step[3])(self.user, self.cursor)
            if verdict == codes.NOT_MINE:
                return False
            if verdict is not None:
                self.verdict = verdict
        if self.step is step and not self.seen:
            self.seen = True
            if self.ended:
                self._advance(now)
        return True

    def _final(self, buf, start):
        """The result of a final result code line, or -1."""
        n = self.ring.end - start
        c = buf[start]
        if n == 2 and c == 79 and buf[start + 1] == 75:
            return codes.OK
        if n == 5 and buf.startswith(b"ERROR", start):
            return codes.ERROR
        if c == 43 and n > 12 and buf.startswith(b"+CM", start):
            if buf.startswith(b"+CME ERROR: ", start):
                self.cursor.pos = start + 12
                self.cme = cme.number(self.cursor)
                return codes.CME
            if buf.startswith(b"+CMS ERROR: ", start):
                self.cursor.pos = start + 12
                self.cme = self.cursor.int()
                return codes.CMS
        if n == 10 and buf.startswith(b"NO CARRIER", start):
            return codes.NO_CARRIER
        for entry in self.vendor.FINALS:
            if n == len(entry[0]) and buf.startswith(entry[0], start):
                return entry[1]
        return -1

    def _late(self, result, now):
        """A final result code that no command in flight asked for."""
        state = self.state
        if state == _PROBE and self.answered:
            if result == codes.OK:
                self.state = _ALMOST
                self.deadline = ticks_add(now, _QUIET_MS)
                return
        self.late += 1
        if state == _ALMOST:
            self.state = _QUIET
            self.sync_at = now
            self.deadline = ticks_add(now, _QUIET_LIMIT_MS)
        elif state < _QUIET:
            # what we sent before has been read as another command, or in pieces
            self.user.unasked(now)
            self._resync(now)
            if state == _PAUSE:
                self.user.finished(codes.DAMAGED, now)
