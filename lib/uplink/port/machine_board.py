"""What RP2040 and ESP32 have in common: `machine.UART`, `Pin`, `RTC`, `WDT`.

After `uart()` neither `any`, `readinto`, `write` nor `idle` takes heap or waits.
"""

import os
import random
import select
import time

import machine

from ..errors import ConfigError

try:
    from _uplink import Uart  # the same in C: firmware/native, in images of ours
except ImportError:
    from .machine_uart import Uart

# What `write` may have under way (Uart knows it, too).
_TXBUF = 512
# Before this (2024-01-01) a clock has not been set: they start in 1970, 2000 or 2021.
_SET = 1704067200


def pin_of(cfg, name):
    """(pin, active_low) of `cfg["pins"][name]`; pin is None where it is not wired.

    A bare number or name is a direct connection: the host's level is the module's level. A
    transistor between them turns the level round: `{"pin": 5, "active": "high"}` for an
    output that pulls the line low with a high level, `{"pin": 6, "active": "low"}` for a
    STATUS that arrives inverted.
    """
    value = (cfg.get("pins") or {}).get(name)
    low = name != "status"
    if isinstance(value, dict):
        active = value.get("active", "low" if low else "high")
        if isinstance(active, bytes):
            active = active.decode()
        if active not in ("low", "high"):
            raise ConfigError("uplink.json", "pins.%s.active" % name, '"high" or "low"')
        low = active == "low"
        value = value["pin"]
    return value, low


class Line:
    """A line to or from the module. An output is asserted when the module's line is low; STATUS
    is high while the module is on."""

    def __init__(self, cfg, name):
        pin, self._low = pin_of(cfg, name)
        self.wired = pin is not None
        if self.wired:
            if name == "status":
                self._pin = machine.Pin(pin, machine.Pin.IN)
            else:
                # PWRKEY and RESET are pulled up inside the module, to less than our supply: a
                # direct connection pulls them low or lets go, and never drives them high.
                drain = self._low and name != "dtr"
                mode = machine.Pin.OPEN_DRAIN if drain else machine.Pin.OUT
                self._pin = machine.Pin(pin, mode, value=int(self._low))

    def set(self, asserted):
        if self.wired:
            self._pin.value(bool(asserted) != self._low)

    def get(self):
        return self.wired and bool(self._pin.value()) != self._low


class MachineBoard:
    """Base of the boards with a `machine` module."""

    def __init__(self):
        self.ticks_ms = time.ticks_ms
        self.rand = random.randrange
        self._raw = None  # the last UART
        self._poll = select.poll()
        self._rtc = machine.RTC()
        # The year that `time.time()` counts from on this port, in Unix time.
        self._epoch = 946684800 if time.gmtime(0)[0] == 2000 else 0
        random.seed(int.from_bytes(os.urandom(4), "little"))

    def any(self):
        return 0

    def _any(self):
        n = 0
        for _ in self._poll.ipoll(0):
            n += 1
        return n

    def uart(self, cfg, **options):
        """`options` are more of `machine.UART`'s own."""
        c = cfg["uart"]
        for name in ("tx", "rx", "rts", "cts"):
            if c.get(name) is not None:
                options[name] = machine.Pin(c[name])
        options["flow"] = 0
        if "rts" in options:
            options["flow"] = machine.UART.RTS
        if "cts" in options:
            options["flow"] |= machine.UART.CTS
        raw = machine.UART(
            c.get("id", 0),
            baudrate=c["baud"],
            # 90 ms at 115200 baud; what a read brings, and more, where that is short
            rxbuf=c.get("rxbuf") or (1024 if c["baud"] <= 115200 else 2048),
            txbuf=_TXBUF,
            timeout=0,
            timeout_char=0,
            **options,
        )
        self._poll.register(raw, select.POLLIN)
        self.idle(0)  # the first call takes the heap that the others use
        # One UART is asked directly, more of them by the poll.
        self.any = raw.any if self._raw is None else self._any
        uart = Uart(raw, c["baud"])
        if uart.idle is not None:
            # … and waited for by itself, where it can be.
            self.idle = uart.idle if self._raw is None else self._idle
        self._raw = raw
        return uart

    def output(self, cfg, name):
        return Line(cfg, name)

    input = output

    def _idle(self, ms, data=True):
        """Both ways the processor sleeps until an interrupt; a UART keeps receiving."""
        if data:
            for _ in self._poll.ipoll(ms):
                pass
        else:
            time.sleep_ms(ms)

    idle = _idle

    def watchdog(self, ms):
        return machine.WDT(timeout=ms)

    def reset(self):
        machine.reset()

    def set_clock(self, unix_s):
        t = time.gmtime(unix_s - self._epoch)
        self._rtc.datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))

    def clock(self):
        now = int(time.time()) + self._epoch
        return now if now >= _SET else 0
