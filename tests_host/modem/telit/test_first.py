"""One secure socket in command mode on every product, over real TLS."""

import pytest

from tests_host.modem.telit.bench import HOST, OK, S, TelitBench, tls
from tools.modem.pages.telit_platforms import PRODUCTS


@pytest.mark.parametrize("page", PRODUCTS)
def test_secure_socket_in_command_mode(page):
    server = tls()
    b = TelitBench({(HOST.encode(), 8883): server}, page=page).online()
    b.secure(sni=True)
    assert b.dial() == OK
    assert b.events("tls") == ["ssl1 TLSv1.2 verified"]
    assert b.send(b"hello\r\nOK\r\n\x1a\x08\x1b") == OK
    assert server.service.got == b"hello\r\nOK\r\n\x1a\x08\x1b"
    assert b.at("AT#SSLS=1") == b"\r\n#SSLS: 1,2,0\r\n\r\nOK\r\n"
    answer = b.at("AT#SSLRECV=1,100")
    assert answer == b"\r\n#SSLRECV: 16\r\n<hello\r\nOK\r\n\x1a\x08\x1b>\r\n\r\nOK\r\n"
    assert b.at("AT#SSLRECV=1,100", 11 * S) == b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n\r\nOK\r\n"
    b.good("AT#SSLH=1")
    assert server.service.conns == []
    assert server.names == ([HOST] if b.modem.page.PLATFORM.sni >= 0 else [None])
