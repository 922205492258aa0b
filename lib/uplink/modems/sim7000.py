"""SIMCom SIM7000x (A, C, E, G; firmware 1529 and 1351), as tables.

Sources: SIM7000 series AT command manual V1.06; SIM7000 hardware design V1.07; the account of
the TLS sockets that the project implements. Where firmwares differ both forms are accepted.
A step is (when, command, response, handler, limit_ms, flags): see `uplink.at.engine`.
"""

from uplink import errors, log
from uplink.modems.common import (  # noqa: F401 (named by the tables)
    on_boot,
    on_cclk,
    on_cereg,
    on_cereg_urc,
    on_cgnapn,
    on_cops,
    on_cpin,
    on_cpin_urc,
    on_csq,
    on_iccid,
    on_ignored,
    on_imei,
    on_imsi,
    on_pdp,
    on_power_down,
    on_psuttz,
    on_ready,
    on_spic,
    on_voltage,
    when,
)

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


# Repeated from at.codes and modem.core: see there.
_MAY_FAIL = const(1)
_NEED = const(2)
_SETTING = const(4)
_PAYLOAD = const(8)
_LATER = const(16)
_FAST = const(32)
_FAIL = const(-1)
_NOT_MINE = const(-2)

_CID = const(1)
_COUNT = const(2)
_HOST = const(3)
_PORT = const(4)
_APN = const(5)
_APN_USER = const(6)
_APN_PASSWORD = const(7)
_PIN = const(8)
_BAUD = const(9)
_NAME = const(10)
_SIZE = const(11)
_PING = const(12)
_SNI = const(13)
_MODE = const(64)  # CNMP: 2 automatic, 13 GSM, 38 LTE
_RADIO = const(65)  # CMNB: 1 CAT-M, 2 NB-IoT, 3 both
_LED = const(66)
_SLEEP = const(67)
_VERSION = const(68)  # sslversion: 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2
_IGNORE = const(69)  # ignorertctime
_TLS = const(70)
_CA = const(71)
_CERT = const(72)

# Conditions.
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

# ---- timings (hardware design, 3.3) and limits ------------------------------------------------

PULSE_ON_MS = 1_100  # 1 s or longer; below the 1.2 s that would switch a running module off
PULSE_OFF_MS = 1_500  # 1.2 s or longer
RESET_MS = 300  # 252 ms or longer
BOOT_MS = 12_000  # UART after 4.5 s; time for the automatic baud rate
BOOT_URCS_MS = 20_000  # SMS Ready may trail RDY so long
OFF_MS = 8_000  # down after 1.8 to 6.9 s
OFF_PAUSE_MS = 2_100
WAKE_MS = 60  # 50 ms after DTR falls
PAUSE_MS = 20  # after a final result code
FAST_MS = 5  # between transfers of payload: drivers do without any pause there
INPUT_MS = 6_000  # CASEND gives up waiting for payload after 5 s
SOCKETS = 2
READ_MAX = 1460
SEND_MAX = 1460
FILE_MAX = 10240
FORMS = 2  # of AT+CAOPEN
FILES = (b"uplink-ca.crt", b"uplink-cert.crt", b"uplink-key.pem")
_HANDSHAKE_MS = const(20_000)

PROBE = (b"AT+CMEE?", b"+CMEE: ")
FINALS = ()
COUNTED = ((b"+CARECV: ", 1, "on_payload"),)

# fmt: off
# ---- scripts ----------------------------------------------------------------------------------

ALIVE = ((0, b"AT", None, None, 400, 0),)

REBAUD = ((0, (b"AT+IPR=", _BAUD), None, None, 1_000, _MAY_FAIL),)

SETUP = (
    (0, b"ATZ", None, None, 3_000, _MAY_FAIL),
    (_W_ECHO, b"ATE1", None, None, 1_000, 0),
    (_W_QUIET, b"ATE0", None, None, 1_000, 0),
    (0, b"AT+CMEE=2", None, None, 1_000, 0),
    (0, (b"AT+IPR", _BAUD), b"+IPR: ", None, 1_000, _SETTING),
    (_W_FLOW, b"AT+IFC=2,2", None, None, 1_000, 0),
    (0, (b"AT+CSCLK", _SLEEP), b"+CSCLK: ", None, 1_000, _SETTING),
    (0, (b"AT+CNMP", _MODE), b"+CNMP: ", None, 10_000, _SETTING),
    (0, (b"AT+CMNB", _RADIO), b"+CMNB: ", None, 10_000, _SETTING),
    (0, (b"AT+CNETLIGHT", _LED), b"+CNETLIGHT: ", None, 1_000, _SETTING | _MAY_FAIL),
    (0, (b"AT+CLTS", b"1"), b"+CLTS: ", None, 1_000, _SETTING | _MAY_FAIL),
    (0, b"AT+CEREG=1", None, None, 1_000, 0),
    (_W_IDENTITY, b"AT+CGMM", b"", "on_model", 1_000, 0),
    (_W_IDENTITY, b"AT+CGMR", b"", "on_firmware", 1_000, 0),
    (_W_IDENTITY, b"AT+GSN", b"", "on_imei", 1_000, 0),
)

FILE_STAT = (
    (0, (b'AT+CFSGFIS=3,"', _NAME, b'"'), b"+CFSGFIS: ", "on_file_size", 2_000, _MAY_FAIL),
)
FILE_WRITE = (
    (0, b"AT+CFSINIT", None, None, 2_000, _MAY_FAIL),
    (0, (b'AT+CFSWFILE=3,"', _NAME, b'",0,', _SIZE, b",10000"), b"DOWNLOAD", None, 12_000,
     _PAYLOAD),
    (0, b"AT+CFSTERM", None, None, 2_000, _MAY_FAIL),
)
FILE_READ = (
    (0, b"AT+CFSINIT", None, None, 2_000, _MAY_FAIL),
    (0, (b'AT+CFSRFILE=3,"', _NAME, b'",0,', _SIZE, b",0"), b"+CFSRFILE: ", "on_file", 5_000,
     _NEED),
    (0, b"AT+CFSTERM", None, None, 2_000, _MAY_FAIL),
)
FILE_DELETE = (
    (0, b"AT+CFSINIT", None, None, 2_000, _MAY_FAIL),
    (0, (b'AT+CFSDFILE=3,"', _NAME, b'"'), None, None, 2_000, _MAY_FAIL),
    (0, b"AT+CFSTERM", None, None, 2_000, _MAY_FAIL),
)
CONVERT_CA = ((0, b'AT+CSSLCFG="convert",2,"uplink-ca.crt"', None, None, 5_000, 0),)
CONVERT_CLIENT = (
    (0, b'AT+CSSLCFG="convert",1,"uplink-cert.crt","uplink-key.pem"', None, None, 10_000, 0),
)

SIM = (
    (0, b"AT+CPIN?", b"+CPIN: ", "on_cpin", 5_000, 0),
    (_W_LOCKED, b"AT+SPIC", b"+SPIC: ", "on_spic", 2_000, _MAY_FAIL),
    (_W_PIN, (b'AT+CPIN="', _PIN, b'"'), None, None, 5_000, 0),
    (_W_LOCKED, b"AT+CPIN?", b"+CPIN: ", "on_cpin", 5_000, 0),
    (_W_IDENTITY, b"AT+CIMI", b"", "on_imsi", 2_000, _MAY_FAIL),
    (_W_IDENTITY, b"AT+CCID", b"", "on_iccid", 2_000, _MAY_FAIL),
)

REGISTER = (
    (0, b"AT+CEREG=1", None, None, 1_000, _MAY_FAIL),
    (0, b"AT+COPS?", b"+COPS: ", "on_cops", 5_000, _MAY_FAIL),
    (0, b"AT+CEREG?", b"+CEREG: ", "on_cereg", 1_000, _NEED),
)
REGISTER_POLL = ((0, b"AT+CEREG?", b"+CEREG: ", "on_cereg", 1_000, _NEED),)
REREGISTER = (
    (0, b"AT+COPS=2", None, None, 60_000, _MAY_FAIL),
    (0, b"AT+COPS=0", None, None, 120_000, _MAY_FAIL),
)
RADIO = (
    (0, b"AT+CFUN=0", None, None, 15_000, _MAY_FAIL),
    (0, b"AT+CFUN=1", None, None, 15_000, _MAY_FAIL),
)
RESTART = ((0, b"AT+CFUN=1,1", None, None, 15_000, _MAY_FAIL),)
SWITCH_OFF = ((0, b"AT+CPOWD=1", None, None, 5_000, 0),)

ATTACH = (
    (0, b"AT+CNACT?", b"+CNACT: ", "on_cnact", 2_000, 0),
    (_W_ASK_APN, b"AT+CGNAPN", b"+CGNAPN: ", "on_cgnapn", 5_000, _MAY_FAIL),
    (_W_APN, (b'AT+CSTT="', _APN, b'"'), None, None, 5_000, _MAY_FAIL),
    (_W_LOGIN, (b'AT+CSTT="', _APN, b'","', _APN_USER, b'","', _APN_PASSWORD, b'"'), None, None,
     5_000, _MAY_FAIL),
    (_W_NO_DATA, (b'AT+CNACT=1,"', _APN, b'"'), None, None, 75_000, 0),
    (_W_ANY_APN, b"AT+CNACT=1", None, None, 75_000, 0),
)
ATTACH_POLL = ((0, b"AT+CNACT?", b"+CNACT: ", "on_cnact", 2_000, 0),)
DETACH = ((0, b"AT+CNACT=0", b"+APP PDP: ", "on_pdp", 10_000, _LATER | _MAY_FAIL),)

CLOCK = (
    (0, b"AT+CCLK?", b"+CCLK: ", "on_cclk", 2_000, _MAY_FAIL),
    (_W_NO_TIME, b"AT+CNTPCID=1", None, None, 2_000, _MAY_FAIL),
    (_W_NO_TIME, b'AT+CNTP="pool.ntp.org",0', None, None, 2_000, _MAY_FAIL),
    (_W_NO_TIME, b"AT+CNTP", b"+CNTP: ", None, 75_000, _LATER | _MAY_FAIL),
    (_W_NO_TIME, b"AT+CCLK?", b"+CCLK: ", "on_cclk", 2_000, _MAY_FAIL),
    (0, b"AT+COPS?", b"+COPS: ", "on_cops", 5_000, _MAY_FAIL),
    (0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1_000, _MAY_FAIL),
)

# Supervision while online: what a lost URC would have told.
WATCH = (
    (0, b"AT+CPIN?", b"+CPIN: ", "on_cpin", 5_000, _MAY_FAIL),
    (0, b"AT+CEREG?", b"+CEREG: ", "on_cereg", 1_000, _NEED),
    (0, b"AT+CNACT?", b"+CNACT: ", "on_cnact", 2_000, 0),
    (0, b"AT+CASTATE?", b"+CASTATE: ", "on_castate_answer", 2_000, _MAY_FAIL),
    (0, b"AT+CSQ", b"+CSQ: ", "on_csq", 1_000, _MAY_FAIL),
)

PING = (
    (0, (b'AT+SNPING4="', _PING, b'",1,16,5000'), b"+SNPING4: ", "on_ping", 10_000, _MAY_FAIL),
)

OPEN = (
    (0, (b"AT+CACLOSE=", _CID), None, None, 5_000, _MAY_FAIL),
    (0, (b"AT+CACID=", _CID), None, None, 2_000, 0),
    (_W_TLS, (b'AT+CSSLCFG="sslversion",', _CID, b",", _VERSION), None, None, 2_000, 0),
    (_W_TLS, (b'AT+CSSLCFG="ignorertctime",', _CID, b",", _IGNORE), None, None, 2_000, 0),
    (_W_TLS, (b'AT+CSSLCFG="sni",', _CID, b',"', _SNI, b'"'), None, None, 2_000, 0),
    (0, (b"AT+CASSLCFG=", _CID, b',"ssl",', _TLS), None, None, 2_000, 0),
    (_W_TLS, (b"AT+CASSLCFG=", _CID, b',"crindex",', _CID), None, None, 2_000, 0),
    (_W_CA, (b"AT+CASSLCFG=", _CID, b',"cacert","', _CA, b'"'), None, None, 2_000, 0),
    (_W_CERT, (b"AT+CASSLCFG=", _CID, b',"clientcert","', _CERT, b'"'), None, None, 2_000, 0),
    (0, b'AT+CACFG="KEEPALIVE",1,30,30,1', None, None, 2_000, _MAY_FAIL),
    (0, b'AT+CACFG="ASYNCOPEN",1', None, None, 2_000, _MAY_FAIL),  # the other socket goes on
    (_W_FORM_0, (b"AT+CAOPEN=", _CID, b',"', _HOST, b'",', _PORT), b"+CAOPEN: ", "on_caopen",
     80_000, 0),
    (_W_FORM_1, (b"AT+CAOPEN=", _CID, b',"TCP","', _HOST, b'",', _PORT), b"+CAOPEN: ",
     "on_caopen", 80_000, 0),
)
SEND = ((0, (b"AT+CASEND=", _CID, b",", _COUNT), b">", None, 10_000, _PAYLOAD | _FAST),)
READ = ((0, (b"AT+CARECV=", _CID, b",", _COUNT), b"+CARECV: ", "on_carecv", 5_000, _FAST),)
CLOSE = ((0, (b"AT+CACLOSE=", _CID), None, None, 5_000, _MAY_FAIL),)

URCS = (
    (b"+CADATAIND: ", "on_cadataind"),
    (b"+CASTATE: ", "on_castate"),
    (b"+CAOPEN: ", "on_caopen"),
    (b"+CASEND: ", "on_casend"),
    (b"+CACLOSE: ", "on_ignored"),
    (b"+CEREG: ", "on_cereg_urc"),
    (b"+APP PDP: ", "on_pdp"),
    (b"RDY", "on_ready"),
    (b"+CFUN: ", "on_boot"),
    (b"SMS Ready", "on_boot"),
    (b"Call Ready", "on_boot"),
    (b"+CPIN: ", "on_cpin_urc"),
    (b"*PSUTTZ: ", "on_psuttz"),
    (b"NORMAL POWER DOWN", "on_power_down"),
    (b"UNDER-VOLTAGE POWER DOWN", "on_power_down"),
    (b"OVER-VOLTAGE POWER DOWN", "on_power_down"),
    (b"UNDER_VOLTAGE POWER DOWN", "on_power_down"),
    (b"OVER_VOLTAGE POWER DOWN", "on_power_down"),
    (b"UNDER-VOLTAGE WARN", "on_voltage"),
    (b"UNDER_VOLTAGE WARN", "on_voltage"),
    (b"OVER-VOLTAGE WARN", "on_voltage"),
    (b"OVER_VOLTAGE WARN", "on_voltage"),
    (b"DST: ", "on_ignored"),
    (b"+CTZV: ", "on_ignored"),
    (b"*PSNWID: ", "on_ignored"),
    (b"+CNTP: ", "on_ignored"),
    (b"+SNPING4: ", "on_ping"),
)

# Results of AT+CAOPEN (manual 8.2.9) as the reasons of `errors`.
_OPEN_RESULTS = (
    (20, errors.CLOSED_DNS),
    (21, errors.CLOSED_LINK),
    (23, errors.CLOSED_REFUSED),
    (24, errors.CLOSED_CERTIFICATE),
    (25, errors.CLOSED_CERTIFICATE),
    (26, errors.CLOSED_CERTIFICATE),
)

# fmt: on

# ---- variables -----------------------------------------------------------------


def put(m, variable, line):
    """Values that only this vendor's commands have."""
    modem = m.cfg["modem"]
    tls = m.cfg["tls"]
    if variable == _TLS:
        line.extend(b"1" if m.active.tls else b"0")
    elif variable == _VERSION:
        line.extend(b"3" if tls["version"] == "1.2" else b"2" if tls["version"] == "1.1" else b"1")
    elif variable == _IGNORE:
        line.extend(b"0" if tls["check_dates"] else b"1")
    elif variable == _CA:
        line.extend(FILES[0])
    elif variable == _CERT:
        line.extend(FILES[1])
    elif variable == _MODE:
        line.extend(b"38")
    elif variable == _RADIO:
        radio = modem["radio"]
        line.extend(b"1" if radio == b"lte-m" else b"2" if radio == b"nb-iot" else b"3")
    elif variable == _LED:
        line.extend(b"1" if modem["led"] else b"0")
    elif variable == _SLEEP:
        line.extend(b"1" if modem["sleep"] and m.has_dtr else b"0")
    else:
        return False
    return True


# ---- handlers ---------------------------------------------------------------------------------


def on_model(m, c):
    """`SIM7000E`, `SIMCOM_SIM7000G` …"""
    c.rest()
    c.copy(m.facts.model, 32)
    if c.buf.find(b"SIM7000", c.first, c.last) < 0:
        log.warn("modem", "this is not a SIM7000: the tables may not fit")


def on_firmware(m, c):
    """`Revision:1529B08SIM7000G`"""
    c.rest()
    c.copy(m.facts.firmware, 48)
    # this firmware announces 1024 bytes and sends fewer: ask for what it does right
    m.facts.read_max = 512 if c.buf.find(b"1529B08", c.first, c.last) >= 0 else 0


def on_file_size(m, c):
    """`+CFSGFIS: <size>`"""
    m.files.found = c.int()


def on_file(m, c):
    """`+CFSRFILE: <n>`, then n bytes."""
    n = c.int()
    if n < 1 or n > FILE_MAX:
        return _FAIL
    m.engine.expect(n)
    return None


def on_cnact(m, c):
    """`+CNACT: 1,"100.64.132.137"`"""
    state = c.int()
    up = state == 1 and c.text() and not c.equals(b"0.0.0.0")
    if up:
        c.copy(m.facts.ip, 40)
    m.packet_data(up)


def on_ping(m, c):
    """`+SNPING4: 1,74.6.231.20,194`"""
    c.skip(2)
    m.facts.ping_ms = c.int()
    m.facts.pings += 1


def on_caopen(m, c):
    """`+CAOPEN: <cid>,<result>`: the answer, or much later a URC."""
    s = m.socket(c.int())
    result = c.int()
    if s is None or result < 0:
        return None
    if not s.asked:
        return _NOT_MINE if m.active is not None else None  # of an open given up long ago, or
        # too early to be of the one that is being prepared
    if result == 0:
        m.opened(s)
        return None
    log.warn("modem", "CAOPEN result", result)
    for row in _OPEN_RESULTS:
        if row[0] == result:
            m.open_failed(s, row[1])
            return None
    # 27, "connect failed": soon, a refused handshake; late, nobody there
    refused = s.tls and result == 27 and m.open_took_ms(s) < _HANDSHAKE_MS
    m.open_failed(s, errors.CLOSED_TLS if refused else errors.CLOSED_TIMEOUT)
    return None


def on_casend(m, c):
    """`+CASEND: <cid>,<result>,<n>` of some firmwares, after the OK."""
    s = m.socket(c.int())
    result = c.int(0)
    n = c.int()
    if s is not None:
        m.sent_count(s, -1 if result else n)


def on_payload(m, c):
    """`+CARECV: <n>,` and n bytes: returns n."""
    n = c.int()
    if m.reading is not None and n > m.asked_bytes:
        m.engine.damage(m.now)
        return -1
    return n  # (of a read given up: counted and dropped)


def on_carecv(m, c):
    """`+CARECV: 0` when empty; rarely `+CARECV: <cid>,<n>` with the bytes on the next line."""
    if m.reading is None:
        return _NOT_MINE
    first = c.int()
    if c.more():
        n = c.int()
        if first != m.reading.cid or n < 0 or n > m.asked_bytes:
            return _FAIL
        if n:
            m.engine.expect(n)
    return None


def on_cadataind(m, c):
    """`+CADATAIND: <cid>`: data begins to wait."""
    s = m.socket(c.int())
    if s is not None:
        s.has_data(m.now)


def on_castate(m, c):
    """`+CASTATE: <cid>,<state>`: 0 closed, what was not read is lost."""
    s = m.socket(c.int())
    if s is not None and c.int() == 0:
        m.peer_closed(s)


def on_castate_answer(m, c):
    """The same as an answer: which connections the module has."""
    cid = c.int()
    s = m.socket(cid)
    if s is None:
        return
    m.facts.listed |= 128
    if c.int() == 1:
        m.facts.listed |= 1 << cid
    elif s.state == 2:  # socket.OPEN
        m.peer_closed(s)
