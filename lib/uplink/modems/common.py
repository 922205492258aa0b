"""What vendors share: conditions of steps, answers and URCs of 3GPP TS 27.007.

`m` is the modem's core, `c` the cursor behind the prefix of a line, `what` the letter that the
vendor's text gives to the line.
"""

from uplink import exact, log
from uplink.modems import policy

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


_FAIL = const(-1)  # of at.codes
_NOT_MINE = const(-2)

_HOPE = const(25)


def when(m, condition):
    """Whether a step is to be run: its condition's letter, see README.md."""
    cfg = m.cfg
    tls = cfg["tls"]
    sim = cfg["sim"]
    s = m.active
    if condition == 116:  # t: TLS
        return s.tls
    if condition == 84:  # T: no TLS
        return not s.tls
    if condition == 118:  # v: TLS, the server is verified
        return s.tls and tls["verify"] != "none"
    if condition == 99:  # c: TLS, with our certificate
        return s.tls and tls["cert"] is not None
    if condition == 42:  # *: no packet data
        return not m.address
    if condition < 58:  # 0 or 1: that form of the open command
        return m.form == condition - 48
    if condition == 69:  # E: echo wanted
        return cfg["modem"]["echo"]
    if condition == 81:  # Q: not wanted
        return not cfg["modem"]["echo"]
    if condition == 70:  # F: RTS and CTS wired
        return cfg["uart"]["rts"] is not None and cfg["uart"]["cts"] is not None
    if condition == 71:  # G: not wired
        return not when(m, 70)
    if condition == 73:  # I: identity not known yet
        return not m.imei or not m.iccid
    if condition == 76:  # L: the SIM is locked
        return m.sim_locked
    if condition == 80:  # P: … and there is a PIN that was not refused
        if not m.sim_locked or m.pin_tried or sim["pin"] is None:
            return False
        m.pin_tried = True  # once: a wrong one three times locks the SIM for good
        return True
    if condition == 122:  # z: no time, and it is needed
        return not m.clock_s and m.files.clock_needed()
    if m.address:
        return False  # everything below prepares packet data, which is up
    if condition == 65:  # A: ask for the APN
        return not sim["apn"]
    known = sim["apn"] or m.apn
    if condition == 97:  # a: APN without a login
        return known and not sim["apn_user"]
    if condition == 117:  # u: with one
        return known and sim["apn_user"]
    return known if condition == 110 else not known  # n, N: is there an APN?


def put(m, letter, line):
    """Variables of several vendors' commands; False: not one of these."""
    tls = m.cfg["tls"]
    n = 48
    if letter == 67:  # C: the cipher suite
        security = m.security
        return policy.put(m.vendor.SUITES, security.suites, tls["level"], security.suite, line)
    if letter == 118:  # v: 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2
        n = 1 + ord(tls["version"][2])
    elif letter == 108:  # l: 0 nobody verified, 1 the server, 2 both
        if tls["verify"] != "none":
            n += 2 if tls["cert"] is not None else 1
    elif letter == 105:  # i: certificates' dates are ignored
        n += not tls["check_dates"]
    elif letter == 83:  # S: sleep by DTR
        n += bool(m.cfg["modem"]["sleep"] and m.wired & 2)
    else:
        return False
    line.append(n)
    return True


def connection(m, number, tls):
    """The socket that has this number in the module, or None."""
    for s in m.sockets:
        if s.id == number and s.tls == tls:
            return s
    return None


def answer(m, c):
    """The information response of the step in flight."""
    return m.script.answer(m, c)


def counted(m, c):
    """`<n>` or `<connection>,<n>`, the header of what is read: on the next line n bytes."""
    s = m.reading
    if s is None:
        return _NOT_MINE
    n = c.int()
    if c.more():
        if n != s.id:
            return _FAIL
        n = c.int()
    if not 0 <= n <= m.asked:
        return _FAIL
    if n:
        m.engine.expect(n)
    return None


def take_address(m, c, there):
    """Packet data is up where there is an address; it is the parameter that was read last."""
    m.address = there and not c.equals(b"0.0.0.0")
    if m.address:
        c.copy(m.ip, 40)
    return m.address


def urc(m, c):
    """Any other line: a URC of the vendor's LINES, the response `*` of the step, or unknown."""
    buf = c.buf
    i = c.pos
    end = c.end
    key = m.script.line
    exact.clear(key)
    key.append(10)
    while i < end and len(key) < 31:
        ch = buf[i]
        i += 1
        if ch == 58:
            break
        key.append(ch)
    key.append(58)
    lines = m.vendor.LINES
    at = lines.find(key)
    if at >= 0:
        c.pos = i + 1 if i < end and buf[i] == 32 else i
        m.vendor.heard(m, c, lines[at + len(key)])
    elif buf.find(b"POWER DOWN", c.pos, end) >= 0:
        m.powered_down()
    elif buf.find(b"VOLTAGE ", c.pos, end) >= 0:  # OVER-, UNDER- and UNDER_
        log.warn("modem", "supply voltage out of range")
    elif (
        not m.script.any
        # (an unknown URC is no name; an ICCID may have a prefix)
        or (buf[c.pos] == 43 and not buf.startswith(b"+CCID", c.pos))
        or answer(m, c) == _NOT_MINE
    ):
        m.engine.unknown += 1
    else:
        m.script.any = False


def heard(m, c, what):
    """A line that 27.007 knows; what is not told by a branch is ignored."""
    if what == 69 or what == 101:
        # E `+CEREG: <stat>[,"tac","ci",act]`, a URC
        # e `+CEREG: <n>,<stat>[…]`; with one parameter, or text second: a URC
        stat = c.int()
        if what == 101:
            if c.pos >= c.end or c.buf[c.pos] == 34:
                return _NOT_MINE
            stat = c.int(-9)
            if stat < 0:
                return _NOT_MINE
        # 27.007: 1 home, 5 roaming, 2 searching, 0 given up, 3 denied, 4 unknown
        m.stat = stat
        m.registered = stat == 1 or stat == 5
        if what == 69:
            m.poll_at = m.now  # ask for the rest now, not at the next turn
            # (while certificates are missing, no network ends a wait)
            if m.registered and m.files.good:
                m.event(_HOPE)
    elif what == 113:  # q `+CSQ: <rssi>,<ber>`
        m.rssi = c.int(99)
    elif what == 115:  # s `+SPIC: <tries for PIN>[,…]`: one may have been made before a restart
        m.pin_tried = c.int(3) < 3
    elif what == 82:  # R `RDY`: the module has started; all it was told before is gone
        m.restarted(True)
    elif what == 66:  # B `+CFUN: 1`, `SMS Ready` … follow a start; RDY may have been lost
        m.restarted(False)
    elif what == 111:  # o `+COPS: 0` or `+COPS: 0,0,"operator",7`
        c.skip(2)
        if c.text():
            c.copy(m.operator, 32)
    elif what == 107 or what == 84:
        # k `+CCLK: "26/11/21,02:20:35-16"`: local time, offset in quarters of an hour
        # T `*PSUTTZ: 24/06/13,22:40:35","-16",1`: UTC; not the form with a four-digit year
        if c.pos < c.end and c.buf[c.pos] == 34:
            c.pos += 1
        year = c.digits(2)
        slash = c.pos <= c.end and c.buf[c.pos - 1] == 47
        month = c.digits(2)
        day = c.digits(2)
        hour = c.digits(2)
        minute = c.digits(2)
        second = c.digits(2)
        if second < 0 or not slash:
            return None
        sign = c.buf[c.pos - 1]  # the byte behind the seconds
        quarters = c.digits(2, 0) if what == 107 else 0
        m.network_time(
            year, month, day, hour, minute, second, -quarters if sign == 45 else quarters
        )
    else:
        c.rest()  # all of the line is one value
        if what == 112 or what == 80:
            # p `+CPIN: READY`, `SIM PIN`, `SIM PUK`, `NOT INSERTED` …; P the same as a URC
            locked = c.equals(b"SIM PUK")
            if what == 80:
                if c.equals(b"READY"):
                    m.sim_ready = True
                    if m.files.good:
                        m.event(_HOPE)
                elif not locked and not c.equals(b"SIM PIN"):
                    m.sim(False, False)
                return None
            if locked:
                m.pin_tried = True
            if c.equals(b"READY"):
                m.pin_tried = False  # if one was entered, it was right
                m.sim(True, False)
                return None
            m.sim(False, locked or c.equals(b"SIM PIN"))
            return None if m.sim_locked else _FAIL
        if what == 105 or what == 106:  # i IMEI, j IMSI: 15 digits; else somebody else's line
            if c.last - c.first < 10:
                return _NOT_MINE
            for i in range(c.first, c.last):
                if not 48 <= c.buf[i] <= 57:
                    return _NOT_MINE
            c.copy(m.imei if what == 105 else m.imsi, 20)
        elif what == 108:  # l ICCID: 19 or 20 digits, on some firmwares behind a prefix
            if c.starts(b"+CCID: "):
                c.first += 7
            c.copy(m.iccid, 24)
        elif what == 109:  # m `SIM7000E`, `SIMCOM_SIM7000G` …
            c.copy(m.model, 32)
            if c.buf.find(m.vendor.MODEL, c.first, c.last) < 0:
                log.warn("modem", "the tables may not fit this module", m.model)
        elif what == 102:  # f `Revision:1529B08SIM7000G`
            c.copy(m.firmware, 48)
    return None
