"""The board's real-time clock in Unix time, whatever year MicroPython counts from."""

import time

# Before this (2024-01-01) a clock has not been set: they start in 1970, 2000 or 2021.
_SET = 1704067200


def epoch() -> int:
    """Seconds from 1970 to the year that `time.time()` counts from on this port."""
    return 946684800 if time.gmtime(0)[0] == 2000 else 0


class RTC:
    """`machine.RTC`, set and read in Unix time."""

    def __init__(self, rtc):
        self._rtc = rtc

    def set(self, unix_s):
        t = time.gmtime(unix_s - epoch())
        self._rtc.datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))

    def get(self):
        """Unix time in seconds; 0 = never set."""
        now = int(time.time()) + epoch()
        return now if now >= _SET else 0


class Offset:
    """A clock of our own, beside a host's that is not ours to set."""

    def __init__(self):
        self._offset = None

    def set(self, unix_s):
        self._offset = unix_s - int(time.time())

    def get(self):
        """Unix time in seconds; 0 = never set."""
        return 0 if self._offset is None else int(time.time()) + self._offset
