"""Online and command mode of Telit's secure sockets, with session resumption: the texts.

Source: SSL/TLS user guide 1vv0300989 rev. 23 (6.7, 7). Secure socket 1 is used.
"""

from uplink.modems import telit
from uplink.modems.common import const
from uplink.modems.telit_urcs import decimal

_P_RESUME = const(5)  # of telit_platforms
_NOT_MINE = const(-2)  # of at.codes

PROMPT = b">"
COMMANDS = True  # it can be used in command mode, too: services/online_stream.py
REASONS = telit.REASONS
MOST = 1500  # bytes of a send,
READ_MOST = 1000  # and of a read
TEXT_END = b"\x1a"  # Ctrl-Z; in front of it backspace and escape have a meaning
NO_CARRIER = b"\r\nNO CARRIER\r\n"
OK = b"\r\nOK\r\n"
ENDS = (b"\r\nNO CARRIER\r\n", b"\r\nOK\r\n")  # both
ESCAPE = b"+++"

SCRIPTS = (
    b"\n#a"  # connect
    b"\n a2AT#SSLEN={c},1"  # (an error where it is enabled already)
    b"\n a3AT#SSLH={c}"
    b"\nXa1AT#CPUMODE=2"
    b"\n d2AT#SSLSECCFG={c},{C},{l}"
    b"\nSd2AT#SSLSECCFG2={c},{v}"
    b"\n d2AT#SSLCFG={c},1,300,{I},100,50,{R}{x}"
    b'\nO :AT#SSLD={c},{p},"{h}",{K},0|C*'
    b'\no :AT#SSLD={c},{p},"{h}",{K},1'
    b"\no 2AT#SSLS={c}|M"
    b"\n#f"  # … with the session that was kept
    b"\nO :AT#SSLFASTD={c},0|C*"
    b"\no :AT#SSLFASTD={c},1"
    b"\no 2AT#SSLS={c}|M"
    b"\n#o"  # online again
    b"\n  4AT#SSLO={c}|C*"
    b"\n#s"  # is it open?
    b"\n b2AT#SSLS={c}|M"
    b"\n#t"  # send text
    b"\n h6AT#SSLSEND={c}|->"
    b"\n#x"  # send what is counted
    b"\n h6AT#SSLSENDEXT={c},{n}|->"
    b"\n#r"  # read
    b"\n  5AT#SSLRECV={c},{m}|R"
    b"\n#c"  # close
    b"\n a3AT#SSLH={c}{k}"
    b"\n a2AT#SSLS={c}|M"
    b"\n#"
)


def resumes(core):
    """Whether the module can resume a session (#SSLFASTD)."""
    return telit.has(core, _P_RESUME) == 114


def when(s, condition):
    """O: online, o: command mode; the others are telit's."""
    if condition == 79 or condition == 111:
        return s.dials_online == (condition == 79)
    return telit.when(s.core, condition)


def put(s, letter, line):
    """Variables of these texts; the others are telit's."""
    if letter == 73:  # I: s without data until it closes by itself, online
        decimal(line, s.idle_s)
    elif letter == 82:  # R: how data is announced
        decimal(line, s.ring)
    elif letter == 75:  # K: the session is kept
        line.append(49 if s.keep else 48)
    elif letter == 107:  # k: … for good no more
        if s.keep and not s.kept:
            line.extend(b",0")
    elif letter == 110:  # n: bytes of a send
        decimal(line, s.chunk)
    elif letter == 109:  # m: of a read
        decimal(line, s.asks)
    else:
        return telit.put(s.core, letter, line)
    return True


def arrows(s):
    return -1


def heard(s, c, what):
    """A line that a script of these awaits."""
    if what == 67:  # C `CONNECT`: every byte behind it is data
        c.rest()
        if not c.equals(b"CONNECT"):
            return _NOT_MINE
        s.connected()
    elif what == 77:  # M `#SSLS: <SSId>,<state>[,<suite>]`
        if c.int() == 1:
            s.there = c.int(0) == 2
    elif what == 82:  # R `#SSLRECV: <n>`, on the next line n bytes
        n = c.int(0)
        s.got = n
        if 0 < n <= s.asks:
            s.core.engine.expect(n)
    return None
