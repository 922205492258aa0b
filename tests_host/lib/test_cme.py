"""`at.cme`: the texts of 27.007, 9.2, by number and back. In a firmware they are packed."""

from uplink.at import cme
from uplink.ring import Cursor

# From the standard's table; the first, the last, and both ends of runs of numbers.
TEXTS = {
    0: b"phone failure",
    7: b"PH-FSIM PUK required",
    10: b"SIM not inserted",
    17: b"SIM PIN2 required",
    24: b"text string too long",
    32: b"network not allowed - emergency calls only",
    43: b"network subset personalization PUK required",
    47: b"corporate personalization PUK required",
    50: b"incorrect parameters",
    100: b"unknown",
    107: b"GPRS services not allowed",
    113: b"roaming not allowed in this location area",
    132: b"service option not supported",
    150: b"invalid mobile class",
    830: b"SSL generic error",  # of the Telit SSL/TLS guide, 12.2
    831: b"SSL cannot activate",
    832: b"SSL socket error",
    833: b"SSL not connected",
    834: b"SSL already connected",
    835: b"SSL already activated",
    836: b"SSL not activated",
    837: b"SSL certs and keys wrong or not stored",
    838: b"SSL error enc/dec data",
    839: b"SSL error during handshake",
    840: b"SSL disconnected",
    841: b"SSL invalid state",
}
WITHOUT = (-1, 8, 9, 19, 28, 33, 48, 53, 99, 101, 108, 114, 131, 135, 151, 829, 842, 4000)
COUNT = 64


def number(line):
    cursor = Cursor()
    cursor.over(line, 0, len(line))
    return cursor.more() and cme.number(cursor)


def test_texts_are_the_standards():
    for n in TEXTS:
        assert cme.text(n) == TEXTS[n], (n, cme.text(n))
    for n in WITHOUT:
        assert cme.text(n) == b"", (n, cme.text(n))


def test_each_text_has_its_number():
    found = 0
    for n in range(900):
        text = bytes(cme.text(n))
        if text:
            found += 1
            for line in (text, text.lower(), text.upper(), b"%d" % n):
                assert number(line) == n, (line, number(line))
    assert found == COUNT, found


def test_other_texts_have_none():
    for text in TEXTS.values():
        for line in (text[:-1], text + b"s", text[1:], b"x" + text, text.replace(b" ", b"_")):
            if line != text:
                assert number(line) == -1, (line, number(line))
