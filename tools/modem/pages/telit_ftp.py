"""Telit: FTP and FTPS of the module: the session (#FTPOPEN, #FTPCLOSE, #FTPCFG, #FTPTYPE …).

TLS is explicit (AUTH TLS), on both connections, each with a session of its own. Files go over
in telit_ftp_data.py. Active mode is taken, but behind an operator's NAT no server gets through.
"""

from types import SimpleNamespace

from .. import cme
from . import telit_errors as err
from .ftp_client import FTPControl
from .table import Table
from .telit_connect import CONNECT_US, connect, refuse
from .telit_holder import release, take
from .telit_security import trust_of

COMMANDS = Table()
command = COMMANDS.command

CONTROL, DATA = "ftc1", "ftd1"


@command("#FTPCFG")
def configure(c):
    """AT#FTPCFG=<tout>,<IPPIgnoring>,<FTPSEn>: the time in 100 ms."""
    modem, settings = c.modem, c.modem.settings
    if c.op == "read":
        c.info("#FTPCFG: {},{},{}".format(*settings["#FTPCFG"]))
        c.ok()
        return
    if c.op == "test":
        c.info("#FTPCFG: (100-5000),(0,1),(0,1)")
        c.ok()
        return
    old = settings["#FTPCFG"]
    values = (c.number(0), c.number(1, old[1]), c.number(2, old[2]))
    good = c.op == "set" and len(c.args) <= 3 and None not in values
    if not good or not 100 <= values[0] <= 5000 or values[1] > 1 or values[2] > 1:
        c.cme(cme.NOT_SUPPORTED)
        return
    if modem.page_state.ftp is not None:
        c.cme(cme.NOT_ALLOWED)
        return
    if values[2] and not old[2]:
        code = take(modem, 1, "ftp")
        if code:
            c.cme(code)
            return
    elif not values[2]:
        release(modem, 1, "ftp")
    settings.set("#FTPCFG", values)
    c.ok()


@command("#FTPTO")
def time_out(c):
    """AT#FTPTO=<100 ms>: for one operation; AT#FTPCFG's is for opening."""
    settings = c.modem.settings
    if c.op == "read":
        c.info(f"#FTPTO: {settings['#FTPTO']}")
        c.ok()
    elif c.op == "set" and 100 <= (c.number(0) or 0) <= 5000:
        settings.set("#FTPTO", c.number(0))
        c.ok()
    else:
        c.error()


@command("#FTPOPEN")
def open_session(c):
    """AT#FTPOPEN=<server[:port]>,<user>,<password>[,<mode>]; mode 1 is passive."""
    modem, state = c.modem, c.modem.page_state
    server, _, port = c.arg(0).partition(":")
    mode = c.number(3, 0)
    if c.op == "test":
        c.ok()
        return
    good = c.op == "set" and 3 <= len(c.args) <= 4 and server and mode in (0, 1)
    if not good or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        c.cme(cme.NOT_SUPPORTED)
        return
    timeout, ignores, secure = modem.settings["#FTPCFG"]
    if state.ftp is not None:
        c.cme(cme.NOT_ALLOWED)
        return
    if 1 not in state.contexts:
        c.cme(err.NOT_ACTIVE)
        return
    if secure and state.holder[1] != "ftp":
        c.cme(err.IN_USE if state.holder[1] == "other" else err.SSL_NOT_ACTIVATED)
        return
    control = FTPControl(modem, CONTROL, timeout * 100_000)
    session = SimpleNamespace(
        control=control, server=server, secure=secure, passive=mode, ignores=ignores, kind="I",
        ready=False, data=None, rest=0,
    )  # fmt: skip
    state.ftp = session
    where = (server, int(port or 21))

    def opened(word):
        if word == "ok":
            control.expect(greeted)
            modem.after(0, control.waiting)
        else:
            _fail(c, word)

    def greeted(code, _):
        if code != 220:
            _fail(c)
        elif secure:
            control.step("AUTH TLS", secured)
        else:
            log_in()

    def secured(code, _):
        one = modem.sockets.get(CONTROL)
        trust = trust_of(modem, 1, server)
        if code != 234 or one is None or trust is None or trust.bare:
            _fail(c, "files" if trust is None else "handshake")
            return
        one.secure(trust, timeout * 100_000, protected)

    def protected(word):
        if word != "ok":
            _fail(c, word)
            return
        control.step("PBSZ 0", lambda code, _: control.step("PROT P", private))

    def private(code, _):
        log_in() if code == 200 else _fail(c)

    def log_in():
        control.step(f"USER {c.arg(1)}", named)

    def named(code, _):
        if code == 331:
            control.step(f"PASS {c.arg(2)}", let_in)
        else:
            let_in(code, "")

    def let_in(code, _):
        if code != 230:
            _fail(c)
            return
        session.ready = True
        control.limit_us = modem.settings["#FTPTO"] * 100_000
        c.ok()

    limit = CONNECT_US + timeout * 100_000
    connect(modem, CONTROL, where, None, limit, opened)


def _fail(c, word=None):
    session = c.modem.page_state.ftp
    end(c.modem)
    if word is None:
        c.cme(err.FTP_TIMEOUT)
    else:
        refuse(c, word, session is not None and session.secure and word not in err.PLAIN)


def end(modem):
    """The session is over: both connections close."""
    modem.page_state.ftp = None
    for cid in (DATA, CONTROL):
        modem.sockets.close(cid)


@command("#FTPCLOSE")
def close_session(c):
    session = c.modem.page_state.ftp
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
    elif session is None:
        c.cme(err.FTP_NOT_CONNECTED)
    else:
        session.control.step("QUIT", lambda code, _: _closed(c))


def _closed(c):
    end(c.modem)
    c.ok()


def ready(c):
    """The session, with nothing under way; None after an error."""
    session = c.modem.page_state.ftp
    if session is None or not session.ready:
        c.cme(err.FTP_NOT_CONNECTED)
        return None
    one = session.data
    if one is not None and one.ended and one.online is None and not one.writes:
        session.data = None  # what nobody has read of AT#FTPGETPKT's file
    if session.data is not None:
        c.cme(cme.NOT_ALLOWED)
        return None
    return session


@command("#FTPTYPE")
def transfer_type(c):
    """AT#FTPTYPE=0 binary, 1 text."""
    if c.op == "test":
        c.info("#FTPTYPE: (0,1)")
        c.ok()
        return
    session = ready(c)
    if session is None:
        return
    if c.op == "read":
        c.info(f"#FTPTYPE: {int(session.kind == 'A')}")
        c.ok()
    elif c.op == "set" and c.number(0) in (0, 1):
        kind = "IA"[c.number(0)]

        def changed(code, _):
            if code == 200:
                session.kind = kind
                c.ok()
            else:
                c.cme(err.FTP_TIMEOUT)

        session.control.step(f"TYPE {kind}", changed)
    else:
        c.cme(cme.NOT_SUPPORTED)


def _simple(name, verb, wanted, answer=None):
    """A command of one step: AT#FTP…="<name>"."""

    @command(name)
    def handler(c):
        if c.op == "test":
            c.ok()
            return
        session = ready(c)
        if session is None:
            return
        if (c.op != "set" or len(c.args) != 1 or not c.arg(0)) and name != "#FTPPWD":
            c.cme(cme.NOT_SUPPORTED)
            return

        def answered(code, text):
            if code != wanted:
                c.cme(err.FTP_TIMEOUT)
                return
            if answer is not None:
                c.info(f"{name}: " + answer(code, text))
            c.ok()

        line = f"{verb} {c.arg(0)}" if name != "#FTPPWD" else verb
        session.control.step(line, answered)


_simple("#FTPCWD", "CWD", 250)
_simple("#FTPDELE", "DELE", 250)
_simple("#FTPFSIZE", "SIZE", 213, lambda code, text: text.strip())
_simple("#FTPPWD", "PWD", 257, lambda code, text: f"{code} {text}")


@command("#FTPREST")
def restart_position(c):
    session = ready(c)
    if session is None:
        return
    if c.op == "read":
        c.info(f"#FTPREST: {session.rest}")
        c.ok()
    elif c.op == "set" and c.number(0) is not None:
        session.rest = c.number(0)
        c.ok()
    else:
        c.cme(cme.NOT_SUPPORTED)


@command("#FTPMSG")
def last_message(c):
    session = c.modem.page_state.ftp
    if session is None:
        c.cme(err.FTP_NOT_CONNECTED)
        return
    c.info(f"#FTPMSG: {session.control.last}")
    c.ok()
