"""Sockets: results of opening, announcements, closing, several at once."""

from tests_host.modem.bench import MS, Bench, Echo, S, Sink

OK = b"\r\nOK\r\n"


def _open(b, cid=0, host="host", port=7, us=2 * S):
    return b.at(f'AT+CAOPEN={cid},"{host}",{port}', us)


def test_results_of_opening():
    b = Bench({(b"host", 7): Echo()}).on()
    assert _open(b) == b"\r\n+CAOPEN: 0,21\r\n" + OK  # no packet data
    b = Bench({(b"host", 7): Echo()}).online()
    assert _open(b, host="nowhere") == b"\r\n+CAOPEN: 0,20\r\n" + OK
    assert _open(b, port=8) == b"\r\n+CAOPEN: 0,23\r\n" + OK
    b.modem.fault("unreachable", for_s=100)
    assert _open(b, us=70 * S) == b""
    assert b.run(10 * S) == b"\r\n+CAOPEN: 0,27\r\n" + OK
    b.run(60 * S)
    b.at('AT+CASSLCFG=0,"timeout",5000')
    b.modem.fault("unreachable", for_s=10)
    assert _open(b, us=6 * S) == b"\r\n+CAOPEN: 0,27\r\n" + OK


def test_data_is_announced_once_until_it_has_been_read():
    sink = Sink()
    b = Bench({(b"host", 7): sink}).online()
    _open(b)
    conn = sink.conns[0]
    conn.send(b"one")
    assert b.run(S) == b"\r\n+CADATAIND: 0\r\n"
    conn.send(b"two")
    assert b.run(S) == b""
    assert b"3,one" in b.at("AT+CARECV=0,3")
    conn.send(b"three")
    assert b.run(S) == b""  # not empty yet
    assert b"8,twothree" in b.at("AT+CARECV=0,100")
    conn.send(b"four")
    assert b.run(S) == b"\r\n+CADATAIND: 0\r\n"


def test_unread_data_is_lost_when_the_peer_closes():
    sink = Sink()
    b = Bench({(b"host", 7): sink}).online()
    _open(b)
    sink.conns[0].send(b"lost")
    sink.conns[0].close()
    assert b.run(S) == b"\r\n+CADATAIND: 0\r\n\r\n+CASTATE: 0,0\r\n"
    assert b.at("AT+CARECV=0,100") == b"\r\nERROR\r\n"
    assert b.at("AT+CASEND=0,1") == b"\r\nERROR\r\n"
    assert _open(b) == b"\r\n+CAOPEN: 0,0\r\n" + OK


def test_two_sockets_at_once_and_no_third():
    one, two = Echo(), Echo()
    b = Bench({(b"host", 7): one, (b"host", 8): two}).online()
    _open(b)
    _open(b, 1, port=8)
    assert b.at("AT+CASTATE?") == b"\r\n+CASTATE: 0,1\r\n+CASTATE: 1,1\r\n" + OK
    b.at("AT+CASEND=1,2")
    assert b"+CADATAIND: 1" in b.type(b"hi")
    assert (one.got, two.got) == (b"", b"hi")
    assert b.at("AT+CARECV=0,9") == b"\r\n+CARECV: 0\r\n" + OK
    assert b.at("AT+CARECV=1,9") == b"\r\n+CARECV: 4,<hi>\r\n" + OK
    assert _open(b, 2) == b"\r\nERROR\r\n"
    assert _open(b, 0) == b"\r\nERROR\r\n"  # is open


def test_packet_data_off_closes_the_sockets():
    echo = Echo()
    b = Bench({(b"host", 7): echo}).online()
    _open(b)
    answer = b.at("AT+CNACT=0", 2 * S)
    assert answer == OK + b"\r\n+CASTATE: 0,0\r\n\r\n+APP PDP: DEACTIVE\r\n"
    assert echo.closed_conns == 1


def test_full_sized_sends_arrive_in_order():
    sink = Sink()
    b = Bench({(b"host", 7): sink}).online()
    _open(b)
    whole = b""
    for i in range(5):
        piece = bytes((i + k) % 256 for k in range(1460))
        whole += piece
        assert b.at("AT+CASEND=0,1460") == b"\r\n>"
        assert b.type(piece, S).startswith(OK)
    assert sink.got == whole


def test_power_cut_leaves_the_server_with_a_closed_connection():
    echo = Echo()
    b = Bench({(b"host", 7): echo}).online()
    _open(b)
    b.modem.fault("brown_out")
    b.run(S)
    assert echo.closed_conns == 1 and not b.modem.status


def test_four_thousand_bytes_take_little_more_than_the_line_needs():
    sink = Sink()
    b = Bench({(b"host", 7): sink}).online()
    _open(b)
    sink.conns[0].send(b"x" * 4000)
    b.run(S)
    began, got = b.now, 0
    for count in (1460, 1460, 1080):
        b.modem.receive(b"AT+CARECV=0,1460\r", b.now)
        out = b""
        while not out.endswith(b"x\r\n" + OK):
            out += b.run(MS)
        got += out.count(b"x")
        assert b"+CARECV: %d," % count in out
    line_us = 4000 * 10_000_000 // 115200
    assert got == 4000 and b.now - began < line_us * 1.15
