"""The constants of `uplink.modem.states` by name: on the board they are numbers without one."""

import uplink.modem.states as states

_FOLDER = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."


def read(name):
    """{NAME: n} of the lines `_NAME = const(n)` in `lib/uplink/modem/<name>.py`."""
    found = {}
    with open(_FOLDER + "/../../lib/uplink/modem/" + name + ".py") as source:
        for line in source:
            if line.startswith("_") and " = const(" in line:
                constant, rest = line.split(" = const(", 1)
                found[constant[1:]] = int(rest[: rest.index(")")])
    return found


CODES = read("states")
STATES = list(range(26))
EVENTS = list(range(27))
ANY = CODES["ANY"] - 97
RUNGS = [
    (CODES["RETRY"] + i, states.LADDER[2 * i] - 48, states.LADDER[2 * i + 1] - 48)
    for i in range(8)
]
ROWS = [
    (states.NEXT[i] - 97, states.NEXT[i + 1] - 64, states.NEXT[i + 2] - 97)
    for i in range(0, len(states.NEXT), 3)
]


def successor(state, event):
    """The next state, or -1 where the event means nothing in `state`."""
    fallback = -1
    for row in ROWS:
        if row[1] == event:
            if row[0] == state:
                return row[2]
            if row[0] == ANY:
                fallback = row[2]
    return fallback
