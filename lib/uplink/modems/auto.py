"""Which module is it? Tables that only find that out; then those of its vendor take their place.

They are used for `modem.type` "auto" in an image that knows several vendors. What they say every
module understands. The pulses suit all of them as far as one pulse can: name the module in the
configuration where its power pins are wired and it does not always run already.
"""

from uplink import log
from uplink.modems import common, identify
from uplink.modems.common import answer, const, urc, when  # noqa: F401 (named by the tables)

_FAIL = const(-1)  # of at.codes

NUMBERS = (
    5100,  # PWRKEY low, on: what the slowest needs; it ends when STATUS rises
    2600,  # PWRKEY low, off
    300,  # RESET low
    25000,  # start
    30000,
    16000,  # down
    2100,  # pause
    60,
    2,  # connections
    # fmt: off
    1,
    1,
    1,
    1,
    1,
    250,
    0,
    0,
    1,
    1,
    0,
    0,
    0,
    0,
    12000,
    0,
    # fmt: on
)
PAUSE_MS = 22
FAST_MS = 0
INPUT_MS = 6_000

PROMPT = b">"
TAIL = b""
PROBE = (b"AT+CMEE?", b"+CMEE: ")
FILES = (b"", b"", b"")

SCRIPTS = (
    b"\n#A"  # is anybody there?
    b"\n  0AT"
    b"\n#c"  # found at another baud rate
    b"\n a1AT+IPR={b}"
    b"\n#h"  # who is it?
    b"\n a1ATE0"
    b"\n a2AT+CGMM|w*"
    b"\n a2AT+GMI|w*"
    b"\n a2AT+CGMR|w*"
    b"\n b1AT+CMEE?|W"  # (every module answers; it fails while nobody is known)
    b"\n#"
)
LINES = b"\nRDY:R"
URCS = ((b"", "urc"),)
FINALS = ((b"ERROR", 1),)
COUNTED = ()


def heard(m, c, what):
    """A line of any vendor; `what` is its letter."""
    if what == 119:  # w a name
        c.rest()
        if m.script.found is None:
            m.script.found = identify(bytes(c.buf[c.first : c.last]))
    elif what == 87:  # W the end
        if m.script.found is None:
            log.error("modem", "unknown module, or not in this image")
            return _FAIL
        return None
    return common.heard(m, c, what)
