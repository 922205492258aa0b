"""What the firmware platforms of Telit modules can do in TLS: one row each, read in place.

Source: Telit SSL/TLS user guide, 1vv0300989 rev. 23 (6.2, 6.3, 6.5, 6.7, 7, 12.1). The rows come
out of `tools/suites`, which has all of the guide's tables, and are compared with it by a test.

A row: `#` and its platform (the number before the first dot of AT+CGMR; X behind it: the LE910Cx
that run ThreadX), `:`, seven characters, and the suites as `policy.py` reads them.

    TLS sockets; - the guide does not say: AT#SSLEN=? does
    f  #SSLSECCFG takes a fourth value, the certificates' format (0 DER, 1 PEM)
    what #SSLSECCFG2 takes: - no such command, v the version, n version and SNI,
        m version, SNI, two masks of CAs and the least version
    how many values #SSLCFG takes behind noCarrierMode: skipHostMismatch, equalizeTx, connTo,
        and one that is unused
    d  certificates in DER too; PEM always
    r  #SSLFASTD resumes a session (<ClosureType> 1 of #SSLD keeps it)
    c  #CPUMODE must raise the clock, or a large certificate takes too long
"""

from uplink.modems.common import const

# Places in a row, to be repeated where they are used.
_P_SOCKETS = const(0)
_P_FORMAT = const(1)
_P_SECOND = const(2)
_P_EXTRA = const(3)
_P_DER = const(4)
_P_RESUME = const(5)
_P_CLOCK = const(6)
_P_SUITES = const(7)

PLATFORMS = (
    b"#10#16:1--0-rc;;6r 4r 5r ;0w "
    b"#13:1--0-r-;;6r 4r 5r ;0w "
    b"#12:1fv0d--;;3r 5r ;0w "
    b"#20:-fv0d--;;3r 5r ;0w "
    b"#23:6fn0d--;;3r 5r ;0w "
    b"#25X:-fm4d--;0xC02F 0xC02B 0xC030 0xC02C 0xCCA8 0xCCA9 ;0xC02F 0xC02B 0 ;0 0xC02F 0xC02B "
    b"#25:-fv1d--;;9 10 6 7 3r 5r 2r 4r ;0w "
    b"#30:--n2---;;0 ;0 "
    b"#37:--m4d--;0xC02F 0xC02B 0xC030 0xC02C 0xCCA8 0xCCA9 ;0xC02F 0xC02B 0 ;0 0xC02F 0xC02B "
    b"#52:--m4d--;0xc02f 0xc02b 0xc030 0xc02c ;0 ;0 "
)


def find(buf, at, threadx=False):
    """Where in PLATFORMS the characters of a row begin, for a revision like `37.00.213` that
    stands in `buf` from `at`; -1 for a platform that the guide does not have. `threadx`: an
    LE910Cx runs ThreadX (the guide does not tell which do).
    """
    text = PLATFORMS
    row = text.find(b"#")
    while row >= 0:
        if text[row + 1] == buf[at] and text[row + 2] == buf[at + 1]:
            if text[row + 3] != 88 or threadx:
                return text.find(b":", row) + 1
        row = text.find(b"#", row + 1)
    return -1
