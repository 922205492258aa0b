"""Everything that the modem's core remembers."""

from uplink import errors
from uplink.at import Engine
from uplink.modem import doing, ladder, socket, states
from uplink.modem.facts import Facts
from uplink.modem.files import Files
from uplink.port.ticks import ticks_diff


class Memory:
    """State of `Core`; on it stand `machine`, `service`, `reports` and `core`, in that order."""

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
        self.doubt_at = 0  # when the failure came that the rung answers
        self.booted_at = 0
        self.searching = 0
        self.now = 0
        self.asked_bytes = 0
        self.got_bytes = 0
        self.work = socket.NOTHING  # what the engine does for `active`
        self.tls_refused = 0  # handshakes that the server refused, in a row
        self.checked = False  # certificates were checked since the last open that succeeded
        self.reading = None
        self.form = 0  # which of the vendor's forms of the open command works
        self.form_failed = 0
        self.ping_host = b""
        self.refused = -1  # CLOSED_ code of the last open that failed, -1 after one that did not
        # counters
        self.restarts = 0  # restarts of the module that we did not ask for
        self.downs = 0
        self.asked_restart = False

    def _look_at_clock(self):
        """What other tasks call comes between two polls: `now` is old by then."""
        if self.owner is not None:
            self.now = self.owner.now()

    def time(self):
        """Now, for calls that come from other tasks."""
        self._look_at_clock()
        return self.now

    def clock_needed(self):
        """True when certificates' dates will be checked."""
        tls = self.cfg["tls"]
        return self.files.wanted and tls["verify"] != "none" and tls["check_dates"]

    def _close_broken(self, s, reason, now):
        s.is_closed(reason, now)

    def let_go(self, s, now):
        """The socket has closed: what was to be asked for it need not be."""
        if self.active is s:
            self.engine.drop(now)

    def _drop_older(self, now):
        """Close what was open when the failure came; who opened anew since then is in no doubt."""
        for s in self.sockets:
            age = ticks_diff(now, s.opened_at)  # (of more than six days it looks negative)
            if s.state == socket.OPEN and not 0 <= age < ticks_diff(now, self.doubt_at):
                self._close_broken(s, errors.CLOSED_LINK, now)

    def _drop_sockets(self, now):
        for s in self.sockets:
            if s.state != socket.CLOSED and not (s.state == socket.OPENING and not s.asked):
                s.is_closed(errors.CLOSED_LINK, now)

    def socket(self, cid):
        """The socket of a connection identifier, or None."""
        return self.sockets[cid] if 0 <= cid < len(self.sockets) else None
