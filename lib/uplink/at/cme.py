"""Texts of `+CME ERROR` (3GPP TS 27.007, 9.2; TLS as one vendor has them), by number; both forms
are understood.
"""

from uplink.at import unpack

_PAIRS = b"\x80"  # in an image: what the bytes of packed texts stand for (firmware/rom/pack.py)
# A text without a number has the next one.
_TEXTS = (
    b"\n000 phone failure"
    b"\nno connection to phone"  # 1
    b"\nphone-adaptor link reserved"  # 2
    b"\noperation not allowed"  # 3
    b"\noperation not supported"  # 4
    b"\nPH-SIM PIN required"  # 5
    b"\nPH-FSIM PIN required"  # 6
    b"\nPH-FSIM PUK required"  # 7
    b"\n010 SIM not inserted"
    b"\nSIM PIN required"  # 11
    b"\nSIM PUK required"  # 12
    b"\nSIM failure"  # 13
    b"\nSIM busy"  # 14
    b"\nSIM wrong"  # 15
    b"\nincorrect password"  # 16
    b"\nSIM PIN2 required"  # 17
    b"\nSIM PUK2 required"  # 18
    b"\n020 memory full"
    b"\ninvalid index"  # 21
    b"\nnot found"  # 22
    b"\nmemory failure"  # 23
    b"\ntext string too long"  # 24
    b"\ninvalid characters in text string"  # 25
    b"\ndial string too long"  # 26
    b"\ninvalid characters in dial string"  # 27
    b"\n030 no network service"
    b"\nnetwork timeout"  # 31
    b"\nnetwork not allowed - emergency calls only"  # 32
    b"\n040 network personalization PIN required"
    b"\nnetwork personalization PUK required"  # 41
    b"\nnetwork subset personalization PIN required"  # 42
    b"\nnetwork subset personalization PUK required"  # 43
    b"\nservice provider personalization PIN required"  # 44
    b"\nservice provider personalization PUK required"  # 45
    b"\ncorporate personalization PIN required"  # 46
    b"\ncorporate personalization PUK required"  # 47
    b"\n050 incorrect parameters"
    b"\ncommand implemented but currently disabled"  # 51
    b"\ncommand aborted by user"  # 52
    b"\n100 unknown"
    b"\n103 illegal MS"
    b"\n106 illegal ME"
    b"\nGPRS services not allowed"  # 107
    b"\n111 PLMN not allowed"
    b"\nlocation area not allowed"  # 112
    b"\nroaming not allowed in this location area"  # 113
    b"\n132 service option not supported"
    b"\nrequested service option not subscribed"  # 133
    b"\nservice option temporarily out of order"  # 134
    b"\n148 unspecified GPRS error"
    b"\nPDP authentication failure"  # 149
    b"\ninvalid mobile class"  # 150
    b"\n830 SSL generic error"  # from here on Telit's (SSL/TLS guide, 12.2)
    b"\nSSL cannot activate"  # 831
    b"\nSSL socket error"  # 832
    b"\nSSL not connected"  # 833
    b"\nSSL already connected"  # 834
    b"\nSSL already activated"  # 835
    b"\nSSL not activated"  # 836
    b"\nSSL certs and keys wrong or not stored"  # 837
    b"\nSSL error enc/dec data"  # 838
    b"\nSSL error during handshake"  # 839
    b"\nSSL disconnected"  # 840
    b"\nSSL invalid state"  # 841
    b"\n"
)


def number(cursor):
    """The number of the error that the cursor stands before, as digits or as text; -1 unknown."""
    n = cursor.int()
    if n >= 0:
        return n
    buf = cursor.buf
    first = cursor.first
    i = -1  # where the text goes on in `buf`; -1: this one is another
    written = 0
    for c in _TEXTS:
        if c == 10:
            if i == cursor.last:
                return n
            n += 1
            written = 0
            i = first
        elif i == first and c < 58:
            if c == 32:
                n = written
            else:
                written = written * 10 + c - 48
        elif i >= 0:
            i = _behind(c, buf, i, cursor.last)
    return -1


def _behind(c, buf, i, last):
    """Where the text goes on behind `c` and what it stands for."""
    if c > 127:
        i = _behind(_PAIRS[2 * c - 256], buf, i, last)
        return _behind(_PAIRS[2 * c - 255], buf, i, last)
    # letters compare without case: firmwares differ in it
    return i + 1 if 0 <= i < last and not (buf[i] ^ c) & 0xDF else -1


def text(n):
    """The standard's text for an error number, or an empty one."""
    line = bytearray()
    k = at = 0
    while k <= n and at + 1 < len(_TEXTS):
        at += 1
        if _TEXTS[at] < 58:
            k = int(_TEXTS[at : at + 3])
            at += 4
        if k == n:
            unpack(line, _TEXTS, at, _PAIRS)
        at = _TEXTS.find(b"\n", at)
        k += 1
    return line
