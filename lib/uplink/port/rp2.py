"""RP2040 and RP2350.

The UART's FIFO is 32 bytes deep; interrupts move them into `rxbuf` (at most 32766), so what
is lost is what comes while interrupts are off (flash being written) or `rxbuf` is full.
`idle` waits for events (WFE) and is woken by the UART's interrupt: light sleep would stop it.
"""

import sys

import machine

from .machine_board import MachineBoard


class Board(MachineBoard):
    """A Pico, or a board like it."""

    def __init__(self):
        super().__init__()
        # WATCHDOG_SCRATCH0 keeps its value over a reset, and the boot ROM uses only 4 to 7. The
        # chip cannot tell a reset that we asked for from a bite of the watchdog: this word can.
        rp2350 = "RP2350" in getattr(sys.implementation, "_machine", "")
        self._scratch = 0x400D800C if rp2350 else 0x4005800C
        self._cause = "power"
        if machine.reset_cause() == machine.WDT_RESET:
            ours = machine.mem32[self._scratch] == 0x75706C6B
            self._cause = "soft" if ours else "watchdog"
        machine.mem32[self._scratch] = 0

    def watchdog(self, ms):
        """At most 8.388 s on this chip: longer is shortened."""
        return machine.WDT(timeout=min(ms, 8388))

    def reset_cause(self):
        return self._cause

    def reset(self):
        machine.mem32[self._scratch] = 0x75706C6B
        machine.reset()
