"""What the table of a module that is added (larch.py) says and understands, byte by byte."""

import added
import larch
from talk import Talk, each, opened, uploads

from uplink import modems


def test_it_is_found_by_name_while_it_is_there():
    assert modems.load(b"larch") is None
    put = added.add()
    assert modems.load(b"larch") is larch and modems.load(b"larchl3") is larch
    assert modems.identify(b"LARCH L3") is larch and modems.vendor("larch") is larch
    added.remove(put)
    assert modems.load(b"larch") is None and modems.identify(b"LARCH L3") is None


def open_over_tls(piece, event):
    talk = Talk(larch, piece, ca="c")
    talk.files.good = True
    talk.sockets[1].open(b"h", 8883, True)
    talk.waits = talk.hears()
    talk.ok(b"AT+LSHUT=2\r", b"FAULT")
    talk.ok(b'AT+LTLS=2,2,"G",1,1,"h"\r', b"DONE")
    talk.ok(b'AT+LOPEN=2,"h",8883,1\r', b"DONE")
    assert not talk.waits and not talk.log
    # what happens to another connection is not its result
    talk.says(b'\r\n#LINK: 1,"open"\r\n\r\n#LINK: 2,"data"\r\n\r\n#LINK: 3,"failed",4\r\n')
    assert not talk.log
    talk.waits = talk.says(b"\r\n#LINK: 2," + event + b"\r\n")
    return talk


def test_open():
    def dialogue(piece):
        assert open_over_tls(piece, b'"open"').log == ["opened"]
        assert open_over_tls(piece, b'"failed",5').log == [("closed", 5)]
        talk = open_over_tls(piece, b'"failed",6')  # a handshake: the next suite
        assert not talk.log and talk.waits == b"AT+LSHUT=2\r"
        talk.ok(b"AT+LSHUT=2\r", b"FAULT")
        assert talk.waits == b'AT+LTLS=2,2,"C",1,1,"h"\r'

    each(dialogue)


def test_send():
    def dialogue(piece):
        talk = Talk(larch, piece)
        s = opened(talk)
        text = b"OK\r\nINPUT\r\nFAULT\r\n> "
        assert s.send(text, 0, len(text)) and talk.hears() == b"AT+LPUT=1,%d\r" % len(text)
        assert talk.says(b"\r\n> ") == b"", "> is no prompt of its"
        assert talk.says(b"\r\nINPUT\r\n") == text
        talk.says(b"\r\nFULL\r\n")
        assert not talk.log and s.state == 2
        assert talk.hears(900) == b""
        out = talk.hears(2000)
        while not out.startswith(b"AT+LPUT="):
            assert out.startswith(b"AT+LGET=1,512"), out
            out = talk.says(b"\r\nDONE\r\n", 1100)
        assert talk.says(b"\r\nINPUT\r\n") == text
        talk.says(b"\r\nTAKEN\r\n")
        assert talk.log == ["sent"]

    each(dialogue)


def test_receive():
    def dialogue(piece):
        talk = Talk(larch, piece)
        s = opened(talk, 1)
        text = b'\r\nDONE\r\n\r\n#LINK: 2,"closed"\r\n\r\nDATA 9,0\r\n'
        assert talk.says(b'\r\n#LINK: 2,"data"\r\n') == b"AT+LGET=2,512\r"
        talk.says(b"\r\nDATA %d,0\r\n" % len(text) + text + b"\r\n\r\nDONE\r\n")
        assert bytes(talk.data_in) == text and s.state == 2
        assert talk.says(b'\r\n#LINK: 2,"data"\r\n') == b"AT+LGET=2,512\r"
        talk.says(b"\r\nDONE\r\n")  # nothing there
        assert bytes(talk.data_in) == text
        talk.says(b'\r\n#LINK: 2,"closed"\r\n')
        assert talk.log == [("closed", 1)]

    each(dialogue)


def test_more_than_was_asked_for_is_not_believed():
    talk = Talk(larch, 7)
    opened(talk)
    talk.says(b'\r\n#LINK: 1,"data"\r\n')
    talk.says(b"\r\nDATA 513,0\r\n\r\nDONE\r\n")
    assert talk.log == [("closed", 1)] and not talk.data_in


def test_upload():
    def dialogue(piece):
        talk = Talk(larch, piece)
        data = b"UPLOAD\r\nDONE\r\n" * 20
        uploads(talk, data)
        assert talk.waits == b"AT+LCERT=7,%d\r" % len(data)
        assert talk.says(b"\r\nUPLOAD\r\n", 100) == data + b"\x04"
        talk.says(b"\r\n+LCERT: 7,4711\r\n\r\nDONE\r\n")
        assert not talk.engine.failed_result and talk.files.sums[0] == 4711
        talk.start("D")
        talk.ok(b"AT+LSUM=7\r", b"+LSUM: 7,4711\r\n\r\nDONE")
        assert talk.files.found == 4711

    each(dialogue)


def test_back_in_step_by_its_own_probe():
    def dialogue(piece):
        talk = Talk(larch, piece)
        opened(talk)
        assert talk.says(b'\r\n#LINK: 1,"data"\r\n') == b"AT+LGET=1,512\r"
        assert talk.hears(5300) == b"AT+LECHO?\r"
        talk.says(b"\r\n+LECHO: 0\r\n\r\nDONE\r\n", 200)
        assert talk.engine.idle and talk.engine.in_step and talk.engine.resyncs == 1

    each(dialogue)
