"""The PC's strict JSON reader: what it takes, what it refuses, and the line it names."""

from tools.run.jsontext import JSONError, read


def _error(data):
    try:
        value = read(data)
    except JSONError as error:
        return error
    raise AssertionError("accepted: " + repr((data, value)))


def test_values():
    for data, value in (
        (b"null", None),
        (b" true ", True),
        (b"false", False),
        (b"0", 0),
        (b"-0", 0),
        (b"-12", -12),
        (b"1.5", 1.5),
        (b"25e-1", 2.5),
        (b"2E2", 200.0),
        (b'""', ""),
        (b'"a\\"\\\\\\/\\b\\f\\n\\r\\t"', 'a"\\/\x08\x0c\n\r\t'),
        (b'"\\u0041\\u00e9\\u20AC"', "A\xe9\u20ac"),
        ("\u00fc\u20ac".join(('"', '"')).encode(), "\u00fc\u20ac"),
        (b"[]", []),
        (b"[1, [2], {}]", [1, [2], {}]),
        (b'{"a":{"b":[true]},"c":null}', {"a": {"b": [True]}, "c": None}),
        (b"\t[\r\n1 ]\n", [1]),
    ):
        got = read(data)
        assert got == value and type(got) is type(value), (data, got)
        got = read(bytearray(data))
        assert got == value, data


def test_what_the_rfc_does_not_allow():
    for data in (
        b"",
        b" ",
        b"{",
        b"[",
        b'{"a":1 "b":2}',
        b'{"a":1,}',
        b"[1,]",
        b"[1 2]",
        b"[,1]",
        b"{1:2}",
        b"{a:1}",
        b"{'a':1}",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,"a":1}',
        b"nul",
        b"NaN",
        b"Infinity",
        b"-",
        b"+1",
        b"01",
        b"1.",
        b".5",
        b"1e",
        b"0x10",
        b"1 2",
        b"1234567890123456789",
        b'"',
        b'"a\nb"',
        b'"\x00"',
        b'"\\x41"',
        b'"\\u12"',
        b'"\\u12G4"',
        b'"\\ud800"',
        b'"\\udc00"',
        b'"\\ud800\\u0041"',
        b'"\\ud83d\\ude00"',
        b'\xef\xbb\xbf{"a":1}',
        b"// x\n1",
        b"[[[[[[[[[[1]]]]]]]]]]",
    ):
        _error(data)


def test_only_well_formed_utf8():
    for data in (
        b"\x80",
        b"\xc3",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\x80",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
        b"a\xe2\x28\xa1",
    ):
        error = _error(b'{"a":\n"' + data + b'"}')
        assert error.line == 2 and "UTF-8" in error.expected
    for text in ("", "a", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff"):
        assert read(b'"' + text.encode() + b'"') == text
    assert read('"\U00010000\U0010ffff"'.encode()) == "\U00010000\U0010ffff"


def test_the_line_is_named():
    for data, line in (
        (b"{\n\n x}", 3),
        (b'{"a":1,\n"b":2\n"c":3}', 3),
        (b'{"a":"x\n"}', 1),
        (b"[1,\n2,\n3,\n", 4),
        (b'{"a":1}\n\n}', 3),
    ):
        assert _error(data).line == line, data


def test_lines_of_all_keys():
    lines = {}
    read(b'{\n"a": 1,\n"b": {\n"c": [\n1]\n,\n"d": 2}}', lines)
    assert lines["a"] == 2 and lines["b"] == 3 and lines["b.d"] == 7


def test_every_cut_of_a_text_is_refused():
    data = b'{"a":[1,-2.5e3,"x\\u00e9\\n"],"b":{"c":true,"d":null}}'
    read(data)
    for n in range(len(data)):
        _error(data[:n])


def test_random_bytes_give_a_value_or_an_error_and_nothing_else():
    seed = 1
    alphabet = b'{}[]",:\\u0123456789abcdeftrunl .-+\n\xc3\xa9\xff'
    for _ in range(2000):
        data = bytearray()
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        for _ in range(seed >> 8 & 31):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            data.append(alphabet[(seed >> 8) % len(alphabet)])
        try:
            read(data)
        except JSONError as error:
            assert error.line >= 1
