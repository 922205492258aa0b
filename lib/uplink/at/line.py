"""Composes a command line in place: constant pieces, numbers, and checked strings."""

try:
    from _uplink import allowed, put, put_int  # the same in C: firmware/native
except ImportError:
    from .plain import allowed, put, put_int  # noqa: F401
