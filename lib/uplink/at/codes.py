"""The small integers that the command engine, the modem and the vendors' tables share.

Tables freeze into flash only when they are made of constants alone, and a constant of another
module is not one. So a vendor's file repeats the few it needs as `_NAME = const(n)`;
`tests_host/test_tables.py` compares them with these.
"""

from uplink import log

# Result of a command or of a script.
OK = 0
ERROR = 1
CME = 2  # +CME ERROR: engine.cme has the number
CMS = 3
NO_CARRIER = 4
TIMEOUT = 5  # no final result code within the limit
DAMAGED = 6  # counted payload did not end where it should
RESTARTED = 7  # the module restarted in the middle
BAD_ARGUMENT = 8  # a value cannot be written into a command line
NO_ANSWER = 9  # a final OK without the information response that the step needs
REFUSED = 10  # the vendor's handler saw an answer that means failure
STOPPED = 11  # the script was stopped by us
AGAIN = 12  # the module cannot take it now, but has taken no harm

# Flags of a step.
MAY_FAIL = 1  # an error is as good as OK
NEED = 2  # OK without the response is a failure
SETTING = 4  # of a vendor's line: modem.script makes two steps of it, query and command
PAYLOAD = 8  # after the response (or the prompt, prefix b">") the user's payload is sent
LATER = 16  # the response may come after OK: wait for it
FAST = 32  # the vendor's short pause is enough before this command

# What a handler may return (None means NEXT).
NEXT = 0  # positive: so many steps are skipped
FAIL = -1
NOT_MINE = -2  # the line is a URC that looks like the response
END = -3  # the script ends here, successfully

NAMES = (
    "OK",
    "ERROR",
    "+CME ERROR",
    "+CMS ERROR",
    "NO CARRIER",
    "no answer within the limit",
    "payload damaged on the line",
    "module restarted",
    "value not allowed in a command",
    "information response missing",
    "refused",
    "stopped",
    "busy",
)


def name(result):
    """The text of a result; a vendor's own results (from 20 on) have none here."""
    return NAMES[result] if 0 <= result < len(NAMES) else "result of the vendor's own"


def tell(result, command, cme):
    """A line of the log for a command that failed; `command`: its first constant piece."""
    say = log.error if result == BAD_ARGUMENT else log.debug
    say("at", name(result), command, cme)
