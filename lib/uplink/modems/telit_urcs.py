"""What a Telit says of its own services: telit's tables for the engine, with these lines added.

`m.units` are the services (lib/uplink/services).
"""

from uplink.modems import telit
from uplink.modems.common import answer, const  # noqa: F401 (named by the tables)
from uplink.modems.telit import (  # noqa: F401
    FAST_MS,
    FINALS,
    INPUT_MS,
    PAUSE_MS,
    PROBE,
    pushed,
    pushed_plain,
    received,
)

_ENDLESS = const(0xFFFFFFF)

URCS = ((b"#HTTPRING: ", "http_ring"), (b"", "urc"))
# `<<<` and, directly behind it, the bytes of a read.
COUNTED = ((b"SSLSRING:", 2, "pushed"), (b"SRING:", 2, "pushed_plain"), (b"<<<", 0, "arrows"))


def urc(m, c):
    telit.urc(m, c)


def unit(m, name):
    """The service of this name, or None."""
    for s in m.units:
        if s.name == name:
            return s
    return None


def arrows(m, c):
    """`<<<`: how many bytes follow."""
    s = m.active
    if s is None or s not in m.units:
        return -1
    n = s.vendor.arrows(s)
    if n == 0:
        s.expect_raw(m.now)
        return _ENDLESS
    return n


def http_ring(m, c):
    """`#HTTPRING: <profile>,<status>,"<content type>",<bytes>`; status 0: no answer."""
    s = unit(m, "http")
    if s is not None and c.int() == 0:
        status = c.int(0)
        c.skip()
        s.ring(status, c.int(0))
