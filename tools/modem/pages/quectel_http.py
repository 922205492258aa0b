"""Quectel: the module's own HTTP client, plain and over TLS (AT+QHTTP*).

Errors are +CME ERROR numbers from 3801 on, as the HTTP manual lists them.
"""

from types import SimpleNamespace
from urllib.parse import urlsplit

from ..datamode import DataMode
from .quectel_args import number, string
from .quectel_ssl import trust_of
from .quectel_stack import usable
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

SOCKET = "http"  # its own socket, beside the six of the user
URL_MAX = 700
BODY_MAX = 100_000
TEXTS = {
    3801: "HTTP time out",
    3802: "HTTP busy",
    3804: "HTTP get no request",
    3807: "HTTP network no configure",
    3808: "HTTP network deactive",
    3810: "HTTP URL error",
    3811: "HTTP empty URL",
    3813: "HTTP DNS error",
    3815: "HTTP socket connect error",
    3818: "HTTP socket close",
    3822: "HTTP response failed",
    3825: "HTTP input timeout",
    3829: "HTTP need relocation",
}


def fresh():
    return SimpleNamespace(url="", answer=None, running=None, headers={})


@command("QHTTPCFG")
def configure(c):
    """AT+QHTTPCFG="responseheader"|"requestheader"[,<0|1>], where the module has it."""
    state = c.modem.page_state.http
    name = string(c, 0, 20) if c.op == "set" else None
    if not c.modem.page.MODEL.http_config or name not in ("responseheader", "requestheader"):
        c.ok() if c.op == "test" and c.modem.page.MODEL.http_config else c.error()
    elif len(c.args) == 1:
        c.info(f'+QHTTPCFG: "{name}",{state.headers.get(name, 0)}')
        c.ok()
    elif len(c.args) == 2 and number(c, 1, 0, 1) is not None:
        state.headers[name] = c.number(1)
        c.ok()
    else:
        c.error()


def _take(c, size, limit_s, done):
    """CONNECT, and so many bytes; done(bytes), or an error when they come too late."""
    got = bytearray()

    def ended(why):
        if why == "count":
            done(bytes(got))
        else:
            c.cme(3825)

    c.listen(
        b"\r\nCONNECT\r\n", DataMode, got.extend, ended, count=size,
        limit_us=limit_s * 1_000_000, wait_us=limit_s * 1_000_000, size=BODY_MAX + 1, urcs=True,
    )  # fmt: skip


@command("QHTTPURL")
def url(c):
    """AT+QHTTPURL=<length>,<seconds>: CONNECT, the URL, OK."""
    state = c.modem.page_state.http
    if c.op == "read":
        c.info(f"+QHTTPURL: {state.url}")
        c.ok()
    elif c.op == "test":
        c.info(f"+QHTTPURL: (1-{URL_MAX}),(1-65535)")
        c.ok()
    else:
        size, limit_s = number(c, 0, 1, URL_MAX), number(c, 1, 1, 65_535)
        if c.op != "set" or len(c.args) != 2 or None in (size, limit_s):
            c.error()
            return

        def done(data):
            text = data.decode("latin-1")
            try:
                parts = urlsplit(text)
                good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            except ValueError:
                good = False
            if good and text.isprintable() and " " not in text:
                state.url = text
                c.ok()
            else:
                c.cme(3810)

        _take(c, size, limit_s, done)


@command("QHTTPGET")
def get(c):
    """AT+QHTTPGET[=<seconds>]: OK once the answer is there."""
    limit_s = number(c, 0, 1, 65_535, 60)
    if c.op == "test":
        c.info("+QHTTPGET: (1-65535)")
        c.ok()
    elif c.op == "read" or limit_s is None or len(c.args) > 1:
        c.error()
    elif not _refused(c):
        _request(c, b"GET", b"", limit_s)


@command("QHTTPPOST")
def post(c):
    """AT+QHTTPPOST=<size>[,<seconds for it>[,<seconds>]]: CONNECT, the body, OK."""
    size = number(c, 0, 1, BODY_MAX)
    input_s, limit_s = number(c, 1, 1, 65_535, 60), number(c, 2, 1, 65_535, 60)
    if c.op == "test":
        c.info(f"+QHTTPPOST: (1-{BODY_MAX}),(1-65535),(1-65535)")
        c.ok()
    elif c.op != "set" or len(c.args) > 3 or None in (size, input_s, limit_s):
        c.error()
    elif not _refused(c):
        _take(c, size, input_s, lambda body: _request(c, b"POST", body, limit_s))


def _refused(c):
    modem = c.modem
    state = modem.page_state.http
    if not usable(modem):
        c.cme(3808)
    elif not state.url:
        c.cme(3811)
    elif state.running is not None:
        c.cme(3802)
    else:
        return False
    return True


def _request(c, verb, body, limit_s):
    modem = c.modem
    state = modem.page_state.http
    parts = urlsplit(state.url)
    secure = parts.scheme == "https"
    trust = None
    tls = modem.page_state.tls
    if secure and (not tls["https"] or tls["httpsctxi"] < 0):
        c.cme(3807 if tls["https"] else 3810)
        return
    if secure:
        trust, wrong = trust_of(modem, tls["httpsctxi"], parts.hostname)
        if trust is None:
            modem.event("tls", f"{SOCKET} not started: {wrong}")
            c.cme(3815)
            return
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    if state.headers.get("requestheader") and verb == b"POST":
        data = body
    else:
        lines = [verb + b" " + target.encode("latin-1") + b" HTTP/1.1"]
        lines.append(b"Host: " + parts.netloc.encode("latin-1"))
        lines += [b"Accept: */*", b"User-Agent: QUECTEL_MODULE", b"Connection: close"]
        if verb == b"POST":
            lines.append(b"Content-Type: application/x-www-form-urlencoded")
            lines.append(b"Content-Length: %d" % len(body))
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
    state.answer = None
    run = SimpleNamespace(c=c, data=bytearray(), limit=None)
    state.running = run
    run.limit = modem.after(limit_s * 1e6, _end, modem, run, 3801)

    def opened(word):
        if state.running is not run:
            return
        if word != "ok":
            _end(modem, run, 3813 if word == "dns" else 3815)
        else:
            modem.event("http", f"{verb.decode()} {len(data)} bytes")
            modem.sockets.get(SOCKET).send(data)

    host, port = parts.hostname.encode("latin-1"), parts.port or (443 if secure else 80)
    if modem.faults.refuse_open():
        modem.after_ms(modem.options.connect_ms, opened, "refused")
    else:
        modem.sockets.open(SOCKET, host, port, trust, int(limit_s * 1e6), opened)


def _end(modem, run, code):
    """The request is over: 0, or an error."""
    state = modem.page_state.http
    if state.running is not run:
        return
    state.running = None
    modem.timers.cancel(run.limit)
    modem.sockets.close(SOCKET)
    if code:
        run.c.cme(code)
    else:
        run.c.ok()


def data_waiting(modem):
    run, one = modem.page_state.http.running, modem.sockets.get(SOCKET)
    data = one.read(len(one.buffer))
    if run is not None:
        run.data += data
        _look(modem, run, False)


def peer_closed(modem):
    run = modem.page_state.http.running
    if run is not None:
        _look(modem, run, True)
        _end(modem, run, 3818)


def _look(modem, run, closed):
    """End the request if the answer is whole."""
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
        _end(modem, run, 3822)
        return
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        body, whole = _unchunk(body)
    elif fields.get(b"content-length", b"").isdigit():
        size = int(fields[b"content-length"])
        whole, body = len(body) >= size, body[:size]
    else:
        whole = closed
    if not whole:
        return
    if int(status[1]) in (301, 302, 303, 307, 308):
        _end(modem, run, 3829)
        return
    shown = modem.page_state.http.headers.get("responseheader", 0)
    modem.page_state.http.answer = head + gap + body if shown else body
    _end(modem, run, 0)


def _unchunk(data):
    """(body, whether it is whole) of chunked bytes."""
    body = b""
    while True:
        size, gap, rest = data.partition(b"\r\n")
        try:
            count = int(size.split(b";")[0], 16)
        except ValueError:
            return body, False
        if not gap or len(rest) < count + 2:
            return body, False
        if count == 0:
            return body, True
        body += rest[:count]
        data = rest[count + 2 :]


@command("QHTTPREAD")
def read(c):
    """AT+QHTTPREAD[=<seconds>]: CONNECT, the answer as it is (not counted), OK."""
    state = c.modem.page_state.http
    if c.op == "test":
        c.info("+QHTTPREAD: (1-65535)")
        c.ok()
    elif c.op == "read" or number(c, 0, 1, 65_535, 60) is None or len(c.args) > 1:
        c.error()
    elif state.answer is None:
        c.cme(3804)
    else:
        data, state.answer = state.answer, None
        c.raw("payload", b"\r\nCONNECT\r\n" + data)
        c.ok()
