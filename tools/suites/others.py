"""The suites of the modules that are not Telit's, and their lists for the board.

Quectel: GSM SSL application note V3.1, table 2 and 2.2.1. The command takes one suite, or
"0XFFFF" for all. (Its "list of supported <ciphersuite>s" has no form in the note.)

SIM7000: `AT+CSSLCFG="ciphersuite",<context>,<index 0 to 7>,<code>`, AT command manual V1.06; all
eight are offered together. The board offers those of the module that are admitted, eight at most.
"""

from . import levels, tables

QUECTEL = tables.read("quectel")["2"]
# 2.2.1, <sslversion>; 4 is all of them.
QUECTEL_VERSIONS = {0: "SSL3.0", 1: "TLS1.0", 2: "TLS1.1", 3: "TLS1.2"}
# 2.2.7, bytes of a file; and the names in NVRAM, 2.2.1.
QUECTEL_SIZES = {"RAM": 32768, "NVRAM": 2025}
QUECTEL_NVRAM = {"CA": 2, "CC": 1, "CK": 1}

SIM7000 = """
    ECDHE_RSA_WITH_AES_128_GCM_SHA256 ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    ECDHE_RSA_WITH_AES_256_GCM_SHA384 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    ECDHE_RSA_WITH_AES_128_CBC_SHA256 ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    RSA_WITH_AES_128_GCM_SHA256 RSA_WITH_AES_128_CBC_SHA
""".split()
SIM7000_PLACES = 8


def quectel():
    """The three lists."""
    return levels.one_of(QUECTEL, "0XFFFF", lambda row: f"0X{tables.CODES[row.name]:04X}", True)


def sim7000():
    """The three lists, offered whole: forward secrecy is in each, so that no token has a mark.
    0x0000 is what an unused place has; eight of them leave it to the module.
    """
    codes = {name: f"0x{tables.CODES['TLS_' + name]:04X}" for name in SIM7000}
    found = []
    for level in ("modern", "compatible"):
        admitted = levels.ADMITTED[level]
        found.append([codes[name] for name in SIM7000 if tables.worth("TLS_" + name) in admitted])
    return (*found, ["0x0000w"])
