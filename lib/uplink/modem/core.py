"""The modem, sans-IO: feeds the command engine, serves sockets, supervises, reports.

`Modem` (modem.py) sets `now`, hands bytes to `engine.heard` and calls `poll`; it puts on the wire
what is decided here: `engine.out` and `baud` to the UART, `pins` to the pins. The vendor's
handlers set the facts and call what stands under *reports*.
"""

from uplink import exact, log
from uplink.at import codes
from uplink.modem.machine import Machine
from uplink.modem.states import STATES, const
from uplink.port.ticks import ticks_add, ticks_diff

# Of states.
_PROBE = const(1)
_REBAUD = const(2)
_RESTARTING = const(4)
_BOOT = const(6)
_SETUP = const(7)
_FILES = const(8)
_SIM = const(9)
_REGISTER = const(10)
_ATTACH = const(11)
_CLOCK = const(12)
_ONLINE = const(13)
_WAKING = const(15)
_DETACH = const(16)
_RADIO = const(18)
_STOPPING = const(19)
_HALTING = const(24)
_ALIVE = const(4)
_READY = const(5)
_DONE = const(9)
_SILENT = const(10)
_OTHER_BAUD = const(11)
_NO_SIM = const(12)
_NO_NETWORK = const(13)
_NO_DATA = const(14)
_SLEEP = const(15)
_RETRY = const(17)

# Of machine: rungs of the ladder.
_R_RETRY = const(0)
_R_NETWORK = const(3)
_R_RESET = const(5)
_R_WAIT = const(7)

_OPEN = const(2)
_DO_OPEN = const(1)
_DO_SEND = const(2)
_DO_READ = const(3)

_STOPPED = const(11)

_PEER = const(1)
_TLS = const(6)
_CERTIFICATE = const(7)
_DAMAGE = const(8)
_UNOPENED = const(10)

_DOING_STATE = const(1)  # the script of the state
_DOING_POLL = const(2)  # its poll script
_DOING_SOCKET = const(16)  # … and what: _DO_
_DOING_READ = const(19)
_DOING_WATCH = const(4)  # supervision while online
_DOING_PING = const(5)
_DOING_AT = const(6)  # is anybody there?

# The vendor's scripts by letter: those of states, from a on, their poll scripts from A on;
_S_STATES = const(97)
_S_POLLS = const(65)
# and those that have no state of their own.
_S_ALIVE = const(65)  # A
_S_CLOSE = const(67)  # C
_S_PING = const(80)  # P
_S_OPEN = const(79)  # O
_S_WATCH = const(87)  # W

_BOOT_URCS_MS = const(4)

_AT_EVERY_MS = const(500)
_POLL_MS = const(2_000)
_GIVEN_UP_MS = const(20_000)
_WATCH_SOON_MS = const(2_000)
_WATCH_MS = const(60_000)
_SEARCH_LIMIT = const(4)  # supervisions that may find "searching" before registration is lost
_SEND_DOUBT_MS = const(2_000)  # a stray result so soon after a send puts the send in doubt
_BAUDS = (115200, 9600, 57600, 38400, 19200)


class Core(Machine):
    """What the modem does in its states."""

    # ---- what the owner and the sockets call --------------------------------------------------

    def poll(self, now):
        """Do what is due. Returns ms until the next call is needed at the latest."""
        self.now = now
        turns = 0
        while turns < 16:
            wait = self.engine.poll(now)
            turns += 1
            if self.doing > _DOING_SOCKET and self.rung < 0 and self.status:
                return wait  # a socket's command: nothing else is due before it ends
            if not self._step(now):
                due = self._due(now)
                return wait if wait < due else due
        return 0

    def ping(self, host):
        """Ping `host` (bytes) through the module once online; the result is in `ping_ms`."""
        self.ping_host = host
        self.ping_ms = -1
        self.wake()  # type: ignore[attr-defined]

    def rssi_dbm(self):
        """Received signal strength in dBm (27.007: -113 + 2 per step), 0 when unknown."""
        return 0 if self.rssi > 31 else 2 * self.rssi - 113

    # ---- the engine is free ------------------------------------------------------------------

    def work(self, state, now, since):
        """The engine is free: start the script that is needed most. True when one began."""
        due = ticks_diff(now, self.poll_at) >= 0
        if state == _ONLINE:
            return self._online(now, due)
        if state == _PROBE or state == _BOOT or state == _RESTARTING:
            if due and state == _PROBE and self.status == 1 and self.warm(now):
                return True
            if due:
                self.poll_at = ticks_add(now, _AT_EVERY_MS)
                # at our rate first, for as long as the module may need; then the others, in turn
                since -= self.limit // 2
                if since >= 0:
                    self.baud = _BAUDS[since // _AT_EVERY_MS % 5]
                self.run(_S_ALIVE, _DOING_AT, now)
            return due
        if state == _FILES:
            script = self.files.script()
            if not script:
                self.event(_DONE)
            else:
                self.run(script, _DOING_STATE, now)
            return True
        if not due:
            return False
        if not self.step_done:
            # the script with the state's letter
            self.step_done = True
            script = _STOPPING if state == _HALTING else state
            return self.run(_S_STATES + script, _DOING_STATE, now)
        if (state == _REGISTER or state == _ATTACH) and self.rung < _R_RESET:
            self.poll_at = ticks_add(now, _POLL_MS)
            return self.run(_S_POLLS + state, _DOING_POLL, now)
        return False

    # ---- online: sockets in turn, supervision, sleep -----------------------------------------

    def _online(self, now, due):
        count = len(self.sockets)
        turn = self.turn
        for _ in range(count):
            s = self.sockets[turn]
            turn = turn + 1 if turn + 1 < count else 0
            work = s.next_work(now)
            # (supervision decides first whether there is a network)
            if work and (work != _DO_OPEN or self.registered):
                self.turn = turn
                self.serve(s, work, now)
                return True
        if (self.refused == _CERTIFICATE or self.refused == _TLS) and not self.checked:
            self.files.check()
            return True
        if self.ping_host:
            return self.run(_S_PING, _DOING_PING, now)
        if due:
            self.poll_at = ticks_add(now, _WATCH_MS)
            self.listed = 0
            return self.run(_S_WATCH, _DOING_WATCH, now)
        # asleep, where nothing has moved for a while
        modem = self.cfg["modem"]
        quiet_ms = modem["idle_sleep_s"] * 1000
        sleep = modem["sleep"] and self.wired & 2 and self.rung < 0
        if sleep and ticks_diff(now, self.since) >= quiet_ms:
            for s in self.sockets:
                if s.state == _OPEN:
                    sleep = sleep and ticks_diff(now, s.active_at) >= quiet_ms
                elif s.state:
                    sleep = False
            if sleep:
                self.event(_SLEEP)
                return True
        return False

    def serve(self, s, work, now):
        """The engine is free: do what socket `s` needs (a _DO_)."""
        vendor = self.vendor
        if work == _DO_OPEN:
            s.number(vendor.NUMBERS)
            if s.tls and not self.security.may_open(s):
                self.refused = _UNOPENED
                s.is_closed(_UNOPENED, now)
                return
        self.active = s
        self.doing = _DOING_SOCKET + work
        if work == _DO_SEND:
            n = s.out_left
            if n > self.send_max:
                n = self.send_max
            s.chunk = n
            script = vendor.SEND if s.tls else vendor.SEND_PLAIN
            self.engine.transfer(script, s.id, s.out, s.out_off, n, now)
        elif work == _DO_READ:
            self.reading = s
            s.waiting = False
            self.asked = n = self.read_max
            self.got = 0
            script = vendor.READ if s.tls else vendor.READ_PLAIN
            self.engine.transfer(script, s.id, None, 0, n, now)
        elif work == _DO_OPEN:
            s.opened_at = now
            self.run(_S_OPEN, self.doing, now)
        else:
            self.run(_S_CLOSE, self.doing, now)

    # ---- engine: what it asks of its user -----------------------------------------------------

    def when(self, condition):
        """Conditions of steps: see the vendor's tables."""
        return self.vendor.when(self, condition)

    def put(self, n, line):
        """A piece of a command line: 0, the script's text behind its head; or a variable."""
        if n is self.script.head:
            line.extend(n)
            return True
        return self.script.variable(n, line) if n else self.script.write(line)

    def payload(self, engine):
        """The next piece of a file, behind the prompt; False when all is out."""
        return self.phase == _FILES and self.files.payload(engine)

    def data(self, buf, off, n, now):
        """A piece of counted payload from the module."""
        s = self.reading
        if s is not None:
            self.got += n
            s.active_at = now
            if s.state == _OPEN and s.listener is not None:
                s.listener.received(buf, off, n, now)
        elif self.phase == _FILES:
            self.files.data(buf, off, n)

    def data_end(self, good, now):
        """Payload has ended; not `good`: bytes were lost, the stream is not whole any more."""
        if good:
            # (after a URC with payload the read in flight goes on)
            self.reading = self.active if self.doing == _DOING_READ else None
            return
        s = self.reading
        self.reading = None
        if s is not None:
            log.warn("modem", "bytes lost on the UART", s.cid)
            s.is_closed(_DAMAGE, now)
        elif self.phase == _FILES:
            self.files.equal = False

    def finished(self, result, now):
        """The script has ended."""
        what = self.doing
        self.now = now
        self.doing = 0
        self.script.any = False
        if result:
            exact.clear(self.failed)
            self.failed.extend(self.script.head)
        if what > _DOING_SOCKET:
            s = self.active
            self.active = None
            self.reading = None
            s.done(what - _DOING_SOCKET, result, now)
        elif what == _DOING_AT:
            if not result:
                # answers to earlier tries may still come: get in step before anything is told
                self.engine.lost_step(now)
            else:
                self.engine.stop(_STOPPED, now)
        elif what == _DOING_STATE or (what == _DOING_POLL and not result):
            self._state_done(result, now)
        elif what == _DOING_PING:
            self.ping_host = b""
        elif what == _DOING_WATCH and not result and self.phase == _ONLINE:
            if not self.sim_ready or self.engine.cme == 10:  # SIM not inserted
                self.event(_NO_SIM)
            elif not self.registered:
                self.searching += 1
                self.poll_at = ticks_add(now, _POLL_MS)
                if self.stat == 3 or self.stat == 0 or self.searching > _SEARCH_LIMIT:
                    self.event(_NO_NETWORK)
            elif not self.address:
                self.event(_NO_DATA)
            else:
                self.searching = 0
                # a connection that the module does not list as open any more has been closed
                for s in self.sockets:
                    if s.state == _OPEN and self.listed & 128 and not self.listed & 1 << s.cid:
                        if not 0 <= ticks_diff(now, s.opened_at) <= _WATCH_SOON_MS:
                            s.is_closed(_PEER, now)

    def _state_done(self, result, now):
        state = self.phase
        if state == _FILES:
            self.unsent()
            files = self.files
            files.done(not result)
            if files.failed:
                self.climb(_R_RETRY)
                files.start()
        elif state == _RESTARTING or (result and (state == _STOPPING or state == _HALTING)):
            return
        elif state == _REBAUD:
            self.baud = self.cfg["uart"]["baud"]
            self.event(_DONE)
        elif (state == _SIM and not self.sim_ready) or (result and not _DETACH <= state <= _RADIO):
            log.warn("modem", codes.name(result), STATES[state], self.engine.cme)
            if state != _SIM:
                self.climb(_R_RETRY)
            elif self.sim_locked:
                log.error("modem", "SIM locked: check sim.pin")
                self.climb(_R_WAIT)
            else:
                # busy after a start, or not there: ask again until the state's limit
                self.step_done = False
                self.poll_at = ticks_add(now, _POLL_MS)
        elif state == _CLOCK and not self.clock_s and self.files.clock_needed():
            log.warn("modem", "no network time: cannot check certificates")
            self.refused = _UNOPENED
            self.climb(_R_RETRY)
        elif state == _REGISTER and not self.registered:
            stat = self.stat
            # given up: what a module says too that has not begun to search
            if stat == 3 or (stat == 0 and ticks_diff(now, self.since) > _GIVEN_UP_MS):
                # only a new registration helps
                log.warn("modem", "registration denied", stat)
                self.climb(_R_NETWORK)
        elif state == _SETUP and self.script.found is not None:
            self.adopt(self.script.found)
            self.script.found = None
            self.event(_RETRY)
        elif state != _ATTACH or self.address:
            if state == _CLOCK and self.refused == _UNOPENED:
                self.refused = -1  # there is a clock now, and files were looked at
            self.event(_DONE)

    def unasked(self, now):
        """A final result code that nothing was asked for: the module heard something else.

        If it was a send, its stream is not what we think it is.
        """
        self.now = now
        for s in self.sockets:
            recent = 0 <= ticks_diff(now, s.sent_at) < _SEND_DOUBT_MS
            if s.state == _OPEN and s.sent and recent:
                log.warn("modem", "send not heard", s.cid)
                s.is_closed(_DAMAGE, now)

    def silent(self, now):
        """The engine could not get back in step: the module does not talk."""
        self.now = now
        log.warn("modem", "no answer")
        self.event(_SILENT)

    def back_in_step(self, now):
        """The engine is in step again: nothing that was asked is still to be answered."""
        self.now = now
        state = self.phase
        if state == _PROBE or state == _BOOT or state == _RESTARTING:
            self.event(_ALIVE if self.baud == self.cfg["uart"]["baud"] else _OTHER_BAUD)

    # ---- reports: what the vendor's handlers call ---------------------------------------------

    def restarted(self, sure):
        """RDY; or, not `sure`, a URC that only follows a restart: RDY may have been missed."""
        state = self.phase
        if not sure and (
            not _FILES <= state <= _WAKING
            # (a difference of more than six days looks negative)
            or 0 <= ticks_diff(self.now, self.booted_at) <= self.vendor.NUMBERS[_BOOT_URCS_MS]
        ):
            return
        if state != _BOOT and state != _RESTARTING and not self.asked_restart:
            self.restarts += 1
            log.warn("modem", "restarted by itself")
        self.asked_restart = False
        self.event(_READY)

    def sim(self, ready, locked):
        """The SIM's state; `locked`: it wants a PIN (or PUK) that we do not have."""
        self.sim_ready = ready
        self.sim_locked = locked
        if not ready and not locked:
            exact.clear(self.iccid)  # another SIM may follow
            if _REGISTER <= self.phase <= _ONLINE:
                self.event(_NO_SIM)
