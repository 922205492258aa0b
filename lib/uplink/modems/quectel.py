"""Quectel M10, M66, M85, M95, as tables.

Sources: GSM SSL TCP application note V3.1 (chapters in brackets); the AT command manual and the
TCP/IP note of these modules; M95 hardware design. How the texts are read is told in README.md.

TLS and plain connections share the numbers 0 to 5 (1.3). The modules send no server name, and
nothing says that they compare it with the certificate's: the CA alone decides whom they trust.
"""

from uplink import log
from uplink.modems import common, policy
from uplink.modems.common import (  # noqa: F401 (named by the tables)
    answer,
    connection,
    const,
    take_address,
    when,
)

# Repeated from at.codes, modem and errors: see there.
_PAYLOAD = const(8)
_FAST = const(32)
_FAIL = const(-1)
_NOT_MINE = const(-2)
_TRANSFER = const(44)  # the variable `<connection>,<bytes>` of a transfer
_OK = const(0)
_LINK = const(2)
_TIMED_OUT = const(3)
_TLS = const(6)
_CERTIFICATE = const(7)

_HANDSHAKE_MS = const(20_000)
_NVRAM_MAX = const(2025)  # bytes of a certificate (2.2.7); larger ones go to RAM

NUMBERS = (
    1200,  # PWRKEY low, on: over 1 s where STATUS does not tell
    850,  # PWRKEY low, off: 0.7 to 1 s; longer, and it starts again
    50,  # EMERG_OFF low: over 20 ms
    12000,  # start: UART after 3 s; the automatic baud rate takes 2 to 3 s more
    5000,  # +CFUN: 1 follows RDY (Call Ready comes at other times, too)
    14000,  # down after 2 to 12 s
    1000,  # 0.5 s from STATUS low to the next pulse
    40,  # awake 20 ms after DTR falls
    6,  # connections
    1500,  # bytes of a read (2.2.5)
    1459,  # bytes of a send: "less than 1460" (2.2.4)
    32768,  # bytes of a file (2.2.7)
    1,  # form of the open command
    1,  # whatever a read brings, another follows: until there is no more (2.2.5)
    250,  # a read that nothing announced, after each send; later ones at four times that
    1,  # files: only their checksum can be asked for (2.2.7)
    0,  # number of the first connection
    6,  # TLS connections
    1,  # EMERG_OFF cuts the power, and may harm the file system: the last resort
    600,  # s between tries to get packet data after a restart for that (1.4.1)
    8,  # opens that fail in a row: from some 20 opens on it may refuse all, up to a power cycle
    0,  # it does not check the server's name
    1,  # cipher suites are tried one by one
    12000,  # is it there? Half of it at our baud rate, then the others
    1,  # a send without a result: it may wait for bytes that were lost, for good
)
PAUSE_MS = 22  # 20 after a final result code, also between transfers
FAST_MS = 22
INPUT_MS = 21_000  # QSECWRITE gives up waiting after the 20 s of script F

PROMPT = b"CONNECT"
TAIL = b""
PROBE = (b"AT+CMEE?", b"+CMEE: ")
MODEL = b"M"  # M10, M66, M85, M95
FILES = (b"CA0", b"CC0", b"CK0")

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
    b"\n  1AT+CMEE=2"
    b"\n a1AT+IPR?|b"  # (skips the next where it is fixed already)
    b"\n  1AT+IPR={b};&W"
    b"\nF 1AT+IFC=2,2"
    b"\n a1AT+QSCLK={S}"
    b"\n a1AT+QIPROMPT=1"  # prompt and SEND OK
    b"\n a1AT+QISDE=0"  # no echo of what is sent
    b"\n a1AT+QNITZ=1"
    b"\n a1AT+CTZU=1"
    b"\n a1AT+CTZU=3"  # (newer firmwares: local time, with its offset)
    b"\n  1AT+CREG=1"
    b"\nI 1AT+CGMM|m*"
    b"\nI 1AT+CGMR|f*"
    b"\nI 1AT+GSN|i*"
    b"\n#D"  # a file's checksum
    b'\n a2AT+QSECREAD="{N}"|z'
    b"\n#F"  # write it: it must not be there
    b'\n a2AT+QSECDEL="{N}"'
    b'\n h6AT+QSECWRITE="{N}",{z},20|-CONNECT'
    b"\n#G"  # delete it
    b'\n a2AT+QSECDEL="{N}"'
    b"\n#j"  # SIM
    b"\n  3AT+CPIN?|p"
    b"\nLa2AT+QTRPIN|s"
    b'\nP 3AT+CPIN="{#}"'
    b"\nL 3AT+CPIN?|p"
    b"\nIa2AT+CIMI|j*"
    b"\nIa2AT+QCCID|l*"
    b"\n#k"  # register
    b"\n a1AT+CREG=1"
    b"\n a3AT+COPS?|o"
    b"\n b1AT+CREG?|e"
    b"\n#K"  # … until it is
    b"\n b1AT+CREG?|e"
    b"\n#r"  # leave the network
    b"\n a7AT+COPS=2"
    b"\n a9AT+COPS=0"
    b"\n#s"  # radio off and on
    b"\n a5AT+CFUN=0"
    b"\n a5AT+CFUN=1"
    b"\n#B"  # restart
    b"\n a5AT+CFUN=1,1"
    b"\n#t"  # switch off
    b"\n  3AT+QPOWD=1"
    b"\n#l"  # packet data (1.2), and what is to be looked at when it fails (1.4.1)
    b"\n a2AT+QILOCIP|n*"
    b"\n* 1AT+CGATT?|G"
    b"\n* 7AT+CGATT=1"  # (skipped where it is attached)
    b"\n*b2AT+CGREG?|r"
    b"\n*a7AT+CGACT=0,1"  # whoever else has it up,
    b"\n*a7AT+QIDEACT"  # or what is half up, is in the way
    b"\n* 2AT+QIFGCNT=0"
    b'\na 2AT+QICSGP=1,"{a}"'
    b'\nu 2AT+QICSGP=1,"{a}","{u}","{w}"'
    b"\n*a2AT+QIREGAPP"
    b"\n*a2AT+QIREGAPP?|g"
    b"\n* 9AT+QIACT"
    b"\n  2AT+QILOCIP|n*"
    b"\n a2AT+QIMUX=1"
    b"\n a2AT+QINDI=1"  # plain connections keep what they receive, and announce it
    b"\n a2AT+QIDNSIP=1"  # and are opened by name
    b"\n#L"  # … until there is an address
    b"\n a2AT+QILOCIP|n*"
    b"\n#q"  # packet data off
    b"\n a7AT+QIDEACT"
    b"\n#m"  # time
    b"\n a2AT+CCLK?|k"
    b'\nzq7AT+QNTP="pool.ntp.org"|-'
    b"\nza2AT+CCLK?|k"
    b"\n a3AT+COPS?|o"
    b"\n a1AT+CSQ|q"
    b"\n#W"  # supervision while online: what a lost URC would have told
    b"\n a3AT+CPIN?|p"
    b"\n b1AT+CREG?|e"
    b"\n a2AT+QSSLSTATE|L"
    b"\n a1AT+CSQ|q"
    b"\n#P"  # ping
    b'\n a4AT+QPING="{g}",5,1'
    b"\n#O"  # open
    b"\n a3AT+QSSLCLOSE={c}"
    b"\n a3AT+QICLOSE={c}"
    b'\nt 2AT+QSSLCFG="sslversion",0,{v}'  # (one context for all connections)
    b'\nt 2AT+QSSLCFG="ciphersuite",0,"{C}"'
    b'\nt 2AT+QSSLCFG="seclevel",0,{l}'
    b'\nv 2AT+QSECREAD="{A}"|y'
    b'\nc 2AT+QSECREAD="{B}"|y'
    b'\nc 2AT+QSECREAD="{K}"|y'
    b'\nv 2AT+QSSLCFG="cacert",0,"{A}"'
    b'\nc 2AT+QSSLCFG="clientcert",0,"{B}"'
    b'\nc 2AT+QSSLCFG="clientkey",0,"{K}"'
    b'\nt 2AT+QSSLCFG="ignorertctime",{i}'
    b'\nt 3AT+QSSLOPEN={c},0,"{h}",{p},0,80|a'
    b'\nT 3AT+QIOPEN={c},"TCP","{h}",{p}'
    b"\n#C"  # close
    b"\nta4AT+QSSLCLOSE={c}"
    b"\nTa4AT+QICLOSE={c}"
    b"\n#"
)
# For each packet: as the engine takes them.
SEND = ((0, (b"AT+QSSLSEND=", _TRANSFER), b">", None, 20_000, _PAYLOAD | _FAST),)
READ = ((0, (b"AT+QSSLRECV=0,", _TRANSFER), b"+QSSLRECV: ", "counted", 5_000, _FAST),)
SEND_PLAIN = ((0, (b"AT+QISEND=", _TRANSFER), b">", None, 20_000, _PAYLOAD | _FAST),)
READ_PLAIN = ((0, (b"AT+QIRD=0,1,", _TRANSFER), b"+QIRD: ", "counted", 5_000, _FAST),)

# ---- what is heard ----------------------------------------------------------------------------

LINES = (
    b"\n+QSSLURC:D\n+QIRDI:I\n+QSSLOPEN:a\n+QSECWRITE:S\n+PDP DEACT:d\n+QPING:x\n+QNTP:-"
    b"\n+CGREG:-\n+CREG:E\n+CPIN:P\nRDY:R\n+CFUN:B\nCall Ready:-\nSMS Ready:-\n+QNITZ:-\n+CTZV:-"
)
URCS = ((b"", "urc"),)
FINALS = ((b"SEND OK", 0), (b"SEND FAIL", 12), (b"ERROR", 1), (b"CLOSE OK", 0), (b"DEACT OK", 0))
REASONS = ()
COUNTED = ()
SUITES = policy.QUECTEL


def put(m, letter, line):
    """Variables that only this vendor's commands have: where certificates are kept. What NVRAM
    has no room for is in RAM till a restart.
    """
    files = m.files
    index = files.index
    if letter == 65:  # A: CA,
        index = 0
    elif letter == 66:  # B: client certificate,
        index = 1
    elif letter == 75:  # K: and key
        index = 2
    elif letter != 78:  # N: the present one
        return common.put(m, letter, line)
    line.extend(b"RAM:" if files.volatile or files.sizes[index] > _NVRAM_MAX else b"NVRAM:")
    line.extend(FILES[index])
    return True


def counted(m, c):
    """`+QSSLRECV: <ip>:<port>,TCP,<n>`, on the next line n bytes; bare OK when there are none."""
    c.skip(2)
    return common.counted(m, c)


def urc(m, c):
    """Lines that begin with a connection's number: `1, CONNECT OK`; the others are in LINES."""
    buf = c.buf
    i = c.pos
    if not (48 <= buf[i] < 54 and buf.startswith(b", C", i + 1)):
        common.urc(m, c)
        return
    s = connection(m, buf[i] - 48, False)
    i += 4
    if buf.startswith(b"LOSE OK", i):
        m.engine.result(_OK, m.now)
    elif s is not None:
        if buf.startswith(b"LOSED", i):
            s.lost(m.now)
        elif s.asked and buf.startswith(b"ONNECT OK", i):
            s.is_open(m.now)
        elif s.asked and buf.startswith(b"ONNECT FAIL", i):
            s.failed(_TIMED_OUT, m.now)


def checksum(c):
    """A hexadecimal number without its leading zeros."""
    n = 0
    c.text()
    for i in range(c.first, c.last):
        n = n << 4 | (c.buf[i] & 15) + (9 if c.buf[i] > 57 else 0)
    return n


def heard(m, c, what):
    """A line of this vendor; `what` is its letter."""
    now = m.now
    if what == 68:  # D `+QSSLURC: "recv",<cid>,<ssid>` and `"closed",<ssid>`
        c.text()
        read = c.equals(b"recv")
        if read:
            c.skip()
        s = connection(m, c.int(), True)
        if s is not None:
            if read:
                s.waiting = True
            else:
                s.lost(now)
    elif what == 73:  # I `+QIRDI: 0,1,<sid>`: data begins to wait in a plain connection
        c.skip(2)
        s = connection(m, c.int(), False)
        if s is not None:
            s.waiting = True
    elif what == 97:  # a `+QSSLOPEN: <ssid>,<code>`: after OK
        s = connection(m, c.int(), True)
        result = c.int(-9)
        if s is None or not s.asked or result == -9:
            return _NOT_MINE if m.active is not None and m.active is not s else None
        if result == 0:
            s.is_open(now)
            return None
        log.warn("modem", "QSSLOPEN result", result)
        # -2: the number is in use. -1 does not tell why: soon, a refused handshake; late, nobody
        # there
        early = s.due(now) > 90_000 - _HANDSHAKE_MS
        s.failed(_LINK if result == -2 else _TLS if early else _TIMED_OUT, now)
    elif what == 76:  # L `+QSSLSTATE: <n>,"TCP","<ip>",<port>,"<state>",<TLS>`; first the stack's
        buf = c.buf
        i = c.pos
        cid = c.int()
        m.listed |= 128
        if cid >= 0:
            c.skip(3)
            c.text()
            if c.equals(b"CONNECTED"):
                m.listed |= 1 << cid
        elif buf.find(b"PROCESSING", i, c.end) < 0 and buf.find(b"STATUS", i, c.end) < 0:
            m.address = buf.find(b"GPRSACT", i, c.end) >= 0
    elif what == 110:  # n QILOCIP: the bare address, which is all of the answer
        c.rest()
        if not 48 <= c.buf[c.first] <= 57:
            return _NOT_MINE
        take_address(m, c, True)
        m.engine.result(_OK, now)
    elif what == 100:  # d `+PDP DEACT`
        m.address = False
        m.poll_at = now
    elif what == 71:  # G `+CGATT: 1`
        return 2 if c.int() == 1 else None
    elif what == 114:  # r `+CGREG: <n>,<stat>`
        c.skip()
        stat = c.int()
        return None if stat == 1 or stat == 5 else _FAIL
    elif what == 98:  # b `+IPR: 115200`
        return 2 if c.int() == m.cfg["uart"]["baud"] else None
    elif what == 122:  # z `+QSECREAD: <good>,<checksum>`
        m.files.found = checksum(c) if c.int() == 1 else -1
    elif what == 121:  # y the same before an open: is it still what we have uploaded?
        if c.int() != 1 or checksum(c) not in m.files.sums:
            m.active.failed(_CERTIFICATE, now)
            return _FAIL
    elif what == 103:  # g `+QIREGAPP: "<APN>",…`
        return _FAIL if m.cfg["sim"]["apn"] and not c.text() else None
    elif what == 83:  # S `+QSECWRITE: <size>,<checksum>`; the size may be another one
        c.skip()
        m.files.sums[m.files.index] = checksum(c)
    elif what == 120:  # x `+QPING: 0,<ip>,<bytes>,<ms>,<ttl>`
        if c.int() == 0:
            c.skip(2)
            m.ping_ms = c.int()
    else:
        return common.heard(m, c, what)
    return None
