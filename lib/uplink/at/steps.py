"""One step of a script after the other: command line out, result code in."""

from uplink import exact, log
from uplink.at import codes
from uplink.at.resync import Resync
from uplink.port.ticks import ticks_add

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

_CAPACITY = const(192)  # longest command line


class Steps(Resync):
    """Base of `Engine`: runs scripts."""

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

    def drop(self, now):
        """End the script if its next command has not been sent yet (nobody wants it any more)."""
        if self.state == _PAUSE:
            self._rest()
            self.user.finished(codes.STOPPED, now)

    def lost_step(self, now):
        """Get back in step although no command timed out (the owner saw nonsense)."""
        self._resync(now)

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
        self.failed_command = name
        self.failed_result = result
        self.failed_cme = self.cme
        log.debug("at", codes.name(result), name, self.cme)
        if result == codes.TIMEOUT or result == codes.DAMAGED:
            self._resync(now)
        else:
            self._rest()
        self.user.finished(result, now)

    def damage(self, now):
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
