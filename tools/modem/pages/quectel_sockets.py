"""Quectel: plain TCP sockets, and what they have in common with those of TLS."""

import ipaddress
from collections import deque
from types import SimpleNamespace

from ..datamode import TextEntry
from .quectel_args import number, port, prompt_of, string
from .quectel_network import address_of
from .quectel_stack import usable
from .quectel_transparent import enter_data, full, pump, put, settle
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

SEND_MAX = 1460
READ_MAX = 1500
HOST_MAX = 100
CONNECT_MS = 75_000
NEVER_US = 1 << 60


def is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def connect(modem, cid, host, number_, trust, limit_us, told):
    """Open a socket; told(word) later. The index is taken from now on."""
    state = modem.page_state
    kind = SimpleNamespace(
        tls=trust is not None, host=host, port=number_, address=host,
        sent=0, acked=0, sends=deque(maxlen=256),
    )  # fmt: skip
    state.kinds[cid] = kind

    def opened(word):
        if state.kinds.get(cid) is not kind:
            return  # closed meanwhile
        if word != "ok":
            del state.kinds[cid]
        elif not is_address(host):
            kind.address = _peer(modem, cid) or address_of(modem, host) or "0.0.0.0"
        if not state.quiet:
            told(word)

    def begin():
        if state.kinds.get(cid) is not kind:
            return
        if not modem.radio.active:
            opened("lost")
        else:
            modem.sockets.open(cid, host.encode("latin-1"), number_, trust, limit_us, opened)

    if modem.faults.refuse_open():
        modem.event("socket", f"{cid} refused: sockets have leaked")
        modem.after_ms(modem.options.connect_ms, opened, "refused")
    else:
        modem.after_ms(modem.options.connect_ms, begin)


def _peer(modem, cid):
    """The address that a real socket has reached."""
    sock = getattr(modem.sockets.get(cid).stream, "sock", None)
    return None if sock is None else sock.getpeername()[0]


def is_open(modem, cid, tls):
    kind, one = modem.page_state.kinds.get(cid), modem.sockets.get(cid)
    return kind is not None and kind.tls == tls and one is not None and one.state == "open"


def close(modem, cid, tls):
    """Close a socket of that kind; False when there is none."""
    kind = modem.page_state.kinds.get(cid)
    if kind is None or kind.tls != tls:
        return False
    del modem.page_state.kinds[cid]
    if modem.page_state.transparent == cid:
        modem.page_state.transparent = None
    modem.sockets.close(cid)
    return True


def numbered(modem, cid, text):
    """`1, CLOSED` with several sockets, `CLOSED` with one."""
    return f"{cid}, {text}" if modem.settings["QIMUX"] else text


# opening and closing


@command("QIOPEN")
def open_socket(c):
    """AT+QIOPEN=[<index>,]"TCP","<host>",<port>: OK, later CONNECT OK or CONNECT FAIL."""
    modem = c.modem
    if c.op != "set":
        if c.op == "test":
            c.info('+QIOPEN: (0-5),("TCP","UDP"),"IP address/domain name",(1-65535)')
        c.ok() if c.op != "exec" else c.error()
        return
    first = modem.settings["QIMUX"]
    cid = number(c, 0, 0, modem.page.SOCKETS - 1) if first else 0
    kind = string(c, first, 3)
    host, target = string(c, first + 1, HOST_MAX), port(c, first + 2)
    if cid is None or kind != "TCP" or not host or not target or len(c.args) != first + 3:
        c.error()
    elif not usable(modem) or not (is_address(host) or modem.settings["QIDNSIP"]):
        c.error()
    elif cid in modem.page_state.kinds:
        c.final(numbered(modem, cid, "ALREADY CONNECT"))
    else:
        c.ok()
        limit_us = int(CONNECT_MS * 1000 * modem.options.scale)
        connect(modem, cid, host, target, None, limit_us, lambda w: _opened(modem, cid, w))


def _opened(modem, cid, word):
    if word != "ok":
        modem.urc(numbered(modem, cid, "CONNECT FAIL"))
    elif modem.settings["QIMODE"]:
        enter_data(modem, cid)
    else:
        modem.urc(numbered(modem, cid, "CONNECT OK"))


@command("QICLOSE")
def close_socket(c):
    modem = c.modem
    several = modem.settings["QIMUX"]
    if c.op == "test":
        c.info("+QICLOSE: (0-5)")
        c.ok()
        return
    cid = number(c, 0, 0, modem.page.SOCKETS - 1) if several else 0
    if c.op != ("set" if several else "exec") or cid is None or not close(modem, cid, False):
        c.error()
    else:
        modem.after_ms(300, c.final, closed_text(modem, cid))


def closed_text(modem, cid):
    return "CLOSE OK" if modem.options.bare_close else numbered(modem, cid, "CLOSE OK")


# sending


@command("QISEND")
def send(c):
    """AT+QISEND=[<index>][,<n>]: prompt, payload (or text up to Ctrl-Z), SEND OK."""
    modem = c.modem
    several = modem.settings["QIMUX"]
    if c.op == "test":
        c.info("+QISEND: (0-5)[,(1-1460)]" if several else "+QISEND: (1-1460)")
        c.ok()
        return
    cid = number(c, 0, 0, modem.page.SOCKETS - 1) if several else 0
    if c.op == "read" or (several and c.op != "set") or cid is None or modem.settings["QIMODE"]:
        c.error()
    else:
        ask_payload(c, cid, several, False)


def ask_payload(c, cid, at, tls):
    """The prompt and what follows; argument `at` is the length, or missing for Ctrl-Z."""
    modem = c.modem
    count = number(c, at, 1, SEND_MAX, 0)
    if count is None or len(c.args) > at + 1 or not is_open(modem, cid, tls):
        c.error()
    elif modem.faults.refuse_send("prompt"):
        c.error()
    else:
        limit_us = int(modem.options.payload_s * 1e6) or NEVER_US
        text = b"\r\n" + prompt_of(modem) if modem.settings["QIPROMPT"] == 1 else None

        def done(data, why="end"):
            _payload(c, cid, tls, data, why)

        if count:
            if text is not None and not c.swallowed:
                c.line.unit("prompt", text)
            c.line.payload(c, count, limit_us, done)
        else:
            c.listen(text, TextEntry, SEND_MAX, limit_us, done)


def _payload(c, cid, tls, data, why):
    modem = c.modem
    if why == "cancel":
        c.final("OK")
    elif data is None or not is_open(modem, cid, tls) or modem.faults.refuse_send("payload"):
        c.error()
    else:
        modem.after(modem.latency_us(), _send, c, cid, tls, data)


def _send(c, cid, tls, data):
    modem = c.modem
    if not is_open(modem, cid, tls):
        c.error()
    elif modem.faults.blocked() or full(modem, cid):
        c.final("SEND FAIL")
    elif not put(modem, cid, data):
        c.error()
    else:
        c.final("SEND OK" if modem.settings["QIPROMPT"] < 2 else "")


@command("QISACK")
def acknowledged(c):
    """AT+QISACK[=<index>]: bytes sent, acknowledged by the peer, and not yet."""
    modem = c.modem
    several = modem.settings["QIMUX"]
    cid = number(c, 0, 0, modem.page.SOCKETS - 1) if several else 0
    if c.op == "test":
        c.ok()
    elif c.op != ("set" if several else "exec") or cid is None or not is_open(modem, cid, False):
        c.error()
    else:
        kind = settle(modem, cid)
        c.info(f"+QISACK: {kind.sent},{kind.acked},{kind.sent - kind.acked}")
        c.ok()


# receiving


@command("QIRD")
def receive(c):
    """AT+QIRD=<context>,1,<index>,<n>: what waits, counted; OK alone: nothing."""
    modem = c.modem
    if c.op == "test":
        c.info("+QIRD: (0,1),(1,2),(0-5),(1-1500)")
        c.ok()
        return
    context, role = number(c, 0, 0, 1), number(c, 1, 1, 2)
    cid, count = number(c, 2, 0, modem.page.SOCKETS - 1), number(c, 3, 1, READ_MAX)
    good = c.op == "set" and len(c.args) == 4 and None not in (context, role, cid, count)
    if not good or role != 1 or context != modem.page_state.context:
        c.error()
    elif not modem.settings["QINDI"] or not is_open(modem, cid, False):
        c.error()
    else:
        hand_over(c, cid, count, "+QIRD")


def hand_over(c, cid, count, name):
    modem = c.modem
    data = modem.sockets.get(cid).read(count)
    if data:
        kind = modem.page_state.kinds[cid]
        modem.event("socket", f"{cid} read {len(data)} bytes")
        head = f"\r\n{name}: {kind.address}:{kind.port},TCP,{len(data)}\r\n"
        c.raw("payload", head.encode() + data)
    c.ok()


def data_waiting(modem, cid):
    """Data begins to wait in a plain socket."""
    how, several = modem.settings["QINDI"], modem.settings["QIMUX"]
    one = modem.sockets.get(cid)
    if modem.settings["QIMODE"]:
        pump(modem, cid)
    elif how == 0:
        data = one.read(len(one.buffer))
        head = b"\r\n+RECEIVE: %d, %d\r\n" % (cid, len(data)) if several else b""
        if modem.settings["QIHEAD"] and not several:
            head = b"IPD%d:" % len(data)
        modem.line.write("payload", head + data)
    elif not modem.faults.drop_dataind():
        text = f"+QIRDI: {modem.page_state.context},1,{cid}"
        modem.urc(text if how == 1 else f"{text},1,{len(one.buffer)},{len(one.buffer)}")


def peer_closed(modem, cid):
    modem.urc(numbered(modem, cid, "CLOSED"))
