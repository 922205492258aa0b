"""Topic names and topic filters: what they may hold, and which belong together.

MQTT 3.1.1, 1.5.3 (UTF-8) and 4.7. Nothing here takes heap but the making of a `Filter`.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_SLASH = const(0x2F)
_DOLLAR = const(0x24)


def well_formed(b):
    """True where `b` is UTF-8 without surrogates, overlong forms and U+0000 (1.5.3)."""
    if not b:
        return True
    if b.find(b"\0") >= 0:
        return False
    if max(b) < 0x80:
        return True
    low = 0x80  # what the next continuation byte must be at least, and at most
    high = 0xBF
    more = 0
    for c in b:
        if more:
            if c < low or c > high:
                return False
            low = 0x80
            high = 0xBF
            more -= 1
        elif c >= 0x80:
            if c < 0xC2 or c > 0xF4:
                return False
            more = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
            if c == 0xE0:
                low = 0xA0
            elif c == 0xED:
                high = 0x9F
            elif c == 0xF0:
                low = 0x90
            elif c == 0xF4:
                high = 0x8F
    return not more


def is_topic(b):
    """True where `b` can be the topic name of a PUBLISH (3.3.2.1, 4.7.3)."""
    return 0 < len(b) < 65536 and b.find(b"+") < 0 and b.find(b"#") < 0 and well_formed(b)


def is_filter(b):
    """True where `b` can be a topic filter (4.7.1): wildcards stand alone in their level."""
    if not 0 < len(b) < 65536 or not well_formed(b):
        return False
    levels = bytes(b).split(b"/")
    for k in range(len(levels)):
        level = levels[k]
        if b"#" in level and (level != b"#" or k != len(levels) - 1):
            return False
        if b"+" in level and level != b"+":
            return False
    return True


def as_bytes(text):
    """`str` as UTF-8, anything else as it is."""
    return text.encode() if isinstance(text, str) else text


class Filter:
    """A topic filter, cut at its wildcards once so that matching runs at C speed."""

    def __init__(self, text):
        if not is_filter(text):
            raise ValueError("mqtt: not a topic filter")
        self.text = bytes(text)
        self._wild = text[0] in b"+#"
        self._all = self.text == b"#"
        self._deep = self.text.endswith(b"#")
        # "a/#" also matches "a" (4.7.1.2): what precedes the "#" is compared without its "/"
        self._parts = (self.text[:-2] if self._deep else self.text).split(b"+")

    def matches(self, topic):
        """True where the topic name `topic` (bytes or bytearray) belongs to this filter."""
        if self._wild and topic[0] == _DOLLAR:  # 4.7.2-1
            return False
        if self._all:
            return True
        at = -1
        for part in self._parts:
            if at < 0:
                at = 0
            else:  # a "+": the whole level, which can be empty
                at = topic.find(b"/", at)
                if at < 0:
                    at = len(topic)
            if not topic.startswith(part, at):
                return False
            at += len(part)
        if at == len(topic):
            return True
        return self._deep and topic[at] == _SLASH
