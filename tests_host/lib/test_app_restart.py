"""App: what ends in the REPL, and what in a restart of the board."""

import os

from fake_device import Device, Reset

from uplink.app.application import App

# `App.status`
STOPPED, FAILED, MISCONFIGURED, SAFE = range(4)


def _run(device):
    """Run to its end; True when the board was reset."""
    try:
        device.run()
    except Reset:
        return True
    return False


def test_a_wrong_configuration_ends_in_the_repl_and_is_not_counted():
    device = Device(broker=',"prot":1')
    try:
        for _ in range(5 + 2):
            assert not _run(device)
            assert device.status == MISCONFIGURED
        assert device.loop is None and "starts" not in os.listdir(".")
    finally:
        device.close()


def test_a_uart_that_is_not_there_ends_in_the_repl_too():
    device = Device(more=',"uart":{"device":"/dev/uplink-no-such"}')
    try:
        device.board.uart = _no_uart
        device.connect = lambda: App.connect(device)
        assert not _run(device)
        assert device.status == MISCONFIGURED
    finally:
        device.close()


def _no_uart(cfg):
    raise OSError(2)


def test_ctrl_c_ends_in_the_repl_also_over_the_watchdogs_restart():
    device = Device()
    try:
        device.board.interrupt_at = 5_000
        assert not _run(device)
        assert device.status == STOPPED and device.board.dog is not None
        device.board.cause = "watchdog"
        assert not _run(device)
        assert device.status == SAFE
        device.board.interrupt_at = device.board.time + 5_000
        assert not _run(device)
        assert device.status == STOPPED
    finally:
        device.close()


def test_without_a_watchdog_ctrl_c_leaves_nothing_behind():
    device = Device(more=',"watchdog_s":0')
    try:
        device.board.interrupt_at = 5_000
        assert not _run(device)
        assert device.status == STOPPED and device.board.dog is None
        assert "starts" not in os.listdir(".")
    finally:
        device.close()


def test_on_a_pc_there_is_no_watchdog_that_would_restart_it():
    device = Device()
    try:
        device.board.cause = "unknown"
        device.board.interrupt_at = 5_000
        assert not _run(device)
        assert device.status == STOPPED and "starts" not in os.listdir(".")
    finally:
        device.close()


def test_safe_mode_does_not_start():
    device = Device()
    try:
        with open("safe", "w") as f:
            f.write("")
        assert not _run(device)
        assert device.status == SAFE and device.loop is None
    finally:
        device.close()


def test_a_vital_task_that_fails_restarts_the_board_after_a_pause():
    device = Device()
    try:

        class Full:
            """A loop whose `sleep_ms` fails."""

            def __init__(self, loop):
                self.loop = loop

            def __getattr__(self, name):
                return getattr(self.loop, name)

            def sleep_ms(self, ms):
                raise MemoryError("full")

        device.start()
        device.loop = Full(device.loop)
        device.start = lambda: None
        assert _run(device)
        assert device.status == FAILED and device.board.idles[-1] >= 5_000
    finally:
        device.close()


def test_a_task_of_the_user_that_fails_stops_nothing():
    device = Device()
    try:

        @device.task
        async def mine():
            raise ValueError("mine")

        device.board.interrupt_at = 130_000
        assert not _run(device)
        assert device.failures == 1 and device.status == STOPPED
        assert len(device.telemetry_sent()) == 3
    finally:
        device.close()


def test_starts_that_fail_pause_and_then_try_again():
    device = Device()
    try:

        def fail():
            raise RuntimeError("broken")

        device.connect = fail
        for _ in range(5):
            assert _run(device)
        before = device.board.time
        del device.board.idles[:]
        assert _run(device)
        assert device.board.time - before == 900_000 + 5_000
        # The pause sleeps, and a Ctrl-C is seen within a second.
        assert max(device.board.idles[:900]) <= 1000 and not device.board.bytes_at
    finally:
        device.close()


def test_ctrl_c_in_the_pause_before_a_restart_ends_in_the_repl():
    device = Device()
    try:

        def fail():
            device.board.interrupt_at = 0
            raise RuntimeError("broken")

        device.connect = fail
        assert not _run(device)
        assert device.status == STOPPED and device.board.resets == 0
    finally:
        device.close()
