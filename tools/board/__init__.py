"""An emulated RP2040 board that runs the real firmware image. See README.md beside this."""

from .board import Board
from .process import BoardError, NoNode, missing
from .repl import RemoteError
from .wiring import Wiring

__all__ = ["Board", "BoardError", "NoNode", "RemoteError", "Wiring", "missing"]
