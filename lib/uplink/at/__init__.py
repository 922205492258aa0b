"""The command engine of V.250 and 3GPP TS 27.007: one command in flight, no vendor known."""

# from the lowest up: an import inside an import takes C stack, of which boards have little
from . import cme, codes, line  # noqa: F401

try:
    from _uplink import Engine  # the same in C: firmware/native, in images of ours
except ImportError:
    from . import resync  # noqa: F401
    from .engine import Engine

__all__ = ("Engine",)
