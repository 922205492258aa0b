"""The wires between the board and the module: UART, PWRKEY, RESET, DTR, STATUS, and RTS if wanted.

Both sides share one clock. The module is asked when it wants to be woken; the board runs until
then, or until it says something. What the module has put on its line by then is handed over
with the time of each byte.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass

_BITS = 10  # of a character, as the virtual modem counts
_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_OFF_BY = 0.025  # a divider hits its rate within so much


@dataclass(frozen=True)
class Wiring:
    """GPIO numbers; None: not wired. `transistor`: PWRKEY and RESET are pulled low by a high
    pin."""

    uart: int = 0
    tx: int = 0
    rx: int = 1
    pwrkey: int | None = 2
    reset: int | None = 3
    dtr: int | None = 4
    status: int | None = 5
    rts: bool = False
    transistor: bool = True

    def lines(self):
        """{pin: (the module's line, whether a high pin pulls it low)}."""
        found = {
            self.pwrkey: ("PWRKEY", self.transistor),
            self.reset: ("RESET", self.transistor),
            self.dtr: ("DTR", False),
        }
        found.pop(None, None)
        return found


def nominal(rate):
    """The usual rate next to what a divider makes of it."""
    for usual in _RATES:
        if abs(rate / usual - 1) < _OFF_BY:
            return usual
    return round(rate)


class Link:
    """A module (see `tools.modem`) on the board's pins."""

    def __init__(self, modem, wiring):
        self.modem = modem
        self.wiring = wiring
        self.lines = wiring.lines()
        self._status = None
        self._baud = None
        self.to_board = 0  # bytes
        self.to_modem = 0

    @property
    def watch(self):
        """The pins whose changes matter."""
        return sorted(self.lines)

    @property
    def pins(self):
        """[TX, RX] of each UART as wired."""
        found = [None, None]
        found[self.wiring.uart] = [self.wiring.tx, self.wiring.rx]
        return found

    def due(self, now_us):
        """Let the module do what is due; returns when it wants to be asked again, or None."""
        return self.modem.poll(now_us)

    def levels(self):
        """Changes of the module's outputs, as [[pin, level]]."""
        status = self.modem.status
        if self.wiring.status is None or status == self._status:
            return []
        self._status = status
        return [[self.wiring.status, int(status)]]

    def rx(self, until_us):
        """What arrives at the board by `until_us`: [[uart, start ns, ns a character, base64]]."""
        found = []
        wire = self.modem.line.tx
        data = self.modem.arrived
        if data:
            self.modem.arrived = b""
            found.append(self._burst(self.modem.now, self.modem.baud or 115_200, data))
        while wire.runs:
            run = wire.runs[0]
            first = run.pos
            count = run.whole(until_us) - first
            if count <= 0:
                break
            start = run.t0 + first * _BITS * 1_000_000 / run.baud
            found.append(self._burst(start, run.baud, wire.take(until_us, count)))
        return found

    def _burst(self, start_us, baud, data):
        self.to_board += len(data)
        char = _BITS * 1e9 / baud
        return [self.wiring.uart, start_us * 1000, char, b64encode(data).decode()]

    def event(self, event):
        """Something that the board has done."""
        kind = event["kind"]
        if kind == "uart" and event["uart"] == self.wiring.uart:
            data = b64decode(event["bytes"])
            self._rate(nominal(_BITS * 1e9 / event["char"]))
            self.to_modem += len(data)
            self.modem.receive(data, int(event["start"] // 1000))
        elif kind == "pin" and event["pin"] in self.lines:
            self._pin(event["pin"], event["level"], int(event["nanos"] // 1000))
        elif kind == "rts" and self.wiring.rts:
            self.modem.pin("RTS", event["on"], int(event["nanos"] // 1000))

    def _rate(self, baud):
        if baud != self._baud:
            self._baud = baud
            self.modem.set_host_baud(baud)

    def _pin(self, pin, level, now_us):
        name, inverted = self.lines[pin]
        if level < 0:
            low = False  # nobody drives it: the module's own pull-up, or a transistor at rest
        else:
            low = (level == 1) if inverted else (level == 0)
        self.modem.pin(name, low, now_us)

    def released(self, now_us):
        """The board was reset: nothing drives its pins."""
        for pin in self.lines:
            self._pin(pin, -1, now_us)
