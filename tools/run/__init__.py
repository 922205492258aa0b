"""The firmware on this PC, against a real modem or any pty."""
