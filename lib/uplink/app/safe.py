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

LIMIT = 5
PAUSE_S = 900
GOOD_S = 600

_held = False


def boot(held):
    """What `boot.py` calls: `held` is True while the safe-mode pin is low."""
    global _held
    _held = held
    why = asked()
    if why:
        print("uplink: safe mode,", why)


def asked() -> str:
    """Why somebody wants the REPL instead of the application; "" if nobody does."""
    if _held:
        return "its pin is held low"
    return "there is a file named safe" if "safe" in os.listdir() else ""


def begin(cause: str) -> str:
    """Count this start; `cause` is the board's reset cause.

    Returns "go", "once" (to the REPL this time) or "wait" (see `pause`).
    """
    text = _starts()
    if text == "once":
        good()
        if cause == "watchdog":
            return text
    count = int(text) if text.isdigit() else 0
    if count >= LIMIT:
        _starts("1")
        return "wait"
    _starts(str(count + 1))
    return "go"


def good():
    """This start has reached the broker, or lasted long enough: the count is over."""
    try:
        os.remove("starts")
    except OSError:
        pass


def once():
    """Stopped by hand: if the watchdog makes the next start, that one goes to the REPL."""
    _starts("once")


def pause(board):
    """Wait `PAUSE_S`; Ctrl-C (KeyboardInterrupt) ends it."""
    for _ in range(PAUSE_S):
        board.idle(1000, False)


def _starts(text=""):
    """What is in the file; `text` is written to it."""
    try:
        with open("starts", "w" if text else "r") as f:
            return f.write(text) if text else f.read(8).strip()
    except (OSError, ValueError):
        if text:
            print("uplink: cannot write the file starts")
        return ""
