"""The machine of `states`: what entering a state does, how long it may last, the next rung."""

from uplink import errors, log
from uplink.at import codes
from uplink.modem import doing, ladder, socket, states
from uplink.modem.memory import Memory
from uplink.port.ticks import ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_AT_EVERY_MS = const(500)
_PROBE_MS = const(3_000)  # at our baud rate; as long again for the other rates
_SETTINGS_MS = const(120_000)
_FILES_MS = const(120_000)
_SIM_MS = const(30_000)
_ATTACH_MS = const(160_000)
_CLOCK_MS = const(120_000)
_RUNG_MS = const(200_000)
_WATCH_SOON_MS = const(2_000)
_RESTART_DARK_MS = const(6_000)  # STATUS may be low while it restarts
_DARK_MS = const(100)  # STATUS must be low so long to be believed
_FIRST_UP = const(7)  # SETUP
_LAST_UP = const(15)  # WAKING
_BAUDS = (115200, 9600, 57600, 38400, 19200)

# Limits of states in ms, where neither the configuration nor the vendor says otherwise.
_LIMITS = (
    (states.PROBE, 2 * _PROBE_MS),
    (states.REBAUD, 5_000),
    (states.SETUP, _SETTINGS_MS),
    (states.FILES, _FILES_MS),
    (states.SIM, _SIM_MS),
    (states.ATTACH, _ATTACH_MS),
    (states.CLOCK, _CLOCK_MS),
    (states.DETACH, _RUNG_MS),
    (states.REREGISTER, _RUNG_MS),
    (states.RADIO, _RUNG_MS),
)


class Machine(Memory):
    """Base of `Core`: changes the state."""

    def event(self, event):
        """Take an event of `states`; what has no row is ignored."""
        state = states.successor(self.state, event)
        if state < 0:
            return
        if event == states.STOP and not self.wanted and self.state == states.OFF:
            return
        self._enter(state, event)

    def _enter(self, state, event):
        now = self.now
        before = self.state
        log.info("modem", states.STATES[state], states.EVENTS[event])
        was_up = _FIRST_UP <= before <= _LAST_UP or before >= states.DETACH
        stays_up = _FIRST_UP <= state <= _LAST_UP
        if event == states.READY or (was_up and not stays_up) or state == states.ATTACH:
            self._drop_sockets(now)
        elif event == states.REOPEN:
            self._drop_older(now)
        if self.doing != doing.NOTHING:
            if self.doing == doing.SOCKET and self.active is not None:
                # what it was asked may have been done or not: its stream is in doubt
                self._close_broken(self.active, errors.CLOSED_LINK, now)
            self.doing = doing.NOTHING
            self.active = None
            self.reading = None
            if not self.engine.idle and self.engine.in_step:
                # an answer is still due: find the way back before anything else is asked
                self.engine.lost_step(now)
        if event == states.READY or event == states.DOWN or event == states.DARK:
            # what was asked will not be answered any more
            self.engine.stop(codes.RESTARTED, now)
        if event == states.READY:
            # … or still is, in front of the answer to what is asked next
            self.engine.lost_step(now)
            self.facts.restarted()
        if state == states.SETUP or before == states.RADIO:
            self.booted_at = now  # boot URCs may follow
        self.state = state
        self.entered_at = now
        self.step_done = False
        self.poll_at = now
        if before == states.ASLEEP:
            self.poll_at = ticks_add(now, self.vendor.WAKE_MS)  # DTR has just fallen
        if not (
            states.ONLINE <= state <= states.WAKING and states.ONLINE <= before <= states.WAKING
        ):
            self.rung = -1  # chosen for the state that is over
        self.limit_ms = self._limit(state)
        self._pins(state)
        if state == states.FILES:
            self.files.start()
        elif state == states.ONLINE and before != states.WAKING:
            self.searching = 0
            self.poll_at = ticks_add(now, _WATCH_SOON_MS)
        elif state == states.REGISTER:
            self.searching = 0
        if state == states.WAKING or state == states.ONLINE:
            for s in self.sockets:
                if s.state == socket.OPEN:
                    s.arm(now)
        if self.owner is not None:
            self.owner.changed()

    def _limit(self, state):
        vendor = self.vendor
        if state == states.PULSE:
            return vendor.PULSE_ON_MS
        if state == states.PULSE_OFF or state == states.HALT_PULSE:
            return vendor.PULSE_OFF_MS
        if state == states.RESETTING:
            return vendor.RESET_MS
        if state == states.RESTARTING or state == states.BOOT:
            return vendor.BOOT_MS
        if state == states.STOPPING or state == states.HALTING:
            return vendor.OFF_MS
        if state == states.FALLING:
            return vendor.OFF_MS
        if state == states.PAUSE:
            return vendor.OFF_PAUSE_MS
        if state == states.WAKING:
            return vendor.WAKE_MS
        if state == states.ASLEEP:
            # the module cannot announce data while its UART sleeps
            return self.cfg["modem"]["sleep_check_s"] * 1000
        if state == states.REGISTER:
            return self.cfg["modem"]["register_s"] * 1000
        if state == states.WAITING:
            return self.ladder.wait_ms
        for row in _LIMITS:
            if row[0] == state:
                return row[1]
        return 0

    def _pins(self, state):
        self.pwrkey = (
            state == states.PULSE or state == states.PULSE_OFF or state == states.HALT_PULSE
        )
        self.reset = state == states.RESETTING
        self.dtr = state != states.ASLEEP and state != states.OFF
        if state == states.PROBE or state == states.PULSE or state == states.RESETTING:
            self.baud = self.cfg["uart"]["baud"]

    def _climb(self, floor):
        """A failure: choose the next rung; it begins after the rung's pause."""
        if self.rung >= 0 or not self.wanted:
            return
        self.doubt_at = self.now
        rung = self.ladder.fail(floor)
        self.rung = rung
        self.rung_at = self.ladder.due(rung, self.now)
        log.warn("modem", "recovery", states.EVENTS[ladder.RUNGS[rung][0]], self.ladder.tries)

    def _take_rung(self, now):
        rung = self.rung
        self.rung = -1
        if rung >= ladder.RADIO:
            self.files.doubtful = True
        if rung == ladder.POWER and not self.has_pwrkey:
            rung = ladder.RESET  # switched off it could not be switched on again
        if rung == ladder.RESET and not self.has_reset:
            if self.engine.in_step and self.engine.idle:
                self.asked_restart = True
                self.event(states.COMMAND)
                self.doing = doing.STATE
                self.engine.run(self.vendor.RESTART, now)
                return
            if not self.has_pwrkey:
                self.event(states.SILENT)
                return
            rung = ladder.POWER
        self.event(ladder.RUNGS[rung][0])

    def _status_step(self, state, now):
        if self.status:
            self.dark_at = -1
            return False
        if self.dark_at < 0:
            self.dark_at = now
        if ticks_diff(now, self.dark_at) < _DARK_MS:
            return False
        if (
            state == states.PROBE
            or state == states.STOPPING
            or state == states.FALLING
            or state == states.HALTING
        ):
            self.event(states.DARK)
            return True
        if state == states.RESTARTING and ticks_diff(now, self.entered_at) > _RESTART_DARK_MS:
            self.event(states.DARK)
            return True
        if _FIRST_UP <= state <= _LAST_UP or states.DETACH <= state <= states.RADIO:
            self.downs += 1
            self.event(states.DOWN)
            return True
        return False

    def _missing_pin(self, state):
        if state == states.RESETTING:
            return not self.has_reset
        if state == states.PULSE and self.has_status and self.status:
            return True  # it is on: a pulse could only switch it off
        if state == states.PULSE or state == states.PULSE_OFF or state == states.HALT_PULSE:
            return not self.has_pwrkey
        return False

    def _hunt_baud(self, state, now):
        """At our rate first, for as long as the module may need; then the others, in turn."""
        ours_ms = _PROBE_MS if state == states.PROBE else self.vendor.BOOT_MS // 2
        since = ticks_diff(now, self.entered_at) - ours_ms
        if since >= 0:
            self.baud = _BAUDS[since // _AT_EVERY_MS % len(_BAUDS)]

    def _timer(self):
        """The limit of the state has passed."""
        state = self.state
        if state == states.BOOT:
            self._climb(ladder.POWER)
            self.entered_at = self.now
        elif state == states.WAITING and not self.has_pwrkey:
            self.event(states.SKIP)  # no power cycle can be had
        elif states.SETUP <= state <= states.CLOCK:
            log.warn("modem", "no progress in state", states.STATES[state])
            if state == states.REGISTER:
                self._climb(ladder.NETWORK)
            elif state == states.SIM:
                self._climb(ladder.RADIO)
            else:
                self._climb(ladder.RETRY)
            self.entered_at = self.now
        else:
            self.event(states.TIMER)
