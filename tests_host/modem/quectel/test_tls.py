"""TLS, with what was really uploaded; every type of AT+QSSLCFG."""

from datetime import UTC, datetime

import pytest

from tests_host.modem.bench import Echo, S
from tests_host.modem.pki import CA
from tests_host.modem.quectel.bench import CIPHERS, ERROR, OK, QuectelBench
from tests_host.modem.quectel.pki import AUTHORITY, DEVICE, HOST, IN_2024, SERVER, STRANGER
from tools.modem import TLSService


class Setup:
    """A bench with a TLS server, and a driver's way to open."""

    def __init__(self, server=SERVER, client_ca=None, version=None, ciphers=CIPHERS, **options):
        self.echo = Echo()
        self.server = TLSService(self.echo, *server, client_ca, version, ciphers)
        options.setdefault("rtc_unix_s", IN_2024)
        hosts = (HOST.encode(), b"other.example", b"10.0.0.1")
        self.bench = QuectelBench({(host, 8883): self.server for host in hosts}, **options)
        self.bench.online()
        self.uploaded = set()

    def put(self, name, data):
        if name not in self.uploaded:
            self.bench.upload(name, data)
            self.uploaded.add(name)

    def open(
        self, level=1, *, ca=AUTHORITY.pem, pair=None, host=HOST, ignore=0, version=3,
        suite='"0XFFFF"', cid=1,
    ):  # fmt: skip
        """Configure and open as the note does; returns the result."""
        b = self.bench
        lines = [
            f'AT+QSSLCFG="sslversion",0,{version}',
            f'AT+QSSLCFG="ciphersuite",0,{suite}',
            f'AT+QSSLCFG="seclevel",0,{level}',
            f'AT+QSSLCFG="ignorertctime",{ignore}',
        ]
        if ca:
            self.put("NVRAM:CA0", ca)
            lines.append('AT+QSSLCFG="cacert",0,"NVRAM:CA0"')
        if pair:
            self.put("NVRAM:CC0", pair[0])
            self.put("NVRAM:CK0", pair[1])
            lines.append('AT+QSSLCFG="clientcert",0,"NVRAM:CC0"')
            lines.append('AT+QSSLCFG="clientkey",0,"NVRAM:CK0"')
        for line in lines:
            assert b.at(line) == OK, line
        answer = b.at(f'AT+QSSLOPEN={cid},0,"{host}",8883,0', 8 * S)
        head = OK + b"\r\n+QSSLOPEN: %d," % cid
        assert answer.startswith(head) and answer.endswith(b"\r\n"), answer
        return int(answer[len(head) : -2])


def test_verified_and_data_both_ways():
    s = Setup()
    assert s.open() == 0
    assert s.server.names == [None]  # these modules have no setting for SNI
    b = s.bench
    assert b.send("AT+QSSLSEND=1,5", b"hello") == (b'\r\nSEND OK\r\n\r\n+QSSLURC: "recv",0,1\r\n')
    assert b.at("AT+QSSLRECV=0,1,1500") == (
        b"\r\n+QSSLRECV: 203.0.113.170:8883,TCP,7\r\n<hello>" + OK
    )
    assert s.echo.got == b"hello" and b.events("tls") == ["1 TLSv1.2 verified"]
    assert b.at("AT+QSSLCLOSE=1", S) == b"\r\n1, CLOSE OK\r\n" and s.echo.closed_conns == 1


@pytest.mark.parametrize(
    "what",
    [
        {"ca": STRANGER.pem},
        {"ca": b"-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n"},
        {"ca": b""},
        {"host": "other.example"},
        {"version": 1},
        {"version": 2},
        {"level": 2},
        {"ca": CA().pem},  # elliptic curves: no
    ],
)
def test_refused(what):
    s = Setup(version="1.2")
    assert s.open(**what) == -1
    assert s.bench.run(S) == b"" and s.echo.conns == [] and s.echo.got == b""
    assert s.bench.at("AT+QSSLSEND=1,1") == ERROR


def test_dates_by_the_modems_clock():
    old = AUTHORITY.issue(HOST, end=datetime(2024, 3, 1, tzinfo=UTC))
    assert Setup(server=old).open() == -1
    assert Setup(server=old).open(ignore=1) == 0
    assert Setup(server=old).open(0) == 0  # nothing is checked
    assert Setup(rtc_unix_s=None).open() == -1  # 2004: not yet valid
    assert Setup(rtc_unix_s=None).open(ignore=1) == 0
    s = Setup(server=old, rtc_unix_s=datetime(2024, 2, 1, tzinfo=UTC).timestamp())
    assert s.open() == 0


def test_level_0_believes_anybody_and_says_so():
    s = Setup(server=STRANGER.issue("somebody"))
    assert s.open(0, ca=b"") == 0
    assert s.bench.events("tls") == ["1 TLSv1.2 NOT verified: no CA"]


def test_by_address_no_name_is_compared():
    s = Setup()
    assert s.open(host="10.0.0.1") == 0
    assert s.bench.at("AT+QSSLCLOSE=1", S) == b"\r\n1, CLOSE OK\r\n"
    s = Setup(server=STRANGER.issue(HOST))
    assert s.open(host="10.0.0.1") == -1  # the CA still is


def test_client_certificate():
    s = Setup(client_ca=AUTHORITY.pem)
    assert s.open(2, pair=DEVICE) == 0
    assert s.echo.conns[0].peer_certificate is not None
    s = Setup(client_ca=AUTHORITY.pem)
    assert s.open(1, pair=DEVICE) == -1  # level 1 shows none
    assert s.server.failures and s.echo.got == b""
    s = Setup(client_ca=STRANGER.pem)
    assert s.open(2, pair=DEVICE) == -1
    s = Setup()
    assert s.open(2, pair=DEVICE) == 0 and s.echo.conns[0].peer_certificate is None


def test_client_key_must_fit_and_be_rsa():
    other = AUTHORITY.issue("other")
    assert Setup().open(2, pair=(DEVICE[0], other[1])) == -1
    assert Setup().open(2, pair=CA().issue("ec")) == -1
    assert Setup().open(2, pair=(DEVICE[0], b"no key")) == -1


def test_damaged_certificate_is_not_used():
    s = Setup()
    assert s.open() == 0
    s.bench.at("AT+QSSLCLOSE=1", S)
    s.bench.modem.fault("file_corrupt", file="NVRAM:CA0")
    assert s.open() == -1


@pytest.mark.parametrize(
    ("suite", "spoken"),
    [
        ('"0X0035"', "AES256-SHA"),
        ('"0X002F"', "AES128-SHA"),
        ('"0X003D"', "AES256-SHA256"),
        ('"0X002F","0X0005"', "AES128-SHA"),
    ],
)
def test_cipher_suites(suite, spoken):
    s = Setup()
    assert s.open(suite=suite) == 0
    assert s.bench.modem.sockets.get(1).tls.ssl.cipher()[0] == spoken


def test_server_that_wants_forward_secrecy_cannot_be_reached():
    s = Setup(ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    assert s.open() == -1 and s.server.failures


def test_sha256_suite_is_for_tls_1_2():
    assert Setup(version="1.1").open(version=2, suite='"0X003D"') == -1


def test_versions():
    for version, number in (("1.0", 1), ("1.1", 2), ("1.2", 3)):
        s = Setup(version=version)
        assert s.open(version=number) == 0
        assert s.bench.events("tls") == [f"1 TLSv{version.removesuffix('.0')} verified"]
        s = Setup(version=version)
        assert s.open(version=4) == 0


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"version": 0}, "SSL 3.0"),
        ({"suite": '"0X0005","0X0004"'}, "only RC4 or 3DES"),
        ({"suite": '"0X000A"'}, "only RC4 or 3DES"),
    ],
)
def test_what_the_pc_cannot_do_is_only_played(what, why):
    s = Setup()
    assert s.open(0, ca=b"", **what) == 0
    assert s.bench.events("tls") == [f"1 NO REAL HANDSHAKE: {why}"]
    assert s.server.handshakes == 0


def test_plain_service_behind_the_port():
    b = QuectelBench({(b"h", 1): Echo()}).online()
    b.at('AT+QSSLCFG="sslversion",0,3')
    assert b.at('AT+QSSLOPEN=0,0,"h",1,0', 8 * S) == OK + b"\r\n+QSSLOPEN: 0,-1\r\n"


# AT+QSSLCFG


def test_contexts_are_apart_and_gone_after_a_restart():
    b = QuectelBench().on()
    fresh = b'\r\n+QSSLCFG: %d,0,0,"0XFFFF","","",""\r\n' + OK
    assert b.at('AT+QSSLCFG="ctxindex",5') == fresh % 5
    for line in (
        '"sslversion",5,3', '"seclevel",5,2', '"ciphersuite",5,"0X0035","0X002F"',
        '"cacert",5,"NVRAM:CA1"', '"clientcert",5,"RAM:c.pem"', '"clientkey",5,"NVRAM:CK0"',
    ):  # fmt: skip
        assert b.at("AT+QSSLCFG=" + line) == OK
    assert b.at('AT+QSSLCFG="ctxindex",5') == (
        b'\r\n+QSSLCFG: 5,3,2,"0X0035","0X002F","NVRAM:CA1","RAM:c.pem","NVRAM:CK0"\r\n' + OK
    )
    assert b.at('AT+QSSLCFG="ctxindex",0') == fresh % 0
    b.modem.fault("reboot")
    b.run(10 * S)
    b.at("ATE0")
    assert b.at('AT+QSSLCFG="ctxindex",5') == fresh % 5


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("sslversion", ("0", "4"), "sslversion"),
        ("seclevel", ("0", "2"), "seclevel"),
        ("ciphersuite", ('"0X0035"', '"0XFFFF"'), "ciphersuite"),
        ("cacert", ('"RAM:a"', '"NVRAM:CA0"'), "cacert"),
        ("clientcert", ('"RAM:a"', '"NVRAM:CC0"'), "clientcert"),
        ("clientkey", ('"RAM:a"', '"NVRAM:CK0"'), "clientkey"),
    ],
)
def test_settings_of_a_context_are_set_and_told(name, values, told):
    b = QuectelBench().on()
    for value in values:
        assert b.at(f'AT+QSSLCFG="{name}",3,{value}') == OK
        assert b.at(f'AT+QSSLCFG="{name}",3') == (
            f'\r\n+QSSLCFG: "{told}",{value}\r\n'.encode() + OK
        )


@pytest.mark.parametrize(
    ("name", "first", "most", "told"),
    [
        ("ignorertctime", 0, 1, "ignorertctime"),
        ("https", 0, 1, "https"),
        ("httpsctxi", -1, 5, "httpsctxi"),
        ("smtpstyle", 0, 2, "smtpstyle"),
        ("smtpsctxi", -1, 5, "smtpctxi"),
    ],
)
def test_settings_without_an_index(name, first, most, told):
    b = QuectelBench().on()
    for value in (first, most):
        if value >= 0:
            assert b.at(f'AT+QSSLCFG="{name}",{value}') == OK
        text = b'\r\n+QSSLCFG: "%s",%d\r\n' % (told.encode(), value)
        assert b.at(f'AT+QSSLCFG="{name}"') == text + OK
    assert b.at(f'AT+QSSLCFG="{name}",{most + 1}') == ERROR
    assert b.at(f'AT+QSSLCFG="{name}",0,0') == ERROR  # no context index


@pytest.mark.parametrize(
    "args",
    [
        '"sslversion",0,5',
        '"sslversion",6,1',
        '"sslversion",0,"1"',
        '"SSLVERSION",0,1',
        "sslversion,0,1",
        '"sslversion"',
        '"seclevel",0,3',
        '"ciphersuite",0,0XFFFF',
        '"ciphersuite",0,"0xFFFF"',
        '"ciphersuite",0,"0XC02F"',
        '"cacert",0,"NVRAM:CA2"',
        '"cacert",0,CA0',
        '"sni",0,1',
        "",
    ],
)
def test_wrong_settings(args):
    assert QuectelBench().on().at("AT+QSSLCFG=" + args) == ERROR


def test_test_command():
    b = QuectelBench().on()
    assert b.at("AT+QSSLCFG=?") == b'\r\n+QSSLCFG: "type",(0-5),"value"\r\n' + OK


def test_no_secret_in_events():
    s = Setup(client_ca=AUTHORITY.pem)
    s.open(2, pair=DEVICE)
    b = s.bench
    b.send("AT+QSSLSEND=1,7", b"hunter2")
    b.at('AT+QICSGP=1,"apn","me","hunter2"')
    told = [text for _, sign, text in b.modem.log if sign == "*"]
    assert told and not any("hunter2" in text or "BEGIN" in text for text in told)
