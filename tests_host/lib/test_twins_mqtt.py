"""MQTT's packets in C and in Python do the same. On CPython there is Python alone, and nothing to
compare."""

import gc
import random

import mqtt_bench as t

from uplink.exact import buffer
from uplink.mqtt import decoder as written, packets, plain

GREETING, UP, CLOSING = 3, 4, 6
PACKET = 64
ROUNDS = 1500
TOPICS = (
    b"a",
    b"a/b",
    b"a/b/c",
    b"$SYS/a",
    b"k" * 256,
    b"k" * 257,
    b"\xc3\xa4/\xf0\x9f\x98\x80",
    b"a//",
)
FILTERS = (b"#", b"a/+", b"a/#", b"+/b/+", b"$SYS/#", b"\xc3\xa4/+")


def same(values):
    for value in values[1:]:
        assert value == values[0], values
    return values[0]


class Client:
    """What a decoder asks for; writes down what it is told."""

    def __init__(self, module):
        self.state = UP
        self.events = []
        self.choices = 0  # bits: what raises, what closes, what has no room
        self.counts = [0] * 19
        self.ids = [0] * 4
        self.subs = []
        self.subscription = module.subscription
        kind = written.Decoder if module is plain else module.Decoder
        self.decoder = kind(
            self, self.counts, self.ids, self.subs, buffer(258), buffer(PACKET), PACKET
        )

    def subscribe(self, text, state, handles, sinks):
        handler = self.handle if handles or not sinks else None
        sub = self.subscription(text, 1, handler, self if sinks else None)
        sub[0] = state
        self.subs.append(sub)

    def act(self, *event):
        """One of the application's calls."""
        self.events.append(event)
        choice = self.choices & 7
        self.choices >>= 3
        if choice == 7:
            raise ValueError("of the application")
        if choice == 6:
            self.close("application")
        if choice == 4:
            self.subscribe(FILTERS[self.choices % 6], 0, self.choices & 8, self.choices & 16)
        if choice == 3 and self.subs:
            self.subs[self.choices % len(self.subs)][0] = 4
        if choice == 2 and self.subs:
            self.subs.pop(0)  # (a sink that takes pieces may be nowhere else)
        if 1 < choice < 5:
            gc.collect()

    def close(self, why):
        self.events.append(("close", why))
        self.state = CLOSING
        self.decoder.end()

    def handle(self, topic, payload):
        assert type(topic) is bytearray and type(payload) is bytearray
        self.act("handle", bytes(topic), bytes(payload))

    def begin(self, topic, size):
        self.act("begin", bytes(topic), size)

    def write(self, piece):
        assert type(piece) is bytearray
        self.act("write", bytes(piece))

    def end(self, ok):
        self.act("end", ok)

    def _bad(self, what):
        assert 1 <= what <= 5
        self.close(what)

    def _lost(self, which, what):
        if which == 9:
            self.events.append(("oversize", what))
        else:
            assert which == 10 and isinstance(what, ValueError)
            self.events.append(("failed",))

    def _take(self, first, number, body):
        assert type(body) is bytearray
        self.events.append(("packet", first, number, bytes(body)))
        if first == 0x62 and number in self.ids:
            self.ids[self.ids.index(number)] = 0
        if first == 0x20:
            self.state = UP
        if first == 0x90 and body[2] == 3:
            return 1
        return None

    def _room(self, full):
        self.events.append(("may", full))
        choice = self.choices & 7
        self.choices >>= 3
        if full or choice == 5:
            self.close("no room")
            return False
        return True

    def _reply(self, kind, packet_id):
        self.events.append(("reply", kind, packet_id))


def kinds():
    return [plain] if packets.subscription is plain.subscription else [plain, packets]


def below(n):
    return random.getrandbits(16) % n


def packet():
    """One packet of a server, mostly right."""
    kind = below(10)
    if kind < 6:
        qos = below(3)
        payload = bytes([random.getrandbits(8)]) * below((20, 60, 400)[below(3)])
        topic = TOPICS[below(len(TOPICS))]
        return t.publish(topic, payload, qos, 1 + below(6), below(2), below(2))
    if kind == 6:
        return t.pubrel(1 + below(6))
    if kind == 7:
        return t.ack((0x40, 0x50, 0x70, 0xB0)[below(4)], below(300))
    if kind == 8:
        return t.suback(1 + below(3), bytes([below(4) for _ in range(1 + below(3))]))
    if not below(4):  # its remaining length has four bytes, or a fifth is announced
        size = bytes([128 | below(128) for _ in range(3)]) + bytes([below(132)])
        return b"\x30" + size + t.publish(TOPICS[below(len(TOPICS))], b"begun")[2:]
    return t.PINGRESP


def stream():
    data = bytearray()
    for _ in range(1 + below(5)):
        data.extend(packet())
    for _ in range(random.getrandbits(3) // 5):  # damage
        at = below(len(data))
        kind = below(4)
        if kind == 0:
            data[at] = random.getrandbits(8)
        elif kind == 1:
            data[at] ^= 1 << below(8)
        elif kind == 2:
            data = data[:at] + data[at + 1 :]
        else:
            data = data[:at] + bytes([random.getrandbits(8)]) + data[at:]
        if not data:
            break
    return bytes(data)


def test_decoders_tell_the_same():
    seed = 20261127
    print("seed", seed)
    random.seed(seed)
    clients = [Client(kind) for kind in kinds()]
    seen = set()
    for _ in range(ROUNDS):
        if clients[0].state == CLOSING or not below(8):
            state = UP if below(4) else GREETING
            ids = [below(4) * below(2) for _ in range(4)]
            subs = [
                (FILTERS[below(6)], (0, 1, 2, 3, 4, 5)[below(6)], below(3), below(3))
                for _ in range(below(4))
            ]
            for c in clients:
                c.decoder.end()
                c.decoder.begin()
                c.state = state
                c.ids[:] = ids
                c.subs[:] = []
                for sub in subs:
                    c.subscribe(*sub)
        data = stream()
        if clients[0].state == GREETING and below(4):
            data = t.CONNACK + data
        choices = random.getrandbits(30) << 15 | random.getrandbits(15) if not below(3) else 0
        piece = 1 + below((3, 30, 400)[below(3)])
        for c in clients:
            c.choices = choices
            for i in range(0, len(data), piece):
                part = b"\xee" + data[i : i + piece] + b"\xee"
                c.decoder.feed(part, 1, len(part) - 2)
        same([(c.events, c.state, c.counts, c.ids, c.choices) for c in clients])
        for event in clients[0].events:
            seen.add(event[:2] if event[0] in ("close", "end", "may") else event[0])
        for c in clients:
            c.events = []
    wanted = "handle begin write failed oversize packet reply".split()
    wanted += [("end", True), ("end", False), ("may", True), ("may", False), ("close", "no room")]
    wanted += [("close", what) for what in (1, 2, 3, 4, 5, "application")]
    for event in wanted:
        assert event in seen, event
    assert min([clients[0].counts[k] for k in (2, 7, 8)]) > 10


def accepts(make, *arguments):
    try:
        return make(*arguments)
    except ValueError:
        return None


LETTERS = b"aa//++##$\0\x80\xbf\xc3\xa4\xe0\xed\xa0\xf0\x9f\xf4\x90"


def text(n):
    return bytes([LETTERS[below(len(LETTERS) if below(2) else 9)] for _ in range(n)])


def test_topics_and_filters_are_judged_the_same():
    seed = 20261128
    print("seed", seed)
    random.seed(seed)
    forms = kinds()
    good = matched = 0
    more = (print, None)
    for _ in range(6000):
        one, other = text(below(6)), text(1 + below(6))
        same([form.is_text(one, False) for form in forms])
        same([form.is_text(one, True) for form in forms])
        qos = below(5) - 1
        subs = [accepts(form.subscription, one, qos, *more) for form in forms]
        if same([sub and sub[:5] for sub in subs]):
            good += 1
            for topic in (other, bytearray(other)):
                found = [form.matches(sub, topic) for form, sub in zip(forms, subs)]
                matched += same(found)
    assert good > 300 and matched > 20, (good, matched)
    for n in (65535, 65536):
        same([form.is_text(b"x" * n, True) for form in forms])
        same([accepts(form.subscription, b"x" * n, 0, *more) is None for form in forms])


def test_packets_are_composed_the_same():
    seed = 20261129
    print("seed", seed)
    random.seed(seed)
    forms = kinds()
    out = [bytearray() for _ in forms]
    full = 0
    for _ in range(500):
        topic, payload = text(below(40)), text(below((10, 300)[below(2)]))
        if not below(4):
            topic, payload = "\u00e4" * len(topic), "\u00f6" * len(payload)
        more = below(2) * random.getrandbits(below(28))
        packet_id = below(2) * below(65536)
        n = random.getrandbits(1 + below(28))
        room = len(out[0]) + below(700)
        good = [
            form.compose(b, room, 0x30, topic, packet_id, payload, more)
            for form, b in zip(forms, out)
        ]
        full += not same(good)
        assert len(out[0]) <= room
        for form, b in zip(forms, out):
            form.put_header(b, 0x82, n)
            form.put_number(b, n & 0xFFFF)
        same([bytes(b) for b in out])
        n = below(len(out[0]) + 1)
        for form, b in zip(forms, out):
            form.cut_front(b, n)
        same([bytes(b) for b in out])
    assert 50 < full < 400, full
