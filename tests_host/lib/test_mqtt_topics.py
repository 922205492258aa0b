"""UTF-8, topic names, topic filters and their matching."""

import random

from uplink.mqtt.packets import is_text, matches, subscription

SEED = 20240613


def filter_of(text):
    return subscription(text, 0, None, None)


def is_filter(text):
    try:
        filter_of(text)
    except ValueError:
        return False
    return True


def test_utf8():
    good = (
        b"",
        b"a",
        b"\x7f",
        b"\xc2\x80",
        b"\xdf\xbf",
        b"\xe0\xa0\x80",
        b"\xed\x9f\xbf",
        b"\xee\x80\x80",
    )
    good += (
        b"\xef\xbf\xbf",
        b"\xf0\x90\x80\x80",
        b"\xf4\x8f\xbf\xbf",
        b"a\xe2\x82\xacb",
        b"\xef\xbb\xbf",
    )
    bad = (
        b"\0",
        b"a\0b",
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2a",
        b"\xe0\x9f\xbf",
    )
    bad += (
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xe2\x82",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
    )
    bad += (b"\xf5\x80\x80\x80", b"\xff", b"\xfe", b"\xf0\x90\x80", b"\xc2\x80\x80", b"\xc3\xa4\0")
    for text in good:
        assert is_text(text, False) and is_text(bytearray(text), False), text
    for text in bad:
        assert not is_text(text, False), text


def test_topics_and_filters():
    for text in (b"a", b"/", b"a/b", b"$SYS/x", b" ", b"a//b", b"x" * 65535):
        assert is_text(text, True) and is_filter(text), text[:20]
    for text in (b"", b"+", b"a/#", b"a+b", b"a\0", b"\xff", b"x" * 65536):
        assert not is_text(text, True), text[:20]
    for text in (b"#", b"+", b"a/#", b"+/+", b"/+", b"+/a/#", b"//#"):
        assert is_filter(text), text
    for text in (
        b"",
        b"a#",
        b"#/a",
        b"a/#/b",
        b"a+",
        b"+a/b",
        b"a/b+",
        b"a/##",
        b"++",
        b"\0",
        b"\xc0",
    ):
        assert not is_filter(text), text


MATCHES = (
    (b"a/b", b"a/b", True),
    (b"a/b", b"a/b/", False),
    (b"a/b", b"a/bc", False),
    (b"a/b", b"a", False),
    (b"A", b"a", False),
    (b"a/#", b"a", True),
    (b"a/#", b"a/", True),
    (b"a/#", b"a/b/c", True),
    (b"a/#", b"ab", False),
    (b"a/#", b"ab/c", False),
    (b"#", b"a/b", True),
    (b"#", b"/", True),
    (b"#", b"$SYS/a", False),
    (b"+/a", b"$SYS/a", False),
    (b"+", b"$SYS", False),
    (b"$SYS/#", b"$SYS/a", True),
    (b"$SYS/+", b"$SYS/a", True),
    (b"+", b"a", True),
    (b"+", b"", True),
    (b"+", b"/a", False),
    (b"/+", b"/a", True),
    (b"+/+", b"/a", True),
    (b"+/+", b"a", False),
    (b"a/+/c", b"a/b/c", True),
    (b"a/+/c", b"a//c", True),
    (b"a/+/c", b"a/b/d", False),
    (b"a/+/c", b"a/b/c/d", False),
    (b"a/+", b"a/b", True),
    (b"a/+", b"a/", True),
    (b"a/+", b"a", False),
    (b"a/+/#", b"a/b", True),
    (b"a/+/#", b"a/b/c/d", True),
    (b"a/+/#", b"a", False),
    (b"+/b/+/d", b"a/b/c/d", True),
    (b"/#", b"/a", True),
    (b"/#", b"a", False),
    (b"+/#", b"a", True),
    (b"+/#", b"a/b", True),
    (b"a/$x", b"a/$x", True),
    (b"a/+", b"a/$x", True),
)


def test_filters_match_as_4_7_says():
    for text, topic, expected in MATCHES:
        if topic:
            assert matches(filter_of(text), topic) is expected, (text, topic)
            assert matches(filter_of(text), bytearray(topic)) is expected, (text, topic)


def slow_match(text, topic):
    """4.7 level by level."""
    a = text.split(b"/")
    b = topic.split(b"/")
    if text[:1] in (b"+", b"#") and topic[:1] == b"$":
        return False
    for k in range(len(a)):
        if a[k] == b"#":
            return True
        if k >= len(b) or (a[k] != b"+" and a[k] != b[k]):
            return False
        if k == len(b) - 1 and a[k + 1 :] == [b"#"]:
            return True
    return len(a) == len(b)


def test_filters_match_as_the_slow_way_does():
    random.seed(SEED)
    words = (b"a", b"b", b"", b"ab", b"$a", b"+", b"#")
    n = 0
    for _ in range(6000):
        text = b"/".join(
            [words[random.getrandbits(8) % 7] for _ in range(1 + random.getrandbits(2))]
        )
        topic = b"/".join(
            [words[random.getrandbits(8) % 5] for _ in range(1 + random.getrandbits(2))]
        )
        if is_filter(text) and is_text(topic, True):
            n += 1
            assert matches(filter_of(text), topic) == slow_match(text, topic), (SEED, text, topic)
    assert n > 1000
