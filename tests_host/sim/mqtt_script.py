"""A client made of bytes: builds packets as a client would (and as none should) and plays them."""

from collections import namedtuple

from . import mqtt_wire as wire

Packet = namedtuple("Packet", "kind flags body")


def text(value):
    """A length-prefixed field."""
    value = value.encode() if isinstance(value, str) else value
    return len(value).to_bytes(2, "big") + value


def frame(first, body=b""):
    """A packet with a right remaining length, whatever is in it."""
    return wire._frame(first, body)


def connect(
    client_id="dev", clean=True, keepalive_s=0, will=None, user=None, password=None, level=4
):
    """CONNECT; `will` = (topic, payload, qos, retain)."""
    flags = 2 if clean else 0
    payload = text(client_id)
    if will:
        flags |= 4 | will[2] << 3 | (0x20 if will[3] else 0)
        payload += text(will[0]) + text(will[1])
    if user is not None:
        flags |= 0x80
        payload += text(user)
    if password is not None:
        flags |= 0x40
        payload += text(password)
    head = text("MQTT") + bytes((level, flags)) + keepalive_s.to_bytes(2, "big")
    return frame(0x10, head + payload)


def publish(topic, payload=b"", qos=0, packet_id=0, dup=False, retain=False):
    topic = topic.encode() if isinstance(topic, str) else topic
    return wire.publish(topic, payload, qos, retain, dup, packet_id)


def puback(packet_id):
    return wire.ack(wire.PUBACK, packet_id)


def pubrec(packet_id):
    return wire.ack(wire.PUBREC, packet_id)


def pubrel(packet_id):
    return wire.ack(wire.PUBREL, packet_id)


def pubcomp(packet_id):
    return wire.ack(wire.PUBCOMP, packet_id)


def subscribe(packet_id, *wanted):
    """`wanted`: (filter, qos) pairs."""
    body = b"".join(text(f) + bytes((q,)) for f, q in wanted)
    return frame(0x82, packet_id.to_bytes(2, "big") + body)


def unsubscribe(packet_id, *filters):
    return frame(0xA2, packet_id.to_bytes(2, "big") + b"".join(text(f) for f in filters))


PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


def split(data):
    """All whole packets of a server's byte stream, and the rest: `([bytes, …], rest)`."""
    out = []
    while len(data) >= 2:
        n = at = 0
        while at < 4 and at + 1 < len(data):
            n |= (data[at + 1] & 0x7F) << 7 * at
            at += 1
            if data[at] < 0x80:
                break
        total = 1 + at + n
        if data[at] >= 0x80 or len(data) < total:
            break
        out.append(bytes(data[:total]))
        data = data[total:]
    return out, bytes(data)


class Conn:
    """A connection of a test to a `Broker`: what was sent to it is in `data`, in `pieces`."""

    def __init__(self, broker, now_us=0):
        self.broker = broker
        self.pieces = []
        self.open = True
        broker.connected(self, now_us)

    def send(self, data):
        assert self.open
        self.pieces.append(data)

    def close(self):
        assert self.open
        self.open = False

    @property
    def data(self):
        return b"".join(self.pieces)

    def say(self, data, now_us=None):
        """Send bytes as the client; the broker's whole packets since the last call."""
        self.broker.received(self, data, self.broker._now if now_us is None else now_us)
        return self.take()

    def take(self):
        packets, rest = split(self.data)
        self.pieces = [rest] if rest else []
        return packets

    def drop(self, now_us=None):
        """The network closes."""
        self.open = False
        self.broker.closed(self, now_us)
