"""The board: the only room that knows what it runs on.

Imports nothing until `board()` is called, and then only the one file that fits.
"""

import sys

_board = None


def board():
    """The board this runs on (always the same object); see lib/uplink/README.md."""
    global _board
    if _board is None:
        if sys.implementation.name != "micropython":
            from .cpython import Board
        elif sys.platform == "rp2":
            from .rp2 import Board
        elif sys.platform == "esp32":
            from .esp32 import Board
        else:
            from .unix import Board
        _board = Board()
    return _board
