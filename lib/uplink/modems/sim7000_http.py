"""HTTP of the SIM7000: the texts.

Sources: SIM7000 series AT command manual V1.06, 9.2 (SH*); HTTP(S) application note; dialogues
captured from 1351B05 (SHREAD's OK comes before its bytes; `+SHSTATE: 0` where the server has
closed). TLS context 5 is used; sockets have 0 and 1. SHCONF and SHSSL save themselves, so they
are asked first and written only where they differ.
"""

from uplink.modems import sim7000
from uplink.modems.common import const

_FAIL = const(-1)  # of at.codes
_CLOSED_BY_PEER = const(1)  # of errors.CLOSED_
_REFUSED = const(4)
_UNABLE = const(19)  # of http.request
_UNSAID = const(21)
_EXT = const(1)  # of ModuleHTTP.told: it has SHBODEXT,
_TLS_SET = const(2)  # and SHSSL is what it should be
_PIECE = const(1024)  # bytes of a read; of more than 2048 it makes several answers
_HEADS = const(350)  # bytes of name and value of all header lines
_PATH = const(176)  # what a command line has room for (the module takes 512)

PROMPT = b">"
TAIL_OK = b"\r\nOK\r\n"
NOTHING = -1
URL_MAX = 64
BODY_MAX = 1024
AT_ONCE = False  # +SHREQ tells when the answer is there
LEAVES = True
DRAINS = True  # with bytes unread SHDISC can be refused
REASONS = ()

SCRIPTS = (
    b"\n#a"  # ask
    b"\n a4AT+SHDISC"  # an earlier life's
    b'\nt 2AT+CSSLCFG="sslversion",5,{v}'
    b'\nt 2AT+CSSLCFG="ignorertctime",5,{i}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,0,{0}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,1,{1}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,2,{2}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,3,{3}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,4,{4}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,5,{5}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,6,{6}'
    b'\nta2AT+CSSLCFG="ciphersuite",5,7,{7}'
    b'\nt 2AT+CSSLCFG="sni",5,"{s}"'
    b"\nta2AT+SHSSL?|Y"
    b'\nw 2AT+SHSSL=5,"{A}","{B}"'
    b'\n d2AT+SHCONF="URL","{U}"'
    b'\n e2AT+SHCONF="BODYLEN",1024'  # (1529B01 takes less)
    b'\n d2AT+SHCONF="HEADERLEN",350'
    b'\n e2AT+SHCONF="TIMEOUT",{L}'
    b"\n  8AT+SHCONN"
    b"\n  2AT+SHCHEAD"  # they add up
    b'\nm 2AT+SHAHEAD="Content-Type","{k}"'
    b'\nx 2AT+SHAHEAD="{N}","{V}"'
    b"\nOa2AT+SHBODEXT=?|X"
    b"\nBh4AT+SHBODEXT={n},10000|->"
    b"\nbh4AT+SHBOD={n},10000|->"
    b'\nG 4AT+SHREQ="{r}",1'
    b'\nO 4AT+SHREQ="{r}",3'
    b"\n#r"  # a piece of the answer; its bytes come behind OK, or before it
    b"\n p5AT+SHREAD={o},{q}|R"
    b"\n#e"  # put away
    b"\n a4AT+SHDISC"
    b"\n a2AT+SHSTATE?|S"
    b"\n#"
)


def when(s, condition):
    """G: get, O: post, B, b: with this command, m: of this kind, x: a header line, w: SHSSL is to
    be written; the others are sim7000's.
    """
    post = s.content is not None
    if condition == 71 or condition == 79:
        return post == (condition == 79)
    if condition == 66 or condition == 98:
        return post and bool(s.told & _EXT) == (condition == 66)
    if condition == 109:
        return post and len(s.mime) > 0
    if condition == 120:
        return len(s.header) > 0
    if condition == 119:
        return s.tls and not s.told & _TLS_SET
    return sim7000.when(s.core, condition)


def put(s, letter, line):
    """Variables of these texts; the others are sim7000's."""
    if letter == 85:  # U: the server
        line.extend(s.out)
        s.asked = True
    elif letter == 114:  # r: the path
        line.extend(s.path)
    elif letter == 107:  # k: the kind of what is posted
        line.extend(s.mime)
    elif letter == 110:  # n: and its bytes
        decimal(line, len(s.content))
    elif letter == 111:  # o: from which byte on
        decimal(line, s.place)
    elif letter == 113:  # q: how many
        decimal(line, next_read(s))
    elif letter == 76:  # L: s for the answer: 30 to 1800
        n = s.pause_ms // 1000
        decimal(line, 30 if n < 30 else n if n < 1800 else 1800)
    elif letter == 65:  # A: the CA
        line.extend(file(s, 0))
    elif letter == 66:  # B: our certificate
        line.extend(file(s, 1))
    elif letter == 86 or letter == 78:  # N, V: name and value of the header line
        header = s.header
        colon = header.find(b":")
        i = 0
        if letter == 86:
            i = colon + 1
            colon = len(header)
            while i < colon and header[i] == 32:
                i += 1
        while i < colon:
            line.append(header[i])
            i += 1
    else:
        return sim7000.put(s.core, letter, line)
    return True


def decimal(line, n):
    if n > 9:
        decimal(line, n // 10)
    line.append(48 + n % 10)


def file(s, which):
    """Name of the CA (0) or certificate (1) that SHSSL is told; b"": none.

    Without a CA the module believes any server: only where the configuration says so.
    """
    tls = s.cfg["tls"]
    there = tls["cert"] is not None if which else tls["verify"] != "none"
    return sim7000.FILES[which] if there else b""


def next_read(s):
    """Bytes of the next read."""
    n = s.size - s.place
    most = s.core.read_max  # (less on 1529B08)
    if most > _PIECE:
        most = _PIECE
    return n if n < most else most


def compose(s):
    """Put the server into `s.out`; True: the module cannot do what is asked."""
    url = s.out
    content = s.content
    heads = len(s.header)
    if content is not None:
        heads += len(s.mime) + 12
        if ends(content):
            return True
    if heads > _HEADS or len(s.host) + 14 > URL_MAX or len(s.path) > _PATH:
        return True
    url.extend(b"https://" if s.tls else b"http://")
    url.extend(s.host)
    if s.port != (443 if s.tls else 80):
        url.append(58)
        decimal(url, s.port)
    return False


def ends(content):
    """Whether it has what ends or breaks off the input behind the prompt (9.2.5)."""
    if hasattr(content, "find"):
        return content.find(b"\x1a") >= 0 or content.find(b"\x1b") >= 0
    for c in content:  # (a memoryview)
        if c == 26 or c == 27:
            return True
    return False


def posts(head):
    """Behind the prompt of this command goes what is posted."""
    return True


def empty(status):
    """No bytes announced: there are none."""
    return True


def why(s, result):
    """What an ERROR means, by its command (no reason is given); -1: what it always means."""
    if not 1 <= result <= 2:
        return -1
    head = s.script.head
    if head.startswith(b"AT+SHCONN"):
        return _UNSAID if s.tls else _REFUSED
    if head.startswith(b"AT+SHRE"):  # SHREQ, SHREAD
        return _CLOSED_BY_PEER
    return _UNABLE


def heard(s, c, what):
    """A line that a script of these awaits."""
    if what == 82:  # R `+SHREAD: <n>`, then n bytes
        n = c.int()
        engine = s.core.engine
        if 1 <= n <= next_read(s):
            engine.expect(n)
        else:
            engine.damage(s.core.now)
    elif what == 88:  # X `+SHBODEXT: (1-1024),(100-10000)`
        s.told |= _EXT
    elif what == 89:  # Y `+SHSSL: 5,"uplink-ca.crt",""`
        good = c.int() == 5
        for i in range(2):
            c.text()
            good = good and c.equals(file(s, i))
        if good:
            s.told |= _TLS_SET
    elif what == 83:  # S `+SHSTATE: 1`: it is still connected
        return _FAIL if c.int() == 1 else None
    return None
