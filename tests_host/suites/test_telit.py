"""tools/suites against the Telit SSL/TLS user guide, row by row, and the board's rows against it.

What the guide prints and we do not take over is in DEVIATIONS, with the reason; one that the guide
no longer prints is a failure too.
"""

import re

import pytest

from tests_host.suites import guide
from tools.suites import levels, tables, telit
from uplink.modems import telit_platforms

TABLES = ("12.1.1", "12.1.2", "12.1.3", "12.1.4", "12.1.5", "12.1.6", "12.1.7", "12.1.8")
NEXT = dict(zip(TABLES, (*TABLES[1:], "12.2"), strict=True))
BY_ID = {platform.id: platform for platform in telit.PLATFORMS}

# (where, as it is printed): (as we have it, why).
DEVIATIONS = {
    ("12.1.3", ("TLS_RSA_WITH_AES_256_CBC_SHA1", None, "0,5", "••••")): (
        ("TLS_RSA_WITH_AES_256_CBC_SHA", None, "0,5", "••••"),
        "no suite has that name; 6.2.2 has number 5 without the 1",
    ),
    ("12.1.4", ("TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", None, "0", "•..•")): (
        ("TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", None, "0", "...•"),
        "RFC 5289: the GCM suites are of TLS 1.2 alone; no other GCM row has the mark",
    ),
    (
        "6.7.2",
        "SSId,cid,pktSz,maxTo,defTo,txTo[,sslSRingMode[,noCarrierMode[skipHostMismatch]]]",
    ): (
        "SSId,cid,pktSz,maxTo,defTo,txTo[,sslSRingMode[,noCarrierMode[,skipHostMismatch]]]",
        "the comma is lost; 6.7.3 has it",
    ),
}


@pytest.fixture(scope="module")
def text():
    return guide.text(guide.TELIT)


def ours(where, printed):
    return DEVIATIONS.get((where, printed), (printed,))[0]


def test_all_that_deviates_is_printed(text):
    printed = set()
    for table in TABLES:
        rows = guide.suites(guide.chapter(text, table, NEXT[table]))
        printed.update((table, row) for row in rows)
    rows = guide.syntax(guide.chapter(text, "6.7.2", "6.7.3"), "SSLCFG")
    printed.update(("6.7.2", row) for row in rows)
    assert set(DEVIATIONS) <= printed


def test_products(text):
    """Table 1: the number stands in the first row of each group."""
    found, platform, generation = {}, None, None
    table = text.split("Products\tPlatform Version ID\tTechnology\n")[1].split("\n\n")[0]
    for line in table.split("\n"):
        product, number, technology = (line.split("\t") + ["", ""])[:3]
        platform, generation = number or platform, technology or generation
        found.setdefault((platform, generation), []).append(product)
    expected = {}
    for p in telit.PLATFORMS:
        # one row for both kinds of LE910Cx
        expected[p.id.split()[0], p.technology] = p.products.split(", ")
    assert found == expected
    assert len(telit.PLATFORMS) == len(BY_ID) == 11


@pytest.mark.parametrize("table", TABLES)
def test_cipher_suites(text, table):
    printed = guide.chapter(text, table, NEXT[table])
    versions = guide.columns(printed)
    given = []
    for row in guide.suites(printed):
        name, code, numbers, marks = ours(table, row)
        first, _, alone = numbers.partition(",")
        marks = marks.replace("•", "*")
        given.append(
            (
                name,
                alone if first == "0" else first or "-",
                first == "0",
                {v: m for v, m in zip(versions, marks, strict=True) if m != "."},
            )
        )
        # codes that the table tells, in brackets or as what the command takes
        for told in (code, alone if alone.startswith("0x") else None):
            assert told is None or int(told, 16) == tables.CODES[name], row
    assert given == [tuple(row) for row in telit.SUITES[table]]
    assert sorted(telit.SUITES) == sorted(TABLES)


def test_which_table_is_of_which_platform(text):
    heads = {}
    for table in TABLES:
        head = guide.chapter(text, table, NEXT[table]).split("\n")[0]
        for number in re.findall(r"\d+(?: Linux| ThreadX)?", head.split("ID ", 1)[1]):
            heads[number] = table
    assert heads == {p.id: p.suites for p in telit.PLATFORMS}


@pytest.mark.parametrize(
    ("section", "until", "ids"),
    [
        ("6.2.1", "6.2.2", "10 13 16"),
        ("6.2.2", "6.2.3", "12 20 23"),
        ("6.2.3", "6.2.4", "25 Linux"),
        ("6.2.4", "6.2.5", "25 ThreadX"),
        ("6.2.5", "6.3", "30 37 52"),
    ],
)
def test_sslseccfg(text, section, until, ids):
    printed = guide.chapter(text, section, until)
    (parameters,) = guide.syntax(printed, "SSLSECCFG")
    numbered = re.findall(r"(?m)^[- ]*(\d+) = (TLS_\w+)", printed)
    modes = re.findall(r"(?m)^[- ]*(\d) = (?:SSL|Server)", printed)
    ids = [ids] if " " in ids and "25" in ids else ids.split()
    for platform in (BY_ID[i] for i in ids):
        assert platform.sslseccfg == parameters, platform.id
        assert (platform.sslseccfg.endswith("[,cert_format]")) == ("DER format" in printed)
        if section == "6.2.5":
            assert not numbered and "CipherSuite" not in platform.ranges["SSLSECCFG"]
            continue  # (it names other documents)
        assert modes == ["0", "1", "2"] and platform.ranges["SSLSECCFG"]["auth_mode"] == (0, 2)
        last = platform.ranges["SSLSECCFG"]["CipherSuite"][1]
        assert [int(n) for n, _ in numbered] == list(range(1, last + 1)), platform.id
        rows = {row.number: row.name for row in telit.SUITES[platform.suites] if row.number}
        if platform.id == "25 ThreadX":
            # The guide contradicts itself: here the eight are 1 to 8, in table 12.1.7 they are 3
            # to 13. Both name the same eight, and we use their codes.
            gray = [row for row in telit.SUITES["12.1.7"] if row.all]
            assert {name for _, name in numbered} == {row.name for row in gray}
            assert [row.number for row in gray] == "3 5 7 9 10 11 12 13".split()
        else:
            assert dict(numbered) == rows, platform.id


def test_sslseccfg2(text):
    found = {}
    for section, until, ids in (
        ("6.3.1", "6.3.2", ["10", "13", "16"]),
        ("6.3.2", "6.3.3", ["12", "20", "25 Linux"]),
        ("6.3.3", "6.3.4", ["23", "30"]),
        ("6.3.4", "6.4", ["37", "25 ThreadX", "52"]),
    ):
        printed = guide.chapter(text, section, until)
        head = printed.split("\n")[0]
        assert re.findall(r"\b\d\d\b(?: Linux| ThreadX)?", head) == ids
        syntaxes = guide.syntax(printed, "SSLSECCFG2")
        assert len(syntaxes) == ("do not support" not in printed)
        for i in ids:
            found[i] = syntaxes[0] if syntaxes else None
    assert found == {p.id: p.sslseccfg2 for p in telit.PLATFORMS}


def test_sslcfg(text):
    """Names are compared without regard to case: the guide writes equalizeTx and equalizeTX."""
    first = [
        ours("6.7.2", s) for s in guide.syntax(guide.chapter(text, "6.7.2", "6.7.3"), "SSLCFG")
    ]
    (others,) = guide.syntax(guide.chapter(text, "6.7.1", "6.7.2"), "SSLCFG")
    last = guide.chapter(text, "6.7.3", "6.8")
    names = re.findall(r"(?m)^For platform ID ([\w ]+):", last)
    rest = dict(zip(names, guide.syntax(last, "SSLCFG"), strict=True))
    assert sorted(rest) == ["25 ThreadX", "30", "37", "52"] and len(first) == 1
    for p in telit.PLATFORMS:
        printed = rest.get(p.id, first[0] if p.id == "25 Linux" else others)
        assert p.sslcfg.lower() == printed.lower(), p.id


def test_sockets_and_ranges(text):
    """6.2.1, and what AT#SSLCFG=? answers in 6.8.1 and 6.8.2."""
    assert "must be set to 1. Only one secure socket" in guide.chapter(text, "6.2.1", "6.2.2")
    one, several = guide.chapter(text, "6.8.1", "6.8.2"), guide.chapter(text, "6.8.2", "6.8.3")
    for printed, product, i in ((one, "HE910", "12"), (several, "LE866-SV1", "23")):
        (answer,) = re.findall(r"(?m)^#SSLCFG: (\(.*)", printed)
        ranges = [tuple(int(n) for n in r.split("-")) for r in re.findall(r"\(([\d-]+)\)", answer)]
        assert re.search(rf"AT\+CGMM\s+{product}\s", printed)
        assert product.split("-")[0] in BY_ID[i].products
        ours = [(low, high) for low, high in BY_ID[i].ranges["SSLCFG"].values()]
        assert list(BY_ID[i].ranges["SSLCFG"]) == re.findall(r"\w+", BY_ID[i].sslcfg)
        # the ninth has no name in 6.7.1
        assert [(r[0], r[-1]) for r in ranges] == [*ours, (0, 0)]
        assert BY_ID[i].sockets == ranges[0][-1]
    for p in telit.PLATFORMS:
        assert p.sockets == {"2G": 1}.get(p.technology, {"12": 1, "23": 6}.get(p.id)), p.id
        assert ("SSLCFG" in p.ranges) == (p.id in ("12", "23"))


def test_formats_resumption_clock_ram(text):
    storing = guide.chapter(text, "6.5", "6.6")
    assert (
        "Certificates can be set only in PEM format\tCertificates can be in PEM or DER" in storing
    )
    (without,) = re.findall(
        r"DER format is supported by 3G/4G \(not supported by ID (\d+)", storing
    )
    (ram,) = re.findall(r"store security data in RAM \(supported by Platform ID (\d+)\)", storing)
    # There is no size in bytes: <Size> is to be asked for.
    assert not re.search(r"\d{4} ?bytes", storing) and "to know the <Size> range" in storing
    table = text.split("Platform Version ID\t<CLOSURETYPE> PARAMETER")[1].split("Table 3")[0]
    resumed = {}
    for ids, zero, one in re.findall(r"(?m)^([\d, ]+) \([234]G\)\t([^\t]*)\t(.*)$", table):
        assert ("N/A" in one) == ("not supported" in zero)
        resumed |= {i.strip(): "N/A" not in one for i in ids.split(",")}
    clock = re.search(r"Platform Version ID (\d+) and (\d+) \(2G[^.]*?#CPUMODE", text).groups()
    for p in telit.PLATFORMS:
        number = p.id.split()[0]
        formats = ("PEM",) if p.technology == "2G" or number == without else ("PEM", "DER")
        assert p.formats == formats, p.id
        assert p.resumption is resumed[number], p.id
        assert p.cpu_mode is (p.id in clock) and p.ram is (p.id == ram), p.id


def test_codes_are_ianas():
    """Those that OpenSSL knows are the same there. (The guide's own are compared above.)"""
    import subprocess

    argv = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    known = {}
    for code, _, name, *_ in (line.split() for line in lines):
        known[name] = int(code.replace(",0x", ""), 16)
    both = known.keys() & tables.CODES.keys()
    assert len(both) > 40 and all(known[name] == tables.CODES[name] for name in both)
    assert len(tables.IANA) == len(tables.CODES) == 88
    named = {row.name for rows in telit.SUITES.values() for row in rows}
    assert named == set(tables.CODES)


def test_the_boards_rows():
    """All of them, and nothing else."""
    found = {}
    for ids, rest in re.findall(r"((?:#\w+)+):([^#]*)", telit_platforms.PLATFORMS.decode()):
        for i in ids[1:].split("#"):
            assert i not in found
            found[i] = rest
    board = {"25 Linux": "25", "25 ThreadX": "25X"}
    assert found == {
        board.get(p.id, p.id): telit.head(p) + levels.text(telit.lists(p)) for p in telit.PLATFORMS
    }


def test_a_platform_is_found_by_its_revision():
    text = telit_platforms.PLATFORMS
    for p in telit.PLATFORMS:
        revision = b"Revision " + p.id.split()[0].encode() + b".00.213"
        at = telit_platforms.find(revision, 9, p.id == "25 ThreadX")
        row = telit.head(p) + levels.text(telit.lists(p))
        assert text[at : at + len(row)] == row.encode(), p.id
    assert telit_platforms.find(b"11.00.1", 0) == telit_platforms.find(b"M0Q.010001", 0) == -1
    assert telit_platforms.find(b"37.00.1", 0, True) == telit_platforms.find(b"37.00.1", 0)
