"""Milliseconds that wrap, compared only by difference.

On MicroPython these are the `time` module's own functions; CPython has none, so the
same arithmetic stands in `cpython.py`, with the same period (2**30 ms, 12.4 days).
"""

try:
    from time import ticks_add, ticks_diff
except ImportError:
    from .cpython import ticks_add, ticks_diff  # type: ignore[no-redef]  # noqa: F401

# The longest a machine may ask not to be polled: well inside what ticks_diff can tell.
FOREVER = 1 << 28
