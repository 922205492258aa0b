"""What the tests of `uplink.mqtt` share: a transport in memory, and a server's packets."""

from uplink.mqtt import MQTT
from uplink.port.ticks import ticks_add

CLOSED, OPENING, OPEN, CLOSING = range(4)
IDLE, PAUSE = range(2)  # of `MQTT.state`
CONNACK = b"\x20\x02\x00\x00"
RESUMED = b"\x20\x02\x01\x00"
PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
DISCONNECT = b"\xe0\x00"


def config(**changes):
    """A configuration; names of `changes` are looked for in all of its parts."""
    cfg = {
        "broker": {
            "host": b"broker",
            "port": 1883,
            "tls": False,
            "client_id": b"dev",
            "user": None,
            "password": None,
            "keepalive_s": 120,
            "clean": False,
            "will": None,
        },
        "outbox": {"messages": 8, "bytes": 2048, "inflight": 4, "packet": 512},
        "backoff": {"first_s": 2, "max_s": 300, "stable_s": 60},
    }
    for name in changes:
        for part in cfg.values():
            if name in part or (name in ("answer_s", "ack_s") and "host" in part):
                part[name] = changes[name]
                break
        else:
            raise ValueError(name)
    return cfg


class Wire:
    """A transport: what was sent is in `out`, one entry a send; `auto` takes it at once."""

    def __init__(self, auto=True):
        self.state = CLOSED
        self.listener = None
        self.auto = auto
        self.out = []
        self.opens = 0
        self.closes = 0
        self.proofs = 0
        self.doubts = 0
        self.deaf = False  # refuses sends
        self.now = 0
        self.target = None

    def open(self, host, port, tls):
        assert self.state == CLOSED
        self.state = OPENING
        self.opens += 1
        self.target = (host, port, tls)

    def send(self, buf, off, n):
        if self.state != OPEN or self.deaf:
            return False
        assert n > 0
        self.out.append(bytes(buf[off : off + n]))
        if self.auto:
            self.listener.sent(self.now)
        return True

    def close(self):
        self.closes += 1
        if self.state != CLOSED:
            self.state = CLOSED
            self.listener.closed(0, self.now)

    def proved(self):
        self.proofs += 1

    def doubt(self):
        self.doubts += 1


class Bench:
    """A client on a `Wire`, and the time."""

    def __init__(self, auto=True, start=0, rand=None, **changes):
        self.wire = Wire(auto)
        self.wire.now = start
        self.ends = rand or self._rand
        self.jitter = 0
        self.mqtt = MQTT(None, self.wire, config(**changes), self.ends)
        self.mqtt._next_id = 0

    def _rand(self, n):
        return n - 1 if self.jitter is None else min(self.jitter, n - 1)

    @property
    def now(self):
        return self.wire.now

    def poll(self):
        return self.mqtt.poll(self.wire.now)

    def wait(self, ms):
        """Let time pass as the loop does: polled when the client asked for it."""
        while True:
            step = self.poll()
            if step > ms:
                break
            step = max(step, 1)
            self.wire.now = ticks_add(self.wire.now, step)
            ms -= step
        self.wire.now = ticks_add(self.wire.now, ms)
        self.poll()

    def say(self, data, piece=0):
        """Bytes from the server."""
        piece = piece or len(data) or 1
        for i in range(0, len(data), piece):
            part = b"\xee" + data[i : i + piece] + b"\xee"
            self.wire.listener.received(part, 1, len(part) - 2, self.now)

    def take(self):
        """What was sent since the last call, a list of sends."""
        out = self.wire.out[:]
        self.wire.out.clear()
        return out

    def link(self):
        """The transport has connected; gives the CONNECT."""
        self.mqtt.connect()
        self.poll()
        assert self.wire.state == OPENING, self.wire.state
        self.wire.state = OPEN
        self.wire.listener.opened(self.now)
        if not self.wire.auto:
            self.wire.listener.sent(self.now)
        return b"".join(self.take())

    def up(self, connack=CONNACK):
        """Connected; gives what was sent after CONNACK."""
        self.link()
        self.say(connack)
        return self.take()

    def lose(self, reason=1):
        self.wire.state = CLOSED
        self.wire.listener.closed(reason, self.now)

    def back(self, connack=CONNACK):
        """Lost, waited for, and connected again."""
        self.lose()
        self.wait(self.mqtt.poll(self.now))
        self.poll()
        return self.up(connack)


def packet(first, body):
    n = len(body)
    head = bytearray([first])
    while n > 127:
        head.append(n & 127 | 128)
        n >>= 7
    head.append(n)
    return bytes(head) + body


def string(text):
    return bytes([len(text) >> 8, len(text) & 255]) + text


def publish(topic, payload, qos=0, number=0, dup=False, retain=False):
    first = 0x30 | qos << 1 | (8 if dup else 0) | (1 if retain else 0)
    number = bytes([number >> 8, number & 255]) if qos else b""
    return packet(first, string(topic) + number + payload)


def ack(first, number):
    return bytes([first, 2, number >> 8, number & 255])


def puback(number):
    return ack(0x40, number)


def pubrec(number):
    return ack(0x50, number)


def pubrel(number):
    return ack(0x62, number)


def pubcomp(number):
    return ack(0x70, number)


def suback(number, codes):
    return packet(0x90, bytes([number >> 8, number & 255]) + codes)


def subscribe(number, *wanted):
    body = bytes([number >> 8, number & 255])
    for text, qos in wanted:
        body += string(text) + bytes([qos])
    return packet(0x82, body)


class Heard:
    """A handler that keeps copies."""

    def __init__(self):
        self.messages = []

    def __call__(self, topic, payload):
        assert type(topic) is bytearray and type(payload) is bytearray
        self.messages.append((bytes(topic), bytes(payload)))


class Sink:
    def __init__(self):
        self.events = []

    def begin(self, topic, size):
        self.events.append(("begin", bytes(topic), size))

    def write(self, piece):
        self.events.append(("write", bytes(piece)))

    def end(self, ok):
        self.events.append(("end", ok))

    def payload(self):
        return b"".join([e[1] for e in self.events if e[0] == "write"])
