"""HTTP of Quectel M10, M66, M85, M95: the texts.

Sources: GSM HTTP application note (QHTTP*); GSM SSL TCP application note V3.1, 2.2.1 and 2.2.8
(https, httpsctxi). TLS context 5 is used: what sockets set in theirs is the same.
An answer is read as it is, without a count. Its status is told where the module has
`QHTTPCFG="responseheader"` alone; elsewhere it stays 0.
"""

from uplink.modems import quectel
from uplink.modems.common import const

_NOT_MINE = const(-2)

PROMPT = b"CONNECT"
TAIL_OK = b"\r\nOK\r\n"
AT_ONCE = True  # the result of the request says that the answer is there
LEAVES = False
ALONE = False
DRAINS = False
NOTHING = 3804
URL_MAX = 700
BODY_MAX = 102400
# +CME ERROR, and what it means for the user: of errors.CLOSED_, or http.request.
REASONS = (
    3801, 3, 3804, 1, 3807, 2, 3808, 2, 3810, 19, 3811, 19, 3813, 5, 3815, 6, 3818, 1, 3822, 9,
    3825, 8, 3829, 20,
)  # fmt: skip

SCRIPTS = (
    b"\n#a"  # ask
    b"\n  1AT+CMEE=1"  # the errors' numbers
    b'\nt 2AT+QSSLCFG="sslversion",5,{v}'
    b'\nt 2AT+QSSLCFG="ciphersuite",5,"{C}"'
    b'\nt 2AT+QSSLCFG="seclevel",5,{l}'
    b'\nv 2AT+QSSLCFG="cacert",5,"{A}"'
    b'\nc 2AT+QSSLCFG="clientcert",5,"{B}"'
    b'\nc 2AT+QSSLCFG="clientkey",5,"{K}"'
    b'\nt 2AT+QSSLCFG="ignorertctime",{i}'
    b'\nt 2AT+QSSLCFG="https",1'
    b'\nt 2AT+QSSLCFG="httpsctxi",5'
    b'\nTa2AT+QSSLCFG="https",0'
    b'\n a2AT+QHTTPCFG="responseheader",1'
    b'\n a2AT+QHTTPCFG="responseheader"|H'
    b"\n h6AT+QHTTPURL={U},20|-CONNECT"
    b"\nG 9AT+QHTTPGET={L}"
    b"\nOh9AT+QHTTPPOST={n},60,{L}|-CONNECT"
    b"\n#r"  # the answer
    b"\n  9AT+QHTTPREAD=60|C*"
    b"\n#"
)


def when(s, condition):
    """G: get, O: post; the others are quectel's."""
    if condition == 71 or condition == 79:
        return (s.content is None) == (condition == 71)
    return quectel.when(s.core, condition)


def put(s, letter, line):
    """Variables of these texts; the others are quectel's."""
    if letter == 85:  # U: bytes of the URL
        decimal(line, len(s.out))
    elif letter == 110:  # n: of what is posted
        decimal(line, len(s.content))
    elif letter == 76:  # L: s for the answer; the script has 150 for all of it
        n = s.pause_ms // 1000
        decimal(line, n if n < 140 else 140)
    else:
        return quectel.put(s.core, letter, line)
    return True


def decimal(line, n):
    if n > 9:
        decimal(line, n // 10)
    line.append(48 + n % 10)


def compose(s):
    """Put the URL into `s.out`; True: the module cannot do what is asked."""
    url = s.out
    if s.header or len(s.host) + len(s.path) + 14 > URL_MAX:
        return True
    url.extend(b"https://" if s.tls else b"http://")
    url.extend(s.host)
    if s.port != (443 if s.tls else 80):
        url.append(58)
        decimal(url, s.port)
    url.extend(s.path)
    return False


def posts(head):
    """Behind the prompt of this command goes what is posted; else the URL."""
    return head.startswith(b"AT+QHTTPPOST")


def empty(status):
    return False


def heard(s, c, what):
    """A line that a script of these awaits."""
    if what == 67:  # C `CONNECT`
        c.rest()
        if not c.equals(b"CONNECT"):
            return _NOT_MINE
        s.expect_raw(s.core.now)
    elif what == 72:  # H `+QHTTPCFG: "responseheader",1`
        c.skip()
        s.heads = c.int(0) == 1
    return None
