"""SIM7000: basic commands, identity, UART, power, clock, errors."""

import re
from datetime import UTC, datetime, timedelta

from .. import cme
from . import v250
from .table import Table

COMMANDS = Table()
command = COMMANDS.command
COMMANDS.update(v250.COMMANDS)

COMMANDS.stored("CMEE", (0, 1, 2))
COMMANDS.stored("CSCLK", (0, 1))
COMMANDS.stored("CNETLIGHT", (0, 1))
COMMANDS.stored("CLTS", (0, 1))


def _basic(name, high):
    def handler(c):
        value = c.number(0, 0)
        if value is None or value > high:
            c.error()
            return
        c.modem.settings.set(name, value)
        c.ok()

    COMMANDS[name] = handler


_basic("E", 1)
_basic("V", 1)
_basic("Q", 1)


@command("H", "O", "L", "M", "X", "&C", "&D", "S")
def accepted(c):
    """Remains of the telephone: taken and without effect."""
    c.ok()


@command("I")
def identity(c):
    model = c.modem.options.model.removeprefix("SIMCOM_")
    found = re.match(r"\d{4}", c.modem.options.revision)
    c.info(f"{model} R{found.group() if found else c.modem.options.revision}")
    c.ok()


def _constant(names, text):
    @command(*names)
    def handler(c):
        if c.op == "exec":
            c.info(text(c.modem))
            c.ok()
        elif c.op == "test":
            c.ok()
        else:
            c.error()


_constant(("GMI", "CGMI"), lambda m: "SIMCOM_Ltd")
_constant(("GMM", "CGMM"), lambda m: m.options.model)
_constant(("GMR", "CGMR"), lambda m: "Revision:" + m.options.revision)
_constant(("GSN", "CGSN"), lambda m: m.options.imei)
_constant(("CBC",), lambda m: "+CBC: 0,85,3980")


@command("IPR")
def rate(c):
    modem = c.modem
    if c.op == "read":
        c.info(f"+IPR: {modem.settings['IPR']}")
        c.ok()
    elif c.op == "test":
        rates = ",".join(map(str, modem.page.RATES))
        c.info(f"+IPR: (0,{rates}),(0,{rates},230400,921600)")
        c.ok()
    else:
        value = c.number(0)
        if c.op != "set" or value not in (0, *modem.page.RATES, 230400, 921600):
            c.error()
            return
        modem.settings.set("IPR", value)
        c.ok()
        modem.set_rate(value)


@command("IFC")
def flow_control(c):
    settings = c.modem.settings
    if c.op == "read":
        c.info("+IFC: {},{}".format(*settings["IFC"]))
        c.ok()
    elif c.op == "set":
        pair = (c.number(0, 2), c.number(1, 2))
        if pair[0] not in (0, 1, 2) or pair[1] not in (0, 1, 2):
            c.error()
            return
        settings.set("IFC", pair)
        c.ok()
    else:
        c.info("+IFC: (0-2),(0-2)")
        c.ok()


@command("CFUN")
def functionality(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(f"+CFUN: {1 if radio.functional else modem.page_state.fun}")
        c.ok()
    elif c.op == "test":
        c.info("+CFUN: (0,1,4,5,6,7),(0-1)")
        c.ok()
    elif c.op == "set" and c.number(0) in (0, 1, 4) and c.number(1, 0) in (0, 1):
        mode = c.number(0)
        if c.number(1, 0) == 1:
            if mode != 1:
                c.cme(cme.NOT_SUPPORTED)
                return
            c.ok()
            end = modem.line.tx.busy_until - modem.now
            modem.after(max(0, end) + 2000, modem.power.restart)
            return
        modem.page_state.fun = mode
        modem.after_ms(900, _functionality, c, mode)
    else:
        c.error()


def _functionality(c, mode):
    radio = c.modem.radio
    if mode == 1:
        if not radio.functional:
            radio.start()
            c.modem.after_ms(c.modem.options.sms_ready_ms, c.modem.page._sms_ready, c.modem)
    elif radio.functional:
        radio.stop()
        c.modem.urc("+CPIN: NOT READY")
    c.ok()


@command("CPOWD")
def power_down(c):
    modem = c.modem
    mode = c.number(0)
    if c.op != "set" or mode not in (0, 1):
        c.error()
    elif mode == 1:
        modem.power.shut_down(modem.now)
    else:
        modem.power._off()


@command("CCLK")
def clock(c):
    radio = c.modem.radio
    if c.op == "read":
        local = datetime.fromtimestamp(radio.unix(), UTC) + timedelta(minutes=15 * radio.zone)
        c.info(f'+CCLK: "{local:%y/%m/%d,%H:%M:%S}{radio.zone:+03d}"')
        c.ok()
    elif c.op == "set":
        text = ",".join(c.args)
        found = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?", text)
        try:
            numbers = [int(part) for part in found.groups()[:6]]
            numbers[0] += 1900 if numbers[0] >= 80 else 2000
            local = datetime(*numbers, tzinfo=UTC)
        except (AttributeError, ValueError):
            c.error()
            return
        zone = int(found.group(7) or 0)
        radio.set_clock(local.timestamp() - 900 * zone, zone)
        c.ok()
    else:
        c.ok()


@command("CNTP")
def network_time_protocol(c):
    modem = c.modem
    if c.op == "read":
        c.info('+CNTP: "{}",{}'.format(*modem.page_state.ntp))
        c.ok()
    elif c.op == "set":
        zone = c.args[1] if len(c.args) > 1 else "0"
        if not re.fullmatch(r"[+-]?\d{1,2}", zone):
            c.error()
            return
        modem.page_state.ntp = (c.arg(0), int(zone))
        c.ok()
    elif c.op == "exec":
        if not modem.page_state.ntp[0]:
            c.error()
            return
        c.ok()
        modem.after_ms(1500, _ntp_answer, modem)
    else:
        c.ok()


def _ntp_answer(modem):
    radio = modem.radio
    if not radio.active:
        modem.urc("+CNTP: 61")
        return
    radio.set_clock(radio.network_unix(), modem.page_state.ntp[1])
    modem.urc("+CNTP: 1")
