"""Composes a command line in place: constant pieces, numbers, checked strings, packed texts."""

try:
    from _uplink import allowed, put, put_int, unpack  # the same in C: firmware/native
except ImportError:
    from .plain import allowed, put, put_int, unpack  # noqa: F401
