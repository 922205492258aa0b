"""The ways to start again, and what of the board each of them keeps."""

import pytest

PWRON, WDT = 1, 3


def cause(board):
    """What the firmware says that its last reset was."""
    return int(board.exec("import machine; print(machine.reset_cause())"))


def test_power_up(board):
    assert cause(board) == PWRON


def test_the_watchdog_bites_in_its_time(board):
    board.exec("import machine; w = machine.WDT(timeout=800)")
    since = board.now_us
    assert board.run_until(lambda: board.boots == 2, 3)
    bitten = board.events[-1]
    assert bitten[1] == "started: watchdog"
    assert bitten[0] - since == pytest.approx(800_000, abs=20_000)
    assert cause(board) == WDT


def test_a_watchdog_that_is_fed_does_not(board):
    board.exec(
        "import machine, time\nw = machine.WDT(timeout=500)\n"
        "for i in range(8): w.feed(); time.sleep_ms(300)"
    )
    assert board.boots == 1


def test_a_reset_by_the_firmware_keeps_the_scratch_registers(board):
    board.exec("import machine; machine.mem32[0x4005800C] = 0x1234567")
    board.send(b"machine.reset()\r")
    assert board.run_until(lambda: board.boots == 2, 3)
    assert cause(board) == WDT
    assert board.exec("print(hex(machine.mem32[0x4005800C]))") == "0x1234567\n"


@pytest.mark.parametrize("how", ["run", "power"])
def test_the_run_pin_and_power_keep_nothing_but_the_flash(board, how):
    board.exec("import machine; machine.mem32[0x4005800C] = 0x1234567")
    if how == "run":
        board.reset()
    else:
        board.cut()
        board.run_ms(1000)
        board.power()
    assert cause(board) == PWRON
    assert board.exec("print(machine.mem32[0x4005800C])") == "0\n"
    assert board.boots == 2


def test_time_goes_on_over_resets_but_the_boards_own_begins_anew(board):
    board.run_ms(1500)
    before = board.now_us
    board.reset()
    assert board.now_us >= before
    assert int(board.exec("import time; print(time.ticks_ms())")) < 400


def test_a_soft_reset(board):
    board.exec("x = 1; import gc")
    board.send(b"\x04")
    assert board.run_until(lambda: b"soft reboot" in board.output, 2)
    board.run_ms(100)
    assert board.exec("print('x' in globals())") == "False\n"
    assert board.boots == 1


def test_a_cut_board_does_nothing(board):
    board.exec("pass")
    board.cut()
    awake = board.awake_us
    now = board.now_us
    board.run_ms(500)
    assert board.now_us == now + 500_000
    assert board.awake_us == awake
