"""tools/suites against the Quectel GSM SSL application note V3.1, and the board's lists of it."""

import re

import pytest

from tests_host.suites import guide
from tools.suites import levels, others, tables
from uplink.modems import policy


@pytest.fixture(scope="module")
def text():
    return guide.text(guide.QUECTEL)


def code_and_name(part):
    """Rows `0X0035 TLS_…`; 2.2.1 has lost a column's edge in one of them, so any blank will do."""
    return re.findall(r"(?m)^\s*(0X[0-9A-F]{4})\s+(TLS_\w+)", part)


def test_cipher_suites(text):
    table = text.split("**Table 2: SSL CipherSuite**")[1].split("#### 1.2.")[0]
    described = text.split("\tConfigure the CipherSuite\t")[1].split("<seclevel></seclevel>")[0]
    given = [(f"0X{tables.CODES[row.name]:04X}", row.name) for row in others.QUECTEL]
    assert code_and_name(table) == given  # in the order of table 2
    assert sorted(code_and_name(described)) == sorted(given)
    assert re.search(r"0XFFFF\s+All support", described)
    assert all(row.all and int(row.number, 16) == tables.CODES[row.name] for row in others.QUECTEL)


def test_versions(text):
    described = text.split("\tConfigure the SSL version\t")[1].split(
        "<ciphersuite></ciphersuite>"
    )[0]
    rows = re.findall(r"(?m)^\t(\d) ((?:SSL|TLS)\d\.\d|ALL SUPPORT)", described)
    assert rows == [
        *((str(n), v) for n, v in others.QUECTEL_VERSIONS.items()),
        ("4", "ALL SUPPORT"),
    ]
    table = text.split("Table 1: SSL Version")[1].split("The following table")[0]
    assert re.findall(r"(?m)^(?:SSL|TLS)\d\.\d(?=\t|$)", table) == [
        *others.QUECTEL_VERSIONS.values()
    ]


def test_sizes_and_places(text):
    """2.2.7; two words are cut by the lost edge of a column."""
    described = text.split("The size of the file to")[1][:400].replace("\t", "")
    sizes = re.findall(r"RAM, ?the maximu+m size is (\d+)\.", described)
    ram, nvram = map(int, sizes)
    assert {"RAM": ram, "NVRAM": nvram} == others.QUECTEL_SIZES
    assert "Support two CA certificates, one client certificate and one client private key" in text
    assert others.QUECTEL_NVRAM == {"CA": 2, "CC": 1, "CK": 1}


def test_the_boards_lists():
    assert policy.QUECTEL.decode() == levels.text(others.quectel())
    assert policy.SIM7000.decode() == levels.text(others.sim7000())
    assert all(len(places) <= others.SIM7000_PLACES for places in others.sim7000())


def test_the_virtual_module_has_what_is_offered_to_a_sim7000():
    from tools.modem.pages import sim7000_files

    codes = {tables.CODES["TLS_" + name] for name in others.SIM7000}
    assert codes <= set(sim7000_files._CIPHERS)
