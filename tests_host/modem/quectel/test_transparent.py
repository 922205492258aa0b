"""Transparent mode: everything is data until `+++` between two silences; ATO; &D; the end."""

import random

import pytest

from tests_host.modem.bench import MS, Echo, S, Sink
from tests_host.modem.quectel.bench import CIPHERS, ERROR, OK, QuectelBench
from tests_host.modem.quectel.pki import HOST, SERVER
from tools.modem import TLSService

CONNECT = b"\r\nCONNECT\r\n"


def _tls(service):
    server = TLSService(service, *SERVER, ciphers=CIPHERS)
    b = QuectelBench({(HOST.encode(), 8883): server}).online()
    b.at('AT+QSSLCFG="sslversion",0,3')
    assert b.at(f'AT+QSSLOPEN=2,0,"{HOST}",8883,1', 5 * S) == OK + CONNECT
    return b


def _plain(service):
    b = QuectelBench({(b"host", 7): service}).online()
    for line in ("AT+QIMUX=0", "AT+QIMODE=1"):
        assert b.at(line) == OK
    assert b.at("AT+QIMUX=1") == ERROR  # not with AT+QIMODE=1
    assert b.at('AT+QIOPEN="TCP","host",7', 2 * S) == OK + CONNECT
    return b


@pytest.fixture(params=[_tls, _plain], ids=["tls", "plain"])
def way(request):
    return request.param


def test_bytes_go_through_both_ways_as_they_are(way):
    sink = Sink()
    b = way(sink)
    data = bytes(range(256)) * 8
    assert b.type(data, S) == b"" and sink.got == data
    sink.conns[0].send(data)
    assert b.run(S) == data


def test_what_looks_like_a_command_is_data(way):
    sink = Sink()
    b = way(sink)
    assert b.at("AT+QIDEACT", S) == b"" and sink.got == b"AT+QIDEACT\r"


def test_a_little_data_goes_after_a_silence_and_much_at_once(way):
    sink = Sink()
    b = way(sink)
    assert b.type(b"x", 190 * MS) == b"" and sink.got == b""
    b.run(100 * MS)
    assert sink.got == b"x"
    b.type(b"y" * 3000, 268 * MS)  # 260 ms on the wire, 40 more in the network
    assert len(sink.got) == 1 + 2048


def test_escape_and_back(way):
    echo = Echo()
    b = way(echo)
    b.type(b"before", 1500 * MS)
    assert b.type(b"+++", 900 * MS) == b""
    assert b.run(500 * MS) == OK
    assert echo.got == b"before"
    assert b.at("AT+CGMM") == b"\r\nQuectel_M95\r\n" + OK
    echo.conns[0].send(b"meanwhile")
    assert b.run(S) == b""
    assert b.at("ATO") == CONNECT + b"meanwhile"
    assert b.type(b"after", S) == b"<after>"
    assert echo.got == b"beforeafter"


@pytest.mark.parametrize(
    ("steps", "data"),
    [
        ([(b"a+++", 2000)], b"a+++"),  # no silence before it
        ([(b"", 1500), (b"+++b", 2000)], b"+++b"),  # none after it
        ([(b"", 1500), (b"+++", 900), (b"b", 2000)], b"+++b"),  # too little
        ([(b"a", 900), (b"+++", 2000)], b"a+++"),
        ([(b"", 1500), (b"++", 2000)], b"++"),
        ([(b"", 1500), (b"++++", 2000)], b"++++"),
        ([(b"", 1500), (b"+", 1100), (b"++", 2000)], b"+++"),  # too slow
        ([(b"", 1500), (b"+-+", 2000)], b"+-+"),
    ],
)
def test_what_is_no_escape_sequence_is_data(steps, data):
    sink = Sink()
    b = _plain(sink)
    for piece, ms in steps:
        assert b.type(piece, ms * MS) == b""
    assert sink.got == data
    assert b.at("AT", S) == b"" and sink.got == data + b"AT\r"


def test_escape_may_be_typed_slowly():
    b = _plain(Sink())
    b.run(1500 * MS)
    for _ in range(3):
        assert b.type(b"+", 500 * MS) == b""
    assert b.run(S) == OK


@pytest.mark.parametrize("seed", range(10))
def test_any_pieces_are_the_same_data(seed):
    rng = random.Random(seed)
    sink = Sink()
    b = _plain(sink)
    whole = b""
    for _ in range(40):
        piece = bytes(rng.choice(b"+ab\r\n\x1a") for _ in range(rng.randrange(1, 5)))
        whole += piece
        assert b.type(piece, rng.randrange(1, 800) * MS) == b"", f"seed {seed}"
    b.run(2 * S)
    assert sink.got == whole, f"seed {seed}"


def test_no_urc_in_data_mode(way):
    b = way(Sink())
    b.modem.fault("urc_storm", count=5)
    b.modem.fault("under_voltage")
    assert b.run(S) == b""


@pytest.mark.parametrize(
    ("open_", "told"), [(_tls, b'\r\n+QSSLURC: "closed",2\r\n'), (_plain, b"\r\nCLOSED\r\n")]
)
def test_the_end_brings_back_the_command_line(open_, told):
    sink = Sink()
    b = open_(sink)
    sink.conns[0].close()
    assert b.run(S) == told
    assert b.at("AT") == OK
    assert b.at("ATO") == b"\r\nNO CARRIER\r\n"


def test_packet_data_lost_in_data_mode(way):
    b = way(Sink())
    b.modem.fault("pdp_dropped")
    assert b.run(S).endswith(b"\r\n+PDP DEACT\r\n")
    assert b.at("AT") == OK


def test_dtr_by_its_setting():
    for how, told in ((0, None), (1, b""), (2, b"\r\nCLOSED\r\n")):
        sink = Sink()
        b = QuectelBench({(b"host", 7): sink}).online()
        b.modem.pin("DTR", True, b.now)
        for line in ("AT+QIMUX=0", "AT+QIMODE=1", f"AT&D{how}"):
            assert b.at(line) == OK
        assert b.at('AT+QIOPEN="TCP","host",7', 2 * S) == OK + CONNECT
        b.modem.pin("DTR", False, b.now)
        said = b.run(S)
        if told is None:
            assert said == b"" and b.at("AT") == b""
        else:
            assert said == told and b.at("AT") == OK
            assert b.at("ATO") == (CONNECT if how == 1 else b"\r\nNO CARRIER\r\n")


def test_refused_and_closed():
    b = QuectelBench({(b"host", 7): Sink()}).online()
    b.at('AT+QSSLCFG="sslversion",0,3')
    told = b.at('AT+QSSLOPEN=2,0,"host",8,1', 5 * S)
    assert told == OK + b"\r\n+QSSLOPEN: 2,-1\r\n"
    assert b.at("AT") == OK
    sink = Sink()
    b = _tls(sink)
    b.run(1500 * MS)
    assert b.type(b"+++", 2 * S) == OK
    assert b.at(f'AT+QSSLOPEN=3,0,"{HOST}",8883,1') == ERROR  # one at a time
    assert b.at("AT+QSSLSEND=2,5") == ERROR
    assert b.at("AT+QSSLCLOSE=2", S) == b"\r\n2, CLOSE OK\r\n" and sink.closed_conns == 1


def test_connect_waits_for_the_command_that_runs():
    sink = Sink()
    b = QuectelBench({(b"host", 7): sink}).online()
    for line in ("AT+QIMUX=0", "AT+QIMODE=1"):
        b.at(line)
    b.modem.receive(b'AT+QIOPEN="TCP","host",7\r', b.now)
    b.run(60 * MS)
    told = b.at("AT+CFUN=1", 3 * S)  # more than a second
    assert told.startswith(CONNECT) and told.endswith(OK)
    assert b.type(b"data", S) == b"" and sink.got == b"data"


def test_power_down_in_data_mode_is_told():
    b = _plain(Sink())
    assert b.pulse("PWRKEY", 800 * MS) + b.run(13 * S) == b"\r\nNORMAL POWER DOWN\r\n"
    assert not b.modem.status
