"""FTP of Telit modules: the texts.

Sources: IP Easy user guide, FTP; SSL/TLS user guide 1vv0300989 rev. 23 (4.2, 9: TLS by AUTH TLS on
both connections). Passive mode alone: behind an operator's NAT no server gets through. #FTPCFG
saves itself, and holds TLS while it says so: it is put back after each file.
"""

from uplink.modems import telit
from uplink.modems.common import const
from uplink.modems.telit_urcs import decimal, meets

_NOT_MINE = const(-2)  # of at.codes
_PIECE = const(1000)  # bytes of a read

PROMPT = b">"
TAIL_OK = b"\r\nNO CARRIER\r\n"  # what a file ends with online
OK = b"\r\nOK\r\n"
ESCAPE = b"+++"
AT_ONCE = True
LEAVES = True
ALONE = True  # what protocol has TLS, has all of it
DRAINS = False
NOTHING = 0
URL_MAX = 64  # of the server that the module's HTTP is set to
BODY_MAX = 0
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
    b"\nta3AT#HTTPCFG?|H"  # nor HTTP, which an earlier life may have left so
    b'\nH 3AT#HTTPCFG=0,"{H}",{P},0,,,0,120,1'
    b"\n  3AT#FTPCFG=500,1,{T}"  # (the server's own address: what it says may be inside its net)
    b'\n  :AT#FTPOPEN="{h}:{p}","{U}","{W}",1'
    b"\n  6AT#FTPTYPE=0"
    b'\n a6AT#FTPFSIZE="{F}"|S'
    b'\no :AT#FTPGETPKT="{F}"'
    b'\nO :AT#FTPGET="{F}"|C*'  # (its answer comes when the file has ended)
    b"\n#r"  # a piece
    b"\n  6AT#FTPRECV=1000|R"
    b"\n  2AT#FTPGETPKT?|E"
    b"\n#e"  # put away
    b"\n a6AT#FTPCLOSE"
    b"\n d3AT#FTPCFG=500,1,0"
    b"\n#"
)


def when(s, condition):
    """O: online, o: in pieces; the others are telit's."""
    if condition == 79 or condition == 111:
        return s.online == (condition == 79)
    return meets(s, condition)


def put(s, letter, line):
    """Variables of these texts; the others are telit's."""
    if letter == 70:  # F: the file
        line.extend(s.file)
    elif letter == 85:  # U, W: who we are
        line.extend(s.user)
    elif letter == 87:
        line.extend(s.password)
    elif letter == 84:  # T: TLS
        line.append(49 if s.tls else 48)
    elif letter == 72:  # H, P: the server of the module's HTTP
        line.extend(s.out)
    elif letter == 80:
        decimal(line, s.other_port)
    else:
        return telit.put(s.core, letter, line)
    return True


def compose(s):
    return False


def posts(head):
    return False


def arrows(s):
    return -1


def heard(s, c, what):
    """A line that a script of these awaits."""
    if what == 67:  # C `CONNECT`: the file follows
        c.rest()
        if not c.equals(b"CONNECT"):
            return _NOT_MINE
        s.connected()
    elif what == 72:  # H `#HTTPCFG: <profile>,<server>,<port>,<auth>,<user>,<1: it holds TLS>,…`
        if c.int() == 0:
            c.text()
            c.copy(s.out, URL_MAX)
            s.other_port = c.int(80)
            c.skip(2)
            s.told = c.int(0)
    elif what == 83:  # S `#FTPFSIZE: <bytes>`
        s.announced = c.int(-1)
    elif what == 82:  # R `#FTPRECV: <n>`, on the next line n bytes
        n = c.int(0)
        s.piece = n
        if 0 < n <= _PIECE:
            s.core.engine.expect(n)
    elif what == 69:  # E `#FTPGETPKT: <file>,<view>,<1: all of it has come>`
        c.rest()
        s.all_there = c.buf[c.last - 1] == 49
    return None
