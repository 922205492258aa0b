"""The recovery ladder of `states`: the next rung after a failure, and what taking it means."""

from uplink import log
from uplink.modem.states import LADDER, RUNGS, const
from uplink.port.ticks import ticks_add

# Of states.
_SETUP = const(7)
_ATTACH = const(11)
_SILENT = const(10)
_RETRY = const(17)
_RESET = const(22)
_COMMAND = const(0)

# Rungs of the ladder.
_R_RETRY = const(0)
_R_RADIO = const(4)
_R_RESET = const(5)
_R_POWER = const(6)
_R_WAIT = const(7)

_DOING_STATE = const(1)

_S_RESTART = const(66)  # the vendor's script #B

_CUTS = const(18)  # of vendor.NUMBERS
_LATER_S = const(19)
_WAITS = const(24)
_BOOT_MS = const(3)
_DEAF = const(6)  # turns: four words had no answer (the automatic baud rate may take three)

_WAIT_MS = const(60_000)  # the first long wait; it doubles
_WAIT_LIMIT_MS = const(3_600_000)
_PATIENCE = const(3)


# mypy: disable-error-code="attr-defined,has-type"
class Ladder:
    """Base of `Machine`, which has all that is remembered here."""

    def reset_wired(self):
        """4 where RESET restarts the module; not where it only cuts the power."""
        return 0 if self.vendor.NUMBERS[_CUTS] else self.wired & 4

    def climb(self, floor):
        """A failure: choose the next rung, `floor` or above; it begins after the rung's pause."""
        if self.rung >= 0 or not self.wanted:
            return
        now = self.now
        self.doubt_at = now
        self.proved_at = -1
        rung = self.stands
        if self.patience and self.phase == _ATTACH and floor <= _R_RETRY:
            self.patience -= 1
            self.used[_R_RETRY] += 1
            self.rung = _R_RETRY
            self.rung_at = ticks_add(now, self.vendor.NUMBERS[_LATER_S] * 1000)
            log.warn("modem", "packet data: tried again later", self.patience)
            return
        if rung < floor:
            rung = floor
            self.tries = 0
        while self.tries >= LADDER[2 * rung] - 48:
            # after the long wait: power cycle, then wait again, longer
            rung = rung + 1 if rung < _R_WAIT else _R_POWER
            self.tries = 0
        if rung < floor:
            rung = floor
        if rung == _R_WAIT:
            self.wait_ms = min(2 * self.wait_ms or _WAIT_MS, _WAIT_LIMIT_MS)
        self.tries += 1
        self.used[rung] += 1
        self.stands = rung
        self.rung = rung
        self.rung_at = ticks_add(now, (LADDER[2 * rung + 1] - 48) * 1000)
        log.warn("modem", "recovery", RUNGS[rung], self.tries)

    def unsent(self):
        """A send or an upload has ended. True where nothing tells how: the module may wait for
        payload for good, and can be switched off by a pin; what it is told now would be data.
        """
        if self.engine.in_step or not self.wired & 1 or not self.vendor.NUMBERS[_WAITS]:
            return False
        self.rung = -1
        self.climb(_R_POWER)
        return True

    def warm(self, now):
        """The module was on before this program, and may wait for the rest of what the one before
        was sending: it would send our words as that. True where nothing is said now.
        """
        self.words += 1
        words = self.words
        numbers = self.vendor.NUMBERS
        pause = 0
        if not numbers[_WAITS]:
            if words == 1:
                pause = self.vendor.INPUT_MS  # then it gives up
        elif self.wired & 1:
            if words == 2:
                pause = numbers[_BOOT_MS]  # it may be starting
            elif words == _DEAF:
                log.warn("modem", "on, and deaf")
                self.event(_RETRY + _R_POWER)
                self.event(_SILENT)  # not by a command
                return True
        if not pause:
            return False
        self.poll_at = self.since = ticks_add(now, pause)
        return True

    def take(self, rung, state, now):
        """The pause before the chosen rung is over; False when nothing was done."""
        engine = self.engine
        self.rung = -1
        if rung >= _R_RADIO:
            self.files.doubtful = True
        if rung >= _R_RESET and state == _ATTACH and self.vendor.NUMBERS[_LATER_S]:
            self.patience = _PATIENCE
        if rung == _R_POWER:
            if not self.wired & 1:
                rung = _R_RESET  # switched off it could not be switched on again
            elif self.wired & 4 and not self.reset_wired() and state < _SETUP and self.tries > 1:
                # mute, and switched off as it should it stayed so: the last resort
                log.warn("modem", "emergency off")
                self.event(_RESET)
                return True
        if rung == _R_RESET and not self.reset_wired():
            if engine.in_step and engine.idle:
                self.asked_restart = True
                self.event(_COMMAND)
                return self.run(_S_RESTART, _DOING_STATE, now)
            rung = _R_POWER if self.wired & 1 else _SILENT - _RETRY
        self.event(_RETRY + rung)
        if rung == _R_POWER and not engine.in_step and self.vendor.NUMBERS[_WAITS]:
            self.event(_SILENT)  # not by a command, which could become payload
        return True
