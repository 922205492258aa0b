"""The machine of `states` at work: what entering a state does, when it ends, what comes next."""

from uplink import errors, log
from uplink.at import codes
from uplink.modem import doing, ladder, socket, states
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

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
_POLL_MS = const(2_000)
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

# The vendor's script that a state runs when it is entered.
_SCRIPTS = (
    (states.REBAUD, "REBAUD"),
    (states.SETUP, "SETUP"),
    (states.SIM, "SIM"),
    (states.REGISTER, "REGISTER"),
    (states.ATTACH, "ATTACH"),
    (states.CLOCK, "CLOCK"),
    (states.DETACH, "DETACH"),
    (states.REREGISTER, "REREGISTER"),
    (states.RADIO, "RADIO"),
    (states.STOPPING, "SWITCH_OFF"),
    (states.HALTING, "SWITCH_OFF"),
)


class Machine:
    """Part of `Core`."""

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
            self._drop_sockets(now)
        if self.doing != doing.NOTHING:
            if self.doing == doing.SOCKET and self.active is not None:
                # what it was asked may have been done or not: its stream is in doubt
                self._close_broken(self.active, errors.CLOSED_LINK, now)
            self.doing = doing.NOTHING
            self.active = None
            self.reading = None
            if event == states.READY or not stays_up:
                self.engine.stop(codes.RESTARTED, now)
            elif not self.engine.idle and self.engine.in_step:
                # an answer is still due: find the way back before anything else is asked
                self.engine.lost_step(now)
        if event == states.READY:
            # an answer to what was asked before it was up may still come
            self.engine.lost_step(now)
            self.booted_at = now
            self.facts.restarted()
            for s in self.sockets:
                s.held = False
        self.state = state
        self.entered_at = now
        self.step_done = False
        self.poll_at = now
        if not (
            states.ONLINE <= state <= states.WAKING and states.ONLINE <= before <= states.WAKING
        ):
            self.rung = -1  # chosen for the state that is over
        self.limit_ms = self._limit(state)
        self._pins(state)
        if state == states.FILES:
            self.files.start()
        elif state == states.ONLINE and before != states.WAKING:
            self.online_since = now
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
        if state == states.PULSE_OFF:
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
        self.pwrkey = state == states.PULSE or state == states.PULSE_OFF
        self.reset = state == states.RESETTING
        self.dtr = state != states.ASLEEP and state != states.OFF
        if state == states.PROBE or state == states.PULSE or state == states.RESETTING:
            self.baud = self.cfg["uart"]["baud"]

    def _timer(self):
        """The limit of the state has passed."""
        state = self.state
        if state == states.BOOT:
            self._climb(ladder.POWER)
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

    def _climb(self, floor):
        """A failure: choose the next rung; it begins after the rung's pause."""
        if self.rung >= 0 or not self.wanted:
            return
        rung = self.ladder.fail(floor)
        self.rung = rung
        self.rung_at = self.ladder.due(rung, self.now)
        log.warn("modem", "recovery", states.EVENTS[ladder.RUNGS[rung][0]], self.ladder.tries)

    def _take_rung(self, now):
        rung = self.rung
        self.rung = -1
        if rung >= ladder.RADIO:
            self.files.doubtful = True
        if rung == ladder.RESET and not self.has_reset:
            if self.engine.in_step and self.engine.idle:
                self.asked_restart = True
                self.doing = doing.STATE
                self._enter(states.RESTARTING, states.RESET)
                self.doing = doing.STATE
                self.engine.run(self.vendor.RESTART, now)
                return
        self.event(ladder.RUNGS[rung][0])

    def _step(self, now):
        """Do one thing that is due; True when something was done."""
        state = self.state
        if state == states.OFF:
            return False
        if self.has_status and self._status_step(state, now):
            return True
        if self.rung >= 0 and ticks_diff(now, self.rung_at) >= 0:
            # a command in flight is let end: it does, by its limit at the latest
            if self.rung >= ladder.RESET or (self.engine.idle and self.doing == doing.NOTHING):
                self._take_rung(now)
                return True
        if self._missing_pin(state):
            self.event(states.SKIP)
            return True
        if self.limit_ms and ticks_diff(now, self.entered_at) >= self.limit_ms:
            self._timer()
            return True
        for s in self.sockets:
            if s.overdue(now):
                log.warn("modem", "open never ended, socket", s.cid)
                s.held = True
                s.is_closed(errors.CLOSED_TIMEOUT, now)
                self._climb(ladder.RETRY)
                return True
        if not self.engine.idle or self.doing != doing.NOTHING:
            return False
        return self._start_work(state, now)

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
        if state == states.RESTARTING and self.step_done:
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
        if state == states.PULSE or state == states.PULSE_OFF:
            return not self.has_pwrkey
        return False

    def _start_work(self, state, now):
        """The engine is free: start the script that is needed most. True when one began."""
        if state == states.PROBE or state == states.BOOT or state == states.RESTARTING:
            if ticks_diff(now, self.poll_at) < 0:
                return False
            self.poll_at = ticks_add(now, _AT_EVERY_MS)
            self._hunt_baud(state, now)
            self.doing = doing.AT
            self.engine.run(self.vendor.ALIVE, now)
            return True
        if state == states.FILES:
            script = self.files.next_script()
            if script is None:
                self.event(states.DONE)
            else:
                self.doing = doing.STATE
                self.engine.run(script, now)
            return True
        if not self.step_done and ticks_diff(now, self.poll_at) >= 0:
            for row in _SCRIPTS:
                if row[0] == state:
                    self.doing = doing.STATE
                    self.step_done = True
                    self.engine.run(getattr(self.vendor, row[1]), now)
                    return True
            self.step_done = True
        if state == states.ONLINE:
            return self._start_online(now)
        if ticks_diff(now, self.poll_at) >= 0 and self.rung < 0:
            if state == states.REGISTER:
                self.poll_at = ticks_add(now, _POLL_MS)
                self.doing = doing.POLL
                self.engine.run(self.vendor.REGISTER_POLL, now)
                return True
            if state == states.ATTACH:
                self.poll_at = ticks_add(now, _POLL_MS)
                self.doing = doing.POLL
                self.engine.run(self.vendor.ATTACH_POLL, now)
                return True
        return False

    def _hunt_baud(self, state, now):
        """At our rate first, for as long as the module may need; then the others, in turn."""
        ours_ms = _PROBE_MS if state == states.PROBE else self.vendor.BOOT_MS // 2
        since = ticks_diff(now, self.entered_at) - ours_ms
        if since >= 0:
            self.baud = _BAUDS[since // _AT_EVERY_MS % len(_BAUDS)]

    def _due(self, now):
        """ms until `_step` has something to do by itself."""
        state = self.state
        if state == states.OFF:
            return FOREVER
        due = FOREVER
        if self.limit_ms:
            due = self.limit_ms - ticks_diff(now, self.entered_at)
        if self.rung >= 0 and self.doing == doing.NOTHING:
            wait = ticks_diff(self.rung_at, now)
            due = wait if wait < due else due
        if self.doing == doing.NOTHING:
            if (
                state == states.ONLINE
                or state == states.PROBE
                or (
                    states.RESTARTING <= state <= states.BOOT
                    or state == states.SIM
                    or state == states.REGISTER
                    or state == states.ATTACH
                )
            ):
                wait = ticks_diff(self.poll_at, now)
                due = wait if wait < due else due
            if state == states.ONLINE and self.cfg["modem"]["sleep"]:
                due = due if due < 1000 else 1000
        if state == states.ONLINE:
            for s in self.sockets:
                wait = s.due(now)
                due = wait if wait < due else due
        return due if due > 0 else 1

    def _state_done(self, result, now):
        state = self.state
        if state == states.FILES:
            self.files.done(result)
            if self.files.failed:
                self.files.failed = False
                self._climb(ladder.RETRY)
                self.files.start()
            return
        if state == states.STOPPING or state == states.HALTING:
            if result == codes.OK:
                self.event(states.DONE)
            return
        if state == states.REBAUD:
            self.baud = self.cfg["uart"]["baud"]
            self.event(states.DONE)
            return
        if state == states.RESTARTING:
            return
        if result != codes.OK:
            if states.DETACH <= state <= states.RADIO:
                self.event(states.DONE)
            else:
                self._state_failed(state, result, now)
            return
        if state == states.REGISTER or state == states.ATTACH:
            self._poll_done()
        elif state == states.SIM:
            if self.facts.sim_ready:
                self.event(states.DONE)
            else:
                self._state_failed(state, result, now)
        elif state == states.CLOCK:
            if self.facts.clock_s or not self.clock_needed():
                self.event(states.DONE)
            else:
                log.warn("modem", "the network gave no time: certificates cannot be checked")
                self._climb(ladder.RETRY)
        else:
            self.event(states.DONE)

    def clock_needed(self):
        """True when certificates' dates will be checked."""
        tls = self.cfg["tls"]
        return self.cfg["broker"]["tls"] and tls["verify"] != "none" and tls["check_dates"]

    def _state_failed(self, state, result, now):
        log.warn("modem", codes.name(result), states.STATES[state], self.engine.cme)
        if state != states.SIM:
            self._climb(ladder.RETRY)
        elif self.facts.sim_locked:
            log.error("modem", "SIM locked: check sim.pin; it is not tried again")
            self._climb(ladder.WAIT)
        else:
            # busy after a start, or not there: ask again until the state's limit
            self.step_done = False
            self.poll_at = ticks_add(now, _POLL_MS)

    def _poll_done(self):
        facts = self.facts
        if self.state == states.REGISTER:
            if facts.registered:
                self.event(states.DONE)
            elif facts.stat == 3 or facts.stat == 0:
                # denied, or the module gave up: only a new registration helps
                log.warn("modem", "registration denied or given up", facts.stat)
                self._climb(ladder.NETWORK)
        elif self.state == states.ATTACH:
            if facts.address:
                self.event(states.DONE)
