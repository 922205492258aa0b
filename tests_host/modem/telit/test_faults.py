"""Faults, as far as the Telit pages have something of their own in them; fuzzing."""

import random

import pytest

from tests_host.modem.bench import MS, Echo, S, Sink
from tests_host.modem.telit.bench import HOST, OK, TelitBench, ok, tls
from tests_host.modem.test_fuzz import fuzz_line
from tools.modem.pages.telit import Telit


def bench(service=None, ring=1, page="he910"):
    server = tls(service or Echo())
    b = TelitBench({(HOST.encode(), 8883): server}, page=page).online().secure()
    b.good(f"AT#SSLCFG=1,1,300,90,100,50,{ring}")
    b.server = server.service
    assert b.dial() == OK
    return b


def test_commands_are_named_with_their_sign():
    b = bench()
    b.modem.fault("error", command="AT#SSLRECV", cme=840)
    assert b.at("AT+CSQ").endswith(OK)
    assert b.at("AT#SSLRECV=1,1") == b"\r\n+CME ERROR: SSL disconnected\r\n"
    b.modem.faults.plan("socket_closed", after_command="#SSLSENDEXT")
    b.at("AT#SSLSENDEXT=1,1")
    assert b.type(b"x", S) == OK + b"\r\nNO CARRIER\r\n"


@pytest.mark.parametrize("number", range(830, 842))
def test_each_error_of_the_guide(number):
    texts = (
        "generic error", "cannot activate", "socket error", "not connected", "already connected",
        "already activated", "not activated", "certs and keys wrong or not stored",
        "error enc/dec data", "error during handshake", "disconnected", "invalid state",
    )  # fmt: skip
    b = TelitBench().on()
    b.modem.fault("error", command="#SSLEN", cme=number, count=3)
    wanted = f"\r\n+CME ERROR: SSL {texts[number - 830]}\r\n"
    assert b.at("AT#SSLEN=1,1") == wanted.encode()
    b.good("AT+CMEE=1")
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: %d\r\n" % number
    b.good("AT+CMEE=0")
    assert b.at("AT#SSLEN=1,1") == b"\r\nERROR\r\n"


def test_sends_are_refused():
    b = bench(Sink())
    b.modem.fault("send_refused", stage="prompt")
    assert b.at("AT#SSLSENDEXT=1,1") == b"\r\n+CME ERROR: SSL error enc/dec data\r\n"
    b.modem.fault("send_refused")
    b.at("AT#SSLSENDEXT=1,1")
    assert b.type(b"x") == b"\r\n+CME ERROR: SSL error enc/dec data\r\n"
    assert b.server.got == b"" and b.send(b"y") == OK


def test_late_answer_and_no_answer():
    b = bench(Sink())
    b.modem.fault("late", s=5.0, command="#SSLSENDEXT", busy=1)
    b.at("AT#SSLSENDEXT=1,1")
    assert b.type(b"x", 4 * S) == b"" and b.run(2 * S) == OK
    b.modem.fault("no_answer", command="#SSLS")
    assert b.at("AT#SSLS=1") == b"" and b.at("AT#SSLS=1") == ok("#SSLS: 1,2,0")


def test_urcs_stand_before_and_behind_a_payload_never_in_it():
    b = bench()
    b.modem.fault("urc_anywhere", rate=1.0)
    samples = [b"\r\n" + text.encode() + b"\r\n" for text in Telit.SAMPLE_URCS]
    b.at("AT#SSLSENDEXT=1,100")
    b.type(bytes(range(100)), S)
    out = b.at("AT#SSLRECV=1,200", S)
    body = b"\r\n#SSLRECV: 102\r\n<" + bytes(range(100)) + b">\r\n"
    assert out.count(body) == 1
    rest = out.replace(body, b"").replace(OK, b"")
    for sample in samples:
        rest = rest.replace(sample, b"")
    assert rest == b""


def test_restart_in_the_middle_of_an_answer():
    b = bench()
    b.at("AT#SSLSENDEXT=1,1")
    b.type(b"x", S)
    b.modem.fault("reboot_in_command", command="#SSLRECV")
    out = b.at("AT#SSLRECV=1,10", S)
    assert b"#SSLRECV: 3\r\n<x>\r\n\r\nOK\r\n".startswith(out[2:]) and OK not in out
    b.run(20 * S)
    assert b.server.conns == []
    assert b.at("AT#SSLS=1") == b"AT#SSLS=1\r" + ok("#SSLS: 1,0")
    assert b.at("AT#SGACT?").endswith(ok("#SGACT: 1,0"))


def test_lost_payload_byte_and_the_way_back():
    b = bench(Sink())
    b.at("AT#SSLSENDEXT=1,10")
    b.modem.fault("lose", rate=1, dir="in", count=1)
    assert b.type(b"0123456789", 60 * S) == b""
    assert b.type(b"\r", S) == OK and b.server.got == b"123456789\r"
    assert b.at("AT") == OK


@pytest.mark.parametrize(
    "fault", ["socket_closed", "pdp_dropped", "registration_lost", "sim_removed"]
)
def test_the_connection_is_lost(fault):
    b = bench(Sink())
    b.modem.fault(fault)
    assert b.run(S).endswith(b"\r\nNO CARRIER\r\n")
    assert b.at("AT#SSLSENDEXT=1,1") == b"\r\n+CME ERROR: SSL not connected\r\n"
    active = int(fault == "socket_closed")
    assert b.at("AT#SGACT?") == ok(f"#SGACT: 1,{active}")


def test_dead_without_a_word_and_stalled():
    b = bench()
    b.modem.fault("network_stall", for_s=8)
    assert b.send(b"x") == OK
    assert b.run(5 * S) == b"" and b"SSLSRING: 1,3" in b.run(5 * S)
    b.modem.fault("network_dead")
    assert b.send(b"x") == OK and b.run(600 * S) == b""


def test_stall_in_the_handshake_ends():
    server = tls(Echo())
    b = TelitBench({(HOST.encode(), 8883): server}).online().secure()
    b.modem.receive(f'AT#SSLD=1,8883,"{HOST}",0,1,50\r'.encode(), b.now)
    b.run(150 * MS)
    b.modem.fault("network_stall", for_s=400)
    assert (
        b.run(4 * S) == b"" and b.run(2 * S) == b"\r\n+CME ERROR: SSL error during handshake\r\n"
    )


def test_an_under_voltage_says_nothing():
    b = bench()
    b.modem.fault("under_voltage")
    assert b.run(S) == b""


NAMES = [
    name for name in Telit.COMMANDS if name not in ("IPR", "#SHDN", "S", "#SKIPESC", "&P", "&W")
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("page", ["gl865", "he910", "me910g1"])
def test_random_lines(page, seed):
    rng = random.Random(seed)
    b = TelitBench(
        {(b"host", 7): Echo(), (HOST.encode(), 8883): tls(Echo())}, page=page, seed=seed
    )
    b.online().secure(ca=None, mode=0)
    for _ in range(150):
        line = fuzz_line(rng, NAMES).replace(b"AT+#", b"AT#")
        b.type(line, rng.choice([1 * MS, 100 * MS, 2 * S]))
        if rng.random() < 0.2:
            b.type(rng.randbytes(rng.randrange(100)) + b"\x1a", 100 * MS)
    b.run(400 * S)
    b.modem.pin("DTR", True, b.now)
    for _ in range(2):  # whatever is being waited for: it is full now, or escaped from
        b.type(b"\x1b", S)
        b.type(b"x" * 1500, 2 * S)
        b.run(2 * S)
        b.type(b"+++", 3 * S)
    b.run(400 * S)
    b.type(b"\r", S)
    b.at("ATV1Q0", S)
    assert b.at("AT", S).endswith(OK), f"seed {seed}"
