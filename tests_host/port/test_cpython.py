"""The port for CPython, on real ptys and TCP sockets."""

import os
import select
import socket
import termios

import pytest

import uplink.port as port
from uplink import log
from uplink.errors import ConfigError
from uplink.loop import Loop
from uplink.port.cpython import Board
from uplink.port.ticks import ticks_diff

NO_PINS = {"pwrkey": None, "dtr": None, "status": None, "reset": None}


def config(device, control=None, **pins):
    return {
        "uart": {"device": device, "baud": 115200, "rts": None, "cts": None},
        "pins": {**NO_PINS, "control": control, **pins},
    }


@pytest.fixture
def board():
    board = Board()
    yield board
    board.close()


@pytest.fixture
def pty():
    """(the modem's end as a file descriptor, the path of the host's end)."""
    master, slave = os.openpty()
    path = os.ttyname(slave)
    os.set_blocking(master, False)
    yield master, path
    os.close(slave)
    try:
        os.close(master)
    except OSError:
        pass  # the test has closed it


@pytest.fixture
def lines(monkeypatch):
    kept = []
    monkeypatch.setattr(log, "sink", lambda level, room, text, a=None, b=None: kept.append(text))
    return kept


def read_all(fd, n=1):
    """What has come, once that is `n` bytes: a pty may hand it over in parts."""
    got = b""
    while len(got) < n and select.select([fd], [], [], 5)[0]:
        got += os.read(fd, 65536)
    return got


def test_bytes_go_both_ways_unchanged(board, pty):
    master, path = pty
    uart = board.uart(config(path))
    assert uart.any() == 0 and board.any() == 0
    buf = bytearray(8)
    assert uart.readinto(buf) == 0  # does not wait
    assert uart.write(b"xxAT\r\n\x03\x11\xff", 2, 7) == 7
    assert read_all(master, 7) == b"AT\r\n\x03\x11\xff"
    os.write(master, b"\r\nOK\r\n\x04\x13\x00more")
    board.idle(5000)
    assert uart.any() == 13 and board.any() == 1
    assert uart.readinto(buf) == 8 and buf == b"\r\nOK\r\n\x04\x13"
    assert uart.readinto(buf) == 5 and buf[:5] == b"\x00more"


def test_a_line_that_nobody_reads_takes_what_fits_and_no_more(board, pty):
    master, path = pty
    uart = board.uart(config(path))
    data = bytes(range(256)) * 1024
    sent = 0
    while n := uart.write(data, sent, len(data) - sent):
        sent += n
    assert 0 < sent < len(data)
    got = b""
    while len(got) < sent:
        got += read_all(master)
    assert got == data[:sent]
    assert uart.write(data, sent, 10) == 10


def test_baud_rate_and_flow_control_are_set(board, pty):
    _, path = pty
    uart = board.uart(config(path))
    assert termios.tcgetattr(uart.fileno())[4:6] == [termios.B115200] * 2
    uart.set_baud(9600)
    assert termios.tcgetattr(uart.fileno())[4:6] == [termios.B9600] * 2
    with pytest.raises(ConfigError, match="12345"):
        uart.set_baud(12345)


def test_a_line_that_hangs_up_is_silent_and_does_not_spin(board, pty, lines):
    master, path = pty
    uart = board.uart(config(path))
    os.close(master)
    assert uart.any() == 0 and uart.readinto(bytearray(4)) == 0
    assert uart.gone and lines == ["the other end of the line is gone"]
    assert uart.write(b"AT\r", 0, 3) == 3  # swallowed: the modem does not answer, as always
    start = board.ticks_ms()
    board.idle(20)
    assert ticks_diff(board.ticks_ms(), start) >= 19


def test_closed_behind_a_line_that_has_gone_it_waits_for_the_bytes_of_the_next(
    board, pty, monkeypatch
):
    server = socket.create_server(("127.0.0.1", 0))
    uart = board.uart(config("tcp:127.0.0.1:%d" % server.getsockname()[1]))
    server.accept()[0].close()
    server.close()
    assert select.select([uart], [], [], 5)[0] and uart.readinto(bytearray(4)) == 0 and uart.gone
    old = uart.fileno()
    board.close()
    with open("/dev/null") as other:
        os.dup2(other.fileno(), old)  # the number is somebody else's now, and always readable
    try:
        master, path = pty
        uart = board.uart(config(path))
        slept = []
        monkeypatch.setattr("time.sleep", slept.append)
        os.write(master, b"RDY")
        board.idle(60_000)
        assert uart.any() == 3 and not slept
        assert uart.readinto(bytearray(4)) == 3 and not board._poll.poll(0)
    finally:
        os.close(old)


def test_pins_go_over_the_control_line(board, pty):
    master, path = pty
    cfg = config(None, path, pwrkey="PWRKEY", status="STATUS")
    pwrkey = board.output(cfg, "pwrkey")
    assert pwrkey.wired and not board.output(cfg, "dtr").wired
    pwrkey.set(True)
    pwrkey.set(False)
    assert read_all(master, 27) == b"PWRKEY 1\nPWRKEY 0\nPWRKEY 1\n"
    status = board.input(cfg, "status")
    assert status.wired and status.get() is False
    for told, expected in (
        (b"STATUS 1\n", True),
        (b"STATUS", True),
        (b" 0\nnoise of any length, longer than a line\n", False),
        (b"STATUS 0\nSTATUS 1\r\n", True),
    ):
        os.write(master, told)
        select.select([board._control._stream], [], [], 5)
        assert status.get() is expected


def test_without_any_named_pin_the_control_line_has_all(board, pty):
    master, path = pty
    cfg = config(None, path)
    for name in ("pwrkey", "dtr", "reset"):
        board.output(cfg, name).set(True)
    assert board.input(cfg, "status").wired
    assert read_all(master, 46) == b"PWRKEY 1\nPWRKEY 0\nDTR 1\nDTR 0\nRESET 1\nRESET 0\n"


def test_without_control_nothing_is_wired(board):
    cfg = config(None)
    pin = board.output(cfg, "pwrkey")
    pin.set(True)
    assert not pin.wired and not board.input(cfg, "status").wired


def test_tcp(board, lines):
    with socket.create_server(("127.0.0.1", 0)) as server:
        uart = board.uart(config("tcp:127.0.0.1:%d" % server.getsockname()[1]))
        peer, _ = server.accept()
        with peer:
            assert uart.write(b"AT\r", 0, 3) == 3
            assert peer.recv(10) == b"AT\r"
            peer.sendall(b"OK\r\n")
            board.idle(5000)
            buf = bytearray(10)
            assert uart.readinto(buf) == 4 and buf[:4] == b"OK\r\n"
            assert uart.readinto(buf) == 0
    board.idle(5000)
    assert uart.any() == 0 and uart.readinto(bytearray(1)) == 0 and uart.gone
    assert lines == ["the other end of the line is gone"]


def test_clock_random_reset(board):
    assert board.clock() == 0
    board.set_clock(1_800_000_000)
    assert 1_800_000_000 <= board.clock() <= 1_800_000_005
    assert {board.rand(3) for _ in range(200)} == {0, 1, 2}
    assert board.reset_cause() == "unknown"
    board.watchdog(1000).feed()
    with pytest.raises(SystemExit) as ended:
        board.reset()
    assert ended.value.code == 75


def test_the_board_is_one_and_a_loop_runs_on_it(pty):
    board = port.board()
    assert board is port.board() and isinstance(board, Board)
    master, path = pty
    loop = Loop()
    assert loop.board is board
    uart = board.uart(config(path))
    os.write(master, b"RDY")

    async def main():
        buf = bytearray(8)
        assert await loop.data(5000)
        await loop.sleep_ms(2)
        return bytes(buf[: uart.readinto(buf)])

    try:
        assert loop.run(main()) == b"RDY"
    finally:
        board.close()
        port._board = None
