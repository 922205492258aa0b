"""SIM7000: the module's own HTTP client, plain and over TLS (AT+SH*): its settings, its connection
and what is to be sent. Requests and answers are in sim7000_http_answer.py.

One connection of its own. What cannot be done is `operation not allowed`, whatever the reason.
"""

from types import SimpleNamespace
from urllib.parse import urlsplit

from .. import cme
from ..command import Quoted
from ..datamode import CTRL_Z, ESCAPE, TextEntry
from .sim7000_files import trust_of
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

SOCKET = "http"  # its own socket, beside the two of the user
URL_MAX = 64
BODY_MAX = 1024
HEAD_MAX = 350
PARA_MAX = 64
CONNECT_S = 75
# tag -> (least, most) of a number
_NUMBERS = {
    "TIMEOUT": (30, 1800),
    "BODYLEN": (1, BODY_MAX),
    "HEADERLEN": (1, HEAD_MAX),
    "IPVER": (0, 1),
}
FACTORY = {"TIMEOUT": 60, "IPVER": 0}


def fresh():
    return SimpleNamespace(
        connected=False,
        heads=[],  # AT+SHAHEAD: they add up, over connections
        paras=[],  # AT+SHPARA
        body=b"",  # AT+SHBOD, AT+SHBODEXT
        asked=("", 0),
        running=None,  # the request that is not answered yet
        answer=None,  # what AT+SHREAD reads
        place=0,  # how far it was read
    )


def state_of(c):
    return c.modem.page_state.http


def refuse(c):
    c.cme(cme.NOT_ALLOWED)


def only_connected(handler):
    """What must be executed after the connection, but for its test command."""

    def checked(c):
        if c.op != "test" and not state_of(c).connected:
            refuse(c)
        else:
            handler(c)

    return checked


# settings


@command("SHSSL")
def web_ssl(c):
    """AT+SHSSL=<ctxindex>,<ca>[,<certificate>]: saved; an empty <ca> trusts any server."""
    settings = c.modem.settings
    if c.op == "test":
        c.info('+SHSSL: (0-5),"calist","certname"')
        c.ok()
    elif c.op == "read":
        if settings["SHSSL"]:
            c.info('+SHSSL: {},"{}","{}"'.format(*settings["SHSSL"]))
        c.ok()
    elif c.op == "set" and c.number(0) in range(6) and len(c.args) in (2, 3):
        for name in (c.arg(1), c.arg(2)):
            if name and name not in c.modem.files.converted:
                c.error()
                return
        settings.set("SHSSL", (c.number(0), c.arg(1), c.arg(2)))
        c.ok()
    else:
        refuse(c)


@command("SHCONF")
def configure(c):
    """AT+SHCONF=<tag>,<value>: saved. URL, BODYLEN and HEADERLEN must have been set."""
    settings = c.modem.settings
    tag = c.arg(0).upper()
    value = None
    if c.op == "test":
        c.info('+SHCONF: "HTTPParamTag","HTTPParamValue"')
        c.ok()
        return
    if c.op == "read":
        for name, value in sorted(settings["SHCONF"].items()):
            c.info(f'+SHCONF: "{name}",' + (f'"{value}"' if name == "URL" else str(value)))
        c.ok()
        return
    if c.op == "set" and len(c.args) == 2:
        if tag == "URL" and len(c.args[1]) <= URL_MAX and _server(c.args[1]):
            value = c.args[1]
        elif tag in _NUMBERS:
            low, high = _NUMBERS[tag]
            number = c.number(1)
            value = number if number is not None and low <= number <= high else None
    if value is None:
        refuse(c)
    else:
        settings.set("SHCONF", {**settings["SHCONF"], tag: value})
        c.ok()


def _server(text):
    """(whether TLS, host, port) of http://host[:port]; None: it is no such URL."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return None
    if parts.path or parts.query or not text.isprintable() or " " in text:
        return None
    secure = parts.scheme == "https"
    return secure, parts.hostname, port or (443 if secure else 80)


# the connection


def tls_left(modem):
    """Whether a TLS connection is free: as many as sockets, HTTP's among them."""
    users = [one for one in modem.sockets.by_cid.values() if one.trust is not None]
    return len(users) < modem.options.sockets


@command("SHCONN")
def connect(c):
    modem = c.modem
    state = state_of(c)
    settings = modem.settings["SHCONF"]
    unset = [tag for tag in ("URL", "BODYLEN", "HEADERLEN") if tag not in settings]
    busy = state.connected or modem.sockets.get(SOCKET) is not None
    if c.op != "exec" or busy or unset or not modem.radio.active:
        refuse(c)
        return
    secure, host, port = _server(settings["URL"])
    trust = None
    if secure:
        if not modem.settings["SHSSL"] or not tls_left(modem):
            refuse(c)
            return
        index, ca, pair = modem.settings["SHSSL"]
        trust = trust_of(modem, {"crindex": index, "cacert": ca, "cert": pair})
        if trust is None:
            modem.event("tls", f"{SOCKET} not started: certificate files or context unusable")
            modem.after_ms(200, refuse, c)
            return

    def opened(word):
        state.connected = word == "ok"
        state.answer, state.place = None, 0
        c.ok() if word == "ok" else refuse(c)

    limit_us = min(settings["TIMEOUT"], CONNECT_S) * 1_000_000
    where = (SOCKET, host.encode("latin-1"), port, trust, limit_us, opened)
    modem.after_ms(modem.options.connect_ms, modem.sockets.open, *where)


@command("SHSTATE")
def status(c):
    if c.op == "read":
        c.info(f"+SHSTATE: {int(state_of(c).connected)}")
        c.ok()
    else:
        c.ok() if c.op == "test" else refuse(c)


@command("SHDISC")
def disconnect(c):
    """Not while an answer is there that was not read to its end."""
    state = state_of(c)
    unread = state.answer is not None and state.place < len(state.answer)
    if c.op != "exec" or not state.connected or unread:
        c.ok() if c.op == "test" else refuse(c)
        return
    forget(c.modem)
    c.modem.sockets.close(SOCKET)
    c.modem.after_ms(20, c.ok)


def forget(modem):
    state = modem.page_state.http
    state.connected = False
    state.running = None
    state.answer, state.place = None, 0


# what is to be sent


@command("SHCHEAD")
@only_connected
def clear_heads(c):
    _clear(c, state_of(c).heads)


@command("SHCPARA")
@only_connected
def clear_paras(c):
    _clear(c, state_of(c).paras)


def _clear(c, values):
    if c.op == "exec":
        values.clear()
    c.ok() if c.op in ("exec", "test") else refuse(c)


@command("SHAHEAD")
@only_connected
def add_head(c):
    limit = c.modem.settings["SHCONF"].get("HEADERLEN", 0)
    _add(c, state_of(c).heads, '+SHAHEAD: "type","value"', (HEAD_MAX, HEAD_MAX), limit)


@command("SHPARA")
@only_connected
def add_para(c):
    limit = c.modem.settings["SHCONF"].get("BODYLEN", 0)
    _add(c, state_of(c).paras, '+SHPARA: "key","value"', (PARA_MAX, PARA_MAX), limit)


def _add(c, values, shown, most, limit):
    if c.op == "read":
        for pair in values:
            c.info('{} "{}","{}"'.format(shown.split(" ")[0], *pair))
        c.ok()
    elif c.op == "test":
        c.info(shown)
        c.ok()
    elif (
        c.op == "set"
        and len(c.args) == 2
        and c.args[0]
        and all(len(text) <= size for text, size in zip(c.args, most, strict=True))
        and sum(len(name) + len(value) for name, value in [*values, c.args]) <= limit
    ):
        values.append(tuple(c.args))
        c.ok()
    else:
        refuse(c)


@command("SHBOD")
@only_connected
def set_body(c):
    """AT+SHBOD="<body>",<n>; where there is no AT+SHBODEXT, also <n>,<ms> with a prompt."""
    state = state_of(c)
    most = c.modem.settings["SHCONF"].get("BODYLEN", 0)
    if c.op == "test":
        c.info('+SHBOD: "body",<bodylen>')
        c.ok()
    elif c.op == "read":
        c.info(b'+SHBOD: "%s",%d' % (state.body, len(state.body)))
        c.ok()
    elif c.op != "set" or len(c.args) != 2:
        refuse(c)
    elif isinstance(c.args[0], Quoted):
        size = c.number(1)
        if size is None or not 1 <= size <= min(most, len(c.args[0])):
            refuse(c)
        else:
            state.body = c.args[0][:size].encode("latin-1")
            c.ok()
    elif c.modem.options.shbodext:
        refuse(c)
    else:
        _enter(c, most)


@command("SHBODEXT")
def extend_body(c):
    """AT+SHBODEXT=<n>,<ms>: a prompt, n bytes (Ctrl-Z: that was all; escape: none), OK."""
    most = c.modem.settings["SHCONF"].get("BODYLEN", 0)
    if not c.modem.options.shbodext:
        c.error()
    elif c.op == "test":
        c.info(f"+SHBODEXT: (1-{most}),(100-10000)")
        c.ok()
    elif not state_of(c).connected:
        refuse(c)
    elif c.op == "read":
        body = state_of(c).body
        c.info(b"+SHBODEXT: %s,%d" % (body, len(body)))
        c.ok()
    else:
        _enter(c, most)


class Entry(TextEntry):
    """So many bytes, or fewer up to Ctrl-Z; what has come when it is late is all."""

    def due(self):
        wire = self.line.rx
        times = [wire.arrival(None, self.most - len(self.got))]
        times += [wire.arrival(b"\x1a"), wire.arrival(b"\x1b")]
        times = [time for time in times if time is not None]
        return min(times) if times else None

    def hear(self, now_us):
        wire = self.line.rx
        data = wire.peek(now_us)[: self.most - len(self.got)]
        if not data or self.over:
            return False
        cut = min(at + 1 if at >= 0 else len(data) for at in map(data.find, (b"\x1a", b"\x1b")))
        start = wire.position()
        data = wire.take(now_us, cut)
        self._heard(start, data)
        if self.line.echoes_payload():
            self.line.write("echo", data)
        if data[-1] == ESCAPE:
            self._end("cancel")
        elif data[-1] == CTRL_Z:
            self.got += data[:-1]
            self._end("end")
        else:
            self.got += data
            if len(self.got) >= self.most:
                self._end("end")
        return True

    def finish(self, why):
        self.done(None if why == "cancel" else bytes(self.got))


def _enter(c, most):
    size, limit_ms = c.number(0), c.number(1)
    good = c.op == "set" and len(c.args) == 2 and None not in (size, limit_ms)
    if not good or not 1 <= size <= most or not 100 <= limit_ms <= 10_000:
        refuse(c)
        return

    def entered(data):
        if data is None:
            c.error()
            return
        state_of(c).body = data
        c.ok()

    c.listen(b"\r\n" + c.modem.options.prompt, Entry, size, limit_ms * 1000, entered)
