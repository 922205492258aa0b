"""Data mode on the command line: what is data, what a result code, and the way out (`+++`)."""

from uplink import exact
from uplink.modem.states import const
from uplink.port.ticks import ticks_diff

from .service import Service

_OPEN = const(2)
_DAMAGE = const(6)  # of at.codes
_NO_CARRIER = const(4)
_OK = const(0)

# The escape sequence: no, wanted (no byte may go out for a guard time), being written, said
_E_NO = const(0)
_E_GUARD = const(1)
_E_OUT = const(2)
_E_SAID = const(3)
_GUARD_MS = const(1_200)  # S12: a second of silence before and after `+++`
_OK_MS = const(1_500)  # not before then is an OK that of the escape sequence: it may be data
_ESCAPE_LIMIT_MS = const(4_000)
_QUIET_MS = const(300)  # behind what may be a result code
_LOOK_MS = const(200)
_PAUSE_MS = const(22)  # from CONNECT to data


# mypy: disable-error-code="attr-defined,has-type"
class Online(Service):
    """Base of `OnlineStream`, which has all that is remembered here."""

    def _held(self, buf, off, n):
        """How many of the newest bytes, `last` and these, may begin a result code."""
        last = self.last
        have = len(last)
        held = 0
        for text in self.vendor.ENDS:
            k = min(len(text), have + n)
            while k > held:
                i = 0
                while i < k:
                    at = have + n - k + i
                    if (last[at] if at < have else buf[off + at - have]) != text[i]:
                        break
                    i += 1
                if i == k:
                    held = k
                k -= 1
        return held

    def raw_data(self, buf, off, n, now):
        """Hand on all that cannot be a result code."""
        self.raw_at = now
        last = self.last
        give = len(last) + n - self._held(buf, off, n)
        k = min(give, len(last))
        if k:
            self.taken(last, 0, k, now)
            left = len(last) - k
            for i in range(left):
                last[i] = last[i + k]
            exact.cut(last, left)
            give -= k
        if give > 0:
            self.taken(buf, off, give, now)
        for i in range(off + max(give, 0), off + n):
            last.append(buf[i])

    def taken(self, buf, off, n, now):
        self.active_at = now
        if self.state == _OPEN and self.listener is not None:
            self.listener.received(buf, off, n, now)

    def raw_poll(self, now):
        """Data out, the escape sequence, results; ms until the next look."""
        engine = self.core.engine
        if self.core.rung >= 0:
            self.makes_way()  # to recover
        quiet = ticks_diff(now, self.raw_at)
        leaving = self.leaving
        if engine.out_pos < engine.out_end:
            return _LOOK_MS
        if self.chunk:
            self._taken(self.chunk, now)
        last = self.last
        if leaving == _E_OUT:
            self.leaving = _E_SAID
            self.leaving_at = now
        elif leaving == _E_SAID:
            since = ticks_diff(now, self.leaving_at)
            if since >= _OK_MS and quiet >= _QUIET_MS and last == self.vendor.OK:
                self._leave(_OK, now)
                return 0
            elif since >= _ESCAPE_LIMIT_MS:
                gone = self.doubt or last == self.vendor.NO_CARRIER
                self._leave(_NO_CARRIER if gone else _DAMAGE, now)
                return 0
        elif last and quiet >= _QUIET_MS:
            if last == self.vendor.NO_CARRIER:
                # said, or data? The escape sequence is only answered while it is open
                if not leaving:
                    self.leaving = _E_GUARD
                    self.doubt = True
            else:
                self.taken(last, 0, len(last), now)
                exact.clear(last)
        if self.leaving == _E_NO and not self.wants_online and not self.out_left:
            self.leaving = _E_GUARD
        if self.leaving == _E_GUARD:
            wait = _GUARD_MS - ticks_diff(now, self.out_at)
            if wait > 0:
                return min(wait, _LOOK_MS)
            self._write(self.vendor.ESCAPE, 0, 3)
            self.leaving = _E_OUT
            return 1
        if self.out_left and self.leaving == _E_NO:
            wait = _PAUSE_MS - ticks_diff(now, self.leaving_at)
            if wait > 0:
                return wait
            self.chunk = self.out_left
            self._write(self.out, self.out_off, self.chunk)
            return 1
        return _LOOK_MS

    def _write(self, buf, off, n):
        engine = self.core.engine
        engine.out = buf
        engine.out_pos = off
        engine.out_end = off + n

    def _leave(self, result, now):
        """The line hears commands again."""
        self.leaving = _E_NO
        self.give_line(now)
        if result:
            self.core.engine.lost_step(now)  # the sequence stands in its command line
        self.ended(self.letter, result, now)
