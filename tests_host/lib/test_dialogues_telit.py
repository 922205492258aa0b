"""What Telit's tables say and understand, as the documents named there have it."""

from talk import ATTACH, Talk, each, line, opened, uploads

from uplink.modems import telit


def telit_talk(piece, revision, **tls):
    talk = Talk(telit, piece, **tls)
    telit.heard(talk, line(revision), ord("f"))
    talk.files.good = True
    return talk


def test_sslcfg_of_each_platform():
    # revision: what #SSLSECCFG, #SSLSECCFG2 and #SSLCFG are told
    rows = (
        (b"10.00.004", b"1,6,1", None, b""),
        (b"12.00.004", b"1,3,1,1", b"1,3", b""),
        (b"20.00.004", b"1,3,1,1", b"1,3", b""),
        (b"23.00.004", b"1,3,1,1", b"1,3,1", b""),
        (b"25.20.201", b"1,9,1,1", b"1,3", b",0,0"),
        (b"30.00.004", b"1,0,1", b"1,2,1", b",0,0"),
        (b"37.00.004", b"1,0xC02F,1", b"1,2,1,1,0,2", b",0,0,0,600"),
        (b"52.00.004", b"1,0,1", b"1,2,1,1,0,2", b",0,0,0,600"),
    )
    for revision, suite, second, more in rows:
        talk = telit_talk(7, revision, ca="c")
        s = talk.sockets[1]  # whichever of ours: the module's is 1
        s.open(b"h", 8883, True)
        talk.waits = talk.hears()
        talk.ok(b"AT#SSLEN=1,1\r", b"+CME ERROR: 835")
        talk.ok(b"AT#SSLH=1\r", b"+CME ERROR: 833")
        if revision[:2] == b"10":
            talk.ok(b"AT#CPUMODE=2\r")
        talk.ok(b"AT#SSLSECCFG?\r", b"#SSLSECCFG: 1,0,0\r\n\r\nOK")
        talk.ok(b"AT#SSLSECCFG=" + suite + b"\r")
        if second:
            talk.ok(b"AT#SSLSECCFG2?\r", b"#SSLSECCFG2: 1,9,9,0,0,0\r\n\r\nOK")
            talk.ok(b"AT#SSLSECCFG2=" + second + b"\r")
        talk.ok(b"AT#SSLCFG?\r", b"#SSLCFG: 1,1,300,90,100,50,0,0,0,0\r\n\r\nOK")
        talk.ok(b"AT#SSLCFG=1,1,300,90,100,50,1" + more + b"\r")
        talk.ok(b'AT#SSLD=1,8883,"h",0,1,100\r')
        talk.ok(b"AT#SSLS=1\r", b"#SSLS: 1,2,0\r\n\r\nOK")
        assert talk.log == ["opened"], revision


def test_what_is_set_already_is_not_written_again():
    talk = telit_talk(7, b"37.00.004", ca="c")
    talk.sockets[0].open(b"h", 8883, True)
    talk.waits = talk.hears()
    talk.ok(b"AT#SSLEN=1,1\r")
    talk.ok(b"AT#SSLH=1\r")
    rows = b"#SSLSECCFG: 1,0xC02F,1\r\n#SSLSECCFG: 2,0,0\r\n#SSLSECCFG: 3,0,0"
    talk.ok(b"AT#SSLSECCFG?\r", rows + b"\r\n\r\nOK")
    talk.ok(b"AT#SSLSECCFG2?\r", b"#SSLSECCFG2: 1,2,1,1,0,2\r\n\r\nOK")
    talk.ok(b"AT#SSLCFG?\r", b"#SSLCFG: 1,1,300,90,100,50,1,0,0,0,600,0\r\n\r\nOK")
    assert talk.waits == b'AT#SSLD=1,8883,"h",0,1,100\r'


def test_ssld_that_fails_says_why():
    for code, reason in ((837, 7), (839, 6), (832, 3)):
        talk = telit_talk(7, b"30.00.004", ca="c")
        s = talk.sockets[0]
        s.open(b"h", 8883, True)
        talk.waits = talk.hears()
        while not talk.waits.startswith(b"AT#SSLD"):
            assert talk.waits
            talk.waits = talk.says(b"\r\nOK\r\n")
        talk.waits = talk.says(b"\r\n+CME ERROR: %d\r\n" % code)
        assert talk.log == [("closed", reason)], code


def test_sslsendext_and_sslrecv():
    def dialogue(piece):
        talk = telit_talk(piece, b"30.00.004")
        s = opened(talk)
        assert s.send(b"a\x1a\x08b", 0, 4) and talk.hears() == b"AT#SSLSENDEXT=1,4\r"
        assert talk.says(b"\r\n> ") == b"a\x1a\x08b"
        talk.says(b"\r\nOK\r\n")
        assert talk.log == ["sent"]
        assert talk.says(b"\r\nSSLSRING: 1,400\r\n") == b"AT#SSLRECV=1,1000,10\r"
        data = b"\r\nNO CARRIER\r\nOK\r\n"
        talk.says(b"\r\n#SSLRECV: %d\r\n" % len(data) + data + b"\r\n\r\nOK\r\n")
        assert bytes(talk.data_in) == data
        assert talk.hears(2100) == b"AT#SSLRECV=1,1000,10\r"  # a look that nothing announced
        talk.says(b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n")
        assert talk.log == ["sent"] and not talk.engine.unknown
        talk.says(b"\r\nSSLSRING: 1\r\n")
        talk.says(b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n\r\nOK\r\n")
        assert talk.log == ["sent", ("closed", 1)]

    each(dialogue)


def test_data_that_comes_in_a_urc():
    """Mode 2 of #SSLCFG: counted, whatever it looks like; also in the middle of a command."""

    def dialogue(piece):
        talk = telit_talk(piece, b"30.00.004")
        s = opened(talk)
        data = b"\r\nOK\r\n,>"
        talk.says(b"\r\nSSLSRING: 1,%d," % len(data) + data + b"\r\n")
        assert s.send(b"ab", 0, 2) and talk.hears() == b"AT#SSLSENDEXT=1,2\r"
        assert talk.says(b"\r\nSSLSRING:1,1,x\r\n\r\n> ") == b"ab"
        talk.says(b"\r\nOK\r\n")
        assert bytes(talk.data_in) == data + b"x" and talk.log == ["sent"]
        assert not talk.engine.damaged

    each(dialogue)


def test_data_of_another_connection_in_the_middle_of_a_read():
    """Nobody knows whose the counted bytes behind it are: what was read ends as damaged."""

    def dialogue(piece):
        talk = telit_talk(piece, b"30.00.004")
        talk.security.most = 2
        opened(talk)
        opened(talk, 1)
        assert talk.says(b"\r\nSSLSRING: 2,5\r\n") == b"AT#SSLRECV=2,1000,10\r"
        talk.says(b"\r\nSSLSRING: 1,3,abc\r\n")
        assert talk.engine.damaged == 1 and talk.log == [("closed", 8)]
        assert not talk.data_in and talk.sockets[0].state == 2 and talk.sockets[1].state != 2

    each(dialogue)


def test_telit_plain_connections():
    talk = telit_talk(7, b"12.00.004")
    s = talk.sockets[1]
    s.open(b"h", 7, False)
    talk.waits = talk.hears()
    talk.ok(b"AT#SH=2\r")
    talk.ok(b"AT#SCFG?\r", b"#SCFG: 1,1,300,90,600,50\r\n#SCFG: 2,1,300,90,600,50\r\n\r\nOK")
    talk.ok(b"AT#SCFGEXT?\r", b"#SCFGEXT: 1,0,0,0,0,0\r\n#SCFGEXT: 2,0,0,0,0,0\r\n\r\nOK")
    talk.ok(b"AT#SCFGEXT=2,1,0,0\r")
    talk.ok(b'AT#SD=2,0,7,"h",0,0,1\r')
    talk.ok(b"AT#SS=2\r", b"#SS: 2,2,10.0.0.2,61120,10.0.0.1,7\r\n\r\nOK")
    assert talk.log == ["opened"]
    assert talk.says(b"\r\nSRING: 2,5\r\n") == b"AT#SRECV=2,1000\r"
    talk.says(b"\r\n#SRECV: 2,5\r\nhello\r\n\r\nOK\r\n")
    assert bytes(talk.data_in) == b"hello"
    assert talk.hears(2100) == b"AT#SRECV=2,1000\r"
    talk.says(b"\r\n+CME ERROR: 3\r\n")  # there is nothing
    assert talk.log == ["opened"]


def test_no_carrier_is_no_answer():
    talk = telit_talk(7, b"30.00.004")
    s = opened(talk)
    talk.start("W")
    talk.says(b"\r\nNO CARRIER\r\n")
    assert talk.log == [("closed", 1)] and not talk.engine.idle and not talk.engine.late
    # of two it is not known which: they are asked for
    s.state = 2
    opened(talk, 1, False)
    talk.says(b"\r\nNO CARRIER\r\n")
    assert len(talk.log) == 1 and talk.poll_at == talk.now - 30


def test_pem_ends_with_ctrl_z():
    def dialogue(piece):
        pem = b"-----BEGIN CERTIFICATE-----\n" + b"x" * 300
        talk = telit_talk(piece, b"12.00.004", ca="c")
        uploads(talk, pem)
        talk.ok(b"AT#SSLSECCFG?\r", b"#SSLSECCFG: 1,3,1,1\r\n\r\nOK")
        talk.ok(b"AT#SSLSECDATA=1,0,1\r")
        assert talk.waits == b"AT#SSLSECDATA=1,1,1,%d\r" % len(pem)
        assert talk.says(b"\r\n> ") == pem + b"\x1a"
        talk.says(b"\r\nOK\r\n")
        assert not talk.engine.failed_result
        talk = telit_talk(piece, b"12.00.004", ca="c")
        talk.files.index = 0
        talk.start("D")
        talk.ok(b"AT#SSLEN=1,1\r")
        talk.ok(b"AT#SSLH=1\r", b"+CME ERROR: 833")
        rows = b"#SSLSECDATA: 1,0,1,0\r\n#SSLSECDATA: 2,0,0,0"
        talk.ok(b"AT#SSLSECDATA?\r", rows + b"\r\n\r\nOK")
        assert talk.files.found == 1

    each(dialogue)


def test_a_context_that_is_active_already():
    talk = telit_talk(7, b"30.00.004")
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT#SGACT?\r", b"#SGACT: 1,0\r\n#SGACT: 2,1\r\n\r\nOK")
    talk.ok(b"AT+CGDCONT?\r", b'+CGDCONT: 1,"IP","net","0.0.0.0",0,0\r\n\r\nOK')
    talk.ok(b"AT#SGACT=1,1\r", b"+CME ERROR: context already activated")
    talk.ok(b"AT+CGPADDR=1\r", b'+CGPADDR: 1,"10.7.125.7"\r\n\r\nOK')
    assert talk.address and bytes(talk.ip) == b"10.7.125.7" and talk.engine.idle


def test_either_registration_will_do():
    for cgreg, cereg, registered in ((b"0", b"5", True), (b"1", None, True), (b"2", b"2", False)):
        talk = telit_talk(7, b"25.00.004")
        talk.start("K")
        talk.ok(b"AT+CGREG?\r", b"+CGREG: 1," + cgreg + b"\r\n\r\nOK")
        talk.ok(b"AT+CEREG?\r", b"+CEREG: 1," + cereg + b"\r\n\r\nOK" if cereg else b"ERROR")
        assert bool(talk.registered) == registered, (cgreg, cereg)


def test_a_restart_without_a_word():
    talk = telit_talk(7, b"25.00.004")
    talk.start("W")
    talk.ok(b"AT+CPIN?\r", b"+CPIN: READY\r\n\r\nOK")
    assert talk.waits == b"AT+CGREG?\r"
    talk.says(b"\r\n+CGREG: 0,5\r\n\r\nOK\r\n")
    assert talk.restarts == 1
