"""The modem's life, sans-IO: runs the table of `states`, feeds the command engine, serves sockets.

`Modem` (modem.py) hands it bytes and time, and puts what it decides on the wire: `engine.out`
to the UART, `pwrkey`, `dtr`, `reset` to the pins, `baud` to the UART. The vendor's module is
called by name only; what it learns from the module's answers it reports by the methods of
`reports` and `service`.
"""

from uplink import errors, log
from uplink.at import codes
from uplink.at.line import put, put_int
from uplink.modem import doing, ladder, socket, states
from uplink.modem.reports import Reports
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_AT_EVERY_MS = const(500)
_POLL_MS = const(2_000)
_GIVEN_UP_MS = const(20_000)

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


class Core(Reports):
    """`cfg` as in `app.config`, `vendor` a module of `uplink.modems`, `owner` as `Modem` is."""

    # ---- what the owner calls -------------------------------------------------------------

    def start(self, now):
        """The modem is wanted: switch it on and keep it online."""
        self.now = now
        self.wanted = True
        self.event(states.START)

    def stop(self, now):
        """The modem is not wanted any more: switch it off."""
        self.now = now
        self.wanted = False
        self.event(states.STOP)

    def heard(self, now):
        """Bytes have been put into the ring."""
        self.now = now
        self.engine.heard(now)

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        self.now = now
        turns = 0
        while True:
            wait = self.engine.poll(now)
            turns += 1
            if turns > 16:
                return 0
            if self._step(now):
                continue
            break
        due = self._due(now)
        return wait if wait < due else due

    def wake(self):
        """A socket has work."""
        self._look_at_clock()
        if self.state == states.ASLEEP:
            self.event(states.WAKE)
        if self.owner is not None:
            self.owner.changed()

    @property
    def online(self):
        """True while sockets work."""
        return states.ONLINE <= self.state <= states.WAKING

    def ping(self, host):
        """Ask the module to ping `host` once online; the result is in `facts.ping_ms`."""
        self.ping_host = host
        self.facts.ping_ms = -1
        self.wake()

    def proved(self):
        """The far end answered: recovery may begin from the first rung again."""
        self._look_at_clock()
        self.ladder.proved(self.now)

    def doubt(self):
        """The far end did not answer over a connection that looks open."""
        self._look_at_clock()
        self._climb(ladder.REOPEN)

    # ---- one turn -----------------------------------------------------------------------------

    def _step(self, now):
        """Do one thing that is due; True when something was done."""
        state = self.state
        if state == states.OFF:
            return False
        if self.has_status and self._status_step(state, now):
            return True
        if self.rung >= 0 and ticks_diff(now, self.rung_at) >= 0:
            # a command in flight is let end: it does, by its limit at the latest
            strong = self.rung >= ladder.RESET and (self.rung != ladder.RESET or self.has_reset)
            strong = strong or not self.engine.in_step
            if strong or (self.engine.idle and self.doing == doing.NOTHING):
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
                s.is_closed(errors.CLOSED_TIMEOUT, now)
                self._climb(ladder.RETRY)
                return True
        if not self.engine.idle or self.doing != doing.NOTHING:
            return False
        return self._start_work(state, now)

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
        if ticks_diff(now, self.poll_at) >= 0 and self.rung < ladder.RESET:
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
        if state == states.ONLINE and self.doing == doing.NOTHING:
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

    def _refused_by_network(self):
        """Denied; or given up, which is what a module says too that has not begun to search."""
        stat = self.facts.stat
        return stat == 3 or (stat == 0 and ticks_diff(self.now, self.entered_at) > _GIVEN_UP_MS)

    def _poll_done(self):
        facts = self.facts
        if self.state == states.REGISTER:
            if facts.registered:
                self.event(states.DONE)
            elif self._refused_by_network():
                # denied, or the module gave up: only a new registration helps
                log.warn("modem", "registration denied or given up", facts.stat)
                self._climb(ladder.NETWORK)
        elif self.state == states.ATTACH:
            if facts.address:
                self.event(states.DONE)

    # ---- engine: what it asks of its user -----------------------------------------------------

    def when(self, condition):
        """Conditions of steps: see the vendor's tables."""
        return self.vendor.when(self, condition)

    def put(self, variable, line):
        """Variables of command lines; the numbers are the same for every vendor."""
        s = self.active
        sim = self.cfg["sim"]
        if variable == 1:  # CID
            put_int(line, s.cid)
        elif variable == 2:  # COUNT
            put_int(line, self.asked_bytes if self.reading is s else s.chunk)
        elif variable == 3:  # HOST
            return put(line, s.host)
        elif variable == 4:  # PORT
            put_int(line, s.port)
            s.asked = True  # from now on a result is this open's
        elif variable == 5:  # APN
            return put(line, sim["apn"] or self.facts.apn)
        elif variable == 6:  # APN user
            return put(line, sim["apn_user"] or b"")
        elif variable == 7:  # APN password
            return put(line, sim["apn_password"] or b"")
        elif variable == 8:  # PIN
            return put(line, sim["pin"])
        elif variable == 9:  # BAUD
            put_int(line, self.cfg["uart"]["baud"])
        elif variable == 10:  # NAME of the file in the module
            return put(line, self.files.name())
        elif variable == 11:  # SIZE of the file
            put_int(line, self.files.size)
        elif variable == 12:  # PING host
            return put(line, self.ping_host)
        elif variable == 13:  # server name for SNI
            return put(line, self.cfg["tls"]["server_name"] or s.host)
        else:
            return self.vendor.put(self, variable, line)
        return True

    def payload(self, engine):
        """The next piece of what goes out behind the prompt; False when all is out."""
        if self.state == states.FILES:
            return self.files.payload(engine)
        s = self.active
        if engine.out is s.out and engine.out_end == s.out_off + s.chunk:
            return False
        engine.out = s.out
        engine.out_pos = s.out_off
        engine.out_end = s.out_off + s.chunk
        return True

    def data(self, buf, off, n, now):
        """A piece of counted payload from the module."""
        if self.state == states.FILES:
            self.files.data(buf, off, n)
            return
        s = self.reading
        if s is not None:
            self.got_bytes += n
            s.received += n
            s.active_at = now
            if s.state == socket.OPEN and s.listener is not None:
                s.listener.received(buf, off, n, now)

    def data_end(self, good, now):
        """Payload has ended; not `good`: bytes were lost, the stream is not whole any more."""
        if self.state == states.FILES:
            if not good:
                self.files.damaged()
            return
        if not good and self.reading is not None:
            log.warn("modem", "bytes lost on the UART, socket", self.reading.cid)
            self._close_broken(self.reading, errors.CLOSED_DAMAGED, now)

    def finished(self, result, now):
        """The script has ended."""
        what = self.doing
        self.now = now
        self.doing = doing.NOTHING
        if what == doing.SOCKET:
            s = self.active
            self.active = None
            self.reading = None
            self._socket_done(s, result, now)
        elif what == doing.AT:
            if result == codes.OK:
                # answers to earlier tries may still come: get in step before anything is told
                self.engine.lost_step(now)
            else:
                self.engine.stop(codes.STOPPED, now)
        elif what == doing.STATE:
            self._state_done(result, now)
        elif what == doing.POLL:
            if result == codes.OK:
                self._poll_done()
        elif what == doing.WATCH:
            self._watch_done(result, now)
        elif what == doing.PING:
            self.ping_host = b""

    def silent(self, now):
        """The engine could not get back in step: the module does not talk."""
        self.now = now
        log.warn("modem", "the module does not answer")
        self.event(states.SILENT)

    def back_in_step(self, now):
        """The engine is in step again: nothing that was asked is still to be answered."""
        self.now = now
        state = self.state
        if state == states.PROBE or state == states.BOOT or state == states.RESTARTING:
            other = self.baud != self.cfg["uart"]["baud"]
            self.event(states.OTHER_BAUD if other else states.ALIVE)
