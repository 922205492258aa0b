"""Quectel: basic commands, identity, UART, power, clock, errors."""

import re
from datetime import UTC, datetime, timedelta

from .. import cme
from . import v250
from .quectel_args import number, string
from .table import Table

COMMANDS = Table()
command = COMMANDS.command
COMMANDS.update(v250.COMMANDS)

COMMANDS.stored("CMEE", (0, 1, 2))
COMMANDS.stored("QSCLK", (0, 1))
COMMANDS.stored("QNITZ", (0, 1))

RATES = (4800, 9600, 19200, 38400, 57600, 115200)


def _basic(name, setting, high):
    @command(name)
    def handler(c):
        value = c.number(0, 0)
        if value is None or value > high:
            c.error()
            return
        c.modem.settings.set(setting, value)
        c.ok()


_basic("E", "E", 1)
_basic("V", "V", 1)
_basic("Q", "Q", 1)
_basic("&D", "&D", 2)


@command("H", "L", "M", "X", "&C", "S")
def accepted(c):
    """Remains of the telephone: taken and without effect."""
    c.ok()


@command("I")
def identity(c):
    """ATI: maker, model, revision."""
    page = c.modem.page
    for text in ("Quectel_Ltd", page.MODEL.model, "Revision: " + page.MODEL.revision):
        c.info(text)
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


_constant(("CGMI",), lambda m: "Quectel_Ltd")
_constant(("GMM", "CGMM"), lambda m: m.page.MODEL.model)
_constant(("GMR", "CGMR"), lambda m: "Revision: " + m.page.MODEL.revision)
_constant(("GSN", "CGSN"), lambda m: m.options.imei)
_constant(("CBC",), lambda m: "+CBC: 0,85,3980")


@command("GMI")
def manufacturer(c):
    """AT+GMI tells three lines, where AT+CGMI tells one."""
    if c.op == "exec":
        identity(c)
    elif c.op == "test":
        c.ok()
    else:
        c.error()


@command("IPR")
def rate(c):
    """AT+IPR is not saved but by AT&W."""
    modem = c.modem
    if c.op == "read":
        c.info(f"+IPR: {modem.settings['IPR']}")
        c.ok()
    elif c.op == "test":
        rates = ",".join(map(str, RATES))
        c.info(f"+IPR: ({rates}),(0,75,150,300,600,1200,2400,{rates})")
        c.ok()
    else:
        value = number(c, 0, 0, 115_200)
        if c.op != "set" or len(c.args) != 1 or value not in (0, 1200, 2400, *RATES):
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
    elif c.op == "test":
        c.info("+IFC: (0-2),(0-2)")
        c.ok()
    else:
        pair = (number(c, 0, 0, 2), number(c, 1, 0, 2, 0))
        if c.op != "set" or None in pair or 1 in pair:
            c.error()
            return
        settings.set("IFC", pair)
        c.ok()


@command("CFUN")
def functionality(c):
    modem, radio = c.modem, c.modem.radio
    if c.op == "read":
        c.info(f"+CFUN: {1 if radio.functional else modem.page_state.fun}")
        c.ok()
    elif c.op == "test":
        c.info("+CFUN: (0,1,4),(0,1)")
        c.ok()
    elif c.op == "set" and number(c, 0, 0, 4) in (0, 1, 4) and number(c, 1, 0, 1, 0) is not None:
        mode = c.number(0)
        if c.number(1, 0) == 1:
            if mode != 1:
                c.cme(cme.NOT_SUPPORTED)
                return
            c.ok()
            end = modem.line.tx.busy_until - modem.now
            modem.after(max(0, end) + 500_000, modem.power.restart)
            return
        modem.page_state.fun = mode
        modem.after_ms(1200, _functionality, c, mode)
    else:
        c.error()


def _functionality(c, mode):
    modem, radio = c.modem, c.modem.radio
    if mode == 1:
        if not radio.functional:
            radio.start()
            modem.after_ms(modem.options.sms_ready_ms, modem.page.call_ready, modem)
    elif radio.functional:
        radio.stop()
        modem.urc("+CPIN: NOT READY")
    c.ok()


@command("QPOWD")
def power_down(c):
    """AT+QPOWD=1: NORMAL POWER DOWN and no OK; =0: at once, without a word."""
    modem = c.modem
    mode = number(c, 0, 0, 1) if c.op == "set" and len(c.args) == 1 else None
    if c.op == "test":
        c.info("+QPOWD: (0,1)")
        c.ok()
    elif mode is None:
        c.error()
    elif mode == 1:
        modem.power.shut_down(modem.now)
    else:
        modem.power.shut_down(modem.now, announce=False)


# clock


def local_text(unix_s, zone):
    """`yy/MM/dd,hh:mm:ss±zz`, local time and quarters of an hour."""
    local = datetime.fromtimestamp(unix_s, UTC) + timedelta(minutes=15 * zone)
    return f"{local:%y/%m/%d,%H:%M:%S}{zone:+03d}"


@command("CCLK")
def clock(c):
    radio = c.modem.radio
    if c.op == "read":
        c.info(f'+CCLK: "{local_text(radio.unix(), radio.zone)}"')
        c.ok()
    elif c.op == "set":
        text = string(c, 0, 20) or ""
        found = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?", text)
        try:
            numbers = [int(part) for part in found.groups()[:6]]
            numbers[0] += 2000
            local = datetime(*numbers, tzinfo=UTC)
        except (AttributeError, ValueError):
            c.error()
            return
        zone = int(found.group(7) or 0)
        radio.set_clock(local.timestamp() - 900 * zone, zone)
        c.ok()
    else:
        c.ok()


@command("CTZU")
def time_update(c):
    """AT+CTZU=1 (or 3) lets the network set the clock, at the next registration."""
    settings, choice = c.modem.settings, c.modem.page.MODEL.clock_updates
    if c.op == "read":
        c.info(f"+CTZU: {settings['CTZU']}")
        c.ok()
    elif c.op == "test":
        c.info("+CTZU: ({})".format(",".join(map(str, choice))))
        c.ok()
    elif c.op == "set" and len(c.args) == 1 and number(c, 0, 0, 3) in choice:
        settings.set("CTZU", c.number(0))
        c.ok()
    else:
        c.error()


@command("QLTS")
def last_time(c):
    """The time that the network told last, as it was then."""
    if c.op == "exec":
        c.info(f'+QLTS: "{c.modem.page_state.told_time}"')
        c.ok()
    else:
        c.ok() if c.op == "test" else c.error()
