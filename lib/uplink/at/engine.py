"""One AT command in flight: scripts of steps in, events out.

Sans-IO. The owner puts received bytes into the ring and calls `heard`, calls `poll(now)`, and
writes `out[out_pos:out_end]` to the UART (moving `out_pos`). A *script* is a constant tuple of
steps; a step is

    (when, command, response, handler, limit_ms, flags)

    when      0, or a number for `user.when(n)`: the step is passed over where that is False
    command   bytes, or a tuple of bytes and ints; an int is a variable: `user.put(n, line)`;
              44 is `<connection>,<bytes>` of a transfer
    response  prefix of the information response; b"" any line; b">" the prompt; None
    handler   name of a function of the vendor's module, `f(user, cursor) -> verdict`, or None
    limit_ms  how long the final result code may take (from when the line stands in `out`; anew
              from the prompt, and from when the last piece of payload has been taken)
    flags     see `codes`

The vendor's module also has `URCS` ((prefix, handler) …), `FINALS` ((line, result) …: the final
result codes but for OK and `+CM_ ERROR:`), `COUNTED` ((prefix, commas, handler) …: payload that
begins inside a line; the handler returns its length or -1), `PROBE` (command, response),
`PAUSE_MS`, `FAST_MS`, `INPUT_MS`.

What is received is sorted in this order: prompt, counted payload, then whole lines: echo, OK,
response of the step, URC, other final result code, any line (response b""), unknown.
A handler that returns NOT_MINE passes its line on to the URCs. After a timeout or damage the
engine is out of step: a late answer may still come. It then waits for silence, sends PROBE,
and takes up work only when exactly the probe's own answer has come, and no other final result
code after it.
"""

from uplink import exact
from uplink.at import cme
from uplink.at.plain import put_int
from uplink.at.resync import Resync
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

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
_DEAF = const(-2)  # out of step inside payload: nothing can be trusted until silence
_OK = const(0)
_TIMEOUT = const(5)
_BAD_ARGUMENT = const(8)
_NEED = const(2)
_IS_PAYLOAD = const(8)
_LATER = const(16)
_FAST = const(32)
_MAY_FAIL = const(1)
_NO_ANSWER = const(9)
_REFUSED = const(10)
_STOP = const(-3)  # END of codes
_FAIL = const(-1)
_END = const(5)
_SILENCE_MS = const(500)  # longest gap between the bytes of counted payload
_QUIET_MS = const(100)
_CAPACITY = const(192)  # longest command line
_CME = const(2)
_CMS = const(3)
_NOT_MINE = const(-2)
_READ = const(0)
_WRITE = const(1)
_START = const(4)
_ENTRY = const(6)
_IS_PROMPT = const(1)
_IS_COUNTED = const(2)
_IS_WANTED = const(3)
_IS_OK = const(4)
_FULL_MS = const(4)  # until the UART is tried again that is full
_TRANSFER = const(44)  # the variable `<connection>,<bytes>`
_SOME = const(96)  # bytes in the UART that are not waited for
_ANY = ((b"",),)  # begins every line


class Engine(Resync):
    """Runs scripts of `vendor` for `user`; both are duck-typed (see the module's text).

    The owner also calls `run(script, now)` when `idle`, `stop(result, now)` and
    `lost_step(now)`; a handler may call `expect(n)` and `result(result, now)`.
    `read(uart, now)` and `pump(uart, now, wait)` do for it what goes through a UART.
    """

    def run(self, script, now):
        """Start a script; `user.finished(result, now)` follows. Only when idle."""
        self.script = script
        self.load = None
        self.cme = -1
        self._next(0, now)

    def transfer(self, script, cid, buf, off, n, now):
        """The same for `n` bytes of connection `cid`: from `buf` from `off` on, sent where the
        script says PAYLOAD without asking the user, or (None) to be received.
        """
        self.script = script
        self.load_id = cid
        self.load = buf
        self.load_at = off
        self.load_size = n
        self.cme = -1
        self._next(0, now)

    def expect(self, n):
        """For handlers: `n` bytes of counted payload follow this line."""
        self.left = n

    def _next(self, index, now):
        script = self.script
        while index < len(script):
            step = script[index]
            if step[0] == 0 or self.user.when(step[0]):
                self.index = index
                self.step = step
                self.state = _PAUSE
                self.idle = False
                return
            index += 1
        self.state = _IDLE
        self.idle = True
        self.prefix = b""
        self.step = None
        self.user.finished(_OK, now)

    def _send(self, now):
        step = self.step
        tx = self.tx
        exact.clear(tx)
        good = True
        command = step[1]
        if isinstance(command, bytes):
            tx.extend(command)
        else:
            for piece in command:
                if piece == _TRANSFER:
                    put_int(tx, self.load_id)
                    tx.append(44)
                    put_int(tx, self.load_size)
                elif isinstance(piece, bytes):
                    tx.extend(piece)
                else:
                    good = self.user.put(piece, tx) and good
        if not good or len(tx) >= _CAPACITY:
            self._fail(_BAD_ARGUMENT, now)
            return
        tx.append(13)
        self.out = tx
        self.out_pos = 0
        self.out_end = len(tx)
        self.seen = False
        self.ended = False
        self.verdict = 0
        self.quick = not step[5] & (_NEED | _IS_PAYLOAD | _LATER)
        self.prefix = step[2] or b""
        self.state = _WAIT
        self.deadline = ticks_add(now, step[4])

    def result(self, result, now):
        """A final result code has come: for the command in flight, or for nothing we know.

        Handlers call it too, for a line that is a vendor's only answer to a command.
        """
        state = self.state
        if self.stray and state < _QUIET:
            self.stray = False
            self.late += 1
            return
        if state != _WAIT and state != _PAYLOAD:
            self._late(result, now)
            return
        if self.ended:
            self.late += 1
            return
        self.quick = False
        self.prefix = b""
        self.result_at = now
        self.paused = True
        step = self.step
        flags = step[5]
        if result:
            if not flags & _MAY_FAIL:
                self._fail(result, now)
                return
        elif not self.seen:
            if step[2] is not None and flags & (_IS_PAYLOAD | _LATER | _NEED):
                if flags & _LATER and not flags & _IS_PAYLOAD:
                    self.ended = True
                    self.prefix = step[2]
                    return
                self._fail(_NO_ANSWER, now)
                return
        self._advance(now)

    def _advance(self, now):
        verdict = self.verdict
        self.prefix = b""
        if verdict == _FAIL:
            self._fail(_REFUSED, now)
        else:
            self._next(1024 if verdict == _STOP else self.index + 1 + verdict, now)

    def read(self, uart, now, most):
        """Everything that the UART holds (a `port` UART), through the ring; what a transfer sends
        goes out at once where the module takes it now.

        Returns ms: `most`, or less, where that is all out and only its result is waited for; else
        -1: it is to be polled.
        """
        ring = self.ring
        stage = ring.stage
        size = len(stage)
        for _ in range(32):
            n = uart.readinto(stage)
            if n:
                ring.put(n)
                self.heard(now)
            if n < size and uart.any() < _SOME:
                break
        wait = -1
        if self.state == _PAYLOAD and self.load is not None:
            wait = self.pump(uart, now, most)
            if self.state == _PAYLOAD:
                wait = -1
        return wait

    def pump(self, uart, now, wait):
        """What stands in `out` to the UART, and what comes behind it.

        Returns ms: `wait`, or less; -1 where there was nothing to write.
        """
        left = self.out_end - self.out_pos
        if left <= 0:
            return -1
        while left > 0:
            n = uart.write(self.out, self.out_pos, left)
            self.out_pos += n
            if n < left:
                return _FULL_MS
            if self.state != _PAYLOAD:
                break
            wait = min(wait, self.poll(now))
            left = self.out_end - self.out_pos
        return wait

    def heard(self, now):
        """Bytes have been put into the ring."""
        self.heard_at = now
        ring = self.ring
        at = ring.at
        while at[_READ] < at[_WRITE]:
            if self.left:
                if not self._payload(ring, at, now):
                    return
                continue
            what = ring.scan(self.prefix, self.vendor.COUNTED)
            if what == _IS_COUNTED:
                entry = self.vendor.COUNTED[at[_ENTRY]]
                n = getattr(self.vendor, entry[2])(self.user, ring.cursor)
                if self.left == _DEAF:
                    continue  # the handler found it damaged
                if n > 0:
                    if self.prefix == entry[0]:
                        self.seen = True  # (else it is a URC with payload)
                    at[_READ] = at[_END] + 1
                    self.left = n
                    continue
                what = ring.scan(self.prefix, ())  # a line after all
            if what == _IS_OK:
                if not self.quick:
                    self.result(_OK, now)
                    continue
                self.quick = False
                self.result_at = now
                self.paused = True
                self._next(self.index + 1, now)
            elif what > _IS_OK or what == _IS_WANTED and not self._answer(now):
                self._line(now)
            elif not what:
                return
            elif what == _IS_PROMPT:
                self._prompt(now)

    def _answer(self, now):
        """The information response of the step, cursor behind its prefix; False: a URC's line."""
        step = self.step
        flags = step[5]
        cursor = self.ring.cursor
        if flags & _IS_PAYLOAD:
            if not self.seen:
                self._ready(now)
            return True
        if step[3]:
            verdict = getattr(self.vendor, step[3])(self.user, cursor)
            if verdict:
                if verdict == _NOT_MINE:
                    return False
                self.quick = False
                self.verdict = verdict
        if self.step is step:
            self.seen = True
            if flags & _NEED:
                self.quick = not self.verdict and not self.stray
            elif self.ended:
                self._advance(now)
        return True

    def _line(self, now):
        """A line that is neither the response nor OK CR LF."""
        ring = self.ring
        buf = ring.buf
        start = ring.at[_START]
        n = ring.at[_END] - start
        state = self.state
        vendor = self.vendor
        plus = buf[start] == 43  # no final result code begins so, but for the two errors
        if plus and buf.startswith(vendor.PROBE[1], start):
            # only probes are answered so: one of an earlier try comes with a result of its own
            if state == _PROBE:
                self.answered = True
            else:
                self.stray = True
                self.quick = False
        elif plus and buf.startswith(b"+CM", start) and buf.startswith(b" ERROR: ", start + 4):
            ring.find(_ANY)
            ring.cursor.pos += 12
            self.cme = cme.number(ring.cursor)
            self.result(_CME if buf[start + 3] == 69 else _CMS, now)
        elif n == 2 and buf.startswith(b"OK", start):
            self.result(_OK, now)  # behind it was not CR LF
        else:
            if not plus:
                table = vendor.FINALS
                k = ring.find(table)
                if k >= 0 and len(table[k][0]) == n:
                    self.result(table[k][1], now)
                    return
            k = ring.find(vendor.URCS)
            if k >= 0:
                getattr(vendor, vendor.URCS[k][1])(self.user, ring.cursor)
            elif state == _WAIT and self.step[2] == b"" and not self.seen:
                ring.find(_ANY)
                if not self._answer(now):
                    self.unknown += 1
            else:
                self.unknown += 1

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        while True:
            state = self.state
            left = self.left
            if left > 0 and ticks_diff(now, self.heard_at) > _SILENCE_MS:
                self.damage(now)
                continue
            if state == _IDLE:
                return _SILENCE_MS if left > 0 else FOREVER
            if state == _PAUSE:
                if self.paused:
                    vendor = self.vendor
                    wait = vendor.FAST_MS if self.step[5] & _FAST else vendor.PAUSE_MS
                    wait -= ticks_diff(now, self.result_at)
                    if wait > 0:
                        return wait
                    self.paused = False
                self._send(now)
                continue
            if state == _PAYLOAD and self.out_pos == self.out_end:
                if self.load is not None or not self.user.payload(self):
                    self.state = _WAIT
                    self.quick = not self.stray
                    self.deadline = ticks_add(now, self.step[4])
                    continue
            if state == _QUIET:
                since = ticks_diff(now, self.heard_at)
                if since < _QUIET_MS and ticks_diff(now, self.deadline) < 0:
                    return _QUIET_MS - since
                wait = ticks_diff(self.sync_at, now)
                if wait > 0:
                    return wait
                self._probe(now)
                continue
            wait = ticks_diff(self.deadline, now)
            if wait > 0:
                return _SILENCE_MS if left > 0 and wait > _SILENCE_MS else wait
            if state == _ALMOST:
                self._rest()
                self.resyncs += 1
                self.user.back_in_step(now)
            elif state != _PROBE:
                self.timeouts += 1
                self._fail(_TIMEOUT, now)
            else:
                self.probes -= 1
                if self.probes > 0:
                    self._quiet(now)
                else:
                    self._rest()
                    self.user.silent(now)
