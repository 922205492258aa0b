"""The vendor-neutral life of a modem: power, recovery, SIM, registration, packet data, sockets."""

from .modem import Modem

__all__ = ("Modem",)
