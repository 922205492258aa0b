"""Secure sockets: data mode, sends that look like answers, rings, closing, errors."""

import pytest

from tests_host.modem.bench import MS, Echo, S, Sink
from tests_host.modem.telit.bench import HOST, OK, TelitBench, ok, tls

NASTY = b"\r\nOK\r\n> \r\nERROR\r\nSSLSRING: 1,9\r\nNO CARRIER\r\n\x00\x1a\x1b\x08\xff"
NOT_SUPPORTED = b"\r\n+CME ERROR: operation not supported\r\n"


def bench(service=None, ring=0, idle_s=90, wait=50, size=300, page="he910", dial=True, mode=1):
    server = tls(service or Sink())
    b = TelitBench({(HOST.encode(), 8883): server}, page=page).online().secure()
    b.good(f"AT#SSLCFG=1,1,{size},{idle_s},100,{wait},{ring}")
    b.server = server.service
    if dial:
        assert b.dial(mode=mode) == (OK if mode else b"\r\nCONNECT\r\n")
    return b


def test_what_looks_like_an_answer_is_payload():
    b = bench(Echo())
    for size in (1, len(NASTY), 1500):
        data = (NASTY * 40)[:size]
        assert b.send(data) == OK
        assert b.server.got.endswith(data)
        got, wanted = b"", b"<" + data + b">"
        while len(got) < len(wanted):
            answer = b.at("AT#SSLRECV=1,1000", S)
            count = min(1000, len(wanted) - len(got))
            head = b"\r\n#SSLRECV: %d\r\n" % count
            assert answer[: len(head)] == head and answer[len(head) + count :] == b"\r\n" + OK
            got += answer[len(head) : len(head) + count]
        assert got == wanted


def test_text_up_to_ctrl_z():
    b = bench()
    assert b.at("AT#SSLSEND=1") == b"\r\n> "
    assert b.type(b"\r\nOK\r\nabX\x08c\x1a") == OK and b.server.got == b"\r\nOK\r\nabc"
    b.at("AT#SSLSEND=1")
    assert b.type(b"nothing\x1b") == OK and b.server.got == b"\r\nOK\r\nabc"
    b.at("AT#SSLSEND=1")
    assert b.type(b"x" * 1501 + b"\x1a", S) == b"\r\n+CME ERROR: SSL generic error\r\n"
    assert b.server.got == b"\r\nOK\r\nabc"


def test_payload_is_echoed_with_echo_on():
    b = bench()
    b.good("ATE0")
    b.at("ATE1")
    b.at("AT#SSLSENDEXT=1,3")
    assert b.type(b"abc") == b"abc" + OK


def test_the_prompt_waits_for_every_byte():
    b = bench()
    b.at("AT#SSLSENDEXT=1,10")
    assert b.type(b"12345", 600 * S) == b"" and b.server.got == b""
    assert b.at("AT") == b""  # three bytes of the payload
    assert b.at("AT") == OK and b.server.got == b"12345AT\rAT"


def test_online_mode_sends_by_size_and_by_time():
    b = bench(mode=0, wait=10, size=100)
    b.type(b"a" * 250, 200 * MS)
    assert len(b.server.got) == 200
    b.run(S)
    assert len(b.server.got) == 250
    b.server.conns[0].send(NASTY)
    assert b.run(S) == NASTY
    b.modem.urc("SRING: 6")
    assert b.run(S) == b""  # no URC in data mode


def test_escape_needs_its_guard_times():
    b = bench(mode=0, wait=1)
    for text in (b"a+++", b"+++a", b"++"):
        assert b.type(text, 3 * S) == b""
    assert b.server.got == b"a++++++a++"
    assert b.type(b"+++", 500 * MS) == b""
    assert b.type(b"no", 3 * S) == b"" and b.server.got.endswith(b"+++no")
    assert b.type(b"+++", 3 * S) == OK
    assert b.server.got.endswith(b"+++no")
    b.server.conns[0].send(b"meanwhile")
    b.run(S)
    assert b.at("AT#SSLI=1") == ok(f"#SSLI: 1,{len(b.server.got)},9,9,0")
    assert b.at("AT#SSLO=1", S) == b"\r\nCONNECT\r\nmeanwhile"


def test_escape_can_be_slower_or_off():
    b = bench(dial=False)
    b.good("ATS12=200")
    assert b.at("ATS12?") == ok("200")
    assert b"ERROR" in b.at("ATS12=10")
    assert b.dial(mode=0) == b"\r\nCONNECT\r\n"
    b.run(5 * S)
    assert b.type(b"+++", 3500 * MS) == b"" and b.run(S) == OK
    b.good("AT#SKIPESC=1")
    assert b.at("AT#SSLO=1", 2 * S) == b"\r\nCONNECT\r\n"
    b.run(5 * S)
    assert b.type(b"+++", 20 * S) == b"" and b.server.got == b"+++"


def test_idle_for_too_long():
    b = bench(mode=0, idle_s=30)
    b.run(15 * S)  # AT#SSLD took ten
    b.server.conns[0].send(b"x")
    b.run(S)
    assert b.run(28 * S) == b"" and b.run(3 * S) == b"\r\nNO CARRIER\r\n"
    assert b.server.conns == [] and b.at("AT#SSLS=1") == ok("#SSLS: 1,1")
    b = bench(mode=0, idle_s=0)
    assert b.run(3600 * S) == b""


def test_closed_by_the_server_online():
    b = bench(mode=0)
    b.server.conns[0].send(b"the end")
    b.server.conns[0].close()
    assert b.run(S) == b"the end\r\nNO CARRIER\r\n"
    assert b.at("AT#SSLO=1") == b"\r\n+CME ERROR: SSL not connected\r\n"


def test_read_waits_for_data_and_is_told_of_the_end():
    b = bench()
    b.modem.receive(b"AT#SSLRECV=1,100,50\r", b.now)
    assert b.run(2 * S) == b""
    b.server.conns[0].send(b"late")
    assert b.run(S) == b"\r\n#SSLRECV: 4\r\nlate\r\n" + OK
    assert b.at("AT#SSLRECV=1,100,20", 1900 * MS) == b""
    assert b.run(200 * MS) == b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n" + OK
    b.modem.receive(b"AT#SSLRECV=1,100\r", b.now)
    b.run(S)
    b.server.conns[0].close()
    assert b.run(S) == b"\r\n#SSLRECV: 0\r\nDISCONNECTED\r\n" + OK
    assert b.run(S) == b""
    assert b.at("AT#SSLRECV=1,100") == b"\r\n+CME ERROR: SSL not connected\r\n"


def test_what_was_not_read_can_still_be_read():
    b = bench()
    b.server.conns[0].send(b"0123456789")
    b.server.conns[0].close()
    assert b.run(S) == b""  # neither ring nor NO CARRIER yet
    b.at("AT#SSLSENDEXT=1,1")
    assert b.at("AT#SSLSENDEXT=1,1") == b"\r\n+CME ERROR: SSL disconnected\r\n"
    assert b.at("AT#SSLRECV=1,4") == b"\r\n#SSLRECV: 4\r\n0123\r\n" + OK
    answer = b.at("AT#SSLRECV=1,100")
    assert answer == b"\r\n#SSLRECV: 6\r\n456789\r\n" + OK + b"\r\nNO CARRIER\r\n"


def test_ring_comes_once_and_again_for_what_is_left():
    b = bench(ring=1)
    b.server.conns[0].send(b"x" * 10)
    assert b.run(S) == b"\r\nSSLSRING: 1,10\r\n"
    b.server.conns[0].send(b"x" * 10)
    assert b.run(S) == b""
    answer = b.at("AT#SSLRECV=1,15")
    assert answer == b"\r\n#SSLRECV: 15\r\n" + b"x" * 15 + b"\r\n" + OK + b"\r\nSSLSRING: 1,5\r\n"
    b.at("AT#SSLRECV=1,15")
    b.modem.fault("missing_dataind")
    b.server.conns[0].send(b"silent")
    assert b.run(S) == b""


@pytest.mark.parametrize(("page", "most"), [("ge910", 256), ("he910", 1300), ("me910c1", 1300)])
def test_ring_with_data(page, most):
    b = bench(ring=2, page=page)
    data = (NASTY * 100)[:3000]
    b.server.conns[0].send(data)
    out, got = b.run(2 * S), b""
    while out:
        head, _, rest = out.partition(b",")
        assert head == b"\r\nSSLSRING: 1"
        count, _, rest = rest.partition(b",")
        assert int(count) <= most
        got, out = got + rest[: int(count)], rest[int(count) :]
        assert out[:2] == b"\r\n"
        out = out[2:]
    assert got == data
    assert b.at("AT#SSLRECV=1,10,10", 2 * S) == b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n" + OK


def test_data_waits_for_a_sleeper():
    b = bench(ring=2)
    b.good("AT+CFUN=5")
    b.run(5 * S)
    assert b.modem.asleep
    b.server.conns[0].send(b"morning")
    assert b.run(5 * S) == b""
    b.modem.pin("DTR", True, b.now)
    assert b.run(S) == b"\r\nSSLSRING: 1,7,morning\r\n"


def test_no_carrier_modes():
    for mode, text in ((0, b"NO CARRIER"), (1, b"NO CARRIER:SSL,1"), (2, b"NO CARRIER:SSL,1,1")):
        b = bench(dial=False, page="le910c1")
        b.good(f"AT#SSLCFG=1,1,300,90,100,50,0,{mode}")
        b.dial()
        b.server.conns[0].close()
        assert b.run(S) == b"\r\n" + text + b"\r\n"
    b = bench()
    b.good("AT#SSLH=1")
    assert b.at("AT#SSLCFG=1,1,300,90,100,50,0,1") == NOT_SUPPORTED
    assert b.dial() == OK
    b.at("ATV0")
    b.server.conns[0].close()
    assert b.run(S) == b"3\r"


@pytest.mark.parametrize(
    "line",
    [
        "AT#SSLD=1,443,x", 'AT#SSLD=2,443,"x",0,1', 'AT#SSLD=1,0,"x",0,1',
        "AT#SSLD=1,65536,x,0",
        'AT#SSLD=1,443,"x",1,1', 'AT#SSLD=1,443,"x",0,2', 'AT#SSLD=1,443,"x",0,1,9',
        "AT#SSLSEND=2",
        "AT#SSLSENDEXT=1", "AT#SSLSENDEXT=1,0", "AT#SSLSENDEXT=1,1501", "AT#SSLRECV=1",
        "AT#SSLRECV=1,1001", "AT#SSLRECV=1,0", "AT#SSLRECV=1,10,9", "AT#SSLRECV=1,10,5001",
        "AT#SSLH=1,1", "AT#SSLH=0", "AT#SSLS=7", "AT#SSLO=9", "AT#SSLEN=1", "AT#SSLEN=0,1",
        "AT#SSLEN=1,2", "AT#SSLSECCFG=1,6,1", "AT#SSLSECCFG=1,0,3", "AT#SSLSECCFG=1,0",
        "AT#SSLSECCFG2=1,4", "AT#SSLSECCFG2=1", "AT#SSLCFG=1,2,300,90,100,50",
        "AT#SSLCFG=1,1,1501,90,100,50", "AT#SSLCFG=1,1,300,90,9,50", "AT#SSLCFG=1,1,300,90,100",
        "AT#SSLCFG=1,1,300,90,100,50,3", "AT#SSLSECDATA=1,1,3,10", "AT#SSLSECDATA=1,4,1",
        "AT#SSLSECDATA=1,1,1,0", "AT#SSLSECDATA=1,1,1,2048", "AT#SSLSECDATA=1,1,1",
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit(line):
    b = bench(dial=False)
    assert b.at(line) == NOT_SUPPORTED
    assert b.at("AT+CMEE=1") == OK and b.at(line) == b"\r\n+CME ERROR: 4\r\n"
    assert b.at("AT+CMEE=0") == OK and b.at(line) == b"\r\nERROR\r\n"


def test_order_of_commands():
    b = bench(dial=False)
    b.good("AT#SSLEN=1,0")
    for line in ('AT#SSLD=1,8883,"x",0,1', "AT#SSLSEND=1", "AT#SSLSENDEXT=1,1", "AT#SSLH=1",
                 "AT#SSLRECV=1,1", "AT#SSLO=1", "AT#SSLSECCFG=1,0,0", "AT#SSLSECCFG2=1,3",
                 "AT#SSLCFG=1,1,300,90,100,50", "AT#SSLSECDATA=1,0,1", "AT#SSLSECDATA?",
                 "AT#SSLEN=1,0"):  # fmt: skip
        assert b.at(line) == b"\r\n+CME ERROR: SSL not activated\r\n", line
    assert b.at("AT#SSLS=1") == ok("#SSLS: 1,0")
    b.good("AT#SSLEN=1,1")
    assert b.at("AT#SSLEN=1,1") == b"\r\n+CME ERROR: SSL already activated\r\n"
    for line in ("AT#SSLSEND=1", "AT#SSLSENDEXT=1,1", "AT#SSLH=1", "AT#SSLRECV=1,1", "AT#SSLO=1"):
        assert b.at(line) == b"\r\n+CME ERROR: SSL not connected\r\n", line
    assert b.dial() == OK
    assert b.dial() == b"\r\n+CME ERROR: SSL already connected\r\n"
    for line in ("AT#SSLEN=1,0", "AT#SSLSECDATA=1,0,1", "AT#SSLCFG=1,1,300,90,100,50"):
        assert b.at(line) == b"\r\n+CME ERROR: SSL invalid state\r\n", line
    b.good("AT#SSLH=1")
    b.good("AT#SGACT=1,0")
    assert b.dial() == b"\r\n+CME ERROR: context not opened\r\n"


def test_servers_that_cannot_be_had():
    socket = b"\r\n+CME ERROR: SSL socket error\r\n"
    b = bench(dial=False)
    assert b.dial("none.example") == socket
    b.modem.fault("refused", for_s=5)
    assert b.dial() == socket
    b.run(5 * S)
    b.modem.fault("unreachable", for_s=200)
    assert b.dial(us=139 * S) == b"" and b.run(5 * S) == socket
    b = bench()
    b.modem.fault("pdp_dropped")
    assert b.run(S) == b"\r\nNO CARRIER\r\n"
    assert b.at("AT#SGACT?") == ok("#SGACT: 1,0")


def test_another_user_of_the_module():
    b = bench(dial=False)
    b.good("AT#SSLEN=1,0")
    b.modem.fault("tls_held", for_s=10)
    wanted = b"\r\n+CME ERROR: Resource used by another instance\r\n"
    for line in ("AT#SSLEN=1,1", "AT#SSLEN=1,0", "AT#SSLSECCFG=1,0,0", "AT#SSLCFG=1,1,0,0,10,0"):
        assert b.at(line) == wanted, line
    assert b.at("AT#HTTPCFG=0,x,443,0,,,1") == wanted
    assert b.at("AT#FTPCFG=100,0,1") == wanted
    b.run(10 * S)
    assert b.at("AT#SSLEN=1,1") == OK


def test_sockets_side_by_side():
    server = tls(Echo())
    b = TelitBench({(HOST.encode(), 8883): server}, page="me910c1").online()
    for number in (1, 2, 6):
        b.secure(number=number)
        assert b.dial(number=number) == OK
        assert b.send(b"%d" % number, number=number) == OK
    for number in (6, 1, 2):
        answer = b.at(f"AT#SSLRECV={number},10")
        assert answer == b"\r\n#SSLRECV: 3\r\n<%d>\r\n" % number + OK
    assert b"ERROR" in b.at("AT#SSLEN=7,1")
