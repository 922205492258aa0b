"""The platforms of the Telit SSL/TLS user guide, 1vv0300989 rev. 23 (2024-09-19).

A platform is told by the number before the first dot of the firmware's revision (AT+CGMR); which
LE910Cx runs Linux and which ThreadX is not in the guide.
"""

from collections import namedtuple

from . import levels, tables

# id; "2G", "3G" or "4G"; products (table 1); table of suites in chapter 12.1; TLS sockets (None:
# the guide says to ask AT#SSLEN=?); the parameters of #SSLSECCFG, #SSLSECCFG2 (None: no such
# command) and #SSLCFG as in 6.2, 6.3 and 6.7; ranges that the guide tells, {command:
# {parameter: (lowest, highest)}}; formats of certificates (6.5); #SSLFASTD resumes a session
# (table 3); #CPUMODE must raise the clock for large certificates (7); certificates may lie in RAM
# (6.5). The largest size of a certificate is in no chapter: AT#SSLSECDATA=? tells it (6.5).
Platform = namedtuple(
    "Platform",
    "id technology products suites sockets sslseccfg sslseccfg2 sslcfg ranges formats "
    "resumption cpu_mode ram",
)

_SECCFG = "SSId,CipherSuite,auth_mode"
_FORMAT = "[,cert_format]"
_VERSION = "SSId,version[,unused_A[,unused_B[,unused_C[,unused_D]]]]"
_SNI = "SSId,version[,SNI[,unused_A[,unused_B[,unused_C]]]]"
_CA = "SSId,version,SNI[,customCA[,PreloadedCA[,MinVersion]]]"
_CFG = "SSId,cid,pktSz,maxTo,defTo,txTo[,sslSRingMode[,noCarrierMode%s]]"
_SKIP = _CFG % "[,skipHostMismatch]"
_EQUALIZE = _CFG % "[,skipHostMismatch[,equalizeTx]]"
_CONNECT = _CFG % "[,skipHostMismatch[,equalizeTx[,connTo[,Unused1]]]]"
_PEM = ("PEM",)
_BOTH = ("PEM", "DER")


def _ranges(suites, **sslcfg):
    found = {"SSLSECCFG": {"auth_mode": (0, 2)}}
    if suites:
        found["SSLSECCFG"]["CipherSuite"] = (0, suites)
    if sslcfg:
        found["SSLCFG"] = sslcfg
    return found


# What AT#SSLCFG=? answers in 6.8.1 (HE910) and 6.8.2 (LE866-SV1); the ninth range there, (0), is
# of no parameter that 6.7 names.
_HE910 = {
    "SSId": (1, 1),
    "cid": (1, 1),
    "pktSz": (0, 1500),
    "maxTo": (0, 65535),
    "defTo": (10, 5000),
    "txTo": (0, 255),
    "sslSRingMode": (0, 2),
    "noCarrierMode": (0, 0),
}
_LE866 = {**_HE910, "SSId": (1, 6), "cid": (1, 5)}
_2G = _ranges(6)
_CFG = _CFG % ""

# fmt: off
PLATFORMS = [
    Platform("10", "2G", "GL865 SERIES, GE865-QUAD, GE864 V2 SERIES, GL868-DUAL",
             "12.1.1", 1, _SECCFG, None, _CFG, _2G, _PEM, True, True, False),
    Platform("13", "2G", "GE910 SERIES",
             "12.1.1", 1, _SECCFG, None, _CFG, _2G, _PEM, True, False, False),
    Platform("16", "2G", "GE910-QUAD-V3, GE866-QUAD, GL865 V3 SERIES, GL868-DUAL V3",
             "12.1.1", 1, _SECCFG, None, _CFG, _2G, _PEM, True, True, False),
    Platform("12", "3G", "HE910 SERIES, UE910 SERIES, UL865 SERIES, UE866 SERIES",
             "12.1.2", 1, _SECCFG + _FORMAT, _VERSION, _CFG, _ranges(5, **_HE910), _BOTH,
             False, False, False),
    Platform("20", "4G", "LE910 Cat1 SERIES, LE910 V2 SERIES",
             "12.1.3", None, _SECCFG + _FORMAT, _VERSION, _CFG, _ranges(5), _BOTH,
             False, False, False),
    Platform("23", "4G", "LE866 SERIES, ME866A1 SERIES",
             "12.1.4", 6, _SECCFG + _FORMAT, _SNI, _CFG, _ranges(5, **_LE866), _BOTH,
             False, False, True),
    Platform("25 Linux", "4G", "LE910Cx SERIES",
             "12.1.5", None, _SECCFG + _FORMAT, _VERSION, _SKIP, _ranges(10), _BOTH,
             False, False, False),
    Platform("25 ThreadX", "4G", "LE910Cx SERIES",
             "12.1.7", None, _SECCFG + _FORMAT, _CA, _CONNECT, _ranges(8), _BOTH,
             False, False, False),
    Platform("30", "4G", "ME910C1 SERIES, ML865C1 SERIES",
             "12.1.6", None, _SECCFG, _SNI, _EQUALIZE, _ranges(0), _PEM, False, False, False),
    Platform("37", "4G", "ME310G1 SERIES, ME910G1 SERIES, ML865G1 SERIES",
             "12.1.7", None, _SECCFG, _CA, _CONNECT, _ranges(0), _BOTH, False, False, False),
    Platform("52", "4G", "ELS63 SERIES, LE910Q1 SERIES",
             "12.1.8", None, _SECCFG, _CA, _CONNECT, _ranges(0), _BOTH, False, False, False),
]
# fmt: on
SUITES = tables.read("telit")
# Platforms whose rows on the board are the same.
TOGETHER = (("10", "16"), ("12", "20"), ("25 ThreadX", "37"))


def token(platform):
    """What #SSLSECCFG takes for a row of this platform's table, see `levels.one_of`."""

    def of(row):
        if platform.suites == "12.1.7":
            # 6.2.4 numbers the eight suites 1 to 8, and table 12.1.7 3 to 13: the code is certain.
            return f"0x{tables.CODES[row.name]:04X}"
        return row.number.strip("-")

    return of


def lists(platform):
    """The three lists of a platform."""
    rows = SUITES[platform.suites]
    return levels.one_of(rows, "0", token(platform), platform.sslseccfg2 is not None)


def head(platform):
    """The eight characters before the lists, see telit_platforms.py."""
    second = {None: "-", _VERSION: "v", _SNI: "n", _CA: "m"}[platform.sslseccfg2]
    return "".join(
        (
            str(platform.sockets or "-"),
            "-f"[platform.sslseccfg.endswith(_FORMAT)],
            second,
            str((_CFG, _SKIP, _EQUALIZE, "", _CONNECT).index(platform.sslcfg)),
            "-d"["DER" in platform.formats],
            "-r"[platform.resumption],
            "-c"[platform.cpu_mode],
        )
    )
