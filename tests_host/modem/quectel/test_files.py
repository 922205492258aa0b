"""Certificates and keys: names, sizes, checksums, the way they come in, what survives."""

import random

import pytest

from tests_host.modem.bench import MS, S
from tests_host.modem.quectel.bench import OK, QuectelBench
from tests_host.modem.quectel.pki import AUTHORITY, xor16
from tools.modem.pages.quectel_files import checksum

CONNECT = b"\r\nCONNECT\r\n"
NO = b"\r\n+CME ERROR: %d\r\n"


@pytest.mark.parametrize("seed", range(30))
def test_checksum_is_the_xor_of_words(seed):
    rng = random.Random(seed)
    data = rng.randbytes(rng.choice([1, 2, 3, 100, 2025, 4000]))
    assert checksum(data) == xor16(data), f"seed {seed}"


def test_checksum_by_hand():
    assert checksum(b"\x12\x34") == 0x1234
    assert checksum(b"\x12\x34\x01") == 0x1334
    assert checksum(b"\x12\x34\x12\x34") == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ('"NVRAM:CA2",100', 50),
        ('"NVRAM:ca0",100', 50),
        ('"NVRAM:CC1",100', 50),
        ('"NVRAM:",100', 50),
        ('"RAM:",100', 50),
        ('"CA0",100', 50),
        ('"RAM:a b",100', 50),
        ("RAM:x,100", 50),
        ('"RAM:x"', 50),
        ('"RAM:x",0', 50),
        ('"RAM:x",32769', 50),
        ('"RAM:x","100"', 50),
        ('"NVRAM:CA0",2026', 50),
        ('"NVRAM:CA0",0', 50),
        ('"RAM:x",100,2', 50),
        ('"RAM:x",100,201', 50),
        ('"RAM:x",100,100,1', 50),
    ],
)
def test_refused_uploads(args, code):
    b = QuectelBench().on()
    assert b.at("AT+QSECWRITE=" + args) == NO % code


@pytest.mark.parametrize(
    ("name", "size"), [("NVRAM:CK0", 2025), ("NVRAM:CA1", 1), ("RAM:x", 32768)]
)
def test_largest_and_smallest(name, size):
    b = QuectelBench().on()
    data = random.Random(size).randbytes(size)
    assert b.at(f'AT+QSECWRITE="{name}",{size}') == CONNECT
    told = b.type(data, 6 * S)
    assert told == b"\r\n+QSECWRITE: %d,%x\r\n" % (size, xor16(data)) + OK
    assert b.at(f'AT+QSECREAD="{name}"') == b"\r\n+QSECREAD: 1,%x\r\n" % xor16(data) + OK


def test_ram_has_an_end():
    b = QuectelBench().on()
    for name in ("RAM:a", "RAM:b"):
        assert b.at(f'AT+QSECWRITE="{name}",32768') == CONNECT
        assert OK in b.type(b"x" * 32768, 6 * S)
    assert b.at('AT+QSECWRITE="RAM:c",1') == NO % 20


def test_what_is_there_must_be_deleted_first():
    b = QuectelBench().on()
    b.upload("NVRAM:CA0", b"first")
    assert b.at('AT+QSECWRITE="NVRAM:CA0",5,100') == NO % 3
    assert b.at('AT+QSECDEL="NVRAM:CA0"') == OK
    assert b.at('AT+QSECDEL="NVRAM:CA0"') == NO % 22
    assert b.at('AT+QSECREAD="NVRAM:CA0"') == NO % 22
    assert b.upload("NVRAM:CA0", b"other").startswith("5,")


@pytest.mark.parametrize("line", ["AT+QSECREAD", "AT+QSECDEL"])
def test_names_are_checked_everywhere(line):
    b = QuectelBench().on()
    for name in ('"NVRAM:CA9"', "RAM:x", '"RAM:x",1', ""):
        assert b.at(f"{line}={name}") == NO % 50


def test_nvram_survives_and_ram_does_not():
    b = QuectelBench().on()
    b.upload("NVRAM:CA0", b"kept")
    b.upload("RAM:ca", b"gone")
    b.modem.fault("reboot")
    b.run(10 * S)
    b.at("ATE0")
    assert b.at('AT+QSECREAD="NVRAM:CA0"').startswith(b"\r\n+QSECREAD: 1,")
    assert b.at('AT+QSECREAD="RAM:ca"') == NO % 22


def test_escape_sequence_ends_an_upload_early():
    b = QuectelBench().on()
    assert b.at('AT+QSECWRITE="RAM:x",1000,100') == CONNECT
    b.type(b"half of it", 1500 * MS)
    assert b.type(b"+++", 900 * MS) == b""
    told = b.run(S)
    assert told == b"\r\n+QSECWRITE: 10,%x\r\n" % xor16(b"half of it") + OK


def test_plus_signs_inside_are_data():
    b = QuectelBench().on()
    data = b"ab+++cd+++"
    assert b.at(f'AT+QSECWRITE="RAM:x",{len(data)}') == CONNECT
    assert b.type(data, 3 * S) == b"\r\n+QSECWRITE: 10,%x\r\n" % xor16(data) + OK
    b.at('AT+QSECWRITE="RAM:y",6')
    b.run(2 * S)
    assert b.type(b"+++", 500 * MS) == b""
    assert b.type(b"abc", S) == b"\r\n+QSECWRITE: 6,%x\r\n" % xor16(b"+++abc") + OK


def test_upload_that_comes_too_late_leaves_nothing():
    b = QuectelBench().on()
    assert b.at('AT+QSECWRITE="NVRAM:CA0",100,5') == CONNECT
    assert b.type(b"x" * 60, 4 * S) == b""
    assert b.run(2 * S) == NO % 100
    assert b.at('AT+QSECREAD="NVRAM:CA0"') == NO % 22
    assert b.at("AT") == OK


def test_a_size_that_differs_is_no_sign_of_damage():
    b = QuectelBench(sec_size="less").on()
    size, told = b.upload("NVRAM:CA0", AUTHORITY.pem).split(",")
    assert int(size) < len(AUTHORITY.pem) and int(told, 16) == xor16(AUTHORITY.pem)
    assert b.at('AT+QSECREAD="NVRAM:CA0"') == b"\r\n+QSECREAD: 1,%s\r\n" % told.encode() + OK


def test_damage_is_seen_by_qsecread():
    b = QuectelBench().on()
    b.upload("NVRAM:CA0", AUTHORITY.pem)
    b.modem.fault("file_corrupt", file="NVRAM:CA0")
    assert b.at('AT+QSECREAD="NVRAM:CA0"').startswith(b"\r\n+QSECREAD: 0,")
    b.at('AT+QSECDEL="NVRAM:CA0"')
    b.upload("NVRAM:CA0", AUTHORITY.pem)
    assert b.at('AT+QSECREAD="NVRAM:CA0"').startswith(b"\r\n+QSECREAD: 1,")


def test_file_that_it_comes_with():
    b = QuectelBench(files={"CA0": AUTHORITY.pem}).on()
    told = b.at('AT+QSECREAD="NVRAM:CA0"')
    assert told == b"\r\n+QSECREAD: 1,%x\r\n" % xor16(AUTHORITY.pem) + OK


def test_upload_is_paced_by_the_line():
    b = QuectelBench().on()
    b.at('AT+QSECWRITE="RAM:x",11520')
    assert b.type(b"x" * 11520, 990 * MS) == b""  # a second at 115200
    assert b.run(500 * MS).endswith(OK)
