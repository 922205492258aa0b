"""HTTP of Telit modules: the texts.

Sources: IP Easy user guide, HTTP; SSL/TLS user guide 1vv0300989 rev. 23 (4.2: who may use TLS);
AT commands reference guides. Profile 0 is used. #HTTPCFG saves itself, and holds TLS while
it says so: it is put back after each request.
"""

from uplink.modems import telit
from uplink.modems.common import const
from uplink.modems.telit_urcs import decimal, meets

_PIECE = const(1000)  # bytes of a read: 64 to 1500

PROMPT = b">"
TAIL_OK = b"\r\n\r\nOK\r\n"
NOTHING = 3  # +CME ERROR of a read: there is nothing (more)
URL_MAX = 0
BODY_MAX = 65535
AT_ONCE = False  # #HTTPRING tells when the answer is there
LEAVES = True
ALONE = True  # what protocol has TLS, has all of it
DRAINS = True  # an answer has to be read before anything else can be asked
REASONS = telit.REASONS

SCRIPTS = (
    b"\n#a"  # ask
    b"\nta2AT#SSLEN=1,1"
    b"\ntd2AT#SSLSECCFG=1,{C},{l}"
    b"\nMd2AT#SSLCFG=1,1,300,90,100,50,1{x}"
    b"\nSd2AT#SSLSECCFG2=1,{v}"
    b"\nta2AT#SSLEN=1,0"  # sockets hold it no more
    b"\n2a2AT#SSLEN=2,0"
    b"\n3a2AT#SSLEN=3,0"
    b"\n4a2AT#SSLEN=4,0"
    b"\n5a2AT#SSLEN=5,0"
    b"\n6a2AT#SSLEN=6,0"
    b"\nta3AT#FTPCFG?|F"  # nor FTP, which an earlier life may have left so
    b"\nH 3AT#FTPCFG=500,1,0"
    b'\n  3AT#HTTPCFG=0,"{h}",{p},0,,,{T},{L},1'
    b'\nG :AT#HTTPQRY=0,0,"{r}"{x}'
    b'\nOh:AT#HTTPSND=0,0,"{r}",{n},"{k}"{x}|->'
    b"\n#r"  # a piece of the answer
    b"\n  7AT#HTTPRCV=0{m}"
    b"\n#e"  # put away
    b'\n d3AT#HTTPCFG=0,"",80'
    b"\n#"
)


def when(s, condition):
    """G: get, O: post; the others are telit's."""
    if condition == 71 or condition == 79:
        return (s.content is None) == (condition == 71)
    return meets(s, condition)


def put(s, letter, line):
    """Variables of these texts; the others are telit's."""
    if letter == 114:  # r: the path
        line.extend(s.path)
    elif letter == 120:  # x: a header line
        if s.header:
            line.extend(b',"')
            line.extend(s.header)
            line.append(34)
    elif letter == 107:  # k: the kind of what is posted
        line.extend(s.mime)
    elif letter == 110:  # n: and its bytes
        decimal(line, len(s.content))
    elif letter == 84:  # T: TLS
        line.append(49 if s.tls else 48)
    elif letter == 76:  # L: s for the answer
        decimal(line, s.pause_ms // 1000)
    elif letter == 109:  # m: at most so many; all of it, where that is no more, or not known
        if s.announced - s.count > _PIECE and not s.draining:
            line.append(44)
            decimal(line, _PIECE)
    else:
        return telit.put(s.core, letter, line)
    return True


def posts(head):
    """Behind the prompt of this command goes what is posted."""
    return True


def empty(status):
    """There is no body: by its status. (No length: there may be one.)"""
    return status == 204 or status == 304


def compose(s):
    """What goes out behind a prompt, besides what is posted: nothing."""
    return not 0 < s.pause_ms <= 65_535_000


def arrows(s):
    """`<<<`: so many bytes follow directly; 0: nobody says how many."""
    if s.announced <= 0 or s.draining:
        return 0
    left = s.announced - s.count
    return left if left < _PIECE else _PIECE


def heard(s, c, what):
    """F `#FTPCFG: <100 ms>,<IPPIgnoring>,<1: it holds TLS>`."""
    c.skip(2)
    s.told = c.int(0)
    return None
