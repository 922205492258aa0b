"""A service of the module on its command line, in turn with the sockets.

`Service` stands among the core's sockets: it is asked `next_work` as they are, and told
`done` and `is_closed`. While it is busy its state is that of a socket that is being closed: the
modem does not sleep, and a lost link ends it.
"""

from uplink import exact
from uplink.http.request import Request
from uplink.modem.script import Script
from uplink.modem.states import const
from uplink.port.ticks import FOREVER, ticks_diff

_BUSY = const(3)
_WORK = const(5)  # behind those of sockets
_DOING_SOCKET = const(16)

_HELD = const(17)  # of http.request
_REFUSED = const(4)  # of errors.CLOSED_
_UNOPENED = const(10)
_DAMAGED = const(6)  # of at.codes
_OK = const(0)

_ENDLESS = const(0xFFFFFFF)  # bytes of payload that nothing counts
_QUIET_MS = const(200)  # behind its last byte


class ServiceScript(Script):
    """Texts of a service: what they ask is answered to it."""

    def answer(self, m, c):
        return Script.answer(self, self.core, c)


class Service(Request):
    """`vendor`: the service's texts (a file of modems), `name` for log and errors.

    Who derives from it has `begin()` (a letter: the script that is due, 0: none), `ended(letter,
    result, now)`, `failed(reason, now)`, `payload(engine)`, and `taken(buf, off, n, now)`.
    (It is a `Request`, which MQTT does not use: the freezer's short names know one base a class.)
    """

    def __init__(self, core, vendor, name):
        super().__init__(core.loop)
        self.core = core
        self.vendor = vendor
        self.name = name
        self.cfg = core.cfg
        self.script = ServiceScript(self)
        self.letter = 0
        self.due_at = 0
        # what scripts ask of a core
        self.active = self
        self.apn = core.apn
        self.files = core.files
        self.ping_host = b""
        # what a core asks of a socket
        self.cid = len(core.sockets)
        self.id = -1
        self.state = 0
        self.listener = None
        self.host = b""
        self.port = 0
        self.tls = False
        self.asked = False
        self.sent = 0
        self.sent_at = 0
        self.opened_at = 0
        self.active_at = 0
        self.waiting = False
        # one protocol of the module has all of its TLS
        self.alone = getattr(vendor, "ALONE", False)
        self.holds = False  # the line is in data mode, for as long as it likes
        # uncounted payload: the last bytes that came, which may be the result
        self.raw = False
        self.raw_at = 0
        self.last = exact.buffer(16)

    # ---- as a socket ----------------------------------------------------------------------------

    def next_work(self, now):
        return _WORK if self.state and self.begin() else 0  # type: ignore[attr-defined]

    def due(self, now):
        return FOREVER

    def arm(self, now):
        pass

    def lost(self, now):
        pass

    def defers(self, event):
        """Whether an event of the machine's has to wait for it."""
        return False

    def is_closed(self, reason, now):
        """The link is gone, or TLS may not be used."""
        if self.state:
            self.raw = False
            self.failed(reason, now)  # type: ignore[attr-defined]

    def done(self, work, result, now):
        """The script has ended."""
        if self.holds:
            return  # with CONNECT
        self.raw = False
        core = self.core
        if core.engine.left > 0:
            core.reading = self  # its result came before its bytes: `piece_end` follows
        self.ended(self.letter, result, now)  # type: ignore[attr-defined]

    def piece_end(self, good, now):
        """The bytes that followed a script's result are there; not `good`: not all."""

    def sweep(self, now):
        """Put away what an earlier life may have left: nothing. True where a script began."""
        return False

    # ---- for those who derive -------------------------------------------------------------------

    def wants(self):
        """There is work: be asked for it."""
        self.state = _BUSY
        self.core.wake()

    def serve(self, now):
        """The engine is free: run the script that is due."""
        core = self.core
        letter = self.begin()  # type: ignore[attr-defined]
        self.letter = letter
        core.active = self
        core.doing = _DOING_SOCKET + _WORK
        core.script = self.script
        self.script.find(letter)
        core.engine.run(self.script, now)

    def may_use_tls(self, now):
        """Whether TLS may be opened; where not, `failed` has been called."""
        core = self.core
        if core.holder(self) is not None:
            why = _HELD
        elif core.security.may_open(self):
            return True
        else:
            why = _UNOPENED
        self.failed(why, now)  # type: ignore[attr-defined]
        return False

    def reason(self, result):
        """The code for a script's result, by the vendor's `why` or REASONS."""
        core = self.core
        why = getattr(self.vendor, "why", None)
        code = -1 if why is None else why(self, result)
        if code >= 0:
            return code
        if result == 2:  # +CME ERROR
            reasons = self.vendor.REASONS
            cme = core.engine.cme
            for i in range(0, len(reasons), 2):
                if reasons[i] == cme:
                    return reasons[i + 1]
        # (a line that is too long, or holds what it cannot: 8; no answer: 5)
        return 19 if result == 8 else 3 if result == 5 else 8 if result == _DAMAGED else _REFUSED

    # ---- data mode ------------------------------------------------------------------------------

    def take_line(self, now):
        """CONNECT ends the script: every byte is data from now on, for as long as it likes."""
        core = self.core
        engine = core.engine
        self.raw = self.holds = True
        self.raw_at = now
        exact.clear(self.last)
        engine.stop(_OK, now)
        core.active = self
        core.doing = _DOING_SOCKET + _WORK
        engine.expect(_ENDLESS)

    def give_line(self, now):
        """Commands are heard again."""
        core = self.core
        exact.clear(self.last)
        self.raw = self.holds = False
        core.engine.stop(_OK, now)
        if core.active is self:
            core.active = None
            core.doing = 0

    # ---- payload that nothing counts ------------------------------------------------------------

    def expect_raw(self, now):
        """What follows is payload up to the final result code, and nobody says how long it is.

        The module sends it without a pause: it has ended where OK stands last and nothing more
        comes for 200 ms. An OK inside of it, with more behind, is payload.
        """
        self.raw = True
        self.raw_at = now
        exact.clear(self.last)
        self.core.engine.expect(_ENDLESS)

    def raw_data(self, buf, off, n, now):
        """Hand on what cannot be the result any more: all but the last bytes."""
        tail = self.vendor.TAIL_OK
        keep = len(tail)
        last = self.last
        self.raw_at = now
        # at first what was held back, as far as it is too long now
        over = len(last) + n - keep
        while over > 0 and last:
            k = over if over < len(last) else len(last)
            self.taken(last, 0, k, now)  # type: ignore[attr-defined]
            held = len(last) - k
            for i in range(held):
                last[i] = last[i + k]
            exact.cut(last, held)
            over -= k
        if over > 0:
            self.taken(buf, off, over, now)  # type: ignore[attr-defined]
            off += over
            n -= over
        while n > 0:
            last.append(buf[off])
            off += 1
            n -= 1

    def raw_poll(self, now):
        """End it where it has ended; ms until it is to be looked at again."""
        wait = _QUIET_MS - ticks_diff(now, self.raw_at)
        if wait > 0:
            return wait
        if self.last == self.vendor.TAIL_OK:
            self.raw = False
            engine = self.core.engine
            engine.expect(0)
            engine.result(_OK, now)
        return _QUIET_MS  # (else the engine's own limit ends it, as damaged)
