"""TLS, with what was really uploaded and converted."""

from datetime import UTC, datetime

import pytest

from tests_host.modem.bench import Bench, Echo, S
from tests_host.modem.pki import CA
from tools.modem import TLSService

HOST = "broker.example"
AUTHORITY = CA()
SERVER = AUTHORITY.issue(HOST)
DEVICE = AUTHORITY.issue("device")
STRANGER = CA("another CA")
IN_2024 = datetime(2024, 6, 1, tzinfo=UTC).timestamp()


class Setup:
    """A bench with a TLS server, and a driver's way to open."""

    def __init__(self, server=SERVER, client_ca=None, version=None, **options):
        self.echo = Echo()
        self.server = TLSService(self.echo, *server, client_ca, version)
        files = {"ca.crt": AUTHORITY.pem, "bad.crt": STRANGER.pem}
        files.update({"dev.crt": DEVICE[0], "dev.key": DEVICE[1]})
        options.setdefault("rtc_unix_s", IN_2024)
        services = {(HOST.encode(), 8883): self.server, (b"other.example", 8883): self.server}
        self.bench = Bench(services, files=files, **options).online()

    def open(self, *, ca="ca.crt", pair=False, sni=HOST, host=HOST, ignore=0, version=3):
        b = self.bench
        lines = [
            f'AT+CSSLCFG="sslversion",0,{version}',
            f'AT+CSSLCFG="ignorertctime",0,{ignore}',
            f'AT+CSSLCFG="sni",0,"{sni}"',
            'AT+CASSLCFG=0,"ssl",1',
            'AT+CASSLCFG=0,"crindex",0',
        ]
        if ca:
            lines += [f'AT+CSSLCFG="convert",2,"{ca}"', f'AT+CASSLCFG=0,"cacert","{ca}"']
        if pair:
            lines += [
                'AT+CSSLCFG="convert",1,"dev.crt","dev.key"',
                'AT+CASSLCFG=0,"cert","dev.crt"',
            ]
        for line in lines:
            assert b.at(line, S) == b"\r\nOK\r\n", line
        answer = b.at(f'AT+CAOPEN=0,"{host}",8883', 10 * S)
        head, tail = b"\r\n+CAOPEN: 0,", b"\r\n\r\nOK\r\n"
        assert answer.startswith(head) and answer.endswith(tail)
        return int(answer[len(head) : -len(tail)])


def test_verified_and_data_both_ways():
    s = Setup()
    assert s.open() == 0
    assert s.server.names == [HOST]
    b = s.bench
    b.at("AT+CASEND=0,5")
    assert b"+CADATAIND: 0" in b.type(b"hello")
    assert b.at("AT+CARECV=0,100") == b"\r\n+CARECV: 7,<hello>\r\n\r\nOK\r\n"
    assert s.echo.got == b"hello"
    assert b.events("tls") == ["0 TLSv1.2 verified"]
    assert b.at("AT+CACLOSE=0") == b"\r\nOK\r\n" and s.echo.closed_conns == 1


@pytest.mark.parametrize(
    ("what", "result"),
    [
        ({"ca": "bad.crt"}, 26),
        ({"sni": "other.example"}, 25),
        ({"sni": "", "host": "other.example"}, 25),
        ({"version": 2}, 27),
        ({"version": 5}, 27),
    ],
)
def test_refused(what, result):
    s = Setup()
    assert s.open(**what) == result
    assert s.bench.run(S) == b""
    assert s.echo.conns == [] and s.echo.got == b""
    assert s.bench.at("AT+CASEND=0,1") == b"\r\nERROR\r\n"


def test_dates_by_the_modems_clock():
    old = AUTHORITY.issue(HOST, end=datetime(2024, 3, 1, tzinfo=UTC))
    assert Setup(server=old).open() == 24
    assert Setup(server=old).open(sni="other.example") == 26
    assert Setup(server=old).open(ignore=1) == 0
    assert Setup(rtc_unix_s=None).open() == 24  # 1980: not yet valid
    assert Setup(rtc_unix_s=None).open(ignore=1) == 0
    s = Setup(server=old, rtc_unix_s=datetime(2024, 2, 1, tzinfo=UTC).timestamp())
    assert s.open() == 0


def test_without_ca_any_server_is_trusted():
    s = Setup(server=STRANGER.issue("somebody"), rtc_unix_s=None)
    assert s.open(ca="") == 0
    assert s.bench.events("tls") == ["0 TLSv1.2 NOT verified: no CA"]


def test_ca_that_was_not_converted_cannot_be_used():
    s = Setup()
    b = s.bench
    for line in ('AT+CASSLCFG=0,"ssl",1', 'AT+CASSLCFG=0,"cacert","ca.crt"'):
        b.at(line)
    b.at('AT+CSSLCFG="sslversion",0,3')
    assert b"+CAOPEN: 0,27" in b.at(f'AT+CAOPEN=0,"{HOST}",8883', 5 * S)


def test_client_certificate():
    s = Setup(client_ca=AUTHORITY.pem)
    assert s.open(pair=True) == 0
    assert s.echo.conns[0].peer_certificate is not None
    s = Setup(client_ca=AUTHORITY.pem)
    assert s.open() == 27
    assert s.server.failures and s.echo.got == b""
    s = Setup(client_ca=STRANGER.pem)
    assert s.open(pair=True) == 27


def test_settings_of_a_socket_are_for_one_opening():
    s = Setup()
    assert s.open() == 0
    b = s.bench
    b.at("AT+CACLOSE=0")
    assert b"+CAOPEN: 0,0" in b.at(f'AT+CAOPEN=0,"{HOST}",8883', 5 * S)  # plain TCP now
    b.at("AT+CASEND=0,5")
    b.type(b"plain", S)
    assert s.server.failures and s.echo.got == b""


def test_no_name_is_sent_without_sni():
    s = Setup()
    assert s.open(sni="") == 0  # the host of AT+CAOPEN is checked, but not sent
    assert s.server.names == [None]


def test_cipher_suites():
    s = Setup()
    s.bench.at('AT+CSSLCFG="ciphersuite",0,0,0xC02B')
    assert s.open() == 0
    s = Setup()
    s.bench.at('AT+CSSLCFG="ciphersuite",0,0,0xC030')  # RSA, but the server's key is EC
    assert s.open() == 27


def test_old_version_when_it_is_asked_for():
    assert Setup(version="1.0").open(version=1) == 0
    assert Setup(version="1.0").open() == 27


def test_plain_service_behind_tls_port_fails_the_handshake():
    b = Bench({(b"h", 1): Echo()}).online()
    b.at('AT+CSSLCFG="sslversion",0,3')
    b.at('AT+CASSLCFG=0,"ssl",1')
    assert b"+CAOPEN: 0,27" in b.at('AT+CAOPEN=0,"h",1', 5 * S)


def test_no_secret_in_events():
    s = Setup()
    s.open(pair=True)
    b = s.bench
    b.at('AT+CSSLCFG="convert",1,"dev.crt","dev.key","hunter2"')
    b.at('AT+CSTT="apn","me","hunter2"')
    b.at("AT+CASEND=0,7")
    b.type(b"hunter2")
    told = [text for _, sign, text in b.modem.log if sign == "*"]
    assert told and not any("hunter2" in text or "BEGIN" in text for text in told)
