"""Telit, the platforms of telit_platforms.py, as tables.

Sources: SSL/TLS user guide 1vv0300989 rev. 23 (chapters in brackets); AT commands reference
guides; IP Easy user guide. How the texts are read is told in README.md.

A platform has one secure socket or several, AT#SSLEN=? says it; certificates belong to one (6.5),
so each that may be used gets them. Plain sockets are the <connId> from 1 on. Opening is awaited:
no socket does anything then.
"""

from uplink import log
from uplink.modems import common, telit_platforms
from uplink.modems.common import (  # noqa: F401 (named by the tables)
    answer,
    connection,
    const,
    counted,
    take_address,
    urc,
)

# Repeated from at.codes, modem and errors: see there.
_MAY_FAIL = const(1)
_PAYLOAD = const(8)
_FAST = const(32)
_FAIL = const(-1)
_NOT_MINE = const(-2)
_TRANSFER = const(44)  # the variable `<connection>,<bytes>` of a transfer
_OPEN = const(2)
_FILES = const(8)  # of states
_ONLINE = const(13)

_CHARACTERS = const(7)  # of a platform's row, before its suites
_P_FORMAT = const(1)
_P_SECOND = const(2)
_P_EXTRA = const(3)
_P_CLOCK = const(6)

NUMBERS = (
    5100,  # ON_OFF low, on: 5 s serve all of them; ends when PWRMON rises
    2600,  # ON_OFF low, off: 2.5 s or longer
    250,  # HW_SHUTDOWN low: 200 ms or longer
    25000,  # start: AT is asked until it is answered
    1,  # it says nothing of its start
    16000,  # down 10 to 15 s after #SHDN
    2100,  # the pause before it is switched on again
    60,  # awake after DTR falls
    6,  # connections
    1000,  # bytes of a read
    1500,  # bytes of a send
    4095,  # bytes of a certificate (6.5: AT#SSLSECDATA=? tells it)
    1,  # form of the open command
    1000,  # a read that brings so much is followed by another; the rest is announced (7.4.4)
    2000,  # a read that nothing announced: rarely, it takes a second to find nothing
    2,  # files: only that they are there can be asked for
    1,  # number of the first connection
    1,  # TLS connections
    1,  # HW_SHUTDOWN cuts the power: the last resort
    0,  # no pauses between tries to get packet data
    0,  # opens that fail do not make it fail for ever
    0,  # it does not check the server's name (some do)
    1,  # cipher suites are tried one by one
    6000,  # is it there? Half of it at our baud rate, then the others
    1,  # … nor after a send without a result: it may wait for the rest for good
)
PAUSE_MS = 22  # 20 after a final result code, also between transfers
FAST_MS = 22
# It waits for the rest of counted payload for good, and what follows becomes that: sent, inside
# TLS. So it is switched off and on (Ladder.unsent). Where PWRKEY is not wired, all that is left is
# to say nothing until the far end has given up: MQTT brokers do after 1.5 times keepalive.
INPUT_MS = 200_000

PROMPT = b">"
TAIL = b"\x1a"  # a PEM file ends with Ctrl-Z (6.5)
PROBE = (b"AT+CMEE?", b"+CMEE: ")
MODEL = b""  # (its platform is looked at instead)
FILES = (b"1", b"0", b"2")  # <DataType> of CA, certificate, key

# ---- what is said -----------------------------------------------------------------------------

SCRIPTS = (
    b"\n#A"  # is anybody there?
    b"\n  0AT"
    b"\n#c"  # found at another baud rate
    b"\n a1AT+IPR={b}"
    b"\n#h"  # settings, identity
    b"\n a3ATZ"
    b"\nE 1ATE1"
    b"\nQ 1ATE0"
    b"\n  1AT+CMEE=1"  # errors by number
    b"\n d1AT+IPR={b}"
    b"\nFa1AT&K3"
    b"\nGa1AT&K0"
    b"\n e5AT+CFUN={S}"
    b"\n a1AT#NITZ=7,1"
    b"\n a1AT+CGREG=1"
    b"\n a1AT+CEREG=1"
    b"\nI 1AT+CGMM|m*"
    b"\nI 1AT+CGMR|f*"
    b"\nI 1AT+CGSN|i*"
    b"\nIa2AT#SSLEN=?|L"
    b"\n#D"  # is the file there? (its socket must be enabled, and not be in use)
    b"\n a2AT#SSLEN={N},1"
    b"\n a3AT#SSLH={N}"
    b"\n b2AT#SSLSECDATA?|z"
    b"\n#F"  # write it, in PEM
    b"\n d2AT#SSLSECCFG={N},{C},{l}"
    b"\n a2AT#SSLSECDATA={N},0,{f}"
    b"\n h5AT#SSLSECDATA={N},1,{f},{z}|->"
    b"\n#G"  # delete it
    b"\n a2AT#SSLSECDATA={N},0,{f}"
    b"\n#j"  # SIM
    b"\n  3AT+CPIN?|p"
    b"\nLa2AT#PCT|s"
    b'\nP 3AT+CPIN="{#}"'
    b"\nL 3AT+CPIN?|p"
    b"\nIa2AT+CIMI|j*"
    b"\nIa2AT#CCID|l"
    b"\n#k"  # register
    b"\n a1AT+CGREG=1"
    b"\n a1AT+CEREG=1"
    b"\n a3AT+COPS?|o"
    b"\n b1AT+CGREG?|e"
    b"\n a1AT+CEREG?|r"  # (2G and 3G have none)
    b"\n#K"  # … until it is
    b"\n b1AT+CGREG?|e"
    b"\n a1AT+CEREG?|r"
    b"\n#r"  # leave the network
    b"\n a7AT+COPS=2"
    b"\n a9AT+COPS=0"
    b"\n#s"  # radio off and on
    b"\n a5AT+CFUN=4"
    b"\n a5AT+CFUN={S}"
    b"\n#B"  # restart
    b"\n a5AT#REBOOT"
    b"\n#t"  # switch off
    b"\n  3AT#SHDN"
    b"\n#l"  # packet data (5)
    b"\n  2AT#SGACT?|n"
    b'\nnd2AT+CGDCONT=1,"IP","{a}"'
    b'\nNd2AT+CGDCONT=1,"IP",""'
    b"\naa9AT#SGACT=1,1"  # (an error where it is active already: the next tells)
    b'\nua9AT#SGACT=1,1,"{u}","{w}"'
    b"\nNa9AT#SGACT=1,1"
    b"\n b2AT+CGPADDR=1|A"
    b"\n#L"  # … until there is an address
    b"\n b2AT+CGPADDR=1|A"
    b"\n#q"  # packet data off
    b"\n a4AT#SGACT=1,0"
    b"\n#m"  # time
    b"\n a2AT+CCLK?|k"
    b'\nza6AT#NTP="pool.ntp.org",123,1,10|-'
    b"\nza2AT+CCLK?|k"
    b"\n a3AT+COPS?|o"
    b"\n a1AT+CSQ|q"
    b"\n#W"  # supervision while online: what a lost URC would have told
    b"\n a3AT+CPIN?|p"
    b"\n b1AT+CGREG?|e"
    b"\n a1AT+CEREG?|r"
    b"\n  2AT#SGACT?|n"
    b"\n a2AT#SSLS={N}|M"
    b"\n a2AT#SS|Y"
    b"\n a1AT+CSQ|q"
    b"\n#P"  # ping
    b'\n a4AT#PING="{g}",1,32,50|x'
    b"\n#O"  # open
    b"\nta2AT#SSLEN={c},1"  # (an error where it is enabled already)
    b"\nta3AT#SSLH={c}"
    b"\nTa3AT#SH={c}"
    b"\nXa1AT#CPUMODE=2"
    b"\ntd2AT#SSLSECCFG={c},{C},{l}"
    b"\nSd2AT#SSLSECCFG2={c},{v}"
    b"\ntd2AT#SSLCFG={c},1,300,90,100,50,1{x}"
    b'\nt :AT#SSLD={c},{p},"{h}",0,1,100'
    b"\nt 2AT#SSLS={c}|M"  # OK was all of the answer: this says that it is open
    b"\nTd2AT#SCFG={c},1,300,90,600,50"
    b"\nTe2AT#SCFGEXT={c},1,0,0"
    b'\nT 8AT#SD={c},0,{p},"{h}",0,0,1'
    b"\nT 2AT#SS={c}|Y"
    b"\n#C"  # close
    b"\nta3AT#SSLH={c}"
    b"\nTa3AT#SH={c}"
    b"\n#"
)
# For each packet: as the engine takes them.
SEND = ((0, (b"AT#SSLSENDEXT=", _TRANSFER), b">", None, 20_000, _PAYLOAD | _FAST),)
READ = ((0, (b"AT#SSLRECV=", _TRANSFER, b",10"), b"#SSLRECV: ", "counted", 8_000, _FAST),)
SEND_PLAIN = ((0, (b"AT#SSENDEXT=", _TRANSFER), b">", None, 20_000, _PAYLOAD | _FAST),)
# (nothing to read is an error)
READ_PLAIN = ((0, (b"AT#SRECV=", _TRANSFER), b"#SRECV: ", "counted", 5_000, _FAST | _MAY_FAIL),)

# ---- what is heard ----------------------------------------------------------------------------

LINES = (
    b"\nSSLSRING:D\nSRING:I\nNO CARRIER:N\nTIMEOUT:-\nDISCONNECTED:X\n#NITZ:k"
    b"\n+CGREG:E\n+CEREG:E\n+CREG:-\n#QSS:-"
)
URCS = ((b"", "urc"),)
FINALS = ((b"ERROR", 1),)  # (NO CARRIER is no answer to anything)
# +CME ERROR of an open (12.2), and what it means for its user: of errors.CLOSED_.
REASONS = (832, 3, 837, 7, 839, 6, 840, 3, 558, 5, 559, 3, 560, 4, 562, 3)
# Data in a URC: mode 2 of #SSLCFG, which streams may ask for.
COUNTED = ((b"SSLSRING:", 2, "pushed"),)
SUITES = telit_platforms.PLATFORMS


def when(m, condition):
    """Conditions that only this vendor has."""
    if condition == 88:  # X: TLS needs a faster clock
        return m.active.tls and has(m, _P_CLOCK) == 99
    if condition == 83:  # S: TLS, and there is #SSLSECCFG2
        return m.active.tls and has(m, _P_SECOND) != 45
    return common.when(m, condition)


def has(m, place):
    """A character of the platform's row, telit_platforms says which."""
    return SUITES[m.security.suites - _CHARACTERS + place]


def put(m, letter, line):
    """Variables that only this vendor's commands have."""
    if letter == 108:  # l: who is verified; certificates in PEM
        common.put(m, letter, line)
        if has(m, _P_FORMAT) == 102:
            line.append(44)
            line.append(m.files.form)
    elif letter == 118:  # v: #SSLSECCFG2: the version, by that of the command; SNI; our CA alone
        n = ord(m.cfg["tls"]["version"][2])
        line.append(n + (has(m, _P_EXTRA) < 50))  # (the older ones begin with SSL 3.0)
        second = has(m, _P_SECOND)
        if second != 118:
            line.extend(b",1")
            if second == 109:
                line.extend(b",1,0,")
                line.append(n)
    elif letter == 120:  # x: #SSLCFG: NO CARRIER alone, the server's name checked, 60 s to connect
        extra = has(m, _P_EXTRA)
        if extra > 48:
            line.extend(b",0,0")
            if extra > 50:
                line.extend(b",0,600")
    elif letter == 67:  # C: the cipher suite
        if not common.put(m, letter, line):
            # Certificates are stored where tls.level has none, too (any will do): each open is
            # refused before it says so, and the reason is told then.
            if m.phase != _FILES:
                return False
            line.append(48)
    elif letter == 78:  # N: the secure socket that is looked at; online, one after the other
        line.append(49 + m.files.store % m.security.stores)
    elif letter == 83:  # S: CFUN: 5 sleeps while DTR is high
        line.append(53 if m.cfg["modem"]["sleep"] and m.wired & 2 else 49)
    else:
        return common.put(m, letter, line)
    return True


def pushed(m, c):
    """`SSLSRING: <SSId>,<n>,` and n bytes, as if they had been read: returns n."""
    s = connection(m, c.int(), True)
    n = c.int()
    if m.reading is None or s is m.reading:
        m.reading = s
    elif n > 0:
        # another one's read is going on
        m.engine.damage(m.now)
        return -1
    return n


def heard(m, c, what):
    """A line of this vendor; `what` is its letter."""
    now = m.now
    if what == 68 or what == 73:  # D `SSLSRING: <SSId>[,<n>]`, I `SRING: <connId>[,<n>]`
        s = connection(m, c.int(), what == 68)
        if s is not None:
            s.waiting = c.int(1) or 1
    elif what == 77 or what == 89:  # M `#SSLS: <SSId>,<state>[,…]`, Y `#SS: <connId>,<state>[,…]`
        m.files.store += 1
        s = connection(m, c.int(), what == 77)
        state = c.int(0)  # 2 is open; of plain ones 1 and 3, too; 3: data waits
        is_open = state == 2 or (what == 89 and 0 < state < 4)
        if s is None:
            return None
        if s.asked and m.active is s:
            if is_open:
                s.is_open(now)
        elif s.state == _OPEN and not is_open:
            s.lost(now)
        elif s.state == _OPEN and what == 89 and state == 3:
            s.waiting = True
    elif what == 78:  # N `NO CARRIER`: one was closed and is read empty; which?
        one = None
        for s in m.sockets:
            if s.state == _OPEN:
                m.poll_at = now
                one = s if one is None else m
        if one is not None and one is not m:
            one.lost(now)
    elif what == 88:  # X `DISCONNECTED`: in the answer to a read
        if m.reading is not None:
            m.reading.lost(now)
    elif what == 101:  # e `+CGREG: <n>,<stat>`: n is 0 again after a restart, which says nothing
        if m.phase == _ONLINE and c.buf[c.pos] == 48 and c.buf.find(b",", c.pos, c.end) > 0:
            m.restarted(True)
            return None
        return common.heard(m, c, what)
    elif what == 114:  # r `+CEREG: <n>,<stat>`: the other way to be registered
        registered = m.registered
        stat = m.stat
        verdict = common.heard(m, c, 101)
        if registered and not m.registered:
            m.registered = True
            m.stat = stat
        return verdict
    elif what == 110:  # n `#SGACT: <cid>,<state>`
        if c.int() == 1:
            m.address = c.int() == 1
    elif what == 65:  # A `+CGPADDR: 1,"10.7.125.7"`
        c.skip()
        return None if take_address(m, c, c.text()) else _FAIL
    elif what == 122:  # z `#SSLSECDATA: <SSId>,<certificate>,<CA>,<key>`: which there are
        if c.int() == 1 + m.files.store:
            c.skip(FILES[m.files.index][0] - 48)
            m.files.found = 1 if c.int() == 1 else -1
    elif what == 76:  # L `#SSLEN: (1-6),(0,1)`, `#SSLEN: (1),(0,1)`: secure sockets
        security = m.security
        security.most = c.buf[c.pos + 3] - 48 if c.buf[c.pos + 2] == 45 else 1
        security.stores = min(security.most, m.cfg["modem"]["sockets"])
    elif what == 120:  # x `#PING: 01,"74.6.231.20",<100 ms>,<ttl>`; 600: none
        c.skip(2)
        n = c.int(600)
        m.ping_ms = n * 100 if n < 600 else -1
    else:
        verdict = common.heard(m, c, what)
        if what == 102:
            # the X of a model: it runs ThreadX
            at = telit_platforms.find(c.buf, c.first, len(m.model) > 7 and m.model[-1] == 88)
            if at < 0:
                log.warn("modem", "the tables may not fit this module", m.firmware)
                at = telit_platforms.find(b"30", 0)
            m.security.suites = at + _CHARACTERS
            m.security.named = has(m, _P_EXTRA) > 48  # (where #SSLCFG has skipHostMismatch)
        return verdict
    return None
