"""The wire: bytes paced at the baud rate by arithmetic, and damaged on request.

Ten bits a byte. A run of bytes that starts at `t0` has byte i whole at
`t0 + (i + 1) * 10_000_000 // baud`; nothing is planned per byte.
"""

from collections import deque

BITS = 10_000_000  # bits of a byte, in bit-microseconds


class Run:
    """Bytes that follow each other without a gap."""

    __slots__ = ("t0", "baud", "data", "pos", "index")

    def __init__(self, t0, baud, data, index):
        self.t0 = t0
        self.baud = baud
        self.data = data
        self.pos = 0
        self.index = index  # of data[0] in everything sent this way

    def end(self):
        return self.t0 + len(self.data) * BITS // self.baud

    def when(self, i):
        """When byte i has arrived whole."""
        return self.t0 + (i + 1) * BITS // self.baud

    def whole(self, now_us):
        """How many bytes have arrived whole by now_us."""
        if now_us >= self.end():
            return len(self.data)
        if now_us <= self.t0:
            return 0
        n = (now_us - self.t0) * self.baud // BITS
        while n < len(self.data) and self.when(n) <= now_us:
            n += 1
        return n


class Damage:
    """One thing that was done to the bytes on the wire."""

    __slots__ = ("us", "direction", "kind", "index", "before", "after", "context")

    def __init__(self, us, direction, kind, index, before, after, context):
        self.us = us
        self.direction = direction  # "in": host to modem, "out": modem to host
        self.kind = kind  # "lose", "double", "garble"
        self.index = index  # of the first byte concerned in the direction's stream
        self.before = before
        self.after = after
        self.context = context  # "command", "payload", "answer", "urc", "noise" or "unheard"

    def __repr__(self):
        return (
            f"Damage({self.us}, {self.direction!r}, {self.kind!r}, {self.index}, "
            f"{self.before!r} -> {self.after!r}, {self.context!r})"
        )


class Damager:
    """Loses, doubles and garbles bytes at seeded rates; the cost is per damage, not per byte."""

    KINDS = ("lose", "double", "garble")

    def __init__(self, rng):
        self.rng = rng
        self.rates = {}  # kind -> [rate, bytes until the next, how many are left or None]

    def set(self, kind, rate, count=None):
        """Damage a byte in 1/rate (0 ends it), at most `count` times."""
        if rate <= 0:
            self.rates.pop(kind, None)
        else:
            self.rates[kind] = [rate, self._gap(rate), count]

    def _gap(self, rate):
        return 0 if rate >= 1 else int(self.rng.expovariate(rate))

    def apply(self, data):
        """Returns (data as it arrives, [(kind, offset, before, after)])."""
        done = []
        for kind in self.KINDS:
            entry = self.rates.get(kind)
            if entry is None:
                continue
            out = None
            shift = 0
            at = entry[1]
            size = len(data)
            while at < size:
                if out is None:
                    out = bytearray(data)
                before = data[at : at + 1]
                if kind == "lose":
                    after = b""
                elif kind == "double":
                    after = before * 2
                else:
                    after = bytes((before[0] ^ (1 << self.rng.randrange(8)),))
                out[at + shift : at + shift + 1] = after
                done.append((kind, at + shift, before, after))
                shift += len(after) - 1
                if entry[2] is not None:
                    entry[2] -= 1
                    if entry[2] <= 0:
                        del self.rates[kind]
                        entry = None
                        break
                at += 1 + self._gap(entry[0])
            if entry is not None:
                entry[1] = at - size
            if out is not None:
                data = bytes(out)
        return data, done


class Wire:
    """One direction of the UART."""

    def __init__(self, rng, direction):
        self.runs = deque()
        self.busy_until = 0
        self.index = 0
        self.direction = direction
        self.damager = Damager(rng)
        self.damage = []  # every Damage, in order

    def send(self, data, now_us, baud, context):
        """Start to send `data` at now_us, or when what is being sent is through."""
        if self.damager.rates:
            data, done = self.damager.apply(data)
            for kind, offset, before, after in done:
                at = self.index + offset
                record = Damage(now_us, self.direction, kind, at, before, after, context)
                self.damage.append(record)
        if not data:
            return
        t0 = max(now_us, self.busy_until)
        last = self.runs[-1] if self.runs else None
        if last is not None and last.baud == baud and last.end() == t0:
            last.data += data
            run = last
        else:
            run = Run(t0, baud, bytearray(data), self.index)
            self.runs.append(run)
        self.index += len(data)
        self.busy_until = run.end()

    def take(self, now_us, limit=-1):
        """Remove and return what has arrived whole by now_us (at most `limit` bytes)."""
        out = b""
        while self.runs and limit != 0:
            run = self.runs[0]
            n = run.whole(now_us) - run.pos
            if n <= 0:
                break
            if 0 <= limit < n:
                n = limit
            piece = bytes(run.data[run.pos : run.pos + n])
            out = out + piece if out else piece
            run.pos += n
            if limit > 0:
                limit -= n
            if run.pos >= len(run.data):
                self.runs.popleft()
            else:
                break
        return out

    def peek(self, now_us):
        """What has arrived whole of the first run, without taking it."""
        if not self.runs:
            return b""
        run = self.runs[0]
        return bytes(run.data[run.pos : max(run.pos, run.whole(now_us))])

    def arrival(self, stop=None, count=0):
        """When the reader should look next: at the end of the first run, at its first
        `stop` byte, or after `count` bytes, whichever comes first; None: nothing is under way."""
        if not self.runs:
            return None
        run = self.runs[0]
        last = len(run.data) - 1
        if stop is not None:
            at = run.data.find(stop, run.pos)
            if at >= 0:
                last = at
        if count and run.pos + count - 1 < last:
            last = run.pos + count - 1
        return run.when(last)

    def take_line(self, stop, now_us):
        """Remove and return (arrival of its first byte, bytes up to and with `stop`), or what a
        run holds without one once it has all arrived; None when that is not yet."""
        if not self.runs:
            return None
        run = self.runs[0]
        at = run.data.find(stop, run.pos)
        last = at if at >= 0 else len(run.data) - 1
        if run.when(last) > now_us:
            return None
        return run.when(run.pos), self.take(now_us, last + 1 - run.pos)

    def position(self):
        """Index of the next byte to be read."""
        if self.runs:
            return self.runs[0].index + self.runs[0].pos
        return self.index

    def cut(self, now_us):
        """Take back and return what has not left yet (a byte on its way is not stopped)."""
        back = bytearray()
        kept = deque()
        for run in self.runs:
            sent = run.whole(now_us)
            if run.t0 <= now_us and sent < len(run.data):
                sent += 1
            sent = max(sent, run.pos)
            back += run.data[sent:]
            del run.data[sent:]
            if len(run.data) > run.pos:
                kept.append(run)
        self.runs = kept
        self.index -= len(back)
        self.busy_until = kept[-1].end() if kept else min(self.busy_until, now_us)
        return bytes(back)

    def clear(self, now_us):
        """Cut the line: what has not arrived whole is lost. Returns what had arrived."""
        arrived = self.take(now_us)
        self.runs.clear()
        self.busy_until = min(self.busy_until, now_us)
        return arrived
