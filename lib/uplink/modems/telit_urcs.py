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
    counted,
    pushed,
)

_ENDLESS = const(0xFFFFFFF)

URCS = ((b"#HTTPRING: ", "http_ring"), (b"#MQRING: ", "mq_ring"), (b"", "urc"))
# `<<<` and, directly behind it, the bytes of a read.
COUNTED = ((b"SSLSRING:", 2, "pushed"), (b"<<<", 0, "arrows"))


def urc(m, c):
    telit.urc(m, c)


def decimal(line, n):
    """Append `n`, for the texts of services."""
    if n > 9:
        decimal(line, n // 10)
    line.append(48 + n % 10)


def meets(s, condition):
    """Conditions of a service's script, with TLS: 2 to 6: sockets may have enabled that secure
    socket, too; M: the server's name is checked if #SSLCFG says so; H: the module has said that
    HTTP, or FTP, holds it. The others are telit's.
    """
    security = s.core.security
    if 50 <= condition <= 54:
        return s.tls and security.stores > condition - 49
    if condition == 77:
        return s.tls and security.named
    if condition == 72:
        return s.told
    return telit.when(s.core, condition)


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


def mq_ring(m, c):
    """`#MQRING: <instance>,<mId>,<topic>,<bytes>`; 0 alone: there was no room for it."""
    s = unit(m, "mqtt")
    if s is None:
        return
    buf = c.buf
    end = c.end
    if not c.int():
        s.ring(0, buf, 0, 0, 0)
        return
    place = c.int(0)
    start = comma = c.pos
    at = buf.find(b",", start, end)
    while at >= 0:  # (a topic may have commas: the last one is its end)
        comma = at
        at = buf.find(b",", at + 1, end)
    size = 0
    for i in range(comma + 1, end):
        if 48 <= buf[i] < 58 and size < 100_000:
            size = size * 10 + buf[i] - 48
    s.ring(place, buf, start, comma - start, size)
