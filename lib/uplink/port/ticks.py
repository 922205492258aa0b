"""Milliseconds that wrap, compared only by difference.

On MicroPython these are the `time` module's own functions; CPython has none, so the
same arithmetic stands here, with the same period (2**30 ms, 12.4 days).
"""

try:
    from time import ticks_add, ticks_diff
except ImportError:
    _PERIOD = 1 << 30
    _HALF = 1 << 29

    def ticks_add(ticks, delta):
        """`ticks` moved by `delta` ms (either sign), wrapped."""
        return (ticks + delta) & (_PERIOD - 1)

    def ticks_diff(end, start):
        """Signed ms from `start` to `end`; right for spans below 6.2 days."""
        return ((end - start + _HALF) & (_PERIOD - 1)) - _HALF


# The longest a machine may ask not to be polled: well inside what ticks_diff can tell.
FOREVER = 1 << 28
