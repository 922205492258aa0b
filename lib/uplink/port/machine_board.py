"""What RP2040 and ESP32 have in common: `machine.UART`, `Pin`, `RTC`, `WDT`.

After `uart()` neither `any`, `readinto`, `write` nor `idle` takes heap or waits.
"""

import os
import random
import select
import time

import machine

from .clock import RTC
from .pins import NoPin, pin_of

# What `write` may have under way. A packet longer than this is taken in parts.
_TXBUF = 1024
# ESP-IDF keeps a header with each piece in it.
_MARGIN = 64
_RXBUF = 1024


class Uart:
    """`machine.UART` that never waits.

    The machine's own `write` waits for room, at the line's pace, as soon as its buffer is
    full, and cannot tell how much room there is: so the room is reckoned from the baud rate
    and the time. The machine's `readinto` waits for a byte more than there is: so it is only
    asked for what is there.
    """

    def __init__(self, uart, baud, txbuf):
        self._uart = uart
        self._baud = baud
        self._txbuf = txbuf
        self._level = 0  # bytes that may not have left yet
        self._when = time.ticks_ms()
        self.any = uart.any  # bound once: a call costs no frame and no heap

    def readinto(self, buf):
        n = self._uart.any()
        if n == 0:
            return 0
        return self._uart.readinto(buf, n) or 0

    def write(self, buf, off, n):
        now = time.ticks_ms()
        # Ten bits a byte, rounded down: never more room than there is.
        left = min(time.ticks_diff(now, self._when), 1000) * self._baud // 10000
        if left or self._level == 0:
            self._level = max(self._level - left, 0)
            self._when = now
        n = min(n, self._txbuf - self._level)
        if n <= 0:
            return 0
        n = self._uart.write(buf, off, n) or 0
        self._level += n
        return n

    def set_baud(self, rate):
        self._uart.init(baudrate=rate)
        self._baud = rate
        self._level = 0


class Output:
    """A line to the module."""

    wired = True

    def __init__(self, pin, active_low):
        self._pin = pin
        self._low = active_low

    def set(self, asserted):
        self._pin.value(bool(asserted) != self._low)


class Input:
    """STATUS."""

    wired = True

    def __init__(self, pin, active_low):
        self._pin = pin
        self._low = active_low

    def get(self):
        return bool(self._pin.value()) != self._low


class MachineBoard:
    """Base of the boards with a `machine` module."""

    ticks_ms = staticmethod(time.ticks_ms)

    def __init__(self):
        self._poll = select.poll()
        self._uarts = 0
        self._rtc = RTC(machine.RTC())
        random.seed(int.from_bytes(os.urandom(4), "little"))

    def _open(self, c, options):
        """`machine.UART` for `c` = cfg["uart"]; `options` are the port's own."""
        if c.get("rts") is not None:
            options["rts"] = machine.Pin(c["rts"])
            options["flow"] = machine.UART.RTS
        if c.get("cts") is not None:
            options["cts"] = machine.Pin(c["cts"])
            options["flow"] = options.get("flow", 0) | machine.UART.CTS
        if c.get("tx") is not None:
            options["tx"] = machine.Pin(c["tx"])
        if c.get("rx") is not None:
            options["rx"] = machine.Pin(c["rx"])
        return machine.UART(
            c.get("id", 0),
            baudrate=c["baud"],
            rxbuf=c.get("rxbuf") or _RXBUF,
            txbuf=_TXBUF,
            timeout=0,
            timeout_char=0,
            **options,
        )

    def uart(self, cfg):
        raw = self._open(cfg["uart"], {})
        self._poll.register(raw, select.POLLIN)
        for _ in self._poll.ipoll(0):  # the first call takes the heap that the others use
            pass
        uart = Uart(raw, cfg["uart"]["baud"], _TXBUF - _MARGIN)
        self._uarts += 1
        if self._uarts == 1:
            self.any = raw.any
        else:
            self.any = self._any_of_all
        return uart

    def any(self):
        return 0

    def _any_of_all(self):
        n = 0
        for _ in self._poll.ipoll(0):
            n += 1
        return n

    def output(self, cfg, name):
        pin, low = pin_of(cfg, name)
        if pin is None:
            return NoPin()
        idle = 1 if low else 0
        # PWRKEY and RESET are pulled up inside the module, to less than our supply: a direct
        # connection pulls them low or lets go, and never drives them high.
        mode = machine.Pin.OPEN_DRAIN if low and name != "dtr" else machine.Pin.OUT
        return Output(machine.Pin(pin, mode, value=idle), low)

    def input(self, cfg, name):
        pin, low = pin_of(cfg, name)
        if pin is None:
            return NoPin()
        return Input(machine.Pin(pin, machine.Pin.IN), low)

    def idle(self, ms, data=True):
        """Both ways the processor sleeps until an interrupt; a UART keeps receiving."""
        if data and self._uarts:
            for _ in self._poll.ipoll(ms):
                pass
        else:
            time.sleep_ms(ms)

    def watchdog(self, ms):
        return machine.WDT(timeout=ms)

    def reset(self):
        machine.reset()

    def set_clock(self, unix_s):
        self._rtc.set(unix_s)

    def clock(self):
        return self._rtc.get()

    def rand(self, n):
        return random.randrange(n)
