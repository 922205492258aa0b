"""MQTT 3.1.1 on the wire, as a server reads and writes it: frames, packets, topics.

Written from the OASIS text (29 October 2014) alone, so that it can judge a client that was written
by somebody else. `Wrong` carries the number of the normative statement that the client broke,
without the "MQTT-" in front of it.
"""

from collections import namedtuple

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 11, 12, 13, 14

NAMES = (
    "reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "reserved",
)

# What a client may send, with the flags its first byte must carry (PUBLISH has flags of its own)
# and the statement that says so.
_CLIENT_FLAGS = {
    CONNECT: (0, "2.2.2-2"),
    PUBACK: (0, "2.2.2-2"),
    PUBREC: (0, "2.2.2-2"),
    PUBREL: (2, "3.6.1-1"),
    PUBCOMP: (0, "2.2.2-2"),
    SUBSCRIBE: (2, "3.8.1-1"),
    UNSUBSCRIBE: (2, "3.10.1-1"),
    PINGREQ: (0, "2.2.2-2"),
    DISCONNECT: (0, "3.14.1-1"),
}

Connect = namedtuple("Connect", "level clean keepalive_s client_id will user password")
Will = namedtuple("Will", "topic payload qos retain")
Publish = namedtuple("Publish", "topic payload qos retain dup packet_id")


class Wrong(Exception):
    """The client broke `statement` ("3.3.1-2"); `text` says how."""

    def __init__(self, statement, text):
        super().__init__(f"[MQTT-{statement}] {text}")
        self.statement = statement
        self.text = text


class Framer:
    """Cuts a byte stream into whole packets, however it arrives."""

    def __init__(self, max_packet=1 << 20):
        self._buf = bytearray()
        self._max = max_packet

    def feed(self, data):
        self._buf += data

    def __len__(self):
        return len(self._buf)

    def peek(self, n=64):
        """The first bytes that are not yet a whole packet (what a violation shows)."""
        return bytes(self._buf[:n])

    def next(self):
        """One whole packet as `bytes`, or None. Raises `Wrong` as early as it can be known."""
        buf = self._buf
        if not buf:
            return None
        self._check_first(buf[0])
        length = 0
        for i in range(1, 5):
            if i >= len(buf):
                return None
            length |= (buf[i] & 0x7F) << (7 * (i - 1))
            if buf[i] < 0x80:
                break
        else:
            raise Wrong("4.8.0-1", "the remaining length takes more than four bytes (2.2.3)")
        total = 1 + i + length
        if total > self._max:
            raise Wrong("4.8.0-1", f"a packet of {total} bytes is larger than this broker takes")
        if len(buf) < total:
            return None
        packet = bytes(buf[:total])
        del buf[:total]
        return packet

    @staticmethod
    def _check_first(first):
        kind, flags = first >> 4, first & 15
        if kind == PUBLISH:
            if flags & 6 == 6:
                raise Wrong("3.3.1-4", "PUBLISH with both QoS bits set")
            return
        if kind not in _CLIENT_FLAGS:
            raise Wrong("4.8.0-1", f"a client never sends type {kind} ({NAMES[kind]})")
        expected, statement = _CLIENT_FLAGS[kind]
        if flags != expected:
            raise Wrong(statement, f"{NAMES[kind]} with flags {flags:#x} instead of {expected:#x}")


class _Reader:
    """Walks the body of one packet; every step checks that the bytes are there."""

    def __init__(self, packet):
        self.data = packet
        self.at = 2
        while packet[self.at - 1] & 0x80:
            self.at += 1
        self.name = NAMES[packet[0] >> 4]

    def left(self):
        return len(self.data) - self.at

    def take(self, n, what):
        if self.left() < n:
            raise Wrong("4.8.0-1", f"{self.name} ends inside its {what}")
        self.at += n
        return self.data[self.at - n : self.at]

    def u8(self, what):
        return self.take(1, what)[0]

    def u16(self, what):
        return int.from_bytes(self.take(2, what), "big")

    def binary(self, what):
        return self.take(self.u16(what), what)

    def text(self, what):
        raw = self.binary(what)
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Wrong("1.5.3-1", f"{self.name}: {what} is not well-formed UTF-8") from None
        if b"\0" in raw:
            raise Wrong("1.5.3-2", f"{self.name}: {what} holds U+0000")
        return raw

    def packet_id(self):
        packet_id = self.u16("packet identifier")
        if packet_id == 0:
            raise Wrong("2.3.1-1", f"{self.name} with packet identifier 0")
        return packet_id

    def end(self):
        if self.left():
            raise Wrong("4.8.0-1", f"{self.name} has {self.left()} bytes too many")


def parse_connect(packet):
    """CONNECT as `Connect`. A level other than 4 is returned: CONNACK 1 is the answer."""
    r = _Reader(packet)
    name = r.text("protocol name")
    if name != b"MQTT":
        raise Wrong("3.1.2-1", f"protocol name {name!r}")
    level = r.u8("protocol level")
    if level != 4:
        return Connect(level, True, 0, b"", None, None, None)
    flags = r.u8("connect flags")
    if flags & 0x01:
        raise Wrong("3.1.2-3", "the reserved connect flag is set")
    keepalive_s = r.u16("keepalive")
    will_qos = flags >> 3 & 3
    if flags & 0x04:
        if will_qos == 3:
            raise Wrong("3.1.2-14", "will QoS 3")
    elif will_qos:
        raise Wrong("3.1.2-13", "a will QoS without the will flag")
    elif flags & 0x20:
        raise Wrong("3.1.2-15", "will retain without the will flag")
    if flags & 0x40 and not flags & 0x80:
        raise Wrong("3.1.2-22", "a password without a user name")
    client_id = r.text("client identifier")
    will = user = password = None
    if flags & 0x04:
        topic = r.text("will topic")
        check_topic(topic, "will topic")
        will = Will(topic, r.binary("will message"), will_qos, bool(flags & 0x20))
    if flags & 0x80:
        user = r.text("user name")
    if flags & 0x40:
        password = r.binary("password")
    r.end()
    return Connect(level, bool(flags & 2), keepalive_s, client_id, will, user, password)


def parse_publish(packet):
    """PUBLISH as `Publish`; `packet_id` is 0 at QoS 0."""
    flags = packet[0]
    qos = flags >> 1 & 3
    dup = bool(flags & 8)
    if dup and not qos:
        raise Wrong("3.3.1-2", "DUP is set at QoS 0")
    r = _Reader(packet)
    topic = r.text("topic name")
    check_topic(topic, "topic name")
    packet_id = r.packet_id() if qos else 0
    return Publish(topic, packet[r.at :], qos, bool(flags & 1), dup, packet_id)


def parse_ack(packet):
    """The packet identifier of PUBACK, PUBREC, PUBREL or PUBCOMP."""
    r = _Reader(packet)
    packet_id = r.packet_id()
    r.end()
    return packet_id


def parse_empty(packet):
    """PINGREQ and DISCONNECT: nothing may follow the fixed header."""
    _Reader(packet).end()


def parse_subscribe(packet):
    """`(packet_id, [(filter, qos), …])`."""
    r = _Reader(packet)
    packet_id = r.packet_id()
    wanted = []
    while r.left():
        topic_filter = r.text("topic filter")
        check_filter(topic_filter)
        qos = r.u8("requested QoS")
        if qos > 2:
            raise Wrong("3.8.3-4", f"requested QoS byte {qos:#x}")
        wanted.append((topic_filter, qos))
    if not wanted:
        raise Wrong("3.8.3-3", "SUBSCRIBE without a topic filter")
    return packet_id, wanted


def parse_unsubscribe(packet):
    """`(packet_id, [filter, …])`."""
    r = _Reader(packet)
    packet_id = r.packet_id()
    filters = []
    while r.left():
        topic_filter = r.text("topic filter")
        check_filter(topic_filter)
        filters.append(topic_filter)
    if not filters:
        raise Wrong("3.10.3-2", "UNSUBSCRIBE without a topic filter")
    return packet_id, filters


def check_topic(topic, what):
    """A topic *name* (4.7): at least one character and no wildcard."""
    if not topic:
        raise Wrong("4.7.3-1", f"an empty {what}")
    if b"+" in topic or b"#" in topic:
        raise Wrong("3.3.2-2", f"a wildcard in the {what} {topic!r}")


def check_filter(topic_filter):
    """A topic *filter* (4.7.1)."""
    if not topic_filter:
        raise Wrong("4.7.3-1", "an empty topic filter")
    levels = topic_filter.split(b"/")
    for i, level in enumerate(levels):
        if b"#" in level and (level != b"#" or i + 1 != len(levels)):
            raise Wrong("4.7.1-2", f"# is not alone on the last level of {topic_filter!r}")
        if b"+" in level and level != b"+":
            raise Wrong("4.7.1-3", f"+ does not fill its level in {topic_filter!r}")


def matches(topic_filter, topic):
    """Whether a valid filter takes a valid topic name (4.7.1, and 4.7.2-1 for `$`)."""
    if topic_filter == topic:
        return True
    if topic[:1] == b"$" and topic_filter[:1] in (b"+", b"#"):
        return False
    wanted, given = topic_filter.split(b"/"), topic.split(b"/")
    for i, level in enumerate(wanted):
        if level == b"#":
            return True
        if i >= len(given) or level not in (b"+", given[i]):
            return False
    return len(wanted) == len(given)


def _frame(first, body):
    n = len(body)
    head = bytearray((first,))
    while n > 127:
        head.append(n & 0x7F | 0x80)
        n >>= 7
    head.append(n)
    return bytes(head) + body


def connack(session_present, code):
    return bytes((0x20, 2, session_present, code))


def publish(topic, payload, qos=0, retain=False, dup=False, packet_id=0):
    body = len(topic).to_bytes(2, "big") + topic
    if qos:
        body += packet_id.to_bytes(2, "big")
    return _frame(0x30 | dup << 3 | qos << 1 | retain, body + payload)


def ack(kind, packet_id):
    """PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK."""
    first = 0x62 if kind == PUBREL else kind << 4
    return bytes((first, 2)) + packet_id.to_bytes(2, "big")


def suback(packet_id, codes):
    return _frame(0x90, packet_id.to_bytes(2, "big") + bytes(codes))


PINGRESP_BYTES = b"\xd0\x00"
