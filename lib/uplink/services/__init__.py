"""The modules' own services (HTTP, FTP, MQTT) behind interfaces of ours: README.md."""

from .modem import ServiceModem

__all__ = ("ServiceModem",)
