"""Dialogues, byte for byte."""

import pytest

from tests_host.modem.bench import MS, Bench, Echo, S

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


def test_echo_ends_in_cr_cr_lf_and_goes_away_with_ate0():
    b = Bench().on(echo=True)
    assert b.at("AT") == b"AT\r\r\nOK\r\n"
    assert b.at("at+gmr") == b"at+gmr\r\r\nRevision:1529B10SIM7000G\r\n\r\nOK\r\n"
    assert b.at("ATE0") == b"ATE0\r" + OK
    assert b.at("AT") == OK


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+CSQ", b"\r\n+CSQ: 25,99\r\n\r\nOK\r\n"),
        ("AT+CPIN?", b"\r\n+CPIN: READY\r\n\r\nOK\r\n"),
        ("AT+COPS?", b'\r\n+COPS: 0,0,"AT&T FloLive",7\r\n\r\nOK\r\n'),
        ("AT+CEREG?", b"\r\n+CEREG: 0,5\r\n\r\nOK\r\n"),
        ("AT+CREG?", b"\r\n+CREG: 0,5\r\n\r\nOK\r\n"),
        ("AT+CGNAPN", b'\r\n+CGNAPN: 1,"flolive.net"\r\n\r\nOK\r\n'),
        ("AT+CNACT?", b'\r\n+CNACT: 0,"0.0.0.0"\r\n\r\nOK\r\n'),
        ('AT+CSTT="flolive.net"', OK),
        ("AT+CASTATE?", b"\r\n+CASTATE: 0,0\r\n\r\nOK\r\n"),
        ("ATI", b"\r\nSIM7000G R1529\r\n\r\nOK\r\n"),
        ("AT+GMM", b"\r\nSIMCOM_SIM7000G\r\n\r\nOK\r\n"),
        ("AT+GSN", b"\r\n869951037053562\r\n\r\nOK\r\n"),
        ("AT+CGATT?", b"\r\n+CGATT: 1\r\n\r\nOK\r\n"),
        ('AT+CACFG="KEEPALIVE",1,30,30,1', OK),
        ("AT+CACLOSE=0", ERROR),
        ("AT+NOSUCH", ERROR),
        ("AT+CSQ;+CGATT?", b"\r\n+CSQ: 25,99\r\n+CGATT: 1\r\n\r\nOK\r\n"),
        ("AT+CSQ;+NOSUCH;+CGATT?", b"\r\n+CSQ: 25,99\r\n\r\nERROR\r\n"),
        ('AT+CSSLCFG="sslversion",0,3', OK),
        ('AT+CSSLCFG="SSLVERSION",0,3', ERROR),
        ('AT+CSSLCFG="sslversion,0,3', ERROR),
        ('AT+CASSLCFG=0,"ssl",1', OK),
        ('AT+CASSLCFG=0,"SSL",1', ERROR),
        ('AT+CASSLCFG=0,"ignorertctime",0,1', OK),
        ("noise", b""),
        ("\x00\x7fAT", OK),
        ("AT" + "X" * 600, ERROR),
    ],
)
def test_answers(line, answer):
    b = Bench().on()
    b.run(20 * S)
    assert b.at(line) == answer


def test_tls_context_is_told_as_captured():
    b = Bench().on()
    for line in ('AT+CSSLCFG="ignorertctime",1,1', 'AT+CSSLCFG="sslversion",1,3'):
        assert b.at(line) == OK
    suites = b",".join([b"0x0000"] * 8)
    assert b.at('AT+CSSLCFG="ctxindex",1') == (
        b"\r\n+CSSLCFG: 1,3," + suites + b',1,1,""\r\n\r\nOK\r\n'
    )


def test_errors_are_bare_numbered_or_worded():
    b = Bench(sim="absent").on()
    assert b.at("AT+CPIN?") == ERROR
    assert b.at("AT+CMEE=1") == OK
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert b.at("AT+CMEE=2") == OK
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: SIM not inserted\r\n"


def test_pin_tries_puk():
    b = Bench(sim="pin").on()
    b.at("AT+CMEE=2")
    assert b.at("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
    assert b.at("AT+CIMI") == b"\r\n+CME ERROR: SIM PIN required\r\n"
    for left in (2, 1, 0):
        assert b.at('AT+CPIN="0000"') == b"\r\n+CME ERROR: incorrect password\r\n"
        assert b.at("AT+SPIC").startswith(b"\r\n+SPIC: %d,10" % left)
    assert b.at("AT+CPIN?") == b"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n"
    assert b.at('AT+CPIN="1234"') == b"\r\n+CME ERROR: incorrect password\r\n"
    answer = b.at('AT+CPIN="12345678","4321"')
    assert OK in answer and b"+CPIN: READY" in answer
    assert not any("4321" in text or "1234" in text for text in b.events("command"))


def test_registration_takes_time_and_is_told():
    b = Bench(register_ms=4000).on()
    b.at("AT+CEREG=2")
    assert b.at("AT+CEREG?") == b"\r\n+CEREG: 2,2\r\n\r\nOK\r\n"
    assert b.at("AT+COPS?") == b"\r\n+COPS: 0\r\n\r\nOK\r\n"
    assert b'\r\n+CEREG: 5,"2F3B","01A2D003",7\r\n' in b.run(15 * S)
    assert b.at("AT+COPS=2", 3 * S) == b"\r\n+CEREG: 0\r\n\r\nOK\r\n"
    assert b"+CEREG: 2" in b.at("AT+COPS=0", 2 * S)
    assert b"+CEREG: 5" in b.run(20 * S)


def test_network_time_sets_the_clock_when_it_is_wanted():
    b = Bench(register_ms=1000).on()
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "80/01/06,')
    b.at("AT+CLTS=1")
    b.at("AT+COPS=2", 3 * S)
    b.at("AT+COPS=0", 1 * S)
    told = b.run(8 * S)
    assert b"\r\nDST: 1\r\n\r\n*PSUTTZ: 24/06/13,22:40" in told
    assert b'","-16",1\r\n' in told
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "24/06/13,18:40')


def test_clock_by_hand_and_by_ntp():
    b = Bench().online()
    assert b.at('AT+CCLK="26/01/02,03:04:05+04"') == OK
    assert b.at("AT+CCLK?") == b'\r\n+CCLK: "26/01/02,03:04:05+04"\r\n\r\nOK\r\n'
    assert b.at('AT+CCLK="26/13/02,03:04:05"') == ERROR
    assert b.at('AT+CNTP="pool.ntp.org",0') == OK
    assert b.at("AT+CNTP", 3 * S) == OK + b"\r\n+CNTP: 1\r\n"
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "24/06/13,22:4')


def test_packet_data():
    b = Bench(apn="right").on()
    b.run(20 * S)
    assert b.at('AT+CNACT=1,"wrong"', 3 * S) == OK + b"\r\n+APP PDP: DEACTIVE\r\n"
    assert b.at('AT+CNACT=1,"right"', 3 * S) == OK + b"\r\n+APP PDP: ACTIVE\r\n"
    assert b.at("AT+CNACT?") == b'\r\n+CNACT: 1,"100.64.132.137"\r\n\r\nOK\r\n'
    assert b.at("AT+CNACT=1") == ERROR
    assert b.at("AT+CNACT=0", 1 * S) == OK + b"\r\n+APP PDP: DEACTIVE\r\n"


def test_ping_answers_one_by_one():
    b = Bench().online()
    answer = b.at('AT+SNPING4="yahoo.com",3,16,1000', 5 * S)
    assert answer.count(b"+SNPING4: ") == 3 and answer.endswith(OK)
    assert answer.startswith(b"\r\n+SNPING4: 1,74.6.231.20,")


def test_plain_socket_from_opening_to_closing():
    b = Bench({(b"host", 7): Echo()}).online()
    assert b.at("AT+CACID=0") == OK
    assert b.at('AT+CAOPEN=0,"TCP","host",7', S) == ERROR
    assert b.at('AT+CAOPEN=0,"host",7', S) == b"\r\n+CAOPEN: 0,0\r\n\r\nOK\r\n"
    assert b.at("AT+CASTATE?") == b"\r\n+CASTATE: 0,1\r\n\r\nOK\r\n"
    assert b.at("AT+CASEND=0,5") == b"\r\n>"
    assert b.type(b"a\r\n>b") == OK + b"\r\n+CASEND: 0,0,5\r\n\r\n+CADATAIND: 0\r\n"
    assert b.at("AT+CARECV=0,3") == b"\r\n+CARECV: 3,<a\r\r\n\r\nOK\r\n"
    assert b.at("AT+CARECV=0,1460") == b"\r\n+CARECV: 4,\n>b>\r\n\r\nOK\r\n"
    assert b.at("AT+CARECV=0,512") == b"\r\n+CARECV: 0\r\n\r\nOK\r\n"
    assert b.at("AT+CARECV=0,1461") == ERROR
    assert b.at("AT+CASEND=0,1461") == ERROR
    assert b.at("AT+CACLOSE=0") == OK


def test_other_forms_of_answers():
    b = Bench({(b"host", 7): Echo()}, caopen="long", casend_line=False, prompt=b"> ")
    b.online()
    assert b.at('AT+CAOPEN=0,"host",7', S) == ERROR
    b.modem.options.caopen_ok_first = True
    assert b.at('AT+CAOPEN=0,"TCP","host",7', S) == OK + b"\r\n+CAOPEN: 0,0\r\n"
    assert b.at("AT+CASEND=0,2") == b"\r\n> "
    assert b.type(b"hi", 50 * MS) == OK
    b.modem.fault("form", empty_read="ok")
    b.run(1 * S)
    assert b.at("AT+CARECV=0,99") == b"\r\n+CARECV: 4,<hi>\r\n\r\nOK\r\n"
    assert b.at("AT+CARECV=0,99") == OK


def test_payload_that_does_not_come_ends_in_error():
    b = Bench({(b"host", 7): Echo()}).online()
    b.at('AT+CAOPEN=0,"host",7', S)
    assert b.at("AT+CASEND=0,5") == b"\r\n>"
    assert b.type(b"1234", 4 * S) == b""
    assert b.run(1 * S) == ERROR
    assert b.at("AT") == OK


def test_input_during_a_command_is_lost_or_kept_and_may_abort():
    b = Bench().on()
    b.modem.receive(b"AT+COPS=2\r", b.now)
    b.run(200 * MS)
    assert b.at("AT", 3 * S) == OK  # one answer: that of COPS
    b.modem.options.busy_input = "kept"
    b.modem.receive(b"AT+COPS=0\r", b.now)
    b.run(100 * MS)
    assert b.at("AT", 3 * S) == OK + OK
    b.modem.receive(b"AT+COPS=?\r", b.now)
    b.run(2 * S)
    assert b.type(b"x", 100 * MS) == ERROR
    assert b.at("AT") == OK


def test_numeric_and_suppressed_results():
    b = Bench().on()
    b.at("ATV0")
    assert b.at("AT+GSN") == b"869951037053562\r\n0\r"
    assert b.at("AT+NOSUCH") == b"4\r"
    b.at("ATV1Q1")
    assert b.at("AT") == b""
    b.at("ATQ0")
    assert b.at("AT") == OK


def test_carecv_query_crashes_the_module():
    b = Bench().on()
    answer = b.at("AT+CARECV?", 8 * S)
    assert b"OK" not in answer and answer.startswith(b"\r\nRDY\r\n")
