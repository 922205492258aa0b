"""Plain and TLS sockets: opening, announcing, sending, reading, closing, one stack for both."""

import random

import pytest

from tests_host.modem.bench import MS, Echo, S, Sink
from tests_host.modem.quectel.bench import CIPHERS, ERROR, OK, QuectelBench
from tests_host.modem.quectel.pki import HOST, SERVER
from tools.modem import TLSService

SEND_OK = b"\r\nSEND OK\r\n"
HOSTILE = [
    b"\r\nOK\r\n",
    b"\r\nERROR\r\n",
    b"\r\n> ",
    b"+++",
    b"\r\nSEND OK\r\n\r\nSEND FAIL\r\n",
    b'\r\n+QSSLURC: "closed",1\r\n',
    b"\r\n+PDP DEACT\r\n\r\nRDY\r\n",
    b"1, CLOSED\r\n\r\n+QIRDI: 0,1,1\r\n",
    b"\x00\x1a\x1b\x08\x7f\xff" * 5,
    b"AT+QIDEACT\r",
]


def _open(b, cid=1, host="host", port=7, us=2 * S):
    return b.at(f'AT+QIOPEN={cid},"TCP","{host}",{port}', us)


def _tls(service, **options):
    """A bench with an open TLS socket 1 (nobody is verified) and a plain service on host:7."""
    server = TLSService(service, *SERVER, ciphers=CIPHERS)
    b = QuectelBench({(HOST.encode(), 8883): server, (b"host", 7): Echo()}, **options).online()
    assert b.at('AT+QSSLCFG="sslversion",0,3') == OK
    told = b.at(f'AT+QSSLOPEN=1,0,"{HOST}",8883,0', 5 * S)
    assert told == OK + b"\r\n+QSSLOPEN: 1,0\r\n"
    return b


def test_results_of_opening():
    b = QuectelBench({(b"host", 7): Echo()}).on()
    assert _open(b) == ERROR  # no stack
    b = QuectelBench({(b"host", 7): Echo()}).online()
    assert _open(b, host="nowhere") == OK + b"\r\n1, CONNECT FAIL\r\n"
    assert _open(b, port=8) == OK + b"\r\n1, CONNECT FAIL\r\n"
    assert _open(b) == OK + b"\r\n1, CONNECT OK\r\n"
    assert _open(b) == b"\r\n1, ALREADY CONNECT\r\n"
    b.modem.fault("unreachable", for_s=200)
    assert _open(b, 2, us=74 * S) == OK
    assert b.run(2 * S) == b"\r\n2, CONNECT FAIL\r\n"


@pytest.mark.parametrize(
    "args",
    [
        '"TCP","host",7',
        '6,"TCP","host",7',
        '1,"UDP","host",7',
        "1,TCP,host,7",
        '1,"TCP",host,7',
        '1,"TCP","host",0',
        '1,"TCP","host",65536',
        '1,"TCP","host","7"',
        '1,"TCP","host"',
        '1,"TCP","host",7,1',
        '1,"TCP","' + "h" * 101 + '",7',
        "",
    ],
)
def test_wrong_opening(args):
    b = QuectelBench({(b"host", 7): Echo()}).online()
    assert b.at("AT+QIOPEN=" + args, S) == ERROR


@pytest.mark.parametrize(
    "args",
    [
        '6,0,"host",7,0',
        '1,6,"host",7,0',
        "1,0,host,7,0",
        '1,0,"host",0,0',
        '1,0,"host",7,2',
        '1,0,"host",7',
        '1,0,"host",7,0,9',
        '1,0,"host",7,0,301',
        '1,0,"host",7,0,90,1',
        "",
    ],
)
def test_wrong_tls_opening(args):
    b = QuectelBench({(b"host", 7): Echo()}).online()
    assert b.at("AT+QSSLOPEN=" + args, S) == ERROR


def test_names_need_qidnsip_and_tls_needs_qimux():
    b = QuectelBench({(b"host", 7): Echo(), (b"1.2.3.4", 7): Echo()}).online(names=False)
    assert _open(b) == ERROR and b.at('AT+QSSLOPEN=1,0,"host",7,0') == ERROR
    assert _open(b, host="1.2.3.4") == OK + b"\r\n1, CONNECT OK\r\n"
    b.at("AT+QICLOSE=1", S)
    assert b.at("AT+QIMUX=0") == OK
    assert b.at('AT+QSSLOPEN=1,0,"1.2.3.4",7,0') == ERROR


def test_opening_of_tls_has_a_limit():
    b = QuectelBench({(b"host", 7): Echo()}).online()
    b.at('AT+QSSLCFG="sslversion",0,3')
    b.modem.fault("unreachable", for_s=200)
    assert b.at('AT+QSSLOPEN=1,0,"host",7,0,10', 9 * S) == OK
    assert b.run(2 * S) == b"\r\n+QSSLOPEN: 1,-1\r\n"
    assert b.at('AT+QSSLOPEN=1,0,"host",7,0', 89 * S) == OK  # 90 s where nothing is said
    assert b.run(2 * S) == b"\r\n+QSSLOPEN: 1,-1\r\n"


def test_an_index_is_either_plain_or_tls():
    b = _tls(Echo())
    assert _open(b, 1) == b"\r\n1, ALREADY CONNECT\r\n"
    assert _open(b, 2) == OK + b"\r\n2, CONNECT OK\r\n"
    assert b.at(f'AT+QSSLOPEN=2,0,"{HOST}",8883,0', S) == OK + b"\r\n+QSSLOPEN: 2,-2\r\n"
    assert b.at(f'AT+QSSLOPEN=1,0,"{HOST}",8883,0', S) == OK + b"\r\n+QSSLOPEN: 1,-2\r\n"
    for line in ("QISEND=1,5", "QIRD=0,1,1,100", "QICLOSE=1", "QISACK=1"):
        assert b.at("AT+" + line) == ERROR
    for line in ("QSSLSEND=2,5", "QSSLRECV=0,2,100", "QSSLCLOSE=2"):
        assert b.at("AT+" + line) == ERROR
    assert b.at("AT+QIMUX=0") == ERROR  # not while there are sockets
    assert b.at("AT+QSSLSTATE") == (
        b'\r\n+QSSLSTATE: "IP PROCESSING"\r\n\r\n'
        b'+QSSLSTATE: 0,"TCP","",0,"INITIAL",0\r\n'
        b'+QSSLSTATE: 1,"TCP","203.0.113.170",8883,"CONNECTED",1\r\n'
        b'+QSSLSTATE: 2,"TCP","203.0.113.193",7,"CONNECTED",0\r\n'
        b'+QSSLSTATE: 3,"TCP","",0,"INITIAL",0\r\n'
        b'+QSSLSTATE: 4,"TCP","",0,"INITIAL",0\r\n'
        b'+QSSLSTATE: 5,"TCP","",0,"INITIAL",0\r\n' + OK
    )
    assert b'+QISTAT: 2,"TCP","203.0.113.193",7,"CONNECTED"\r\n' in b.at("AT+QISTAT")


def test_six_sockets_at_once():
    echo = Echo()
    b = QuectelBench({(b"host", 7): echo}).online()
    for cid in range(6):
        assert _open(b, cid) == OK + b"\r\n%d, CONNECT OK\r\n" % cid
    for cid in range(6):
        told = b.send(f"AT+QISEND={cid},1", b"%d" % cid)
        assert told == SEND_OK + b"\r\n+QIRDI: 0,1,%d\r\n" % cid
    assert len(echo.conns) == 6


def test_data_is_announced_once_until_it_has_been_read():
    sink = Sink()
    b = _tls(sink)
    conn = sink.conns[0]
    conn.send(b"one")
    assert b.run(S) == b'\r\n+QSSLURC: "recv",0,1\r\n'
    conn.send(b"two")
    assert b.run(S) == b""
    assert b"TCP,3\r\none" + OK in b.at("AT+QSSLRECV=0,1,3")
    conn.send(b"three")
    assert b.run(S) == b""  # not empty yet
    assert b"TCP,8\r\ntwothree" + OK in b.at("AT+QSSLRECV=0,1,1500")
    assert b.at("AT+QSSLRECV=0,1,1500") == OK
    conn.send(b"four")
    assert b.run(S) == b'\r\n+QSSLURC: "recv",0,1\r\n'


@pytest.mark.parametrize(
    "line",
    [
        "QSSLRECV=0,1,0", "QSSLRECV=0,1,1501", "QSSLRECV=1,1,100", "QSSLRECV=2,1,100",
        "QSSLRECV=0,0,100", "QSSLRECV=0,6,100", "QSSLRECV=0,1", "QSSLRECV=0,1,100,1",
        "QSSLSEND=1,0", "QSSLSEND=1,1461", "QSSLSEND=0,5", "QSSLSEND", "QSSLSEND=1,5,5",
        "QSSLCLOSE=0", "QSSLCLOSE=1,2", "QSSLCLOSE=1,0,0",
    ],
)  # fmt: skip
def test_wrong_use_of_a_tls_socket(line):
    assert _tls(Echo()).at("AT+" + line) == ERROR


@pytest.mark.parametrize(
    "line",
    [
        "QIRD=0,1,1,0", "QIRD=0,1,1,1501", "QIRD=1,1,1,9", "QIRD=0,2,1,9", "QIRD=0,1,2,9",
        "QIRD=1,9", "QISEND=1,1461", "QISEND=1,0", "QISEND=2,5", "QISEND", "QICLOSE", "QICLOSE=2",
        "QISACK=2", "QIMODE=1",
    ],
)  # fmt: skip
def test_wrong_use_of_a_plain_socket(line):
    b = QuectelBench({(b"host", 7): Echo()}).online()
    assert _open(b) == OK + b"\r\n1, CONNECT OK\r\n"
    assert b.at("AT+" + line) == ERROR


@pytest.mark.parametrize("payload", HOSTILE)
def test_payloads_that_look_like_answers(payload):
    echo = Echo()
    b = _tls(echo)
    told = b.send(f"AT+QSSLSEND=1,{len(payload)}", payload)
    assert told == SEND_OK + b'\r\n+QSSLURC: "recv",0,1\r\n' and echo.got == payload
    back = b"<" + payload + b">"
    told = b.at("AT+QSSLRECV=0,1,1500")
    assert told == b"\r\n+QSSLRECV: 203.0.113.170:8883,TCP,%d\r\n%s" % (len(back), back) + OK


def test_full_sized_sends_arrive_in_order():
    rng = random.Random(7)
    sink = Sink()
    b = _tls(sink)
    whole = b""
    for _ in range(5):
        piece = rng.randbytes(1460)
        whole += piece
        assert b.send("AT+QSSLSEND=1,1460", piece) == SEND_OK
    assert sink.got == whole


def test_text_up_to_ctrl_z():
    sink = Sink()
    b = _tls(sink)
    assert b.at("AT+QSSLSEND=1") == b"\r\n> "
    assert b.type(b"one\r\ntwo>\x08", 2 * S) == b""
    assert b.type(b"!\x1a") == SEND_OK and sink.got == b"one\r\ntwo>\x08!"
    assert b.at("AT+QSSLSEND=1") == b"\r\n> "
    assert b.type(b"never mind\x1b") == OK and sink.got.endswith(b"!")
    assert b.at("AT+QSSLSEND=1") == b"\r\n> "
    assert b.type(b"x" * 1461 + b"\x1a", S) == ERROR
    assert b.at("AT+QSSLSEND=1") == b"\r\n> "
    assert b.type(b"x" * 1460 + b"\x1a", S) == SEND_OK
    assert b.at("AT+QSSLSEND=1") == b"\r\n> "
    assert b.type(b"abc", 29 * S) == b""
    assert b.run(2 * S) == ERROR  # no Ctrl-Z
    assert b.at("AT") == OK


def test_payload_that_does_not_come_takes_the_next_commands_with_it():
    sink = Sink()
    b = _tls(sink)
    assert b.at("AT+QSSLSEND=1,6") == b"\r\n> "
    assert b.type(b"12345", S) == b""
    assert b.at("AT") == SEND_OK  # its first byte was the sixth
    assert sink.got == b"12345A"
    assert b.at("AT+QSSLSEND=1,60") == b"\r\n> "
    assert b.at("AT", 31 * S) == ERROR
    assert b.at("AT") == OK


def test_prompt_and_send_ok_can_be_off():
    sink = Sink()
    b = _tls(sink)
    for how, prompt, told in ((0, b"", SEND_OK), (1, b"\r\n> ", SEND_OK), (2, b"", b"")):
        assert b.at(f"AT+QIPROMPT={how}") == OK
        assert b.at("AT+QSSLSEND=1,2") == prompt
        assert b.type(b"hi") == told
    assert sink.got == b"hihihi"
    assert b.at("AT") == OK


def test_peer_closes_and_what_was_not_read_is_lost():
    sink = Sink()
    b = _tls(sink)
    assert _open(b, 2) == OK + b"\r\n2, CONNECT OK\r\n"
    sink.conns[0].send(b"lost")
    sink.conns[0].close()
    assert b.run(S) == b'\r\n+QSSLURC: "recv",0,1\r\n\r\n+QSSLURC: "closed",1\r\n'
    assert b.at("AT+QSSLRECV=0,1,100") == b.at("AT+QSSLCLOSE=1") == ERROR
    b.modem.fault("socket_closed", cid=2)
    assert b.run(S) == b"\r\n2, CLOSED\r\n"
    assert b.at("AT+QICLOSE=2") == ERROR


def test_peer_closes_between_prompt_and_payload():
    sink = Sink()
    b = _tls(sink)
    assert b.at("AT+QSSLSEND=1,5") == b"\r\n> "
    sink.conns[0].close()
    assert b.run(S) == b'\r\n+QSSLURC: "closed",1\r\n'
    assert b.type(b"12345") == ERROR


def test_form_of_closing():
    b = _tls(Echo(), bare_close=True)
    assert b.at("AT+QSSLCLOSE=1", S) == b"\r\nCLOSE OK\r\n"


def test_closing_while_it_opens():
    b = QuectelBench({(b"host", 7): Echo()}).online()
    b.modem.fault("unreachable", for_s=30)
    assert _open(b, 1, us=S) == OK
    assert b.at("AT+QICLOSE=1", S) == b"\r\n1, CLOSE OK\r\n"
    assert b.run(100 * S) == b""
    assert _open(b, 1) == OK + b"\r\n1, CONNECT OK\r\n"


def test_acknowledged_bytes():
    b = QuectelBench({(b"host", 7): Sink()}).online()
    _open(b)
    assert b.at("AT+QISEND=1,5") == b"\r\n> "
    assert b.type(b"hello", 100 * MS) == SEND_OK
    assert b.at("AT+QISACK=1", 50 * MS) == b"\r\n+QISACK: 5,0,5\r\n" + OK
    b.run(S)
    assert b.at("AT+QISACK=1") == b"\r\n+QISACK: 5,5,0\r\n" + OK
    b.modem.fault("network_dead")
    b.send("AT+QISEND=1,3", b"abc")  # SEND OK: queued
    b.run(60 * S)
    assert b.at("AT+QISACK=1") == b"\r\n+QISACK: 8,5,3\r\n" + OK


@pytest.mark.parametrize("fault", ["network_dead", "network_stall"])
def test_what_is_not_acknowledged_fills_the_window(fault):
    sink = Sink()
    b = _tls(sink)
    b.modem.fault(fault)
    told = [b.send("AT+QSSLSEND=1,1460", b"x" * 1460) for _ in range(13)]
    assert told == [SEND_OK] * 11 + [b"\r\nSEND FAIL\r\n"] * 2
    b.run(40 * S)
    told = b.send("AT+QSSLSEND=1,4", b"more")
    if fault == "network_dead":
        assert told == b"\r\nSEND FAIL\r\n" and sink.got == b""
    else:
        assert told == SEND_OK and sink.got == b"x" * 11 * 1460 + b"more"


def test_qideact_closes_without_a_word():
    echo = Echo()
    b = _tls(echo)
    _open(b, 2)
    assert b.at("AT+QIDEACT", 3 * S) == b"\r\nDEACT OK\r\n" and echo.closed_conns == 1
    assert b.at("AT+QSSLSTATE").startswith(b'\r\n+QSSLSTATE: "IP INITIAL"\r\n')
    assert _open(b, 2) == ERROR


def test_pdp_deact_stalls_all_until_the_three_commands():
    b = _tls(Echo())
    _open(b, 2)
    b.modem.fault("pdp_dropped")
    assert b.run(S) == (b'\r\n+QSSLURC: "closed",1\r\n\r\n2, CLOSED\r\n\r\n+PDP DEACT\r\n')
    assert b.at("AT+QSSLSTATE").startswith(b'\r\n+QSSLSTATE: "PDP DEACT"\r\n')
    for line in ("QIACT", "QIREGAPP", "QILOCIP", 'QICSGP=1,"x"', 'QSSLOPEN=1,0,"host",7,0'):
        assert b.at("AT+" + line) == ERROR
    assert _open(b, 2) == ERROR
    assert b.at("AT+QIDEACT", 3 * S) == b"\r\nDEACT OK\r\n"
    assert b.at("AT+QIREGAPP") == OK and b.at("AT+QIACT", 5 * S) == OK
    assert _open(b, 2) == OK + b"\r\n2, CONNECT OK\r\n"
