"""Payload: a JSON object composed in place."""

import json

from uplink.app import Payload

try:
    import micropython
except ImportError:
    micropython = None

LONG = b"x" * 200
NEGATIVE = -1234567


def _compose(out):
    out.start()
    out.number(b"n", 0)
    out.number(b"big", 1073741823)
    out.number(b"neg", NEGATIVE)
    out.fixed(b"t", 215, 1)
    out.text(b"s", b'a"b\\c')
    out.open(b"in")
    out.flag(b"yes", True)
    out.flag(b"no", False)
    out.close()
    out.text(b"left out", LONG)
    return out.finish()


def test_what_it_composes_is_json():
    out = Payload(200)
    value = json.loads(_compose(out))
    assert value == {
        "n": 0,
        "big": 1073741823,
        "neg": -1234567,
        "t": 21.5,
        "s": 'a"b\\c',
        "in": {"yes": True, "no": False},
    }
    assert out.left_out == 1


def test_it_takes_no_heap():
    if micropython is None:
        return
    out = Payload(200)
    _compose(out)
    micropython.heap_lock()
    _compose(out)
    micropython.heap_unlock()


def test_fixed_point():
    for n, decimals, text in (
        (0, 1, b"0.0"),
        (5, 1, b"0.5"),
        (-5, 1, b"-0.5"),
        (-105, 2, b"-1.05"),
        (2150, 3, b"2.150"),
        (7, 0, b"7"),
    ):
        out = Payload(60)
        out.fixed(b"v", n, decimals)
        assert out.finish() == b'{"v":' + text + b"}", (n, decimals)


def test_every_size_gives_well_formed_json_within_the_size():
    for size in range(2, 130):
        out = Payload(size)
        data = _compose(out)
        assert len(data) <= size, (size, bytes(data))
        json.loads(data)
        assert size < 120 or out.left_out == 1


def test_open_objects_are_closed():
    out = Payload(60)
    assert out.open(b"a") and out.open(b"b")
    out.number(b"c", 1)
    assert json.loads(out.finish()) == {"a": {"b": {"c": 1}}}


def test_bytes_that_are_no_utf8_and_control_characters_cannot_break_it():
    out = Payload(100)
    out.text(b"a", b"\xff\x00\n\x7fz")
    out.text(b"b", "gr\u00fc\u00df")
    out.text(b'k"\\', b"")
    assert json.loads(out.finish()) == {"a": "?   z", "b": "gr\u00fc\u00df", 'k"\\': ""}


def test_start_begins_anew():
    out = Payload(40)
    out.number(b"a", 1)
    out.text(b"b", LONG)
    out.start()
    assert out.left_out == 0 and out.finish() == b"{}"
