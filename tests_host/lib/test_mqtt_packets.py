"""Topics, and the decoder: tables fed whole, byte by byte, and in random pieces."""

import random

import mqtt_bench as t

from uplink import log
from uplink.mqtt import MQTT
from uplink.mqtt.packets import connect_body

SEED = 20240613


class Events(MQTT):
    """A connected client that writes down what it reads; larger messages are its own `sink`."""

    def __init__(self, wants=True, greeted=True):
        super().__init__(None, t.Wire(), t.config(packet=64))
        self.log = []
        self.subscribe("#", self.handle, 1, self if wants else None)
        self.connect()
        self.poll(0)
        self._transport.state = t.OPEN
        self.opened(0)
        if greeted:
            self.received(t.CONNACK, 0, 4, 0)
            self.log.clear()

    def _take(self, first, number, body):
        assert type(body) is bytearray
        bad = super()._take(first, number, body)
        if bad:
            return bad
        if first == 0x20:
            self.log.append(("connack", body[0], body[1]))
        elif first == 0xD0:
            self.log.append(("pingresp",))
        elif first == 0x90:
            self.log.append(("suback", number, bytes(body[2:])))
        else:
            self.log.append(("ack", first, number))
        return None

    def handle(self, topic, payload):
        assert type(topic) is bytearray and type(payload) is bytearray
        self.log.append(("publish", bytes(topic), bytes(payload)))

    def begin(self, topic, size):
        self.log.append(("large", bytes(topic), size))
        self.log.append(("pieces", b""))

    def write(self, piece):
        assert 0 < len(piece) <= 64
        self.log[-1] = ("pieces", self.log[-1][1] + bytes(piece))

    def end(self, ok):
        assert ok
        self.log.append(("end",))

    def _reply(self, kind, packet_id):
        self.log.append(("reply", kind, packet_id))


def note(events):
    """A log.sink that tells `events` what is malformed, and what nobody wants."""

    def sink(level, room, text, a, b):
        if text == "malformed:":
            events.log.append(("bad", a))
        elif text.startswith("message too large"):
            events.log.append(("drained", a))

    return sink


def decode(data, sizes=None, wants=True, greeted=True):
    events = Events(wants, greeted)
    at = 0
    k = 0
    keep = log.sink
    log.sink = note(events)
    try:
        while at < len(data):
            n = sizes[k % len(sizes)] if sizes else len(data)
            part = b"\x55" + data[at : at + n]
            events.received(part, 1, len(part) - 1, 0)
            at += n
            k += 1
    finally:
        log.sink = keep
    assert events.failed == 0
    return events.log


GOOD = (
    (b"\x40\x02\x00\x01", [("ack", 0x40, 1)]),
    (b"\x50\x02\xff\xff", [("reply", 0x62, 65535), ("ack", 0x50, 65535)]),
    (b"\x62\x02\x01\x00", [("reply", 0x70, 256), ("ack", 0x62, 256)]),
    (b"\x70\x02\x00\x07", [("ack", 0x70, 7)]),
    (b"\xb0\x02\x00\x07", [("ack", 0xB0, 7)]),
    (b"\x90\x06\x00\x07\x00\x01\x02\x80", [("suback", 7, b"\x00\x01\x02\x80")]),
    (b"\xd0\x00", [("pingresp",)]),
    (t.publish(b"a", b""), [("publish", b"a", b"")]),
    (
        t.publish(b"a/b", b"xyz", 1, 9, True, True),
        [("publish", b"a/b", b"xyz"), ("reply", 0x40, 9)],
    ),
    (
        t.publish(b"a", b"\x00" * 30, 2, 65535) + t.pubrel(65535),
        [
            ("publish", b"a", b"\x00" * 30),
            ("reply", 0x50, 65535),
            ("reply", 0x70, 65535),
            ("ack", 0x62, 65535),
        ],
    ),
    (t.publish(b"k" * 16, b"x" * 46), [("publish", b"k" * 16, b"x" * 46)]),
    (
        t.publish(b"\xc3\xa4/\xf0\x9f\x98\x80", b"u"),
        [("publish", b"\xc3\xa4/\xf0\x9f\x98\x80", b"u")],
    ),
    # remaining length in more bytes than it needs is allowed
    (b"\x40\x82\x00\x00\x01", [("ack", 0x40, 1)]),
    (b"\xd0\x80\x80\x80\x00", [("pingresp",)]),
    # too large: in pieces
    (
        t.publish(b"a", b"p" * 62),
        [("large", b"a", 62), ("pieces", b"p" * 62), ("end",)],
    ),
    (
        t.publish(b"a", b"0123456789" * 30, 1, 5),
        [("large", b"a", 300), ("pieces", b"0123456789" * 30), ("end",), ("reply", 0x40, 5)],
    ),
    (
        t.publish(b"k" * 256, b"x" * 99, 2, 4) + t.pubrel(4),
        [
            ("large", b"k" * 256, 99),
            ("pieces", b"x" * 99),
            ("end",),
            ("reply", 0x50, 4),
            ("reply", 0x70, 4),
            ("ack", 0x62, 4),
        ],
    ),
    # a topic longer than what is held: no topic
    (
        t.publish(b"k" * 257, b"x", 1, 3),
        [("drained", 1), ("reply", 0x40, 3)],
    ),
)

BAD = (
    b"\x00\x00",  # type 0
    b"\xf0\x00",  # type 15
    b"\x10\x00",  # what only a client sends
    b"\x82\x05\x00\x01\x00\x01a",
    b"\xa2\x05\x00\x01\x00\x01a",
    b"\xc0\x00",
    b"\xe0\x00",
    b"\x41\x02\x00\x01",  # reserved flags
    b"\x52\x02\x00\x01",
    b"\x60\x02\x00\x01",
    b"\x63\x02\x00\x01",
    b"\x72\x02\x00\x01",
    b"\x92\x03\x00\x01\x00",
    b"\xb2\x02\x00\x01",
    b"\xd1\x00",
    b"\x36\x05\x00\x01a\x00\x01",  # QoS 3
    b"\x3e\x05\x00\x01a\x00\x01",
    b"\x40\x80\x80\x80\x80\x01",  # remaining length of five bytes
    b"\x30\xff\xff\xff\xff",
    b"\x40\x00",  # lengths that the type does not have
    b"\x40\x01\x00",
    b"\x40\x03\x00\x01\x00",
    b"\x50\x03\x00\x01\x00",
    b"\x62\x01\x01",
    b"\x70\x04\x00\x01\x00\x00",
    b"\xb0\x03\x00\x01\x00",
    b"\xd0\x01\x00",
    b"\x90\x02\x00\x01",
    b"\x90\x41" + b"\x00" * 65,  # a SUBACK that cannot be ours
    b"\x40\x02\x00\x00",  # identifier 0
    b"\x62\x02\x00\x00",
    b"\xb0\x02\x00\x00",
    b"\x90\x03\x00\x00\x00",
    b"\x32\x05\x00\x01a\x00\x00",
    b"\x90\x03\x00\x01\x03",  # SUBACK codes
    b"\x90\x04\x00\x01\x00\x81",
    b"\x30\x00",  # PUBLISH: lengths
    b"\x30\x02\x00\x00",
    b"\x30\x04\x00\x03ab",
    b"\x32\x04\x00\x01a\x00",
    b"\x32\x05\x00\x02ab\x00",
    b"\x30\x03\x00\x00a",  # empty topic
    b"\x30\x03\x00\x01+",
    b"\x30\x05\x00\x03a/#",
    b"\x30\x05\x00\x03a\x00b",
    b"\x30\x05\x00\x02\xc0\x80a",  # overlong
    b"\x30\x05\x00\x03\xed\xa0\x80",  # surrogate
    b"\x30\x04\x00\x02\xc3(",
    b"\x30\x03\x00\x01\xc3",
    b"\x30\x03\x00\x01\x80",
    b"\x30\x06\x00\x04\xf4\x90\x80\x80",  # above U+10FFFF
    t.publish(b"", b"x" * 100),  # the same in a large one
    t.publish(b"a+", b"x" * 100),
    t.publish(b"a", b"x" * 100, 1, 0),
    b"\x30\x64\x00\x63" + b"x" * 98,
    b"\x20\x02\x00\x00",  # a second CONNACK
)

BAD_GREETING = (
    b"\x40\x02\x00\x01",
    b"\xd0\x00",
    b"\x30\x03\x00\x01a",
    b"\x90\x03\x00\x01\x00",
    b"\x20\x02\x02\x00",
    b"\x20\x02\x81\x00",
    b"\x20\x01\x00",
    b"\x20\x03\x00\x00\x00",
    b"\x21\x02\x00\x00",
)


def test_packets_whole_byte_by_byte_and_in_pieces():
    for data, events in GOOD:
        for sizes in (None, [1], [2], [7], [3, 1, 5]):
            assert decode(data, sizes) == events, (data, sizes)


def test_packets_glued_and_split_at_random():
    rng = random.getrandbits
    random.seed(SEED)
    for _ in range(200):
        data = b""
        events = []
        for _ in range(12):
            one = GOOD[rng(16) % len(GOOD)]
            data += one[0]
            events += one[1]
        sizes = [1 + rng(5) for _ in range(9)]
        assert decode(data, sizes) == events, (SEED, sizes)


def test_what_is_not_wanted_is_drained_to_its_last_byte():
    data = t.publish(b"a", b"\xff" * 1000, 1, 5) + b"\xd0\x00"
    for sizes in (None, [1], [999]):
        assert decode(data, sizes, False) == [("drained", 1000), ("reply", 0x40, 5), ("pingresp",)]
    data = t.publish(b"k" * 300, b"\xff" * 1000, 2, 6) + b"\xd0\x00"
    for sizes in (None, [1], [299]):
        assert decode(data, sizes) == [("drained", 1000), ("reply", 0x50, 6), ("pingresp",)]


def test_a_large_packet_without_payload_ends():
    data = t.publish(b"k" * 300, b"") + b"\xd0\x00"
    assert decode(data, [1]) == [("drained", 0), ("pingresp",)]


def test_malformed_packets_end_it_once():
    for data in BAD:
        for sizes in (None, [1], [3]):
            log = decode(data + b"\xd0\x00" + data, sizes)
            assert log[-1][0] == "bad" and isinstance(log[-1][1], str), (data, log)
            assert [e for e in log if e[0] != "bad"] == [], (data, log)
            assert len(log) == 1, (data, log)


def test_before_connack_only_connack():
    for data in BAD_GREETING:
        for sizes in (None, [1]):
            log = decode(data, sizes, greeted=False)
            assert len(log) == 1 and log[0][0] == "bad", (data, log)
    assert decode(b"\x20\x02\x01\x05", [1], greeted=False) == [("connack", 1, 5)]
    assert decode(b"\x20\x02\x00\x00\xd0\x00", greeted=False) == [("connack", 0, 0), ("pingresp",)]


def test_the_next_connection_begins_afresh():
    b = t.Bench(packet=128)
    for rest in (
        b"\x20",
        b"\x20\x02\x00",
        b"\x20\x02\x00\x00\x30\xff",
        b"\x20\x02\x00\x00\x30\x7f\x00\x01",
        b"\x20\x02\x00\x00\x30\x05\x00\x01a",
        b"\x20\x02\x00\x00\x32\xff\x04\x02\x00" + b"k" * 400,
        b"\x20\x02\x00\x00\x32\xff\x04\x00\x01a\x00\x01" + b"k" * 400,
    ):
        b.link()
        b.say(rest)
        b.lose()
        assert not b.mqtt.connected
        b.wait(300_000)
        b.link()
        b.say(t.CONNACK + t.publish(b"a", b"x", 1, 7) + t.PINGRESP)
        assert b.mqtt.connected and b.take() == [t.puback(7)], rest
        b.lose()
        b.wait(300_000)
    assert b.mqtt.malformed == 0


def test_random_bytes_end_or_wait():
    random.seed(SEED)
    for _ in range(3000):
        n = random.getrandbits(6)
        data = bytes([random.getrandbits(8) for _ in range(n)])
        if random.getrandbits(1):
            one = bytearray(GOOD[random.getrandbits(16) % len(GOOD)][0])
            one[random.getrandbits(8) % len(one)] ^= 1 << random.getrandbits(3)
            data = bytes(one) + data
        a = decode(data)
        assert a == decode(data, [1]), (SEED, data)
        assert len([e for e in a if e[0] == "bad"]) <= 1


def test_connect():
    b = t.config()["broker"]
    assert connect_body(b) == b"\x00\x04MQTT\x04\x00\x00\x78\x00\x03dev"
    b["clean"] = True
    b["client_id"] = b""
    b["user"] = b"u"
    b["password"] = b"pw"
    b["keepalive_s"] = 258
    b["will"] = {"topic": b"w", "payload": b"\x00x", "qos": 2, "retain": True}
    assert connect_body(b) == (
        b"\x00\x04MQTT\x04\xf6\x01\x02\x00\x00\x00\x01w\x00\x02\x00x\x00\x01u\x00\x02pw"
    )
    wrong = (
        ("clean", False),
        ("user", None),
        ("user", b"\xff"),
        ("client_id", b"\xed\xa0\x80"),
        ("keepalive_s", 65536),
        ("password", b"x" * 65536),
        ("will", {"topic": b"a/#", "payload": b"", "qos": 0, "retain": False}),
        ("will", {"topic": b"", "payload": b"", "qos": 0, "retain": False}),
        ("will", {"topic": b"a", "payload": b"", "qos": 3, "retain": False}),
    )
    for key, value in wrong:
        changed = dict(b)
        changed[key] = value
        try:
            connect_body(changed)
            assert False, key
        except ValueError:
            pass
