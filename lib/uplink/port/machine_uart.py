"""`machine.UART` without waiting: the twin of firmware/native/uart.c."""

import time

# What `write` may have under way. A packet longer than this is taken in parts.
_TXBUF = 512
# ESP-IDF keeps a header with each piece in it.
_ROOM = _TXBUF - 64


class Uart:
    """`machine.UART` that never waits.

    The machine's own `write` waits for room, at the line's pace, as soon as its buffer is
    full, and cannot tell how much room there is: so the room is reckoned from the baud rate
    and the time. The machine's `readinto` waits for a byte more than there is: so it is only
    asked for what is there.
    """

    def __init__(self, uart, baud):
        self._uart = uart
        self._baud = baud
        self._level = 0  # bytes that may not have left yet
        self._when = time.ticks_ms()
        self.any = uart.any  # bound once: a call costs no frame and no heap

    def readinto(self, buf):
        n = self.any()
        if n:
            n = self._uart.readinto(buf, n) or 0
        return n

    def write(self, buf, off, n):
        now = time.ticks_ms()
        # Ten bits a byte, rounded down: never more room than there is.
        left = min(time.ticks_diff(now, self._when), 1000) * self._baud // 10000
        if left or self._level == 0:
            self._level = max(self._level - left, 0)
            self._when = now
        n = min(n, _ROOM - self._level)
        if n <= 0:
            return 0
        n = self._uart.write(buf, off, n) or 0
        self._level += n
        return n

    def set_baud(self, rate):
        self._uart.init(baudrate=rate)
        self._baud = rate
        self._level = 0

    idle = None  # waits for its bytes: only the native one can
