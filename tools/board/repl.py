"""MicroPython's raw REPL, as mpremote speaks it."""

from .process import BoardError

_RAW = b"raw REPL; CTRL-B to exit\r\n>"
_START_S = 10


class RemoteError(BoardError):
    """The board raised an exception; `str` is its traceback."""


class Repl:
    """On `board`, which runs on until what is waited for has come."""

    def __init__(self, board):
        self._board = board

    def _until(self, data, mark, limit_s, what):
        board = self._board
        if not board.run_until(lambda: mark in board.output, limit_s):
            said = bytes(board.output[-200:])
            raise BoardError(f"no {what} within {limit_s} s of the board's time; it said {said!r}")
        end = board.output.index(mark) + len(mark)
        found = bytes(board.output[:end])
        del board.output[:end]
        return found

    def enter(self):
        """Interrupt what runs; the raw REPL afterwards."""
        board = self._board
        if not board.run_until(lambda: board.connected, _START_S):
            raise BoardError("the board's USB serial port does not come up")
        board.output.clear()
        board.send(b"\r\x03\x03")
        board.run_ms(20)
        board.output.clear()
        board.send(b"\r\x01")
        self._until(None, _RAW, _START_S, "raw REPL")

    def leave(self):
        """The usual prompt again."""
        self._board.send(b"\r\x02")
        self._board.run_ms(5)

    def run(self, source, limit_s):
        """Run `source` in the raw REPL; returns what it printed. RemoteError on an exception."""
        board = self._board
        if isinstance(source, str):
            source = source.encode()
        board.send(source + b"\x04")
        self._until(None, b"OK", limit_s, "answer to a command")
        out = self._until(None, b"\x04", limit_s, "end of the command")[:-1]
        error = self._until(None, b"\x04", limit_s, "end of the command")[:-1]
        self._until(None, b">", limit_s, "prompt")
        if error:
            raise RemoteError(error.decode("utf-8", "replace").replace("\r\n", "\n"))
        return out.replace(b"\r\n", b"\n").decode("utf-8", "replace")
