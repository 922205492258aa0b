"""The UART keeps time in both directions, and what it loses is counted."""

import pytest

from tests_host.board.conftest import Peer
from tools.board import Board, Wiring

OPEN = """
import machine, time
from machine import UART, Pin
u = UART(0, {baud}, tx=Pin(0), rx=Pin(1), rxbuf={rxbuf}{more})
"""


def start(board, baud=115200, rxbuf=1024, more=""):
    board.exec(OPEN.format(baud=baud, rxbuf=rxbuf, more=more))


@pytest.fixture
def wired(image, peer):
    with Board(image, peer, files={}) as board:
        yield board


@pytest.mark.parametrize("baud", [9600, 115200, 921600])
def test_what_it_sends_takes_its_bits(wired, peer, baud):
    start(wired, baud)
    took = int(
        wired.exec(
            "t = time.ticks_us(); u.write(bytes(range(100))); u.flush()\n"
            "print(time.ticks_diff(time.ticks_us(), t))"
        )
    )
    char = 10e6 / baud
    assert b"".join(data for _, data in peer.heard) == bytes(range(100))
    assert peer.rates[-1] == baud
    first = peer.heard[0][0]
    last, data = peer.heard[-1]
    assert last + len(data) * char - first == pytest.approx(100 * char, rel=0.02)
    assert 100 * char * 0.97 < took < 100 * char + 1500  # flush() looks once a millisecond
    assert wired.state["uarts"][0]["sent"] == 100


@pytest.mark.parametrize("baud", [9600, 115200, 921600])
def test_what_it_hears_comes_at_its_rate(wired, peer, baud):
    start(wired, baud)
    wired.exec(
        "def f():\n global a, b\n while not u.any(): pass\n a = time.ticks_us()\n"
        " while u.any() < 200: pass\n b = time.ticks_us()\n"
    )
    wired.send(b"f()\r")
    wired.run_ms(10)
    begun = wired.now_us
    peer.say(bytes(200), begun, baud)
    wired.run_ms(260)
    first, last = map(int, wired.exec("print(a, b)").split())
    assert last - first == pytest.approx(199 * 10e6 / baud, abs=100)
    assert wired.overruns == 0
    assert wired.exec("print(u.read() == bytes(200))") == "True\n"


def test_a_full_fifo_loses_and_counts(wired, peer):
    start(wired)
    wired.send(b"s = machine.disable_irq(); time.sleep_us(20000); machine.enable_irq(s)\r")
    wired.run_ms(5)
    peer.say(bytes(range(100)), wired.now_us, 115200)
    wired.run_ms(40)
    assert wired.overruns == 100 - 32
    assert wired.exec("print(u.read())") == f"{bytes(range(32))}\n"


def test_the_flash_makes_the_fifo_overrun(wired, peer):
    start(wired)
    wired.send(b"import rp2\rrp2.Flash().ioctl(6, 300)\r")
    wired.run_ms(10)
    assert wired.state["busy"]
    peer.say(bytes(300), wired.now_us, 115200)  # 26 ms of the 45 that an erase takes
    wired.run_ms(100)
    assert wired.state["uarts"][0]["received"] == 300
    assert wired.overruns > 200


def test_another_rate_is_garbage(wired, peer):
    start(wired, 9600)
    peer.say(b"hello" * 4, wired.now_us, 115200)
    wired.run_ms(50)
    assert wired.state["uarts"][0]["garbled"] > 0
    assert b"hello" not in wired.exec("print(u.read())").encode()


def test_other_pins_are_not_wired(wired, peer):
    wired.exec("from machine import UART, Pin\nu = UART(0, 9600, tx=Pin(12), rx=Pin(13))")
    peer.say(b"hello", wired.now_us, 9600)
    assert wired.exec("import time\nu.write('x'); time.sleep_ms(20); print(u.any())") == "0\n"
    assert peer.heard == []


def test_rts_holds_the_module_back(image):
    peer = Peer()
    with Board(image, peer, files={}, wiring=Wiring(dtr=None, reset=None, rts=True)) as board:
        start(board, more=", rts=Pin(3), flow=UART.RTS")
        board.send(b"s = machine.disable_irq(); time.sleep_us(9000); machine.enable_irq(s)\r")
        board.run_ms(3)
        peer.lines.clear()
        begun = board.now_us
        peer.say(bytes(24), begun, 115200)
        board.run_ms(30)
        lines = [(name, low) for _, name, low in peer.lines]
        assert lines[:2] == [("RTS", False), ("RTS", True)]
        assert lines[-1] == ("RTS", True)
        four = 4 * 10e6 / 115200  # the level at which MicroPython has the FIFO ask for a pause
        assert peer.lines[0][0] - begun == pytest.approx(four, abs=2)
        assert board.overruns == 0


def test_a_peer_that_wants_no_more_is_not_sent_to(wired, peer):
    wired.exec(
        "from machine import UART, Pin\n"
        "u = UART(0, 115200, tx=Pin(0), rx=Pin(1), cts=Pin(2), flow=UART.CTS)"
    )
    wired.clear_to_send(0, False)
    wired.exec("u.write(b'abc')")
    wired.run_ms(10)
    assert peer.heard == []
    wired.clear_to_send(0, True)
    wired.run_ms(10)
    assert b"".join(data for _, data in peer.heard) == b"abc"
