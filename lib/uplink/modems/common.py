"""What vendors share: conditions of steps, answers of 3GPP TS 27.007, common URCs.

`f(m, c)`: `m` is the modem's core (see `modem.reports`), `c` the cursor behind the prefix. A table
names them; a vendor's file imports those that it names.
"""

from uplink import log

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_FAIL = const(-1)  # of at.codes
_NOT_MINE = const(-2)

# Conditions of steps; a table repeats those that it uses.
_W_ECHO = const(1)
_W_QUIET = const(2)
_W_FLOW = const(3)
_W_IDENTITY = const(4)
_W_PIN = const(5)
_W_ASK_APN = const(6)
_W_APN = const(7)
_W_LOGIN = const(8)
_W_NO_DATA = const(9)
_W_TLS = const(10)
_W_CA = const(11)
_W_CERT = const(12)
_W_FORM_0 = const(13)
_W_FORM_1 = const(14)
_W_NO_TIME = const(15)
_W_ANY_APN = const(16)
_W_LOCKED = const(17)


def when(m, condition):
    """Whether a step of the scripts above is to be run."""
    cfg = m.cfg
    s = m.active
    if condition == _W_TLS:
        return s.tls
    if condition == _W_CA:
        return s.tls and cfg["tls"]["verify"] != "none"
    if condition == _W_CERT:
        return s.tls and cfg["tls"]["cert"] is not None
    if condition == _W_FORM_0:
        return m.form == 0
    if condition == _W_FORM_1:
        return m.form == 1
    if condition == _W_ECHO:
        return cfg["modem"]["echo"]
    if condition == _W_QUIET:
        return not cfg["modem"]["echo"]
    if condition == _W_FLOW:
        return cfg["uart"]["rts"] is not None and cfg["uart"]["cts"] is not None
    if condition == _W_IDENTITY:
        return not m.facts.imei or not m.facts.iccid
    if condition == _W_LOCKED:
        return m.facts.sim_locked
    if condition == _W_PIN:
        return m.facts.sim_locked and pin_usable(m)
    if condition == _W_NO_TIME:
        return not m.facts.clock_s and m.clock_needed()
    if m.facts.address:
        return False  # everything below prepares packet data, which is up
    sim = cfg["sim"]
    if condition == _W_ASK_APN:
        return not sim["apn"]
    known = sim["apn"] or m.facts.apn
    if condition == _W_APN:
        return known and not sim["apn_user"]
    if condition == _W_LOGIN:
        return known and sim["apn_user"]
    if condition == _W_NO_DATA:
        return known
    return not known


def on_ignored(m, c):
    """A URC that tells nothing that is used."""


def _digits(c, into):
    """A bare number as the answer; anything else is noise, or somebody else's line."""
    c.rest()
    if c.last - c.first < 10:
        return _NOT_MINE
    for i in range(c.first, c.last):
        if not 48 <= c.buf[i] <= 57:
            return _NOT_MINE
    c.copy(into, 20)
    return None


def on_imei(m, c):
    """15 digits."""
    return _digits(c, m.facts.imei)


def on_imsi(m, c):
    """15 digits."""
    return _digits(c, m.facts.imsi)


def on_iccid(m, c):
    """19 or 20 digits, on some firmwares behind a prefix."""
    if c.starts(b"+CCID: "):
        c.pos += 7
    c.rest()
    c.copy(m.facts.iccid, 24)


def on_cpin(m, c):
    """`+CPIN: READY`, `SIM PIN`, `SIM PUK`, `NOT INSERTED` …"""
    c.rest()
    if c.equals(b"READY"):
        m.facts.pin_tried = False  # if one was entered, it was right
        m.sim(True, False)
        return None
    m.sim(False, c.equals(b"SIM PIN") or c.equals(b"SIM PUK"))
    if c.equals(b"SIM PUK"):
        m.facts.pin_tried = True
    return None if m.facts.sim_locked else _FAIL


def on_cpin_urc(m, c):
    """The same, unasked: after boot, and when the SIM is pulled or pushed in."""
    c.rest()
    if c.equals(b"READY"):
        m.facts.sim_ready = True
        m.hope()
    elif not c.equals(b"SIM PIN") and not c.equals(b"SIM PUK"):
        m.sim(False, False)


def on_cops(m, c):
    """`+COPS: 0` or `+COPS: 0,0,"operator",7`"""
    c.skip(2)
    if c.text():
        c.copy(m.facts.operator, 32)


def on_cereg(m, c):
    """`+CEREG: <n>,<stat>[…]`; with one parameter, or text second, it is the URC."""
    c.int()
    if c.pos >= c.end or c.buf[c.pos] == 34:
        return _NOT_MINE
    second = c.int(-9)
    if second < 0:
        return _NOT_MINE
    m.registration(second)
    return None


def on_cereg_urc(m, c):
    """`+CEREG: <stat>[,"tac","ci",act]`"""
    m.registration(c.int())
    m.look()
    if m.facts.registered:
        m.hope()


def on_csq(m, c):
    """`+CSQ: <rssi>,<ber>`"""
    m.facts.rssi = c.int(99)


def on_cclk(m, c):
    """`+CCLK: "26/11/21,02:20:35-16"`: local time, offset in quarters of an hour."""
    if c.pos < c.end and c.buf[c.pos] == 34:
        c.pos += 1
    _time(m, c)


def on_psuttz(m, c):
    """`*PSUTTZ: 24/06/13,22:40:35","-16",1`: network time as UTC, unbalanced quotes."""
    year = c.digits(2)
    if c.pos >= c.end:
        return
    if c.buf[c.pos - 1] != 47:
        return  # the form with a four-digit year and other separators: CCLK will tell
    month = c.digits(2)
    day = c.digits(2)
    hour = c.digits(2)
    minute = c.digits(2)
    second = c.digits(2)
    if second >= 0:
        m.network_time(year, month, day, hour, minute, second, 0)


def _time(m, c):
    year = c.digits(2)
    month = c.digits(2)
    day = c.digits(2)
    hour = c.digits(2)
    minute = c.digits(2)
    second = c.digits(2)
    if second < 0:
        return
    sign = c.buf[c.pos - 1]  # the byte behind the seconds
    quarters = c.digits(2, 0)
    m.network_time(year, month, day, hour, minute, second, -quarters if sign == 45 else quarters)


def on_ready(m, c):
    """RDY: the module has started; all it was told before is gone."""
    m.restarted()


def on_boot(m, c):
    """`+CFUN: 1`, `SMS Ready`, `Call Ready` follow a start; RDY may have been lost."""
    m.boot_urc()


def on_power_down(m, c):
    """The module is going down."""
    m.powered_down()


def on_voltage(m, c):
    """A warning of the supply voltage: it goes down soon if this lasts."""
    log.warn("modem", "supply voltage out of range")


def pin_usable(m):
    """A PIN is tried once: a wrong one three times locks the SIM for good."""
    if m.facts.pin_tried or m.cfg["sim"]["pin"] is None:
        return False
    m.facts.pin_tried = True
    return True


def on_spic(m, c):
    """`+SPIC: <tries for PIN>,…`: a first wrong try may have been made before a restart."""
    m.facts.pin_tried = c.int(3) < 3


def on_cgnapn(m, c):
    """`+CGNAPN: 1,"flolive.net"`"""
    if c.int() == 1 and c.text():
        c.copy(m.facts.apn, 64)


def on_pdp(m, c):
    """`+APP PDP: ACTIVE` or `DEACTIVE` (newer firmwares: with the context in front)"""
    c.rest()
    if c.buf.find(b"DEACTIVE", c.first, c.last) >= 0:
        m.packet_data(False)
    else:
        m.packet_data(True)
    m.look()
