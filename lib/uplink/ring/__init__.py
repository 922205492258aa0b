"""The receive buffer over the UART, and a cursor that reads what it holds in place."""

from .cursor import Cursor
from .ring import Ring

__all__ = ("Cursor", "Ring")
