"""Log lines that cost no heap: constant texts and up to two plain values.

A call such as `log.info("mqtt", "connected, session present", 1)` hands its arguments to
`sink` as they are; nothing is formatted unless the sink wants to. Secrets are never passed.
"""

DEBUG = 0
INFO = 1
WARN = 2
ERROR = 3

_NAMES = ("debug", "info", "warn", "error")

threshold = INFO


def to_stdout(level, room, text, a=None, b=None):
    """The default sink: one line on the REPL's output, without formatting."""
    print(_NAMES[level], room, text, end="")
    if a is not None:
        print(" ", end="")
        print(a, end="")
    if b is not None:
        print(" ", end="")
        print(b, end="")
    print()


sink = to_stdout


def debug(room, text, a=None, b=None):
    """What only a developer of Uplink wants to see."""
    if threshold <= DEBUG:
        sink(DEBUG, room, text, a, b)


def info(room, text, a=None, b=None):
    """A step of normal life: registered, connected, asleep."""
    if threshold <= INFO:
        sink(INFO, room, text, a, b)


def warn(room, text, a=None, b=None):
    """Something was recovered from, or is weaker than it should be."""
    if threshold <= WARN:
        sink(WARN, room, text, a, b)


def error(room, text, a=None, b=None):
    """Something that somebody must look at."""
    if threshold <= ERROR:
        sink(ERROR, room, text, a, b)
