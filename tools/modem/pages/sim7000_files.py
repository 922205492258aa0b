"""SIM7000: the file system, certificates and TLS contexts."""

import re

from .. import cme
from ..sockets import Trust
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

FILE_MAX = 10_240
_NAME_MAX = 230
_CHOICES = {"sslversion": range(6), "ignorertctime": (0, 1), "protocol": (1, 2)}
_VERSIONS = {0: "1.0", 1: "1.0", 2: "1.1", 3: "1.2"}  # 0, unknown: the oldest
_CIPHERS = {
    0x002F: "AES128-SHA",
    0x0035: "AES256-SHA",
    0x003C: "AES128-SHA256",
    0x003D: "AES256-SHA256",
    0x009C: "AES128-GCM-SHA256",
    0x009D: "AES256-GCM-SHA384",
    0xC009: "ECDHE-ECDSA-AES128-SHA",
    0xC00A: "ECDHE-ECDSA-AES256-SHA",
    0xC013: "ECDHE-RSA-AES128-SHA",
    0xC014: "ECDHE-RSA-AES256-SHA",
    0xC023: "ECDHE-ECDSA-AES128-SHA256",
    0xC027: "ECDHE-RSA-AES128-SHA256",
    0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256",
    0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
    0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
}

# file system


@command("CFSINIT")
def begin(c):
    """Take the file buffer; it must be given back by AT+CFSTERM."""
    state = c.modem.page_state
    if c.op != "exec" or state.buffer:
        c.cme(cme.NOT_ALLOWED)
        return
    state.buffer = True
    c.ok()


@command("CFSTERM")
def end(c):
    state = c.modem.page_state
    if c.op != "exec" or not state.buffer:
        c.cme(cme.NOT_ALLOWED)
        return
    state.buffer = False
    c.ok()


def _directory(c):
    index = c.number(0)
    name = c.arg(1)
    if index not in (0, 1, 2, 3) or not 1 <= len(name) <= _NAME_MAX or "/" in name:
        return None
    return index


@command("CFSWFILE")
def write(c):
    """AT+CFSWFILE=<index>,<name>,<mode>,<size>,<ms>: DOWNLOAD, the bytes, OK."""
    modem = c.modem
    if not modem.page_state.buffer:
        c.cme(cme.NOT_ALLOWED)
        return
    index, mode, size, limit = _directory(c), c.number(2), c.number(3), c.number(4)
    good = c.op == "set" and len(c.args) == 5 and index is not None and mode in (0, 1)
    if not good or size is None or not 1 <= size <= FILE_MAX:
        c.error()
        return
    if limit is None or not 100 <= limit <= 10_000:
        c.error()
        return
    c.prompt(b"DOWNLOAD\r\n", size, limit * 1000, lambda data: _written(c, index, mode, data))


def _written(c, index, mode, data):
    modem = c.modem
    whole = data is not None
    if not whole:
        data = bytes(modem.line.got)  # what came in time is in the file
    stored = modem.files.write(index, c.arg(1), data, append=mode == 1)
    modem.event("file", f"{c.arg(1)}: {len(data)} bytes{'' if whole else ', too late'}")
    modem.after_ms(60 + len(data) / 100, c.ok if whole and stored else c.error)


@command("CFSGFIS")
def size(c):
    index = _directory(c)
    data = None if c.op != "set" or index is None else c.modem.files.read(index, c.arg(1))
    if data is None:
        c.cme(cme.NOT_FOUND)
        return
    c.info(f"+CFSGFIS: {len(data)}")
    c.ok()


@command("CFSRFILE")
def read(c):
    """AT+CFSRFILE=<index>,<name>,<mode>,<size>,<position>; mode 0: from the beginning."""
    modem = c.modem
    index, mode, count, position = _directory(c), c.number(2), c.number(3), c.number(4)
    if not modem.page_state.buffer:
        c.cme(cme.NOT_ALLOWED)
        return
    data = None if index is None else modem.files.read(index, c.arg(1))
    if data is None or mode not in (0, 1) or not count or count > FILE_MAX or position is None:
        c.error()
        return
    data = data[position if mode else 0 :][:count]
    c.raw("payload", b"\r\n+CFSRFILE: %d\r\n%s\r\n" % (len(data), data))
    c.ok()


@command("CFSDFILE")
def delete(c):
    index = _directory(c)
    if not c.modem.page_state.buffer:
        c.cme(cme.NOT_ALLOWED)
    elif index is None or not c.modem.files.delete(index, c.arg(1)):
        c.cme(cme.NOT_FOUND)
    else:
        c.modem.event("file", f"{c.arg(1)}: deleted")
        c.modem.after_ms(30, c.ok)


@command("CFSGFRS")
def free(c):
    if c.op not in ("exec", "read"):
        c.error()
        return
    c.info(f"+CFSGFRS: {c.modem.files.free()}")
    c.ok()


# TLS contexts


def context_of(modem, index):
    """The settings of a TLS context, as AT+CSSLCFG made them since the last restart."""
    return modem.page_state.contexts.setdefault(
        index,
        {"sslversion": 0, "ciphersuite": {}, "ignorertctime": 0, "protocol": 1, "sni": ""},
    )


@command("CSSLCFG")
def configure(c):
    """AT+CSSLCFG="<name>",...; the names must be in lower case."""
    if c.op != "set":
        c.ok() if c.op == "test" else c.error()
        return
    name = c.arg(0)
    if name == "convert":
        _convert(c)
        return
    index = c.number(1)
    if index is None or not 0 <= index <= 5:
        c.error()
        return
    context = context_of(c.modem, index)
    value = c.number(2)
    if name == "ctxindex" and len(c.args) == 2:
        suites = ",".join("0x%04X" % context["ciphersuite"].get(i, 0) for i in range(8))
        c.info(
            f"+CSSLCFG: {index},{context['sslversion']},{suites},{context['ignorertctime']},"
            f'{context["protocol"]},"{context["sni"]}"'
        )
    elif name in _CHOICES and value in _CHOICES[name]:
        context[name] = value
    elif name == "sni" and len(c.args) == 3 and len(c.args[2]) <= 255:
        context[name] = c.args[2]
    elif name == "ciphersuite" and value is not None and value <= 7 and len(c.args) == 4:
        if not re.fullmatch(r"0[xX][0-9A-Fa-f]{4}", c.args[3]):
            c.error()
            return
        context[name][value] = int(c.args[3], 16)
    else:
        c.error()
        return
    c.ok()


def _convert(c):
    """Convert a CA (2), or a certificate and its key (1) with the key's password if it has one."""
    modem, files = c.modem, c.modem.files
    kind = c.number(1)
    if kind == 2 and len(c.args) == 3:
        good = files.convert_ca(3, c.args[2])
    elif kind == 1 and len(c.args) in (4, 5):
        password = c.arg(4).encode() or None
        good = files.convert_pair(3, c.args[2], c.args[3], password)
    else:
        c.error()
        return
    modem.event("file", f"{c.args[2]}: {'converted' if good else 'cannot be converted'}")
    if good:
        modem.after_ms(180, c.ok)
    else:
        modem.after_ms(60, c.cme, cme.NOT_ALLOWED)


def trust_of(modem, settings):
    """What AT+CASSLCFG and its context come to: a Trust, or None when it cannot be used."""
    context = context_of(modem, settings.get("crindex", 0))
    version = _VERSIONS.get(context["sslversion"])
    if version is None or context["protocol"] != 1 or settings.get("protocol", 0) != 0:
        return None  # DTLS over TCP
    names = []
    for value in context["ciphersuite"].values():
        if value:
            if value not in _CIPHERS:
                return None
            names.append(_CIPHERS[value])
    ca = pair = None
    if settings.get("cacert"):
        found = modem.files.converted.get(settings["cacert"])
        if found is None or found[0] != "ca":
            return None
        ca = found[1]
    if settings.get("cert"):
        found = modem.files.converted.get(settings["cert"])
        if found is None or found[0] != "pair":
            return None
        pair = found[1:]
    ignore = context["ignorertctime"] or settings.get("ignorertctime", 0)
    return Trust(version, ca, pair, ":".join(names) or None, context["sni"] or None, not ignore)
