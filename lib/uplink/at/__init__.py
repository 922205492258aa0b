"""The command engine of V.250 and 3GPP TS 27.007: one command in flight, no vendor known.

Beside it what composes a command line in place: constant pieces, numbers, checked strings, packed
texts.
"""

# from the lowest up: an import inside an import takes C stack, of which boards have little
try:
    # the same in C: firmware/native, in images of ours
    from _uplink import Engine, allowed, put, put_int, unpack
except ImportError:
    from .plain import allowed, put, put_int, unpack  # noqa: F401, I001
    from . import cme, codes, resync  # noqa: F401
    from .engine import Engine
from . import cme, codes  # noqa: F401

__all__ = ("Engine",)
