"""The module's own FTP in data mode (AT#FTPGET): a file is all that the line hears.

A file may have a NO CARRIER, too. It is the module's where the server has told the size and so
much has come. Else +++ decides: who is back at the command line does not answer it.
"""

from uplink.modem.states import const
from uplink.port.ticks import ticks_diff

from .ftp import ModuleFTP

_RUNNING = const(-2)
_WHOLE = const(-1)
_PEER = const(1)  # of errors.CLOSED_
_LINK = const(2)
_TIMEOUT = const(3)
_DAMAGE = const(8)
_READY = const(5)  # of states: these do not wait for the line
_DARK = const(7)

# Online: the file is all that is heard, and only +++ may be said
_E_NO = const(0)
_E_GUARD = const(1)  # +++ is wanted, behind silence
_E_SAID = const(2)
_GUARD_MS = const(1_200)
_QUIET_MS = const(300)  # behind what the module may have said
_STALL_MS = const(5_000)  # behind a NO CARRIER that may be the file's
_ANSWER_MS = const(1_500)  # not earlier is +++ answered,
_NO_ANSWER_MS = const(4_000)  # nor later
_TRIES = const(3)


class OnlineFTP(ModuleFTP):
    """`get(…, online=True)`; without it as `ModuleFTP`."""

    ONLINE = True

    def __init__(self, core, vendor):
        super().__init__(core, vendor)
        self.leaving = _E_NO
        self.said_at = 0
        self.tries = 0
        self.parting = _WHOLE  # what it ends with, where the module answers +++
        self.later = 0  # an event of the machine's that waits for the line

    def connected(self):
        """CONNECT: every byte is the file's, until NO CARRIER stands last."""
        self.since = self.said_at = now = self.core.now
        self.leaving = _E_NO
        self.take_line(now)
        self.head_is_there(0, self.announced)

    def raw_poll(self, now):
        """Where the file ends, or is to be given up; ms until the next look."""
        core = self.core
        engine = core.engine
        quiet = ticks_diff(now, self.raw_at)
        since = ticks_diff(now, self.said_at)
        last = self.last
        no_carrier = last == self.vendor.TAIL_OK
        if self.leaving == _E_NO:
            code = _RUNNING
            if not self.letter:
                code = _WHOLE  # whatever: nobody wants it any more
            elif core.rung >= 0:
                code = _LINK  # to recover
            elif no_carrier and quiet >= _QUIET_MS and self.count == self.announced:
                self._left(_WHOLE, now)
                return 0
            elif no_carrier and quiet >= _STALL_MS:
                code = _DAMAGE  # if it is answered, +++ has cut the file
            elif quiet >= self.pause_ms or ticks_diff(now, self.begun_at) >= self.total_ms:
                code = _TIMEOUT
            if code == _RUNNING:
                return _QUIET_MS
            self.parting = code
            self.tries = _TRIES
            self.leaving = _E_GUARD
        if self.leaving == _E_GUARD:
            if since < _GUARD_MS:
                return _GUARD_MS - since
            engine.out = self.vendor.ESCAPE
            engine.out_pos = 0
            engine.out_end = 3
            self.said_at = now
            self.leaving = _E_SAID
            return 1
        heard = ticks_diff(self.raw_at, self.said_at) > 0
        if heard:
            if since >= _ANSWER_MS and quiet >= _QUIET_MS:
                if no_carrier or last.find(self.vendor.OK, len(last) - 6) >= 0:
                    self._left(self.parting, now)
                    return 0
            if since >= _NO_ANSWER_MS and self.tries > 1:
                self.tries -= 1
                self.leaving = _E_GUARD
                return 0
        if since >= _NO_ANSWER_MS:
            code = self.parting
            if code == _DAMAGE and not heard:
                code = _WHOLE if self.announced < 0 else _PEER
            self._left(code, now)
            engine.lost_step(now)  # the sequence stands in its command line
            return 0
        return _QUIET_MS

    def _left(self, code, now):
        """The line hears commands again."""
        self.give_line(now)
        if self.letter:
            self.close(code)
        event = self.later
        self.later = 0
        if event:
            self.core.event(event)

    def defers(self, event):
        """Whether this event of the machine's has to wait until commands are heard again."""
        if not self.holds or _READY <= event <= _DARK:
            self.later = 0
            return False
        self.later = event
        self.finish(_LINK)
        return True

    def failed(self, reason, now):
        if self.holds:
            self.give_line(now)
        ModuleFTP.failed(self, reason, now)
