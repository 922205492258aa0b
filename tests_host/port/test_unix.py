"""The port for unix MicroPython, on real ptys: each test runs a script there."""

import os
import select
import subprocess

import pytest

from tests_host.conftest import ROOT
from tools.setup import host

START = """
import sys
from uplink import port
board = port.board()
cfg = {"uart": {"device": sys.argv[1], "baud": 115200}, "pins": {"control": sys.argv[1]}}
"""


class Firmware:
    """A script on MicroPython, with a pty as its line."""

    def __init__(self, bits, script, path_prefix=None):
        self.master, slave = os.openpty()
        env = {**os.environ, "MICROPYPATH": f"{ROOT / 'lib'}:.frozen"}
        if path_prefix is not None:
            env["PATH"] = str(path_prefix)
        self.process = subprocess.Popen(
            [ROOT / "build" / f"micropython-{bits}", "-c", START + script, os.ttyname(slave)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.slave = slave  # kept open, so that the line does not hang up between two programs

    def read(self, count):
        """Exactly `count` bytes from the firmware (fewer where it ends or stalls)."""
        data = b""
        while len(data) < count and select.select([self.master], [], [], 10)[0]:
            data += os.read(self.master, count - len(data))
        return data

    def write(self, data):
        os.write(self.master, data)

    def hang_up(self):
        os.close(self.master)
        self.master = None

    def end(self):
        """What it printed."""
        output, _ = self.process.communicate(timeout=20)
        self.status = self.process.returncode
        return output

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master is not None:
            os.close(self.master)
        os.close(self.slave)


@pytest.fixture(params=host.widths())
def firmware(request):
    running = []

    def start(script, **options):
        running.append(Firmware(request.param, script, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()


ECHO = """
uart = board.uart(cfg)
buf = bytearray(64)
uart.write(b"..READY", 2, 5)
left = 3000
while left:
    board.idle(10000)
    n = uart.readinto(buf)
    assert n and not uart.any() or n == 64, n
    left -= n
    assert uart.write(buf, 0, n) == n
print("done")
"""


@pytest.mark.parametrize("stty", [True, False])
def test_bytes_go_both_ways_unchanged(firmware, stty, tmp_path):
    board = firmware(
        ECHO.replace("assert n and", "assert n or"), path_prefix=None if stty else tmp_path
    )
    if not stty:
        subprocess.run(["stty", "-F", os.ttyname(board.slave), "raw", "-echo"], check=True)
    assert board.read(5) == b"READY"
    data = bytes(range(256)) * 12
    got = b""
    for i in range(0, 3000, 100):
        board.write(data[i : i + 100])
        got += board.read(100)
    assert got == data[:3000]
    output = board.end()
    assert output.endswith("done\n"), output
    assert ("stty failed" in output) == (not stty)


def test_nothing_waits_and_nothing_takes_heap(firmware):
    board = firmware("""
import micropython, gc
uart = board.uart(cfg)
out = board.output(cfg, "pwrkey")
status = board.input(cfg, "status")
buf = bytearray(64)
def run():
    n = 0
    for _ in range(50):
        assert uart.readinto(buf) == 0 and not uart.any() and not board.any()
    for _ in range(50):
        assert uart.write(b"0123456789", 0, 10) == 10
        out.set(True)
        assert status.get() is False
        board.idle(1)
        board.idle(1, False)
        board.rand(1000)
        board.ticks_ms()
    uart.write(b"!", 0, 1)  # from here on nobody asks for STATUS, on the same pty
    while n < 4:
        board.idle(10000)
        n += uart.readinto(buf)
    return n
gc.collect()
uart.write(b"go", 0, 2)
micropython.heap_lock()
run()
micropython.heap_unlock()
print("done")
""")
    # The control line is the same pty here: `PWRKEY 1` once, then `PWRKEY 0` each time.
    assert board.read(9 + 2) == b"PWRKEY 1\ngo"
    assert board.read(50 * 19 + 1) == b"0123456789PWRKEY 0\n" * 50 + b"!"
    board.write(b"\0abc")
    assert board.end() == "done\n"


def test_a_line_that_nobody_reads_takes_what_fits_and_no_more(firmware):
    board = firmware("""
uart = board.uart(cfg)
data = bytes(range(256)) * 40
total = 0
for _ in range(20):
    n = uart.write(data, 0, len(data))
    total += n
    if n == 0:
        break
print(total)
""")
    total = int(board.end())
    assert 256 <= total < 20 * 256 * 40
    assert len(board.read(total)) == total


def test_status_is_read_and_pins_are_written(firmware):
    board = firmware("""
status = board.input(cfg, "status")
pin = board.output(cfg, "reset")
dtr = board.output(cfg, "dtr")
def wait(value):
    while status.get() is not value:
        board.idle(1)
wait(True)
pin.set(True)
wait(False)
pin.set(False)
print("done")
""")
    assert board.read(8 + 6) == b"RESET 1\nDTR 1\n"
    board.write(b"noise\nSTATUS 1\n")
    assert board.read(8) == b"RESET 0\n"
    board.write(b"STATUS 0\n")
    assert board.read(8) == b"RESET 1\n"
    assert board.end() == "done\n"


def test_a_line_that_hangs_up_is_silent_and_does_not_spin(firmware):
    board = firmware("""
uart = board.uart(cfg)
uart.write(b"go", 0, 2)
buf = bytearray(8)
turns = 0
while not uart.gone:
    board.idle(10000)
    uart.readinto(buf)
    turns += 1
assert turns < 5, turns
start = board.ticks_ms()
board.idle(30)
assert board.ticks_ms() - start >= 29
assert uart.readinto(buf) == 0 and uart.any() == 0 and uart.write(b"AT", 0, 2) == 2
print("done")
""")
    assert board.read(2) == b"go"
    board.hang_up()
    output = board.end()
    assert "the other end of the line is gone" in output and output.endswith("done\n")


def test_clock_reset_and_a_loop(firmware):
    board = firmware("""
from uplink.loop import Loop
loop = Loop()
assert loop.board is board
uart = board.uart(cfg)
uart.write(b"go", 0, 2)
async def main():
    assert await loop.data(10000)
    assert not board.clock()
    board.set_clock(1800000000)
    await loop.sleep_ms(3)
    assert 0 <= board.clock() - 1800000000 < 10
    board.watchdog(100).feed()
    assert board.reset_cause() == "unknown"
    print("done")
    board.reset()
loop.run(main())
""")
    assert board.read(2) == b"go"
    board.write(b"x")
    assert board.end() == "done\n" and board.status == 75
