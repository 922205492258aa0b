"""The machine of `states`: what the core remembers, what entering a state does, the ladder."""

from uplink import exact, log
from uplink.at import Engine
from uplink.modem.files import Files
from uplink.modem.ladder import Ladder
from uplink.modem.script import Script
from uplink.modem.socket import Socket
from uplink.modem.states import NEXT, STATES, const
from uplink.modem.tls import Security
from uplink.port.ticks import FOREVER, ticks_add, ticks_diff

# Of states.
_OFF = const(0)
_PROBE = const(1)
_RESETTING = const(3)
_RESTARTING = const(4)
_PULSE = const(5)
_BOOT = const(6)
_SETUP = const(7)
_FILES = const(8)
_SIM = const(9)
_REGISTER = const(10)
_ATTACH = const(11)
_CLOCK = const(12)
_ONLINE = const(13)
_ASLEEP = const(14)
_WAKING = const(15)
_DETACH = const(16)
_RADIO = const(18)
_STOPPING = const(19)
_PULSE_OFF = const(20)
_FALLING = const(21)
_WAITING = const(23)
_HALTING = const(24)
_HALT_PULSE = const(25)
_ANY = const(42)
_STATES = const(97)
_EVENTS = const(64)
_STOP = const(2)
_TIMER = const(3)
_READY = const(5)
_DOWN = const(6)
_DARK = const(7)
_SKIP = const(8)
_REOPEN = const(18)

# Rungs of the ladder.
_R_RETRY = const(0)
_R_REOPEN = const(1)
_R_NETWORK = const(3)
_R_RADIO = const(4)
_R_RESET = const(5)
_R_POWER = const(6)

_OPENING = const(1)
_OPEN = const(2)
_LINK = const(2)  # of errors.CLOSED_
_TIMED_OUT = const(3)
_RESTARTED = const(7)  # of at.codes

_DOING_SOCKET = const(16)
_DOING_SEND = const(18)


_SOCKETS = const(8)  # of vendor.NUMBERS
_WAKE_MS = const(7)

_RESTART_MS = const(3_000)
_DARK_MS = const(100)  # STATUS must be low so long to be believed
_RESTART_DARK_MS = const(6_000)  # STATUS may be low while it restarts
_WATCH_SOON_MS = const(2_000)
_STABLE_MS = const(60_000)
_DEAF = const(6)  # of ladder


# Of the states in ms, from off to halt-pulse; 1 to 29: that number of the vendor, from 1; 0:
# none, or the configuration's.
# fmt: off
LIMITS_MS = (
    0, 24, 5000, 3, 4, 1, 4, 120000, 120000, 30000, 0, 160000, 120000, 0, 0, 8, 200000, 200000,
    200000, 6, 2, 6, 7, 0, 6, 2,
)
# fmt: on


def _sooner(due, ms):
    return ms if 0 < ms < due else due


class Machine(Ladder):
    """Base of `Core`: changes the state. `cfg` as in `app.config`, `vendor` of `modems`.

    The owner (`Modem`) adds `time()`: look at the clock, set and return `now`; `changed()`: the
    state has; `wake()`: there is something to do before the time that `poll` named;
    `go()`: a command is to go out;
    `network_time(…)`.
    """

    def __init__(self, cfg, vendor, ring):
        self.cfg = cfg
        self.engine = Engine(ring, vendor, self)
        self.script = Script(self)
        self.files = Files(self)
        self.security = Security(self)
        self.adopt(vendor)
        self.sockets = []
        for cid in range(min(cfg["modem"]["sockets"], vendor.NUMBERS[_SOCKETS])):
            self.sockets.append(Socket(self, cid))
        # outputs: 1 PWRKEY, 2 DTR, 4 RESET = the module's line is low (asserted)
        self.pins = 2
        self.baud = cfg["uart"]["baud"]
        # set by the owner: which of those are wired; STATUS
        self.wired = 0
        self.status = 2  # 1 high, 0 low, 2 not wired
        self.words = 0  # that we have said to a module that was on before us
        self.dark_at = -1  # since when STATUS is low
        # the machine
        self.now = 0
        self.phase = _OFF  # the letter of the state
        # Two that tell it, no properties: in a class that has one, or inherits one, each store
        # to an attribute takes 45 us instead of 2.
        self.state = STATES[0]  # its name, "online" when sockets work
        self.online = False  # they work (also asleep between messages)
        self.row = bytearray(2)
        self.since = 0
        self.limit = 0  # of the state; 0 = none
        self.wanted = False
        self.doing = 0  # what the engine is busy with: see `core`
        self.active = None  # the socket that the engine works for
        self.reading = None
        self.asked = 0
        self.got = 0
        self.turn = 0
        self.poll_at = 0  # when the state's poll script, or supervision, is due
        self.step_done = False  # the state's script has run to its end
        self.booted_at = 0
        self.searching = 0
        self.checked = False  # certificates were checked since the last open that succeeded
        self.form = 0  # which of the vendor's forms of the open command works
        self.form_failed = 0
        self.ping_host = b""
        # CLOSED_ code of the last open that failed, or was refused here; -1 after one that did not
        self.refused = -1
        self.failed = exact.buffer(32)  # the last command that failed
        # the ladder
        self.stands = _R_RETRY  # the rung it stands on,
        self.tries = 0  # how often that was tried,
        self.used = [0] * 8  # and how often each was since start
        self.wait_ms = 0  # the last long wait
        self.proved_at = -1
        self.rung = -1  # chosen by the ladder, not yet taken
        self.rung_at = 0
        self.doubt_at = 0  # when the failure came that the rung answers
        self.patience = 0  # so often is packet data tried before it is restarted for that again
        # counters
        self.restarts = 0  # restarts of the module that we did not ask for
        self.downs = 0
        self.asked_restart = False
        # facts: what the module has told; texts are filled in place
        self.facts = self
        self.model = exact.buffer(32)
        self.firmware = exact.buffer(48)
        self.imei = exact.buffer(20)
        self.imsi = exact.buffer(20)
        self.iccid = exact.buffer(24)
        self.operator = exact.buffer(32)
        self.apn = exact.buffer(64)
        self.ip = exact.buffer(40)
        self.pin_tried = False  # the PIN was refused once: never again by itself
        self.listed = 0  # bit cid: listed as open; bit 7: there was a list
        self.ping_ms = -1
        self._forget()

    def adopt(self, vendor):
        """Speak to the module by these tables from now on; only while no script runs."""
        self.vendor = vendor
        self.engine.vendor = vendor
        numbers = vendor.NUMBERS
        self.read_max = numbers[9]  # (a firmware may do only less right)
        self.read_more = numbers[13]  # a read that brought so many is followed by another
        self.send_max = numbers[10]
        self.safety_ms = numbers[14]
        self.security.adopt(numbers)

    def _forget(self):
        """The module has restarted: what it was connected to is gone."""
        self.sim_ready = False
        self.sim_locked = False
        self.stat = -1
        self.registered = False
        self.address = False  # packet data is up; the address itself is `ip`
        self.clock_s = 0  # UTC seconds since 2000, when the network told; 0 = unknown
        self.rssi = 99  # 0 … 31, 99 unknown (27.007, 8.5)

    # ---- states -------------------------------------------------------------------------------

    def event(self, event):
        """Take an event of `states`; what has no row is ignored."""
        before = self.phase
        row = self.row
        row[0] = _STATES + before
        row[1] = _EVENTS + event
        i = NEXT.find(row)
        if i < 0:
            row[0] = _ANY
            i = NEXT.find(row)
        if i < 0 or (before == _OFF and event == _STOP):
            return
        state = NEXT[i + 2] - _STATES
        now = self.now
        engine = self.engine
        log.info("modem", STATES[state])
        drop = event == _READY or state == _ATTACH
        if before >= _SETUP and not _SETUP <= state <= _WAKING:
            drop = True
        if drop or event == _REOPEN:
            for s in self.sockets:
                lost = s.state > _OPENING or (s.state == _OPENING and s.asked)
                if not drop:
                    # what was open when the failure came; who opened anew since is in no doubt
                    age = ticks_diff(now, s.opened_at)  # (more than six days look negative)
                    lost = s.state == _OPEN and not 0 <= age < ticks_diff(now, self.doubt_at)
                if lost:
                    s.is_closed(_LINK, now)
        cut = False  # a send was: the module may wait for the rest
        if self.doing:
            if self.doing > _DOING_SOCKET and self.active is not None:
                # what it was asked may have been done or not: its stream is in doubt
                self.active.is_closed(_LINK, now)
            doing = self.doing
            self.doing = 0
            self.active = None
            self.reading = None
            if not engine.idle and engine.in_step:
                # an answer is still due: find the way back before anything else is asked
                engine.lost_step(now)
                cut = doing == _DOING_SEND
        if _READY <= event <= _DARK:
            # what was asked will not be answered any more
            engine.stop(_RESTARTED, now)
        if event == _READY:
            # … or still is, in front of the answer to what is asked next
            engine.lost_step(now)
            self._forget()
        if state == _SETUP or before == _RADIO:
            self.booted_at = now  # boot URCs may follow
        if before == _PROBE:
            self.words = _DEAF
        self.phase = state
        self.state = STATES[state]
        was_online = self.online
        self.online = online = _ONLINE <= state <= _WAKING
        self.since = now
        self.step_done = False
        self.poll_at = now
        if state == _RESTARTING:
            self.poll_at = ticks_add(now, _RESTART_MS)  # until then the old life may answer
        elif before == _ASLEEP:
            self.poll_at = ticks_add(now, self.vendor.NUMBERS[_WAKE_MS])  # DTR has just fallen
        if not (online and was_online):
            self.rung = -1  # chosen for the state that is over
        limit = LIMITS_MS[state]
        if 0 < limit < 30:
            limit = self.vendor.NUMBERS[limit - 1]
        elif state == _ASLEEP:
            # the module cannot announce data while its UART sleeps
            limit = self.cfg["modem"]["sleep_check_s"] * 1000
        elif state == _REGISTER:
            limit = self.cfg["modem"]["register_s"] * 1000
        elif state == _WAITING:
            limit = self.wait_ms
        self.limit = limit
        pins = 0 if state == _ASLEEP or state == _OFF else 2
        if state == _PULSE or state == _PULSE_OFF or state == _HALT_PULSE:
            pins = 3
        elif state == _RESETTING:
            pins = 6
        self.pins = pins
        if state == _ATTACH:
            self.address = False  # until it has been asked for
        elif state == _PROBE or state == _PULSE or state == _RESETTING:
            self.baud = self.cfg["uart"]["baud"]
        elif state == _FILES:
            self.files.start()
        elif state == _REGISTER or (state == _ONLINE and before != _WAKING):
            self.searching = 0
            if state == _ONLINE:
                self.patience = 0
                self.poll_at = ticks_add(now, _WATCH_SOON_MS)
        if state == _WAKING or state == _ONLINE:
            for s in self.sockets:
                if s.state == _OPEN:
                    s.arm(now)
        if cut and event != _READY and event != _DOWN:
            self.unsent()
        self.changed()  # type: ignore[attr-defined]

    def powered_down(self):
        """NORMAL POWER DOWN and its relatives, or STATUS fell."""
        self.downs += 1
        self.event(_DOWN)

    # ---- the ladder ---------------------------------------------------------------------------

    def proved(self):
        """The far end answered: when that lasts, recovery may begin from the first rung again."""
        now = self.time()  # type: ignore[attr-defined]
        if self.proved_at < 0:
            self.proved_at = now
        elif (self.stands or self.tries) and ticks_diff(now, self.proved_at) > _STABLE_MS:
            self.stands = _R_RETRY
            self.tries = 0
            self.wait_ms = 0

    def doubt(self):
        """The far end did not answer over a connection that looks open."""
        self.time()  # type: ignore[attr-defined]
        self.climb(_R_REOPEN)

    def run(self, script, doing, now):
        """Start the vendor's script `#script`; False where there is none."""
        if not self.script.find(script):
            return False
        self.doing = doing
        self.engine.run(self.script, now)
        return True

    # ---- one turn -----------------------------------------------------------------------------

    def _step(self, now):
        """Do one thing that is due; True when something was done."""
        state = self.phase
        if state == _OFF:
            return False
        since = ticks_diff(now, self.since)
        if self.status:
            self.dark_at = -1
        elif self.dark_at < 0:
            self.dark_at = now
        elif ticks_diff(now, self.dark_at) >= _DARK_MS:
            if (
                state == _PROBE
                or state == _STOPPING
                or state == _FALLING
                or state == _HALTING
                or (state == _RESTARTING and since > _RESTART_DARK_MS)
            ):
                self.event(_DARK)
                return True
            if _SETUP <= state <= _RADIO:
                self.powered_down()
                return True
        engine = self.engine
        rung = self.rung
        if rung >= 0 and ticks_diff(now, self.rung_at) >= 0:
            # below a reset a command in flight is let end: it does, by its limit at the latest
            if (
                rung > _R_RESET
                or (rung == _R_RESET and self.reset_wired())
                or not engine.in_step
                or (engine.idle and not self.doing)
            ):
                return self.take(rung, state, now)
        missing = False
        if state == _RESETTING:
            # (what only cuts the power is used on purpose: not on the way up)
            missing = not (self.wired & 4 if self.stands >= _R_POWER else self.reset_wired())
        elif self.pins & 1:
            # a module that is on could only be switched off by the first
            missing = not self.wired & 1 or (state == _PULSE and self.status == 1)
        if missing:
            self.event(_SKIP)
            return True
        if self.limit and since >= self.limit:
            if state == _BOOT or _SETUP <= state <= _CLOCK:
                log.warn("modem", "no progress", STATES[state])
                floor = _R_RETRY
                if state == _BOOT:
                    floor = _R_POWER
                elif state == _REGISTER:
                    floor = _R_NETWORK
                elif state == _SIM:
                    floor = _R_RADIO
                self.climb(floor)
                self.since = now
            elif state == _WAITING and not self.wired & 1:
                self.event(_SKIP)  # no power cycle can be had
            else:
                self.event(_TIMER)
            return True
        if state == _ONLINE:
            for s in self.sockets:
                if s.asked and s.state == _OPENING and s.due(now) <= 0:
                    log.warn("modem", "open never ended", s.cid)
                    s.is_closed(_TIMED_OUT, now)
                    self.climb(_R_RETRY)
                    return True
        if self.doing or not engine.idle:
            return False
        return self.work(state, now, since)  # type: ignore[attr-defined]

    def _due(self, now):
        """ms until `_step` has something to do by itself.

        What is past waits for something else, of which the engine or the owner tells: it is no
        reason to look at once again.
        """
        state = self.phase
        due = FOREVER
        if self.limit:
            due = _sooner(due, self.limit - ticks_diff(now, self.since))
        if state != _OFF:
            if self.rung >= 0:
                due = _sooner(due, ticks_diff(self.rung_at, now))
            if state <= _ONLINE:
                due = _sooner(due, ticks_diff(self.poll_at, now))
        if state == _ONLINE:
            if self.cfg["modem"]["sleep"]:
                due = _sooner(due, 1000)
            for s in self.sockets:
                due = _sooner(due, s.due(now))
        return due
