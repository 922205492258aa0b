"""FTP and FTPS of the module, against a server in the simulation with real TLS."""

import pytest

from tests_host.modem.bench import S
from tests_host.modem.telit.bench import AUTHORITY, OK, SERVER, STRANGER, TelitBench, ok
from tests_host.modem.telit.servers import FTP

FILES = {"file.txt": bytes(range(256)) * 20, "empty": b"", "ok.txt": b"\r\nOK\r\n+++"}
OPEN = 'AT#FTPOPEN="ftp.example","user","secret",1'


def bench(secure=True, pair=SERVER, ca=AUTHORITY.pem, **options):
    """A module with an FTP server, TLS configured for it."""
    ftp = FTP(FILES, pair)
    b = TelitBench({(b"ftp.example", 21): ftp}, **options).online()
    ftp.network = b.network
    if secure:
        b.secure(ca=ca)
        b.good("AT#SSLEN=1,0")
        b.good("AT#FTPCFG=500,1,1")
    return b, ftp


@pytest.mark.parametrize("page", ["he910", "gl865", "le910", "me910c1", "els63"])
@pytest.mark.parametrize("secure", [True, False])
def test_get(page, secure):
    b, ftp = bench(secure, page=page)
    b.good(OPEN, 10 * S)
    assert ("AUTH TLS" in ftp.said) == secure and ("PROT P" in ftp.said) == secure
    b.good("AT#FTPTYPE=0")
    answer = b.at('AT#FTPGET="file.txt"', 20 * S)
    assert answer == b"\r\nCONNECT\r\n" + FILES["file.txt"] + b"\r\nNO CARRIER\r\n"
    assert b.at('AT#FTPGET="empty"', 20 * S) == b"\r\nCONNECT\r\n\r\nNO CARRIER\r\n"
    b.good("AT#FTPCLOSE")
    assert ftp.said[-1] == "QUIT"
    verified = ["ftc1 TLSv1.2 verified", "ftd1 TLSv1.2 verified", "ftd1 TLSv1.2 verified"]
    assert b.events("tls") == (verified if secure else [])


def test_get_in_pieces():
    b, _ = bench()
    b.good(OPEN, 10 * S)
    assert b.at("AT#FTPRECV=10") == b"\r\n+CME ERROR: FTP not connected\r\n"
    b.good('AT#FTPGETPKT="file.txt"', 10 * S)
    assert b.at("AT#FTPGETPKT?") == ok("#FTPGETPKT: file.txt,0,1")
    assert b.at("AT#FTPRECV?") == ok("#FTPRECV: 5120")
    got = b""
    for size in (3000, 2120):
        answer = b.at("AT#FTPRECV=3000", 2 * S)
        head = b"\r\n#FTPRECV: %d\r\n" % size
        assert answer.startswith(head) and answer.endswith(b"\r\n\r\nOK\r\n")
        got += answer[len(head) : -8]
    assert got == FILES["file.txt"]
    assert b.at("AT#FTPRECV=3000") == ok("#FTPRECV: 0")
    b.good('AT#FTPGETPKT="ok.txt",1', 10 * S)
    answer = b.at("AT#FTPRECV=100")
    assert answer == b"\r\n#FTPRECV: 9\r\n0D0A4F4B0D0A2B2B2B\r\n\r\nOK\r\n"


def test_put():
    b, ftp = bench()
    b.good(OPEN, 10 * S)
    assert b.at('AT#FTPPUT="new.bin"', 10 * S) == b"\r\nCONNECT\r\n"
    b.type(b"first\r\nNO CARRIER\r\n", 2 * S)
    assert b.type(b"+++", 3 * S) == b"\r\nNO CARRIER\r\n"
    b.run(2 * S)
    assert ftp.files["new.bin"] == b"first\r\nNO CARRIER\r\n"
    b.good('AT#FTPAPP="new.bin",1', 10 * S)
    assert b.at("AT#FTPAPPEXT=4") == b"\r\n> "
    assert b.type(b"\x1a\x1bOK") == ok("#FTPAPPEXT: 4")
    assert b.at("AT#FTPAPPEXT=1,1") == b"\r\n> "
    assert b.type(b"!") == ok("#FTPAPPEXT: 1")
    b.run(2 * S)
    assert ftp.files["new.bin"] == b"first\r\nNO CARRIER\r\n\x1a\x1bOK!"
    assert b.at("AT#FTPMSG") == ok("#FTPMSG: 226 done")


def test_small_commands():
    b, ftp = bench(secure=False)
    assert b.at("AT#FTPPWD") == b"\r\n+CME ERROR: FTP not connected\r\n"
    b.good(OPEN, 10 * S)
    assert b.at(OPEN) == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert b.at("AT#FTPPWD") == ok('#FTPPWD: 257 "/"')
    assert b.at('AT#FTPFSIZE="file.txt"') == ok("#FTPFSIZE: 5120")
    assert b.at('AT#FTPFSIZE="none"') == b"\r\n+CME ERROR: FTP communication timeout\r\n"
    b.good('AT#FTPCWD="dir"')
    assert b.at('AT#FTPCWD="other"') == b"\r\n+CME ERROR: FTP communication timeout\r\n"
    b.good('AT#FTPDELE="empty"')
    assert b.at("AT#FTPTYPE?") == ok("#FTPTYPE: 0")
    b.good("AT#FTPTYPE=1")
    assert b.at("AT#FTPTYPE?") == ok("#FTPTYPE: 1")
    answer = b.at("AT#FTPLIST", 10 * S)
    assert answer == b"\r\nCONNECT\r\nfile.txt 5120\r\nok.txt 9\r\n\r\nNO CARRIER\r\n"
    answer = b.at('AT#FTPGET="none"', 10 * S)
    assert answer == b"\r\n+CME ERROR: FTP communication timeout\r\n"
    b.good("AT#FTPREST=5000")
    answer = b.at('AT#FTPGET="file.txt"', 10 * S)
    assert answer == b"\r\nCONNECT\r\n" + FILES["file.txt"][5000:] + b"\r\nNO CARRIER\r\n"
    assert ftp.said.count("REST 5000") == 1


def test_refused():
    b, ftp = bench(ca=STRANGER.pem)
    assert b.at(OPEN, 10 * S) == b"\r\n+CME ERROR: SSL error during handshake\r\n"
    assert "USER user" not in ftp.said
    b, ftp = bench(ca=None)
    assert b.at(OPEN, 10 * S) == b"\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n"
    assert "USER user" not in ftp.said
    b, ftp = bench(pair=None)
    assert b.at(OPEN, 10 * S) == b"\r\n+CME ERROR: SSL error during handshake\r\n"
    assert "USER user" not in ftp.said
    b, _ = bench(secure=False)
    wrong = OPEN.replace("secret", "wrong")
    assert b.at(wrong, 10 * S) == b"\r\n+CME ERROR: FTP communication timeout\r\n"
    assert b.at(OPEN.replace("ftp.", "other."), 10 * S) == b"\r\n+CME ERROR: cannot resolve DN\r\n"
    assert not [text for text in b.events("command") if "secret" in text]


def test_active_mode_gets_no_data():
    b, _ = bench(secure=False)
    b.good(OPEN.removesuffix(",1"), 10 * S)
    answer = b.at('AT#FTPGET="file.txt"', 20 * S)
    assert answer == b"\r\n+CME ERROR: FTP communication timeout\r\n"


def test_tls_is_somebody_elses():
    b, _ = bench(secure=False)
    b.good("AT#SSLEN=1,1")
    assert b.at("AT#FTPCFG=100,0,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    b.good("AT#SSLEN=1,0")
    b.good("AT#FTPCFG=100,0,1")
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    assert b.at("AT#FTPCFG?") == ok("#FTPCFG: 100,0,1")
    assert b.at("AT#FTPCFG=99") == b"\r\n+CME ERROR: operation not supported\r\n"
    b.good("AT#FTPCFG=100,0,0")
    assert b.at("AT#SSLEN=1,1") == OK
