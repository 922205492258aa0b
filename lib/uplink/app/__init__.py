"""What `main.py` calls: configuration, safe mode, start-up, telemetry and commands.

Here: what its files share, and `Payload`, which telemetry is composed with.
"""

import json

from uplink import exact

try:
    from micropython import const
except ImportError:

    def const(value):
        """MicroPython's, for CPython."""
        return value


def loads(data):
    """The value of a JSON text (bytes); ValueError if it is none, or not the whole of one.

    MicroPython's reader takes a text that is cut off, and then also one that goes on.
    """
    try:
        json.loads(data + b" 0")
    except ValueError:
        return json.loads(data)
    raise ValueError("cut off")


class Payload:
    """Composes one JSON object in a buffer, without floats, and without heap once it was as long.

        out.number(b"rssi_dbm", -63)
        out.fixed(b"t", 215, 1)         # 21.5
        out.text(b"door", b"open")
        out.open(b"mqtt")               # an object inside
        out.number(b"acked", 7)
        out.close()

    Keys may be `str` too; that takes heap, and so does a text that is not ASCII. What does not fit
    into `size` bytes is left out whole and counted in `left_out`; the object stays well-formed.
    The finished object is `data` (a bytearray) after `finish()`.
    """

    def __init__(self, size: int = 768):
        self.data = exact.buffer(min(size, 256))
        self.size = size
        self.start()

    def start(self):
        """Begin an empty object."""
        exact.clear(self.data)
        self.data.append(123)
        self.left_out = 0
        self._depth = 0

    def finish(self):
        """Close what is open; returns `data`."""
        while self._depth:
            self.close()
        self.data.append(125)
        return self.data

    def open(self, key):
        """Begin an object inside the object; `close` ends it. False when it does not fit."""
        if self._key(key, 2):
            self.data.append(123)
            self._depth += 1
            return True
        return False

    def close(self):
        """End the innermost object."""
        if self._depth:
            self.data.append(125)
            self._depth -= 1

    def number(self, key, n: int):
        """A whole number."""
        self.fixed(key, n, 0)

    def fixed(self, key, n: int, decimals: int = 1):
        """The number `n` / 10**`decimals`: `fixed("t", 215, 1)` is 21.5."""
        digits = 1
        power = 1  # of ten: the first digit's
        while digits <= decimals or abs(n) // power > 9:
            power *= 10
            digits += 1
        if self._key(key, digits + (n < 0) + (decimals > 0)):
            data = self.data
            if n < 0:
                data.append(45)
                n = -n
            while digits:
                if digits == decimals:
                    data.append(46)
                data.append(48 + n // power % 10)
                power //= 10
                digits -= 1

    def flag(self, key, value):
        """true or false."""
        if self._key(key, 5):
            self.data.extend(b"true" if value else b"false")

    def text(self, key, value):
        """A text: `str`, or bytes that are UTF-8. Control characters become spaces."""
        if isinstance(value, str):
            value = value.encode()
        if self._key(key, 2 * len(value)):
            self._quoted(value)

    def _key(self, key, room):
        """The comma and the key, if they and `room` bytes (and all closing braces) fit."""
        if isinstance(key, str):
            key = key.encode()
        data = self.data
        if len(data) + 7 + 2 * len(key) + room + self._depth > self.size:
            self.left_out += 1
            return False
        if data[-1] != 123:
            data.append(44)
        self._quoted(key)
        data.append(58)
        return True

    def _quoted(self, value):
        data = self.data
        last = 255
        try:
            if value and max(value) > 127:
                value.decode()
        except ValueError:
            last = 126  # no UTF-8: then only ASCII of it can stand in a JSON text
        data.append(34)
        for c in value:
            if c == 34 or c == 92:
                data.append(92)
            data.append(32 if c < 32 or c == 127 else c if c <= last else 63)
        data.append(34)
