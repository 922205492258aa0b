"""The ports for RP2040 and ESP32, on a `machine` module of our own (MicroPython only)."""

import io
import os
import sys
import time

from uplink.loop import Loop

try:
    import micropython
except ImportError:
    micropython = None

POLL = 3  # MP_STREAM_POLL


class UART(io.IOBase):
    """A UART of MicroPython's kind: silent, and remembers what it was told."""

    RTS = 1
    CTS = 2

    def __init__(self, number, **options):
        self.number = number
        self.options = options
        self.asked = []
        self.sent = bytearray()
        self.rx = bytearray()

    def init(self, **options):
        self.options.update(options)

    def any(self):
        return len(self.rx)

    def readinto(self, buf, n):
        self.asked.append(n)
        n = min(n, len(buf))
        buf[:n] = self.rx[:n]
        self.rx = self.rx[n:]
        return n or None

    def write(self, buf, off, n):
        self.sent.extend(buf[off : off + n])
        return n

    def ioctl(self, request, flags):
        return 1 if request == POLL and self.rx else 0


class Pin:
    IN = "in"
    OUT = "out"
    OPEN_DRAIN = "open drain"
    made = {}

    def __init__(self, number, mode=None, value=None):
        self.number = number
        self.mode = mode
        self.level = value
        Pin.made[number] = self

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = 1 if level else 0


class RTC:
    def datetime(self, when):
        RTC.set_to = when


class WDT:
    def __init__(self, timeout):
        self.timeout = timeout


class Machine:
    PWRON_RESET = 1
    HARD_RESET = 2
    WDT_RESET = 3
    SOFT_RESET = 5
    UART = UART
    Pin = Pin
    RTC = RTC
    WDT = WDT

    def __init__(self):
        self.cause = 1
        self.mem32 = {0x4005800C: 0, 0x400D800C: 0}
        self.resets = 0

    def reset_cause(self):
        return self.cause

    def reset(self):
        self.resets += 1


machine = Machine()


def boards():
    """The two Board classes, or nothing where this is not MicroPython."""
    if micropython is None:
        return ()
    sys.modules["machine"] = machine
    from uplink.port import esp32, machine_board, rp2

    machine_board.machine = machine
    return (rp2.Board, esp32.Board)


CFG = {
    "uart": {"id": 1, "tx": 4, "rx": 5, "rts": None, "cts": 7, "baud": 115200, "rxbuf": 2048},
    "pins": {
        "pwrkey": {"pin": 10, "active": "high"},
        "dtr": 11,
        "reset": 12,
        "status": {"pin": 13, "active": "low"},
    },
}


def test_what_a_pin_of_the_configuration_says():
    if not boards():
        return
    from uplink.port.machine_board import pin_of

    assert pin_of(CFG, "pwrkey") == (10, False)
    assert pin_of(CFG, "dtr") == (11, True)
    assert pin_of(CFG, "status") == (13, True)
    assert pin_of({"pins": {"status": "GP2"}}, "status") == ("GP2", False)
    assert pin_of({"pins": {"status": None}}, "status") == (None, False)
    assert pin_of({}, "reset")[0] is None
    refused = False
    try:
        pin_of({"pins": {"dtr": {"pin": 1, "active": "up"}}}, "dtr")
    except Exception as error:
        refused = "pins.dtr.active" in str(error)
    assert refused


def test_levels():
    for Board in boards():
        board = Board()
        pwrkey = board.output(CFG, "pwrkey")  # through a transistor
        dtr = board.output(CFG, "dtr")
        reset = board.output(CFG, "reset")
        pins = Pin.made
        assert pwrkey.wired and dtr.wired
        # Let go from the first moment.
        assert (pins[10].level, pins[11].level, pins[12].level) == (0, 1, 1)
        assert (pins[10].mode, pins[11].mode) == (Pin.OUT, Pin.OUT)
        assert pins[12].mode == Pin.OPEN_DRAIN  # never drives RESET high
        for pin in (pwrkey, dtr, reset):
            pin.set(True)
        assert (pins[10].level, pins[11].level, pins[12].level) == (1, 0, 0)
        pwrkey.set(False)
        assert pins[10].level == 0
        status = board.input(CFG, "status")  # inverted
        pins[13].level = 0
        assert status.get() is True
        pins[13].level = 1
        assert status.get() is False
        bare = {"pins": {"status": None}}
        assert not board.input(bare, "status").wired
        assert not board.output(bare, "pwrkey").wired


def test_uart_never_waits():
    for Board in boards():
        board = Board()
        assert board.any() == 0
        uart = board.uart(CFG)
        raw = uart._uart
        assert raw.number == 1 and raw.options["rxbuf"] == 2048
        assert raw.options["timeout"] == 0 and raw.options["flow"] == UART.CTS
        buf = bytearray(8)
        assert uart.any() == 0 and board.any() == 0 and uart.readinto(buf) == 0
        assert raw.asked == []  # reading with nothing there would wait
        raw.rx.extend(b"0123456789")
        assert board.any() and uart.any() == 10
        assert uart.readinto(buf) == 8 and uart.readinto(buf) == 2
        assert raw.asked == [10, 2]
        # What is written at once is what the buffer holds: the rest would wait for the line.
        data = bytes(range(256)) * 8
        n = uart.write(data, 0, len(data))
        assert raw.options["txbuf"] // 2 <= n < raw.options["txbuf"]
        assert uart.write(data, n, 1000) < 200
        uart._when = time.ticks_add(time.ticks_ms(), -30)  # 30 ms later: 345 bytes have gone
        more = uart.write(data, n, len(data) - n)
        assert 340 <= more <= 370 + 12
        assert bytes(raw.sent[:n]) == data[:n]
        uart.set_baud(9600)
        assert raw.options["baudrate"] == 9600


def test_writing_little_by_little_does_not_starve():
    # The room is reckoned in whole bytes: fractions of a byte's time must not be thrown away.
    for Board in boards():
        uart = Board().uart(CFG)
        uart.set_baud(300)  # a byte in 33 ms
        data = bytes(1024)
        uart.write(data, 0, len(data))
        start = time.ticks_ms()
        for _ in range(100):
            assert uart.write(data, 0, 1) == 0 or time.ticks_diff(time.ticks_ms(), start) > 20
        uart._when = time.ticks_add(uart._when, -40)
        assert uart.write(data, 0, 10) >= 1


def test_idle_and_heap():
    for Board in boards():
        board = Board()
        uart = board.uart(CFG)
        uart._uart.rx.extend(b"x")
        buf = bytearray(4)
        board.idle(10_000)  # a byte is there: at once
        uart.readinto(buf)
        uart._uart.ioctl = None
        micropython.heap_lock()
        try:
            for _ in range(20):
                board.idle(0, False)
                board.any()
                uart.any()
                uart.readinto(buf)
                board.rand(100)
                board.ticks_ms()
        finally:
            micropython.heap_unlock()


def test_the_loop_takes_it():
    for Board in boards():
        board = Board()
        board.uart(CFG)._uart.rx.extend(b"x")
        loop = Loop(board)

        async def main():
            return await loop.data(1000)  # noqa: B023

        assert loop.run(main()) is True


def test_reset_causes():
    if micropython is None:
        return
    rp2, esp32 = boards()
    machine.cause = Machine.PWRON_RESET
    assert rp2().reset_cause() == "power" and esp32().reset_cause() == "power"
    machine.cause = Machine.WDT_RESET
    assert rp2().reset_cause() == "watchdog" and esp32().reset_cause() == "watchdog"
    board = rp2()
    board.reset()
    assert machine.resets == 1
    assert rp2().reset_cause() == "soft"  # the chip says watchdog: we left a word
    assert rp2().reset_cause() == "watchdog"  # which holds once
    for cause, name in ((5, "soft"), (2, "soft"), (4, "unknown")):
        machine.cause = cause
        assert esp32().reset_cause() == name


def test_watchdog_is_no_longer_than_the_chip_can():
    for Board, longest in zip(boards(), (8388, 60_000)):
        assert Board().watchdog(60_000).timeout == longest


def test_clock_is_set_in_the_ports_own_years():
    for Board in boards():
        Board().set_clock(1_781_524_805)  # Monday 2026-06-15 12:00:05 UTC
        assert RTC.set_to == (2026, 6, 15, 0, 12, 0, 5, 0)


def test_epoch():
    for Board in boards():
        epoch = Board()._epoch
        assert epoch in (0, 946684800)
        assert time.gmtime(1_781_524_805 - epoch)[:3] == (2026, 6, 15)


def test_random_numbers_differ_between_starts():
    for Board in boards():
        drawn = set()
        for _ in range(10):
            board = Board()
            drawn.add((board.rand(1 << 20), board.rand(1 << 20)))
        assert len(drawn) == 10, os.urandom
