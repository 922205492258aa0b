"""What a SIM7000 says of its own HTTP: sim7000's tables for the engine, with these lines added.

`m.units` are the services (lib/uplink/services).
"""

from uplink.modems.common import answer, const, urc  # noqa: F401 (named by the tables)
from uplink.modems.sim7000 import (  # noqa: F401
    COUNTED,
    FAST_MS,
    FINALS,
    INPUT_MS,
    PAUSE_MS,
    PROBE,
    counted,
    payload,
)

_ASK = const(97)  # of services.http
_RING = const(1)  # the answer is awaited

URCS = ((b"+SHREQ: ", "http_ring"), (b"+SHSTATE: ", "http_state"), (b"", "urc"))


def is_out(s):
    """Whether its request is out."""
    phase = s.phase
    return phase == _RING or (phase == _ASK and s.script.head.startswith(b"AT+SHREQ"))


def http_ring(m, c):
    """`+SHREQ: "GET",<status>,<bytes>`: the answer is there."""
    for s in m.units:
        if is_out(s):
            c.skip()
            status = c.int(0)
            s.ring(status, c.int(0))
            return


def http_state(m, c):
    """`+SHSTATE: 0`: the server has closed. Where the answer was there, reading tells."""
    if c.int() == 0:
        for s in m.units:
            if is_out(s):
                s.peer_gone()
