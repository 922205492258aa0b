"""SIM7000: SIM, registration, packet data, power saving, ping."""

import re

from .. import cme
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

COMMANDS.stored("CNMP", (2, 13, 38, 51))
COMMANDS.stored("CMNB", (1, 2, 3))


def technology(modem):
    """Access technology of AT+COPS and AT+CEREG: 0 GSM, 7 LTE-M, 9 NB-IoT."""
    if modem.settings["CNMP"] == 13:
        return 0
    return 9 if modem.settings["CMNB"] == 2 else 7


def stat_of(modem, name):
    """The <stat> that AT+CREG, AT+CGREG or AT+CEREG tells."""
    if name == "CEREG" and technology(modem) == 0:
        return 0
    return modem.radio.stat


def creg_text(modem, name, mode):
    """The URC of AT+CREG=1 or =2."""
    return f"+{name}: " + _creg(modem, name, mode)


def _creg(modem, name, mode):
    text = str(stat_of(modem, name))
    if mode == 2 and modem.radio.registered():
        text += ',"{}","{}",{}'.format(*modem.radio.cell, technology(modem))
    return text


def _registration(name):
    @command(name)
    def handler(c):
        settings = c.modem.settings
        if c.op == "read":
            mode = settings[name]
            c.info(f"+{name}: {mode},{_creg(c.modem, name, mode)}")
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
    if c.op == "read":
        if state in ("absent", "busy"):
            _sim_error(c)
            return
        c.info("+CPIN: " + {"ready": "READY", "pin": "SIM PIN", "puk": "SIM PUK"}[state])
        c.ok()
    elif c.op != "set":
        c.ok()
    elif state in ("absent", "busy"):
        _sim_error(c)
    elif state == "ready":
        c.cme(cme.NOT_ALLOWED)
    elif state == "pin":
        good = len(c.args) == 1 and radio.enter_pin(c.args[0])
        c.ok() if good else c.cme(cme.PASSWORD)
    elif len(c.args) == 2 and radio.enter_puk(*c.args):
        c.ok()
    else:
        c.cme(cme.PASSWORD)


@command("SPIC")
def tries(c):
    radio = c.modem.radio
    c.info(f"+SPIC: {radio.pin_tries},{radio.puk_tries},0,10")
    c.ok()


@command("CIMI")
def subscriber(c):
    if not _sim_error(c):
        c.info(c.modem.options.imsi)
        c.ok()


@command("CCID")
def card(c):
    if c.modem.radio.sim_state() in ("absent", "busy"):
        _sim_error(c)
        return
    c.info(c.modem.options.iccid)
    c.ok()


@command("CSQ")
def signal(c):
    radio = c.modem.radio
    seen = radio.functional and radio.coverage and radio.stat != 0
    c.info(f"+CSQ: {c.modem.options.rssi if seen else 99},99")
    c.ok()


@command("COPS")
def operator(c):
    modem, radio = c.modem, c.modem.radio
    options = modem.options
    if c.op == "read":
        text = f"+COPS: {radio.selection}"
        if radio.registered():
            text += f',0,"{options.operator}",{technology(modem)}'
        c.info(text)
        c.ok()
    elif c.op == "test":
        c.abortable = True
        modem.after_ms(28_000, _operators, c)
    elif c.op == "set" and c.number(0) in (0, 1, 2):
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
        seen = (
            f'({now},"{options.operator}","{options.operator[:8]}","{options.operator_id}",'
            f"{technology(c.modem)}),"
        )
    c.info(f"+COPS: {seen},(0,1,2,3,4),(0,1,2)")
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


@command("CGNAPN")
def network_apn(c):
    radio = c.modem.radio
    known = c.modem.options.network_apn if radio.registered() and technology(c.modem) else ""
    c.info(f'+CGNAPN: {1 if known else 0},"{known}"')
    c.ok()


@command("CSTT")
def start_task(c):
    settings = c.modem.settings
    if c.op == "read":
        apn, user, _ = settings["CSTT"]
        c.info(f'+CSTT: "{apn}","{user}",""')
        c.ok()
    elif c.op == "set" and 1 <= len(c.args) <= 3:
        settings.set("CSTT", (c.arg(0), c.arg(1), c.arg(2)))
        c.ok()
    else:
        c.error()


@command("CGDCONT")
def context(c):
    settings = c.modem.settings
    if c.op == "read":
        kind, apn = settings["CGDCONT"]
        c.info(f'+CGDCONT: 1,"{kind}","{apn}","{c.modem.radio.address}",0,0,0,0')
        c.ok()
    elif c.op == "set" and c.number(0) is not None and 1 <= c.number(0) <= 24:
        if c.number(0) == 1:
            settings.set("CGDCONT", (c.arg(1, "IP"), c.arg(2)))
        c.ok()
    else:
        c.error()


@command("CNCFG")
def pdp_config(c):
    if c.op == "set" and c.number(0) in (0, 1, 2, 3):
        c.modem.settings.set("CSTT", (c.arg(1), c.arg(2), c.arg(3)))
        c.ok()
    else:
        c.error()


@command("CNACT")
def activate(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(f'+CNACT: {int(radio.active)},"{radio.address}"')
        c.ok()
    elif c.op != "set" or c.number(0) not in (0, 1, 2):
        c.error()
    elif c.number(0) == 0:
        if not radio.active:
            c.cme(cme.NOT_ALLOWED)
            return
        c.ok()
        modem.after_ms(300, radio.drop_data)
    elif radio.active or radio.activating is not None or not radio.registered():
        c.cme(cme.NOT_ALLOWED)
    else:
        settings = modem.settings
        apn = c.arg(1) or settings["CSTT"][0] or settings["CGDCONT"][1]
        c.ok()
        radio.activate(apn or modem.options.network_apn, lambda good: None)


@command("SNPING4")
def ping(c):
    modem, radio = c.modem, c.modem.radio
    numbers = [c.number(i) for i in (1, 2, 3)]
    if c.op != "set" or len(c.args) != 4 or None in numbers or not 1 <= numbers[0] <= 500:
        c.error()
    elif not radio.active:
        c.cme(cme.NOT_ALLOWED)
    else:
        c.abortable = True
        modem.after(modem.options.ping_ms * 1000, _ping, c, 1, *numbers)


def _ping(c, turn, count, _size, limit_ms):
    if c.finished:
        return
    modem = c.modem
    if modem.radio.active:
        took = int(modem.options.ping_ms * (0.9 + 0.3 * modem.rng.random()))
        c.info(f"+SNPING4: {turn},74.6.231.20,{took}")
    else:
        c.info(f"+SNPING4: {turn},0.0.0.0,{limit_ms}")
    if turn < count:
        modem.after_ms(1000, _ping, c, turn + 1, count, _size, limit_ms)
    else:
        c.ok()


_T3412 = {0: 600, 1: 3600, 2: 36_000, 3: 2, 4: 30, 5: 60, 6: 1_152_000}
_T3324 = {0: 2, 1: 60, 2: 360}


def timer_s(text, units):
    """Seconds of an 8-bit timer (3GPP TS 24.008, 10.5.7.3 and 10.5.7.4a); None: off."""
    if not re.fullmatch(r"[01]{8}", text):
        return None
    unit = units.get(int(text[:3], 2))
    return None if unit is None else unit * int(text[3:], 2)


def psm_plan(modem):
    """With power saving in force (since the last restart), sleep deeply once idle for T3324."""
    mode, _, active = modem.page_state.psm or (0, "", "")
    seconds = timer_s(active, _T3324)
    if mode and seconds is not None:
        modem.after(seconds * 1e6, _psm_sleep, modem, seconds)


def _psm_sleep(modem, seconds):
    idle = modem.now - modem.last_activity
    if modem.radio.activating or idle < seconds * 1e6 or modem.line.mode != "command":
        modem.after(1e6, _psm_sleep, modem, seconds)
        return
    period = timer_s(modem.page_state.psm[1], _T3412)
    modem.power.deep_sleep(None if period is None else int(period * 1e6))


@command("CPSMS")
def power_saving(c):
    settings = c.modem.settings
    if c.op == "read":
        mode, periodic, active = settings["CPSMS"]
        c.info(f'+CPSMS: {mode},,,"{periodic}","{active}"')
        c.ok()
    elif c.op == "set" and c.number(0) in (0, 1):
        periodic, active = c.arg(3), c.arg(4)
        for text in (periodic, active):
            if text and not re.fullmatch(r"[01]{8}", text):
                c.cme(cme.PARAMETERS)
                return
        settings.set("CPSMS", (c.number(0), periodic, active))
        c.ok()
    elif c.op == "exec":
        c.error()
    else:
        c.ok()


@command("CEDRXS")
def edrx(c):
    settings = c.modem.settings
    if c.op == "read":
        mode, kind, value = settings["CEDRXS"]
        if mode:
            c.info(f'+CEDRXS: {kind},"{value}"')
        c.ok()
    elif c.op == "set" and c.number(0) in (0, 1, 2, 3) and c.number(1, 4) in (4, 5):
        value = c.arg(2, "0000")
        if not re.fullmatch(r"[01]{4}", value):
            c.cme(cme.PARAMETERS)
            return
        settings.set("CEDRXS", (c.number(0), c.number(1, 4), value))
        c.ok()
    else:
        c.error()
