"""SIMCom SIM7000x (A, C, E, G; firmware 1529 and 1351), as tables.

Sources: SIM7000 series AT command manual V1.06; SIM7000 hardware design V1.07; the account of
the TLS sockets that the project implements. Where firmwares differ both forms are accepted.
How the texts are read is told in README.md.
"""

from uplink import log
from uplink.modems import common, policy
from uplink.modems.common import (  # noqa: F401 (named by the tables)
    answer,
    const,
    counted,
    take_address,
    urc,
    when,
)

# Repeated from at.codes, modem and errors: see there.
_PAYLOAD = const(8)
_FAST = const(32)
_FAIL = const(-1)
_NOT_MINE = const(-2)
_TRANSFER = const(44)  # the variable `<connection>,<bytes>` of a transfer
_OPEN = const(2)
_LINK = const(2)
_TIMED_OUT = const(3)
_REFUSED = const(4)
_DNS = const(5)
_TLS = const(6)
_CERTIFICATE = const(7)
_DAMAGE = const(8)

_FILE_MAX = const(10240)
_HANDSHAKE_MS = const(20_000)

# Timings in ms (hardware design, 3.3), and limits.
NUMBERS = (
    1100,  # PWRKEY low, on: 1 s or longer; below the 1.2 s that switch a running module off
    1500,  # PWRKEY low, off: 1.2 s or longer
    300,  # RESET low: 252 ms or longer
    12000,  # start: UART after 4.5 s; time for the automatic baud rate
    20000,  # SMS Ready may trail RDY so long
    8000,  # down after 1.8 to 6.9 s
    2100,  # the pause before it is switched on again
    60,  # awake 50 ms after DTR falls
    2,  # connections
    1460,  # bytes of a read
    1460,  # bytes of a send
    10240,  # bytes of a file
    2,  # forms of AT+CAOPEN
    1460,  # a read that brings so much is followed by another
    250,  # a read that nothing announced, after each send; later ones at four times that
    0,  # files can be read back
    0,  # number of the first connection
    2,  # TLS connections
    0,  # RESET restarts it
    0,  # no pauses between tries to get packet data
    0,  # opens that fail do not make it fail for ever
    1,  # it checks the server's name
    0,  # cipher suites are offered together
    6000,  # is it there? Half of it at our baud rate, then the others
    0,  # a send without a result: it gives up waiting for bytes by itself
)
PAUSE_MS = 20  # after a final result code
FAST_MS = 0  # between transfers of payload: drivers do without any pause there
INPUT_MS = 6_000  # CASEND gives up waiting for payload after 5 s

PROMPT = b"DOWNLOAD"  # for a file,
TAIL = b""  # and what ends it
PROBE = (b"AT+CMEE?", b"+CMEE: ")
MODEL = b"SIM7000"
FILES = (b"uplink-ca.crt", b"uplink-cert.crt", b"uplink-key.pem")

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
    b"\n d1AT+IPR={b}"
    b"\nF 1AT+IFC=2,2"
    b"\n d1AT+CSCLK={S}"
    b"\n d4AT+CNMP=38"  # LTE only
    b"\n d4AT+CMNB={r}"
    b"\n e1AT+CNETLIGHT={l}"
    b"\n e1AT+CLTS=1"
    b"\n  1AT+CEREG=1"
    b"\nI 1AT+CGMM|m*"
    b"\nI 1AT+CGMR|f*"
    b"\nI 1AT+GSN|i*"
    b"\n#D"  # a file's size
    b'\n a2AT+CFSGFIS=3,"{f}"|z'
    b"\n#E"  # read it back
    b"\n a2AT+CFSINIT"
    b'\n b3AT+CFSRFILE=3,"{f}",0,{z},0|y'
    b"\n a2AT+CFSTERM"
    b"\n#F"  # write it
    b"\n a2AT+CFSINIT"
    b'\n h5AT+CFSWFILE=3,"{f}",0,{z},10000|-DOWNLOAD'
    b"\n a2AT+CFSTERM"
    b"\n#G"  # delete it
    b"\n a2AT+CFSINIT"
    b'\n a2AT+CFSDFILE=3,"{f}"'
    b"\n a2AT+CFSTERM"
    b"\n#H"  # convert the CA
    b'\n  3AT+CSSLCFG="convert",2,"uplink-ca.crt"'
    b"\n#I"  # … and certificate and key
    b'\n  4AT+CSSLCFG="convert",1,"uplink-cert.crt","uplink-key.pem"'
    b"\n#j"  # SIM
    b"\n  3AT+CPIN?|p"
    b"\nLa2AT+SPIC|s"
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
    b"\n a5AT+CFUN=1,1"
    b"\n#t"  # switch off
    b"\n  3AT+CPOWD=1"
    b"\n#l"  # packet data
    b"\n  2AT+CNACT?|n"
    b"\nAa3AT+CGNAPN|g"
    b'\naa3AT+CSTT="{a}"'
    b'\nua3AT+CSTT="{a}","{u}","{w}"'
    b'\nn 7AT+CNACT=1,"{a}"'
    b"\nN 7AT+CNACT=1"
    b"\n#L"  # … until there is an address
    b"\n  2AT+CNACT?|n"
    b"\n#q"  # packet data off
    b"\n q4AT+CNACT=0|d+APP PDP: "
    b"\n#m"  # time
    b"\n a2AT+CCLK?|k"
    b"\nza2AT+CNTPCID=1"
    b'\nza2AT+CNTP="pool.ntp.org",0'
    b"\nzq7AT+CNTP|-"
    b"\nza2AT+CCLK?|k"
    b"\n a3AT+COPS?|o"
    b"\n a1AT+CSQ|q"
    b"\n#W"  # supervision while online: what a lost URC would have told
    b"\n a3AT+CPIN?|p"
    b"\n b1AT+CEREG?|e"
    b"\n  2AT+CNACT?|n"
    b"\n a2AT+CASTATE?|L"
    b"\n a1AT+CSQ|q"
    b"\n#P"  # ping
    b'\n a4AT+SNPING4="{g}",1,16,5000|x'
    b"\n#O"  # open
    b"\n a3AT+CACLOSE={c}"
    b"\n  2AT+CACID={c}"
    b'\nt 2AT+CSSLCFG="sslversion",{c},{v}'
    b'\nt 2AT+CSSLCFG="ignorertctime",{c},{i}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},0,{0}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},1,{1}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},2,{2}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},3,{3}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},4,{4}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},5,{5}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},6,{6}'
    b'\nta2AT+CSSLCFG="ciphersuite",{c},7,{7}'
    b'\nt 2AT+CSSLCFG="sni",{c},"{s}"'
    b'\n  2AT+CASSLCFG={c},"ssl",{t}'
    b'\nt 2AT+CASSLCFG={c},"crindex",{c}'
    b'\nv 2AT+CASSLCFG={c},"cacert","uplink-ca.crt"'
    b'\nc 2AT+CASSLCFG={c},"clientcert","uplink-cert.crt"'
    b'\n a2AT+CACFG="KEEPALIVE",1,30,30,1'
    b'\n a2AT+CACFG="ASYNCOPEN",1'  # the other socket goes on
    b'\n0 8AT+CAOPEN={c},"{h}",{p}|a'
    b'\n1 8AT+CAOPEN={c},"TCP","{h}",{p}|a'
    b"\n#C"  # close
    b"\n a3AT+CACLOSE={c}"
    b"\n#"
)
# For each packet: as the engine takes them.
SEND = ((0, (b"AT+CASEND=", _TRANSFER), b">", None, 10_000, _PAYLOAD | _FAST),)
READ = ((0, (b"AT+CARECV=", _TRANSFER), b"+CARECV: ", "counted", 5_000, _FAST),)
SEND_PLAIN = SEND
READ_PLAIN = READ

# ---- what is heard ----------------------------------------------------------------------------

LINES = (
    b"\n+CADATAIND:D\n+CASTATE:C\n+CAOPEN:a\n+CASEND:S\n+CACLOSE:-\n+APP PDP:d\n+SNPING4:x"
    b"\n+CEREG:E\n+CPIN:P\nRDY:R\n+CFUN:B\nSMS Ready:B\nCall Ready:B\n*PSUTTZ:T"
    b"\nDST:-\n+CTZV:-\n*PSNWID:-\n+CNTP:-"
)
URCS = ((b"", "urc"),)
FINALS = ((b"ERROR", 1), (b"NO CARRIER", 4))  # (of at.codes)
REASONS = ()  # +CME ERROR of an open, CLOSED_
SUITES = policy.SIM7000
COUNTED = ((b"+CARECV: ", 1, "payload"),)


def put(m, letter, line):
    """Variables that only this vendor's commands have."""
    modem = m.cfg["modem"]
    n = 48
    if letter < 58:  # 0 to 7: places for cipher suites
        if not policy.put(SUITES, 0, m.cfg["tls"]["level"], letter - 48, line):
            line.extend(b"0x0000")
        return True
    if letter == 116:  # t: TLS
        n += m.active.tls
    elif letter == 114:  # r: CMNB: 1 CAT-M, 2 NB-IoT, 3 both
        n += 1 if modem["radio"] == b"lte-m" else 2 if modem["radio"] == b"nb-iot" else 3
    elif letter == 108:  # l: the network light
        n += modem["led"]
    else:
        return common.put(m, letter, line)
    line.append(n)
    return True


def payload(m, c):
    """`+CARECV: <n>,` and n bytes: returns n."""
    n = c.int()
    if m.reading is not None and n > m.asked:
        m.engine.damage(m.now)
        return -1
    return n  # (of a read given up: counted and dropped)


def heard(m, c, what):
    """A line of this vendor; `what` is its letter."""
    now = m.now
    if what == 68 or what == 67 or what == 97 or what == 83 or what == 76:  # of a connection
        cid = c.int()
        s = m.sockets[cid] if 0 <= cid < len(m.sockets) else None
        result = c.int()
        if s is None:
            return None
        if what == 68:  # D `+CADATAIND: <cid>`: data begins to wait
            s.waiting = True
        elif what == 83:  # S `+CASEND: <cid>,<result>,<n>` of some firmwares, after the OK
            if s.state == _OPEN and (result or c.int() != s.sent_last):
                log.warn("modem", "sent bytes lost", cid)
                s.is_closed(_DAMAGE, now)
        elif what == 76:  # L `+CASTATE: <cid>,<state>` as an answer: which there are
            m.listed |= 128
            if result == 1:
                m.listed |= 1 << cid
            elif s.state == _OPEN:
                s.lost(now)
        elif what == 67:  # C the same as a URC: 0 closed, what was not read is lost
            if result == 0:
                s.lost(now)
        elif result >= 0:  # a `+CAOPEN: <cid>,<result>`: the answer, or much later a URC
            if not s.asked:
                # of an open given up long ago, or too early to be of the one that is prepared
                return _NOT_MINE if m.active is not None else None
            if result == 0:
                s.is_open(now)
                return None
            log.warn("modem", "CAOPEN result", result)
            reason = _TIMED_OUT
            if 24 <= result <= 26:  # (manual 8.2.9)
                reason = _CERTIFICATE
            elif result == 27:
                # "connect failed": soon, a refused handshake; late, nobody there
                if s.tls and s.due(now) > 90_000 - _HANDSHAKE_MS:
                    reason = _TLS
            elif result == 20:
                reason = _DNS
            elif result == 21:
                reason = _LINK
            elif result == 23:
                reason = _REFUSED
            s.failed(reason, now)
    elif what == 110:  # n `+CNACT: 1,"100.64.132.137"`
        take_address(m, c, c.int() == 1 and c.text())
    elif what == 100:  # d `+APP PDP: ACTIVE` or `DEACTIVE` (newer: the context in front)
        m.address = c.buf.find(b"DEACTIVE", c.pos, c.end) < 0
        m.poll_at = now
    elif what == 122:  # z `+CFSGFIS: <size>`
        m.files.found = c.int()
    elif what == 121:  # y `+CFSRFILE: <n>`, then n bytes
        n = c.int()
        if not 1 <= n <= _FILE_MAX:
            return _FAIL
        m.engine.expect(n)
    elif what == 103:  # g `+CGNAPN: 1,"flolive.net"`
        if c.int() == 1 and c.text():
            c.copy(m.apn, 64)
    elif what == 120:  # x `+SNPING4: 1,74.6.231.20,194`
        c.skip(2)
        m.ping_ms = c.int()
    else:
        verdict = common.heard(m, c, what)
        if what == 102 and c.buf.find(b"1529B08", c.first, c.last) >= 0:
            # this firmware announces 1024 bytes and sends fewer: ask for what it does right
            m.read_max = 512
            m.read_more = 512
        return verdict
    return None
