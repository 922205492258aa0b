"""The SIM7000's own HTTP client (AT+SH*), plain and over TLS, byte for byte."""

import pytest

from tests_host.modem.bench import Bench, Echo, S
from tests_host.modem.pki import CA, END
from tests_host.modem.test_tls import AUTHORITY, DEVICE, HOST, IN_2024, SERVER, STRANGER
from tools.modem import TLSService

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
NO = b"\r\n+CME ERROR: operation not allowed\r\n"
GONE = b"\r\n+SHSTATE: 0\r\n"
BODY = b"<html>\r\nOK\r\n</html>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Web(Echo):
    """Answers each request with what it was made with, in pieces of seven bytes."""

    def __init__(self, answer, closes=False):
        super().__init__()
        self.answer = answer
        self.closes = closes

    def received(self, conn, data, now_us):
        self.got += data
        head, gap, body = self.got.partition(b"\r\n\r\n")
        size = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0] or 0)
        if gap and len(body) >= size:
            for i in range(0, len(self.answer), 7):
                conn.send(self.answer[i : i + 7])
            if self.closes:
                conn.close()


def _bench(web, server=SERVER, client_ca=None, **options):
    services = {
        (b"host", 80): web,
        (b"host", 8080): web,
        (HOST.encode(), 443): TLSService(web, *server, client_ca),
        (b"other.example", 443): TLSService(web, *server, client_ca),
    }
    options.setdefault("rtc_unix_s", IN_2024)
    b = Bench(services, **options).online()
    assert b.at("AT+CMEE=2") == OK
    return b


def _connect(b, url="http://host", s=5):
    for tag, value in (("URL", f'"{url}"'), ("BODYLEN", 1024), ("HEADERLEN", 350)):
        assert b.at(f'AT+SHCONF="{tag}",{value}') == OK
    return b.at("AT+SHCONN", s * S)


def test_get_and_read():
    web = Web(ANSWER)
    b = _bench(web)
    assert _connect(b) == OK
    assert b.at("AT+SHSTATE?") == b"\r\n+SHSTATE: 1\r\n" + OK
    assert b.at("AT+SHCHEAD") == OK
    assert b.at('AT+SHAHEAD="Accept","*/*"') == OK
    ring = b'\r\n+SHREQ: "GET",200,%d\r\n' % len(BODY)
    assert b.at('AT+SHREQ="/path?x=1",1', S) == OK + ring
    assert web.got == (
        b"GET /path?x=1 HTTP/1.1\r\nHost: host\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n"
    )
    assert b.at("AT+SHREQ?") == b'\r\n+SHREQ: "/path?x=1",1\r\n' + OK
    # as captured: its result, then the bytes, a line end behind them
    whole = b"\r\n+SHREAD: %d\r\n%s\r\n" % (len(BODY), BODY)
    assert b.at(f"AT+SHREAD=0,{len(BODY)}") == OK + whole
    assert b.at("AT+SHREAD=6,8") == OK + b"\r\n+SHREAD: 8\r\n\r\nOK\r\n</\r\n"
    assert b.at(f"AT+SHREAD=0,{len(BODY) + 1}") == NO
    assert b.at(f"AT+SHREAD={len(BODY)},1") == NO
    assert b.at("AT+SHDISC") == OK
    assert b.at("AT+SHSTATE?") == b"\r\n+SHSTATE: 0\r\n" + OK
    assert web.closed_conns == 1


def test_more_than_2048_bytes_come_in_several_pieces():
    body = bytes(range(256)) * 12
    b = _bench(Web(b"HTTP/1.1 200 OK\r\nContent-Length: 3072\r\n\r\n" + body))
    _connect(b)
    b.at('AT+SHREQ="/",1', S)
    pieces = b"\r\n+SHREAD: 2048\r\n" + body[:2048] + b"\r\n\r\n+SHREAD: 1024\r\n" + body[2048:]
    assert b.at("AT+SHREAD=0,3072", 2 * S) == OK + pieces + b"\r\n"


def test_the_result_behind_the_bytes():
    b = _bench(Web(ANSWER), shread_ok="last")
    _connect(b)
    b.at('AT+SHREQ="/",1', S)
    assert b.at("AT+SHREAD=0,6") == b"\r\n+SHREAD: 6\r\n<html>\r\n" + OK


def test_post_what_was_entered():
    web = Web(ANSWER)
    b = _bench(web)
    _connect(b, "http://host:8080")
    assert b.at('AT+SHAHEAD="Content-Type","a/b"') == OK
    assert b.at("AT+SHBODEXT=?") == b"\r\n+SHBODEXT: (1-1024),(100-10000)\r\n" + OK
    assert b.at("AT+SHBODEXT=6,5000") == b"\r\n>"
    assert b.type(b"\r\nOK\r\n") == OK
    assert b.at("AT+SHBODEXT?") == b"\r\n+SHBODEXT: \r\nOK\r\n,6\r\n" + OK
    ring = b'\r\n+SHREQ: "POST",200,%d\r\n' % len(BODY)
    assert b.at('AT+SHREQ="/p",3', S) == OK + ring
    assert web.got == (
        b"POST /p HTTP/1.1\r\nHost: host:8080\r\nContent-Type: a/b\r\n"
        b"Content-Length: 6\r\n\r\n\r\nOK\r\n"
    )


@pytest.mark.parametrize(
    ("typed", "answer", "body"),
    [(b"ab\x1acd", OK, b"ab"), (b"ab\x1bcd", ERROR, b""), (b"abcdefgh", OK, b"abcdef")],
)
def test_what_ends_the_input(typed, answer, body):
    b = _bench(Web(ANSWER))
    _connect(b)
    b.at("AT+SHBODEXT=6,5000")
    assert b.type(typed).startswith(answer)
    b.type(b"\r")
    assert b.at("AT+SHBOD?") == b'\r\n+SHBOD: "%s",%d\r\n' % (body, len(body)) + OK


def test_input_that_is_late_is_taken_as_it_is():
    b = _bench(Web(ANSWER))
    _connect(b)
    b.at("AT+SHBODEXT=6,1000")
    assert b.type(b"abc", 600 * 1000) == b""
    assert b.run(S) == OK
    assert b.at("AT+SHBOD?") == b'\r\n+SHBOD: "abc",3\r\n' + OK


def test_a_body_in_the_command_line():
    web = Web(ANSWER)
    b = _bench(web)
    _connect(b)
    assert b.at('AT+SHBOD="SIMCOMBODY",10') == OK
    assert b.at('AT+SHBOD="SIMCOMBODY",11') == NO
    assert b.at("AT+SHBOD=10,5000") == NO
    b.at('AT+SHREQ="/",3', S)
    assert web.got.endswith(b"Content-Length: 10\r\n\r\nSIMCOMBODY")


def test_a_firmware_without_shbodext():
    b = _bench(Web(ANSWER), shbodext=False)
    _connect(b)
    assert b.at("AT+SHBODEXT=?") == b.at("AT+SHBODEXT=2,5000") == ERROR
    assert b.at("AT+SHBOD=2,5000") == b"\r\n>"
    assert b.type(b"hi") == OK


def test_parameters_are_a_form():
    web = Web(ANSWER)
    b = _bench(web)
    _connect(b)
    assert b.at("AT+SHCPARA") == OK
    assert b.at('AT+SHPARA="product","a b"') == b.at('AT+SHPARA="price","1"') == OK
    b.at('AT+SHREQ="/",3', S)
    assert web.got.endswith(b"Content-Length: 19\r\n\r\nproduct=a+b&price=1")


def test_heads_add_up_until_they_are_cleared():
    web = Web(ANSWER)
    b = _bench(web)
    _connect(b)
    b.at('AT+SHAHEAD="A","1"')
    b.at("AT+SHDISC")
    assert b.at("AT+SHCONN", S) == OK
    b.at('AT+SHAHEAD="B","2"')
    assert b.at("AT+SHAHEAD?") == b'\r\n+SHAHEAD: "A","1"\r\n+SHAHEAD: "B","2"\r\n' + OK
    assert b.at(f'AT+SHAHEAD="C","{"x" * 346}"') == NO  # 350 in all
    b.at('AT+SHREQ="/",1', S)
    assert b"\r\nA: 1\r\nB: 2\r\n" in web.got
    b.at("AT+SHCHEAD")
    assert b.at("AT+SHAHEAD?") == OK


def test_what_needs_a_connection():
    b = _bench(Web(ANSWER))
    for line in (
        "SHCHEAD", 'SHAHEAD="A","1"', "SHCPARA", 'SHPARA="A","1"', 'SHBOD="a",1',
        "SHBODEXT=1,1000", 'SHREQ="/",1', "SHREAD=0,1", "SHDISC", "SHCONN",
    ):  # fmt: skip
        assert b.at("AT+" + line) == NO, line
    assert _connect(b) == OK
    assert b.at("AT+SHCONN") == NO, "there is one already"
    assert b.at("AT+SHREAD=0,1") == NO, "nothing was asked"


@pytest.mark.parametrize(
    "line",
    [
        'SHCONF="URL","host"', 'SHCONF="URL","ftp://host"', 'SHCONF="URL","http://host/x"',
        f'SHCONF="URL","http://{"h" * 58}"', 'SHCONF="BODYLEN",1025', 'SHCONF="HEADERLEN",351',
        'SHCONF="TIMEOUT",29', 'SHCONF="TIMEOUT",1801', 'SHCONF="IPVER",2', 'SHCONF="X",1',
        'SHCONF="URL"', "SHREQ=1", 'SHREQ="/",6', f'SHREQ="/{"x" * 512}",1', "SHREAD=0",
        "SHBODEXT=0,1000", "SHBODEXT=1025,1000", "SHBODEXT=1,99", "SHBODEXT=1,10001", "SHSSL=6,",
        f'SHPARA="{"x" * 65}",""',
    ],
)  # fmt: skip
def test_wrong_arguments(line):
    b = _bench(Web(ANSWER))
    _connect(b)
    assert b.at("AT+" + line) == NO


def test_settings_save_themselves():
    b = _bench(Web(ANSWER))
    _connect(b)
    assert b.at('AT+SHCONF="timeout",100') == OK  # (tags in any case: captured)
    b.at("AT+CFUN=1,1")
    b.run(10 * S)
    b.at("ATE0")
    shown = ['"BODYLEN",1024', '"HEADERLEN",350', '"IPVER",0', '"TIMEOUT",100']
    shown.append('"URL","http://host"')
    text = "".join(f"+SHCONF: {one}\r\n" for one in shown)
    assert b.at("AT+SHCONF?") == b"\r\n" + text.encode() + OK
    assert b.at("AT+SHSTATE?") == b"\r\n+SHSTATE: 0\r\n" + OK


def test_a_server_that_closes_without_an_answer():
    """As captured from 1351B05: +SHSTATE: 0 in place of +SHREQ, and AT+SHCONN connects again."""
    b = _bench(Web(b"", closes=True))
    _connect(b)
    assert b.at('AT+SHREQ="/",1', S) == OK + GONE
    assert b.at("AT+SHDISC") == NO
    assert b.at("AT+SHCONN", S) == OK


@pytest.mark.parametrize(("unread", "again"), [("lost", NO), ("kept", OK)])
def test_an_answer_whose_end_is_the_end_of_the_connection(unread, again):
    b = _bench(Web(b"HTTP/1.0 404 No\r\n\r\nno", closes=True), shread_unread=unread)
    _connect(b)
    assert b.at('AT+SHREQ="/",1', S) == OK + b'\r\n+SHREQ: "GET",404,2\r\n' + GONE
    assert b.at("AT+SHREAD=0,2").startswith(again)


def test_closed_in_mid_answer():
    b = _bench(Web(ANSWER[:-3], closes=True))
    _connect(b)
    assert b.at('AT+SHREQ="/",1', S) == OK + GONE
    assert b.at("AT+SHREAD=0,1") == NO


def test_an_unread_answer_holds_the_connection():
    b = _bench(Web(ANSWER))
    _connect(b)
    b.at('AT+SHREQ="/",1', S)
    assert b.at("AT+SHDISC") == NO
    b.at(f"AT+SHREAD=0,{len(BODY)}")
    assert b.at("AT+SHDISC") == OK


def test_chunks_are_handed_on_as_they_came():
    chunks = b"4\r\nabcd\r\n1;x\r\ne\r\n0\r\n\r\n"
    b = _bench(Web(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    _connect(b)
    assert b.at('AT+SHREQ="/",1', S) == OK + b'\r\n+SHREQ: "GET",200,%d\r\n' % len(chunks)


def test_nothing_is_said_of_an_answer_that_does_not_come():
    b = _bench(Web(b""))
    b.at('AT+SHCONF="TIMEOUT",30')
    _connect(b)
    assert b.at('AT+SHREQ="/",1', 29 * S) == OK
    assert b.at('AT+SHREQ="/",1') == NO
    assert b.run(2 * S) == b""
    assert b.at('AT+SHREQ="/",1') == OK


def test_no_http():
    b = _bench(Web(b"SSH-2.0-x\r\n\r\n"))
    _connect(b)
    assert b.at('AT+SHREQ="/",1', S) == OK + GONE


def test_packet_data_lost_in_a_request():
    b = _bench(Web(b""))
    _connect(b)
    b.at('AT+SHREQ="/",1')
    b.modem.fault("pdp_dropped")
    assert b.run(S) == GONE + b"\r\n+APP PDP: DEACTIVE\r\n"
    assert b.at("AT+SHCONN") == NO


def test_who_cannot_be_reached():
    b = _bench(Web(ANSWER))
    assert _connect(b, "http://nowhere") == NO
    assert _connect(b, "http://host:81") == NO
    b.modem.fault("unreachable", for_s=200)
    assert _connect(b, "http://host", 59) == b""
    assert b.run(2 * S) == NO


# TLS


def _https(b, ca="ca.crt", sni=HOST, pair="", host=HOST, ignore=0):
    if ca:
        assert b.at(f'AT+CSSLCFG="convert",2,"{ca}"', S) == OK
    if pair:
        assert b.at('AT+CSSLCFG="convert",1,"dev.crt","dev.key"', S) == OK
    b.at('AT+CSSLCFG="sslversion",1,3')
    b.at(f'AT+CSSLCFG="ignorertctime",1,{ignore}')
    b.at(f'AT+CSSLCFG="sni",1,"{sni}"')
    assert b.at(f'AT+SHSSL=1,"{ca}"' + (f',"{pair}"' if pair else "")) == OK
    return _connect(b, f"https://{host}", 20)


FILES = {
    "ca.crt": AUTHORITY.pem,
    "bad.crt": STRANGER.pem,
    "dev.crt": DEVICE[0],
    "dev.key": DEVICE[1],
}


def test_https():
    web = Web(ANSWER)
    b = _bench(web, files=FILES)
    assert _https(b) == OK
    assert b.at("AT+SHSSL?") == b'\r\n+SHSSL: 1,"ca.crt",""\r\n' + OK
    assert b.events("tls") == ["http TLSv1.2 verified"]
    ring = b'\r\n+SHREQ: "GET",200,%d\r\n' % len(BODY)
    assert b.at('AT+SHREQ="/x",1', S) == OK + ring and web.got.startswith(b"GET /x ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ca": "bad.crt"},
        {"sni": "other.example"},
        {"sni": "", "host": "other.example"},
        {"server": AUTHORITY.issue(HOST, end=END.replace(year=2024, month=3))},
        {"server": CA("third").issue(HOST)},
        {"client_ca": AUTHORITY.pem},
    ],
    ids=["ca", "sni", "host", "dates", "server", "client"],
)
def test_who_is_refused(wrong):
    web = Web(ANSWER)
    made = {name: wrong.pop(name) for name in ("server", "client_ca") if name in wrong}
    b = _bench(web, files=FILES, **made)
    assert _https(b, **wrong) == NO and web.got == b""
    assert b.at("AT+SHSTATE?") == b"\r\n+SHSTATE: 0\r\n" + OK


def test_a_client_certificate():
    b = _bench(Web(ANSWER), client_ca=AUTHORITY.pem, files=FILES)
    assert _https(b, pair="dev.crt") == OK


def test_without_a_ca_any_server_is_trusted():
    b = _bench(Web(ANSWER), server=STRANGER.issue("other"), files=FILES)
    assert _https(b, ca="") == OK
    assert b.events("tls") == ["http TLSv1.2 NOT verified: no CA"]


def test_tls_wants_settings_and_converted_files():
    b = _bench(Web(ANSWER), files=FILES)
    assert _connect(b, f"https://{HOST}") == NO  # no AT+SHSSL ever
    assert b.at('AT+SHSSL=1,"ca.crt"') == ERROR  # not converted
    b.at('AT+CSSLCFG="convert",2,"ca.crt"', S)
    assert b.at('AT+SHSSL=1,"ca.crt","dev.crt"') == ERROR
    assert b.at('AT+SHSSL=1,"ca.crt"') == OK
    # the context was never set: TLS 1.0, which the server does not take
    assert b.at("AT+SHCONN", 5 * S) == NO


def test_tls_connections_are_two_in_all():
    b = _bench(Web(ANSWER), files=FILES)
    assert _https(b) == OK
    for cid, result in ((0, 0), (1, 27)):
        for name, value in (("ssl", 1), ("crindex", 1), ("cacert", '"ca.crt"')):
            assert b.at(f'AT+CASSLCFG={cid},"{name}",{value}') == OK
        answer = b"\r\n+CAOPEN: %d,%d\r\n" % (cid, result)
        assert b.at(f'AT+CAOPEN={cid},"{HOST}",443', 5 * S) == answer + OK
    assert b.at("AT+CASTATE?") == b"\r\n+CASTATE: 0,1\r\n" + OK
    assert b.at("AT+SHDISC") == OK
    b.at('AT+CASSLCFG=1,"ssl",1')
    b.at('AT+CASSLCFG=1,"crindex",1')
    assert b.at(f'AT+CAOPEN=1,"{HOST}",443', 5 * S) == b"\r\n+CAOPEN: 1,0\r\n" + OK
    assert b.at("AT+SHCONN", 5 * S) == NO
