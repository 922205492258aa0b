"""The modem's life, sans-IO: runs the table of `states`, feeds the command engine, serves sockets.

`Modem` (modem.py) hands it bytes and time, and puts what it decides on the wire: `engine.out`
to the UART, `pwrkey`, `dtr`, `reset` to the pins, `baud` to the UART. The vendor's module is
called by name only; what it learns from the module's answers it reports by the methods of
`reports` and `service`.
"""

from uplink import errors, log
from uplink.at import Engine, codes
from uplink.at.line import put, put_int
from uplink.modem import doing, ladder, socket, states
from uplink.modem.facts import Facts
from uplink.modem.files import Files
from uplink.modem.machine import Machine
from uplink.modem.reports import Reports
from uplink.modem.service import Service


class Core(Machine, Service, Reports):
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
        self.doing = doing.NOTHING
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

    def finished(self, result, now):
        """The script has ended."""
        what = self.doing
        self.now = now
        self.doing = doing.NOTHING
        if what == doing.SOCKET:
            s = self.active
            self.active = None
            reading = self.reading is s
            self.reading = None
            self._socket_done(s, reading, result, now)
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
