"""Log lines that cost no heap: constant texts and up to two plain values.

A call such as `log.info("mqtt", "connected, session present", 1)` hands its arguments to
`sink` as they are; nothing is formatted unless the sink wants to. Secrets are never passed.
"""

_NAMES = ("debug", "info", "warn", "error")

threshold = 1


def __getattr__(name):
    # DEBUG, INFO, WARN and ERROR, which take no RAM so
    if name in ("DEBUG", "INFO", "WARN", "ERROR"):
        return _NAMES.index(name.lower())
    raise AttributeError(name)


def to_stdout(level, room, text, a=None, b=None):
    """The default sink: one line on the REPL's output, without formatting."""
    level = _NAMES[level]
    if b is not None:
        print(level, room, text, a, b)
    elif a is not None:
        print(level, room, text, a)
    else:
        print(level, room, text)


sink = to_stdout


def debug(room, text, a=None, b=None):
    """What only a developer of Uplink wants to see."""
    if threshold <= 0:
        sink(0, room, text, a, b)


def info(room, text, a=None, b=None):
    """A step of normal life: registered, connected, asleep."""
    if threshold <= 1:
        sink(1, room, text, a, b)


def warn(room, text, a=None, b=None):
    """Something was recovered from, or is weaker than it should be."""
    if threshold <= 2:
        sink(2, room, text, a, b)


def error(room, text, a=None, b=None):
    """Something that somebody must look at."""
    sink(3, room, text, a, b)
