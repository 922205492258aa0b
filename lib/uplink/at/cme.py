"""Texts of `+CME ERROR` (3GPP TS 27.007, 9.2), by number; both forms are understood."""

# fmt: off
_TEXTS = (
    b"\n0 phone failure\n1 no connection to phone\n2 phone-adaptor link reserved"
    b"\n3 operation not allowed\n4 operation not supported\n5 PH-SIM PIN required"
    b"\n6 PH-FSIM PIN required\n7 PH-FSIM PUK required\n10 SIM not inserted"
    b"\n11 SIM PIN required\n12 SIM PUK required\n13 SIM failure\n14 SIM busy\n15 SIM wrong"
    b"\n16 incorrect password\n17 SIM PIN2 required\n18 SIM PUK2 required\n20 memory full"
    b"\n21 invalid index\n22 not found\n23 memory failure\n24 text string too long"
    b"\n25 invalid characters in text string\n26 dial string too long"
    b"\n27 invalid characters in dial string\n30 no network service\n31 network timeout"
    b"\n32 network not allowed - emergency calls only"
    b"\n40 network personalization PIN required\n41 network personalization PUK required"
    b"\n42 network subset personalization PIN required"
    b"\n43 network subset personalization PUK required"
    b"\n44 service provider personalization PIN required"
    b"\n45 service provider personalization PUK required"
    b"\n46 corporate personalization PIN required\n47 corporate personalization PUK required"
    b"\n50 incorrect parameters\n51 command implemented but currently disabled"
    b"\n52 command aborted by user\n100 unknown\n103 illegal MS\n106 illegal ME"
    b"\n107 GPRS services not allowed\n111 PLMN not allowed\n112 location area not allowed"
    b"\n113 roaming not allowed in this location area\n132 service option not supported"
    b"\n133 requested service option not subscribed"
    b"\n134 service option temporarily out of order\n148 unspecified GPRS error"
    b"\n149 PDP authentication failure\n150 invalid mobile class\n"
)
# fmt: on


def number(cursor):
    """The number of the error that the cursor stands before, as digits or as text; -1 unknown."""
    n = cursor.int()
    if n >= 0:
        return n
    buf = cursor.buf
    k = 0
    i = -1  # where the text goes on in `buf`; -1: this one is another
    for c in _TEXTS:
        if c == 10:
            if i == cursor.last:
                return k
            k = 0
            i = -2
        elif i == -2:
            if c == 32:
                i = cursor.first
            else:
                k = k * 10 + c - 48
        elif i >= 0:
            # letters compare without case: firmwares differ in it
            i = i + 1 if i < cursor.last and not (buf[i] ^ c) & 0xDF else -1
    return -1


def text(n):
    """The standard's text for an error number, or an empty one."""
    i = _TEXTS.find(b"\n%d " % n)
    return b"" if i < 0 else _TEXTS[_TEXTS.find(b" ", i) + 1 : _TEXTS.find(b"\n", i + 1)]
