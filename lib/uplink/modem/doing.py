"""What the command engine is doing for the modem's core (`Core.doing`)."""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


NOTHING = const(0)
STATE = const(1)  # the script of the state
POLL = const(2)  # its poll script
SOCKET = const(3)
WATCH = const(4)  # supervision while online
PING = const(5)
AT = const(6)  # is anybody there?
