"""What Quectel's tables say and understand, as the documents named there have it."""

from talk import ATTACH, Talk, each, opened, uploads

from uplink.modems import quectel


def test_qssl_open_says_what_the_note_asks_for():
    def dialogue(piece):
        talk = Talk(quectel, piece, ca="c", cert="d", key="e")
        talk.files.good = True
        talk.files.sums = [0x4039, 0x618, 0x83A7]
        s = talk.sockets[0]
        s.open(b"mqtt.example.org", 8883, True)
        talk.waits = talk.hears()
        talk.ok(b"AT+QSSLCLOSE=0\r", b"ERROR")
        talk.ok(b"AT+QICLOSE=0\r", b"0, CLOSE OK")
        talk.ok(b'AT+QSSLCFG="sslversion",0,3\r')
        talk.ok(b'AT+QSSLCFG="ciphersuite",0,"0X003D"\r')
        talk.ok(b'AT+QSSLCFG="seclevel",0,2\r')
        for name, told in ((b"CA0", b"4039"), (b"CC0", b"618"), (b"CK0", b"83a7")):
            command = b'AT+QSECREAD="NVRAM:%s"\r' % name
            talk.ok(command, b"+QSECREAD: 1,%s\r\n\r\nOK" % told)
        talk.ok(b'AT+QSSLCFG="cacert",0,"NVRAM:CA0"\r')
        talk.ok(b'AT+QSSLCFG="clientcert",0,"NVRAM:CC0"\r')
        talk.ok(b'AT+QSSLCFG="clientkey",0,"NVRAM:CK0"\r')
        talk.ok(b'AT+QSSLCFG="ignorertctime",0\r')
        talk.ok(b'AT+QSSLOPEN=0,0,"mqtt.example.org",8883,0,80\r')
        assert talk.log == [] and s.state == 1
        talk.says(b"\r\n+QSSLOPEN: 1,0\r\n")  # another one's
        assert talk.log == []
        talk.says(b"\r\n+QSSLOPEN: 0,0\r\n")
        assert talk.log == ["opened"]

    each(dialogue)


def test_qssl_open_that_fails():
    talk = Talk(quectel, ca="c")
    s = talk.sockets[0]
    s.tls = s.asked = True
    s.state = 1
    talk.files.good = talk.checked = True
    # soon: the handshake; each of the three suites is tried
    for expected in ([], [], [("closed", 6)]):
        s.asked = True
        s.opened_at = talk.clock
        talk.says(b"\r\n+QSSLOPEN: 0,-1\r\n", 0)
        assert talk.log == expected


def test_a_certificate_that_is_not_ours_any_more_is_not_used():
    for told in (b"0,4039", b"1,4038"):
        talk = Talk(quectel, ca="c")
        talk.files.good = True
        talk.files.sums = [0x4039, 0, 0]
        talk.sockets[0].open(b"h", 7, True)
        talk.waits = talk.hears()
        talk.ok(b"AT+QSSLCLOSE=0\r", b"ERROR")
        talk.ok(b"AT+QICLOSE=0\r", b"ERROR")
        talk.ok(b'AT+QSSLCFG="sslversion",0,3\r')
        talk.ok(b'AT+QSSLCFG="ciphersuite",0,"0X003D"\r')
        talk.ok(b'AT+QSSLCFG="seclevel",0,1\r')
        talk.ok(b'AT+QSECREAD="NVRAM:CA0"\r', b"+QSECREAD: %s\r\n\r\nOK" % told)
        assert talk.log == [("closed", 7)] and b"QSSLOPEN" not in talk.waits


def test_a_socket_number_that_is_in_use_is_no_refused_handshake():
    talk = Talk(quectel, ca="c")
    s = talk.sockets[0]
    s.tls = s.asked = True
    s.state = 1
    s.opened_at = talk.clock
    talk.says(b"\r\n+QSSLOPEN: 0,-2\r\n", 0)
    assert talk.log == [("closed", 2)]


def test_packet_data_without_an_apn_is_not_activated():
    talk = Talk(quectel)
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT+QILOCIP\r", b"ERROR")
    talk.ok(b"AT+CGATT?\r", b"+CGATT: 1\r\n\r\nOK")
    talk.ok(b"AT+CGREG?\r", b"+CGREG: 0,1\r\n\r\nOK")
    talk.ok(b"AT+CGACT=0,1\r")
    talk.ok(b"AT+QIDEACT\r", b"ERROR")
    talk.ok(b"AT+QIFGCNT=0\r")
    talk.ok(b'AT+QICSGP=1,"net"\r')
    talk.ok(b"AT+QIREGAPP\r")
    talk.ok(b"AT+QIREGAPP?\r", b'+QIREGAPP: "","",""\r\n\r\nOK')
    assert talk.waits == b"" and talk.engine.failed_result == 10


def test_qi_open_is_told_by_a_line_that_begins_with_its_number():
    for line, told in ((b"0, CONNECT OK", "opened"), (b"0, CONNECT FAIL", ("closed", 3))):
        talk = Talk(quectel)
        talk.sockets[0].open(b"h", 7, False)
        talk.waits = talk.hears()
        talk.ok(b"AT+QSSLCLOSE=0\r", b"ERROR")
        talk.ok(b"AT+QICLOSE=0\r", b"ERROR")
        talk.ok(b'AT+QIOPEN=0,"TCP","h",7\r')
        talk.says(b"\r\n" + line + b"\r\n")
        assert talk.log == [told]


def test_qssl_send_and_its_final_result_codes():
    def dialogue(piece):
        talk = Talk(quectel, piece)
        s = opened(talk)
        payload = b"\r\nERROR\r\n> 1, CLOSED\r\n\x1a"
        assert s.send(payload, 0, len(payload))
        assert talk.hears() == b"AT+QSSLSEND=0,%d\r" % len(payload)
        assert talk.says(b"\r\n> ") == payload
        talk.says(b"\r\nSEND FAIL\r\n")
        assert talk.log == [] and s.state == 2 and s.held
        assert talk.hears(1200) == b"AT+QSSLRECV=0,0,1500\r"  # the pause before it is tried again
        assert talk.says(b"\r\nOK\r\n") == b"AT+QSSLSEND=0,%d\r" % len(payload)
        assert talk.says(b"\r\n> ") == payload
        talk.says(b"\r\nSEND OK\r\n")
        assert talk.log == ["sent"] and not s.busy
        assert s.send(payload, 0, 1)
        assert talk.hears() == b"AT+QSSLSEND=0,1\r"
        talk.says(b"\r\nERROR\r\n")  # 2.2.4: open it again
        assert talk.log[1:] == [("closed", 8)]

    each(dialogue)


def test_qssl_recv_until_there_is_no_more():
    def dialogue(piece):
        talk = Talk(quectel, piece)
        opened(talk)
        ask = b"AT+QSSLRECV=0,0,1500\r"
        assert talk.says(b'\r\n+QSSLURC: "recv",0,0\r\n') == ask
        data = b"\r\nOK\r\n+QSSLURC\r\n"
        head = b"\r\n+QSSLRECV: 116.247.104.27:465,TCP,%d\r\n" % len(data)
        assert talk.says(head + data + b"\r\nOK\r\n") == ask
        assert talk.says(b"\r\nOK\r\n") == b""
        assert bytes(talk.data_in) == data
        assert talk.hears(1100) == ask  # the announcement can be missing
        talk.says(b"\r\nERROR\r\n")
        assert talk.log == [("closed", 1)]

    each(dialogue)


def test_more_than_was_asked_for_is_damage():
    talk = Talk(quectel)
    opened(talk)
    talk.says(b'\r\n+QSSLURC: "recv",0,0\r\n')
    talk.says(b"\r\n+QSSLRECV: 1.2.3.4:465,TCP,1501\r\n")
    talk.says(b"\r\nOK\r\n")
    assert talk.log == [("closed", 1)]


def test_quectel_connections_are_closed_by_their_kind():
    talk = Talk(quectel)
    opened(talk, 0, True)
    opened(talk, 1, False)
    talk.says(b"\r\n0, CLOSED\r\n")  # no plain one has that number
    assert talk.log == []
    talk.says(b'\r\n+QSSLURC: "closed",0\r\n')
    assert talk.log == [("closed", 1)] and talk.sockets[1].state == 2
    talk.says(b"\r\n1, CLOSED\r\n")
    assert len(talk.log) == 2


def test_qisend_and_qird_beside_it():
    talk = Talk(quectel)
    s = opened(talk, 1, False)
    assert s.send(b"ab", 0, 2) and talk.hears() == b"AT+QISEND=1,2\r"
    assert talk.says(b"\r\n>") == b"ab"
    talk.says(b"\r\nSEND OK\r\n")
    assert talk.says(b"\r\n+QIRDI: 0,1,1\r\n") == b"AT+QIRD=0,1,1,1500\r"
    talk.says(b"\r\n+QIRD: 1.2.3.4:6021,TCP,5\r\nAbcde\r\nOK\r\n")
    assert bytes(talk.data_in) == b"Abcde"


def test_qilocip_is_answered_without_ok():
    talk = Talk(quectel)
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT+QILOCIP\r", b"ERROR")
    talk.ok(b"AT+CGATT?\r", b"+CGATT: 1\r\n\r\nOK")
    talk.ok(b"AT+CGREG?\r", b"+CGREG: 0,5\r\n\r\nOK")
    talk.ok(b"AT+CGACT=0,1\r", b"ERROR")
    talk.ok(b"AT+QIDEACT\r", b"DEACT OK")
    talk.ok(b"AT+QIFGCNT=0\r")
    talk.ok(b'AT+QICSGP=1,"net"\r')
    talk.ok(b"AT+QIREGAPP\r")
    talk.ok(b"AT+QIREGAPP?\r", b'+QIREGAPP: "net","",""\r\n\r\nOK')
    talk.ok(b"AT+QIACT\r")
    talk.ok(b"AT+QILOCIP\r", b"10.1.83.188")
    assert talk.address and bytes(talk.ip) == b"10.1.83.188"
    talk.ok(b"AT+QIMUX=1\r")
    talk.ok(b"AT+QINDI=1\r")
    talk.ok(b"AT+QIDNSIP=1\r")
    assert talk.engine.idle and not talk.engine.late


def test_packet_data_fails_where_it_is_not_registered():
    talk = Talk(quectel)
    talk.address = False
    talk.cfg["sim"]["apn"] = b"net"
    talk.start("l", ATTACH)
    talk.ok(b"AT+QILOCIP\r", b"ERROR")
    talk.ok(b"AT+CGATT?\r", b"+CGATT: 0\r\n\r\nOK")
    talk.ok(b"AT+CGATT=1\r")
    talk.ok(b"AT+CGREG?\r", b"+CGREG: 0,2\r\n\r\nOK")
    assert talk.waits == b"" and talk.engine.failed_result == 10


def test_pdp_deact_and_the_stacks_state():
    talk = Talk(quectel)
    talk.says(b"\r\n+PDP DEACT\r\n")
    assert not talk.address
    for state, address in (("IP INITIAL", False), ("IP STATUS", True), ("PDP DEACT", False)):
        talk = Talk(quectel)
        talk.start("W")
        talk.ok(b"AT+CPIN?\r", b"+CPIN: READY\r\n\r\nOK")
        talk.ok(b"AT+CREG?\r", b"+CREG: 1,1\r\n\r\nOK")
        text = '+QSSLSTATE: "%s"\r\n' % state
        text += '+QSSLSTATE: 1,"TCP","1.2.3.4",465,"CONNECTED",1\r\n\r\nOK'
        talk.ok(b"AT+QSSLSTATE\r", text.encode())
        assert bool(talk.address) == address and talk.listed == 130, state


def test_qsecwrite_takes_counted_bytes_behind_connect():
    def dialogue(piece):
        pem = b"-----BEGIN CERTIFICATE-----\n" + b"x" * 300
        talk = Talk(quectel, piece)
        uploads(talk, pem)
        talk.ok(b'AT+QSECDEL="NVRAM:CA0"\r', b"+CME ERROR: 4")
        assert talk.waits == b'AT+QSECWRITE="NVRAM:CA0",%d,20\r' % len(pem)
        assert talk.says(b"\r\nCONNECT\r\n") == pem
        talk.says(b"\r\n+QSECWRITE: 300,83a7\r\n\r\nOK\r\n")
        assert not talk.engine.failed_result and talk.files.sums[0] == 0x83A7
        talk = Talk(quectel, piece)
        talk.start("D")
        talk.ok(b'AT+QSECREAD="NVRAM:CA0"\r', b"+QSECREAD: 1,83a7\r\n\r\nOK")
        assert talk.files.found == 0x83A7
        talk = Talk(quectel, piece)
        talk.start("D")
        talk.ok(b'AT+QSECREAD="NVRAM:CA0"\r', b"+QSECREAD: 0,83a7\r\n\r\nOK")
        assert talk.files.found == -1

    each(dialogue)


def test_a_large_certificate_goes_to_ram():
    talk = Talk(quectel)
    uploads(talk, b"x" * 2026)
    talk.ok(b'AT+QSECDEL="RAM:CA0"\r')
    assert talk.waits == b'AT+QSECWRITE="RAM:CA0",2026,20\r'


def test_quectel_urcs():
    talk = Talk(quectel)
    talk.says(b'\r\nCall Ready\r\n+QNITZ: "24/06/13,18:40:35-16,1"\r\nUNDER_VOLTAGE WARNING\r\n')
    assert talk.engine.unknown == 0 and talk.restarts == 0
    talk.says(b"\r\nNORMAL POWER DOWN\r\n")
    assert talk.downs == 1
    talk = Talk(quectel)
    talk.says(b"\r\nRDY\r\n")
    assert talk.restarts == 1
