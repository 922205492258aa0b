"""The command engine of V.250 and 3GPP TS 27.007: one command in flight, no vendor known."""

from .engine import Engine

__all__ = ("Engine",)
