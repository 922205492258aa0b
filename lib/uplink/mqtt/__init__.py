"""MQTT 3.1.1: packets, session, outbox, client. See README.md."""

from .client import MQTT

__all__ = ("MQTT",)
