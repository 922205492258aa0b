"""Telit: who has a secure socket.

One holder at a time: AT#SSLD ("ssl"), HTTP, FTP, MQTT, or another user of the module ("other");
and one protocol at a time holds any of them.
"""

from .. import cme
from . import telit_errors as err


def hold_at_start(modem):
    """What is saved for HTTP and FTP holds the secure socket from the start."""
    settings = modem.settings
    if any(one[5] for one in settings["#HTTPCFG"].values()):
        take(modem, 1, "http")
    elif settings["#FTPCFG"][2]:
        take(modem, 1, "ftp")


def take(modem, number, who):
    """Make `who` the holder of a secure socket; 0, or the error that says why not."""
    holder = modem.page_state.holder
    if holder[number] == "other":
        return err.IN_USE
    if any(one not in (None, who, "other") for one in holder.values()):
        return err.SSL_ACTIVATED
    if holder[number] == who:
        return err.SSL_ACTIVATED
    holder[number] = who
    return 0


def release(modem, number, who):
    holder = modem.page_state.holder
    if holder.get(number) == who:
        holder[number] = None


def number_of(c, i=0):
    """Argument i as <SSId>; None when there is no such secure socket."""
    number = c.number(i)
    return number if number in c.modem.page_state.holder else None


def whole_range(modem):
    last = modem.page.PLATFORM.sockets
    return "(1)" if last == 1 else f"(1-{last})"


def refuse(c, number):
    """Refuse a command for a secure socket that is not activated; False when it is."""
    holder = c.modem.page_state.holder.get(number)
    if number is None:
        c.cme(cme.NOT_SUPPORTED)
    elif holder is None:
        c.cme(err.SSL_NOT_ACTIVATED)
    elif holder == "other":
        c.cme(err.IN_USE)
    else:
        return False
    return True


def refuse_read(c):
    """A read command wants at least one secure socket that is activated."""
    if any(c.modem.page_state.holder.values()):
        return False
    c.cme(err.SSL_NOT_ACTIVATED)
    return True
