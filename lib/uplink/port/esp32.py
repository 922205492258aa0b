"""ESP32 and its family.

The UART driver's hardware FIFO is 128 bytes deep and its interrupt moves them into `rxbuf`.
`idle` gives the processor back to FreeRTOS, which sleeps until the UART or the time wakes it.
Light sleep is not used: on these chips it stops the UART's clock, and the first bytes after
it are lost.
"""

import machine

from .machine_board import MachineBoard


class Board(MachineBoard):
    """An ESP32, -S3, -C3, ..."""

    def reset_cause(self):
        cause = machine.reset_cause()
        if cause == machine.PWRON_RESET:
            return "power"
        if cause == machine.WDT_RESET:
            return "watchdog"
        if cause in (machine.SOFT_RESET, machine.HARD_RESET):
            return "soft"  # Ctrl-D, or `reset()`, or a crash of the system
        return "unknown"
