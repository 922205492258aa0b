"""What is written twice does the same: the ring in C, in viper and in Python; buffers and the
engine in C and in Python (MQTT: test_twins_mqtt.py). On CPython there is Python alone, and
nothing to compare.
"""

import random

from at_user import CSQ, READ, SEND, User

from uplink import exact
from uplink.at import Engine, codes, engine as written, plain as lines, unpack
from uplink.plain import Copier, buffer, clear, cut, resize
from uplink.ring import Ring, plain, ring as kept
from uplink.ring.cursor import Cursor

try:
    from uplink.ring import fast
except (ImportError, SyntaxError):
    fast = None

LINE = 5
COUNTED = 2
ROWS = ((b"+RECV: ", 1), (b"SRING: ", 2), (b"<<<", 0))
PARTS = (
    b"AT+CSQ\r\r\n+CSQ: 25,99\r\n\r\nOK\r\n",
    b"\r\n+RECV: 4,ab\n",
    b"SRING: 1,5,",
    b"<<<",
    b"> ",
    b"\x00\xff",
    b"OK\n",
    b"+R",
    b"x" * 90,
)


def rings():
    """One of each kind."""

    class Plain(kept.Ring):
        put = plain.put
        scan = plain.scan
        find = plain.find

    kinds = [Plain]
    if fast is not None:

        class Fast(kept.Ring):
            put = fast.put
            scan = fast.scan
            find = fast.find

        kinds.append(Fast)
    if Ring is not kept.Ring:
        kinds.append(Ring)
    return [kind(128, 64) for kind in kinds]


def state(ring):
    return list(ring.at), ring.cursor.pos, ring.cursor.end, ring.overlong, bytes(ring.buf)


def same(values):
    for value in values[1:]:
        assert value == values[0], values
    return values[0]


def test_buffers_become_the_same():
    seed = 20261130
    print("seed", seed)
    random.seed(seed)

    class Written:
        buffer = staticmethod(buffer)
        clear = staticmethod(clear)
        cut = staticmethod(cut)
        resize = staticmethod(resize)
        Copier = Copier

    forms = (exact, Written)
    pair = [form.buffer(700) for form in forms]
    copiers = [form.Copier(64) for form in forms]
    data = bytes(range(256))
    lengths = set()
    for _ in range(3000):
        kind = random.getrandbits(2)
        n = random.getrandbits(random.getrandbits(3) + 3) % 1200
        held = len(same([bytes(b) for b in pair]))
        if kind == 0:
            off = random.getrandbits(7)
            n %= 65
            for form, b in zip(copiers, pair):
                form.set(b, data, off, n)
        for form, b in zip(forms, pair):
            if kind == 1:
                form.resize(b, n)
                assert len(b) == n
                for k in range(held, n):  # what is new in it means nothing
                    b[k] = k & 255
            elif kind == 2:
                form.cut(b, n % (held + 1))
            elif kind == 3 and not n % 8:
                form.clear(b)
        lengths.add(len(pair[0]))
    assert len(lengths) > 200 and max(lengths) > 700


def test_rings_find_the_same():
    seed = 20261121
    print("seed", seed)
    random.seed(seed)
    three = rings()
    read, end = 0, 5
    for _ in range(3000):
        data = PARTS[random.getrandbits(8) % len(PARTS)]
        n = min(len(data), 1 + random.getrandbits(6))
        for r in three:
            r.stage[:n] = data[:n]
            r.put(n)
        same([bytes(r.buf[r.at[0] : r.at[1]]) for r in three])
        for _ in range(random.getrandbits(2)):
            what = same([r.scan(b"+CSQ: ", ROWS) for r in three])
            same([state(r)[:4] for r in three])
            if what == COUNTED:
                for r in three:
                    r.at[read] = r.at[end] + 1
            if what == LINE:
                same([r.find(ROWS) for r in three])
                same([state(r)[:4] for r in three])
    assert three[0].overlong > 0


def cursors():
    kinds = [Cursor]
    if Ring is not kept.Ring:
        kinds.append(type(Ring(128, 64).cursor))
    return [kind() for kind in kinds]


def told(c):
    return c.pos, c.end, c.first, c.last


def test_cursors_read_the_same():
    seed = 20261127
    print("seed", seed)
    random.seed(seed)
    pair = cursors()
    into = [bytearray(64) for _ in pair]
    letters = b' ",-+01289ab'
    for _ in range(4000):
        data = bytes(letters[random.getrandbits(8) % len(letters)] for _ in range(12))
        start = random.getrandbits(2)
        for c in pair:
            c.over(data, start, len(data))
        while same([c.more() for c in pair]):
            kind = random.getrandbits(3)
            if kind == 0:
                same([c.text() for c in pair])
            elif kind == 1:
                same([c.int() for c in pair])
            elif kind == 2:
                same([c.int(7) for c in pair])
            elif kind == 3:
                same([c.digits(2) for c in pair])
                for c in pair:
                    c.skip()
            elif kind == 4:
                same([c.starts(b"12") for c in pair])
                same([c.rest() for c in pair])
            elif kind == 5:
                for c in pair:
                    c.skip(2)
            else:
                same([c.text() for c in pair])
                same([c.equals(b"12") for c in pair])
                for c, b in zip(pair, into):
                    c.copy(b, 3)
                same([bytes(b) for b in into])
            same([told(c) for c in pair])


def test_packed_texts_are_read_the_same():
    # each byte from 128 on stands for two smaller ones
    random.seed(20261127)
    pairs = bytes([random.getrandbits(16) % (n // 2) for n in range(256, 512)])
    for _ in range(20):
        text = bytes([random.getrandbits(8) for _ in range(random.getrandbits(6))])
        pair = bytearray(b"x"), bytearray(b"x")
        at = random.getrandbits(3)
        unpack(pair[0], text, at, pairs)
        lines.unpack(pair[1], text, at, pairs)
        same(pair)


SET = ((0, (b"AT+SET=", 1, b",", 1), b"+SET: ", None, 500, codes.NEED | codes.MAY_FAIL),)
LATER = (
    (0, b"AT+LATER", b"+LATER: ", "on_text", 800, codes.LATER),
    (2, b"AT+NEVER", None, None, 100, 0),
    (1, b"AT+ANY", b"", "on_text", 400, codes.NEED),
)
BAD = ((0, (b"AT+BAD=", 2), None, None, 500, 0),)
SCRIPTS = (CSQ, READ, SEND, SET, LATER, BAD)
SAID = (
    b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n",
    b"\r\n+RECV: 12,hello world!\r\nOK\r\n",
    b"\r\nSRING: 1,5,hello\r\n",
    b"\r\n<<<",
    b"\r\n+IND: 3\r\n",
    b"\r\n> ",
    b"AT+CSQ\r\r\n",
    b"\r\n+CME ERROR: 10\r\n",
    b"RDY\r\n",
    b"\r\nOK\r\n",
    b"\r\n+SET: value\r\n\r\nOK\r\n",
    b"\r\n+LATER: 5\r\n",
    b"\r\nSEND OK\r\n",
    b"\r\nSEND FAIL\r\n",
    b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
    b"\r\nERROR\r\n\r\nNO CARRIER\r\n",
    b"\r\n+CMS ERROR: 500\r\n+CSQ: 4\r\n",
)
COUNTS = (
    "late damaged unknown timeouts resyncs idle in_step left state cme out_pos out_end "
    "failed_command failed_result failed_cme"
).split()


def test_engines_say_and_send_the_same():
    pair = [User(kept.Ring, written.Engine)]
    if Engine is not written.Engine:
        pair.append(User())
    for seed in range(20261101, 20261131):
        print("seed", seed)
        random.seed(seed)
        for _ in range(60):
            if pair[0].engine.idle and random.getrandbits(2):
                script = SCRIPTS[random.getrandbits(8) % len(SCRIPTS)]
                for u in pair:
                    u.payload_bytes = b"1234"
                    u.engine.run(script, u.now)
            if not random.getrandbits(5):
                for u in pair:
                    u.engine.lost_step(u.now)
            if not random.getrandbits(5):
                for u in pair:
                    u.engine.drop(u.now)
            data = bytearray()
            for _ in range(random.getrandbits(2)):
                data.extend(SAID[random.getrandbits(4)])
            for _ in range(random.getrandbits(3) // 3):
                at = random.getrandbits(16) % (len(data) + 1)
                kind = random.getrandbits(2)
                if kind == 0 and at < len(data):
                    data[at] = random.getrandbits(8)
                elif kind == 1:
                    data = data[:at] + data[at + 1 :]
                elif kind == 2:
                    data = data[:at] + bytes([random.getrandbits(8)]) + data[at:]
            piece = 1 + random.getrandbits(5)
            ms = 20 * random.getrandbits(random.getrandbits(3))
            for u in pair:
                u.feed(bytes(data), piece)
                u.wait(ms)
            same([(u.events, u.sent, u.now) for u in pair])
            same([[getattr(u.engine, name) for name in COUNTS] for u in pair])
            same([list(u.ring.at) for u in pair])
            for u in pair:
                u.events = []
                u.sent = b""


TRANSFERS = (
    ((0, (b"AT+SEND=", 44), b">", None, 1000, codes.PAYLOAD),),
    ((0, (b"AT+SEND=", 44, b",1"), b"+CSQ: ", None, 1000, codes.PAYLOAD | codes.FAST),),
    ((0, (b"AT+RECV=", 44), b"+RECV: ", None, 800, 0),),
)


class Wire:
    """A UART of a `port`: takes as many bytes at a time as there is room for."""

    def __init__(self):
        self.said = b""
        self.room = 0
        self.sent = b""

    def any(self):
        return len(self.said)

    def readinto(self, buf):
        n = min(len(buf), len(self.said))
        buf[:n] = self.said[:n]
        self.said = self.said[n:]
        return n

    def write(self, buf, off, n):
        n = min(n, self.room)
        self.sent += bytes(buf[off : off + n])
        self.room -= n
        return n


def reply(sent):
    """What a module says to that, as a rule."""
    if sent.endswith(b"AT+CMEE?\r"):
        return b"\r\n+CMEE: 2\r\n\r\nOK\r\n"
    if sent.endswith(b",1\r"):
        return b"\r\n+CSQ: 2\r\n"
    if sent.endswith(b"\r"):
        return b"\r\n+RECV: 5,hello\r\n\r\nOK\r\n" if b"RECV" in sent else b"\r\n> "
    return b"\r\nSEND OK\r\n" if sent else b""


def test_transfers_are_the_same_through_a_uart():
    pair = [User(kept.Ring, written.Engine)]
    if Engine is not written.Engine:
        pair.append(User())
    wires = [Wire() for _ in pair]
    data = bytes(range(256)) + b"\r\nOK\r\n>" * 20
    whole, pieces = 0, 0
    for seed in range(20261201, 20261221):
        print("seed", seed)
        random.seed(seed)
        heard = b""
        for _ in range(300):
            if pair[0].engine.idle and random.getrandbits(2):
                script = TRANSFERS[random.getrandbits(8) % 3]
                cid, off, n = (
                    random.getrandbits(3),
                    random.getrandbits(6),
                    random.getrandbits(7) + 1,
                )
                sends = script[0][5] & codes.PAYLOAD
                part = data[off : off + n] if sends else None
                for u in pair:
                    u.engine.transfer(script, cid, sends and data or None, off, n, u.now)
            heard += wires[0].sent
            said = reply(heard)
            if said:
                heard = b""
            if not random.getrandbits(4):
                said = SAID[random.getrandbits(8) % len(SAID)]
            room = random.getrandbits(9) if random.getrandbits(2) else random.getrandbits(5)
            ms = random.getrandbits(1 + random.getrandbits(3))
            told = []
            for u, wire in zip(pair, wires):
                wire.said += said
                wire.room = room
                wire.sent = b""
                told.append([u.engine.read(wire, u.now, 700)])
                told[-1].append(wire.sent)
                told[-1].append(u.engine.poll(u.now))
                told[-1].append(u.engine.pump(wire, u.now, 900))
                u.tick(ms)
            wait, sent = same(told)[:2]
            if wait >= 0:
                whole += 1
                assert wait <= 700 and part.endswith(sent)
            elif sent:
                pieces += 1
                assert sent in part
            same([(u.events, u.now) for u in pair])
            same([wire.sent for wire in wires])
            same([[getattr(u.engine, name) for name in COUNTS] for u in pair])
            for u in pair:
                u.events = []
    assert whole > 40 and pieces > 10, (whole, pieces)
