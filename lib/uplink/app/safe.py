"""Safe mode: whatever the configuration does, the way back to the REPL stays open.

The application is not started

* while the pin that `boot.py` names is held low at start, or a file `safe` is there: the REPL,
  until that is changed and the board restarted;
* after Ctrl-C while the hardware watchdog ran: it cannot be stopped, and restarts the board;
* after `LIMIT` starts in a row of which none reached the broker or lasted `GOOD_S`: the board
  waits `PAUSE_S` with the REPL one Ctrl-C away, then tries again. A device in the field comes
  back by itself when what kept it away is gone.

The count is one small file, `starts`, in the current folder; it is removed by `good()`.
"""

import os

from uplink.port.ticks import ticks_add, ticks_diff

LIMIT = 5
PAUSE_S = 900
GOOD_S = 600

_COUNT = "starts"
_FLAG = "safe"
_ONCE = "once"

_held = False


def boot(held):
    """What `boot.py` calls: `held` is True while the safe-mode pin is low."""
    global _held
    _held = bool(held)
    why = asked()
    if why:
        print("uplink: safe mode,", why)


def asked() -> str:
    """Why somebody wants the REPL instead of the application; "" if nobody does."""
    if _held:
        return "its pin is held low"
    try:
        os.stat(_FLAG)
    except OSError:
        return ""
    return "there is a file named " + _FLAG


def begin(cause: str) -> str:
    """Count this start; `cause` is the board's reset cause.

    Returns "go", "once" (to the REPL this time) or "wait" (see `pause`).
    """
    text = _read()
    if text == _ONCE:
        good()
        if cause == "watchdog":
            return "once"
    count = int(text) if text.isdigit() else 0
    if count >= LIMIT:
        _write("1")
        return "wait"
    _write(str(count + 1))
    return "go"


def good():
    """This start has reached the broker, or lasted long enough: the count is over."""
    try:
        os.remove(_COUNT)
    except OSError:
        pass


def once():
    """Stopped by hand: if the watchdog makes the next start, that one goes to the REPL."""
    _write(_ONCE)


def pause(board):
    """Wait `PAUSE_S`; Ctrl-C (KeyboardInterrupt) ends it."""
    end = ticks_add(board.ticks_ms(), PAUSE_S * 1000)
    left = PAUSE_S * 1000
    while left > 0:
        board.idle(min(left, 1000), False)
        left = ticks_diff(end, board.ticks_ms())


def _read():
    try:
        with open(_COUNT) as f:
            return f.read(8).strip()
    except (OSError, ValueError):
        return ""


def _write(text):
    try:
        with open(_COUNT, "w") as f:
            f.write(text)
    except OSError:
        print("uplink: cannot write the file", _COUNT)
