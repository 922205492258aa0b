"""Quectel: TLS contexts and sockets (AT+QSSL*).

+QSSLOPEN results: 0 opened, -1 anything else, -2 the socket index is in use.
"""

import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..command import Quoted
from ..files import certificates
from ..sockets import Trust
from .quectel_args import number, port, string
from .quectel_files import intact, place
from .quectel_sockets import (
    HOST_MAX,
    READ_MAX,
    ask_payload,
    close,
    closed_text,
    connect,
    hand_over,
    is_address,
    is_open,
)
from .quectel_stack import usable
from .quectel_transparent import enter_data, pump
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

CONTEXTS = 6
SUITES = {  # code -> OpenSSL's name; None: the PC has it no more
    0x0035: "AES256-SHA",
    0x002F: "AES128-SHA",
    0x003D: "AES256-SHA256",
    0x000A: None,
    0x0005: None,
    0x0004: None,
}
ALL = 0xFFFF
VERSIONS = {0: None, 1: "1.0", 2: "1.1", 3: "1.2", 4: "1.0-1.2"}
_NUMBERS = {"sslversion": 4, "seclevel": 2}
_FILES = ("cacert", "clientcert", "clientkey")
_GLOBAL = {"ignorertctime": 1, "https": 1, "httpsctxi": 5, "smtpstyle": 2, "smtpsctxi": 5}


def fresh_context():
    """A context that was never configured."""
    return {
        "sslversion": 0, "seclevel": 0, "ciphersuite": (ALL,),
        "cacert": "", "clientcert": "", "clientkey": "",
    }  # fmt: skip


def fresh_globals():
    return {"ignorertctime": 0, "https": 0, "httpsctxi": -1, "smtpstyle": 0, "smtpsctxi": -1}


def _suites(context):
    return ",".join(f'"0X{code:04X}"' for code in context["ciphersuite"])


@command("QSSLCFG")
def configure(c):
    """AT+QSSLCFG="<type>",…; without the value it is told. Types are in lower case."""
    state = c.modem.page_state
    name = string(c, 0, 20) if c.op == "set" else None
    if c.op == "test":
        c.info('+QSSLCFG: "type",(0-5),"value"')
        c.ok()
    elif name in _GLOBAL:
        _global(c, state, name)
    elif name is None or (index := number(c, 1, 0, CONTEXTS - 1)) is None:
        c.error()
    elif name == "ctxindex" and len(c.args) == 2:
        one = state.contexts[index]
        names = ",".join(f'"{one[key]}"' for key in _FILES)
        c.info(f"+QSSLCFG: {index},{one['sslversion']},{one['seclevel']},{_suites(one)},{names}")
        c.ok()
    else:
        _context(c, state.contexts[index], name)


def _global(c, state, name):
    if len(c.args) == 1:
        told = "smtpctxi" if name == "smtpsctxi" else name  # the manual's own spelling
        c.info(f'+QSSLCFG: "{told}",{state.tls[name]}')
        c.ok()
        return
    value = number(c, 1, 0, _GLOBAL[name]) if len(c.args) == 2 else None
    if value is None:
        c.error()
        return
    state.tls[name] = value
    c.ok()


def _context(c, context, name):
    asked = len(c.args) == 2
    if name in _NUMBERS:
        value = number(c, 2, 0, _NUMBERS[name]) if len(c.args) == 3 else None
        told = context[name]
    elif name == "ciphersuite":
        value, told = _codes(c), _suites(context)
    elif name in _FILES:
        value = string(c, 2, 80) if len(c.args) == 3 else None
        value = value if place(value) else None
        told = f'"{context[name]}"'
    else:
        c.error()
        return
    if asked:
        c.info(f'+QSSLCFG: "{name}",{told}')
    elif value is None:
        c.error()
        return
    else:
        context[name] = value
    c.ok()


def _codes(c):
    """The cipher suites, each in quotes; None when one is not known or not quoted."""
    found = []
    for text in c.args[2:]:
        if not isinstance(text, Quoted) or not re.fullmatch(r"0X[0-9A-Fa-f]{4}", text):
            return None
        found.append(int(text[2:], 16))
    if not found or any(code not in SUITES and code != ALL for code in found):
        return None
    return tuple(found)


def trust_of(modem, index, host):
    """What a context comes to: (Trust, ""), or (None, why it cannot be used)."""
    context = modem.page_state.contexts[index]
    level = context["seclevel"]
    ca = pair = None
    if level >= 1:
        ca = intact(modem, context["cacert"])
        chain = certificates(ca) if ca is not None else None
        if chain is None:
            return None, "no usable CA certificate"
        if not all(isinstance(one.public_key(), RSAPublicKey) for one in chain):
            return None, "the CA's key is not RSA"
    if level == 2:
        cert, key = intact(modem, context["clientcert"]), intact(modem, context["clientkey"])
        pair = (cert, key)
        wrong = _pair_wrong(cert, key)
        if wrong:
            return None, wrong
    codes = context["ciphersuite"]
    names = [SUITES[code] for code in (SUITES if ALL in codes else codes)]
    known = ":".join(name for name in names if name)
    version = VERSIONS[context["sslversion"]]
    dates = not modem.page_state.tls["ignorertctime"]
    trust = Trust(version or "1.0", ca, pair, known or None, None, dates)
    trust.named = not is_address(host)
    if version is None:
        trust.bare = "SSL 3.0"
    elif not known:
        trust.bare = "only RC4 or 3DES"
    return trust, ""


def _pair_wrong(cert, key):
    """Why a client's certificate and key cannot be used; "" when they can."""
    chain = certificates(cert) if cert is not None else None
    if chain is None or key is None:
        return "no usable client certificate and key"
    try:
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return "unreadable client key"
    if not isinstance(private.public_key(), RSAPublicKey):
        return "the client's key is not RSA"
    if private.public_key() != chain[0].public_key():
        return "the client's key does not fit its certificate"
    return ""


@command("QSSLOPEN")
def open_socket(c):
    """AT+QSSLOPEN=<ssid>,<ctxindex>,"<host>",<port>,<mode>[,<seconds>]: OK, result later."""
    modem = c.modem
    if c.op != "set":
        if c.op == "test":
            c.info(
                "+QSSLOPEN: <ssid>,<ctxindex>,<ipaddr/domainname>,<port>,<connectmode>[,<timeout>]"
            )
        c.ok() if c.op != "exec" else c.error()
        return
    cid, index = number(c, 0, 0, modem.page.SOCKETS - 1), number(c, 1, 0, CONTEXTS - 1)
    host, target, mode = string(c, 2, HOST_MAX), port(c, 3), number(c, 4, 0, 1)
    limit_s = number(c, 5, 10, 300, 90)
    good = 5 <= len(c.args) <= 6 and None not in (cid, index, host, target, mode, limit_s)
    if not good or not usable(modem) or not modem.settings["QIMUX"]:
        c.error()
        return
    if not is_address(host) and not modem.settings["QIDNSIP"]:
        c.error()
        return
    if mode and modem.page_state.transparent is not None:
        c.error()
        return
    c.ok()
    silent = modem.faults.silent_open()

    def told(word):
        if silent:
            modem.event("fault", f"{cid} {word}, which is not told")
        elif word == "ok" and mode:
            enter_data(modem, cid)
        else:
            modem.urc(f"+QSSLOPEN: {cid},{0 if word == 'ok' else -2 if word == 'used' else -1}")

    if cid in modem.page_state.kinds:
        modem.after_ms(50, told, "used")
        return
    trust, wrong = trust_of(modem, index, host)
    if trust is None:
        modem.event("tls", f"{cid} not started: {wrong}")
        modem.after_ms(400, told, "files")
        return
    limit_us = int(limit_s * 1e6)
    connect(modem, cid, host, target, trust, limit_us, told)


@command("QSSLCLOSE")
def close_socket(c):
    modem = c.modem
    if c.op != "set":
        if c.op == "test":
            c.info("+QSSLCLOSE: (0-5)[,(0,1)]")
        c.ok() if c.op != "exec" else c.error()
        return
    cid = number(c, 0, 0, modem.page.SOCKETS - 1)
    good = cid is not None and len(c.args) <= 2 and number(c, 1, 0, 1, 0) is not None
    if not good or not close(modem, cid, True):
        c.error()
    else:
        modem.after_ms(400, c.final, closed_text(modem, cid))


@command("QSSLSEND")
def send(c):
    if c.op != "set":
        if c.op == "test":
            c.info("+QSSLSEND: (0-5)[,(1-1460)]")
        c.ok() if c.op != "exec" else c.error()
        return
    cid = number(c, 0, 0, c.modem.page.SOCKETS - 1)
    if cid is None or c.modem.page_state.transparent == cid:
        c.error()
    else:
        ask_payload(c, cid, 1, True)


@command("QSSLRECV")
def receive(c):
    """AT+QSSLRECV=<cid>,<ssid>,<n>: what waits, counted; OK alone: nothing."""
    modem = c.modem
    if c.op == "test":
        c.info("+QSSLRECV: (0,1),(0-5),(1-1500)")
        c.ok()
        return
    context = number(c, 0, 0, 1)
    cid, count = number(c, 1, 0, modem.page.SOCKETS - 1), number(c, 2, 1, READ_MAX)
    good = c.op == "set" and len(c.args) == 3 and None not in (context, cid, count)
    if not good or context != modem.page_state.context or not is_open(modem, cid, True):
        c.error()
    else:
        hand_over(c, cid, count, "+QSSLRECV")


def data_waiting(modem, cid):
    """Data begins to wait in a TLS socket."""
    if modem.page_state.transparent == cid:
        pump(modem, cid)
    elif not modem.faults.drop_dataind():
        modem.urc(f'+QSSLURC: "recv",{modem.page_state.context},{cid}')


def peer_closed(modem, cid):
    modem.urc(f'+QSSLURC: "closed",{cid}')
