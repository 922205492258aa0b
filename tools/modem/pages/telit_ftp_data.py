"""Telit: files over FTP and FTPS (#FTPGET, #FTPGETPKT, #FTPRECV, #FTPPUT, #FTPAPP, #FTPLIST …)."""

from types import SimpleNamespace

from .. import cme
from . import telit_errors as err
from .ftp_client import passive_address
from .table import Table
from .telit_connect import CONNECT_US, connect, refuse
from .telit_ftp import CONTROL, DATA, end, ready
from .telit_online import Online, say

COMMANDS = Table()
command = COMMANDS.command

RECV_MAX = 3000
SEND_MAX = 1500
_ENTRY_US = 10**13


def _transfer(c, line, start, online, writes):
    """Open the data connection, send `line`, and call start() when data may flow.

    The transfer is session.data: name, online, writes, open, ended, buffer."""
    modem = c.modem
    session = ready(c)
    if session is None:
        return
    if not session.passive:
        modem.after_ms(session.control.limit_us / 1000, c.cme, err.FTP_TIMEOUT)
        return
    transfer = SimpleNamespace(
        name=c.arg(0), online=online, writes=writes, open=False, ended=False, view=0,
        buffer=bytearray(),
    )  # fmt: skip
    session.data = transfer

    def fail(word=None):
        modem.sockets.close(DATA)
        session.data = None
        if word is None:
            c.cme(err.FTP_TIMEOUT)
        else:
            refuse(c, word, session.secure and word not in err.PLAIN)

    def passive(code, text):
        where = passive_address(text) if code == 227 else None
        if where is None:
            fail()
            return
        if session.ignores:
            where = (session.server, where[1])
        modem.sockets.close(DATA)
        if session.rest and not writes:
            rest, session.rest = session.rest, 0
            session.control.step(f"REST {rest}", lambda code, _: dial(where))
        else:
            dial(where)

    def dial(where):
        # the server answers only once the connection is there, and TLS only after that
        session.control.step(line, begun)
        number = 1 if session.secure else None
        connect(modem, DATA, where, number, CONNECT_US, opened, name=session.server)

    both = {"reply": None, "word": None}

    def begun(code, _):
        both["reply"] = code
        go()

    def opened(word):
        both["word"] = word
        go()

    def go():
        code, word = both["reply"], both["word"]
        if session.data is not transfer or c.finished:
            return
        if code is not None and code not in (125, 150):
            fail()
        elif word not in (None, "ok"):
            fail(word)
        elif code is not None and word is not None:
            transfer.open = True
            start(transfer)
            modem.after(0, data_waiting, modem, DATA)
            if transfer.ended:  # it was closed before there was anything
                modem.after(1000, socket_closed, modem, DATA)

    session.control.step("PASV", passive)


def _finish(modem):
    """The data connection is closed: the server's last word, NO CARRIER where it is online."""
    session = modem.page_state.ftp
    if session is None or session.data is None:
        return
    transfer = session.data

    def over(code, _):
        kept = transfer.online is None and not transfer.writes
        if session.data is transfer and not kept:
            session.data = None

    transfer.ended = True
    session.control.expect(over)


def _online(c, transfer):
    modem = c.modem

    def suspended():
        """+++ ends the transfer."""
        modem.sockets.close(DATA)
        _finish(modem)
        say(modem, "NO CARRIER")
        modem.line.free()

    transfer.online = Online(modem, DATA, wait_100ms=5, suspended=suspended)
    transfer.online.enter(c)


def _name_only(c, most=1):
    return c.op == "set" and 1 <= len(c.args) <= most and c.arg(0)


@command("#FTPGET")
def get(c):
    """AT#FTPGET="<file>": CONNECT, the file, NO CARRIER."""
    if c.op == "test":
        c.ok()
    elif not _name_only(c):
        c.cme(cme.NOT_SUPPORTED)
    else:
        _transfer(c, f"RETR {c.arg(0)}", lambda one: _online(c, one), True, False)


@command("#FTPLIST")
def listing(c):
    """AT#FTPLIST[="<name>"]: CONNECT, the listing, NO CARRIER."""
    if c.op == "test":
        c.ok()
    elif c.op not in ("exec", "set"):
        c.cme(cme.NOT_SUPPORTED)
    else:
        line = f"LIST {c.arg(0)}".strip()
        _transfer(c, line, lambda one: _online(c, one), True, False)


def _upload(name, verb):
    @command(name)
    def handler(c):
        """AT#FTPPUT="<file>"[,<connMode>]: CONNECT and data up to +++, or OK and AT#FTPAPPEXT."""
        mode = c.number(1, 0)
        if c.op == "test":
            c.info(f"{name}: 200,(0,1)")
            c.ok()
        elif not _name_only(c, 2) or mode not in (0, 1):
            c.cme(cme.NOT_SUPPORTED)
        elif mode == 0:
            _transfer(c, f"{verb} {c.arg(0)}", lambda one: _online(c, one), True, True)
        else:
            _transfer(c, f"{verb} {c.arg(0)}", lambda one: _command_mode(c, one), None, True)


def _command_mode(c, transfer):
    transfer.online = None
    c.ok()


_upload("#FTPPUT", "STOR")
_upload("#FTPAPP", "APPE")


@command("#FTPAPPEXT")
def send(c):
    """AT#FTPAPPEXT=<bytes>[,<eof>]: prompt, so many bytes, #FTPAPPEXT: <sent>."""
    modem = c.modem
    count, last = c.number(0), c.number(1, 0)
    session = modem.page_state.ftp
    if c.op == "test":
        c.info(f"#FTPAPPEXT: (1-{SEND_MAX}),(0,1)")
        c.ok()
    elif c.op != "set" or count is None or not 1 <= count <= SEND_MAX or last not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    elif session is None or session.data is None or not session.data.open:
        c.cme(err.FTP_NOT_CONNECTED)
    elif not session.data.writes or session.data.online is not None:
        c.cme(cme.NOT_ALLOWED)
    else:
        c.prompt(b"> ", count, _ENTRY_US, lambda data: _send(c, data, last))


def _send(c, data, last):
    modem = c.modem
    one = modem.sockets.get(DATA)
    if data is None or one is None or modem.faults.refuse_send("payload") or not one.send(data):
        c.cme(err.SEND_FAILED)
        return
    c.info(f"#FTPAPPEXT: {len(data)}")
    if last:
        modem.sockets.close(DATA)
        _finish(modem)
    c.ok()


@command("#FTPGETPKT")
def get_in_pieces(c):
    """AT#FTPGETPKT="<file>"[,<viewMode>]: OK; AT#FTPRECV reads. Read: <file>,<view>,<eof>."""
    session = c.modem.page_state.ftp
    if c.op == "read":
        if session is None:
            c.cme(err.FTP_NOT_CONNECTED)
            return
        transfer = session.data
        if transfer is not None and not transfer.writes:
            c.info(f"#FTPGETPKT: {transfer.name},{transfer.view},{int(transfer.ended)}")
        c.ok()
    elif c.op == "test":
        c.info("#FTPGETPKT: 200,(0,1)")
        c.ok()
    elif not _name_only(c, 2) or c.number(1, 0) not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    else:

        def started(transfer):
            transfer.online = None
            transfer.view = c.number(1, 0)
            c.ok()

        _transfer(c, f"RETR {c.arg(0)}", started, None, False)


@command("#FTPRECV")
def receive(c):
    """AT#FTPRECV=<most>: #FTPRECV: <n>, and so many bytes (hexadecimal with <viewMode> 1)."""
    session = c.modem.page_state.ftp
    transfer = session.data if session is not None else None
    if c.op == "test":
        c.info(f"#FTPRECV: (1-{RECV_MAX})")
        c.ok()
    elif transfer is None or transfer.writes or transfer.online is not None:
        c.cme(err.FTP_NOT_CONNECTED)
    elif c.op == "read":
        c.info(f"#FTPRECV: {len(transfer.buffer)}")
        c.ok()
    elif c.op != "set" or not 1 <= (c.number(0) or 0) <= RECV_MAX:
        c.cme(cme.NOT_SUPPORTED)
    else:
        data = bytes(transfer.buffer[: c.number(0)])
        del transfer.buffer[: len(data)]
        shown = data.hex().upper().encode() if transfer.view else data
        head = b"\r\n#FTPRECV: %d\r\n" % len(data)
        c.raw("payload", head + (shown + b"\r\n" if data else b""))
        c.ok()


# what happens


def data_waiting(modem, cid):
    session = modem.page_state.ftp
    if session is None:
        return
    if cid == CONTROL:
        session.control.waiting()
        return
    transfer, one = session.data, modem.sockets.get(DATA)
    if transfer is None or one is None or not transfer.open or transfer.writes:
        return
    if isinstance(transfer.online, Online):
        transfer.online.waiting()
    else:
        transfer.buffer += one.read(1 << 20)


def socket_closed(modem, cid):
    session = modem.page_state.ftp
    if session is None:
        return
    if cid == CONTROL:
        session.control.closed()
        end(modem)
        return
    transfer = session.data
    if transfer is None:
        return
    if not transfer.open:
        transfer.ended = True
        return
    if isinstance(transfer.online, Online):
        transfer.online.close()
    _finish(modem)
