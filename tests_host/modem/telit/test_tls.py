"""TLS of the Telit pages: certificates right, wrong, expired, missing; what each setting does."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests_host.modem.bench import Echo, S
from tests_host.modem.pki import CA
from tests_host.modem.telit.bench import (
    AUTHORITY,
    DEVICE,
    HOST,
    OK,
    SERVER,
    STRANGER,
    TelitBench,
    ok,
    tls,
)

PRODUCTS = ["ge910", "he910", "le910", "le866", "le910c1", "le910c1eux", "me910c1", "me910g1",
            "els63"]  # fmt: skip
HANDSHAKE = b"\r\n+CME ERROR: SSL error during handshake\r\n"
CERTIFICATES = b"\r\n+CME ERROR: SSL certs and keys wrong or not stored\r\n"
CURVES = CA("EC", use_rsa=False)


def setup(page="he910", server=SERVER, client_ca=None, version=None, **options):
    one = tls(Echo(), server, client_ca, version)
    b = TelitBench({(HOST.encode(), 8883): one, (b"other.example", 8883): one}, page=page,
                   **options)  # fmt: skip
    b.server = one
    return b.online()


def refused(b, answer, wanted=HANDSHAKE):
    """No byte of application data went out, and the socket is closed."""
    assert answer == wanted
    assert b.server.service.got == b"" and b.server.service.conns == []
    assert b.at("AT#SSLS=1") == ok("#SSLS: 1,1")
    assert b.at("AT#SSLSENDEXT=1,1") == b"\r\n+CME ERROR: SSL not connected\r\n"


@pytest.mark.parametrize("page", PRODUCTS)
def test_wrong_ca_no_ca_and_no_verification(page):
    b = setup(page).secure(ca=STRANGER.pem)
    refused(b, b.dial())
    b.good("AT#SSLSECDATA=1,0,1")
    refused(b, b.dial(), CERTIFICATES)
    b.good("AT#SSLSECCFG=1,0,0")
    assert b.dial() == OK
    assert b.events("tls")[-1] == "ssl1 TLSv1.2 NOT verified: no CA"


@pytest.mark.parametrize("page", PRODUCTS)
def test_dates_by_the_modules_own_clock(page):
    old = AUTHORITY.issue(HOST, end=datetime(2024, 3, 1, tzinfo=UTC))
    b = setup(page, server=old).secure()
    refused(b, b.dial())
    b.good('AT+CCLK="24/02/01,12:00:00+00"')
    assert b.dial() == OK
    b = setup(page, rtc_unix_s=None).secure()
    refused(b, b.dial())  # 1980: not yet valid
    b.good("AT#SSLSECCFG=1,0,0")
    assert b.dial() == OK


def test_captured_firmware_looks_at_dates_without_verification():
    old = AUTHORITY.issue(HOST, end=datetime(2024, 3, 1, tzinfo=UTC))
    b = setup("le910r1", server=old).secure(mode=0, ca=None)
    refused(b, b.dial())
    b = setup("els63", server=old).secure(mode=0, ca=None)
    assert b.dial() == OK


@pytest.mark.parametrize("page", PRODUCTS)
def test_host_name(page):
    """Where there is <skipHostMismatch>, 1 as delivered; elsewhere nobody looks at the name."""
    b = setup(page).secure()
    assert b.dial("other.example") == OK
    b.good("AT#SSLH=1")
    line = "AT#SSLCFG=1,1,300,90,100,50,0,0,0"
    if not b.modem.page.PLATFORM.has_skip:
        assert b.at(line) == b"\r\n+CME ERROR: operation not supported\r\n"
        return
    b.good(line)
    refused(b, b.dial("other.example"))
    assert b.dial(HOST) == OK


@pytest.mark.parametrize("page", PRODUCTS)
def test_client_certificate(page):
    b = setup(page, client_ca=AUTHORITY.pem).secure(mode=2, pair=DEVICE)
    assert b.dial() == OK and b.server.service.conns[0].peer_certificate is not None
    b.good("AT#SSLH=1")
    b.good("AT#SSLSECCFG=1,0,1")
    answer = b.dial()
    refused(b, answer)
    b.good("AT#SSLSECCFG=1,0,2")
    b.store(2, AUTHORITY.issue("another")[1])  # a key that does not fit
    refused(b, b.dial(), CERTIFICATES)
    b.good("AT#SSLSECDATA=1,0,0")
    refused(b, b.dial(), CERTIFICATES)
    b = setup(page, client_ca=STRANGER.pem).secure(mode=2, pair=DEVICE)
    refused(b, b.dial())


@pytest.mark.parametrize(
    ("page", "good"), [("he910", False), ("me910c1", False), ("le866", True), ("els63", True)]
)
def test_elliptic_curves_only_where_there_are_suites(page, good):
    server = CURVES.issue(HOST)
    b = setup(page, server=server).secure(ca=CURVES.pem)
    assert b.dial() == (OK if good else HANDSHAKE)
    b = setup(page, client_ca=CURVES.pem).secure(mode=2, pair=CURVES.issue("device"))
    assert b.dial() == (OK if good else CERTIFICATES)


def test_what_is_stored_is_looked_at_when_it_is_used():
    b = setup().secure(ca=None)
    for pem in (b"no certificate\n", AUTHORITY.pem.replace(b"MII", b"MIX"),
                AUTHORITY.pem.replace(b"\n", b"\r\n")):  # fmt: skip
        b.at(f"AT#SSLSECDATA=1,1,1,{len(pem)}")
        assert b.type(pem + b"\x1a", 2 * S) == OK
        refused(b, b.dial(), CERTIFICATES)


def test_upload():
    b = setup().secure(ca=None)
    pem = AUTHORITY.pem
    assert b.at("AT#SSLSECDATA?") == ok("#SSLSECDATA: 1,0,0,0")
    assert b.at("AT#SSLSECDATA=?") == ok("#SSLSECDATA: (1),(0-2),(0-2),(1-2047)")
    assert b.at("AT#SSLSECDATA=1,2,1") == b"\r\n#SSLSECDATA: 1,1\r\nNo data stored\r\n" + OK
    generic = b"\r\n+CME ERROR: SSL generic error\r\n"
    for data in (pem[:-1], pem + b"\n"):  # the size has to be what comes before Ctrl-Z
        b.at(f"AT#SSLSECDATA=1,1,1,{len(pem)}")
        assert b.type(data + b"\x1a", 2 * S) == generic
    b.at(f"AT#SSLSECDATA=1,1,1,{len(pem)}")
    assert b.type(pem[:100] + b"\x1b", 2 * S) == generic  # escape
    assert b.at("AT#SSLSECDATA?") == ok("#SSLSECDATA: 1,0,0,0")
    b.at(f"AT#SSLSECDATA=1,1,1,{len(pem)}")
    assert b.type(pem[:9] + b"x\x08" + pem[9:] + b"\x1a", 2 * S) == OK  # backspace
    assert b.at("AT#SSLSECDATA?") == ok("#SSLSECDATA: 1,0,1,0")
    answer = b.at("AT#SSLSECDATA=1,2,1", S)
    assert answer == b"\r\n#SSLSECDATA: 1,1\r\n" + pem + b"\r\n" + OK
    b.store(2, DEVICE[1])
    assert b.at("AT#SSLSECDATA=1,2,2") == b"\r\n+CME ERROR: operation not allowed\r\n"
    assert DEVICE[1] not in b"".join(d for _, sign, d in b.modem.log if sign == ">")
    assert b.dial() == OK
    b.at("AT#SSLH=1", S)
    b.at("AT#REBOOT")
    b.run(10 * S)
    b.at("ATE0")
    assert b.at("AT#SSLEN=1,1") == OK
    assert b.at("AT#SSLSECDATA?") == ok("#SSLSECDATA: 1,0,1,1")  # in flash
    b.good("AT#SSLSECDATA=1,0,1")
    assert b.at("AT#SSLSECDATA?") == ok("#SSLSECDATA: 1,0,0,1")


def test_der_is_counted():
    b = setup().secure(ca=None)
    der = x509.load_pem_x509_certificate(AUTHORITY.pem).public_bytes(serialization.Encoding.DER)
    b.good("AT#SSLSECCFG=1,0,1,0")
    assert b.at("AT#SSLSECCFG?") == ok("#SSLSECCFG: 1,0,1,0")
    assert b.at(f"AT#SSLSECDATA=1,1,1,{len(der)}") == b"\r\n> "
    assert b.type(der, 2 * S) == OK
    assert b.dial() == OK
    b.good("AT#SSLH=1")
    b.good("AT#SSLSECCFG=1,0,1")  # the format stays
    assert b.at("AT#SSLSECCFG?") == ok("#SSLSECCFG: 1,0,1,0")
    for page in ("ge910", "me910c1", "me910g1", "els63"):
        other = setup(page).secure(ca=None)
        assert b"ERROR" in other.at("AT#SSLSECCFG=1,0,1,0")


def test_ram_is_gone_after_a_restart():
    b = setup("le866").secure(ca=None)
    pem = AUTHORITY.pem
    b.at(f"AT#SSLSECDATA=1,3,1,{len(pem)}")
    assert b.type(pem + b"\x1a", 2 * S) == OK
    assert b.dial() == OK and b.modem.files.writes == 0
    b.at("AT#REBOOT")
    b.run(10 * S)
    b.at("ATE0")
    b.at("AT#SSLEN=1,1")
    assert b.at("AT#SSLSECDATA?").startswith(b"\r\n#SSLSECDATA: 1,0,0,0\r\n")
    other = setup().secure(ca=None)
    assert b"ERROR" in other.at("AT#SSLSECDATA=1,3,1,10")


def test_sni_is_sent_where_it_is_switched_on():
    for page, on, name in (("me910c1", 1, HOST), ("me910c1", 0, None), ("els63", 1, HOST)):
        b = setup(page).secure(sni=on)
        assert b.dial() == OK and b.server.names == [name]
    b = setup("he910").secure()
    assert b"ERROR" in b.at("AT#SSLSECCFG2=1,3,1")


def test_versions():
    """As delivered it is TLS 1.0 (2G: up to 1.2): a server of today refuses that."""
    b = setup("he910", version="1.2").secure(version=1)
    refused(b, b.dial())
    for value in (1, 2):
        b = setup("he910", version=f"1.{value - 1}").secure(version=value)
        assert b.dial() == OK and b.events("tls") == [
            f"ssl1 TLSv1.{value - 1} verified" if value > 1 else "ssl1 TLSv1 verified"
        ]
    b = setup("me910c1", version="1.0").secure(version=3)
    assert b.dial() == OK
    b = setup("me910g1", version="1.0").secure(version=3)
    b.good("AT#SSLSECCFG2=1,3,0,1,0,2")  # <MinVersion> 1.2
    refused(b, b.dial())
    b = setup("me910g1", version="1.3").secure(version=4)
    assert b.dial() == OK and b.events("tls") == ["ssl1 TLSv1.3 verified"]
    assert b"ERROR" in setup("els63").secure(ca=None).at("AT#SSLSECCFG2=1,4,0")


@pytest.mark.parametrize(
    ("page", "suite", "name"),
    [
        ("ge910", 3, "AES256-SHA"),
        ("ge910", 6, "AES128-GCM-SHA256"),
        ("he910", 3, "AES128-SHA"),
        ("le910c1", 5, "AES256-SHA256"),
        ("me910c1", 12, "AES256-SHA256"),
        ("me910g1", "0x009C", "AES128-GCM-SHA256"),
        ("me910g1", "0xC02F", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("els63", "0xc030", "ECDHE-RSA-AES256-GCM-SHA384"),
    ],
)
def test_one_cipher_suite(page, suite, name):
    b = setup(page).secure(suite=suite)
    assert b.dial() == OK
    assert b.modem.sockets.get("ssl1").tls.ssl.cipher()[0] == name
    assert b.at("AT#SSLS=1") == ok(f"#SSLS: 1,2,{suite}")


@pytest.mark.parametrize(
    ("page", "suite", "version"),
    [("ge910", 1, 0), ("he910", 2, 3), ("le910c1", 1, 3), ("le910", 0, 0)],
)
def test_what_no_pc_does_any_more(page, suite, version):
    """RC4, 3DES, SSL 3.0: refused as today's servers do; with an old server, in the clear."""
    b = setup(page).secure(suite=suite, version=version)
    refused(b, b.dial())
    assert "NO REAL HANDSHAKE" in b.events("tls")[0]
    b = setup(page, legacy_server=True)
    plain = Echo()
    b.network.services[(HOST.encode(), 8883)] = plain
    b.secure(suite=suite, version=version)
    assert b.dial() == OK and "NO REAL HANDSHAKE" in b.events("tls")[0]
    assert b.send(b"in the clear") == OK and plain.got == b"in the clear"


def test_a_server_certificate_that_is_too_large():
    server = AUTHORITY.issue(HOST)
    b = setup("gl865", server=server).secure()
    assert b.dial() == OK
    b.good("AT#SSLH=1")
    names = [f"name-{i}.a-long-domain.example" for i in range(40)]
    b = setup("gl865", server=AUTHORITY.issue(HOST, more=names)).secure()
    b.good("AT#CPUMODE=4")
    refused(b, b.dial())
    b = setup("me910g1", server=AUTHORITY.issue(HOST, more=names)).secure()
    assert b.dial() == OK


def test_large_certificates_want_a_fast_clock_on_2g():
    names = [f"name-{i}.example" for i in range(20)]
    server = AUTHORITY.issue(HOST, more=names)
    for page, wants in (("gl865", True), ("ge866", True), ("ge910", False)):
        b = setup(page, server=server).secure()
        assert b.at("AT#CPUMODE?") == ok("#CPUMODE: 0")
        if wants:
            refused(b, b.dial())
            b.good("AT#CPUMODE=2")
        assert b.dial() == OK
    assert setup("he910").at("AT#CPUMODE=2") == b"\r\nERROR\r\n"


def test_custom_ca_mask():
    b = setup("me910g1").secure(ca=None)
    b.good("AT#SSLEN=4,1")
    b.store(1, AUTHORITY.pem, number=4)
    assert b.dial() == CERTIFICATES
    b.good("AT#SSLSECCFG2=1,3,0,8,0")
    assert b.dial() == OK
