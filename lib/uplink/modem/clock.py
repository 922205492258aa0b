"""Dates to seconds, in small integers (seconds since 2000 fit until 2034 without heap)."""

EPOCH_2000 = 946_684_800  # 2000-01-01 as a Unix time

_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def seconds_since_2000(year, month, day, hour, minute, second):
    """UTC; `year` counts from 2000, 0 to 99."""
    days = year * 365 + (year + 3) // 4 + _BEFORE[(month - 1) % 12] + day - 1
    if month > 2 and year % 4 == 0:
        days += 1
    return days * 86400 + hour * 3600 + minute * 60 + second
