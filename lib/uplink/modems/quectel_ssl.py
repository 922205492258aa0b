"""What Quectel M10, M66, M85, M95 keep about TLS (AT+QSSLCFG), and text sends: the texts.

Source: GSM SSL TCP application note V3.1, 2.2.1, 2.2.4, 2.2.9.
"""

from uplink.modems import quectel
from uplink.modems.common import const

PROMPT = b">"
TEXT_MAX = 1459  # "less than 1460" (2.2.4)

# Each type of AT+QSSLCFG behind a blank: 1 where a context's number follows; then the highest
# value, `s` a name of a file, `c` cipher suites, `-` it can only be asked for.
TYPES = (
    b" ctxindex1- sslversion14 ciphersuite1c seclevel12 cacert1s clientcert1s clientkey1s"
    b" ignorertctime01 https01 httpsctxi05 smtpstyle02 smtpsctxi05 "
)

SCRIPTS = (
    b"\n#a"  # ask
    b'\n b2AT+QSSLCFG="{k}"{I}|q'
    b"\n#b"  # set
    b'\n  2AT+QSSLCFG="{k}"{I},{V}'
    b"\n#d"  # delete our certificates
    b'\n a2AT+QSECDEL="{A}"'
    b'\n a2AT+QSECDEL="{B}"'
    b'\n a2AT+QSECDEL="{K}"'
    b"\n#o"  # open a connection, by context 0 as it is
    b"\n a3AT+QSSLCLOSE={n}"
    b"\n a3AT+QICLOSE={n}"
    b'\n  3AT+QSSLOPEN={n},0,"{h}",{p},0{T}'
    b"\n#t"  # text up to Ctrl-Z, over a connection
    b"\nth6AT+QSSLSEND={n}|->"
    b"\nTh6AT+QISEND={n}|->"
    b"\n#"
)

_KIND = const(107)
_INDEX = const(73)
_VALUE = const(86)
_NUMBER = const(110)
_LIMIT = const(84)


def kind(name):
    """Where the letters of a type stand in TYPES; -1: there is none of that name."""
    at = TYPES.find(name)
    while at > 0:
        end = at + len(name)
        if TYPES[at - 1] == 32 and end + 2 < len(TYPES):
            if 48 <= TYPES[end] <= 49 and TYPES[end + 2] == 32:
                return end
        at = TYPES.find(name, at + 1)
    return -1


def when(s, condition):
    """t, T: the connection that a text goes over has TLS or not."""
    if condition == 116 or condition == 84:
        return s.tls == (condition == 116)
    return quectel.when(s.core, condition)


def put(s, letter, line):
    if letter == _KIND:
        line.extend(s.kind)
    elif letter == _INDEX:
        if s.index >= 0:
            line.append(44)
            line.append(48 + s.index)
    elif letter == _VALUE:
        line.extend(s.value)
    elif letter == _NUMBER:
        line.append(48 + s.socket.id)
    elif letter == _LIMIT:
        if s.limit_s is not None:
            line.append(44)
            line.append(48 + s.limit_s // 10)
            line.append(48 + s.limit_s % 10)
    else:
        return quectel.put(s.core, letter, line)
    return True


def heard(s, c, what):
    """q `+QSSLCFG: "<type>",<value>`, or all of a context: `+QSSLCFG: <ctxindex>,…`."""
    if s.kind != b"ctxindex":
        c.skip()
    c.rest()
    c.copy(s.value, 192)
    return None
