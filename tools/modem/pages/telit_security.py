"""Telit: how TLS is done: #SSLEN, #SSLSECCFG, #SSLSECCFG2, #SSLCFG, and what they come to."""

from dataclasses import dataclass

from .. import cme
from ..files import pair_kind
from ..sockets import Trust
from . import telit_errors as err
from .table import Table
from .telit_holder import number_of, refuse, refuse_read, release, take, whole_range
from .telit_secdata import security_data
from .telit_suites import CODES, CODES_13, elliptic, openssl_name

COMMANDS = Table()

command = COMMANDS.command

# <cid>,<pktSz>,<maxTo>,<defTo>,<txTo>,<sslSRingMode>,<noCarrierMode>,<skipHostMismatch>,
# <equalizeTX>,<connTo>,<unused>: as delivered, and what is taken
_CONFIG = (1, 300, 90, 100, 50, 0, 0, 1, 0, 0, 0)
_RANGES = (
    None, range(1501), range(65536), range(10, 5001), range(256), range(3), range(3), range(2),
    range(2), (0, *range(10, 5001)), (0,),
)  # fmt: skip


def factory(platform):
    """The settings as delivered, by <SSId>."""
    numbers = range(1, platform.sockets + 1)
    config = list(_CONFIG)
    if not platform.has_skip:
        config[7] = 0
    second = [platform.version, 0, 0, 0, 0]
    return {
        "#SSLCFG": dict.fromkeys(numbers, tuple(config)),
        "#SSLSECCFG": dict.fromkeys(numbers, ("0", 0, None)),
        "#SSLSECCFG2": {
            i: (*second[:2], 1 << (i - 1), 0, 0) if platform.cas else tuple(second)
            for i in numbers
        },
    }


@command("#SSLEN")
def enable(c):
    modem, state = c.modem, c.modem.page_state
    if c.op == "read":
        for number, who in state.holder.items():
            c.info(f"#SSLEN: {number},{int(who in ('ssl', 'other'))}")
        c.ok()
        return
    if c.op == "test":
        c.info(f"#SSLEN: {whole_range(modem)},(0,1)")
        c.ok()
        return
    number, wanted = number_of(c), c.number(1)
    if c.op != "set" or number is None or wanted not in (0, 1) or len(c.args) != 2:
        c.cme(cme.NOT_SUPPORTED)
        return
    if wanted:
        code = take(modem, number, "ssl")
    elif state.holder[number] == "ssl":
        code = err.SSL_STATE if number in state.secure else 0
        if not code:
            release(modem, number, "ssl")
    else:
        code = err.IN_USE if state.holder[number] == "other" else err.SSL_NOT_ACTIVATED
    c.cme(code) if code else c.ok()


def _suite(platform, text):
    """Whether AT#SSLSECCFG takes that cipher suite."""
    if text.lower().startswith("0x"):
        return platform.codes and _code(platform, text) is not None
    if platform.codes == 2:
        return text == "0"
    return text == "0" or any(str(number) == text for number, _ in platform.suites)


def _code(platform, text):
    try:
        code = int(text, 16)
    except ValueError:
        return None
    if code in CODES_13:
        return "" if 4 in platform.version_table else None
    return (dict(platform.suites) if platform.codes == 2 else CODES).get(code)


@command("#SSLSECCFG")
def security(c):
    """AT#SSLSECCFG=<SSId>,<CipherSuite>,<auth_mode>[,<cert_format>]."""
    modem, platform = c.modem, c.modem.page.PLATFORM
    stored = modem.settings["#SSLSECCFG"]
    if c.op == "read":
        if not refuse_read(c):
            for number, (suite, mode, form) in stored.items():
                tail = "" if form is None else f",{form}"
                c.info(f"#SSLSECCFG: {number},{suite},{mode}{tail}")
            c.ok()
        return
    if c.op == "test":
        numbers = [number or 0 for number, _ in platform.suites]
        numbers = f"(0-{max(numbers)})" if platform.codes < 2 else "(0)"
        form = ",(0,1)" if platform.formats else ""
        c.info(f"#SSLSECCFG: {whole_range(modem)},{numbers},(0-2){form}")
        c.ok()
        return
    number, mode = number_of(c), c.number(2)
    if c.op != "set" or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
        return
    most = 4 if platform.formats else 3
    form = c.number(3, stored[number][2])
    good = 3 <= len(c.args) <= most and _suite(platform, c.args[1]) and mode in (0, 1, 2)
    if not good or form not in (None, 0, 1) or (len(c.args) == 4 and form is None):
        c.cme(cme.NOT_SUPPORTED)
        return
    modem.settings.set("#SSLSECCFG", {**stored, number: (c.args[1], mode, form)})
    c.ok()


@command("#SSLSECCFG2")
def security_2(c):
    """AT#SSLSECCFG2=<SSId>,<version>[,…]; not on 2G."""
    modem, platform = c.modem, c.modem.page.PLATFORM
    stored = modem.settings["#SSLSECCFG2"]
    if not platform.second:
        c.error()
    elif c.op == "read":
        if not refuse_read(c):
            for number, values in stored.items():
                c.info(f"#SSLSECCFG2: {number}," + ",".join(map(str, values)))
            c.ok()
    elif c.op == "test":
        tail = "(0)" if platform.sni < 0 else "(0,1)"
        tail += ",(0-63),(0-15),(0-4)" if platform.cas else ",(0),(0),(0)"
        versions = max(platform.version_table)
        c.info(f"#SSLSECCFG2: {whole_range(modem)},(0-{versions}),{tail}")
        c.ok()
    else:
        number = number_of(c)
        if c.op != "set" or refuse(c, number):
            c.cme(cme.NOT_SUPPORTED)
            return
        values = _second(platform, stored[number], [c.number(i) for i in range(1, len(c.args))])
        if values is None:
            c.cme(cme.NOT_SUPPORTED)
            return
        modem.settings.set("#SSLSECCFG2", {**stored, number: values})
        c.ok()


def _second(platform, old, given):
    """The values of AT#SSLSECCFG2, or None when they cannot be taken."""
    least = 2 if platform.cas else 1
    if not least <= len(given) <= platform.second or None in given:
        return None
    values = (*given, *old[len(given) :])
    limits = [platform.version_table, range(2 if platform.sni >= 0 else 1)]
    limits += [range(64), range(16), range(5)] if platform.cas else [range(1)] * 3
    good = all(value in limit for value, limit in zip(values, limits, strict=True))
    return values if good else None


@command("#SSLCFG")
def communication(c):
    """AT#SSLCFG=<SSId>,<cid>,<pktSz>,<maxTo>,<defTo>,<txTo>[,<sslSRingMode>[,…]]."""
    modem, platform = c.modem, c.modem.page.PLATFORM
    stored = modem.settings["#SSLCFG"]
    if c.op == "read":
        if not refuse_read(c):
            for number, values in stored.items():
                text = ",".join(map(str, values[: platform.shown - 1]))
                c.info(f"#SSLCFG: {number},{text}")
            c.ok()
        return
    if c.op == "test":
        cids = "(1)" if platform.cids == 1 else f"(1-{platform.cids})"
        tail = ",(0),(0)" if not platform.has_skip else ",(0-2),(0,1)"
        if platform.config >= 10:
            tail += ",(0,1)"
        if platform.config >= 12:
            tail += ",(0,10-5000),(0)"
        c.info(
            f"#SSLCFG: {whole_range(modem)},{cids},(0-1500),(0-65535),(10-5000),(0-255),(0-2)"
            + tail
        )
        c.ok()
        return
    number = number_of(c)
    given = [c.number(i) for i in range(1, len(c.args))]
    if c.op != "set" or refuse(c, number):
        c.cme(cme.NOT_SUPPORTED)
        return
    if not 5 <= len(given) < platform.config or None in given:
        c.cme(cme.NOT_SUPPORTED)
        return
    limits = [range(1, platform.cids + 1), *_RANGES[1:]]
    if not platform.has_skip:
        limits[6] = limits[7] = (0,)  # as AT#SSLCFG=? says [doc 6.8.1, 6.8.2]
    values = (*given, *stored[number][len(given) :])
    good = all(value in limit for value, limit in zip(values, limits, strict=True))
    if not good or number in modem.page_state.secure:
        c.cme(err.SSL_STATE if good else cme.NOT_SUPPORTED)
        return
    modem.settings.set("#SSLCFG", {**stored, number: values})
    c.ok()


@dataclass(frozen=True)
class Config:
    """AT#SSLCFG of a secure socket, by name; times in the units of the command."""

    cid: int
    size: int
    idle_s: int
    default_100ms: int
    send_100ms: int
    ring: int
    no_carrier: int
    skip_host: int
    equalize: int
    connect_100ms: int
    unused: int


def config_of(modem, number):
    return Config(*modem.settings["#SSLCFG"][number])


def trust_of(modem, number, host):
    """How a secure socket does TLS: a Trust, or 0 and an event when its data cannot be used."""
    platform = modem.page.PLATFORM
    suite, mode, _ = modem.settings["#SSLSECCFG"][number]
    values = modem.settings["#SSLSECCFG2"][number]
    version = platform.fixed or platform.version_table[values[0]]
    low = values[4] if platform.cas and values[0] == 3 else 0
    if low and "-" in version:
        version = f"{platform.version_table[low]}-1.2" if low < 2 else "1.2"
    names = [name for given, name in platform.suites if suite == "0" and given != 4]
    if suite == "0":
        names += [name for given, name in platform.suites if given == 4 and "NULL" not in name]
    elif suite.lower().startswith("0x"):
        names = [_code(platform, suite)]
    else:
        names = [name for given, name in platform.suites if str(given) == suite]
    bare = _bare(version, names)
    usable = [openssl_name(name) for name in names if name and openssl_name(name)]
    ca = pair = None
    if mode >= 1:
        mask = values[2] if platform.cas else 1 << (number - 1)
        found = [security_data(modem, i + 1, 1) for i in range(6) if mask >> i & 1]
        if not found or None in found:
            return None
        ca = b"".join(found)
    if mode == 2:
        pair = (security_data(modem, number, 0), security_data(modem, number, 2))
        if None in pair or not _fits(pair, elliptic(platform.suites)):
            return None
    sends_sni = platform.sni >= 0 and values[platform.sni]
    ciphers = ":".join(usable) + ":@SECLEVEL=0" if usable else None
    if suite != "0" and (names == [""]) != (version == "1.3"):
        ciphers = "none"  # that suite and that version never meet
    trust = Trust(version if version != "3.0" else "1.0", ca, pair, ciphers)
    trust.sni = host if sends_sni else None
    trust.named = platform.has_skip and not config_of(modem, number).skip_host
    trust.always_dated = modem.page.CAPTURED
    trust.largest = platform.largest
    if platform.slow and modem.page_state.cpu_mode not in (2, 4):
        trust.largest = platform.slow
    trust.bare = bare
    return trust


def _bare(version, names):
    """Why this PC cannot do that handshake; "" when it can."""
    if version == "3.0":
        return "SSL 3.0"
    if names and all(name and not openssl_name(name) for name in names):
        return names[0]
    return ""


def _fits(pair, curves):
    """Whether certificate and key belong together, and are of a kind that the module takes."""
    kind = pair_kind(*pair)
    return kind == "rsa" or (curves and kind == "ec")
