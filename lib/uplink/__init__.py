"""Uplink: a MicroPython board on the internet through a cellular modem, and kept there.

What applications use is here by its short name and loaded when it is first touched:

    from uplink import Loop, Modem, MQTT, config
"""

# name: (module, attribute of it; None = the module itself)
_LAZY = {
    "App": ("app.application", "App"),
    "Loop": ("loop", "Loop"),
    "Event": ("loop", "Event"),
    "Queue": ("loop", "Queue"),
    "serve": ("loop", "serve"),
    "Modem": ("modem", "Modem"),
    "MQTT": ("mqtt", "MQTT"),
    "config": ("app.config", None),
    "errors": ("errors", None),
    "exact": ("exact", None),
    "log": ("log", None),
    "UplinkError": ("errors", "UplinkError"),
    "ATError": ("errors", "ATError"),
    "TimeoutError_": ("errors", "TimeoutError_"),
    "LinkDown": ("errors", "LinkDown"),
    "TLSError": ("errors", "TLSError"),
    "MQTTError": ("errors", "MQTTError"),
    "ConfigError": ("errors", "ConfigError"),
}

__version__ = "0.1.0"


# MicroPython asks `__getattr__` before it looks for a submodule.
_ROOMS = ("app", "at", "exact", "loop", "modem", "modems", "mqtt", "port", "ring")


def __getattr__(name):
    where = _LAZY.get(name)
    if where is None and name in _ROOMS:
        where = (name, None)
    if where is None:
        raise AttributeError(name)
    value = __import__("uplink." + where[0], None, None, ("__name__",), 0)
    if where[1] is not None:
        value = getattr(value, where[1])
    globals()[name] = value
    return value
