"""Telit: basic commands, identity, UART, profiles, power, clock."""

import re
from datetime import UTC, datetime, timedelta

from .. import cme
from . import telit_errors as err
from .table import Table

COMMANDS = Table()
command = COMMANDS.command

COMMANDS.stored("CMEE", (0, 1, 2))
COMMANDS.stored("#SKIPESC", (0, 1, 2))
COMMANDS.stored("#SIMDET", (0, 1, 2))
COMMANDS.stored("CEMODE", (0, 1, 2, 3))


def _basic(name, choice):
    @command(name)
    def handler(c):
        value = c.number(0, 0)
        if value not in choice:
            c.error()
            return
        c.modem.settings.set(name, value)
        c.ok()


_basic("E", (0, 1))
_basic("V", (0, 1))
_basic("Q", (0, 1, 2))
_basic("&C", (0, 1, 2))
_basic("&D", (0, 1, 2))
_basic("&K", (0, 1, 3))


@command("")
def attention(c):
    c.ok()


@command("H", "L", "M", "X", "&S")
def accepted(c):
    """Remains of the telephone: taken and without effect."""
    c.ok()


@command("S")
def register(c):
    """ATS12 (escape prompt delay, 20 ms units) is the one that matters: set and read."""
    number = c.number(0)
    if number is None:
        c.error()
    elif number != 12:
        c.ok()
    elif c.op == "read":
        c.info(f"{c.modem.settings['S12']:03d}")
        c.ok()
    elif len(c.args) == 2 and 20 <= (c.number(1) or 0) <= 255:
        c.modem.settings.set("S12", c.number(1))
        c.ok()
    else:
        c.error()


# profiles


def _profile(c):
    number = c.number(0, c.modem.settings["profile"])
    return number if number in (0, 1) else None


@command("&W")
def store_profile(c):
    """AT&W<n>: what is in force becomes profile n."""
    settings, number = c.modem.settings, _profile(c)
    if number is None:
        c.error()
        return
    values = {name: settings[name] for name in settings.profile}
    settings.flash["profiles"] = {**settings.flash.get("profiles", {}), number: values}
    if number == settings["profile"]:
        settings.flash.update(values)
    settings.values["profiles"] = settings.flash["profiles"]
    settings.flash_writes += 1
    c.ok()


@command("&P")
def choose_profile(c):
    """AT&P<n>: profile n is loaded at the next start."""
    settings, number = c.modem.settings, _profile(c)
    if number is None:
        c.error()
        return
    settings.flash["profile"] = number
    for name in settings.profile:
        settings.flash.pop(name, None)
    settings.flash.update(settings.flash.get("profiles", {}).get(number, {}))
    settings.flash_writes += 1
    c.ok()


@command("Z")
def reset_profile(c):
    """ATZ<n>: profile n (or the factory's) is in force."""
    settings, number = c.modem.settings, _profile(c)
    if number is None:
        c.error()
        return
    stored = settings.flash.get("profiles", {}).get(number)
    if stored is None:
        settings.factory()
    else:
        settings.values.update(stored)
    c.ok()


@command("&F")
def factory_profile(c):
    c.modem.settings.factory()
    c.ok()


# identity


def _revision(modem):
    return f"{modem.page.PLATFORM.id[:2]}.00.004"


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


_constant(("GMI", "CGMI"), lambda m: "Telit")
_constant(("GMM", "CGMM"), lambda m: m.page.MODEL)
_constant(("GMR", "CGMR"), _revision)
_constant(("GSN", "CGSN"), lambda m: m.options.imei)
_constant(("#CGMI",), lambda m: "#CGMI: Telit")
_constant(("#CGMM",), lambda m: f"#CGMM: {m.page.MODEL}")
_constant(("#CGMR",), lambda m: f"#CGMR: {_revision(m)}")
_constant(("#CGSN",), lambda m: f"#CGSN: {m.options.imei}")
_constant(("CBC",), lambda m: "+CBC: 0,0")


@command("I")
def identity(c):
    number = c.number(0, 0)
    if number in (0, 4):
        c.info(c.modem.page.MODEL if number == 4 else "332")
    elif number == 3:
        c.info("Telit")
    elif number not in (1, 2, 5):
        c.error()
        return
    c.ok()


# UART


@command("IPR")
def rate(c):
    modem = c.modem
    if c.op == "read":
        c.info(f"+IPR: {modem.settings['IPR']}")
        c.ok()
    elif c.op == "test":
        c.info(f"+IPR: (),({','.join(map(str, modem.page.RATES))})")
        c.ok()
    elif c.op == "set" and c.number(0) in modem.page.RATES:
        modem.settings.set("IPR", c.number(0))
        c.ok()
        modem.set_rate(c.number(0))
    else:
        c.error()


@command("IFC")
def flow_control(c):
    settings = c.modem.settings
    if c.op == "read":
        c.info("+IFC: {},{}".format(*settings["IFC"]))
        c.ok()
    elif c.op == "set" and c.number(0, 2) in (0, 1, 2) and c.number(1, 2) in (0, 1, 2):
        settings.set("IFC", (c.number(0, 2), c.number(1, 2)))
        c.ok()
    else:
        c.error()


@command("#PORTCFG")
def ports(c):
    """Which port has which parser; set: in force after a restart."""
    settings = c.modem.settings
    if c.op == "read":
        c.info("#PORTCFG: {0},{0}".format(settings["#PORTCFG"]))
        c.ok()
    elif c.op == "set" and c.number(0) is not None and c.number(0) <= 14:
        settings.set("#PORTCFG", c.number(0))
        c.ok()
    else:
        c.error()


@command("#CPUMODE")
def cpu_mode(c):
    """2G: 2 and 4 raise the clock; platforms 10 and 16 want that for large certificates."""
    state = c.modem.page_state
    if c.modem.page.PLATFORM.generation > 2:
        c.error()
    elif c.op == "read":
        c.info(f"#CPUMODE: {state.cpu_mode}")
        c.ok()
    elif c.op == "test":
        c.info("#CPUMODE: (0-4)")
        c.ok()
    elif c.op == "set" and c.number(0) in range(5):
        state.cpu_mode = c.number(0)
        c.ok()
    else:
        c.error()


# power


@command("CFUN")
def functionality(c):
    modem, state = c.modem, c.modem.page_state
    if c.op == "read":
        c.info(f"+CFUN: {state.fun}")
        c.ok()
    elif c.op == "test":
        c.info("+CFUN: (0,1,4,5),(0,1)")
        c.ok()
    elif c.op != "set" or c.number(0) not in (0, 1, 4, 5) or c.number(1, 0) not in (0, 1):
        c.error()
    elif c.number(1, 0) == 1:
        if c.number(0) != 1:
            c.cme(cme.NOT_SUPPORTED)
            return
        c.ok()
        _then(modem, 2000, modem.power.restart)
    else:
        modem.after_ms(700, _functionality, c, c.number(0))


def _functionality(c, mode):
    radio = c.modem.radio
    c.modem.page_state.fun = mode
    if mode in (1, 5):
        if not radio.functional:
            radio.start()
    elif radio.functional:
        radio.stop()
    c.ok()


def _then(modem, ms, call, *args):
    """After what is being said is through, and a while."""
    modem.after(max(0, modem.line.tx.busy_until - modem.now) + ms * 1000, call, *args)


@command("#SHDN")
def shut_down(c):
    modem = c.modem
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
        return
    c.ok()
    _then(modem, 0, _shut_down, modem)


def _shut_down(modem):
    if modem.power.state == "on":
        modem.power.shut_down(modem.now)


@command("#REBOOT")
def reboot(c):
    if c.op != "exec":
        c.ok() if c.op == "test" else c.error()
        return
    c.ok()
    _then(c.modem, 1000, c.modem.power.restart)


# clock


def local_time(radio, unix_s=None):
    """yy/MM/dd,hh:mm:ss and the zone, as the module tells it."""
    unix_s = radio.unix() if unix_s is None else unix_s
    local = datetime.fromtimestamp(unix_s, UTC) + timedelta(minutes=15 * radio.zone)
    return f"{local:%y/%m/%d,%H:%M:%S}", f"{radio.zone:+03d}"


@command("CCLK")
def clock(c):
    radio = c.modem.radio
    if c.op == "read":
        c.info('+CCLK: "{}{}"'.format(*local_time(radio)))
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
        if abs(zone) > 47:
            c.error()
            return
        radio.set_clock(local.timestamp() - 900 * zone, zone)
        c.ok()
    else:
        c.ok()


@command("#NITZ")
def network_time(c):
    """AT#NITZ=<val>[,<mode>]: 0 as delivered, and heard at the next registration."""
    settings = c.modem.settings
    if c.op == "read":
        c.info("#NITZ: {},{}".format(*settings["#NITZ"]))
        c.ok()
    elif c.op == "test":
        c.info("#NITZ: (0-15),(0,1)")
        c.ok()
    elif c.op == "set" and c.number(0) in range(16) and c.number(1, 0) in (0, 1):
        settings.set("#NITZ", (c.number(0), c.number(1, 0)))
        c.ok()
    else:
        c.error()


@command("#NTP")
def network_time_protocol(c):
    """AT#NTP=<server>,<port>,<set the clock>,<s>[,<quarters of an hour>]: #NTP: and OK."""
    modem = c.modem
    port, update, limit_s = (c.number(i) for i in (1, 2, 3))
    zone = c.arg(4, "0")
    if c.op == "test":
        c.info("#NTP: 256,(1-65535),(0-1),(1-10),(-47-48)")
        c.ok()
    elif c.op != "set" or not c.arg(0) or not re.fullmatch(r"[+-]?\d{1,2}", zone):
        c.cme(cme.NOT_SUPPORTED)
    elif not port or update not in (0, 1) or limit_s not in range(1, 11):
        c.cme(cme.NOT_SUPPORTED)
    elif not modem.page_state.contexts:
        c.cme(err.NOT_ACTIVE)
    else:
        modem.after_ms(900, _ntp, c, update, int(zone), limit_s)


def _ntp(c, update, zone, limit_s):
    modem, radio = c.modem, c.modem.radio
    network = modem.network
    if not radio.active or network.dns_fails or network.unreachable:
        modem.after_ms(limit_s * 1000, c.cme, err.GENERIC)
        return
    unix = radio.network_unix()
    if update:
        radio.set_clock(unix, zone)
    local = datetime.fromtimestamp(unix, UTC) + timedelta(minutes=15 * zone)
    c.info(f"#NTP: {local:%y/%m/%d,%H:%M:%S}")
    c.ok()
