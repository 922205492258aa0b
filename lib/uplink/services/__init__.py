"""The modules' own services (HTTP) behind interfaces of ours. README.md tells which have what."""

from .modem import ServiceModem

__all__ = ("ServiceModem",)
