"""One AT command in flight: scripts of steps in, events out.

Sans-IO. The owner puts received bytes into the ring and calls `heard`, calls `poll(now)`, and
writes `out[out_pos:out_end]` to the UART (moving `out_pos`). A *script* is a constant tuple of
steps; a step is

    (when, command, response, handler, limit_ms, flags)

    when      0, or a number for `user.when(n)`: the step is passed over where that is False
    command   bytes, or a tuple of bytes and ints; an int is a variable: `user.put(n, line)`
    response  prefix of the information response; b"" any line; b">" the prompt; None
    handler   name of a function of the vendor's module, `f(user, cursor) -> verdict`, or None
    limit_ms  how long the final result code may take (from when the line stands in `out`; anew
              from the prompt, and from when the last piece of payload has been taken)
    flags     see `codes`

The vendor's module also has `URCS` ((prefix, handler) …), `FINALS` ((text, result) …),
`COUNTED` ((prefix, commas, handler) …: payload that begins inside a line; the handler returns
its length or -1), `PROBE` (command, response), `PAUSE_MS`, `FAST_MS`, `INPUT_MS`.

What is received is sorted in this order: prompt, counted payload, then whole lines: echo,
response of the step, final result code, URC, any line (response b""), unknown. A handler that
returns NOT_MINE passes its line on to the URCs. After a timeout or damage the engine is out of
step: a late answer may still come. It then waits for silence, sends PROBE, and takes up work
only when exactly the probe's own answer has come, and no other final result code after it.
"""

from uplink.at import codes
from uplink.at.reader import Reader
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# State: see `state`.
_IDLE = const(0)
_PAUSE = const(1)  # a command is due when the pause after the last result is over
_WAIT = const(2)  # command sent
_PAYLOAD = const(3)  # payload going out
_QUIET = const(4)  # out of step: waiting for silence
_PROBE = const(5)  # out of step: probe sent
_ALMOST = const(6)  # probe answered: no other result may come now

_SILENCE_MS = const(500)  # longest gap between the bytes of counted payload
_QUIET_MS = const(100)


class Engine(Reader):
    """Runs scripts of `vendor` for `user`; both are duck-typed (see the module's text).

    The owner also calls `run(script, now)` when `idle`, `stop(result, now)` and
    `lost_step(now)`; a handler may call `expect(n)`.
    """

    def heard(self, now):
        """Bytes have been put into the ring."""
        self.heard_at = now
        self._parse(now)

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        while True:
            state = self.state
            if self.left and ticks_diff(now, self.heard_at) > _SILENCE_MS:
                self.damage(now)
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
