"""SIM7000: requests of the module's own HTTP client, and their answers (AT+SHREQ, AT+SHREAD)."""

from types import SimpleNamespace
from urllib.parse import quote_plus, urlsplit

from .sim7000_http import SOCKET, only_connected, refuse, state_of
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

PATH_MAX = 512
READ_MAX = 306_176
PIECE = 2048
METHODS = {1: "GET", 2: "PUT", 3: "POST", 4: "PATCH", 5: "HEAD"}


@command("SHREQ")
@only_connected
def request(c):
    """AT+SHREQ=<url>,<type>: OK, and +SHREQ: <type>,<status>,<bytes> once the answer is there."""
    modem = c.modem
    state = state_of(c)
    if c.op == "test":
        c.info("+SHREQ: url,(1-5)")
        c.ok()
        return
    if c.op == "read":
        c.info('+SHREQ: "{}",{}'.format(*state.asked))
        c.ok()
        return
    method = METHODS.get(c.number(1)) if c.op == "set" and len(c.args) == 2 else None
    url = c.arg(0)
    if method is None or not 0 < len(url) <= PATH_MAX or state.running is not None:
        refuse(c)
        return
    state.asked = (url, c.number(1))
    state.answer, state.place = None, 0
    parts = urlsplit(url)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    body = b""
    if method in ("PUT", "POST", "PATCH"):
        paras = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in state.paras)
        body = state.body or paras.encode()
    server = urlsplit(modem.settings["SHCONF"]["URL"]).netloc
    lines = [f"{method} {target} HTTP/1.1", f"Host: {server}"]
    lines += [f"{name}: {value}" for name, value in state.heads]
    lines.append(f"Content-Length: {len(body)}")
    data = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
    run = state.running = SimpleNamespace(method=method, data=bytearray())
    modem.after(modem.settings["SHCONF"]["TIMEOUT"] * 1_000_000, _late, modem, run)
    modem.event("http", f"{method} {len(data)} bytes")
    modem.sockets.get(SOCKET).send(data)
    c.ok()


def _late(modem, run):
    """Nobody is told."""
    if modem.page_state.http.running is run:
        modem.page_state.http.running = None
        modem.event("http", "no answer in time")


def data_waiting(modem):
    run, one = modem.page_state.http.running, modem.sockets.get(SOCKET)
    data = one.read(len(one.buffer))
    if run is not None:
        run.data += data
        _look(modem, run, False)


def peer_closed(modem):
    """The server has closed, or packet data is gone."""
    state = modem.page_state.http
    if not state.connected:
        return
    if state.running is not None:
        _look(modem, state.running, True)
        if not state.connected:
            return
    if modem.options.shread_unread == "lost":
        state.answer, state.place = None, 0
    state.running = None
    state.connected = False
    modem.urc("+SHSTATE: 0")


def _look(modem, run, closed):
    """Tell the answer if it is whole. Chunks are left as they came."""
    head, gap, body = bytes(run.data).partition(b"\r\n\r\n")
    if not gap:
        return
    lines = head.split(b"\r\n")
    status = lines[0].split(b" ")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or not status[1].isdigit():
        modem.page_state.http.running = None  # no HTTP: given up
        modem.sockets.close(SOCKET)
        peer_closed(modem)
        return
    length = fields.get(b"content-length", b"")
    if run.method == "HEAD" or status[1] in (b"204", b"304"):
        body, whole = b"", True
    elif fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        end = body.find(b"0\r\n\r\n") if body.startswith(b"0\r\n") else body.find(b"\r\n0\r\n\r\n")
        whole = end >= 0
    elif length.isdigit():
        whole, body = len(body) >= int(length), body[: int(length)]
    else:
        whole = closed
    if not whole:
        return
    state = modem.page_state.http
    state.running = None
    state.answer, state.place = body[:READ_MAX], 0
    modem.urc(f'+SHREQ: "{run.method}",{int(status[1])},{len(state.answer)}')


@command("SHREAD")
def read(c):
    """AT+SHREAD=<start>,<n>: OK, then +SHREAD: <n> and the bytes, 2048 at a time."""
    state = state_of(c)
    start, size = c.number(0), c.number(1)
    if c.op == "test":
        c.info(f"+SHREAD: (0-{READ_MAX}),(1-{READ_MAX})")
        c.ok()
        return
    good = c.op == "set" and len(c.args) == 2 and None not in (start, size)
    if not good or state.answer is None or size < 1 or start + size > len(state.answer):
        refuse(c)
        return
    data = state.answer[start : start + size]
    state.place = max(state.place, start + size)
    pieces = [data[i : i + PIECE] for i in range(0, size, PIECE)]
    texts = [b"\r\n+SHREAD: %d\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    if c.modem.options.shread_ok == "last":
        for text in texts:
            c.raw("payload", text)
        c.ok()
        return
    c.ok()
    for i, text in enumerate(texts):
        c.modem.after(2000 * (i + 1), c.modem.line.unit, "payload", text)
