"""The MQTT 3.1.1 client inside a module: packets, acknowledgements, keepalive; without any AT.

It is handed bytes and the time by its owner, which offers `send(data)`, `plan(us, call)`,
`message(topic, payload)` (True: there was room) and `gone(why)`.
"""

_LIMIT = 4096  # the longest packet that the module takes


def _text(value):
    data = value.encode("latin-1") if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(head, body):
    """A packet with its remaining length."""
    left, size = len(body), b""
    while True:
        left, low = left >> 7, left & 0x7F
        size += bytes([low | (0x80 if left else 0)])
        if not left:
            return bytes([head]) + size + body


class MQTTClient:
    """One session."""

    def __init__(self, owner, keepalive_s, clean):
        self.owner = owner
        self.keepalive_s = keepalive_s
        self.clean = clean
        self.connected = False
        self._got = bytearray()
        self._next = 0
        self._waiting = {}  # packet identifier, or "connect" -> done(code or None)
        self._received = set()  # identifiers of QoS 2 until PUBREL
        self._ping_sent = False

    def connect(self, client_id, user, password, will, done):
        """CONNECT; done(return code, or None when there is no answer)."""
        flags = 2 if self.clean else 0
        tail = _text(client_id)
        if will is not None:
            retain, qos, topic, message = will
            flags |= 4 | qos << 3 | retain << 5
            tail += _text(topic) + _text(message)
        if user:
            flags |= 0x80
            tail += _text(user)
            if password:
                flags |= 0x40
                tail += _text(password)
        body = b"\x00\x04MQTT\x04" + bytes([flags]) + self.keepalive_s.to_bytes(2, "big") + tail
        self._waiting["connect"] = done
        self.owner.send(packet(0x10, body))

    def _identifier(self):
        while True:
            self._next = self._next % 65535 + 1
            if self._next not in self._waiting:
                return self._next

    def publish(self, topic, payload, retain, qos, done):
        """PUBLISH; done(0) at once with QoS 0, else when it is acknowledged."""
        body = _text(topic)
        if qos:
            number = self._identifier()
            body += number.to_bytes(2, "big")
            self._waiting[number] = done
        self.owner.send(packet(0x30 | qos << 1 | retain, body + payload))
        if not qos:
            done(0)

    def subscribe(self, topic, qos, done):
        """SUBSCRIBE; done(granted QoS, or 0x80)."""
        number = self._identifier()
        self._waiting[number] = done
        self.owner.send(packet(0x82, number.to_bytes(2, "big") + _text(topic) + bytes([qos])))

    def unsubscribe(self, topic, done):
        number = self._identifier()
        self._waiting[number] = done
        self.owner.send(packet(0xA2, number.to_bytes(2, "big") + _text(topic)))

    def forget(self, done):
        """Whoever waits with `done` has given up."""
        self._waiting = {key: one for key, one in self._waiting.items() if one is not done}

    def disconnect(self):
        self.connected = False
        self.owner.send(b"\xe0\x00")

    def ping(self):
        """Keepalive: a PINGREQ, and the end if the last one was not answered."""
        if not self.connected:
            return
        if self._ping_sent:
            self.owner.gone("no PINGRESP")
            return
        self._ping_sent = True
        self.owner.send(b"\xc0\x00")
        self._plan_ping()

    def _plan_ping(self):
        if self.keepalive_s:
            self.owner.plan(self.keepalive_s * 1_000_000, self.ping)

    def received(self, data):
        """Bytes from the broker."""
        self._got += data
        while True:
            found = self._take()
            if found is None:
                return
            self._packet(*found)

    def _take(self):
        got = self._got
        size = shift = 0
        for i in range(1, 5):
            if i >= len(got):
                return None
            size |= (got[i] & 0x7F) << shift
            shift += 7
            if got[i] < 0x80:
                break
        else:
            self._got.clear()
            self.owner.gone("malformed packet")
            return None
        if size > _LIMIT:
            self._got.clear()
            self.owner.gone("packet too long")
            return None
        end = i + 1 + size
        if len(got) < end:
            return None
        head, body = got[0], bytes(got[i + 1 : end])
        del got[:end]
        return head, body

    def _packet(self, head, body):
        kind = head >> 4
        number = int.from_bytes(body[:2], "big")
        if kind == 2 and len(body) == 2:
            self.connected = body[1] == 0
            self._answer("connect", body[1])
            if self.connected:
                self._plan_ping()
        elif kind == 3:
            self._publish(head, body)
        elif kind == 4 or kind == 7:
            self._answer(number, 0)
        elif kind == 5:
            self.owner.send(packet(0x62, body[:2]))
        elif kind == 6:
            self._received.discard(number)
            self.owner.send(packet(0x70, body[:2]))
        elif kind == 9:
            self._answer(number, body[2] if len(body) > 2 else 0x80)
        elif kind == 11:
            self._answer(number, 0)
        elif kind == 13:
            self._ping_sent = False
        else:
            self.owner.gone("unexpected packet")

    def _answer(self, key, code):
        done = self._waiting.pop(key, None)
        if done is not None:
            done(code)

    def _publish(self, head, body):
        qos = head >> 1 & 3
        length = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + length], body[2 + length :]
        if qos == 0:
            self.owner.message(topic, rest)
            return
        number, payload = int.from_bytes(rest[:2], "big"), rest[2:]
        known = qos == 2 and number in self._received
        if not known and not self.owner.message(topic, payload):
            return  # no room: not acknowledged, so the broker keeps it
        if qos == 2:
            self._received.add(number)
        self.owner.send(packet(0x40 if qos == 1 else 0x50, rest[:2]))

    def lost(self):
        """The connection is gone: nobody gets an answer any more."""
        waiting, self._waiting = self._waiting, {}
        self.connected = False
        for done in waiting.values():
            done(None)
