"""SIM, registration, packet data and the clock: what any module has, without a word of AT.

What happens is told to the page: `sim_changed`, `registration_changed`, `network_time`,
`pdp_changed`; the page makes its URCs of it.
"""

STOPPED, HOME, SEARCHING, DENIED, ROAMING = 0, 1, 2, 3, 5


class Radio:
    """The part of a module that talks to the network."""

    def __init__(self, modem):
        options = modem.options
        self.modem = modem
        self.card = options.sim  # what is in the holder: ready, pin, puk, absent
        self._removed = "ready"  # what was in the holder before it was taken out
        self.pin_tries = 3
        self.puk_tries = 10
        self.unlocked = False  # PIN entered since power-on
        self.sim_up = False  # the card has been read
        self.functional = False
        self.stat = STOPPED
        self.selection = 0  # AT+COPS mode: 0 automatic, 1 manual, 2 deregistered
        self.coverage = True
        self.denied = False
        self.attached = False
        self.active = False
        self.activating = None
        self.address = "0.0.0.0"
        self.data_blocked = False
        self.cell = ("2F3B", "01A2D003")
        self._search = None
        start = options.rtc_unix_s
        self._clock = (modem.page.CLOCK_UNIX_S if start is None else start, modem.now)
        self.zone = 0
        self._addresses = 0

    # clock

    def unix(self):
        """The module's own clock, UTC, in seconds."""
        base, at = self._clock
        return base + (self.modem.now - at) / 1e6

    def set_clock(self, unix_s, zone):
        self._clock = (unix_s, self.modem.now)
        self.zone = zone

    def network_unix(self):
        """What the network's clock says."""
        return self.modem.options.unix_s + self.modem.now / 1e6

    # SIM

    def sim_state(self):
        """One of: ready, pin, puk, absent, busy."""
        if self.card == "absent":
            return "absent"
        if not self.sim_up:
            return "busy"
        if self.card == "pin":
            return "ready" if self.unlocked else "pin"
        return self.card

    def enter_pin(self, pin) -> bool:
        if pin == self.modem.options.sim_pin:
            self.pin_tries = 3
            self.unlocked = True
            self.modem.page.sim_changed(self.modem)
            self.search()
            return True
        self.pin_tries -= 1
        if self.pin_tries <= 0:
            self.card = "puk"
        return False

    def enter_puk(self, puk, new_pin) -> bool:
        if puk == self.modem.options.sim_puk:
            self.modem.options.sim_pin = new_pin
            self.card = "pin"
            self.pin_tries, self.puk_tries = 3, 10
            self.unlocked = True
            self.modem.page.sim_changed(self.modem)
            self.search()
            return True
        self.puk_tries -= 1
        return False

    def remove_sim(self):
        if self.card != "absent":
            self._removed = self.card
            self.card = "absent"
            self.unlocked = False
            if self.functional:
                self.sim_up = False
                self.modem.page.sim_changed(self.modem)
                self.leave(STOPPED)

    def insert_sim(self):
        if self.card == "absent":
            self.card = self._removed
            if self.functional:
                self.modem.after_ms(self.modem.options.sim_ready_ms, self._sim_read)

    # life

    def start(self):
        """Full functionality: read the SIM, then look for a network."""
        self.functional = True
        self.modem.after_ms(self.modem.options.sim_ready_ms, self._sim_read)

    def _sim_read(self):
        if not self.functional:
            return
        self.sim_up = self.card != "absent"
        self.modem.page.sim_changed(self.modem)
        if self.sim_state() == "ready":
            self.search()

    def stop(self, tell=True):
        """Minimum functionality (AT+CFUN=0), or power gone (tell=False)."""
        self.functional = False
        self.sim_up = False
        if tell:
            self.leave(STOPPED)
        else:
            self.unlocked = False
            self.modem.timers.cancel(self._search)
            self._search = self.activating = None
            self.stat = STOPPED
            self.selection = 0
            self.attached = self.active = False
            self.address = "0.0.0.0"

    # registration

    def registered(self):
        return self.stat in (HOME, ROAMING)

    def _set_stat(self, stat):
        if stat != self.stat:
            self.stat = stat
            self.modem.event("radio", f"registration {stat}")
            self.modem.page.registration_changed(self.modem)

    def search(self):
        """Look for a network, if the SIM, AT+CFUN and AT+COPS allow it."""
        modem = self.modem
        modem.timers.cancel(self._search)
        self._search = None
        if not self.functional or self.selection == 2 or self.sim_state() != "ready":
            return
        if self.registered():
            return
        self._set_stat(SEARCHING)
        options = modem.options
        if not self.coverage:
            self._search = modem.after_ms(options.give_up_ms, self._gave_up)
            return
        ms = options.register_ms * modem.page.search_factor(modem)
        ms += modem.rng.random() * options.register_jitter_ms
        self._search = modem.after_ms(ms, self._answered)

    def _answered(self):
        if self.denied:
            self._set_stat(DENIED)
            return
        if not self.coverage:
            self.search()
            return
        self.attached = True
        self._set_stat(ROAMING if self.modem.options.roaming else HOME)
        self.modem.page.network_time(self.modem)

    def _gave_up(self):
        self._set_stat(STOPPED)

    def leave(self, stat):
        """Out of the network (deregistered, lost, denied, SIM gone)."""
        self.modem.timers.cancel(self._search)
        self._search = None
        self.drop_data()
        self.attached = False
        self._set_stat(stat)

    def select(self, mode):
        """AT+COPS=<mode>: 2 leaves the network, 0 and 1 look for one again."""
        self.selection = mode
        if mode == 2:
            self.leave(STOPPED)
        else:
            self.search()

    def lose(self, denied=False):
        """The network is gone, or throws us out."""
        if denied:
            self.denied = True
            if self.registered() or self.stat == SEARCHING:
                self.leave(DENIED)
        else:
            self.coverage = False
            if self.registered():
                self.leave(SEARCHING)
                self.search()

    def find(self):
        """Coverage is back and nobody is denied (who was denied must ask again)."""
        self.coverage = True
        was, self.denied = self.denied, False
        if not was and self.stat == SEARCHING:
            self.search()

    # packet data

    def activate(self, apn, done):
        """Ask for an address; done(True or False) later."""
        modem = self.modem

        def answer():
            self.activating = None
            wanted = modem.options.apn
            good = self.registered() and self.attached and not self.data_blocked
            if good and (not wanted or apn == wanted):
                self.active = True
                self._addresses += 1
                head, _, tail = modem.options.address.rpartition(".")
                number = (int(tail) + self._addresses - 1 - 1) % 254 + 1
                self.address = f"{head}.{number}"
                modem.page.pdp_changed(modem, True)
                modem.event("radio", "packet data active")
                done(True)
            else:
                modem.page.pdp_changed(modem, False)
                done(False)

        self.activating = modem.after_ms(modem.options.activate_ms, answer)

    def drop_data(self):
        """Packet data ends: sockets close, the address is gone."""
        self.modem.timers.cancel(self.activating)
        self.activating = None
        if self.active:
            self.active = False
            self.address = "0.0.0.0"
            self.modem.event("radio", "packet data dropped")
            self.modem.sockets.lost()
            self.modem.page.pdp_changed(self.modem, False)
