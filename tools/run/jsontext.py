"""A strict JSON reader (RFC 8259) that can say in which line the mistake is.

The `json` modules of MicroPython and CPython accept different texts: one takes a missing comma,
the other `NaN`, both a key that is written twice. What this one takes means the same to both.

`read(data)` gives dict, list, str, int, float, True, False, None and raises `JSONError`.
"""

_DEPTH = 8  # of nested objects and lists
_DIGITS = 18  # longest number

_SPACE = b" \t\r\n"
_ESCAPES = b'"\\/bfnrt'
_MEANT = b'"\\/\b\f\n\r\t'


class JSONError(ValueError):
    """`line` (from 1) and what was expected there."""

    def __init__(self, line, expected):
        super().__init__("line %d: expected %s" % (line, expected))
        self.line = line
        self.expected = expected


class _Reader:
    def __init__(self, data, lines):
        self.data = data
        self.at = 0
        self.lines = lines

    def line(self):
        return bytes(self.data[: self.at]).count(b"\n") + 1

    def wrong(self, expected):
        return JSONError(self.line(), expected)

    def peek(self):
        data = self.data
        while self.at < len(data) and data[self.at] in _SPACE:
            self.at += 1
        return data[self.at] if self.at < len(data) else -1

    def value(self, path, depth):
        c = self.peek()
        if self.lines is not None:
            self.lines[path] = self.line()
        if c == 123:
            return self.members(path, depth + 1)
        if c == 91:
            return self.items(path, depth + 1)
        if c == 34:
            return self.string()
        if c == 45 or 48 <= c <= 57:
            return self.number()
        for word, value in ((b"true", True), (b"false", False), (b"null", None)):
            if self.data[self.at : self.at + len(word)] == word:
                self.at += len(word)
                return value
        if c < 0:
            raise self.wrong("a value, found the end of the text")
        raise self.wrong('a value: "text", a number, true, false, null, {…} or […]')

    def enter(self, depth):
        self.at += 1
        if depth > _DEPTH:
            raise self.wrong("at most %d levels of { and [" % _DEPTH)

    def members(self, path, depth):
        self.enter(depth)
        found = {}
        if self.peek() == 125:
            self.at += 1
            return found
        while True:
            if self.peek() != 34:
                raise self.wrong('a key in double quotes (or a "," too many before it)')
            key = self.string()
            if key in found:
                raise self.wrong('each key once, "%s" is there twice' % key)
            if self.peek() != 58:
                raise self.wrong('":" after "%s"' % key)
            self.at += 1
            found[key] = self.value(path + "." + key if path else key, depth)
            c = self.peek()
            self.at += 1
            if c == 125:
                return found
            if c != 44:
                self.at -= 1
                raise self.wrong('"," or "}" after the value of "%s"' % key)

    def items(self, path, depth):
        self.enter(depth)
        found = []
        if self.peek() == 93:
            self.at += 1
            return found
        while True:
            found.append(self.value(path, depth))
            c = self.peek()
            self.at += 1
            if c == 93:
                return found
            if c != 44:
                self.at -= 1
                raise self.wrong('"," or "]" after a value of the list')

    def number(self):
        data = self.data
        start = self.at
        self.at += data[start] == 45
        first = self.at
        whole = self.digits()
        good = whole == 1 or whole > 1 and data[first] != 48
        real = False
        if good and data[self.at : self.at + 1] == b".":
            real = True
            self.at += 1
            good = self.digits() > 0
        if good and data[self.at : self.at + 1] in (b"e", b"E"):
            real = True
            self.at += 1
            if data[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            good = self.digits() > 0
        if not good or self.at - start > _DIGITS:
            raise self.wrong("a number of at most %d characters" % _DIGITS)
        text = bytes(data[start : self.at]).decode()
        return float(text) if real else int(text)

    def digits(self):
        start = self.at
        data = self.data
        while self.at < len(data) and 48 <= data[self.at] <= 57:
            self.at += 1
        return self.at - start

    def string(self):
        data = self.data
        self.at += 1
        out = bytearray()
        while True:
            if self.at >= len(data):
                raise self.wrong("the end of a string that was begun")
            c = data[self.at]
            self.at += 1
            if c == 34:
                return bytes(out).decode()
            if c == 92:
                self.escape(out)
            elif c < 32:
                self.at -= 1
                raise self.wrong('a " before the end of the line (or \\n, \\t … for it)')
            else:
                out.append(c)

    def escape(self, out):
        c = self.data[self.at] if self.at < len(self.data) else -1
        self.at += 1
        if c == 117:
            code = self.hex4()
            if 0xD800 <= code <= 0xDFFF:
                raise self.wrong("the character itself: MicroPython does not join \\u pairs")
            out.extend(chr(code).encode())
            return
        for i in range(len(_ESCAPES)):
            if _ESCAPES[i] == c:
                out.append(_MEANT[i])
                return
        raise self.wrong('one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX after \\')

    def hex4(self):
        code = 0
        for _ in range(4):
            c = self.data[self.at] if self.at < len(self.data) else 0
            self.at += 1
            if 48 <= c <= 57:
                code = code << 4 | c - 48
            elif 65 <= c & 0xDF <= 70:
                code = code << 4 | (c & 0xDF) - 55
            else:
                raise self.wrong("four hexadecimal digits after \\u")
        return code


def read(data, lines=None):
    """The value that `data` (UTF-8 bytes, bytearray) stands for.

    `lines`, a dict, is filled with {dotted key: line of its value}. Raises `JSONError`.
    """
    if data[:3] == b"\xef\xbb\xbf":
        raise JSONError(1, "no byte order mark: save the text without it")
    try:
        bytes(data).decode()
    except UnicodeDecodeError as error:
        line = bytes(data[: error.start]).count(b"\n") + 1
        raise JSONError(line, "UTF-8: save the text in that encoding") from None
    reader = _Reader(data, lines)
    value = reader.value("", 0)
    if reader.peek() >= 0:
        raise reader.wrong("the end of the text")
    return value
