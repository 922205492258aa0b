"""Telit: SIM, registration, PDP contexts, ping."""

import re

from .. import cme
from . import telit_errors as err
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

# SIM


def _sim_error(c):
    """Refuse with what is wrong with the SIM; False when nothing is."""
    codes = {
        "absent": cme.SIM_ABSENT,
        "busy": cme.SIM_BUSY,
        "pin": cme.SIM_PIN,
        "puk": cme.SIM_PUK,
    }
    code = codes.get(c.modem.radio.sim_state())
    if code is None:
        return False
    c.cme(code)
    return True


@command("CPIN")
def pin(c):
    radio = c.modem.radio
    state = radio.sim_state()
    if c.op == "test":
        c.ok()
    elif state in ("absent", "busy"):
        _sim_error(c)
    elif c.op == "read":
        c.info("+CPIN: " + {"ready": "READY", "pin": "SIM PIN", "puk": "SIM PUK"}[state])
        c.ok()
    elif c.op != "set" or state == "ready":
        c.cme(cme.NOT_ALLOWED)
    elif state == "pin":
        good = len(c.args) == 1 and radio.enter_pin(c.args[0])
        c.ok() if good else c.cme(cme.PASSWORD)
    elif len(c.args) == 2 and radio.enter_puk(*c.args):
        c.ok()
    else:
        c.cme(cme.PASSWORD)


@command("#QSS")
def sim_status(c):
    if c.op != "read":
        c.ok() if c.op == "set" and c.number(0) in (0, 1, 2) else c.error()
        return
    c.info(f"#QSS: 0,{int(c.modem.radio.card != 'absent')}")
    c.ok()


@command("#PCT")
def tries(c):
    radio = c.modem.radio
    c.info(f"#PCT: {radio.puk_tries if radio.sim_state() == 'puk' else radio.pin_tries}")
    c.ok()


@command("CIMI", "#CIMI")
def subscriber(c):
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
    elif not _sim_error(c):
        c.info(("#CIMI: " if c.name[0] == "#" else "") + c.modem.options.imsi)
        c.ok()


@command("CCID", "#CCID")
def card(c):
    """AT#CCID everywhere; AT+CCID not on 2G."""
    if c.op != "exec" or (c.name == "CCID" and c.modem.page.PLATFORM.generation == 2):
        c.ok() if c.op == "test" else c.error()
    elif c.modem.radio.sim_state() in ("absent", "busy"):
        _sim_error(c)
    else:
        sign = "#CCID: " if c.name[0] == "#" else "+CCID: "
        c.info(sign + c.modem.options.iccid)
        c.ok()


# registration


def creg_text(modem, name):
    """The URC of AT+CREG=1 or =2."""
    return f"+{name}: " + _creg(modem, name)


def _creg(modem, name):
    text = str(modem.radio.stat)
    if modem.settings[name] == 2 and modem.radio.registered():
        text += ',"{}","{}"'.format(*modem.radio.cell)
        if modem.page.PLATFORM.generation > 2:
            text += f",{modem.page.PLATFORM.act}"
    return text


def _registration(name):
    @command(name)
    def handler(c):
        settings = c.modem.settings
        if name == "CEREG" and not c.modem.page.PLATFORM.cereg:
            c.error()
        elif c.op == "read":
            c.info(f"+{name}: {settings[name]},{_creg(c.modem, name)}")
            c.ok()
        elif c.op == "set" and c.number(0) in (0, 1, 2):
            settings.set(name, c.number(0))
            c.ok()
        elif c.op == "test":
            c.info(f"+{name}: (0-2)")
            c.ok()
        else:
            c.error()


_registration("CREG")
_registration("CGREG")
_registration("CEREG")


@command("CSQ")
def signal(c):
    radio = c.modem.radio
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
        return
    seen = radio.functional and radio.coverage
    c.info(f"+CSQ: {c.modem.options.rssi if seen else 99},{0 if seen else 99}")
    c.ok()


@command("COPS")
def operator(c):
    modem, radio, options = c.modem, c.modem.radio, c.modem.options
    act = modem.page.PLATFORM.act
    if c.op == "read":
        text = f"+COPS: {radio.selection}"
        if radio.registered():
            text += f',0,"{options.operator}"'
            if modem.page.PLATFORM.generation > 2:
                text += f",{act}"
        c.info(text)
        c.ok()
    elif c.op == "test":
        c.abortable = True
        modem.after_ms(20_000, _operators, c)
    elif c.op == "set" and c.number(0) in (0, 1, 2, 3, 4):
        mode = c.number(0)
        if mode == 3:
            c.ok()
        elif mode in (1, 4) and c.arg(2) not in ("", options.operator, options.operator_id):
            modem.after_ms(20_000, c.cme, cme.NO_NETWORK)
        else:
            modem.after_ms(1800 if mode == 2 else 700, _select, c, mode)
    else:
        c.error()


def _select(c, mode):
    c.modem.radio.select(mode)
    c.ok()


def _operators(c):
    if c.finished:
        return
    options, radio = c.modem.options, c.modem.radio
    seen = ""
    if radio.coverage:
        now = 2 if radio.registered() else 3 if radio.denied else 1
        seen = f'({now},"{options.operator}","","{options.operator_id}"),'
    c.info(f"+COPS: {seen},(0-4),(0,2)")
    c.ok()


@command("CGATT")
def attach(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(f"+CGATT: {int(radio.attached)}")
        c.ok()
    elif c.op == "set" and c.number(0) == 0:
        radio.drop_data()
        radio.attached = False
        modem.after_ms(800, c.ok)
    elif c.op == "set" and c.number(0) == 1:
        modem.after_ms(400, _attach, c, 25)
    elif c.op == "test":
        c.info("+CGATT: (0,1)")
        c.ok()
    else:
        c.error()


def _attach(c, left):
    radio = c.modem.radio
    if radio.registered():
        radio.attached = True
        c.ok()
    elif left:
        c.modem.after_ms(400, _attach, c, left - 1)
    else:
        c.cme(cme.NO_NETWORK)


# PDP contexts


@command("CGDCONT")
def context(c):
    """AT+CGDCONT=<cid>[,<type>[,<APN>]]; with <cid> alone the context is undefined again."""
    modem, settings = c.modem, c.modem.settings
    if c.op == "read":
        for cid, (kind, apn) in sorted(settings["CGDCONT"].items()):
            address = modem.page_state.contexts.get(cid, "0.0.0.0")
            c.info(f'+CGDCONT: {cid},"{kind}","{apn}","{address}",0,0')
        c.ok()
    elif c.op == "test":
        c.info('+CGDCONT: (1-5),"IP",,,(0,1),(0,1)')
        c.ok()
    elif c.op == "set" and c.number(0) in range(1, 6):
        cid = c.number(0)
        if cid in modem.page_state.contexts:
            c.cme(cme.NOT_ALLOWED)
            return
        defined = dict(settings["CGDCONT"])
        defined.pop(cid, None)
        if len(c.args) > 1:
            if c.args[1] not in ("IP", "IPV6", "IPV4V6") or len(c.arg(2)) > 64:
                c.cme(cme.NOT_SUPPORTED)
                return
            defined[cid] = (c.args[1], c.arg(2))
        settings.set("CGDCONT", defined)
        c.ok()
    else:
        c.error()


@command("#SGACT")
def activate(c):
    """AT#SGACT=<cid>,<stat>[,<user>,<password>]; a context that is active already is an error."""
    modem, radio, state = c.modem, c.modem.radio, c.modem.page_state
    defined = modem.settings["CGDCONT"]
    if c.op == "read":
        for cid in sorted(defined):
            c.info(f"#SGACT: {cid},{int(cid in state.contexts)}")
        c.ok()
        return
    if c.op == "test":
        c.info("#SGACT: (1-5),(0,1)")
        c.ok()
        return
    cid, stat = c.number(0), c.number(1)
    if c.op != "set" or cid not in range(1, 6) or stat not in (0, 1):
        c.cme(cme.NOT_SUPPORTED)
    elif stat == 0:
        modem.after_ms(400, _deactivate, c, cid)
    elif cid in state.contexts or radio.activating is not None:
        c.cme(err.ALREADY_ACTIVE)
    elif cid not in defined or not any(one[0] == cid for one in modem.settings["#SCFG"].values()):
        c.cme(err.ACTIVATION_FAILED)
    elif not radio.registered():
        modem.after_ms(1500, c.cme, err.ACTIVATION_FAILED)
    else:
        radio.activate(defined[cid][1], lambda good: _activated(c, cid, good))


def _activated(c, cid, good):
    if not good:
        c.cme(err.ACTIVATION_FAILED)
        return
    c.modem.page_state.contexts[cid] = c.modem.radio.address
    c.info(f"#SGACT: {c.modem.radio.address}")
    c.ok()


def _deactivate(c, cid):
    modem, state = c.modem, c.modem.page_state
    if state.contexts.pop(cid, None) is not None:
        if not state.contexts:
            modem.radio.drop_data()
        else:  # what goes over another context stays
            mine = [f"tcp{n}" for n, one in state.conns.items() if one.config[0] == cid]
            mine += [f"ssl{n}" for n, one in state.secure.items() if one.config.cid == cid]
            modem.sockets.lost(mine)
    c.ok()


@command("#CGPADDR", "CGPADDR")
def address(c):
    """AT#CGPADDR[=<cid>]: without, or with an empty one, of every active context."""
    contexts = c.modem.page_state.contexts
    sign = "#CGPADDR" if c.name[0] == "#" else "+CGPADDR"
    if c.op == "test":
        c.info(f"{sign}: ({','.join(map(str, sorted(contexts)))})")
    elif c.op == "set" and c.arg(0):
        cid = c.number(0)
        if cid not in range(1, 6):
            c.cme(cme.NOT_SUPPORTED)
            return
        c.info(f'{sign}: {cid},"{contexts.get(cid, "")}"')
    elif c.op == "read":
        c.error()
        return
    else:
        for cid, text in sorted(contexts.items()):
            c.info(f'{sign}: {cid},"{text}"')
    c.ok()


@command("#PING")
def ping(c):
    """AT#PING=<host>[,<count>[,<len>[,<timeout>[,<ttl>]]]]; timeout in 100 ms."""
    modem = c.modem
    values = [c.number(i, given) for i, given in ((1, 4), (2, 32), (3, 50), (4, 128))]
    limits = ((1, 64), (32, 1460), (1, 600), (1, 255))
    if c.op == "test":
        c.info("#PING: (1-64),(32-1460),(1-600),(1-255)")
        c.ok()
    elif c.op != "set" or not c.arg(0) or None in values:
        c.cme(cme.NOT_SUPPORTED)
    elif not all(low <= value <= high for value, (low, high) in zip(values, limits, strict=True)):
        c.cme(cme.NOT_SUPPORTED)
    elif not modem.page_state.contexts:
        c.cme(err.NOT_ACTIVE)
    elif modem.network.dns_fails and not re.fullmatch(r"[\d.]+", c.arg(0)):
        modem.after_ms(3000, c.cme, err.NO_ADDRESS)
    else:
        modem.after(modem.options.ping_ms * 1000, _ping, c, 1, values)


def _ping(c, turn, values):
    modem = c.modem
    count, _, timeout, ttl = values
    if modem.radio.active and not modem.network.unreachable:
        took = int(modem.options.ping_ms * (0.9 + 0.3 * modem.rng.random()) / 100) + 1
        c.info(f'#PING: {turn:02d},"74.6.231.20",{took},{ttl}')
    else:
        c.info(f'#PING: {turn:02d},"74.6.231.20",600,255')
        modem.after_ms(timeout * 100, _next_ping, c, turn, values)
        return
    modem.after_ms(1000, _next_ping, c, turn, values)


def _next_ping(c, turn, values):
    if turn < values[0]:
        _ping(c, turn + 1, values)
    else:
        c.ok()
