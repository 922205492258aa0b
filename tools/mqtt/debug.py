"""One line for each packet, in both directions. Passwords and payloads are not shown."""

_NAMES = (
    "0 CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE "
    "UNSUBACK PINGREQ PINGRESP DISCONNECT 15"
).split()


def _number(data, at):
    return int.from_bytes(data[at : at + 2], "big")


def _string(data, at):
    n = _number(data, at)
    return data[at + 2 : at + 2 + n].decode(errors="replace"), at + 2 + n


def describe(first, body):
    """`PUBLISH d0 q1 r0 id 7 "a/b" 12 bytes` for the packet of a first byte and a body."""
    kind = first >> 4
    name = _NAMES[kind]
    if kind == 1:
        flags = body[7]
        client, _ = _string(body, 10)
        return f'{name} "{client}" flags {flags:#04x} keepalive {_number(body, 8)} s'
    if kind == 2:
        return f"{name} session present {body[0]} code {body[1]}"
    if kind == 3:
        qos = first >> 1 & 3
        topic, at = _string(body, 0)
        number = f" id {_number(body, at)}" if qos else ""
        at += 2 if qos else 0
        flags = f"d{first >> 3 & 1} q{qos} r{first & 1}"
        return f'{name} {flags}{number} "{topic}" {len(body) - at} bytes'
    if kind in (8, 10):
        at = 2
        filters = []
        while at < len(body):
            text, at = _string(body, at)
            qos = f" q{body[at]}" if kind == 8 and at < len(body) else ""
            at += 1 if kind == 8 else 0
            filters.append(f'"{text}"{qos}')
        return f"{name} id {_number(body, 0)} {', '.join(filters)}"
    if kind == 9:
        return f"{name} id {_number(body, 0)} codes {' '.join(f'{c:#04x}' for c in body[2:])}"
    if kind in (4, 5, 6, 7, 11):
        return f"{name} id {_number(body, 0)}"
    return name


class Stream:
    """Bytes in any pieces into lines that `tell(text)` gets, each after `prefix`."""

    def __init__(self, prefix, tell):
        self.prefix = prefix
        self.tell = tell
        self._data = b""

    def clear(self):
        self._data = b""

    def feed(self, data):
        self._data += bytes(data)
        while True:
            size = at = 0
            while at < 4 and at + 1 < len(self._data):
                size |= (self._data[at + 1] & 127) << 7 * at
                at += 1
                if self._data[at] < 128:
                    break
            total = 1 + at + size
            if not at or self._data[at] > 127 or len(self._data) < total:
                return
            first, body = self._data[0], self._data[1 + at : total]
            self._data = self._data[total:]
            try:
                text = describe(first, body)
            except IndexError:
                text = f"malformed: {first:#04x} {body[:16].hex(' ')}"
            self.tell(f"{self.prefix} {text}")


class Watched:
    """A transport whose packets are told to `tell(text)`; everything else is handed through."""

    def __init__(self, transport, tell):
        self._inner = transport
        self._tell = tell
        self._sent = Stream(">", tell)
        self._heard = Stream("<", tell)
        self.listener = None
        transport.listener = self

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def send(self, buf, off, n):
        taken = self._inner.send(buf, off, n)
        if taken:
            self._sent.feed(buf[off : off + n])
        return taken

    def opened(self, now):
        self._sent.clear()
        self._heard.clear()
        self._tell("* connected")
        self.listener.opened(now)

    def received(self, buf, off, n, now):
        self._heard.feed(buf[off : off + n])
        self.listener.received(buf, off, n, now)

    def sent(self, now):
        self.listener.sent(now)

    def closed(self, reason, now):
        self._tell("* closed")
        self.listener.closed(reason, now)
