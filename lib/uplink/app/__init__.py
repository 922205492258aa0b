"""What `main.py` calls: configuration, safe mode, start-up, telemetry and commands."""

import json

try:
    from micropython import const
except ImportError:

    def const(value):
        """MicroPython's, for CPython."""
        return value


def loads(data):
    """The value of a JSON text (bytes); ValueError if it is none, or not the whole of one.

    MicroPython's reader takes a text that is cut off, and then also one that goes on.
    """
    try:
        json.loads(data + b" 0")
    except ValueError:
        return json.loads(data)
    raise ValueError("cut off")
