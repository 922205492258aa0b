"""Safe mode: whatever the configuration does, the way back to the REPL stays open.

The application is not started

* while the pin that `boot.py` names is held low at start, or a file `safe` is there: the REPL,
  until that is changed and the board restarted;
* after Ctrl-C while the hardware watchdog ran: it cannot be stopped, and restarts the board;
* after five starts in a row of which none reached the broker or lasted ten minutes: the board
  waits 15 minutes with the REPL one Ctrl-C away, then tries again. A device in the field comes
  back by itself when what kept it away is gone.

The count is one small file, `starts`, in the current folder; it is removed by `good()`.
"""

import os

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

    Returns "go", "once" (to the REPL this time) or "wait" (15 minutes).
    """
    text = starts()
    if text == "once":
        good()
        if cause == "watchdog":
            return text
    count = int(text) if text.isdigit() else 0
    if count >= 5:
        starts("1")
        return "wait"
    starts(str(count + 1))
    return "go"


def good():
    """This start has reached the broker, or lasted long enough: the count is over."""
    try:
        os.remove("starts")
    except OSError:
        pass


def starts(text=""):
    """What is in the file; `text` is written to it.

    "once", after Ctrl-C: if the watchdog makes the next start, that one goes to the REPL.
    """
    try:
        with open("starts", "w" if text else "r") as f:
            return f.write(text) if text else f.read(8).strip()
    except (OSError, ValueError):
        if text:
            print("uplink: cannot write the file starts")
        return ""
