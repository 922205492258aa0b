"""What survives a restart, and what is in the module's flash."""

import pytest

from tests_host.modem.bench import MS, Bench, S
from tests_host.modem.pki import CA

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"

SAVED = [
    ("AT+CSCLK=1", "AT+CSCLK?", b"+CSCLK: 1"),
    ("AT+CNMP=38", "AT+CNMP?", b"+CNMP: 38"),
    ("AT+CMNB=1", "AT+CMNB?", b"+CMNB: 1"),
    ("AT+CNETLIGHT=0", "AT+CNETLIGHT?", b"+CNETLIGHT: 0"),
    ("AT+IPR=115200", "AT+IPR?", b"+IPR: 115200"),
    ('AT+CGDCONT=1,"IP","a.b"', "AT+CGDCONT?", b'"a.b"'),
    ('AT+CEDRXS=1,4,"0101"', "AT+CEDRXS?", b'4,"0101"'),
]
UNSAVED = [
    ('AT+CSTT="flolive.net"', "AT+CSTT?", b"flolive"),
    ("AT+IFC=2,2", "AT+IFC?", b"2,2"),
    ("AT+CLTS=1", "AT+CLTS?", b"+CLTS: 1"),
    ("AT+CMEE=2", "AT+CMEE?", b"+CMEE: 2"),
    ("AT+CEREG=2", "AT+CEREG?", b"+CEREG: 2"),
    ('AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="ctxindex",0', b"+CSSLCFG: 0,3"),
    ('AT+CASSLCFG=0,"ssl",1', "AT+CASSLCFG?", b"ssl,1"),
    ('AT+CACFG="KEEPALIVE",1,30,30,1', "AT+CACFG?", b"KEEPALIVE"),
]


def _restart(b):
    b.modem.pin("DTR", True, b.now)
    b.modem.pin("RTS", True, b.now)
    b.modem.fault("reboot")
    b.run(10 * S)


@pytest.mark.parametrize(("line", "query", "text"), SAVED)
def test_settings_that_save_themselves(line, query, text):
    b = Bench().on()
    b.modem.pin("DTR", True, b.now)
    before = b.modem.settings.flash_writes
    assert b.at(line) == OK
    assert b.modem.settings.flash_writes == before + 1
    _restart(b)
    assert text in b.at(query)
    b.at(line)  # written again although it is equal: wear that a driver must avoid
    assert b.modem.settings.flash_writes == before + 2


@pytest.mark.parametrize(("line", "query", "text"), UNSAVED)
def test_settings_that_are_gone_after_a_restart(line, query, text):
    b = Bench().on()
    before = b.modem.settings.flash_writes
    assert b.at(line) == OK
    assert text in b.at(query)
    _restart(b)
    assert text not in b.at(query)
    assert b.modem.settings.flash_writes == before


def test_profile_is_stored_and_recalled():
    b = Bench().on()
    b.at("AT+CMEE=2")
    b.at("AT&W")
    b.at("AT+CMEE=1")
    b.at("ATZ")
    assert b"+CMEE: 2" in b.at("AT+CMEE?")
    b.at("AT&F")
    assert b"+CMEE: 0" in b.at("AT+CMEE?")  # and echo is on again
    _restart(b)
    assert b.at("AT+CMEE?") == b"\r\n+CMEE: 2\r\n\r\nOK\r\n"  # ATE0 was stored too


def test_file_is_written_checked_read_and_deleted():
    b = Bench().on()
    data = bytes(range(256)) * 3
    assert b.at('AT+CFSWFILE=3,"f",0,10,5000') == ERROR  # no AT+CFSINIT
    b.upload("f", data)
    assert b.at('AT+CFSGFIS=3,"f"') == b"\r\n+CFSGFIS: 768\r\n\r\nOK\r\n"
    assert b.at('AT+CFSRFILE=3,"f",0,768,0') == ERROR
    b.at("AT+CFSINIT")
    assert b.at("AT+CFSINIT") == ERROR
    answer = b.at('AT+CFSRFILE=3,"f",0,1000,0', S)
    assert answer == b"\r\n+CFSRFILE: 768\r\n" + data + b"\r\n" + OK
    assert b.at('AT+CFSRFILE=3,"f",1,4,254') == b"\r\n+CFSRFILE: 4\r\n\xfe\xff\0\1\r\n" + OK
    assert b.at('AT+CFSDFILE=3,"f"') == OK
    assert b.at('AT+CFSGFIS=3,"f"') == ERROR
    assert b.at("AT+CFSGFRS") == b"\r\n+CFSGFRS: 65536\r\n\r\nOK\r\n"


@pytest.mark.parametrize("size", [0, 10241])
def test_file_sizes_have_limits(size):
    b = Bench().on()
    b.at("AT+CFSINIT")
    assert b.at(f'AT+CFSWFILE=3,"f",0,{size},5000') == ERROR


def test_file_that_comes_too_late_is_cut():
    b = Bench().on()
    b.at("AT+CFSINIT")
    assert b.at('AT+CFSWFILE=3,"f",0,100,1000') == b"\r\nDOWNLOAD\r\n"
    assert b.type(b"x" * 60, 2 * S) == ERROR
    assert b.at('AT+CFSGFIS=3,"f"') == b"\r\n+CFSGFIS: 60\r\n\r\nOK\r\n"


def test_files_and_conversions_survive_a_restart():
    ca = CA()
    b = Bench().on()
    b.upload("ca.crt", ca.pem)
    assert b.at('AT+CSSLCFG="convert",2,"ca.crt"', S) == OK
    assert b.at('AT+SHSSL=0,"ca.crt"') == OK
    _restart(b)
    b.at("ATE0")
    assert b.at('AT+CFSGFIS=3,"ca.crt"') == b"\r\n+CFSGFIS: %d\r\n\r\nOK\r\n" % len(ca.pem)
    assert b.at("AT+SHSSL?") == b'\r\n+SHSSL: 0,"ca.crt",""\r\n\r\nOK\r\n'


def test_conversion_refuses_what_is_no_certificate_or_does_not_fit():
    ca = CA()
    cert, key = ca.issue("dev")
    _, other = ca.issue("other")
    b = Bench(files={"c": cert, "k": key, "o": other, "junk": b"-----BEGIN"}).on()
    b.at("AT+CMEE=2")
    refused = b"\r\n+CME ERROR: operation not allowed\r\n"
    assert b.at('AT+CSSLCFG="convert",2,"none"', S) == refused
    assert b.at('AT+CSSLCFG="convert",2,"junk"', S) == refused
    assert b.at('AT+CSSLCFG="convert",1,"c"', S) == ERROR
    assert b.at('AT+CSSLCFG="convert",1,"c","o"', S) == refused
    assert b.at('AT+CSSLCFG="convert",1,"c","k"', S) == OK


def test_upload_is_paced_by_the_line():
    b = Bench().on()
    b.at("AT+CFSINIT")
    b.at('AT+CFSWFILE=3,"f",0,10240,10000')
    assert b.type(b"x" * 10240, 880 * MS) == b""  # 10240 bytes need 889 ms at 115200
    assert b.run(500 * MS) == OK
