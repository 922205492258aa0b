"""Power and pins: off, booting, on, going down, sleeping deeply; by the page's timings.

Timings (ms) that a page gives: `on_pulse`, `boot` (from the beginning of the pulse), `off_pulse`,
`down_min`, `down_max` (from the beginning of the pulse or the command), `pause` (after it is down,
before a pulse counts again), `reset_pulse`, `reset_boot`, `wake` (DTR low until the UART hears).

Some have more: `on_pulse_max` (the pulse that is long enough is drawn between the two),
`off_pulse_max` (a key that is held longer makes it boot again once it is down), `reset_pause`
(like `pause`, after RESET), `tune_min`, `tune_max` (from the UART until the baud rate is looked
for).
"""


class Power:
    """The power machine of a module."""

    def __init__(self, modem, timings):
        self.modem = modem
        self.timings = timings
        self.state = "off"  # off, booting, on, going_down, in_reset, deep
        self.status = False
        self.supply = True
        self.low = {"PWRKEY": None, "RESET": None}  # since when a line is low
        self.wedged = None  # None, "reset" or "power"
        self.not_before = 0
        self._key = None
        self._reset = None
        self._down = None
        self._wake = None
        self._held = None  # a key that is held very long
        self._again = False  # it boots again once it is down

    def us(self, name):
        return int(self.timings[name] * 1000 * self.modem.options.scale)

    def between(self, low, high):
        """Microseconds drawn between two timings; the first alone, or 0, where there is none."""
        if low not in self.timings:
            return 0
        least = self.us(low)
        if high not in self.timings:
            return least
        return least + self.modem.rng.randrange(max(1, self.us(high) - least))

    def pin(self, name, low, now_us):
        """PWRKEY or RESET changes."""
        since = self.low[name]
        if low == (since is not None):
            return
        timers = self.modem.timers
        self.low[name] = now_us if low else None
        if name == "PWRKEY":
            timers.cancel(self._key)
            timers.cancel(self._held)
            self._key = self._held = None
            if low:
                self._pressed(now_us)
        else:
            timers.cancel(self._reset)
            self._reset = None
            if low and self._can_reset():
                self._reset = timers.at(now_us + self.us("reset_pulse"), self._in_reset)
            elif not low and self.state == "in_reset":
                self._boot(now_us + self.us("reset_boot"))
            elif not low and self.state == "off":
                self.not_before = max(self.not_before, now_us + self.between("reset_pause", ""))

    def _pressed(self, now_us):
        timers = self.modem.timers
        if self.state in ("off", "deep"):
            if now_us >= self.not_before and self.supply and self.low["RESET"] is None:
                when = now_us + self.between("on_pulse", "on_pulse_max")
                self._key = timers.at(when, self._key_on, now_us)
        elif self.state == "on":
            self._key = timers.at(now_us + self.us("off_pulse"), self._key_off, now_us)
            if "off_pulse_max" in self.timings:
                self._held = timers.at(now_us + self.us("off_pulse_max"), self._key_held)

    def _key_held(self):
        if self.state == "going_down":
            self.modem.event("power", "PWRKEY held too long: boots again once it is down")
            self._again = True

    def _key_on(self, began_us):
        if self.supply and self.state in ("off", "deep"):
            self._boot(began_us + self.us("boot"))
            if self.modem.page.STATUS_EARLY:
                self.set_status(True)

    def _key_off(self, began_us):
        if self.state == "on":
            self.shut_down(began_us)

    def _can_reset(self):
        if self.modem.page.RESET_IS_OFF and self.state == "going_down":
            return True
        return self.state in ("on", "booting")

    def _in_reset(self):
        if self.wedged == "power":
            return
        self.wedged = None
        self.modem.event("power", "reset")
        if self.modem.page.RESET_IS_OFF:
            self._again = False
            self._off()
            self.modem.page.emergency_off(self.modem)
        else:
            self.dead("in_reset")

    def _boot(self, when_us):
        timers = self.modem.timers
        timers.cancel(self._wake)
        timers.cancel(self._down)
        self.state = "booting"
        self.modem.event("power", "booting")
        self._down = timers.at(when_us, self._up)

    def _up(self):
        self.state = "on"
        self.wedged = None
        self.set_status(True)
        if self.modem.page.HOLD_IS_OFF and self.low["PWRKEY"] is not None:
            now = self.modem.now
            self._key = self.modem.timers.at(now + self.us("off_pulse"), self._key_off, now)
        self.modem.started()

    def set_status(self, high):
        if self.status != high:
            self.status = high
            self.modem.event("status", "1" if high else "0")

    def shut_down(self, began_us, announce=True):
        """An orderly end: announced, then down after the module's own while."""
        modem = self.modem
        if announce and self.wedged is None:
            modem.page.power_down(modem)
        self.state = "going_down"
        modem.event("power", "going down")
        modem.closing()
        low, high = self.us("down_min"), self.us("down_max")
        when = began_us + low + modem.rng.randrange(max(1, high - low))
        self._down = modem.timers.at(max(when, modem.now), self._off)

    def _off(self):
        self.dead("off")
        self.wedged = None
        self.not_before = self.modem.now + self.us("pause")
        if self._again:
            self._again = False
            self._boot(self.not_before + self.us("boot"))

    def dead(self, state):
        """Everything stops: UART, radio, sockets, what was not saved."""
        timers = self.modem.timers
        timers.cancel(self._down)
        timers.cancel(self._key)
        timers.cancel(self._wake)
        self._down = self._key = self._wake = None
        self.state = state
        self.modem.event("power", state.replace("_", " "))
        self.modem.stopped()
        if state == "off":
            self.modem.faults.power_cycled()
        if state != "in_reset":
            self.set_status(False)

    def restart(self):
        """The module restarts by itself (command, crash)."""
        if self.state in ("on", "going_down"):
            self.dead("in_reset")
            self._boot(self.modem.now + self.us("reset_boot"))

    def brown_out(self):
        """The supply fails: off at once, without a word."""
        self.supply = False
        if self.state != "off":
            self.dead("off")
            self.modem.page.emergency_off(self.modem)

    def supply_back(self):
        """The supply is there again; the module stays off until PWRKEY."""
        self.supply = True
        self.not_before = self.modem.now

    def deep_sleep(self, for_us):
        """Power saving mode: off but for a timer (and PWRKEY)."""
        self.dead("deep")
        if for_us is not None:
            when = self.modem.now + for_us
            self._wake = self.modem.timers.at(when, self._boot, when + self.us("boot"))
