"""Uplink: a MicroPython board on the internet through a cellular modem, and kept there.

What applications use is here by its short name and loaded when it is first touched:

    from uplink import Loop, Modem, MQTT, config
"""

from . import log  # noqa: F401

__version__ = "0.1.0"

# The rooms, each with what it offers here.
_ROOMS = (
    "app.application App,app.config,app,loop Loop Event Queue serve,modem Modem,mqtt MQTT,"
    "errors UplinkError ATError TimeoutError_ LinkDown TLSError MQTTError ConfigError,"
    "at,exact,log,modems,port,ring"
)


def __getattr__(name):
    # MicroPython asks here before it looks for a submodule.
    for room in _ROOMS.split(","):
        names = room.split(" ")
        path = names[0]
        if name in names or path.endswith("." + name):
            room = __import__("uplink." + path, None, None, ("*",), 0)
            globals()[name] = value = getattr(room, name) if name in names[1:] else room
            return value
    raise AttributeError(name)
