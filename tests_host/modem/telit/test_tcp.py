"""Plain sockets of the Telit pages."""

import pytest

from tests_host.modem.bench import Echo, S, Sink
from tests_host.modem.telit.bench import OK, TelitBench, ok

NOT_ALLOWED = b"\r\n+CME ERROR: operation not allowed\r\n"
NOT_SUPPORTED = b"\r\n+CME ERROR: operation not supported\r\n"
DIAL = 'AT#SD=1,0,7,"plain.example",0,0,1'


def bench(service=None, dial=True, **options):
    b = TelitBench({(b"plain.example", 7): service or Echo()}, **options).online()
    if dial:
        b.good(DIAL)
    return b


@pytest.mark.parametrize("page", ["gl865", "he910", "le910c1", "els63"])
def test_send_and_receive(page):
    b = bench(page=page)
    data = b"\r\nOK\r\n\x1a\x1b\x08>"
    assert b.at(f"AT#SSENDEXT=1,{len(data)}") == b"\r\n> "
    assert b.type(data) == OK + b"\r\nSRING: 1\r\n"
    assert b.at("AT#SI=1") == ok(f"#SI: 1,{len(data)},{len(data) + 2},{len(data) + 2},0")
    assert b.at("AT#SS=1") == ok("#SS: 1,3,100.64.132.137,61119,10.0.0.1,7")
    answer = b.at("AT#SRECV=1,4")
    assert answer == b"\r\n#SRECV: 1,4\r\n<\r\nO\r\n" + OK + b"\r\nSRING: 1\r\n"
    answer = b.at("AT#SRECV=1,100")
    assert answer == b"\r\n#SRECV: 1,%d\r\n" % (len(data) - 2) + data[3:] + b">\r\n" + OK
    assert b.at("AT#SRECV=1,100") == NOT_ALLOWED  # nothing waits
    assert b.at("AT#SSEND=1") == b"\r\n> "
    assert b.type(b"tezt\x08\x08st\x1a").startswith(OK)
    b.good("AT#SH=1")
    b.good("AT#SH=1")
    assert b.at("AT#SS=1") == ok("#SS: 1,0")
    assert b.at("AT#SSENDEXT=1,1") == NOT_ALLOWED


def test_rings():
    for mode, ring in ((1, b"SRING: 1,5"), (2, b"SRING: 1,5,hello")):
        sink = Sink()
        b = bench(sink, dial=False)
        b.good(f"AT#SCFGEXT=1,{mode},0,0")
        b.good(DIAL)
        sink.conns[0].send(b"hello")
        assert b.run(S) == b"\r\n" + ring + b"\r\n"


def test_online_and_closing():
    sink = Sink()
    b = bench(sink, dial=False)
    assert b.at('AT#SD=1,0,7,"plain.example"', 2 * S) == b"\r\nCONNECT\r\n"
    b.type(b"up", 6 * S)
    assert sink.got == b"up"
    assert b.type(b"+++", 2 * S) == OK
    sink.conns[0].send(b"down")
    assert b.run(S) == b"\r\nSRING: 1\r\n"
    assert b.at("AT#SO=1", S) == b"\r\nCONNECT\r\ndown"
    sink.conns[0].close()
    assert b.run(S) == b"\r\nNO CARRIER\r\n"
    assert b.at("AT#SO=1") == NOT_ALLOWED


def test_unread_data_outlives_the_connection():
    sink = Sink()
    b = bench(sink)
    sink.conns[0].send(b"last words")
    sink.conns[0].close()
    assert b.run(S) == b"\r\nSRING: 1\r\n"
    answer = b.at("AT#SRECV=1,100")
    assert answer == b"\r\n#SRECV: 1,10\r\nlast words\r\n" + OK + b"\r\nNO CARRIER\r\n"


def test_refused():
    b = bench(dial=False)
    assert (
        b.at('AT#SD=1,0,7,"none.example",0,0,1', 2 * S) == b"\r\n+CME ERROR: cannot resolve DN\r\n"
    )
    b.modem.fault("refused", for_s=3)
    assert b.at(DIAL, 2 * S) == b"\r\n+CME ERROR: cannot open socket\r\n"
    b.run(2 * S)
    b.modem.fault("unreachable", for_s=100)
    assert b.at(DIAL, 59 * S) == b""
    assert b.run(2 * S) == b"\r\n+CME ERROR: time-out in opening socket\r\n"
    b.run(60 * S)
    b.good(DIAL)
    assert b.at(DIAL) == b"\r\n+CME ERROR: cannot setup socket\r\n"
    assert b.at("AT#SCFG=1,1,300,90,600,50") == NOT_ALLOWED
    assert b.at('AT#SD=4,0,7,"plain.example",0,0,1') == b"\r\n+CME ERROR: context not opened\r\n"
    for line in (
        "AT#SD=7,0,7,x", "AT#SD=1,1,7,x", "AT#SD=1,0,0,x", "AT#SD=1,0,7", "AT#SSENDEXT=1,0",
        "AT#SSENDEXT=1,1501", "AT#SRECV=1,0", "AT#SRECV=1,1501", "AT#SH=0", "AT#SSEND=7",
        "AT#SCFG=1,1,1501,90,600,50", "AT#SCFG=1,6,300,90,600,50",
    ):  # fmt: skip
        assert b.at(line) == NOT_SUPPORTED, line
