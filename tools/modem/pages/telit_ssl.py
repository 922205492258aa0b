"""Telit: secure sockets in online and command mode (AT#SSLD and what belongs to it).

What opening fails with is an error of the guide's 12.2; which one for what: telit_errors.TLS.
"""

from types import SimpleNamespace

from .. import cme
from . import telit_errors as err
from .table import Table
from .telit_connect import CONNECT_US, connect
from .telit_holder import number_of, refuse, whole_range
from .telit_online import Online
from .telit_security import config_of
from .telit_ssl_data import announce, connected, key_of, socket_of

COMMANDS = Table()
command = COMMANDS.command


# opening


@command("#SSLD")
def dial(c):
    """AT#SSLD=<SSId>,<port>,<host>,<ClosureType>[,<connMode>[,<Timeout>]]."""
    if c.op == "test":
        c.info(f"#SSLD: {whole_range(c.modem)},(1-65535),,(0,1),(0,1),(10-5000)")
        c.ok()
        return
    number, port, closure = number_of(c), c.number(1), c.number(3)
    mode, timeout = c.number(4, 1), c.number(5, 100)
    if c.op != "set" or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
        return
    good = 4 <= len(c.args) <= 6 and port and port < 65536 and 0 < len(c.arg(2)) <= 255
    choices = (0, 1) if c.modem.page.PLATFORM.resumes else (0,)
    if not good or closure not in choices or mode not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    elif timeout is None or not 10 <= timeout <= 5000:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _open(c, number, (c.arg(2), port), closure, mode, timeout, None)


@command("#SSLFASTD")
def fast_dial(c):
    """AT#SSLFASTD=<SSId>[,<connMode>[,<Timeout>]]: 2G, after <ClosureType> 1."""
    state = c.modem.page_state
    if not c.modem.page.PLATFORM.resumes:
        c.error()
        return
    if c.op == "test":
        c.info("#SSLFASTD: (1),(0,1),(10-5000)")
        c.ok()
        return
    number, mode, timeout = number_of(c), c.number(1, 1), c.number(2, 100)
    if c.op != "set" or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
    elif mode not in (0, 1) or timeout is None or not 10 <= timeout <= 5000:
        c.cme(cme.NOT_SUPPORTED)
    elif number not in state.sessions:
        c.cme(err.SSL_STATE)
    else:
        where, session = state.sessions[number]
        _open(c, number, where, 1, mode, timeout, session)


def _open(c, number, where, closure, mode, timeout, session):
    modem, state = c.modem, c.modem.page_state
    holder = state.holder[number]
    if holder != "ssl":
        c.cme(err.SSL_ACTIVATED)
        return
    if number in state.secure:
        c.cme(err.SSL_CONNECTED)
        return
    config = config_of(modem, number)
    if config.cid not in state.contexts:
        c.cme(err.NOT_ACTIVE)
        return
    entry = SimpleNamespace(
        where=where, closure=closure, trust=None, config=config, reading=None, open=False
    )
    state.secure[number] = entry

    def opened(word):
        if word == "ok":
            entry.open = True
            if mode == 1:
                c.ok()
                modem.after(0, announce, modem, number)
            else:
                _online(c, number)
            return
        if state.secure.get(number) is entry:
            del state.secure[number]
        c.cme(err.TLS[word])

    limit = config.connect_100ms * 100_000 or CONNECT_US
    quiet = timeout * 100_000
    entry.trust = connect(
        modem, key_of(number), where, number, limit, opened, session, quiet_us=quiet
    )


def _online(c, number):
    modem = c.modem
    entry = modem.page_state.secure[number]
    config = entry.config

    def idle():
        _close(modem, number, keep=False)
        online.close()

    online = Online(
        modem, key_of(number), size=config.size, wait_100ms=config.send_100ms,
        idle_s=config.idle_s, ended=idle,
    )  # fmt: skip
    online.enter(c)


@command("#SSLO")
def restore(c):
    """AT#SSLO=<SSId>: data mode again."""
    number = number_of(c)
    if c.op == "test":
        c.info(f"#SSLO: {whole_range(c.modem)}")
        c.ok()
    elif c.op != "set" or len(c.args) != 1 or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
    elif connected(c, number):
        _online(c, number)


# closing


def _close(modem, number, keep):
    """Close by ourselves; with `keep`, AT#SSLFASTD may resume the session."""
    state = modem.page_state
    entry = state.secure.pop(number, None)
    if entry is not None and keep and entry.trust.session is not None:
        state.sessions[number] = (entry.where, entry.trust.session)
    elif not keep:
        state.sessions.pop(number, None)
    modem.sockets.close(key_of(number))


@command("#SSLH")
def hang_up(c):
    """AT#SSLH=<SSId>[,<ClosureType>]: without it, that of AT#SSLD."""
    modem, state = c.modem, c.modem.page_state
    number = number_of(c)
    if c.op == "test":
        c.info(f"#SSLH: {whole_range(modem)},(0,1)")
        c.ok()
        return
    if c.op != "set" or len(c.args) > 2 or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
        return
    entry = state.secure.get(number)
    closure = c.number(1, entry.closure if entry is not None else 0)
    if closure not in ((0, 1) if modem.page.PLATFORM.resumes else (0,)):
        c.cme(cme.NOT_SUPPORTED)
    elif entry is None:
        c.cme(err.SSL_NOT_CONNECTED)
    else:
        modem.after_ms(200, _hung_up, c, number, closure == 1)


def _hung_up(c, number, keep):
    _close(c.modem, number, keep)
    c.ok()


@command("#SSLS")
def status(c):
    """AT#SSLS=<SSId>: 0 disabled, 1 closed, 2 open with the cipher suite of AT#SSLSECCFG."""
    modem, state = c.modem, c.modem.page_state
    if c.op == "test":
        c.info(f"#SSLS: {whole_range(modem)}")
        c.ok()
        return
    number = number_of(c)
    if c.op != "set" or number is None:
        c.cme(cme.NOT_SUPPORTED)
        return
    entry = state.secure.get(number)
    if state.holder[number] is None:
        text = "0"
    elif entry is None or not entry.open:
        text = "1"
    else:
        text = "2," + modem.settings["#SSLSECCFG"][number][0]
    c.info(f"#SSLS: {number},{text}")
    c.ok()


@command("#SSLI")
def information(c):
    """AT#SSLI[=<SSId>]: bytes sent, received, waiting."""
    modem = c.modem
    wanted = modem.page_state.holder if c.op == "exec" else (number_of(c),)
    if c.op not in ("exec", "set") or None in wanted:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)
        return
    for number in wanted:
        one = socket_of(modem, number)
        counts = (one.sent, one.received, len(one.buffer)) if one is not None else (0, 0, 0)
        c.info(f"#SSLI: {number},{counts[0]},{counts[1]},{counts[2]},0")
    c.ok()
