"""`modems.policy`: the suites that each level lets a module offer, and what is said of them."""

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    def heap_unlock():
        pass


from uplink import exact, log
from uplink.modems import policy, telit_platforms

TEXT = b"#1:ab;0xC02F 0xC02B ;6r 4r ;0w #2:cd;;7 ;0w 8 #3:;;;9w "
LEVELS = ("modern", "compatible", "legacy")


def listed(text, at, level):
    """The list for `level`, through `put`."""
    found = []
    line = exact.buffer(32)
    while policy.put(text, at, level, len(found), line):
        found.append(bytes(line))
        exact.clear(line)
    return found


def said(text, at, level, n=0):
    """What `admits` answers, and the log's lines."""
    lines = []
    sink = log.sink
    log.sink = lambda grade, room, told, a=None, b=None: lines.append((grade, told, a))
    try:
        return policy.admits(text, at, level, n), lines
    finally:
        log.sink = sink


def test_each_level_has_its_list():
    at = 5
    assert listed(TEXT, at, "modern") == [b"0xC02F", b"0xC02B"]
    assert listed(TEXT, at, "compatible") == [b"6", b"4"]
    assert listed(TEXT, at, "legacy") == [b"0"]
    at = TEXT.find(b"#2:cd") + 5
    assert [listed(TEXT, at, level) for level in LEVELS] == [[], [b"7"], [b"0", b"8"]]
    at = TEXT.find(b"#3:") + 3  # the last row ends with the text
    assert [listed(TEXT, at, level) for level in LEVELS] == [[], [], [b"9"]]


def test_a_line_is_appended_to():
    line = exact.buffer(32)
    line.extend(b"AT#SSLSECCFG=1,")
    assert policy.put(TEXT, 5, "compatible", 1, line) and line == b"AT#SSLSECCFG=1,4"
    assert not policy.put(TEXT, 5, "compatible", 2, line) and line == b"AT#SSLSECCFG=1,4"


def test_what_is_strong_is_not_talked_of():
    assert said(TEXT, 5, "modern") == (True, [])
    assert said(TEXT, TEXT.find(b"#2:cd") + 5, "compatible") == (True, [])


def test_what_is_weaker_is_said():
    told = (2, "TLS without forward secrecy", None)
    assert said(TEXT, 5, "compatible", 1) == (True, [told])
    told = (2, "weak cipher suites allowed: tls.level", "legacy")
    assert said(TEXT, 5, "legacy") == (True, [told])


def test_what_the_module_has_not_is_refused_with_the_level_that_works():
    none = (3, "no cipher suite of this module is in tls.level", "modern")
    at = TEXT.find(b"#2:cd") + 5
    assert said(TEXT, at, "modern") == (
        False,
        [none, (3, "this tls.level would work", "compatible")],
    )
    at = TEXT.find(b"#3:") + 3
    assert said(TEXT, at, "modern") == (False, [none, (3, "this tls.level would work", "legacy")])


def test_all_vendors_texts_can_be_read():
    """None of them is without a list for `legacy`; every token is short and of a command's."""
    places = [(policy.QUECTEL, 0), (policy.SIM7000, 0)]
    text = telit_platforms.PLATFORMS
    at = text.find(b":")
    while at >= 0:
        places.append((text, at + 8))
        at = text.find(b":", at + 1)
    assert len(places) == 12
    for text, at in places:
        assert text[at] == 59
        for level in LEVELS:
            tokens = listed(text, at, level)
            assert tokens or level == "modern", (text, level)
            for token in tokens:
                assert 1 <= len(token) <= 6 and int(token, 16) >= 0, token
        assert said(text, at, "compatible")[0]


def test_no_heap():
    line = exact.buffer(32)
    text = telit_platforms.PLATFORMS
    revision = bytearray(b"37.00.213")
    sink = log.sink
    log.sink = quiet
    level = "compatible"
    heap_lock()
    at = telit_platforms.find(revision, 0)
    if at >= 0:
        policy.admits(text, at + 7, level, 0)
        policy.put(text, at + 7, level, 2, line)
        policy.admits(policy.QUECTEL, 0, "modern", 0)
        policy.admits(policy.QUECTEL, 0, level, 0)
    heap_unlock()
    log.sink = sink
    assert at >= 0 and line == b"0"


def quiet(grade, room, told, a=None, b=None):
    pass
