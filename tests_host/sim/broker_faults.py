"""What the broker can be told to do wrong, and the malformed packets it can send."""

from . import mqtt_wire as wire

# Each of these, sent by a server after CONNACK, obliges the client to close the connection
# (MQTT 3.1.1, 2.2.2-2, 3.3.1-4, 3.3.2-2, 1.5.3-1, 1.5.3-2, 2.3.1-1, 4.8.0-1).
MALFORMED = {
    "type 0": b"\x00\x00",
    "type 15": b"\xf0\x00",
    "remaining length of five bytes": b"\x30\xff\xff\xff\xff\x7f",
    "CONNECT from a server": b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00",
    "SUBSCRIBE from a server": b"\x82\x06\x00\x01\x00\x01a\x00",
    "UNSUBSCRIBE from a server": b"\xa2\x05\x00\x01\x00\x01a",
    "PINGREQ from a server": b"\xc0\x00",
    "DISCONNECT from a server": b"\xe0\x00",
    "second CONNACK": b"\x20\x02\x00\x00",
    "PUBACK flags": b"\x41\x02\x00\x01",
    "PUBREC flags": b"\x52\x02\x00\x01",
    "PUBREL flags": b"\x60\x02\x00\x01",
    "PUBCOMP flags": b"\x74\x02\x00\x01",
    "SUBACK flags": b"\x98\x03\x00\x01\x00",
    "UNSUBACK flags": b"\xb2\x02\x00\x01",
    "PINGRESP flags": b"\xd1\x00",
    "PUBLISH QoS 3": b"\x36\x06\x00\x01a\x00\x01x",
    "PUBLISH DUP at QoS 0": b"\x38\x04\x00\x01ax",
    "PUBLISH identifier 0": b"\x32\x06\x00\x01a\x00\x00x",
    "PUBLISH empty topic": b"\x30\x03\x00\x00x",
    "PUBLISH topic +": b"\x30\x06\x00\x03a/+x",
    "PUBLISH topic #": b"\x30\x06\x00\x03a/#x",
    "PUBLISH topic U+0000": b"\x30\x06\x00\x03a\x00bx",
    "PUBLISH topic surrogate": b"\x30\x06\x00\x03\xed\xa0\x80x",
    "PUBLISH topic overlong": b"\x30\x05\x00\x02\xc0\xafx",
    "PUBLISH topic cut character": b"\x30\x05\x00\x02a\xc3x",
    "PUBLISH topic beyond 10FFFF": b"\x30\x07\x00\x04\xf4\x90\x80\x80x",
    "PUBLISH topic longer than the packet": b"\x30\x04\x00\x09ab",
    "PUBLISH without an identifier": b"\x32\x04\x00\x01a\x00",
    "PUBLISH of no byte": b"\x30\x00",
    "PUBACK of 1 byte": b"\x40\x01\x01",
    "PUBACK of 3 bytes": b"\x40\x03\x00\x01\x00",
    "PUBACK identifier 0": b"\x40\x02\x00\x00",
    "PUBREC of 3 bytes": b"\x50\x03\x00\x01\x00",
    "PUBREC identifier 0": b"\x50\x02\x00\x00",
    "PUBREL of 0 bytes": b"\x62\x00",
    "PUBREL identifier 0": b"\x62\x02\x00\x00",
    "PUBCOMP of 1 byte": b"\x70\x01\x01",
    "PUBCOMP identifier 0": b"\x70\x02\x00\x00",
    "SUBACK of 2 bytes": b"\x90\x02\x00\x01",
    "SUBACK code 3": b"\x90\x03\x00\x01\x03",
    "SUBACK identifier 0": b"\x90\x03\x00\x00\x00",
    "UNSUBACK of 3 bytes": b"\xb0\x03\x00\x01\x00",
    "UNSUBACK identifier 0": b"\xb0\x02\x00\x00",
    "PINGRESP of 1 byte": b"\xd0\x01\x00",
}

# The same for the first packet of a server (3.2.0-1, 3.2.2): given to `Faults.answer_connect`.
MALFORMED_CONNACK = {
    "flags in the first byte": b"\x21\x02\x00\x00",
    "of 1 byte": b"\x20\x01\x00",
    "of 3 bytes": b"\x20\x03\x00\x00\x00",
    "acknowledge flags 0x02": b"\x20\x02\x02\x00",
    "acknowledge flags 0xff": b"\x20\x02\xff\x00",
    "return code 6": b"\x20\x02\x00\x06",
    "return code 255": b"\x20\x02\x00\xff",
    "session present with a refusal": b"\x20\x02\x01\x05",
    "PINGRESP instead": b"\xd0\x00",
    "PUBLISH instead": b"\x30\x04\x00\x01ax",
    "SUBACK instead": b"\x90\x03\x00\x01\x00",
    "noise instead": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}

FOREVER = 1 << 62


def whole(packets):
    """Output shape: each packet in one piece (the default)."""
    return packets


def glued(packets):
    """Output shape: all that is written at one time in one piece."""
    return [b"".join(packets)]


def pieces(size):
    """Output shape: pieces of `size` bytes, across the packets' ends."""

    def shape(packets):
        data = b"".join(packets)
        return [data[i : i + size] for i in range(0, len(data), size)]

    return shape


def scattered(rng, largest=40):
    """Output shape: pieces of 1 to `largest` bytes drawn from `rng` (a `random.Random`)."""

    def shape(packets):
        data = b"".join(packets)
        out, at = [], 0
        while at < len(data):
            n = rng.randint(1, largest)
            out.append(data[at : at + n])
            at += n
        return out

    return shape


class Faults:
    """Orders for misbehaviour. `kind` is a packet type of `mqtt_wire`; `times` None = always."""

    def __init__(self):
        self.shape = whole
        self.gap_us = 0  # between the pieces of the output's shape
        self.clear()

    def clear(self):
        """Behave again (the shape of the output stays)."""
        self._delay = {}
        self._withhold = {}
        self._close_before = {}
        self._refuse = []
        self._connacks = []
        self._limits = []

    def refuse(self, code, times=1):
        """Answer the next CONNECTs with return code 1 to 5 (or any other) and close."""
        self._refuse.append([code, FOREVER if times is None else times])

    def answer_connect(self, data):
        """Answer the next CONNECT with these bytes instead of a CONNACK."""
        self._connacks.append(data)

    def delay(self, kind, us):
        """Send every packet of this kind `us` later; 0 = at once again."""
        self._delay[kind] = us

    def withhold(self, kind, times=1):
        """Never send the next packets of this kind."""
        self._withhold[kind] = FOREVER if times is None else times

    def release(self, kind):
        """No longer withhold or delay this kind, nor close before it."""
        for table in (self._withhold, self._delay, self._close_before):
            table.pop(kind, None)

    def close_before(self, kind, skip=0):
        """Close the connection instead of sending the next packet of this kind but `skip`."""
        self._close_before[kind] = skip

    def close_after(self, received=None, packets=None, sent=None, skip=0):
        """Close a coming connection (the next but `skip`) after so many bytes received from the
        client (the byte after is not looked at), packets received and answered, or bytes sent."""
        self._limits.append([skip, received, packets, sent])

    # What the broker asks.

    def refusal(self):
        while self._refuse:
            first = self._refuse[0]
            if first[1] > 0:
                first[1] -= 1
                return first[0]
            self._refuse.pop(0)
        return None

    def connect_answer(self):
        return self._connacks.pop(0) if self._connacks else None

    def limits(self):
        """`(received, packets, sent)` for a connection that begins."""
        chosen = None, None, None
        for limit in self._limits[:]:
            if limit[0] == 0:
                self._limits.remove(limit)
                chosen = limit[1:]
            limit[0] -= 1
        return chosen

    def delay_of(self, kind):
        return self._delay.get(kind, 0)

    def swallows(self, kind):
        n = self._withhold.get(kind, 0)
        if n <= 0:
            return False
        self._withhold[kind] = n - 1
        return True

    def closes(self, kind):
        n = self._close_before.get(kind)
        if n is None:
            return False
        if n == 0:
            del self._close_before[kind]
            return True
        self._close_before[kind] = n - 1
        return False


def unsolicited(kind, packet_id):
    """An acknowledgement that nobody asked for."""
    if kind == wire.PINGRESP:
        return wire.PINGRESP_BYTES
    if kind == wire.CONNACK:
        return wire.connack(0, 0)
    if kind == wire.SUBACK:
        return wire.suback(packet_id, b"\x00")
    return wire.ack(kind, packet_id)
