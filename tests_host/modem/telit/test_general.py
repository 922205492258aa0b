"""27.007 and Telit's own small commands, SIM, registration, contexts, clock, profiles."""

from datetime import UTC, datetime

import pytest

from tests_host.modem.bench import MS, Echo, S
from tests_host.modem.telit.bench import OK, TelitBench, ok

NOT_SUPPORTED = b"\r\n+CME ERROR: operation not supported\r\n"


def test_identity():
    b = TelitBench(page="me910c1").on()
    for line, answer in (
        ("AT+CGMI", "Telit"), ("AT+GMI", "Telit"), ("AT+CGMM", "ME910C1-E1"),
        ("AT+CGMR", "30.00.004"), ("AT+CGSN", "869951037053562"),
        ("AT#CGSN", "#CGSN: 869951037053562"),
        ("AT+CIMI", "901405101234567"), ("AT#CIMI", "#CIMI: 901405101234567"),
        ("AT#CCID", "#CCID: 8944501012345678901F"), ("AT+CCID", "+CCID: 8944501012345678901F"),
        ("ATI4", "ME910C1-E1"), ("AT+CSQ", "+CSQ: 25,0"), ("AT#QSS?", "#QSS: 0,1"),
    ):  # fmt: skip
        assert b.at(line) == ok(answer), line
    assert TelitBench(page="gl865").on().at("AT+CCID") == b"\r\nERROR\r\n"


def test_result_codes():
    b = TelitBench().on()
    assert b.at("AT+NOSUCH") == b"\r\nERROR\r\n" and b.at("AT#NOSUCH=1") == b"\r\nERROR\r\n"
    b.run(10 * S)
    assert b.at("AT+CSQ;+CGATT?;#SGACT?") == b"\r\n+CSQ: 25,0\r\n+CGATT: 1\r\n" + OK
    assert b.at("AT+CSQ;+NOSUCH;+CGATT?") == b"\r\n+CSQ: 25,0\r\n\r\nERROR\r\n"
    b.at("ATV0")
    assert b.at("AT") == b"0\r" and b.at("AT+NOSUCH") == b"4\r"
    b.at("ATV1")
    b.at("ATQ1")
    assert b.at("AT") == b""
    b.at("ATQ0")
    assert b.at("AT") == OK


def test_pin_and_puk():
    b = TelitBench(sim="pin").on()
    assert b.at("AT+CPIN?") == ok("+CPIN: SIM PIN")
    assert b.at("AT+CIMI") == b"\r\n+CME ERROR: SIM PIN required\r\n"
    assert b.at("AT+CPIN=0000") == b"\r\n+CME ERROR: incorrect password\r\n"
    assert b.at("AT#PCT") == ok("#PCT: 2")
    b.good("AT+CPIN=1234")
    assert b.at("AT+CPIN?") == ok("+CPIN: READY")
    assert not [text for text in b.events("command") if "1234" in text]
    b = TelitBench(sim="pin").on()
    for _ in range(3):
        b.at("AT+CPIN=0000")
    assert b.at("AT+CPIN?") == ok("+CPIN: SIM PUK")
    b.good("AT+CPIN=12345678,4321")
    assert b.at("AT+CPIN?") == ok("+CPIN: READY")
    b = TelitBench(sim="absent").on()
    assert b.at("AT+CPIN?") == b"\r\n+CME ERROR: SIM not inserted\r\n"
    assert b.at("AT#CCID") == b"\r\n+CME ERROR: SIM not inserted\r\n"


@pytest.mark.parametrize(
    ("page", "tail", "cereg"),
    [("ge910", "", False), ("he910", ",2", False), ("le910", ",7", True), ("me910g1", ",8", True)],
)
def test_registration(page, tail, cereg):
    b = TelitBench(page=page)
    b.modem.switch_on()
    b.run(S)
    b.at("ATE0")
    b.good("AT+CREG=2")
    assert b.at("AT+CREG?") == ok("+CREG: 2,2")
    text = f'"2F3B","01A2D003"{tail}'
    assert b.run(10 * S) == f"\r\n+CREG: 5,{text}\r\n".encode()
    assert b.at("AT+CREG?") == ok(f"+CREG: 2,5,{text}")
    assert b.at("AT+CGREG?") == ok("+CGREG: 0,5")
    assert b.at("AT+CEREG?") == (ok("+CEREG: 0,5") if cereg else b"\r\nERROR\r\n")
    act = tail if page != "ge910" else ""
    assert b.at("AT+COPS?") == ok(f'+COPS: 0,0,"AT&T FloLive"{act}')
    assert b.at("AT+CGATT?") == ok("+CGATT: 1")
    b.good("AT+CREG=0")
    b.good("AT+COPS=2", 3 * S)
    assert b.at("AT+COPS?") == ok("+COPS: 2") and b.at("AT+CGATT?") == ok("+CGATT: 0")
    b.good("AT+COPS=0", 3 * S)
    b.run(10 * S)
    assert b.at("AT+CREG?") == ok("+CREG: 0,5")
    b.good("AT+CFUN=4", 3 * S)
    assert b.at("AT+CSQ") == ok("+CSQ: 99,99") and b.at("AT+CREG?") == ok("+CREG: 0,0")
    b.good("AT+CFUN=1", 3 * S)
    b.run(10 * S)
    assert b.at("AT+CREG?") == ok("+CREG: 0,5")


def test_contexts():
    b = TelitBench().on()
    assert b.at("AT+CGDCONT?") == OK and b.at("AT#SGACT?") == OK
    failed = b"\r\n+CME ERROR: activation failed\r\n"
    b.run(20 * S)
    assert b.at("AT#SGACT=1,1", 3 * S) == failed  # not defined
    b.good('AT+CGDCONT=1,"IP","apn"')
    b.good('AT+CGDCONT=3,"IP","apn"')
    assert b.at("AT#SGACT=3,1", 3 * S) == failed  # bound to no socket
    assert b.at("AT#SGACT=1,1", 3 * S) == ok("#SGACT: 100.64.132.137")
    assert b.at("AT#SGACT=1,1") == b"\r\n+CME ERROR: context already activated\r\n"
    assert b.at("AT#SGACT?") == ok("#SGACT: 1,1", "#SGACT: 3,0")
    b.good("AT#SCFG=3,3,300,90,600,50")
    assert b.at("AT#SGACT=3,1", 3 * S) == ok("#SGACT: 100.64.132.138")
    addresses = ('#CGPADDR: 1,"100.64.132.137"', '#CGPADDR: 3,"100.64.132.138"')
    assert b.at('AT#CGPADDR=""') == ok(*addresses)
    assert b.at("AT#CGPADDR=3") == ok(addresses[1])
    assert b.at("AT+CGPADDR=1") == ok('+CGPADDR: 1,"100.64.132.137"')
    assert b.at('AT+CGDCONT=1,"IP","other"') == b"\r\n+CME ERROR: operation not allowed\r\n"
    b.good("AT#SGACT=1,0")
    b.good("AT#SGACT=3,0")
    b.good("AT#SGACT=3,0")
    assert b.at("AT#SGACT?") == ok("#SGACT: 1,0", "#SGACT: 3,0")
    assert b.at("AT#SGACT=6,1") == NOT_SUPPORTED and b.at("AT#SGACT=1") == NOT_SUPPORTED
    b.good("AT+CGDCONT=3")
    assert b.at("AT+CGDCONT?") == ok('+CGDCONT: 1,"IP","apn","0.0.0.0",0,0')
    b = TelitBench({(b"plain.example", 7): Echo()}, apn="right").on()
    b.run(20 * S)
    b.good('AT+CGDCONT=1,"IP","wrong"')
    assert b.at("AT#SGACT=1,1", 3 * S) == failed
    for cid in (1, 2):
        b.good(f'AT+CGDCONT={cid},"IP","right"')
        assert b.at(f"AT#SGACT={cid},1", 3 * S).startswith(b"\r\n#SGACT: ")
        b.good(f'AT#SD={3 * cid},0,7,"plain.example",0,0,1')
    b.good('AT+CGDCONT=3,"IP","wrong"')
    b.good("AT#SCFG=1,3,300,90,600,50")
    assert b.at("AT#SGACT=3,1", 3 * S) == failed
    assert b.at("AT#SGACT?") == ok("#SGACT: 1,1", "#SGACT: 2,1", "#SGACT: 3,0")
    assert b.at("AT#SGACT=1,0", 2 * S) == b"\r\nNO CARRIER\r\n" + OK
    assert b.at("AT#SS=3") == ok("#SS: 3,0") and b"#SS: 6,2," in b.at("AT#SS=6")
    b.good("AT#SH=6")
    b.modem.fault("registration_lost")
    b.good('AT+CGDCONT=1,"IP","right"')
    assert b.at("AT#SGACT=1,1", 3 * S) == failed


def test_clock():
    b = TelitBench(rtc_unix_s=None).on()
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "80/01/06,00:00:')
    assert b.at('AT+CCLK="24/06/13,22:40:35+08"', 100 * MS) == OK
    assert b.at("AT+CCLK?", 100 * MS) == ok('+CCLK: "24/06/13,22:40:35+08"')
    utc = datetime(2024, 6, 13, 20, 40, 35, tzinfo=UTC).timestamp()
    assert b.modem.radio.unix() // 1 == utc
    for text in ("24/13/01,00:00:00+00", "24/06/13 22:40:35", "24/06/13,22:40:35+99"):
        assert b.at(f'AT+CCLK="{text}"') == b"\r\nERROR\r\n"


def test_nitz_only_where_it_is_switched_on():
    b = TelitBench(rtc_unix_s=None).on()
    assert b.at("AT#NITZ?") == ok("#NITZ: 0,0")
    b.run(20 * S)
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "80/')
    b.good("AT#NITZ=7,1")
    assert b.run(60 * S) == b""  # heard at a registration
    b.good("AT+COPS=2", 3 * S)
    b.at("AT+COPS=0", 500 * MS)
    out = b.run(10 * S)
    assert out.startswith(OK + b"\r\n#NITZ: 24/06/13,") and out.endswith(b"-16,1\r\n")
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "24/06/13,')


def test_ntp():
    b = TelitBench(rtc_unix_s=None).on()
    line = 'AT#NTP="pool.example",123,1,2,4'
    assert b.at(line) == b"\r\n+CME ERROR: context not opened\r\n"
    b = TelitBench(rtc_unix_s=None).online()
    answer = b.at(line, 2 * S)
    assert answer.startswith(b"\r\n#NTP: 24/06/13,23:") and answer.endswith(OK)
    assert b.at("AT+CCLK?").startswith(b'\r\n+CCLK: "24/06/13,23:')
    b.modem.fault("dns", for_s=10)
    assert b.at(line, 5 * S) == b"\r\n+CME ERROR: generic undocumented error\r\n"
    for bad in ('AT#NTP="x"', 'AT#NTP="x",0,1,2', 'AT#NTP="x",123,2,2', 'AT#NTP="x",123,1,11'):
        assert b.at(bad) == NOT_SUPPORTED


def test_profiles():
    b = TelitBench().on()
    b.good("AT+CMEE=1")
    b.good("AT+CREG=1")
    b.good("AT&W1")
    b.at("AT#REBOOT")
    b.run(10 * S)
    assert b.at("AT+CMEE?") == b"AT+CMEE?\r" + ok("+CMEE: 0")  # profile 0 is the factory's
    b.at("AT&P1")
    b.at("AT#REBOOT")
    b.run(20 * S)
    assert b.at("AT+CMEE?") == ok("+CMEE: 1") and b.at("AT+CREG?") == ok("+CREG: 1,5")
    b.good("AT&F")
    assert b.at("AT+CMEE?").endswith(ok("+CMEE: 0"))
    b.at("ATZ1")
    assert b.at("AT+CMEE?").endswith(ok("+CMEE: 1"))
    assert b"ERROR" in b.at("AT&W2")


def test_what_saves_itself():
    b = TelitBench().online().secure(mode=0, ca=None)
    b.good("AT#SSLCFG=1,1,300,90,200,50,1")
    b.at("AT#REBOOT")
    b.run(20 * S)
    b.at("ATE0")
    assert b.at("AT+CGDCONT?") == ok('+CGDCONT: 1,"IP","apn.example","0.0.0.0",0,0')
    assert b.at("AT#SSLEN?") == ok("#SSLEN: 1,0")  # not that
    b.good("AT#SSLEN=1,1")
    assert b.at("AT#SSLSECCFG2?") == ok("#SSLSECCFG2: 1,3,0,0,0,0")
    assert b.at("AT#SSLCFG?") == ok("#SSLCFG: 1,1,300,90,200,50,1,0,0,0")


def test_ping():
    b = TelitBench().on()
    assert b.at('AT#PING="x.example"') == b"\r\n+CME ERROR: context not opened\r\n"
    b = TelitBench().online()
    answer = b.at('AT#PING="x.example",2', 5 * S).split(b"\r\n")
    assert answer[1].startswith(b'#PING: 01,"74.6.231.20",') and answer[2].startswith(b"#PING: 02")
    assert answer[4] == b"OK" and len(answer) == 6
    b.modem.fault("unreachable", for_s=60)
    answer = b.at('AT#PING="x.example",1,32,10', 5 * S)
    assert answer == ok('#PING: 01,"74.6.231.20",600,255')
    assert b.at('AT#PING="x",0') == NOT_SUPPORTED
