"""Quectel: the TCP/IP stack: context, activation, and how sockets behave.

Its states are those of AT+QISTAT: IP INITIAL, IP START (AT+QIREGAPP), IP CONFIG and IP IND (while
AT+QIACT works), IP GPRSACT, IP STATUS (AT+QILOCIP), IP PROCESSING (with sockets), PDP DEACT (all
is refused until AT+QIDEACT).
"""

from .. import cme
from .quectel_args import number, string
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

COMMANDS.stored("QINDI", (0, 1, 2))
COMMANDS.stored("QIPROMPT", (0, 1, 2))
COMMANDS.stored("QIHEAD", (0, 1))
COMMANDS.stored("QIDNSIP", (0, 1))

ACTIVATE_MS = 150_000  # the longest that AT+QIACT takes


def usable(modem):
    """Whether sockets can be opened."""
    return modem.radio.active and modem.page_state.ip in ("IP GPRSACT", "IP STATUS")


def state_of(modem):
    state = modem.page_state.ip
    if state in ("IP GPRSACT", "IP STATUS") and modem.page_state.kinds:
        return "IP PROCESSING"
    return state


@command("QIFGCNT")
def foreground(c):
    state = c.modem.page_state
    if c.op == "read":
        c.info(f"+QIFGCNT: {state.context},{int(state.ip != 'IP INITIAL')}")
        c.ok()
    elif c.op == "test":
        c.info("+QIFGCNT: (0,1)")
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 1) is not None:
        if state.ip != "IP INITIAL":
            c.error()
            return
        state.context = c.number(0)
        c.ok()
    else:
        c.error()


@command("QICSGP")
def bearer(c):
    """AT+QICSGP=1,"apn"[,"user","password"]; circuit-switched data (0) is not there."""
    state = c.modem.page_state
    if c.op == "read":
        apn, user, _ = state.bearer
        c.info(f'+QICSGP: 1,"{apn}","{user}",""')
        c.ok()
    elif c.op == "test":
        c.info("+QICSGP: 0-CSD,DIALNUMBER,USER NAME,PASSWORD,RATE(0,3)")
        c.info("+QICSGP: 1-GPRS,APN,USER NAME,PASSWORD")
        c.ok()
    elif c.op == "set" and number(c, 0, 0, 1) == 0:
        c.cme(cme.NOT_SUPPORTED)
    elif c.op == "set" and number(c, 0, 0, 1) == 1 and len(c.args) in (2, 4):
        texts = [string(c, i, 63, 0) for i in range(1, len(c.args))]
        if None in texts or state.ip != "IP INITIAL":
            c.error()
            return
        state.bearer = (*texts, "", "")[:3]
        c.ok()
    else:
        c.error()


@command("QIREGAPP")
def register(c):
    """Start the stack; also with the APN, user and password."""
    state = c.modem.page_state
    if c.op == "read":
        c.info('+QIREGAPP: "{}","{}",""'.format(*state.bearer[:2]))
        c.ok()
    elif c.op == "test":
        c.info('+QIREGAPP: "APN","USER","PWD"')
        c.ok()
    elif state.ip != "IP INITIAL" or (c.op == "set" and len(c.args) not in (1, 3)):
        c.error()
    else:
        texts = [string(c, i, 63, 0) for i in range(len(c.args))]
        if None in texts:
            c.error()
            return
        if texts:
            state.bearer = (*texts, "", "")[:3]
        state.ip = "IP START"
        c.modem.after_ms(60, c.ok)


@command("QIACT")
def activate(c):
    """Packet data: OK, or ERROR after up to 150 s."""
    state = c.modem.page_state
    if c.op == "test":
        c.ok()
    elif c.op != "exec" or state.ip != "IP START":
        c.error()
    else:
        state.ip = "IP CONFIG"
        limit = ACTIVATE_MS * 1000 * c.modem.options.scale
        _try(c, c.modem.now + int(limit))


def _try(c, until_us):
    modem = c.modem
    radio, state = modem.radio, modem.page_state
    if state.ip not in ("IP CONFIG", "IP IND"):
        c.error()
    elif state.taken:
        _activated(c, False)
    elif radio.registered() and radio.attached and not radio.data_blocked:
        state.ip = "IP IND"
        apn = state.bearer[0] or modem.options.network_apn
        radio.activate(apn, lambda good: _activated(c, good))
        modem.after_ms(modem.options.activate_ms + 100, _again, c, until_us)
    elif modem.now >= until_us:
        _activated(c, False)
    else:
        modem.after(min(until_us - modem.now, 500_000), _try, c, until_us)


def _again(c, until_us):
    """The network went away while it was being asked."""
    if not c.finished and c.modem.page_state.ip == "IP IND" and c.modem.radio.activating is None:
        _try(c, until_us)


def _activated(c, good):
    state = c.modem.page_state
    state.ip = "IP GPRSACT" if good else "PDP DEACT"
    c.ok() if good else c.error()


@command("CGACT")
def other_user(c):
    """AT+CGACT=<0 or 1>[,1]: the context for somebody else (PPP); AT+QIACT cannot have it then."""
    state = c.modem.page_state
    if c.op == "read":
        c.info(f"+CGACT: 1,{state.taken}")
        c.ok()
    elif c.op == "test":
        c.info("+CGACT: (0,1)")
        c.ok()
    elif c.op == "set" and len(c.args) <= 2 and number(c, 1, 1, 1, 1) == 1:
        wanted = number(c, 0, 0, 1)
        if wanted is None or (wanted and not c.modem.radio.registered()):
            c.error()
            return
        state.taken = wanted
        c.modem.after_ms(300, c.ok)
    else:
        c.error()


@command("QILOCIP")
def address(c):
    """The bare address: no OK."""
    modem = c.modem
    if c.op == "test":
        c.ok()
    elif c.op != "exec" or not usable(modem):
        c.error()
    else:
        modem.page_state.ip = "IP STATUS"
        c.final(modem.radio.address)


@command("QIDEACT")
def deactivate(c):
    """DEACT OK: no OK. Every socket is closed without a word."""
    state = c.modem.page_state
    if c.op == "test":
        c.ok()
    elif c.op != "exec" or state.ip == "IP INITIAL":
        c.error()
    else:
        c.modem.after_ms(1500, _deactivated, c)


def _deactivated(c):
    modem = c.modem
    stop(modem)
    c.final("DEACT OK")


def stop(modem):
    """The stack is as after power-on; nobody is told."""
    state = modem.page_state
    state.quiet = True
    for cid in list(modem.sockets.by_cid):
        modem.sockets.close(cid)
    state.kinds.clear()
    modem.radio.drop_data()
    state.ip = "IP INITIAL"
    state.transparent = None
    state.quiet = False


@command("QIMUX")
def several(c):
    """Several sockets; cannot be changed while there is one."""
    settings = c.modem.settings
    if c.op == "read":
        c.info(f"+QIMUX: {settings['QIMUX']}")
        c.ok()
    elif c.op == "test":
        c.info("+QIMUX: (0,1)")
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 1) is not None:
        if c.modem.page_state.kinds or (c.number(0) and settings["QIMODE"]):
            c.error()
            return
        settings.set("QIMUX", c.number(0))
        c.ok()
    else:
        c.error()


@command("QIMODE")
def mode(c):
    """Transparent mode of the one socket of AT+QIMUX=0."""
    settings = c.modem.settings
    if c.op == "read":
        c.info(f"+QIMODE: {settings['QIMODE']}")
        c.ok()
    elif c.op == "test":
        c.info("+QIMODE: (0,1)")
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 1) is not None:
        if c.modem.page_state.kinds or (c.number(0) and settings["QIMUX"]):
            c.error()
            return
        settings.set("QIMODE", c.number(0))
        c.ok()
    else:
        c.error()


def _sockets(modem, head):
    """A line for each socket index: number, protocol, address, port, state, whether TLS."""
    for index in range(modem.page.SOCKETS):
        kind = modem.page_state.kinds.get(index)
        one = modem.sockets.get(index)
        if kind is None:
            yield f'{head}{index},"TCP","",0,"INITIAL",0'
            continue
        word = "CONNECTED" if one is not None and one.state == "open" else "CONNECTING"
        yield f'{head}{index},"TCP","{kind.address}",{kind.port},"{word}",{int(kind.tls)}'


@command("QSSLSTATE")
def all_states(c):
    if c.op != "exec":
        c.ok() if c.op in ("read", "test") else c.error()
        return
    c.info(f'+QSSLSTATE: "{state_of(c.modem)}"')
    c.info("")
    for line in _sockets(c.modem, "+QSSLSTATE: "):
        c.info(line)
    c.ok()


@command("QISTAT", "QISTATE")
def state(c):
    """OK and then the state; with several sockets, a line for each plain one and then OK."""
    modem = c.modem
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
        return
    if not modem.settings["QIMUX"]:
        c.ok()
        modem.urc(f"STATE: {state_of(modem)}")
        return
    for line in _sockets(modem, f"+{c.name}: "):
        if line.endswith(",0"):
            c.info(line[:-2])
    c.ok()
