"""The board runs the real image: it starts, answers, keeps its own time, and repeats itself."""

import json
import subprocess

import pytest

from tests_host.conftest import ROOT
from tools.board import Board, BoardError, RemoteError

LOOP = """
import time, os, random
t = time.ticks_us()
n = 0
for i in range(2000):
    n += i * i
print(n, time.ticks_diff(time.ticks_us(), t), 2 ** 0.5, os.urandom(4), random.random())
"""


def test_it_comes_up_over_usb(board):
    assert board.run_until(lambda: board.connected, 0.3)
    assert board.exec("print(1 + 1)") == "2\n"
    assert board.boots == 1


def test_an_exception_on_it_is_one_here(board):
    with pytest.raises(RemoteError, match="ZeroDivisionError"):
        board.exec("1 / 0")
    assert board.exec("print('alive')") == "alive\n"


def test_two_runs_are_the_same_to_the_byte(image):
    runs = []
    for _ in range(2):
        with Board(image, files={"a.txt": b"x" * 3000}) as board:
            said = board.exec(LOOP + "f = open('b.txt', 'w'); f.write(str(t)); f.close()\n")
            runs.append((said, board.state, board.flash))
    assert runs[0] == runs[1]


def test_another_seed_is_another_board(image):
    said = []
    for seed in (1, 2):
        with Board(image, files={}, seed=seed) as board:
            said.append(board.exec("import os; print(os.urandom(8))"))
    assert said[0] != said[1]


def test_its_time_is_its_clock(board):
    before = board.now_us
    told = board.exec(
        "import time\nt = time.ticks_us()\ntime.sleep_ms(500)\nprint(time.ticks_us() - t)"
    )
    assert 500_000 <= int(told) < 500_300
    assert 500_000 < board.now_us - before < 600_000


def test_asleep_costs_no_cycles(board):
    board.exec("pass")
    before = board.awake_us
    board.run_ms(1000)
    assert board.awake_us - before < 2_000


def test_pins_in_both_directions(image):
    with Board(image, files={}, watch=(22,)) as board:
        board.pin(10, 1)
        script = (
            "from machine import Pin\n"
            "a, out = Pin(10), Pin(22, Pin.OUT)\n"
            "b, c = Pin(11, Pin.IN, Pin.PULL_UP), Pin(12, Pin.IN, Pin.PULL_DOWN)\n"
            "out.on()\nprint(a.value(), b.value(), c.value(), out.value())\n"
            "out.off()\nprint(out.value())\n"
        )
        assert board.exec(script) == "1 1 0 1\n0\n"
        assert [(pin, level) for _, pin, level in board.pins][-2:] == [(22, 1), (22, 0)]
        board.pin(10, 0)
        assert board.exec("from machine import Pin\nprint(Pin(10).value())") == "0\n"


def test_a_pin_that_changes_interrupts(board):
    board.exec(
        "from machine import Pin\nseen = []\n"
        "Pin(10, Pin.IN).irq(lambda p: seen.append(p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)"
    )
    for level in (1, 0, 1):
        board.pin(10, level)
        board.run_ms(2)
    assert board.exec("print(seen)") == "[1, 0, 1]\n"


def test_the_clock_of_the_day_runs_on(board):
    said = board.exec(
        "import machine, time\nmachine.RTC().datetime((2026, 2, 3, 1, 4, 5, 6, 0))\n"
        "time.sleep(3)\nprint(machine.RTC().datetime())"
    )
    assert said == "(2026, 2, 3, 1, 4, 5, 9, 0)\n"


def test_files_from_outside_and_inside(board):
    board.put({"lib/one.py": b"x = 5\n", "two.bin": bytes(range(256)) * 3})
    assert board.files() == {"lib/one.py": b"x = 5\n", "two.bin": bytes(range(256)) * 3}
    assert board.exec("import one; print(one.x)") == "5\n"


def test_an_image_that_is_none(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\0" * 5000)
    with pytest.raises(BoardError, match="file system"):
        Board(tmp_path / "x.bin")
    with pytest.raises(BoardError, match=r"y\.bin"):
        Board(tmp_path / "y.bin")


def test_the_profile_says_where_the_time_went(board):
    board.exec("pass")
    board.profile(True)
    before = board.awake_us
    board.exec("for i in range(2000): pass")
    awake = board.awake_us - before
    samples = board.profile(False)
    assert sum(samples.values()) == pytest.approx(awake, rel=0.02)
    assert all(0x1000_0000 <= pc < 0x2100_0000 or pc < 0x4000 for pc in samples)


def on_both_cores(script, image):
    """What a script that runs the board's core and rp2040js's side by side has found."""
    argv = ["node", ROOT / "tests_host" / "board" / script, image]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_core_agrees_with_rp2040js(image):
    """Both execute the image's start, instruction by instruction."""
    found = on_both_cores("agree.mjs", image)
    assert found["difference"] is None
    assert found["instructions"] > 200_000


def signed(x):
    return x - (1 << 32) if x >> 31 else x


# What ARMv6-M says of the flag that rp2040js gets wrong: from Rdn, Rm, and the carry before.
FLAGS = {
    "LSL C": lambda d, m, c: d & 1 if m & 255 == 32 else 0,
    "LSR C": lambda d, m, c: c,
    "ASR C": lambda d, m, c: c,
    "ROR C": lambda d, m, c: c,
    "ADC V": lambda d, m, c: not -(1 << 31) <= signed(d) + signed(m) + c < 1 << 31,
    "SBC V": lambda d, m, c: not -(1 << 31) <= signed(d) - signed(m) - 1 + c < 1 << 31,
}


def test_arithmetic_differs_only_where_rp2040js_is_wrong(image):
    found = on_both_cores("arithmetic.mjs", image)
    assert found["cases"] > 200_000
    assert set(found["found"]) == set(FLAGS)
    for name, difference in found["found"].items():
        for d, m, carry, ours in difference["by"]:
            assert ours == FLAGS[name](d, m, carry), (name, hex(d), hex(m), carry)
            if name in ("LSR C", "ASR C", "ROR C"):
                assert m & 255 == 0
