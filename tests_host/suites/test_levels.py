"""The levels: what each admits, of every module; and that a SIM7000 gets its connection so."""

import pytest

from tests_host.modem.test_tls import AUTHORITY, HOST, Setup
from tools.certs import Authority
from tools.suites import levels, others, tables, telit
from tools.suites.__main__ import main as suites_main
from uplink.modems import policy

WORTH = {
    "A": "ECDHE_RSA_WITH_AES_128_GCM_SHA256 DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "B": "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 DHE_RSA_WITH_AES_128_CBC_SHA",
    "C": "RSA_WITH_AES_256_GCM_SHA384 ECDH_RSA_WITH_AES_128_GCM_SHA256",
    "D": "RSA_WITH_AES_128_CBC_SHA RSA_WITH_AES_128_CCM_8 ECDH_ECDSA_WITH_AES_256_CBC_SHA",
    "E": "RSA_WITH_RC4_128_MD5 ECDHE_RSA_WITH_RC4_128_SHA DHE_RSA_WITH_3DES_EDE_CBC_SHA "
    "RSA_WITH_SEED_CBC_SHA DHE_DSS_WITH_CAMELLIA_256_CBC_SHA SRP_SHA_RSA_WITH_AES_128_CBC_SHA",
    "F": "RSA_WITH_NULL_SHA RSA_WITH_DES_CBC_SHA DHE_RSA_EXPORT_WITH_DES40_CBC_SHA "
    "RSA_EXPORT_WITH_RC2_CBC_40_MD5 RSA_EXPORT_WITH_RC4_40_MD5",
}
MODULES = [
    *((p.id, telit.lists(p), telit.SUITES[p.suites], "0") for p in telit.PLATFORMS),
    ("quectel", others.quectel(), others.QUECTEL, "0XFFFF"),
]
# Their own lists are admitted at `compatible`: nothing in them is weak.
CLEAN = ("25 ThreadX", "30", "37", "52")


@pytest.mark.parametrize("letter", WORTH)
def test_worth(letter):
    assert {tables.worth("TLS_" + name) for name in WORTH[letter].split()} == {letter}


@pytest.mark.parametrize(
    ("name", "lists", "rows", "everything"), MODULES, ids=[module[0] for module in MODULES]
)
def test_what_a_level_offers(name, lists, rows, everything):
    """Looked at from the other side than `levels.one_of`: from what stands in the lists."""
    by_token = {row.number: row for row in rows if row.number not in ("", "-")}
    by_token |= {f"0x{tables.CODES[row.name]:04X}": row for row in rows}
    by_token |= {f"0X{tables.CODES[row.name]:04X}": row for row in rows}
    own = {tables.worth(row.name) for row in rows if row.all}
    for level, tokens in zip(levels.LEVELS, lists, strict=True):
        assert len(set(tokens)) == len(tokens), level
        for token in tokens:
            if token.rstrip("w") == everything:
                weak = bool(own & set("EF"))
                assert weak == token.endswith("w") == (name not in CLEAN), level
                assert level == "legacy" or not weak, level
                assert level != "modern"
                continue
            row = by_token[token.rstrip("r")]
            worth = tables.worth(row.name)
            assert worth in levels.ADMITTED.get(level, "ABCD"), (level, token)
            assert token.endswith("r") == (worth in "CD") and "TLS1.2" in row.versions, token
            # 2G: no command for the version, so the suite must be of TLS 1.2 alone
            assert name not in ("10", "13", "16") or list(row.versions) == ["TLS1.2"], token
    modern, compatible, legacy = lists
    assert compatible and legacy and legacy[0].rstrip("w") == everything
    single = {tables.worth(row.name) for row in rows if row.number and "TLS1.2" in row.versions}
    assert bool(modern) == ("A" in single), "modern where a single suite of it can be told"


@pytest.fixture(scope="module")
def rsa(tmp_path_factory):
    """A server whose key is RSA: (CA, certificate, key)."""
    folder = tmp_path_factory.mktemp("ca")
    authority = Authority.create(folder)
    certificate, key = authority.server([HOST])
    return (folder / "ca.crt").read_bytes(), certificate.read_bytes(), key.read_bytes()


def module(level, ca, pair, ciphers=None):
    """A virtual SIM7000 that was told the suites of `level`; its server has only `ciphers`."""
    setup = Setup(server=pair, rtc_unix_s=None)
    setup.bench.modem.files.write(3, "server.crt", ca)
    if ciphers:
        setup.server.context.set_ciphers(ciphers)
    line = bytearray()
    n = 0
    while n < others.SIM7000_PLACES:
        del line[:]
        line.extend(b'AT+CSSLCFG="ciphersuite",0,%d,' % n)
        if not policy.put(policy.SIM7000, 0, level, n, line):
            line.extend(b"0x0000")
        assert setup.bench.at(line.decode()) == b"\r\nOK\r\n", line
        n += 1
    return setup


@pytest.mark.parametrize(
    ("ciphers", "works"),
    [
        (None, ["modern", "compatible", "legacy"]),
        ("ECDHE+AESGCM", ["modern", "compatible", "legacy"]),
        ("ECDHE+AES128+SHA256:!AESGCM", ["compatible", "legacy"]),
        ("AES128-GCM-SHA256", ["compatible", "legacy"]),
        ("AES128-SHA", ["compatible", "legacy"]),
        ("AES256-SHA", ["legacy"]),
    ],
)
def test_a_sim7000_and_servers_that_have_less_and_less(ciphers, works, rsa):
    ca, *pair = rsa
    for level in levels.LEVELS:
        result = module(level, ca, pair, ciphers).open(ca="server.crt", ignore=1)
        assert result == (0 if level in works else 27), level


def test_a_sim7000_and_a_server_with_an_elliptic_key():
    for level in ("modern", "compatible"):
        setup = module(level, AUTHORITY.pem, AUTHORITY.issue(HOST))
        assert setup.open(ca="server.crt", ignore=1) == 0


def test_the_command_lists_them(capsys):
    assert suites_main([]) == 0
    told = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.strip()}
    assert rows["telit-30"] == ["cannot", "0", "0"]
    assert rows["quectel"][0] == "cannot" and len(rows) == 1 + 2 + len(telit.PLATFORMS)
    assert suites_main(["telit-23"]) == 0
    told = capsys.readouterr().out
    assert told.count("TLS_") == len(telit.SUITES["12.1.4"])
    assert ["E", "0x0004", "TLS_RSA_WITH_RC4_128_MD5", "1", "yes"] == [
        line.split()[:5] for line in told.splitlines() if "TLS_RSA_WITH_RC4_128_MD5" in line
    ][0]
    assert suites_main(["sim7000"]) == 0 and capsys.readouterr().out.count("TLS_") == 8
