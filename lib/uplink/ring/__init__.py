"""The receive buffer over the UART, and a cursor that reads what it holds in place."""

try:
    from _uplink import Cursor, Ring  # the same in C: firmware/native, in images of ours
except ImportError:
    from .cursor import Cursor
    from .ring import Ring

__all__ = ("Cursor", "Ring")
