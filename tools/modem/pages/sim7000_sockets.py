"""SIM7000: the sockets of AT+CA*, plain and TLS.

+CAOPEN results: 0 opened, 1 socket error, 20 no such host, 21 packet data not active, 23 refused,
24 certificate's dates, 25 certificate's name, 26 both, 27 connecting failed (no answer, TLS
handshake refused, certificate files missing or not converted). For a server that the CA did not
sign no result is documented: `options.untrusted_result`, 26 unless told otherwise.
"""

from .. import cme
from .sim7000_files import trust_of
from .sim7000_http import SOCKET as HTTP, tls_left
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

SEND_MAX = 1460
_RESULTS = {
    "ok": 0,
    "dns": 20,
    "lost": 21,
    "refused": 23,
    "dates": 24,
    "name": 25,
    "name+dates": 26,
    "handshake": 27,
    "timeout": 27,
    "files": 27,
}
_NUMBERS = {
    "ssl": (0, 1),
    "crindex": (0, 5),
    "protocol": (0, 1),
    "timeout": (0, 300_000),
    "ignorertctime": (0, 1),
}
_FILES = {"cacert": "cacert", "cert": "cert", "clientcert": "cert"}
_CONFIG = {"KEEPALIVE": 4, "ASYNCOPEN": 1, "TIMEOUT": 1, "TRANSWAITTM": 1, "TRANSPKTSIZE": 1}


def _cid(c, i=0):
    cid = c.number(i)
    return cid if cid is not None and cid < c.modem.options.sockets else None


@command("CACID")
def select(c):
    state = c.modem.page_state
    if c.op == "read":
        c.info(f"+CACID: {state.cacid}")
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and _cid(c) is not None:
        state.cacid = _cid(c)
        c.ok()
    elif c.op == "test":
        c.info(f"+CACID: (0-{c.modem.options.sockets - 1})")
        c.ok()
    else:
        c.error()


@command("CASSLCFG")
def configure(c):
    """AT+CASSLCFG=<cid>,"<name>",...: for the next AT+CAOPEN of that identifier, then gone."""
    state = c.modem.page_state
    if c.op == "read":
        for cid, settings in sorted(state.sockets.items()):
            parts = [f"{name},{value}" for name, value in settings.items()]
            c.info(f"+CASSLCFG: {cid}," + ",".join(parts))
        c.ok()
        return
    cid = _cid(c)
    if c.op != "set" or cid is None or len(c.args) < 3:
        c.error()
        return
    name = c.args[1]
    settings = state.sockets.setdefault(cid, {})
    if name in _FILES and len(c.args) == 3:
        settings[_FILES[name]] = c.args[2]
        c.ok()
        return
    low, high = _NUMBERS.get(name, (0, -1))
    # also seen as AT+CASSLCFG=0,"ignorertctime",0,1, with the context named first
    value = c.number(3 if name == "ignorertctime" and len(c.args) == 4 else 2)
    if value is None or not low <= value <= high:
        c.error()
        return
    settings[name] = value
    c.ok()


@command("CACFG")
def general(c):
    config = c.modem.page_state.config
    if c.op == "read":
        for name, values in config.items():
            c.info(f'+CACFG: "{name}",' + ",".join(map(str, values)))
        c.ok()
        return
    numbers = [c.number(i) for i in range(1, len(c.args))]
    if c.op != "set" or len(numbers) != _CONFIG.get(c.arg(0)) or None in numbers:
        c.error()
        return
    config[c.arg(0)] = numbers
    c.ok()


@command("CAOPEN")
def open_socket(c):
    modem = c.modem
    cid = _cid(c)
    args = c.args[1:]
    if modem.options.caopen == "long":
        args = args[1:] if args and args[0] == "TCP" else []
    port = c.number(len(c.args) - 1, 0) or 0
    good = c.op == "set" and cid is not None and len(args) == 2 and 0 < port < 65536
    if not good or not 0 < len(args[0]) <= 150:
        c.error()
        return
    if modem.sockets.get(cid) is not None:
        c.cme(cme.NOT_ALLOWED)
        return
    settings = modem.page_state.sockets.pop(cid, {})
    async_open = modem.page_state.config.get("ASYNCOPEN", [0])[0] == 1
    first = modem.options.caopen_ok_first or async_open
    if first:
        c.ok()

    def opened(word):
        result = modem.options.untrusted_result if word == "untrusted" else _RESULTS[word]
        text = f"+CAOPEN: {cid},{result}"
        if first:
            modem.urc(text)
        else:
            c.info(text)
            c.ok()

    trust = None
    if not modem.radio.active:
        modem.after_ms(100, opened, "lost")
        return
    if settings.get("ssl"):
        if not tls_left(modem):
            modem.after_ms(200, opened, "files")
            return
        trust = trust_of(modem, settings)
        if trust is None:
            modem.event("tls", f"{cid} not started: certificate files or context unusable")
            modem.after_ms(200, opened, "files")
            return
    limit_us = (settings.get("timeout") or 75_000) * 1000
    host = args[0].encode("latin-1")
    delay = modem.options.connect_ms
    modem.after_ms(delay, modem.sockets.open, cid, host, port, trust, limit_us, opened)


@command("CASEND")
def send(c):
    """AT+CASEND=<cid>,<n>[,<ms>]: prompt, n bytes, OK."""
    modem = c.modem
    cid, count, limit_ms = _cid(c), c.number(1), c.number(2, 5000)
    one = modem.sockets.get(cid) if cid is not None else None
    if c.op != "set" or one is None or one.state != "open" or len(c.args) > 3:
        c.error()
    elif count is None or not 1 <= count <= SEND_MAX or limit_ms is None or limit_ms < 100:
        c.error()
    elif modem.faults.refuse_send("prompt"):
        c.error()
    else:
        limit_ms = min(limit_ms, 5000)
        c.prompt(modem.options.prompt, count, limit_ms * 1000, lambda data: _sent(c, cid, data))


def _sent(c, cid, data):
    modem = c.modem
    one = modem.sockets.get(cid)
    if data is None or one is None or modem.faults.refuse_send("payload"):
        c.error()
        return
    modem.after(modem.latency_us(), _accepted, c, cid, one, data)


def _accepted(c, cid, one, data):
    modem = c.modem
    if not one.send(data):
        c.error()
        return
    modem.event("socket", f"{cid} sent {len(data)} bytes")
    c.ok()
    if modem.options.casend_line:
        modem.after(4000, modem.urc, f"+CASEND: {cid},0,{len(data)}")


@command("CARECV")
def receive(c):
    """AT+CARECV=<cid>,<n>: what waits, counted. AT+CARECV? crashes the module."""
    modem = c.modem
    if c.op == "read":
        modem.event("power", "crashed by AT+CARECV?")
        modem.after_ms(200, modem.power.restart)
        return
    cid, count = _cid(c), c.number(1)
    one = modem.sockets.get(cid) if cid is not None else None
    if c.op != "set" or one is None or one.state != "open":
        c.error()
        return
    if count is None or not 1 <= count <= SEND_MAX or len(c.args) != 2:
        c.error()
        return
    data = one.read(count)
    if not data:
        if modem.options.empty_read == "zero":
            c.info("+CARECV: 0")
        c.ok()
        return
    modem.event("socket", f"{cid} read {len(data)} bytes")
    announced = len(data)
    if modem.options.short_reads and announced > 512:
        data = data[: 512 + (announced - 512) // 2]
    c.raw("payload", b"\r\n+CARECV: %d,%s\r\n" % (announced, data))
    c.ok()


@command("CACLOSE")
def close(c):
    cid = _cid(c)
    if c.op != "set" or cid is None:
        c.error()
        return
    c.modem.page_state.sockets.pop(cid, None)
    if c.modem.sockets.close(cid):
        c.modem.after_ms(20, c.ok)
    else:
        c.error()


@command("CASTATE")
def state(c):
    modem = c.modem
    if c.op != "read":
        c.error()
        return
    users = {cid: one for cid, one in modem.sockets.by_cid.items() if cid != HTTP}
    opened = [cid for cid, one in sorted(users.items()) if one.state == "open"]
    for cid in opened:
        c.info(f"+CASTATE: {cid},1")
    if not opened:
        c.info(f"+CASTATE: {modem.page_state.cacid},0")
    c.ok()
