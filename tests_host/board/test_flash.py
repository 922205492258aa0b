"""The flash: survives what the RAM does not, and is half done where the power goes."""

import pytest

from tools.board import Board, storage

ERASE = b"import rp2\rrp2.Flash().ioctl(6, 300)\r"
PROGRAM = b"import rp2\rrp2.Flash().writeblocks(300, bytes(4096), 0)\r"
# Rewrites two files for ever; each is whole or as before.
WRITER = """
import os
n = 0
while True:
    n += 1
    for name in ("a", "b"):
        with open(name + ".new", "w") as f:
            f.write(str(n) * 400)
        os.rename(name + ".new", name)
"""


def block(board, number):
    """A block of the file system."""
    offset, _ = storage.location(board.image.read_bytes())
    return board.flash[offset + number * storage.BLOCK :][: storage.BLOCK]


def run_into(board, command):
    """Until the flash has been at `command` for 20 % of an erase, or half a program."""
    board.run_until(lambda: board.connected, 1)
    board.run_ms(50)
    board.send(command)
    done = (board.state["erased"], board.state["programmed"])
    limit = board.now_us + 100_000
    while (board.state["erased"], board.state["programmed"]) == done:
        board.run_us(100)
        assert board.now_us < limit


@pytest.fixture
def filled(image):
    """A board whose block 300 holds 0x55."""
    flash = bytearray(storage.image(image.read_bytes(), {}))
    offset, _ = storage.location(image.read_bytes())
    flash[offset + 300 * 4096 : offset + 301 * 4096] = b"\x55" * 4096
    with Board(image, flash=flash) as board:
        yield board


def test_files_survive_resets_and_power_cuts(board):
    board.exec("f = open('x', 'w'); f.write('kept'); f.close(); ram = 1")
    for how in (board.reset, lambda: (board.cut(), board.power())):
        how()
        assert board.exec("print(open('x').read(), 'ram' in globals())") == "kept False\n"


def test_an_erase_and_a_program_take_their_time(filled):
    said = filled.exec(
        "import rp2, time\nf = rp2.Flash(); t = time.ticks_us()\nf.ioctl(6, 300)\n"
        "u = time.ticks_us()\nf.writeblocks(300, bytes(1024), 0)\n"
        "print(time.ticks_diff(u, t), time.ticks_diff(time.ticks_us(), u))"
    )
    erase, program = map(int, said.split())
    assert 45_000 < erase < 45_500
    assert 4 * 400 < program < 4 * 400 + 500
    assert block(filled, 300) == bytes(1024) + b"\xff" * 3072


def test_programming_clears_bits_and_sets_none(filled):
    filled.exec("import rp2\nrp2.Flash().writeblocks(300, b'\\x0f' * 256, 0)")
    assert block(filled, 300)[:257] == b"\x05" * 256 + b"\x55"


def test_a_cut_erase_is_half_done(filled):
    run_into(filled, ERASE)
    filled.run_ms(20)
    filled.cut()
    left = block(filled, 300)
    assert all(byte & 0x55 == 0x55 for byte in left)
    ones = sum(byte.bit_count() for byte in left) / (8 * 4096)
    assert 0.6 < ones < 0.8  # from a half, 45 % of the way to all
    filled.power()
    assert filled.exec("print('up')") == "up\n"
    assert block(filled, 300) == left


def test_a_cut_program_is_half_done(filled):
    run_into(filled, PROGRAM)
    filled.run_us(2900)
    filled.cut()
    left = block(filled, 300)
    whole = left.find(0x55) // 256
    assert 5 <= whole <= 9
    assert left[: whole * 256] == bytes(whole * 256)
    assert left[(whole + 1) * 256 :] == b"\x55" * (4096 - (whole + 1) * 256)
    assert len(set(left[whole * 256 : (whole + 1) * 256])) > 2


def test_a_watchdog_reset_does_not_stop_the_flash(filled):
    filled.exec("import machine; machine.WDT(timeout=30)")
    filled.run_until(lambda: filled.boots == 2, 1)
    filled.exec("import machine; w = machine.WDT(timeout=60)", 5)
    run_into(filled, ERASE)
    filled.run_until(lambda: filled.boots == 3, 1)
    assert block(filled, 300) == b"\xff" * 4096


def test_the_same_cut_leaves_the_same_wreck(image):
    flashes = []
    for seed in (1, 1, 2):
        with Board(image, files={}, seed=seed) as board:
            run_into(board, ERASE.replace(b"300", b"0"))
            board.run_ms(5)
            board.cut()
            flashes.append(board.flash)
    assert flashes[0] == flashes[1] != flashes[2]


@pytest.mark.parametrize("after_ms", [311, 1503, 2717])
def test_the_file_system_outlives_a_cut_in_the_middle_of_writing(image, after_ms):
    with Board(image, files={"main.py": WRITER.encode()}) as board:
        board.run_ms(after_ms)
        board.cut()
        kept = board.flash
    assert "main.py" in storage.read(kept[storage.location(image.read_bytes())[0] :])
    with Board(image, flash=kept) as board:
        board.run_ms(200)
        said = board.exec(
            "for n in ('a', 'b'):\n try:\n  t = open(n).read(); print(len(set(t.split())), "
            "t == str(int(t[:len(t) // 400])) * 400)\n except OSError: print('none')"
        )
        assert set(said.split("\n")) <= {"1 True", "none", ""}
