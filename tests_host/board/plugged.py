"""A board in real time, its USB serial port on a pty: what mpremote finds."""

import threading

from tools.board.realtime import Runner, SerialPort


class Plugged:
    """`board` on a thread of its own, until it is unplugged; `link`: where its port is linked."""

    def __init__(self, board, link=None):
        self.board = board
        self.port = SerialPort(link)
        self.runner = Runner(board, self.port)
        self.failed = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._over.is_set():
                self.runner.turn()
        except Exception as error:
            self.failed = error

    def unplug(self):
        """Back to simulated time."""
        self._over.set()
        self._thread.join(20)
        self.board.listeners.clear()
        self.runner.close()
        self.port.close()
        assert self.failed is None
