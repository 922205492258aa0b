"""Larch L3, as tables: a module that does not exist, for the test of *What adding a module takes*
in lib/uplink/modems/README.md. It was written by that page alone.

Its ways are its own: the prompt for a send is the line `INPUT`, what was read stands behind the
line `DATA <bytes>,<left>`, most commands end with `DONE` or `FAULT`, a send with `TAKEN` or
`FULL`; certificates have numbers and end with EOT; all that happens to a connection is told as
`#LINK: <connection>,"<what>"`.
"""

from uplink import log
from uplink.modems import common
from uplink.modems.common import answer, connection, const, urc, when  # noqa: F401 (named by the tables)

# Repeated from at.codes, modem and errors: see there.
_PAYLOAD = const(8)
_FAST = const(32)
_FAIL = const(-1)
_NOT_MINE = const(-2)
_TRANSFER = const(44)  # the variable `<connection>,<bytes>` of a transfer
_OPEN = const(2)

NUMBERS = (
    700,  # PWRKEY low, on
    900,  # PWRKEY low, off
    120,  # RESET low
    9000,  # start
    3000,  # HELLO may be late by so much
    4000,  # down
    1500,  # the pause before it is switched on again
    80,  # awake after DTR falls
    3,  # connections
    512,  # bytes of a read
    700,  # bytes of a send
    4096,  # bytes of a file
    1,  # form of the open command
    512,  # a read that brings so much is followed by another
    250,  # a read that nothing announced
    1,  # files: only their checksum can be asked for
    1,  # number of the first connection
    3,  # TLS connections
    0,  # RESET restarts it
    0,  # no pauses between tries to get packet data
    0,  # opens that fail do not make it fail for ever
    1,  # it checks the server's name
    1,  # cipher suites are tried one by one
    4000,  # is it there?
    0,  # a send without a result: it gives up waiting for bytes by itself
)
PAUSE_MS = 10
FAST_MS = 5
INPUT_MS = 8_000  # it gives up waiting for payload after 7 s

PROMPT = b"UPLOAD"
TAIL = b"\x04"
PROBE = (b"AT+LECHO?", b"+LECHO: ")
MODEL = b"L3"
FILES = (b"7", b"8", b"9")

# ---- what is said -----------------------------------------------------------------------------

SCRIPTS = (
    b"\n#A"  # is anybody there?
    b"\n  0AT"
    b"\n#c"  # found at another baud rate
    b"\n a1AT+IPR={b}"
    b"\n#h"  # settings, identity
    b"\nE 1ATE1"
    b"\nQ 1ATE0"
    b"\n  1AT+CMEE=1"
    b"\n d1AT+IPR={b}"
    b"\n d1AT+LSLEEP={S}"
    b"\n  1AT+CEREG=1"
    b"\nI 1AT+CGMM|m*"
    b"\nI 1AT+CGMR|f*"
    b"\nI 1AT+CGSN|i*"
    b"\n#D"  # a certificate's checksum
    b"\n a2AT+LSUM={f}|z"
    b"\n#F"  # write it
    b"\n h5AT+LCERT={f},{z}|-UPLOAD"
    b"\n#G"  # delete it
    b"\n a2AT+LCERT={f},0"
    b"\n#j"  # SIM
    b"\n  3AT+CPIN?|p"
    b'\nP 3AT+CPIN="{#}"'
    b"\nL 3AT+CPIN?|p"
    b"\nIa2AT+CIMI|j*"
    b"\nIa2AT+CCID|l*"
    b"\n#k"  # register
    b"\n a1AT+CEREG=1"
    b"\n a3AT+COPS?|o"
    b"\n b1AT+CEREG?|e"
    b"\n#K"  # … until it is
    b"\n b1AT+CEREG?|e"
    b"\n#r"  # leave the network
    b"\n a7AT+COPS=2"
    b"\n a9AT+COPS=0"
    b"\n#s"  # radio off and on
    b"\n a5AT+CFUN=0"
    b"\n a5AT+CFUN=1"
    b"\n#B"  # restart
    b"\n a5AT+LBOOT"
    b"\n#t"  # switch off
    b"\n  3AT+LOFF"
    b"\n#l"  # packet data
    b"\n  2AT+LNET?|n"
    b'\nu 2AT+LAUTH="{u}","{w}"'
    b'\nn 7AT+LNET=1,"{a}"'
    b"\nN 7AT+LNET=1"
    b"\n#L"  # … until there is an address
    b"\n  2AT+LNET?|n"
    b"\n#q"  # packet data off
    b"\n a4AT+LNET=0"
    b"\n#m"  # time
    b"\n a2AT+CCLK?|k"
    b"\n a3AT+COPS?|o"
    b"\n a1AT+CSQ|q"
    b"\n#W"  # supervision while online
    b"\n a3AT+CPIN?|p"
    b"\n b1AT+CEREG?|e"
    b"\n  2AT+LNET?|n"
    b"\n a2AT+LLINK?|L"
    b"\n a1AT+CSQ|q"
    b"\n#P"  # ping
    b'\n a4AT+LPING="{g}"|x'
    b"\n#O"  # open
    b"\n a3AT+LSHUT={c}"
    b'\nt 2AT+LTLS={c},{v},"{C}",{l},{i},"{s}"'
    b'\n  3AT+LOPEN={c},"{h}",{p},{t}'
    b"\n#C"  # close
    b"\n a3AT+LSHUT={c}"
    b"\n#"
)
# For each packet: as the engine takes them.
SEND = ((0, (b"AT+LPUT=", _TRANSFER), b"INPUT", None, 10_000, _PAYLOAD | _FAST),)
READ = ((0, (b"AT+LGET=", _TRANSFER), b"DATA ", "received", 5_000, _FAST),)
SEND_PLAIN = SEND
READ_PLAIN = READ

# ---- what is heard ----------------------------------------------------------------------------

LINES = b"\n#LINK:D\n+LNET:n\n+LCERT:S\n+CEREG:E\n+CPIN:P\nHELLO:R"
URCS = ((b"", "urc"),)
FINALS = ((b"DONE", 0), (b"TAKEN", 0), (b"FULL", 12), (b"FAULT", 1), (b"ERROR", 1))
REASONS = ()
SUITES = b";G ;G Cr ;Cr "
COUNTED = ()


def put(m, letter, line):
    """Variables that only this vendor's commands have."""
    tls = m.cfg["tls"]
    n = 48
    if letter == 116:  # t: TLS
        n += m.active.tls
    elif letter == 118:  # v: TLS 1.<v>
        n = ord(tls["version"][2])
    elif letter == 105:  # i: whether dates are checked
        n += bool(tls["check_dates"])
    else:
        return common.put(m, letter, line)
    line.append(n)
    return True


def received(m, c):
    """`DATA <bytes>,<left>`, on the next line the bytes; bare DONE when there are none."""
    if m.reading is None:
        return _NOT_MINE
    n = c.int()
    if not 0 < n <= m.asked:
        return _FAIL
    m.engine.expect(n)
    return None


def heard(m, c, what):
    """A line of this vendor; `what` is its letter."""
    now = m.now
    if what == 68:  # D `#LINK: <connection>,"<what>"[,<reason>]`
        number = c.int()
        s = connection(m, number, True) or connection(m, number, False)
        c.text()
        if s is None:
            return None
        if c.equals(b"data"):
            s.waiting = True
        elif c.equals(b"closed"):
            s.lost(now)
        elif s.asked and c.equals(b"open"):
            s.is_open(now)
        elif s.asked and c.equals(b"failed"):
            reason = c.int()
            log.warn("modem", "LOPEN failed", reason)
            s.failed(reason, now)  # (its numbers are ours)
    elif what == 76:  # L `+LLINK: <connection>,<state>`: which there are; 0,0 is none
        number = c.int()
        m.listed |= 128
        if number and c.int() == 1:
            m.listed |= 1 << number - 1
    elif what == 110:  # n `+LNET: 1,"100.64.132.137"`
        m.address = c.int() == 1 and c.text()
        if m.address:
            c.copy(m.ip, 40)
        else:
            m.poll_at = now
    elif what == 122:  # z `+LSUM: <number>,<checksum>`
        c.skip()
        m.files.found = c.int()
    elif what == 83:  # S `+LCERT: <number>,<checksum>`: it has been written
        c.skip()
        m.files.sums[m.files.index] = c.int()
    elif what == 120:  # x `+LPING: <ms>`
        m.ping_ms = c.int()
    else:
        return common.heard(m, c, what)
    return None
