"""Telit: HTTP and HTTPS of the module (#HTTPCFG, #HTTPQRY, #HTTPSND, #HTTPRCV, #HTTPRING:)."""

import base64
import re
from types import SimpleNamespace

from .. import cme
from . import telit_errors as err
from .table import Table
from .telit_connect import CONNECT_US, connect, refuse
from .telit_holder import release, take

COMMANDS = Table()
command = COMMANDS.command

_TYPES = (
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/octet-stream",
    "multipart/form-data",
)
_ENTRY_US = 10**13


def _profile(c):
    number = c.number(0)
    return number if number in (0, 1, 2) else None


@command("#HTTPCFG")
def configure(c):
    """AT#HTTPCFG=<prof>,<server>[,<port>[,<auth>[,<user>[,<password>[,<ssl>[,<s>[,<cid>]]]]]]]."""
    modem, settings = c.modem, c.modem.settings
    profiles = settings["#HTTPCFG"]
    if c.op == "read":
        for number, one in profiles.items():
            server, port, auth, user, _, secure, limit_s, cid = one
            c.info(
                f'#HTTPCFG: {number},"{server}",{port},{auth},"{user}",{secure},{limit_s},{cid}'
            )
        c.ok()
        return
    if c.op == "test":
        c.info("#HTTPCFG: (0-2),64,(1-65535),(0,1),32,32,(0,1),(1-65535),(1-5)")
        c.ok()
        return
    number = _profile(c)
    port, auth, secure = c.number(2, 80), c.number(3, 0), c.number(6, 0)
    limit_s, cid = c.number(7, 120), c.number(8, 1)
    good = c.op == "set" and number is not None and len(c.args) <= 10 and len(c.arg(1)) <= 64
    if not good or not port or port > 65535 or auth not in (0, 1) or secure not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
        return
    if not limit_s or limit_s > 65535 or cid not in range(1, 6):
        c.cme(cme.NOT_SUPPORTED)
        return
    if number in modem.page_state.http:
        c.cme(cme.NOT_ALLOWED)
        return
    had = profiles[number][5]
    if secure and not had and modem.page_state.holder[1] != "http":
        code = take(modem, 1, "http")
        if code:
            c.cme(code)
            return
    one = (c.arg(1), port, auth, c.arg(4), c.arg(5), secure, limit_s, cid)
    settings.set("#HTTPCFG", {**profiles, number: one})
    if not any(profile[5] for profile in settings["#HTTPCFG"].values()):
        release(modem, 1, "http")
    c.ok()


@command("#HTTPQRY")
def query(c):
    """AT#HTTPQRY=<prof>,<command>,<resource>[,<header line>]: GET, HEAD, DELETE."""
    method = {0: "GET", 1: "HEAD", 2: "DELETE"}.get(c.number(1))
    if c.op == "test":
        c.info("#HTTPQRY: (0-2),(0-2),256,128")
        c.ok()
    elif c.op != "set" or not 3 <= len(c.args) <= 4 or method is None:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _request(c, method, c.arg(3), None)


@command("#HTTPSND")
def post(c):
    """AT#HTTPSND=<prof>,<command>,<resource>,<bytes>[,<type>[,<header line>]]: POST, PUT; >>>."""
    method, count = {0: "POST", 1: "PUT"}.get(c.number(1)), c.number(3)
    if c.op == "test":
        c.info("#HTTPSND: (0-2),(0,1),256,(1-65535),64,128")
        c.ok()
    elif c.op != "set" or not 4 <= len(c.args) <= 6 or method is None:
        c.cme(cme.NOT_SUPPORTED)
    elif not count or count > 65535 or _profile(c) is None:
        c.cme(cme.NOT_SUPPORTED)
    else:
        _request(c, method, c.arg(5), count)


def _request(c, method, header, count):
    modem, state = c.modem, c.modem.page_state
    number = _profile(c)
    if number is None or len(c.arg(2)) > 256 or not c.arg(2):
        c.cme(cme.NOT_SUPPORTED)
        return
    server, port, auth, user, password, secure, limit_s, cid = modem.settings["#HTTPCFG"][number]
    if not server or (number in state.http and state.http[number].waiting):
        c.cme(cme.NOT_ALLOWED)
        return
    if cid not in state.contexts:
        c.cme(err.NOT_ACTIVE)
        return
    if secure and state.holder[1] != "http":
        c.cme(err.IN_USE if state.holder[1] == "other" else err.SSL_NOT_ACTIVATED)
        return
    if number in state.http:
        modem.sockets.close(f"http{number}")
    kind = c.arg(4)
    kind, _, tail = kind.partition(":")
    if kind in ("0", "1", "2", "3"):
        kind = _TYPES[int(kind)] + tail
    lines = [f"{method} {c.arg(2)} HTTP/1.1", f"Host: {server}:{port}", "Connection: close"]
    if auth:
        word = base64.b64encode(f"{user}:{password}".encode("latin-1")).decode()
        lines.append(f"Authorization: Basic {word}")
    if count is not None:
        lines.append(f"Content-Length: {count}")
        if kind:
            lines.append(f"Content-Type: {kind}")
    if header:
        lines.append(header)
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    entry = SimpleNamespace(
        waiting=True, got=bytearray(), head=None, body=bytearray(), ended=False, reader=None,
        limit=None,
    )  # fmt: skip
    state.http[number] = entry

    def opened(word):
        if word != "ok":
            state.http.pop(number, None)
            refuse(c, word, secure)
        elif count is None:
            sent(b"")
        else:
            c.prompt(b">>>", count, _ENTRY_US, sent)

    def sent(data):
        one = modem.sockets.get(f"http{number}")
        if data is None or one is None or not one.send(head + data):
            state.http.pop(number, None)
            c.cme(err.REMOTE_CLOSED)
            return
        entry.limit = modem.after(limit_s * 1_000_000, _late, modem, number, entry)
        c.ok()
        modem.after(0, data_waiting, modem, f"http{number}")

    where = (server, port)
    limit = CONNECT_US + 10_000_000
    connect(modem, f"http{number}", where, 1 if secure else None, limit, opened)


def _late(modem, number, entry):
    """No answer in time: the URC with a status of 0."""
    if entry.waiting and modem.page_state.http.get(number) is entry:
        del modem.page_state.http[number]
        modem.sockets.close(f"http{number}")
        modem.urc(f'#HTTPRING: {number},0,"",0')


@command("#HTTPRCV")
def receive(c):
    """AT#HTTPRCV=<prof>[,<most>]: <<< and what has come; without <most> all of it."""
    modem = c.modem
    number, most = _profile(c), c.number(1, 0)
    if c.op == "test":
        c.info("#HTTPRCV: (0-2),(64-1500)")
        c.ok()
        return
    if c.op != "set" or number is None or len(c.args) > 2:
        c.cme(cme.NOT_SUPPORTED)
        return
    entry = modem.page_state.http.get(number)
    if most is None or (most and not 64 <= most <= 1500):
        c.cme(cme.NOT_SUPPORTED)
    elif entry is None or entry.waiting or (entry.ended and not entry.body):
        c.cme(cme.NOT_ALLOWED)
    else:
        entry.reader = (c, most)
        modem.after_ms(30_000, _stop, modem, number, entry, c)
        _read(modem, number)


def _read(modem, number):
    entry = modem.page_state.http.get(number)
    if entry is None or entry.reader is None:
        return
    c, most = entry.reader
    if entry.ended or (most and len(entry.body) >= most):
        _hand_over(modem, number, entry)


def _stop(modem, number, entry, c):
    if entry.reader is not None and entry.reader[0] is c:
        _hand_over(modem, number, entry)


def _hand_over(modem, number, entry):
    c, most = entry.reader
    entry.reader = None
    data = bytes(entry.body[: most or len(entry.body)])
    del entry.body[: len(data)]
    modem.event("socket", f"http{number} read {len(data)} bytes")
    c.raw("payload", b"\r\n<<<" + data + b"\r\n")
    if entry.ended and not entry.body:
        modem.page_state.http.pop(number, None)
    c.ok()


# what happens


def data_waiting(modem, cid):
    number = int(cid[4:])
    entry, one = modem.page_state.http.get(number), modem.sockets.get(cid)
    if entry is None or one is None:
        return
    data = one.read(1 << 20)
    if entry.head is not None:
        entry.body += data
        _read(modem, number)
        return
    entry.got += data
    at = entry.got.find(b"\r\n\r\n")
    if at < 0:
        return
    entry.head = bytes(entry.got[:at]).decode("latin-1")
    entry.body += entry.got[at + 4 :]
    entry.waiting = False
    modem.timers.cancel(entry.limit)
    status = re.match(r"HTTP/\d\.\d (\d{3})", entry.head)
    kind = re.search(r"(?im)^content-type:[ \t]*(.*?)[ \t]*$", entry.head)
    size = re.search(r"(?im)^content-length:[ \t]*(\d+)", entry.head)
    modem.urc(
        f"#HTTPRING: {number},{status.group(1) if status else 0},"
        f'"{kind.group(1).strip() if kind else ""}",{size.group(1) if size else 0}'
    )


def socket_closed(modem, cid):
    number = int(cid[4:])
    entry = modem.page_state.http.get(number)
    if entry is None:
        return
    entry.ended = True
    if entry.waiting:
        modem.timers.cancel(entry.limit)
        _late(modem, number, entry)
    else:
        _read(modem, number)
