"""The modem's life, sans-IO: runs the table of `states`, feeds the command engine, serves sockets.

`Modem` (modem.py) hands it bytes and time, and puts what it decides on the wire: `engine.out`
to the UART, `pwrkey`, `dtr`, `reset` to the pins, `baud` to the UART. The vendor's module is
called by name only; what it learns from the module's answers it reports by the methods under
"what the vendor's handlers report".
"""

from uplink import errors, log
from uplink.at import Engine, codes
from uplink.at.line import put, put_int
from uplink.modem import ladder, socket, states
from uplink.modem.clock import seconds_since_2000
from uplink.modem.facts import Facts
from uplink.modem.files import Files
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# What the command engine is doing for us.
_NOTHING = const(0)
_STATE = const(1)  # the script of the state
_POLL = const(2)  # its poll script
_SOCKET = const(3)
_WATCH = const(4)  # supervision while online
_PING = const(5)
_AT = const(6)  # is anybody there?

_AT_EVERY_MS = const(500)
_PROBE_MS = const(3_000)  # at our baud rate; as long again for the other rates
_SETTINGS_MS = const(120_000)
_FILES_MS = const(120_000)
_SIM_MS = const(30_000)
_ATTACH_MS = const(160_000)
_CLOCK_MS = const(120_000)
_RUNG_MS = const(200_000)
_WATCH_MS = const(60_000)
_WATCH_SOON_MS = const(2_000)
_POLL_MS = const(2_000)
_SEARCH_LIMIT = const(4)  # supervisions that may find "searching" before registration is lost
_DARK_MS = const(100)  # STATUS must be low so long to be believed
_SEND_DOUBT_MS = const(2_000)  # a stray result so soon after a send puts the send in doubt
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

# States in which the module must be awake and answering.
_FIRST_UP = const(7)  # SETUP
_LAST_UP = const(15)  # WAKING


class Core:
    """`cfg` as in `app.config`; `vendor` a module of `uplink.modems`; `owner` is told `changed()`."""

    def __init__(self, cfg, vendor, ring, owner=None):
        self.cfg = cfg
        self.vendor = vendor
        self.owner = owner
        self.engine = Engine(ring, vendor, self)
        self.ladder = ladder.Ladder()
        self.facts = Facts()
        self.files = Files(self, cfg["tls"])
        self.sockets = []
        for cid in range(min(cfg["modem"]["sockets"], vendor.SOCKETS)):
            self.sockets.append(socket.Socket(self, cid))
        # outputs: True = the module's line is low (asserted)
        self.pwrkey = False
        self.dtr = True
        self.reset = False
        self.baud = cfg["uart"]["baud"]
        # which pins are wired; set by the owner
        self.has_pwrkey = False
        self.has_reset = False
        self.has_dtr = False
        self.has_status = False
        self.status = False
        self.dark_at = -1  # since when STATUS is low
        # the machine
        self.state = states.OFF
        self.entered_at = 0
        self.limit_ms = 0  # of the state; 0 = none
        self.wanted = False
        self.doing = _NOTHING
        self.active = None  # the socket that the engine works for
        self.turn = 0
        self.poll_at = 0  # when the state's poll script, or supervision, is due
        self.step_done = False  # the state's script has run to its end
        self.rung = -1  # chosen by the ladder, not yet taken
        self.rung_at = 0
        self.booted_at = 0
        self.searching = 0
        self.now = 0
        self.asked_bytes = 0
        self.got_bytes = 0
        self.reading = None
        self.form = 0  # which of the vendor's forms of the open command works
        self.form_failed = 0
        self.ping_host = b""
        self.online_since = 0
        # counters
        self.restarts = 0  # restarts of the module that we did not ask for
        self.downs = 0
        self.asked_restart = False

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

    def _look_at_clock(self):
        """What other tasks call comes between two polls: `now` is old by then."""
        if self.owner is not None:
            self.now = self.owner.now()

    # ---- the machine ------------------------------------------------------------------------

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
        if self.doing != _NOTHING:
            if self.doing == _SOCKET and self.active is not None:
                # what it was asked may have been done or not: its stream is in doubt
                self._close_broken(self.active, errors.CLOSED_LINK, now)
            self.doing = _NOTHING
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
        if not (states.ONLINE <= state <= states.WAKING and states.ONLINE <= before <= states.WAKING):
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
                self.doing = _STATE
                self._enter(states.RESTARTING, states.RESET)
                self.doing = _STATE
                self.engine.run(self.vendor.RESTART, now)
                return
        self.event(ladder.RUNGS[rung][0])

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
            if self.rung >= ladder.RESET or (self.engine.idle and self.doing == _NOTHING):
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
        if not self.engine.idle or self.doing != _NOTHING:
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
            self.doing = _AT
            self.engine.run(self.vendor.ALIVE, now)
            return True
        if state == states.FILES:
            script = self.files.next_script()
            if script is None:
                self.event(states.DONE)
            else:
                self.doing = _STATE
                self.engine.run(script, now)
            return True
        if not self.step_done and ticks_diff(now, self.poll_at) >= 0:
            for row in _SCRIPTS:
                if row[0] == state:
                    self.doing = _STATE
                    self.step_done = True
                    self.engine.run(getattr(self.vendor, row[1]), now)
                    return True
            self.step_done = True
        if state == states.ONLINE:
            return self._start_online(now)
        if ticks_diff(now, self.poll_at) >= 0 and self.rung < 0:
            if state == states.REGISTER:
                self.poll_at = ticks_add(now, _POLL_MS)
                self.doing = _POLL
                self.engine.run(self.vendor.REGISTER_POLL, now)
                return True
            if state == states.ATTACH:
                self.poll_at = ticks_add(now, _POLL_MS)
                self.doing = _POLL
                self.engine.run(self.vendor.ATTACH_POLL, now)
                return True
        return False

    def _hunt_baud(self, state, now):
        """At our rate first, for as long as the module may need; then the others, in turn."""
        ours_ms = _PROBE_MS if state == states.PROBE else self.vendor.BOOT_MS // 2
        since = ticks_diff(now, self.entered_at) - ours_ms
        if since >= 0:
            self.baud = _BAUDS[since // _AT_EVERY_MS % len(_BAUDS)]

    def _start_online(self, now):
        count = len(self.sockets)
        for i in range(count):
            s = self.sockets[(self.turn + i) % count]
            work = s.next_work(now)
            if work == socket.DO_OPEN and not self.facts.registered:
                continue  # supervision decides first whether there is a network
            if work:
                self.turn = (s.cid + 1) % count
                self._serve(s, work, now)
                return True
        if self.ping_host:
            self.doing = _PING
            self.engine.run(self.vendor.PING, now)
            return True
        if ticks_diff(now, self.poll_at) >= 0:
            self.poll_at = ticks_add(now, _WATCH_MS)
            self.doing = _WATCH
            self.facts.watched()
            self.engine.run(self.vendor.WATCH, now)
            return True
        if self._may_sleep(now):
            self.event(states.SLEEP)
            return True
        return False

    def _may_sleep(self, now):
        modem = self.cfg["modem"]
        if not modem["sleep"] or not self.has_dtr or self.rung >= 0:
            return False
        quiet_ms = modem["idle_sleep_s"] * 1000
        if ticks_diff(now, self.entered_at) < quiet_ms:
            return False
        for s in self.sockets:
            if s.state == socket.OPENING or s.state == socket.CLOSING:
                return False
            if s.state == socket.OPEN and ticks_diff(now, s.active_at) < quiet_ms:
                return False
        return True

    def _serve(self, s, work, now):
        vendor = self.vendor
        self.active = s
        self.doing = _SOCKET
        if work == socket.DO_READ:
            self.reading = s
            s.waiting = False
            s.reads += 1
            self.asked_bytes = self.facts.read_max or vendor.READ_MAX
            self.got_bytes = 0
            self.engine.run(vendor.READ, now)
        elif work == socket.DO_SEND:
            s.chunk = s.out_left if s.out_left < vendor.SEND_MAX else vendor.SEND_MAX
            self.engine.run(vendor.SEND, now)
        elif work == socket.DO_OPEN:
            if s.tls and not self._secure(s, now):
                return
            s.asked = True
            s.opened_at = now
            self.engine.run(vendor.OPEN, now)
        else:
            self.engine.run(vendor.CLOSE, now)

    def _secure(self, s, now):
        """Warn about weak settings; refuse to open without what verification needs."""
        tls = self.cfg["tls"]
        if tls["verify"] == "none":
            log.warn("modem", "TLS WITHOUT verification: tls.verify is none")
        elif not tls["ca"]:
            log.error("modem", "no CA to verify the server with: set tls.ca")
            self.doing = _NOTHING
            s.is_closed(errors.CLOSED_CERTIFICATE, now)
            return False
        if tls["version"] != "1.2":
            log.warn("modem", "TLS older than 1.2 allowed: tls.version is", tls["version"])
        if not tls["check_dates"]:
            log.warn("modem", "certificate dates are not checked: tls.check_dates is false")
        return True

    def _drop_sockets(self, now):
        for s in self.sockets:
            if s.state != socket.CLOSED and not (s.state == socket.OPENING and not s.asked):
                s.held = True
                s.is_closed(errors.CLOSED_LINK, now)

    def _due(self, now):
        """ms until `_step` has something to do by itself."""
        state = self.state
        if state == states.OFF:
            return FOREVER
        due = FOREVER
        if self.limit_ms:
            due = self.limit_ms - ticks_diff(now, self.entered_at)
        if self.rung >= 0 and self.doing == _NOTHING:
            wait = ticks_diff(self.rung_at, now)
            due = wait if wait < due else due
        if self.doing == _NOTHING:
            if state == states.ONLINE or state == states.PROBE or (
                states.RESTARTING <= state <= states.BOOT
                or state == states.SIM
                or state == states.REGISTER
                or state == states.ATTACH
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

    def _close_broken(self, s, reason, now):
        s.held = True
        s.is_closed(reason, now)

    def finished(self, result, now):
        """The script has ended."""
        doing = self.doing
        self.now = now
        self.doing = _NOTHING
        if doing == _SOCKET:
            s = self.active
            self.active = None
            reading = self.reading is s
            self.reading = None
            self._socket_done(s, reading, result, now)
        elif doing == _AT:
            if result == codes.OK:
                # answers to earlier tries may still come: get in step before anything is told
                self.engine.lost_step(now)
            else:
                self.engine.stop(codes.STOPPED, now)
        elif doing == _STATE:
            self._state_done(result, now)
        elif doing == _POLL:
            if result == codes.OK:
                self._poll_done()
        elif doing == _WATCH:
            self._watch_done(result, now)
        elif doing == _PING:
            self.ping_host = b""

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

    def _watch_done(self, result, now):
        facts = self.facts
        if result != codes.OK or self.state != states.ONLINE:
            return
        if not facts.sim_ready:
            self.event(states.NO_SIM)
        elif not facts.registered:
            self.searching += 1
            self.poll_at = ticks_add(now, _POLL_MS)
            if facts.stat == 3 or facts.stat == 0 or self.searching > _SEARCH_LIMIT:
                self.event(states.NO_NETWORK)
        elif not facts.address:
            self.event(states.NO_DATA)
        else:
            self.searching = 0
            self._missed_closes(now)

    def _missed_closes(self, now):
        """A connection that the module does not list as open any more has been closed."""
        for s in self.sockets:
            if s.state == socket.OPEN and not self.facts.listed & (1 << s.cid):
                if ticks_diff(now, s.opened_at) > _WATCH_SOON_MS:
                    s.is_closed(errors.CLOSED_PEER, now)

    def _socket_done(self, s, reading, result, now):
        if s.state == socket.CLOSING and not s.asked and not reading and not s.chunk:
            s.held = result != codes.OK
            s.is_closed(errors.CLOSED_LOCAL, now)
        elif s.state == socket.OPENING or (s.state == socket.CLOSING and s.asked):
            self._open_done(s, result, now)
        elif reading:
            self._read_done(s, result, now)
        elif s.chunk:
            if result == codes.OK:
                s.is_sent(now)
            else:
                # part of it may be queued: the stream cannot be continued
                log.warn("modem", "send failed", codes.name(result), s.cid)
                s.chunk = 0
                self._close_broken(s, errors.CLOSED_DAMAGED, now)
                self.poll_at = ticks_add(now, _WATCH_SOON_MS)
                if result != codes.DAMAGED:
                    self._climb(ladder.RETRY)

    def _open_done(self, s, result, now):
        if result == codes.OK:
            self.form_failed = 0
            if s.state == socket.CLOSING:
                s.asked = False  # closes with its own command now
            return  # opened, or the URC will tell
        if result == codes.ERROR and self.form_failed < self.vendor.FORMS - 1:
            # some firmwares take the command in another form
            self.form_failed += 1
            self.form = (self.form + 1) % self.vendor.FORMS
            s.asked = False
            return
        self.form_failed = 0
        self.open_failed(s, errors.CLOSED_TIMEOUT if result == codes.TIMEOUT else errors.CLOSED_LINK)

    def _read_done(self, s, result, now):
        if result != codes.OK:
            if s.state == socket.OPEN:
                if result == codes.TIMEOUT:
                    self._close_broken(s, errors.CLOSED_DAMAGED, now)
                else:
                    self._close_broken(s, errors.CLOSED_PEER, now)
            return
        if self.got_bytes == 0:
            s.rearm(now)
        elif self.got_bytes >= self.asked_bytes:
            s.waiting = True
        else:
            s.arm(now)

    def unasked(self, now):
        """A final result code that nothing was asked for: the module heard something else.

        If it was a send, its stream is not what we think it is.
        """
        self.now = now
        for s in self.sockets:
            if s.state == socket.OPEN and ticks_diff(now, s.sent_at) < _SEND_DOUBT_MS and s.sent:
                log.warn("modem", "the module did not hear what was sent, socket", s.cid)
                self._close_broken(s, errors.CLOSED_DAMAGED, now)

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

    # ---- what the vendor's handlers report --------------------------------------------------

    def restarted(self):
        """RDY."""
        if self.state != states.BOOT and self.state != states.RESTARTING and (
            not self.asked_restart
        ):
            self.restarts += 1
            log.warn("modem", "the module has restarted by itself")
        self.asked_restart = False
        self.event(states.READY)

    def boot_urc(self):
        """A URC that only follows a restart; `RDY` itself may have been missed."""
        if ticks_diff(self.now, self.booted_at) > self.vendor.BOOT_URCS_MS and (
            states.FILES <= self.state <= states.WAKING
        ):
            self.restarted()

    def powered_down(self):
        """NORMAL POWER DOWN and its relatives."""
        self.downs += 1
        self.event(states.DOWN)

    def registration(self, stat):
        """`<stat>` of 27.007: 1 home, 5 roaming, 2 searching, 0 given up, 3 denied, 4 unknown."""
        self.facts.stat = stat
        self.facts.registered = stat == 1 or stat == 5

    def packet_data(self, up):
        """There is an address, or there is none any more."""
        self.facts.address = up

    def hope(self):
        """SIM or network have come back: no need to wait until the long wait is over."""
        if self.state == states.WAITING:
            self.event(states.HOPE)

    def look(self):
        """A URC has changed registration or packet data: ask now, not at the next turn."""
        self.poll_at = self.now

    def sim(self, ready, locked):
        """The SIM's state; `locked`: it wants a PIN (or PUK) that we do not have."""
        self.facts.sim_ready = ready
        self.facts.sim_locked = locked
        if not ready and not locked and states.REGISTER <= self.state <= states.ONLINE:
            self.event(states.NO_SIM)

    def socket(self, cid):
        """The socket of a connection identifier, or None."""
        return self.sockets[cid] if 0 <= cid < len(self.sockets) else None

    def opened(self, s):
        """The module has connected."""
        s.is_open(self.now)

    def sent_count(self, s, n):
        """The module tells how many bytes it took with the last send."""
        if s.state == socket.OPEN and n != s.sent_last:
            log.warn("modem", "the module took another number of bytes", n, s.sent_last)
            self._close_broken(s, errors.CLOSED_DAMAGED, self.now)

    def open_failed(self, s, reason):
        """The module could not connect."""
        if s.state != socket.OPENING and not (s.state == socket.CLOSING and s.asked):
            return
        log.warn("modem", errors.closed_text(reason), s.cid)
        s.held = True
        s.asked = False
        s.is_closed(reason, self.now)
        if reason == errors.CLOSED_CERTIFICATE or reason == errors.CLOSED_TLS:
            self.files.doubtful = True
        if reason == errors.CLOSED_LINK:
            self.poll_at = self.now
        if reason != errors.CLOSED_CERTIFICATE and reason != errors.CLOSED_REFUSED:
            self._climb(ladder.RETRY)

    def peer_closed(self, s):
        """The connection is gone; what the module still held of it is lost."""
        if s.state == socket.OPENING and s.asked:
            return  # the open command's own result will come
        s.is_closed(errors.CLOSED_PEER, self.now)

    def network_time(self, year, month, day, hour, minute, second, quarters):
        """Local time and its offset in quarters of an hour; years since 2000."""
        if year < 24 or month < 1 or day < 1:
            return
        self.facts.clock_s = seconds_since_2000(year, month, day, hour, minute, second) - (
            quarters * 900
        )
        self.facts.clock_at = self.now
        if self.owner is not None:
            self.owner.clock_known()
