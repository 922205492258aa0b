"""Byte buffers of exactly the right length, and copies between them, without heap.

A `bytearray` keeps its capacity when it shrinks: all of this is free of heap up to the length
that a buffer once had. `plain` tells what each does.
"""

try:
    from _uplink import Copier, buffer, clear, cut, resize  # the same in C: firmware/native
except ImportError:
    from .plain import Copier, buffer, clear, cut, resize  # noqa: F401
