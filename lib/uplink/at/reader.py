"""Sorts what the module says: echo, payload, response, final result code, URC, noise."""

from uplink.at import cme, codes
from uplink.at.steps import Steps
from uplink.port.ticks import ticks_add

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# State: see `state`.
_PAUSE = const(1)  # a command is due when the pause after the last result is over
_WAIT = const(2)  # command sent
_PAYLOAD = const(3)  # payload going out
_QUIET = const(4)  # out of step: waiting for silence
_PROBE = const(5)  # out of step: probe sent
_ALMOST = const(6)  # probe answered: no other result may come now

_QUIET_MS = const(100)
_QUIET_LIMIT_MS = const(3000)


class Reader(Steps):
    """Base of `Engine`: reads lines and counted payload out of the ring, in place."""

    def expect(self, n):
        """For handlers: `n` bytes of counted payload follow this line."""
        ring = self.ring
        if ring.feed == ring.read:
            ring.skip(1)  # the LF of this line
        self.left = n

    def _parse(self, now):
        ring = self.ring
        user = self.user
        while True:
            if self.deaf:
                ring.clear()
                return
            if self.left:
                n = ring.available()
                if n == 0:
                    return
                if n > self.left:
                    n = self.left
                user.data(ring.buf, ring.read, n, now)
                ring.skip(n)
                self.left -= n
                self.seam = self.left == 0
                continue
            if self.seam:
                if ring.available() < 2:
                    return
                i = ring.read
                if ring.buf[i] != 13 or ring.buf[i + 1] != 10:
                    self.damage(now)
                    continue
                self.seam = False
                user.data_end(True, now)
                continue
            if not ring.at_line():
                return
            if ring.buf[ring.read] == 62:
                ring.skip(1)
                self._prompt(now)
                continue
            if self._counted():
                if self.left < 0:  # the header has not come whole
                    self.left = 0
                    return
                continue
            if not ring.line():
                return
            self._line(now)

    def _counted(self):
        """Does payload that is announced inside its line begin here?"""
        ring = self.ring
        buf = ring.buf
        i = ring.read
        for entry in self.vendor.COUNTED:
            prefix = entry[0]
            if buf[i] != prefix[0]:
                continue
            have = ring.write - i
            if have < len(prefix):
                if buf.find(b"\n", i, ring.write) < 0:
                    self.left = -1
                    return True
                continue
            if not buf.startswith(prefix, i):
                continue
            end = buf.find(b"\n", i, ring.write)
            at = i + len(prefix) - 1
            n = entry[1]
            while n > 0:
                at = buf.find(b",", at + 1, ring.write)
                if at < 0 or 0 <= end < at:
                    break
                n -= 1
            if n:
                if end >= 0:
                    return False  # a whole line without payload
                if have < 64:
                    self.left = -1
                    return True
                return False
            cursor = self.cursor
            cursor.over(buf, i, at)
            cursor.pos = i + len(prefix)
            n = getattr(self.vendor, entry[2])(self.user, cursor)
            if self.deaf:
                return True  # the handler found it damaged
            if n <= 0:
                return False
            self.seen = True
            ring.skip(at + 1 - i)
            self.left = n
            return True
        return False

    def _prompt(self, now):
        state = self.state
        if state == _WAIT and self.step[5] & codes.PAYLOAD and self.step[2] == b">":
            if not self.seen:
                self.seen = True
                self._payload(now)
        elif state >= _QUIET:
            # the module waits for payload that will not come: let its own limit pass first
            self.sync_at = ticks_add(now, self.vendor.INPUT_MS)
            self.state = _QUIET
            self.deadline = self.sync_at
        else:
            self.unknown += 1

    def _payload(self, now):
        self.out_pos = 0
        self.out_end = 0
        self.state = _PAYLOAD
        self.deadline = ticks_add(now, self.step[4])

    def _line(self, now):
        ring = self.ring
        buf = ring.buf
        start = ring.start
        cursor = self.cursor
        cursor.over(buf, start, ring.end)
        if buf.startswith(b"AT", start):
            return  # echo
        state = self.state
        if buf.startswith(self.vendor.PROBE[1], start):
            # only probes are answered so: one of an earlier try comes with a result of its own
            if state == _PROBE:
                self.answered = True
            else:
                self.stray = True
            return
        step = self.step
        prefix = None
        if state == _WAIT or state == _PAYLOAD:
            prefix = step[2]
            if prefix and buf.startswith(prefix, start):
                cursor.pos = start + len(prefix)
                if self._answer(now):
                    return
                cursor.over(buf, start, ring.end)
        result = self._final(buf, start)
        if result >= 0:
            if self.stray and state < _QUIET:
                self.stray = False
                self.late += 1
                return
            if state == _WAIT or state == _PAYLOAD:
                if self.ended:
                    self.late += 1
                else:
                    self._result(result, now)
            else:
                self._late(result, now)
            return
        vendor = self.vendor
        for entry in vendor.URCS:
            if buf.startswith(entry[0], start):
                cursor.pos = start + len(entry[0])
                getattr(vendor, entry[1])(self.user, cursor)
                return
        if prefix == b"" and not self.seen:
            self._answer(now)
            return
        self.unknown += 1

    def _answer(self, now):
        """The information response of the step; False when the handler says it is a URC."""
        step = self.step
        flags = step[5]
        if flags & codes.PAYLOAD:
            if not self.seen:
                self.seen = True
                self._payload(now)
            return True
        if flags & codes.SETTING:
            cursor = self.cursor
            cursor.rest()
            self.verdict = codes.NEXT if cursor.equals(self.want) else codes.FAIL
            self.seen = True
            return True
        if step[3] is not None:
            verdict = getattr(self.vendor, step[3])(self.user, self.cursor)
            if verdict == codes.NOT_MINE:
                return False
            if verdict is not None:
                self.verdict = verdict
        if self.step is step and not self.seen:
            self.seen = True
            if self.ended:
                self._advance(now)
        return True

    def _final(self, buf, start):
        """The result of a final result code line, or -1."""
        n = self.ring.end - start
        c = buf[start]
        if n == 2 and c == 79 and buf[start + 1] == 75:
            return codes.OK
        if n == 5 and buf.startswith(b"ERROR", start):
            return codes.ERROR
        if c == 43 and n > 12 and buf.startswith(b"+CM", start):
            if buf.startswith(b"+CME ERROR: ", start):
                self.cursor.pos = start + 12
                self.cme = cme.number(self.cursor)
                return codes.CME
            if buf.startswith(b"+CMS ERROR: ", start):
                self.cursor.pos = start + 12
                self.cme = self.cursor.int()
                return codes.CMS
        if n == 10 and buf.startswith(b"NO CARRIER", start):
            return codes.NO_CARRIER
        for entry in self.vendor.FINALS:
            if n == len(entry[0]) and buf.startswith(entry[0], start):
                return entry[1]
        return -1

    def _late(self, result, now):
        """A final result code that no command in flight asked for."""
        state = self.state
        if state == _PROBE and self.answered:
            if result == codes.OK:
                self.state = _ALMOST
                self.deadline = ticks_add(now, _QUIET_MS)
                return
        self.late += 1
        if state == _ALMOST:
            self.state = _QUIET
            self.sync_at = now
            self.deadline = ticks_add(now, _QUIET_LIMIT_MS)
        elif state < _QUIET:
            # what we sent before has been read as another command, or in pieces
            self.user.unasked(now)
            self._resync(now)
            if state == _PAUSE:
                self.user.finished(codes.DAMAGED, now)
