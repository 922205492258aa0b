"""The module's own HTTP client, plain and over TLS."""

import pytest

from tests_host.modem.bench import Echo, S
from tests_host.modem.quectel.bench import CIPHERS, ERROR, OK, QuectelBench
from tests_host.modem.quectel.pki import AUTHORITY, HOST, IN_2024, SERVER, STRANGER
from tools.modem import TLSService

CONNECT = b"\r\nCONNECT\r\n"
CME = b"\r\n+CME ERROR: %d\r\n"
BODY = b"<html>\r\nOK\r\n</html>"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Web(Echo):
    """Answers each request with what it was made with, piece by piece."""

    def __init__(self, answer, then_close=False):
        super().__init__()
        self.answer = answer
        self.then_close = then_close

    def received(self, conn, data, now_us):
        self.got += data
        if b"\r\n\r\n" in self.got:
            for i in range(0, len(self.answer), 7):
                conn.send(self.answer[i : i + 7])
            if self.then_close:
                conn.close()


def _bench(web, server=SERVER, module="m95"):
    services = {
        (b"host", 80): web,
        (b"host", 8080): web,
        (HOST.encode(), 443): TLSService(web, *server, ciphers=CIPHERS),
    }
    return QuectelBench(services, module=module, rtc_unix_s=IN_2024).online()


def _url(b, text):
    assert b.at(f"AT+QHTTPURL={len(text)},30") == CONNECT
    return b.type(text.encode())


def test_get_and_read():
    web = Web(ANSWER)
    b = _bench(web)
    assert _url(b, "http://host/path?x=1") == OK
    assert b.at("AT+QHTTPURL?") == b"\r\n+QHTTPURL: http://host/path?x=1\r\n" + OK
    assert b.at("AT+QHTTPGET=60", 5 * S) == OK
    assert web.got.startswith(b"GET /path?x=1 HTTP/1.1\r\nHost: host\r\n")
    assert b.at("AT+QHTTPREAD=30", S) == CONNECT + BODY + OK
    assert b.at("AT+QHTTPREAD=30", S) == CME % 3804  # once
    assert web.closed_conns == 1


def test_post():
    web = Web(ANSWER)
    b = _bench(web)
    assert _url(b, "http://host:8080") == OK
    assert b.at("AT+QHTTPPOST=9,50,10") == CONNECT
    assert b.type(b"a=1&b=\r\n\x1a", 5 * S) == OK
    head, _, body = web.got.partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\nHost: host:8080\r\n") and body == b"a=1&b=\r\n\x1a"
    assert b"Content-Length: 9" in head
    assert b.at("AT+QHTTPREAD=30", S) == CONNECT + BODY + OK


@pytest.mark.parametrize(
    ("answer", "closes", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", True, b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n",
            False,
            b"hello world",
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", False, b"no"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", False, b""),
    ],
)
def test_ways_in_which_an_answer_ends(answer, closes, body):
    b = _bench(Web(answer, closes))
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=60", 5 * S) == OK
    assert b.at("AT+QHTTPREAD=30", S) == CONNECT + body + OK


def test_errors():
    b = _bench(Web(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))
    assert b.at("AT+QHTTPGET=60") == CME % 3811
    for url, code in (
        ("ftp://host/", 3810),
        ("host", 3810),
        ("http://a b/", 3810),
        ("http://:x/", 3810),
    ):
        assert _url(b, url) == CME % code
    for url, code in (
        ("http://nowhere/", 3813),
        ("http://host:81/", 3815),
        ("https://host/", 3810),  # AT+QSSLCFG="https",1 is missing
        ("http://host/", 3829),
    ):
        assert _url(b, url) == OK
        assert b.at("AT+QHTTPGET=60", 5 * S) == CME % code
        assert b.at("AT+QHTTPREAD=30") == CME % 3804
    b = _bench(Web(b"SSH-2.0\r\n\r\n"))
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=60", 5 * S) == CME % 3822
    b = _bench(Web(ANSWER[:-3], then_close=True))
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=60", 5 * S) == CME % 3818
    b = _bench(Web(ANSWER[:-3]))
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=10", 9 * S) == b""
    assert b.run(2 * S) == CME % 3801
    b.at("AT+QIDEACT", 3 * S)
    assert b.at("AT+QHTTPGET=60") == CME % 3808


@pytest.mark.parametrize(
    "line",
    [
        "QHTTPURL=0,30", "QHTTPURL=701,30", "QHTTPURL=5", 'QHTTPURL="5",30', "QHTTPURL=5,0",
        "QHTTPGET=0", "QHTTPGET=1,2", "QHTTPPOST=0", "QHTTPPOST", "QHTTPPOST=1,1,1,1",
        "QHTTPREAD=0", "QHTTPREAD?", "QHTTPGET?",
    ],
)  # fmt: skip
def test_wrong_arguments(line):
    assert _bench(Web(ANSWER)).at("AT+" + line) == ERROR


def test_url_that_does_not_come():
    b = _bench(Web(ANSWER))
    assert b.at("AT+QHTTPURL=20,5") == CONNECT
    assert b.type(b"http://host", 4 * S) == b""
    assert b.run(2 * S) == CME % 3825
    assert b.at("AT+QHTTPGET=5") == CME % 3811


def test_packet_data_lost_in_a_request():
    b = _bench(Web(b""))
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=60", 5 * S) == b""
    b.modem.fault("pdp_dropped")
    assert b.run(S) == CME % 3818 + b"\r\n+PDP DEACT\r\n"


def _https(b, ca):
    b.upload("RAM:ca.pem", ca)
    for line in (
        '"sslversion",2,3', '"ciphersuite",2,"0XFFFF"', '"seclevel",2,1',
        '"cacert",2,"RAM:ca.pem"', '"https",1',
    ):  # fmt: skip
        assert b.at("AT+QSSLCFG=" + line) == OK


def test_https_over_the_same_tls():
    web = Web(ANSWER)
    b = _bench(web)
    _https(b, AUTHORITY.pem)
    _url(b, f"https://{HOST}/x")
    assert b.at("AT+QHTTPGET=60", 8 * S) == CME % 3807  # no context was named
    assert b.at('AT+QSSLCFG="httpsctxi",2') == OK
    assert b.at("AT+QHTTPGET=60", 8 * S) == OK
    assert b.at("AT+QHTTPREAD=30", S) == CONNECT + BODY + OK
    assert b.events("tls") == ["http TLSv1.2 verified"] and web.got.startswith(b"GET /x ")


def test_https_to_a_stranger_is_refused():
    web = Web(ANSWER)
    b = _bench(web, STRANGER.issue(HOST))
    _https(b, AUTHORITY.pem)
    b.at('AT+QSSLCFG="httpsctxi",2')
    _url(b, f"https://{HOST}/x")
    assert b.at("AT+QHTTPGET=60", 8 * S) == CME % 3815 and web.got == b""
    b.at('AT+QSSLCFG="httpsctxi",3')  # SSL 3.0, as never configured: played, not done
    b.at('AT+QSSLCFG="seclevel",3,1')
    assert b.at("AT+QHTTPGET=60", 8 * S) == CME % 3815 and web.got == b""


def test_headers_where_the_module_can_show_them():
    web = Web(ANSWER)
    b = _bench(web, module="m66")
    assert b.at('AT+QHTTPCFG="responseheader",1') == OK
    assert b.at('AT+QHTTPCFG="responseheader"') == b'\r\n+QHTTPCFG: "responseheader",1\r\n' + OK
    assert b.at('AT+QHTTPCFG="requestheader",1') == OK
    _url(b, "http://host/")
    request = b"POST /own HTTP/1.1\r\nHost: host\r\nContent-Length: 2\r\n\r\nhi"
    b.at(f"AT+QHTTPPOST={len(request)}")
    assert b.type(request, 5 * S) == OK and web.got == request
    assert b.at("AT+QHTTPREAD", S) == CONNECT + ANSWER + OK
    assert b.at('AT+QHTTPCFG="responseheader",2') == b.at('AT+QHTTPCFG="x",1') == ERROR


def test_beside_the_sockets_of_the_user():
    b = _bench(Web(ANSWER))
    for cid in range(6):
        assert b.at(f'AT+QIOPEN={cid},"TCP","host",8080', S).endswith(b", CONNECT OK\r\n")
    _url(b, "http://host/")
    assert b.at("AT+QHTTPGET=60", 5 * S) == OK
