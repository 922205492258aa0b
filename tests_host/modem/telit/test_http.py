"""HTTP and HTTPS of the module, against a server in the simulation with real TLS."""

import pytest

from tests_host.modem.bench import S
from tests_host.modem.telit.bench import AUTHORITY, OK, STRANGER, TelitBench, ok, tls
from tests_host.modem.telit.servers import Web, page

HOST = "broker.example"
BODY = b"<!doctype html>\r\n<html>\r\nOK\r\n</html>\r\n"


def bench(web, secure=True, ca=AUTHORITY.pem, cfg="", **options):
    """A module with a web server, TLS configured for it."""
    services = {(HOST.encode(), 443): tls(web), (HOST.encode(), 80): web}
    b = TelitBench(services, **options).online()
    if secure:
        b.secure(ca=ca)
        b.good("AT#SSLEN=1,0")
    b.good(f'AT#HTTPCFG=0,"{HOST}",{443 if secure else 80},0,,,{int(secure)},120,1')
    return b


@pytest.mark.parametrize("product", ["he910", "gl865", "le910c1", "me910g1", "els63"])
@pytest.mark.parametrize("secure", [True, False])
def test_get(product, secure):
    web = Web(page(BODY))
    b = bench(web, secure, page=product)
    answer = b.at('AT#HTTPQRY=0,0,"/index.html"', 10 * S)
    ring = b'\r\n#HTTPRING: 0,200,"text/html",%d\r\n' % len(BODY)
    assert answer == OK + ring
    line, head, _ = web.requests[0]
    assert line == b"GET /index.html HTTP/1.1" and b"\r\nConnection: close" in head
    assert b.at("AT#HTTPRCV=0", 2 * S) == b"\r\n<<<" + BODY + b"\r\n" + OK
    assert b.at("AT#HTTPRCV=0") == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert b.events("tls") == (["http0 TLSv1.2 verified"] if secure else [])


def test_in_pieces_and_other_methods():
    web = Web(lambda line: page(bytes(200), b"application/octet-stream"))
    b = bench(web)
    for number, verb in enumerate((b"GET", b"HEAD", b"DELETE")):
        b.at(f'AT#HTTPQRY=0,{number},"/x"', 10 * S)
        assert web.requests[-1][0] == verb + b" /x HTTP/1.1"
    assert b.at("AT#HTTPRCV=0,100") == b"\r\n<<<" + bytes(100) + b"\r\n" + OK
    assert b.at("AT#HTTPRCV=0,63") == b"\r\n+CME ERROR: operation not supported\r\n"
    assert b.at("AT#HTTPRCV=0,1500") == b"\r\n<<<" + bytes(100) + b"\r\n" + OK
    assert b.at("AT#HTTPRCV=0,1500") == b"\r\n+CME ERROR: operation not allowed\r\n"


def test_post():
    web = Web(page(b"", status=b"201 Created"))
    b = bench(web)
    b.good(f'AT#HTTPCFG=0,"{HOST}",443,1,"user","secret",1,120,1')
    assert b.at('AT#HTTPSND=0,0,"/post",11,1:charset,"X-A: b"', 5 * S) == b"\r\n>>>"
    assert b.type(b"\r\nOK\r\n\x1a>>>x"[:11], 5 * S) == (
        OK + b'\r\n#HTTPRING: 0,201,"text/html",0\r\n'
    )
    line, head, body = web.requests[0]
    assert line == b"POST /post HTTP/1.1" and body == b"\r\nOK\r\n\x1a>>>x"[:11]
    assert b"Content-Type: text/plaincharset\r\n" in head and b"\r\nX-A: b" in head
    assert b"Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in head
    assert not [text for text in b.events("command") if "secret" in text]


def test_no_answer():
    b = bench(Web(None))
    b.good(f'AT#HTTPCFG=0,"{HOST}",443,0,,,1,30,1')
    assert b.at('AT#HTTPQRY=0,0,"/"', 10 * S) == OK
    assert b.at('AT#HTTPQRY=0,0,"/"') == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert b.at("AT#HTTPRCV=0") == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert b.run(25 * S) == b'\r\n#HTTPRING: 0,0,"",0\r\n'
    closes = bench(Web(b""))
    assert closes.at('AT#HTTPQRY=0,0,"/"', 10 * S) == OK + b'\r\n#HTTPRING: 0,0,"",0\r\n'


def test_refused():
    web = Web(page(BODY))
    b = bench(web, ca=STRANGER.pem)
    answer = b.at('AT#HTTPQRY=0,0,"/"', 10 * S)
    assert answer == b"\r\n+CME ERROR: SSL error during handshake\r\n"
    b = bench(web, ca=None)
    answer = b.at('AT#HTTPQRY=0,0,"/"', 10 * S)
    assert answer == b"\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n"
    b = bench(web, secure=False)
    b.good('AT#HTTPCFG=1,"none.example"')
    assert b.at('AT#HTTPQRY=1,0,"/"', 10 * S) == b"\r\n+CME ERROR: cannot resolve DN\r\n"
    assert b.at('AT#HTTPQRY=2,0,"/"') == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert web.requests == []
    b.good("AT#SGACT=1,0")
    assert b.at('AT#HTTPQRY=0,0,"/"') == b"\r\n+CME ERROR: context not opened\r\n"


def test_tls_is_somebody_elses_and_stays_so():
    b = bench(Web(page(BODY)))
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    assert b.at("AT#FTPCFG=100,0,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    head = ok(f'#HTTPCFG: 0,"{HOST}",443,0,"",1,120,1', '#HTTPCFG: 1,"",80,0,"",0,120,1',
              '#HTTPCFG: 2,"",80,0,"",0,120,1')  # fmt: skip
    assert b.at("AT#HTTPCFG?") == head
    b.at("AT#REBOOT")
    b.run(10 * S)
    b.at("ATE0")
    b.at("AT+CMEE=2")
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    b.good('AT#HTTPCFG=0,"",80')
    b.good("AT#SSLEN=1,1")
    assert b.at('AT#HTTPCFG=0,"x",443,0,,,1') == b"\r\n+CME ERROR: SSL already activated\r\n"
