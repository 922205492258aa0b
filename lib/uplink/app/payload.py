"""Composes one JSON object in a buffer that exists since start-up: no heap, no floats.

    out.number(b"rssi_dbm", -63)
    out.fixed(b"t", 215, 1)         # 21.5
    out.text(b"door", b"open")
    out.open(b"mqtt")               # an object inside
    out.number(b"acked", 7)
    out.close()

Keys may be `str` too; that allocates. What does not fit is left out whole and counted in
`left_out`; the object stays well-formed.
"""

from uplink import exact
from uplink.app.jsontext import well_formed


class Payload:
    """`size` bytes at most; the finished object is `data` (a bytearray) after `finish()`."""

    def __init__(self, size: int = 768):
        self.data = exact.buffer(size)
        self.size = size
        self.left_out = 0
        self._depth = 0
        self._first = True
        self.start()

    def start(self):
        """Begin an empty object."""
        exact.clear(self.data)
        self.data.append(123)
        self.left_out = 0
        self._depth = 0
        self._first = True

    def finish(self):
        """Close what is open; returns `data`."""
        while self._depth:
            self.close()
        self.data.append(125)
        return self.data

    def open(self, key):
        """Begin an object inside the object; `close` ends it. False when it does not fit."""
        if not self._key(key, 2):
            return False
        self.data.append(123)
        self._depth += 1
        self._first = True
        return True

    def close(self):
        """End the innermost object."""
        if self._depth:
            self.data.append(125)
            self._depth -= 1
            self._first = False

    def number(self, key, n: int):
        """A whole number."""
        if self._key(key, _width(n)):
            self._int(n)

    def fixed(self, key, n: int, decimals: int = 1):
        """The number `n` / 10**`decimals`: `fixed("t", 215, 1)` is 21.5."""
        if not self._key(key, _width(n) + decimals + 2):
            return
        if n < 0:
            self.data.append(45)
            n = -n
        unit = 1
        for _ in range(decimals):
            unit *= 10
        self._int(n // unit)
        if decimals:
            self.data.append(46)
            n %= unit
            while unit > 1:
                unit //= 10
                self.data.append(48 + n // unit % 10)

    def flag(self, key, value):
        """true or false."""
        if self._key(key, 5):
            self.data.extend(b"true" if value else b"false")

    def text(self, key, value):
        """A text: `str`, or bytes that are UTF-8. Control characters become spaces."""
        if isinstance(value, str):
            value = value.encode()
        if self._key(key, _quoted_width(value)):
            self._quoted(value)

    def put(self, key, value):
        """Whatever a JSON text can hold (allocates): for answers to commands."""
        if isinstance(value, bool):
            self.flag(key, value)
        elif isinstance(value, int):
            self.number(key, value)
        elif isinstance(value, (str, bytes, bytearray)):
            self.text(key, value)
        elif isinstance(value, dict):
            if self.open(key):
                for name in value:
                    self.put(name, value[name])
                self.close()
        else:
            self.raw(key, _json(value))

    def raw(self, key, data):
        """`data` is JSON already (bytes)."""
        if self._key(key, len(data)):
            self.data.extend(data)

    def _key(self, key, room):
        """The comma and the key, if they and `room` bytes (and all closing braces) fit."""
        if isinstance(key, str):
            key = key.encode()  # allocates: where that matters, give bytes
        need = 2 + _quoted_width(key) + room + self._depth + 1
        if len(self.data) + need > self.size:
            self.left_out += 1
            return False
        if not self._first:
            self.data.append(44)
        self._first = False
        self._quoted(key)
        self.data.append(58)
        return True

    def _quoted(self, value):
        plain = not well_formed(value)  # then only ASCII of it can stand in a JSON text
        self.data.append(34)
        for c in value:
            if c == 34 or c == 92:
                self.data.append(92)
            if c < 32 or c == 127:
                c = 32
            elif plain and c > 127:
                c = 63
            self.data.append(c)
        self.data.append(34)

    def _int(self, n):
        if n < 0:
            self.data.append(45)
            n = -n
        power = 1
        while n // power > 9:
            power *= 10
        while power:
            self.data.append(48 + n // power % 10)
            power //= 10


def _quoted_width(value):
    width = 2 + len(value)
    for c in value:
        if c == 34 or c == 92:
            width += 1
    return width


def _width(n):
    width = 1
    if n < 0:
        width = 2
        n = -n
    while n > 9:
        n //= 10
        width += 1
    return width


def _json(value):
    import json

    return json.dumps(value).encode()
