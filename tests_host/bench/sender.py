"""What sits at the other end of the UART in `line.py`: it sends one answer over and over."""

from tools.modem.uart import Wire


class Sender:
    """`data`, `count` times at `baud`, `gap_us` apart, from when `start` is called. Stands where
    the board expects a module, and hears nothing.
    """

    class _Line:
        def __init__(self):
            self.tx = Wire(None, "out")

    def __init__(self, data, count, baud, gap_us=0):
        self.data = data
        self.count = count
        self.baud = baud
        self.gap_us = gap_us
        self.line = Sender._Line()
        self.line.tx.damager.rates.clear()
        self.arrived = b""
        self.now = 0
        self.status = False

    def start(self, now_us):
        """Begin."""
        at = int(now_us) + 100
        if not self.gap_us:
            self.line.tx.send(self.data * self.count, at, self.baud, "answer")
            return
        one = len(self.data) * 10_000_000 // self.baud + self.gap_us
        for i in range(self.count):
            self.line.tx.send(self.data, at + i * one, self.baud, "answer")

    def poll(self, now_us):
        self.now = now_us
        runs = self.line.tx.runs
        return max(runs[0].t0, now_us + 1000) if runs else None

    def receive(self, data, now_us):
        pass

    def set_host_baud(self, baud):
        pass

    def pin(self, name, low, now_us):
        pass
