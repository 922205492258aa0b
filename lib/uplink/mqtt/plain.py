"""What MQTT 3.1.1 packets are made of: UTF-8, topics and filters (4.7), headers, PUBLISH (3.3).

`firmware/native/mqtt.c` is the same in C. Nothing here takes heap but `subscription`.
"""

from ..plain import _ALL, _AT

_HEADERS = 9  # of a PUBLISH, at most: the fixed one, the topic's length, the identifier
_TEXT = 1  # places in a subscription
_PARTS = 5
_FRONT = (_AT[:1], _AT[:4], _AT[:16], _AT[:64], _AT[:256], _AT[:1024])


def cut_front(b, n):
    """Take the first `n` bytes from the bytearray `b`, which keeps its capacity."""
    if n == len(b):
        b[_ALL] = b""
        return
    k = 5
    while n:
        if n >> 2 * k:
            b[_FRONT[k]] = b""
            n -= 1 << 2 * k
        else:
            k -= 1


def is_text(b, topic):
    """True where `b` is UTF-8 without surrogates, overlong forms and U+0000 (1.5.3), not too long,
    and, with `topic`, can be the topic name of a PUBLISH (3.3.2.1, 4.7.3).
    """
    if isinstance(b, str):
        b = b.encode()
    if b"\0" in b or len(b) > 65535 or (topic and (not b or b"+" in b or b"#" in b)):
        return False
    more = 0  # continuation bytes to come
    if b and max(b) >= 0x80:
        point = least = 0
        for c in b:
            if more:
                point = point << 6 | c & 63
                more -= 1
                if c >> 6 != 2 or (
                    not more and (point < least or point >> 11 == 27 or point > 0x10FFFF)
                ):
                    return False
            elif c >= 0x80:
                if c < 0xC2 or c > 0xF4:
                    return False
                more = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
                point = c & 63 >> more
                least = 2 << 5 * more  # two bytes: 0xC2 has seen to it
    return not more


def subscription(text, qos, handler, sink):
    """A topic filter (4.7.1) and what is subscribed with it, as a list: its state (0, see
    packets.py), the filter as bytes, QoS, handler, sink. ValueError for a wrong filter or QoS.

    Here it has a sixth: the filter cut at its wildcards, so that matching runs at C speed.
    """
    if isinstance(text, str):
        text = text.encode()
    bad = not text or not is_text(text, False) or b"#" in text[:-1]
    for level in text.split(b"/"):  # wildcards stand alone in their level
        if len(level) > 1 and (b"+" in level or b"#" in level):
            bad = True
    if bad or not 0 <= qos <= 2:
        raise ValueError("mqtt: wrong topic filter, or QoS")
    text = bytes(text)
    # "a/#" also matches "a" (4.7.1.2): what precedes the "#" is compared without its "/"
    parts = (text[:-2] if text.endswith(b"#") else text).split(b"+")
    return [0, text, qos, handler, sink, parts]


def matches(sub, topic):
    """True where the topic name `topic` (bytes or bytearray) belongs to a subscription."""
    text = sub[_TEXT]
    if text[0] in b"+#":
        if topic[0] == 36:  # "$": 4.7.2-1
            return False
        if text == b"#":
            return True
    at = -1
    for part in sub[_PARTS]:
        if at < 0:
            at = 0
        else:  # a "+": the whole level, which can be empty
            at = topic.find(b"/", at)
            if at < 0:
                at = len(topic)
        if not topic.startswith(part, at):
            return False
        at += len(part)
    return at == len(topic) or (topic[at] == 47 and text.endswith(b"#"))


def put_header(b, first, n):
    """Append a fixed header (2.2): the packet's first byte and its remaining length."""
    b.append(first)
    while n > 127:
        b.append(n & 127 | 128)
        n >>= 7
    b.append(n)


def put_number(b, n):
    """Append two bytes: a length or a packet identifier."""
    b.append(n >> 8)
    b.append(n & 255)


def compose(b, room, first, topic, packet_id, payload, more):
    """Append a PUBLISH, whose first byte is given; `packet_id` 0: it has none. `more` bytes of
    payload follow. False where `b` would become longer than `room`.
    """
    if isinstance(topic, str):
        topic = topic.encode()
    if isinstance(payload, str):
        payload = payload.encode()
    n = len(topic)
    if len(b) + n + len(payload) + _HEADERS > room:
        return False
    put_header(b, first, 2 + n + (2 if packet_id else 0) + len(payload) + more)
    put_number(b, n)
    b.extend(topic)
    if packet_id:
        put_number(b, packet_id)
    b.extend(payload)
    return True
