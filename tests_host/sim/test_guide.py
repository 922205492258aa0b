"""What compares dialogues with a guide: what it finds, and what it takes for the same."""

import pytest

from tests_host.sim.guide import Words, exactly, like, spoken

GUIDE = """
    AT+CMEE=2 | OK
    + AT#SSLEN=1,1 | OK
    AT#SSLSECDATA=1,1,1,<size> | >
    <ca> | OK
    AT#SSLD=1,443, "host",0,0 | CONNECT
"""
SAID = (
    ("AT+CMEE=2\r", "\r\nOK\r\n"),
    ("AT#SSLEN=1,1\r", "\r\nOK\r\n"),
    ("AT#SSLSECDATA=1,1,1,3\r", "\r\n> "),
    ("pem\x1a", "\r\nOK\r\n"),
    ("AT#SSLCFG?\r", "\r\n#SSLCFG: 1\r\n\r\nOK\r\n"),
    ("AT#SSLCFG=1,1\r", "\r\nOK\r\n"),
    ('AT#SSLD=1,443,"host",0,0\r', "\r\nCONNECT\r\n"),
)
WHY = {"idle": "its reason"}


class Line:
    def __init__(self):
        self.said = []

    def clear(self):
        self.said = []


def compare(said, besides):
    lines = Line()
    words = Words(lines, None, None, None, {"ca": b"pem\x1a"})
    words.told(GUIDE)
    for ours, answer in said:
        lines.said += [(">", ours.encode())] + ([("<", answer.encode())] if answer else [])
    words.compare(besides, WHY)


def test_every_line_in_its_place():
    compare(SAID, {"AT#SSLCFG=": "idle"})


@pytest.mark.parametrize("gone", [0, 1, 2, 3, 6])
def test_a_line_that_was_not_exchanged(gone):
    with pytest.raises(AssertionError):
        compare(SAID[:gone] + SAID[gone + 1 :], {"AT": "idle", "pem": "idle"})


@pytest.mark.parametrize("at", [0, 1, 2])
def test_another_order(at):
    said = list(SAID)
    said[at], said[at + 1] = said[at + 1], said[at]
    with pytest.raises(AssertionError):
        compare(said, {"AT": "idle", "pem": "idle"})


@pytest.mark.parametrize("at", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("answer", ["", "\r\nERROR\r\n", "\r\nOK\r\n\r\nNO CARRIER\r\n"])
def test_another_answer(at, answer):
    said = list(SAID)
    said[at] = (said[at][0], answer)
    with pytest.raises(AssertionError):
        compare(said, {"AT": "idle", "pem": "idle"})


def test_ours_has_a_reason():
    with pytest.raises(AssertionError, match="not in the guide: AT#SSLCFG=1,1"):
        compare(SAID, {})
    with pytest.raises(KeyError):
        compare(SAID, {"AT#SSLCFG=": "none"})


def test_answers_and_blanks():
    assert like("#HTTPRING: 0,200,...", '#HTTPRING: 0,200,"text/html",32')
    assert not like("OK", "OK | NO CARRIER") and not like("+QIRD: .,5", "+QIRD: 7,5")
    assert spoken('AT+ QICSGP =1, "a b" , 2') == 'AT+QICSGP=1,"a b",2'


def test_all_of_it():
    exactly(["AT", "ATZ"], "+ idle AT\nATZ", WHY)
    exactly(["AT+CMEE=1"], "AT+CMEE=2 ~ idle AT+CMEE=1\n- idle ATZ", WHY)
    for said in (["AT"], ["ATZ", "AT"], ["AT", "ATZ", "AT"]):
        with pytest.raises(AssertionError):
            exactly(said, "+ idle AT\nATZ", WHY)
