"""Quectel: SIM, registration, attachment; ping, names and time over the network."""

import ipaddress

from .. import cme
from .quectel_args import number, port, string
from .quectel_general import local_text
from .table import Table

COMMANDS = Table()
command = COMMANDS.command


def creg_text(modem, name, mode):
    """The URC of AT+CREG=1 or =2."""
    return f"+{name}: " + _creg(modem, mode)


def _creg(modem, mode):
    text = str(modem.radio.stat)
    if mode == 2 and modem.radio.registered():
        area, cell = modem.radio.cell
        text += f',"{area}","{cell[-4:]}"'
    return text


def _registration(name):
    @command(name)
    def handler(c):
        settings = c.modem.settings
        if c.op == "read":
            mode = settings[name]
            c.info(f"+{name}: {mode},{_creg(c.modem, mode)}")
            c.ok()
        elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 2) is not None:
            settings.set(name, c.number(0))
            c.ok()
        elif c.op == "test":
            c.info(f"+{name}: (0-2)")
            c.ok()
        else:
            c.error()


_registration("CREG")
_registration("CGREG")

_SIM_CODES = {
    "absent": cme.SIM_ABSENT, "busy": cme.SIM_BUSY, "pin": cme.SIM_PIN, "puk": cme.SIM_PUK,
}  # fmt: skip


def sim_refuses(c, states=("absent", "busy", "pin", "puk")):
    """Refuse with what is wrong with the SIM; False when nothing is."""
    state = c.modem.radio.sim_state()
    if state not in states:
        return False
    c.cme(_SIM_CODES[state])
    return True


@command("CPIN")
def pin(c):
    radio = c.modem.radio
    state = radio.sim_state()
    if c.op == "test":
        c.ok()
    elif c.op == "exec" or sim_refuses(c, ("absent", "busy")):
        c.error()
    elif c.op == "read":
        c.info("+CPIN: " + {"ready": "READY", "pin": "SIM PIN", "puk": "SIM PUK"}[state])
        c.ok()
    elif state == "ready":
        c.cme(cme.NOT_ALLOWED)
    elif state == "pin":
        good = len(c.args) == 1 and radio.enter_pin(c.args[0])
        c.ok() if good else c.cme(cme.PASSWORD)
    elif len(c.args) == 2 and radio.enter_puk(*c.args):
        c.ok()
    else:
        c.cme(cme.PASSWORD)


@command("QTRPIN")
def tries(c):
    """How often PIN and PUK may still be wrong."""
    radio = c.modem.radio
    c.info(f"+QTRPIN: {radio.pin_tries},3,{radio.puk_tries},10")
    c.ok()


@command("CIMI")
def subscriber(c):
    if c.op == "test":
        c.ok()
    elif c.op != "exec":
        c.error()
    elif not sim_refuses(c):
        c.info(c.modem.options.imsi)
        c.ok()


@command("QCCID", "CCID")
def card(c):
    """AT+QCCID: the bare number; AT+CCID: quoted, with its name before it."""
    if c.op == "test":
        c.ok()
    elif c.op != "exec" or (c.name == "CCID" and not c.modem.page.MODEL.ccid):
        c.error()
    elif not sim_refuses(c, ("absent", "busy")):
        text = c.modem.options.iccid
        c.info(text if c.name == "QCCID" else f'+CCID: "{text}"')
        c.ok()


@command("CSQ")
def signal(c):
    radio = c.modem.radio
    seen = radio.functional and radio.coverage and radio.stat != 0
    c.info(f"+CSQ: {c.modem.options.rssi},0" if seen else "+CSQ: 99,99")
    c.ok()


@command("COPS")
def operator(c):
    modem, radio = c.modem, c.modem.radio
    options = modem.options
    if c.op == "read":
        text = f"+COPS: {radio.selection}"
        if radio.registered():
            text += f',0,"{options.operator}"'
        c.info(text)
        c.ok()
    elif c.op == "test":
        c.abortable = True
        modem.after_ms(28_000, _operators, c)
    elif c.op == "set" and number(c, 0, 0, 2) is not None:
        mode = c.number(0)
        if mode == 1 and c.arg(2) not in ("", options.operator, options.operator_id):
            modem.after_ms(20_000, c.cme, cme.NO_NETWORK)
            return
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
        name = options.operator
        seen = f'({now},"{name}","{name[:8]}","{options.operator_id}"),'
    c.info(f"+COPS: {seen},(0,1,2,3,4),(0,1,2)")
    c.ok()


@command("CGATT")
def attach(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(f"+CGATT: {int(radio.attached)}")
        c.ok()
    elif c.op == "test":
        c.info("+CGATT: (0,1)")
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 1) == 0:
        radio.drop_data()
        radio.attached = False
        modem.after_ms(800, c.ok)
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 1) == 1:
        modem.after_ms(400, _attach, c, 25)
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


# over the network


def address_of(modem, host):
    """The address of a host name as the simulation has it, or None: no such name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    network = modem.network
    if network.dns_fails:
        return None
    services = getattr(network, "services", None)
    if services is not None and not any(name == host.encode("latin-1") for name, _ in services):
        return None
    return "203.0.113.%d" % (sum(host.encode("latin-1")) % 254 + 1)


@command("QIDNSGIP")
def resolve(c):
    """AT+QIDNSGIP="name": OK, and later the bare address, or ERROR and a reason."""
    modem = c.modem
    host = string(c, 0, 100) if c.op == "set" and len(c.args) == 1 else None
    if host is None or not modem.radio.active:
        c.ok() if c.op == "test" else c.error()
        return
    c.ok()
    modem.after_ms(900, _resolved, modem, host)


def _resolved(modem, host):
    found = address_of(modem, host) if modem.radio.active else None
    modem.urc(found or "ERROR: 8")


@command("QPING")
def ping(c):
    """AT+QPING="host"[,seconds[,count]]: OK, then a line for each and one for all."""
    modem = c.modem
    if c.op == "test":
        c.info('+QPING: "HOST",(1-255),(1-10)')
        c.ok()
        return
    host = string(c, 0, 100) if c.op == "set" and len(c.args) <= 3 else None
    limit, count = number(c, 1, 1, 255, 1), number(c, 2, 1, 10, 4)
    if host is None or limit is None or count is None or not modem.radio.active:
        c.error()
        return
    c.ok()
    address = address_of(modem, host)
    if address is None:
        modem.after_ms(1500, modem.urc, "+QPING: 3")
        return
    modem.after_ms(modem.options.ping_ms, _pong, modem, address, limit, count, [])


def _pong(modem, address, limit, left, times):
    if not modem.radio.active or modem.network.unreachable:
        modem.urc("+QPING: 1")
        times.append(None)
    else:
        took = int(modem.options.ping_ms * (0.9 + 0.3 * modem.rng.random()))
        times.append(took)
        modem.urc(f"+QPING: 0,{address},32,{took},255")
    if left > 1:
        modem.after_ms(1000, _pong, modem, address, limit, left - 1, times)
        return
    good = [one for one in times if one is not None]
    spread = (min(good), max(good), sum(good) // len(good)) if good else (0, 0, 0)
    lost = len(times) - len(good)
    modem.urc(f"+QPING: 2,{len(times)},{len(good)},{lost}," + ",".join(map(str, spread)))


@command("QNTP")
def network_time_protocol(c):
    """AT+QNTP="server"[,port]: OK, later +QNTP: 0 when the clock has been set."""
    modem = c.modem
    if not modem.page.MODEL.ntp:
        c.error()
    elif c.op == "read":
        c.info('+QNTP: "{}",{}'.format(*modem.page_state.ntp))
        c.ok()
    elif c.op == "test":
        c.ok()
    elif c.op == "set" and string(c, 0, 100) and (len(c.args) == 1 or port(c, 1)):
        modem.page_state.ntp = (string(c, 0, 100), number(c, 1, 1, 65_535, 123))
        _ask_time(c)
    elif c.op == "exec" and modem.page_state.ntp[0]:
        _ask_time(c)
    else:
        c.error()


def _ask_time(c):
    c.ok()
    c.modem.after_ms(2500, _told_time, c.modem)


def _told_time(modem):
    radio = modem.radio
    if not radio.active:
        modem.urc("+QNTP: 3")
    elif modem.network.dns_fails:
        modem.urc("+QNTP: 5")
    elif modem.network.unreachable:
        modem.urc("+QNTP: 8")
    else:
        radio.set_clock(radio.network_unix(), radio.zone)
        modem.urc("+QNTP: 0")


def network_told(modem):
    """The network has told the time: AT+QLTS, AT+QNITZ=1, AT+CTZU."""
    options, radio, settings = modem.options, modem.radio, modem.settings
    unix, zone = radio.network_unix(), options.zone_quarters
    text = f"{local_text(unix, zone)},{options.dst}"
    modem.page_state.told_time = text
    if settings["CTZU"]:
        radio.set_clock(unix, zone)
    if settings["QNITZ"]:
        modem.urc(f'+QNITZ: "{text}"')
