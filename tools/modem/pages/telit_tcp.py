"""Telit: plain TCP sockets (#SCFG, #SD, #SH, #SO, #SS, #SI, #SSEND, #SSENDEXT, #SRECV)."""

import re
from types import SimpleNamespace

from .. import cme
from ..datamode import TextEntry
from . import telit_errors as err
from .table import Table
from .telit_online import Online, say

COMMANDS = Table()
command = COMMANDS.command

SEND_MAX = 1500
_ENTRY_US = 10**13
_EXT = (0, 0, 0, 0, 0)  # srMode, recvDataMode, keepalive, listenAutoRsp, sendDataMode


def _key(number):
    return f"tcp{number}"


def _conn(c, i=0):
    number = c.number(i)
    return number if number in range(1, 7) else None


@command("#SCFG")
def configure(c):
    """AT#SCFG=<connId>,<cid>,<pktSz>,<maxTo>,<connTo>,<txTo>."""
    settings = c.modem.settings
    if c.op == "read":
        for number, values in settings["#SCFG"].items():
            c.info(f"#SCFG: {number}," + ",".join(map(str, values)))
        c.ok()
        return
    if c.op == "test":
        c.info("#SCFG: (1-6),(1-5),(0-1500),(0-65535),(10-1200),(0-255)")
        c.ok()
        return
    number = _conn(c)
    values = tuple(c.number(i) for i in range(1, len(c.args)))
    limits = (range(1, 6), range(1501), range(65536), range(10, 1201), range(256))
    good = c.op == "set" and number is not None and len(values) == 5 and None not in values
    if not good or not all(one in limit for one, limit in zip(values, limits, strict=True)):
        c.cme(cme.NOT_SUPPORTED)
    elif number in c.modem.page_state.conns:
        c.cme(cme.NOT_ALLOWED)
    else:
        settings.set("#SCFG", {**settings["#SCFG"], number: values})
        c.ok()


@command("#SCFGEXT")
def configure_more(c):
    """AT#SCFGEXT=<connId>,<srMode>,<recvDataMode>,<keepalive>[,…]: text only is done here."""
    settings = c.modem.settings
    if c.op == "read":
        for number in range(1, 7):
            values = settings["#SCFGEXT"].get(number, _EXT)
            c.info(f"#SCFGEXT: {number}," + ",".join(map(str, values)))
        c.ok()
        return
    number = _conn(c)
    given = tuple(c.number(i) for i in range(1, len(c.args)))
    limits = (range(3), (0,), range(241), range(2), (0,))
    good = c.op == "set" and number is not None and 3 <= len(given) <= 5 and None not in given
    values = (*given, *_EXT[len(given) :])
    if not good or not all(one in limit for one, limit in zip(values, limits, strict=True)):
        c.cme(cme.NOT_SUPPORTED)
        return
    settings.set("#SCFGEXT", {**settings["#SCFGEXT"], number: values})
    c.ok()


@command("#SD")
def dial(c):
    """AT#SD=<connId>,<txProt>,<port>,<host>[,<closureType>[,<lPort>[,<connMode>]]]; TCP only."""
    modem, state = c.modem, c.modem.page_state
    number, protocol, port = _conn(c), c.number(1), c.number(2)
    closure, local, mode = c.number(4, 0), c.number(5, 0), c.number(6, 0)
    host = c.arg(3)
    if c.op == "test":
        c.info("#SD: (1-6),(0),(1-65535),,(0,255),(0-65535),(0,1)")
        c.ok()
    elif c.op != "set" or number is None or protocol != 0 or not port or port > 65535:
        c.cme(cme.NOT_SUPPORTED)
    elif not 0 < len(host) <= 255 or closure not in (0, 255) or local is None:
        c.cme(cme.NOT_SUPPORTED)
    elif mode not in (0, 1) or len(c.args) > 7:
        c.cme(cme.NOT_SUPPORTED)
    elif number in state.conns:
        c.cme(err.NO_SOCKET)
    else:
        config = modem.settings["#SCFG"][number]
        if config[0] not in state.contexts:
            c.cme(err.NOT_ACTIVE)
            return
        entry = SimpleNamespace(host=host, port=port, open=False, config=config)
        state.conns[number] = entry

        def opened(word):
            if word != "ok":
                if state.conns.get(number) is entry:
                    del state.conns[number]
                c.cme(err.PLAIN.get(word, err.CANNOT_OPEN))
                return
            entry.open = True
            if mode == 1:
                c.ok()
                modem.after(0, _announce, modem, number)
            else:
                _online(c, number)

        limit = config[3] * 100_000
        delay = modem.options.connect_ms
        data = host.encode("latin-1")
        modem.after_ms(delay, modem.sockets.open, _key(number), data, port, None, limit, opened)


def _online(c, number):
    modem = c.modem
    _, size, idle_s, _, send = modem.page_state.conns[number].config

    def idle():
        _close(modem, number)
        online.close()

    online = Online(modem, _key(number), size=size, wait_100ms=send, idle_s=idle_s, ended=idle)
    online.enter(c)


def _open_one(c, number):
    """The entry and its socket; after an error (None, None)."""
    entry = c.modem.page_state.conns.get(number)
    one = c.modem.sockets.get(_key(number))
    if number is None or entry is None or one is None or not entry.open:
        c.cme(cme.NOT_ALLOWED)
        return None, None
    return entry, one


@command("#SO")
def restore(c):
    if c.op == "set" and len(c.args) == 1:
        entry, _ = _open_one(c, _conn(c))
        if entry is not None:
            _online(c, _conn(c))
    else:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)


@command("#SH")
def hang_up(c):
    number = _conn(c)
    if c.op != "set" or number is None or len(c.args) != 1:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)
    elif number not in c.modem.page_state.conns:
        c.ok()  # nothing to do is no error here
    else:
        c.modem.after_ms(150, _hung_up, c, number)


def _hung_up(c, number):
    _close(c.modem, number)
    c.ok()


def _close(modem, number):
    modem.page_state.conns.pop(number, None)
    modem.sockets.close(_key(number))


@command("#SS")
def status(c):
    """AT#SS[=<connId>]: 0 closed, 2 suspended, 3 suspended with data, 7 connecting."""
    numbers = range(1, 7) if c.op == "exec" else (_conn(c),)
    if c.op not in ("exec", "set") or None in numbers:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)
        return
    state = c.modem.page_state
    for number in numbers:
        entry, one = state.conns.get(number), c.modem.sockets.get(_key(number))
        if entry is None:
            c.info(f"#SS: {number},0")
            continue
        what = 7 if not entry.open or one is None else 3 if one.buffer else 2
        local = state.contexts.get(entry.config[0], "0.0.0.0")
        remote = entry.host if re.fullmatch(r"[\d.]+", entry.host) else "10.0.0.1"
        c.info(f"#SS: {number},{what},{local},{61118 + number},{remote},{entry.port}")
    c.ok()


@command("#SI")
def information(c):
    """AT#SI[=<connId>]: sent, received, waiting, not acknowledged."""
    numbers = range(1, 7) if c.op == "exec" else (_conn(c),)
    if c.op not in ("exec", "set") or None in numbers:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)
        return
    for number in numbers:
        one = c.modem.sockets.get(_key(number))
        counts = (one.sent, one.received, len(one.buffer)) if one is not None else (0, 0, 0)
        c.info(f"#SI: {number},{counts[0]},{counts[1]},{counts[2]},0")
    c.ok()


@command("#SSEND")
def send(c):
    """AT#SSEND=<connId>: prompt, text up to Ctrl-Z; backspace and escape work."""
    number = _conn(c)
    if c.op != "set" or number is None or len(c.args) != 1:
        c.ok() if c.op == "test" else c.cme(cme.NOT_SUPPORTED)
        return
    entry, _ = _open_one(c, number)
    if entry is None or _refused(c, "prompt"):
        return

    def typed(data, why):
        if why == "cancel":
            c.ok()
        elif not data:
            c.cme(err.GENERIC)
        else:
            _typed(c, number, data)

    c.listen(b"\r\n> ", TextEntry, SEND_MAX, _ENTRY_US, typed, erase=True)


@command("#SSENDEXT")
def send_counted(c):
    """AT#SSENDEXT=<connId>,<bytes>: prompt, so many bytes, OK."""
    number, count = _conn(c), c.number(1)
    if c.op == "test":
        c.info(f"#SSENDEXT: (1-6),(1-{SEND_MAX})")
        c.ok()
    elif c.op != "set" or number is None or count is None or not 1 <= count <= SEND_MAX:
        c.cme(cme.NOT_SUPPORTED)
    elif len(c.args) != 2:
        c.cme(cme.NOT_SUPPORTED)
    else:
        entry, _ = _open_one(c, number)
        if entry is not None and not _refused(c, "prompt"):
            c.prompt(b"> ", count, _ENTRY_US, lambda data: _typed(c, number, data))


def _refused(c, stage):
    if c.modem.faults.refuse_send(stage):
        c.cme(err.SEND_FAILED)
        return True
    return False


def _typed(c, number, data):
    if data is None:
        c.cme(err.GENERIC)
    elif not _refused(c, "payload"):
        c.modem.after(c.modem.latency_us(), _send, c, number, data)


def _send(c, number, data):
    one = c.modem.sockets.get(_key(number))
    if one is None or not one.send(data):
        c.cme(err.REMOTE_CLOSED)
        return
    c.modem.event("socket", f"{_key(number)} sent {len(data)} bytes")
    c.ok()


@command("#SRECV")
def receive(c):
    """AT#SRECV=<connId>,<most>: what waits; with nothing waiting it is an error."""
    number, count = _conn(c), c.number(1)
    if c.op == "test":
        c.info("#SRECV: (1-6),(1-1500)")
        c.ok()
    elif c.op != "set" or number is None or count is None or not 1 <= count <= 1500:
        c.cme(cme.NOT_SUPPORTED)
    elif len(c.args) != 2:
        c.cme(cme.NOT_SUPPORTED)
    else:
        entry, one = _open_one(c, number)
        if entry is None:
            return
        if not one.buffer:
            c.cme(cme.NOT_ALLOWED)
            return
        data = one.read(count)
        c.modem.event("socket", f"{_key(number)} read {len(data)} bytes")
        head = b"\r\n#SRECV: %d,%d\r\n" % (number, len(data))
        c.raw("payload", head + data + b"\r\n")
        c.ok()
        if one.buffer:
            one.armed = True
            c.modem.after(2000, one._announce)


# what happens


def data_waiting(modem, cid):
    _announce(modem, int(cid[3:]))


def _announce(modem, number):
    entry = modem.page_state.conns.get(number)
    one = modem.sockets.get(_key(number))
    if entry is None or one is None or not one.buffer or not entry.open:
        return
    online = modem.page_state.online
    mode = modem.settings["#SCFGEXT"].get(number, _EXT)[0]
    if online is not None and online.cid == _key(number):
        online.waiting()
    elif mode == 2:
        while one.buffer:
            data = one.read(256)
            modem.urc(b"SRING: %d,%d,%s" % (number, len(data), data))
    elif not modem.faults.drop_dataind():
        modem.urc(f"SRING: {number}" + (f",{len(one.buffer)}" if mode == 1 else ""))


def socket_closed(modem, cid):
    modem.page_state.conns.pop(int(cid[3:]), None)
    online = modem.page_state.online
    if online is not None and online.cid == cid:
        online.close()
    elif modem.settings["V"]:
        modem.urc("NO CARRIER")
    else:
        say(modem, "NO CARRIER")
