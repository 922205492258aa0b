"""Transparent mode of Quectel M10, M66, M85, M95: the texts.

Source: GSM SSL TCP application note V3.1, 2.2.2 (`<connectmode>` 1). Number 5 and the one TLS
context. TLS alone: a plain one would need AT+QIMUX=0, which takes the other connections away.
"""

from uplink.modems import quectel
from uplink.modems.common import const

_NOT_MINE = const(-2)

COMMANDS = False
NUMBER = 5
ESCAPED = b"\r\nOK\r\n"
BACK = b"ATO\r"
# What is said where a connection ends in data mode, or with it everything.
ENDS = (
    b'\r\n+QSSLURC: "closed",5\r\n',
    b"\r\nCLOSED\r\n",
    b"\r\nNO CARRIER\r\n",
    b"\r\n+PDP DEACT\r\n",
    b"\r\nNORMAL POWER DOWN\r\n",
    b"\r\nRDY\r\n",
)

SCRIPTS = (
    b"\n#o"  # open
    b"\n a3AT+QSSLCLOSE={c}"
    b"\n a3AT+QICLOSE={c}"
    b'\n  2AT+QSSLCFG="sslversion",0,{v}'
    b'\n  2AT+QSSLCFG="ciphersuite",0,"{C}"'
    b'\n  2AT+QSSLCFG="seclevel",0,{l}'
    b'\nv 2AT+QSECREAD="{A}"|y'
    b'\nc 2AT+QSECREAD="{B}"|y'
    b'\nc 2AT+QSECREAD="{K}"|y'
    b'\nv 2AT+QSSLCFG="cacert",0,"{A}"'
    b'\nc 2AT+QSSLCFG="clientcert",0,"{B}"'
    b'\nc 2AT+QSSLCFG="clientkey",0,"{K}"'
    b'\n  2AT+QSSLCFG="ignorertctime",{i}'
    b'\n  3AT+QSSLOPEN={c},0,"{h}",{p},1,80'
    b"\n#x"  # close
    b"\n a4AT+QSSLCLOSE={c}"
    b"\n#"
)


def when(s, condition):
    return quectel.when(s.core, condition)


def put(s, letter, line):
    return quectel.put(s.core, letter, line)


def heard(s, c, what):
    """C: the line that ends the way into data mode; the others are quectel's."""
    if what != 67:
        return quectel.heard(s.core, c, what)
    c.rest()
    if c.equals(b"CONNECT"):
        s.connected(s.core.now)
    elif c.equals(b"NO CARRIER"):
        s.no_carrier(s.core.now)
    else:
        return _NOT_MINE
    return None
