"""What each command says to AT…=?, to parameters that do not fit, and out of order."""

import pytest

from tests_host.modem.bench import Echo, S
from tests_host.modem.telit.bench import OK, TelitBench, ok
from tests_host.modem.telit.servers import FTP, Web, page
from tests_host.modem.telit.test_ftp import FILES, OPEN
from tests_host.sim.broker import Broker

NOT_SUPPORTED = b"\r\n+CME ERROR: operation not supported\r\n"
NOT_ALLOWED = b"\r\n+CME ERROR: operation not allowed\r\n"
ERROR = b"\r\nERROR\r\n"


@pytest.fixture(scope="module")
def online():
    """One module with everything behind it; the lines asked of it change nothing."""
    ftp = FTP(FILES)
    services = {(b"ftp.example", 21): ftp, (b"b", 1883): Broker(), (b"host", 7): Echo()}
    services[(b"web.example", 80)] = Web(page(b"body"))
    b = TelitBench(services, page="me910g1").online()
    ftp.network = b.network
    b.good(OPEN, 10 * S)
    b.good("AT#SSLEN=1,1")
    b.good("AT#MQEN=1,1")
    b.good('AT#MQCFG=1,"b",1883,1')
    b.good('AT#MQCONN=1,"d","",""', 5 * S)
    b.good('AT#HTTPCFG=0,"web.example",80')
    return b


@pytest.mark.parametrize(
    "line",
    [
        "AT#HTTPCFG=3,x", "AT#HTTPCFG=0,x,0", "AT#HTTPCFG=0,x,80,2", "AT#HTTPCFG=0,x,80,0,,,2",
        "AT#HTTPCFG=0,x,80,0,,,0,0", "AT#HTTPCFG=0,x,80,0,,,0,1,6", "AT#HTTPQRY=0,3,/",
        "AT#HTTPQRY=0,0", "AT#HTTPQRY=3,0,/", 'AT#HTTPQRY=0,0,""', "AT#HTTPSND=0,2,/,1",
        "AT#HTTPSND=0,0,/", "AT#HTTPSND=0,0,/,0", "AT#HTTPSND=3,0,/,1", "AT#HTTPRCV=3",
        "AT#HTTPRCV=0,1501", "AT#HTTPRCV=0,64,1", "AT#FTPCFG=5001", "AT#FTPCFG=100,2",
        "AT#FTPCFG=100,0,2", "AT#FTPOPEN=x", 'AT#FTPOPEN="x:0",u,p', "AT#FTPOPEN=x,u,p,2",
        "AT#FTPTYPE=2", "AT#FTPGET", 'AT#FTPGET=""', "AT#FTPGETPKT=f,2", "AT#FTPPUT=f,2",
        "AT#FTPCWD=a,b", "AT#FTPREST=x", "AT#FTPAPPEXT=0", "AT#FTPAPPEXT=1501",
        "AT#FTPAPPEXT=1,2", "AT#MQCFG=1,x,0,1", "AT#MQCFG=1,x,1,7", "AT#MQCFG=1,x,1,1,2",
        "AT#MQCFG=3,x,1,1", "AT#MQCFG2=1,0,1", "AT#MQCFG2=1,3601,1", "AT#MQCFG2=1,60,2",
        "AT#MQTCFG=1,0", "AT#MQTCFG=1,61", "AT#MQWCFG=1,2", "AT#MQWCFG=1,1,0,3,t,m",
        "AT#MQWCFG=1,1,0,0,,m", "AT#MQCONN=1,d", 'AT#MQCONN=1,"",u,p', "AT#MQSUB=1",
        "AT#MQSUB=1,t,3", "AT#MQUNS=1", "AT#MQPUBS=1,t,2,0,m", "AT#MQPUBS=1,t,0,3,m",
        "AT#MQPUBS=1,t,0,0", "AT#MQPUBSEXT=1,t,0,0,0", "AT#MQPUBSEXT=1,t,0,0,1501",
        "AT#MQREAD=1,0", "AT#MQREAD=1,31", "AT#MQREAD=1", "AT#MQEN=1", "AT#MQDISC=3",
        "AT#PING=x,65", "AT#PING=x,1,31", "AT#PING=x,1,32,0", "AT#PING", "AT#CGPADDR=6",
        "AT#SGACT=1,2", "AT+CGDCONT=2,PPP", "AT+CFUN=0,1", "AT#SCFGEXT=1,3,0,0", "AT#SCFGEXT=1,1",
        "AT#SCFGEXT=1,0,1,0", "AT#SSEND=1,1", "AT#SSLI=7", "AT#SI=7", "AT#SS=7",
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit(online, line):
    assert online.at(line) == NOT_SUPPORTED


@pytest.mark.parametrize(
    "line",
    [
        "AT+CREG=3", "AT+COPS=5", "AT+CGATT=2", "AT+CFUN=2", "AT+CCLK=x", "AT+IFC=3,0", "ATE2",
        "ATV2", "AT&K2", "ATZ2", "AT&P2", "AT&W3", "AT#NITZ=16", "AT#NITZ=7,2", "AT#SHDN=1",
        "AT#REBOOT=1", "AT+CMEE=3", "AT+CPIN", "AT#CPUMODE?", "AT#SSLFASTD=1", "AT#FTPTO=99",
        "AT#PORTCFG=99", "ATI9", "AT+CSQ?", "AT+CGMM?", "AT#QSS=3", "AT+CGDCONT=6,IP,x",
        "AT#CGPADDR?", "AT+CIMI?", "AT#CCID?", "AT+IPR=1", "ATS", "ATS12=300", "ATS12=",
    ],
)  # fmt: skip
def test_plain_errors(online, line):
    answer = online.at(line)
    assert answer in (ERROR, NOT_ALLOWED if line == "AT+CPIN" else ERROR), answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT#HTTPCFG=?", "#HTTPCFG: (0-2),64,(1-65535),(0,1),32,32,(0,1),(1-65535),(1-5)"),
        ("AT#HTTPQRY=?", "#HTTPQRY: (0-2),(0-2),256,128"),
        ("AT#HTTPSND=?", "#HTTPSND: (0-2),(0,1),256,(1-65535),64,128"),
        ("AT#HTTPRCV=?", "#HTTPRCV: (0-2),(64-1500)"),
        ("AT#FTPCFG=?", "#FTPCFG: (100-5000),(0,1),(0,1)"),
        ("AT#FTPTYPE=?", "#FTPTYPE: (0,1)"),
        ("AT#FTPRECV=?", "#FTPRECV: (1-3000)"),
        ("AT#FTPAPPEXT=?", "#FTPAPPEXT: (1-1500),(0,1)"),
        ("AT#FTPPUT=?", "#FTPPUT: 200,(0,1)"),
        ("AT#FTPGETPKT=?", "#FTPGETPKT: 200,(0,1)"),
        ("AT#FTPTO?", "#FTPTO: 100"),
        ("AT#FTPREST?", "#FTPREST: 0"),
        ("AT#MQEN=?", "#MQEN: (1-2),(0,1)"),
        ("AT#MQCFG=?", "#MQCFG: (1-2),512,(1-65535),(1-6),(0-1)"),
        ("AT#MQCFG2=?", "#MQCFG2: (1-2),(1-3600),(0,1)"),
        ("AT#MQCFG2?", "#MQCFG2: 1,60,1"),
        ("AT#MQTCFG=?", "#MQTCFG: (1-2),(1-60)"),
        ("AT#MQTCFG?", "#MQTCFG: 1,15"),
        ("AT#MQWCFG=?", "#MQWCFG: (1-2),(0,1),(0,1),(0-2),256,256"),
        ("AT#MQCONN=?", "#MQCONN: (1-2),128,256,256"),
        ("AT#MQDISC=?", "#MQDISC: (1-2)"),
        ("AT#MQSUB=?", "#MQSUB: (1-2),256,(0-2)"),
        ("AT#MQUNS=?", "#MQUNS: (1-2),256"),
        ("AT#MQPUBS=?", "#MQPUBS: (1-2),256,(0,1),(0-2),256"),
        ("AT#MQPUBSEXT=?", "#MQPUBSEXT: (1-2),256,(0,1),(0-2),(1-1500)"),
        ("AT#MQREAD=?", "#MQREAD: (1-2),(1-30)"),
        ("AT#SCFG=?", "#SCFG: (1-6),(1-5),(0-1500),(0-65535),(10-1200),(0-255)"),
        ("AT#SD=?", "#SD: (1-6),(0),(1-65535),,(0,255),(0-65535),(0,1)"),
        ("AT#SSENDEXT=?", "#SSENDEXT: (1-6),(1-1500)"),
        ("AT#SRECV=?", "#SRECV: (1-6),(1-1500)"),
        ("AT#SCFGEXT?", "\r\n".join(f"#SCFGEXT: {i},0,0,0,0,0" for i in range(1, 7))),
        ("AT#SSLSECCFG2=?", "#SSLSECCFG2: (1-6),(0-4),(0,1),(0-63),(0-15),(0-4)"),
        ("AT#SGACT=?", "#SGACT: (1-5),(0,1)"),
        ("AT#PING=?", "#PING: (1-64),(32-1460),(1-600),(1-255)"),
        ("AT#NTP=?", "#NTP: 256,(1-65535),(0-1),(1-10),(-47-48)"),
        ("AT#NITZ=?", "#NITZ: (0-15),(0,1)"),
        ("AT+CFUN=?", "+CFUN: (0,1,4,5),(0,1)"),
        ("AT+CGATT=?", "+CGATT: (0,1)"),
        ("AT+CGDCONT=?", '+CGDCONT: (1-5),"IP",,,(0,1),(0,1)'),
        ("AT+CREG=?", "+CREG: (0-2)"),
        ("AT+CMEE=?", "+CMEE: (0,1,2)"),
        ("AT#CGPADDR=?", "#CGPADDR: (1)"),
        ("AT+IFC?", "+IFC: 2,2"),
        ("AT+IPR?", "+IPR: 115200"),
        ("AT#SKIPESC?", "#SKIPESC: 0"),
        ("AT#SIMDET?", "#SIMDET: 2"),
        ("ATI3", "Telit"),
        ("ATI0", "332"),
        ("AT+CBC", "+CBC: 0,0"),
        ("AT#CGMI", "#CGMI: Telit"),
        ("AT#CGMM", "#CGMM: ME910G1-WW"),
        ("AT#CGMR", "#CGMR: 37.00.004"),
        ("AT#PCT", "#PCT: 3"),
    ],
)
def test_what_can_be_asked(online, line, answer):
    assert online.at(line) == ok(answer)


@pytest.mark.parametrize(
    "line",
    [
        "ATH", "ATL1", "ATM1", "ATX4", "AT&S0", "AT&C1", "AT&D2", "AT&K0", "AT+IFC=0,0", "ATS0=0",
        "AT+CIMI=?", "AT+CPIN=?", "AT#CCID=?", "AT+CGSN=?", "AT#SHDN=?", "AT#REBOOT=?",
        "AT+CCLK=?",
        "AT#SS=?", "AT#SI=?", "AT#SH=?", "AT#SO=?", "AT#SSEND=?", "AT#FTPOPEN=?", "AT#FTPCLOSE=?",
        "AT#FTPGET=?", "AT#FTPLIST=?", "AT#FTPCWD=?", "AT#SSLI=?", "AT+COPS=3,2", "AT#QSS=1",
        "AT#PORTCFG=3", "AT#SIMDET=1", "AT+CEMODE=2", "AT+CGATT=1", "AT#FTPTO=500", "ATI1",
    ],
)  # fmt: skip
def test_taken(online, line):
    assert online.at(line, S) == OK


def test_busy_services(online):
    b = online
    assert b.at('AT#MQCFG=1,"x",1,1') == NOT_ALLOWED and b.at("AT#MQCFG2=1,60,1") == NOT_ALLOWED
    assert b.at('AT#MQCONN=1,"d","",""') == NOT_ALLOWED and b.at("AT#MQEN=1,0") == NOT_ALLOWED
    assert b.at("AT#FTPCFG=100,0,0") == NOT_ALLOWED
    assert b.at("AT#FTPAPPEXT=1") == b"\r\n+CME ERROR: FTP not connected\r\n"
    b.good('AT#FTPGETPKT="file.txt"', 10 * S)
    assert b.at("AT#FTPAPPEXT=1") == NOT_ALLOWED
    b.good('AT#FTPPUT="x",1', 10 * S)
    assert b.at('AT#FTPGET="file.txt"') == NOT_ALLOWED and b.at("AT#FTPTYPE?") == NOT_ALLOWED
    b.modem.fault("send_refused")
    b.at("AT#FTPAPPEXT=1")
    assert b.type(b"x") == b"\r\n+CME ERROR: tx error\r\n"
    for stage, line in (
        ("prompt", 'AT#MQPUBSEXT=1,"t",0,1,1'),
        ("payload", 'AT#MQPUBS=1,"t",0,1,m'),
    ):
        b.modem.fault("send_refused", stage=stage)
        assert b.at(line) == b"\r\n+CME ERROR: generic undocumented error\r\n"
    assert OK in b.at('AT#HTTPQRY=0,0,"/"', 5 * S)
    assert b.at("AT#HTTPCFG=0,x") == NOT_ALLOWED  # an answer waits to be read
    assert OK in b.at('AT#HTTPQRY=0,0,"/"', 5 * S)  # a new request drops it
    assert b.at("AT#HTTPRCV=0", S).startswith(b"\r\n<<<body\r\n")


def test_attach_and_operators():
    b = TelitBench().on()
    assert b.at("AT+CGATT=1", 20 * S) == OK
    b.good("AT+CGATT=0")
    assert b.at("AT+CGATT?") == ok("+CGATT: 0")
    assert b.at("AT+COPS=?", 21 * S) == ok('+COPS: (2,"AT&T FloLive","","310410"),,(0-4),(0,2)')
    b.modem.receive(b"AT+COPS=?\r", b.now)
    b.run(S)
    assert b.type(b" ") == ERROR  # a character ends it
    assert b.at('AT+COPS=1,2,"00101"', 21 * S) == b"\r\n+CME ERROR: no network service\r\n"
    b.modem.fault("registration_denied")
    assert b.at("AT+CREG?") == ok("+CREG: 0,3")
    assert b.at("AT+CGATT=1", 12 * S) == b"\r\n+CME ERROR: no network service\r\n"
    b = TelitBench(sim="absent").on()
    assert b.at("AT+CPIN=1") == b"\r\n+CME ERROR: SIM not inserted\r\n"
    b.good("AT+CFUN=1,1", 100_000)
    b.run(12 * S)
    assert b.at("AT").endswith(OK)


def test_ftp_server_that_fails():
    for greeting, wanted in (
        (None, "FTP communication timeout"),
        ("421 full", "FTP communication timeout"),
    ):
        ftp = FTP(FILES)
        ftp.connected = lambda conn, ftp=ftp, text=greeting: (
            setattr(ftp, "_conn", conn), text and conn.send(text.encode() + b"\r\n")
        )  # fmt: skip
        b = TelitBench({(b"ftp.example", 21): ftp}).online()
        assert b.at(OPEN, 15 * S) == f"\r\n+CME ERROR: {wanted}\r\n".encode()
        assert b.at("AT#FTPCLOSE") == b"\r\n+CME ERROR: FTP not connected\r\n"
        assert b.at("AT#FTPMSG") == b"\r\n+CME ERROR: FTP not connected\r\n"
    ftp = FTP(FILES)
    b = TelitBench({(b"ftp.example", 21): ftp}).online()
    ftp.network = b.network
    b.good(OPEN, 10 * S)
    ftp._conn.close()
    b.run(S)
    assert b.at("AT#FTPPWD") == b"\r\n+CME ERROR: FTP not connected\r\n"


def test_http_body_that_is_late():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    web = Web(head + b"half", closes=False)
    b = TelitBench({(b"web.example", 80): web}).online()
    b.good('AT#HTTPCFG=0,"web.example",80')
    assert b.at('AT#HTTPQRY=0,0,"/"', 5 * S) == OK + b'\r\n#HTTPRING: 0,200,"",10\r\n'
    assert b.at("AT#HTTPRCV=0", 29 * S) == b""
    assert b.run(2 * S) == b"\r\n<<<half\r\n" + OK
