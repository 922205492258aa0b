"""The last bytes of a stream that are kept back: they may be the module's own words."""

from uplink import exact
from uplink.modem.states import const

from .service import Service

_OPEN = const(2)

_TAIL = const(96)  # bytes kept back: what a module says at an end


class Tail(Service):
    """`vendor.ENDS`: the words. Who derives from it decides when they are words."""

    def __init__(self, core, vendor, name):
        super().__init__(core, vendor, name)
        self.heard_at = 0
        self.tail = exact.buffer(_TAIL)
        self.piece = exact.buffer(_TAIL)
        self.copier = exact.Copier(_TAIL)

    def taken(self, buf, off, n, now):
        """Hand on all but the last bytes: they may be the module's own words."""
        self.heard_at = now
        tail = self.tail
        over = len(tail) + n - _TAIL
        if over > 0 and tail:
            k = over if over < len(tail) else len(tail)
            self._tell(tail, 0, k, now)
            self.copier.set(self.piece, tail, k, len(tail) - k)
            exact.clear(tail)
            tail.extend(self.piece)
            over -= k
        if over > 0:
            self._tell(buf, off, over, now)
            off += over
            n -= over
        if n > 0:
            self.copier.set(self.piece, buf, off, n)
            tail.extend(self.piece)

    def _tell(self, buf, off, n, now):
        if n > 0 and self.state == _OPEN and self.listener is not None:
            self.listener.received(buf, off, n, now)

    def _deliver(self, now):
        self._tell(self.tail, 0, len(self.tail), now)
        exact.clear(self.tail)

    def _word(self):
        """Where the first of the module's own words begins in what was kept back; -1: nowhere."""
        first = -1
        for word in self.vendor.ENDS:
            at = self.tail.find(word)
            if at >= 0 and (first < 0 or at < first):
                first = at
        return first

    def _ends(self, word):
        """Whether `word` stands last in what has come."""
        at = len(self.tail) - len(word)
        return at >= 0 and self.tail.find(word, at) == at
