"""The table of platforms against the guide: what each accepts, shows and refuses."""

import pytest

from tests_host.modem.telit.bench import OK, TelitBench, ok
from tools.modem.pages import PAGES, telit_suites
from tools.modem.pages.telit_platforms import PLATFORMS, PRODUCTS
from tools.suites import tables, telit

ONE = {name for name, (id, _) in PRODUCTS.items() if PLATFORMS[id].sockets == 1}
# id: numbers of AT#SSLSECCFG, and whether there are <cert_format>, AT#SSLSECCFG2, <SNI>,
# <customCA>; how many parameters AT#SSLCFG takes; AT#SSLFASTD, AT#MQ…
GUIDE = {
    "10": (range(7), False, False, False, False, 8, True, False),
    "13": (range(7), False, False, False, False, 8, True, False),
    "16": (range(7), False, False, False, False, 8, True, False),
    "12": (range(6), True, True, False, False, 8, False, False),
    "20": (range(6), True, True, False, False, 8, False, False),
    "23": (range(6), True, True, True, False, 8, False, False),
    "25 Linux": (range(11), True, True, False, False, 9, False, False),
    "25 ThreadX": ((0, 3, 5, 7, 9, 10, 11, 12, 13), True, True, True, True, 12, False, False),
    "30": ((0, 3, 5, 7, 9, 10, 11, 12, 13), False, True, True, False, 10, False, True),
    "37": ((0, 3, 5, 7, 9, 10, 11, 12, 13), False, True, True, True, 12, False, True),
    "52": ((0,), False, True, True, True, 12, False, True),
}
SUITES = {"10": 6, "12": 13, "20": 13, "25 Linux": 10, "30": 8, "37": 8, "52": 38}


def test_every_platform_has_a_product():
    assert {id for id, _ in PRODUCTS.values()} == set(PLATFORMS) == set(GUIDE)
    assert set(PRODUCTS) <= set(PAGES)


def first(id):
    return next(name for name, (one, _) in PRODUCTS.items() if one == id)


def takes(b, line):
    return b.at(line) == OK


@pytest.mark.parametrize("id", GUIDE)
def test_parameters(id):
    numbers, form, second, sni, cas, config, fast, mqtt = GUIDE[id]
    b = TelitBench(page=first(id)).on()
    b.good("AT#SSLEN=1,1")
    assert [n for n in range(20) if takes(b, f"AT#SSLSECCFG=1,{n},0")] == list(numbers)
    assert takes(b, "AT#SSLSECCFG=1,0,1,1") == form
    hexadecimal = id in ("25 ThreadX", "37", "52")
    assert takes(b, "AT#SSLSECCFG=1,0xC02F,1") == hexadecimal
    assert not takes(b, "AT#SSLSECCFG=1,0x0005,1") and not takes(b, "AT#SSLSECCFG=1,0xZZ,1")
    assert takes(b, "AT#SSLSECCFG=1,0xCCA8,1") == (hexadecimal and id != "52")
    assert takes(b, "AT#SSLSECCFG2=1,1") == (second and not cas)
    assert takes(b, "AT#SSLSECCFG2=1,1,0") == second
    assert takes(b, "AT#SSLSECCFG2=1,1,1") == sni
    assert takes(b, "AT#SSLSECCFG2=1,1,1,1,1") == cas
    assert takes(b, "AT#SSLSECCFG2=1,1,0,0,0,0") == second
    assert not takes(b, "AT#SSLSECCFG2=1,1,0,0,0,0,0")
    values = "1,300,90,100,50,0,0,0,0,0,0".split(",")
    for count in range(5, 12):
        line = "AT#SSLCFG=1," + ",".join(values[:count])
        assert takes(b, line) == (count < config), line
    assert (b.at("AT#SSLFASTD=?") != b"\r\nERROR\r\n") == fast
    assert (b.at("AT#MQEN?") != b"\r\nERROR\r\n") == mqtt
    assert takes(b, 'AT#SSLD=1,443,"x",1,1') is False  # no context, or no <ClosureType> 1


@pytest.mark.parametrize("page", PRODUCTS)
def test_read_what_was_delivered(page):
    b = TelitBench(page=page).on()
    platform = b.modem.page.PLATFORM
    last = platform.sockets
    assert b.at("AT#SSLEN=?") == ok(f"#SSLEN: {'(1)' if last == 1 else f'(1-{last})'},(0,1)")
    b.good("AT#SSLEN=1,1")
    each = range(1, last + 1)
    assert b.at("AT#SSLSECCFG?") == ok(*(f"#SSLSECCFG: {i},0,0" for i in each))
    skip = int(platform.has_skip)
    tail = ",0,0" if platform.config == 12 else ""
    shown = [f"#SSLCFG: {i},1,300,90,100,50,0,0,{skip},0{tail}" for i in each]
    assert b.at("AT#SSLCFG?") == ok(*shown)
    if platform.second:
        answer = b.at("AT#SSLSECCFG2?").decode().split("\r\n")
        assert answer[1].startswith(f"#SSLSECCFG2: 1,{platform.version},0,")
    for name in "SECCFG CFG SECDATA D S O H SEND SENDEXT RECV".split():
        assert b.at(f"AT#SSL{name}=?").endswith(OK), name


@pytest.mark.parametrize("one", telit.PLATFORMS, ids=lambda one: one.id)
def test_each_suite_is_in_the_guides_table(one):
    """`tools/suites`, which is held to the guide row by row: number or code, and name."""
    page = PLATFORMS[one.id]
    rows = [row for row in telit.SUITES[one.suites] if not row.name.endswith("_SCSV")]
    codes = {(tables.CODES[row.name], row.name) for row in rows}
    if page.codes == 2:
        assert set(page.suites) == codes
        return
    alone = [row for row in rows if row.all or row.number.strip("-")]
    assert set(page.suites) == {(int(row.number or 0) or None, row.name) for row in alone}
    if page.codes:
        of_1_3 = {one for one in codes if one[0] in telit_suites.CODES_13}
        assert len(of_1_3) == 3 and set(telit_suites.CODES.items()) == codes - of_1_3


def test_cipher_suites_are_the_guides():
    assert {id: len(PLATFORMS[id].suites) for id in SUITES} == SUITES
    assert len(PLATFORMS["23"].suites) == 80 - 1  # without the renegotiation signal
    names = [name for one in PLATFORMS.values() for _, name in one.suites]
    names += telit_suites.CODES.values()
    known = {name: telit_suites.openssl_name(name) for name in names}
    assert known["TLS_RSA_WITH_RC4_128_MD5"] == known["TLS_RSA_WITH_3DES_EDE_CBC_SHA"] == ""
    assert known["TLS_ECDHE_RSA_WITH_RC4_128_SHA"] == ""
    assert known["TLS_RSA_WITH_NULL_SHA"] == "NULL-SHA"
    assert known["TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"] == "DHE-RSA-CHACHA20-POLY1305"
    for name in filter(None, known.values()):  # this PC knows each of them
        import ssl

        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(name + ":@SECLEVEL=0")
