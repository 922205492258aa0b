"""What MQTT 3.1.1 packets are made of, and how they are written.

The fixed header is a type byte and a remaining length of one to four bytes (2.2); strings are
preceded by their length in two bytes (1.5.3). Buffers are bytearrays that keep their capacity.
"""

import io

from ..exact import clear
from .topics import is_topic, well_formed

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


CONNECT = const(0x10)
CONNACK = const(0x20)
PUBLISH = const(0x30)
PUBACK = const(0x40)
PUBREC = const(0x50)
PUBREL = const(0x62)
PUBCOMP = const(0x70)
SUBSCRIBE = const(0x82)
SUBACK = const(0x90)
UNSUBSCRIBE = const(0xA2)
UNSUBACK = const(0xB0)
PINGREQ = const(0xC0)
PINGRESP = const(0xD0)
DISCONNECT = const(0xE0)

LONGEST = const(268_435_455)  # what four bytes of remaining length can tell


class Store:
    """`size` bytes that are written and read in pieces anywhere, at C speed, without heap.

    `seek(at)`, then `read(into)` fills the bytearray `into` and goes on behind it; `put` writes
    `buf[off:off + n]` and `add` the whole of `data`. (A file can stand in for it.)
    """

    def __init__(self, size):
        self.size = size
        self._io = io.BytesIO()
        self._io.write(bytes(size))
        self._io.seek(0)
        try:  # MicroPython's streams take (buf, offset, length)
            self._io.write(b"0", 0, 1)
            self._direct = True
        except TypeError:
            self._direct = False

    def seek(self, at):
        self._io.seek(at)

    def read(self, into):
        self._io.readinto(into)

    def add(self, data):
        self._io.write(data)

    def put(self, buf, off, n):
        if self._direct:
            self._io.write(buf, off, n)
        else:
            self._io.write(memoryview(buf)[off : off + n])


def begin(b, first, remaining):
    """Empty `b` and write a fixed header into it."""
    clear(b)
    b.append(first)
    while remaining > 127:
        b.append(remaining & 127 | 128)
        remaining >>= 7
    b.append(remaining)


def number(b, n):
    """Append two bytes: a length or a packet identifier."""
    b.append(n >> 8)
    b.append(n & 255)


def string(b, text):
    """Append a string with its length."""
    number(b, len(text))
    b.extend(text)


def connect(broker):
    """The CONNECT packet (3.1) for the configuration `broker`; raises ValueError.

    A client identifier may be empty only with a clean session (3.1.3-7), and a password needs
    a user name (3.1.2-22).
    """
    client = broker["client_id"] or b""
    user = broker.get("user")
    password = broker.get("password")
    clean = broker.get("clean")
    will = broker.get("will")
    keepalive = broker["keepalive_s"]
    if not client and not clean:
        raise ValueError("mqtt: an empty client id needs a clean session")
    if password is not None and user is None:
        raise ValueError("mqtt: a password needs a user name")
    if not 0 <= keepalive <= 65535:
        raise ValueError("mqtt: keepalive is 0 to 65535 s")
    flags = 2 if clean else 0
    body = bytearray()
    string(body, _text(client, "client id"))
    if will:
        if not 0 <= will["qos"] <= 2:
            raise ValueError("mqtt: the will's QoS is 0, 1 or 2")
        if not is_topic(will["topic"]):
            raise ValueError("mqtt: the will's topic")
        flags |= 4 | will["qos"] << 3 | (32 if will["retain"] else 0)
        string(body, will["topic"])
        string(body, _short(will["payload"], "will"))
    if user is not None:
        flags |= 128
        string(body, _text(user, "user name"))
    if password is not None:
        flags |= 64
        string(body, _short(password, "password"))
    out = bytearray()
    begin(out, CONNECT, 10 + len(body))
    out.extend(b"\x00\x04MQTT\x04")
    out.append(flags)
    number(out, keepalive)
    out.extend(body)
    return bytes(out)


def _short(data, what):
    if len(data) > 65535:
        raise ValueError("mqtt: %s is longer than 65535 bytes" % what)
    return data


def _text(data, what):
    if not well_formed(data):
        raise ValueError("mqtt: %s is not UTF-8" % what)
    return _short(data, what)
