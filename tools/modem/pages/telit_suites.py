"""Telit: the cipher suites of the guide's 12.1, and what OpenSSL calls them.

A table is a tuple of (what AT#SSLSECCFG takes for it, or None; name). With 0 a module proposes
all that have a number or are in `also`. RC4, DES, 3DES, SEED, static ECDH, SRP, DSS and the
export suites are in no OpenSSL of today: they are proposed by the module and never really done.
"""

import re

_GONE = ("RC4", "DES", "RC2", "SEED", "ECDH_", "SRP", "DSS", "EXPORT")

TWO_G = (
    (1, "TLS_RSA_WITH_RC4_128_MD5"),
    (2, "TLS_RSA_WITH_RC4_128_SHA"),
    (3, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (4, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (5, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (6, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
)
_FIVE = (
    (1, "TLS_RSA_WITH_RC4_128_MD5"),
    (2, "TLS_RSA_WITH_RC4_128_SHA"),
    (3, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (4, "TLS_RSA_WITH_NULL_SHA"),  # never with 0
    (5, "TLS_RSA_WITH_AES_256_CBC_SHA"),
)
_EIGHT = (
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
)
THREE_G = (*_FIVE, *((None, name) for name in _EIGHT))  # 12 and 20 have the same


def _combined(exchanges, ciphers):
    return tuple(f"TLS_{one}_WITH_{cipher}" for one in exchanges for cipher in ciphers)


_STRONG_12 = (
    *("AES_256_GCM_SHA384", "AES_128_GCM_SHA256", "AES_256_CBC_SHA", "AES_128_CBC_SHA"),
    *("3DES_EDE_CBC_SHA", "RC4_128_SHA"),
)
ID_23 = (
    *_FIVE,
    *(
        (None, name)
        for name in (
            *_combined(("ECDHE_RSA", "ECDHE_ECDSA", "ECDH_RSA", "ECDH_ECDSA"), _STRONG_12),
            *_combined(
                ("ECDHE_RSA", "ECDHE_ECDSA", "ECDH_RSA", "ECDH_ECDSA"),
                ("AES_256_CBC_SHA384", "AES_128_CBC_SHA256"),
            ),
            *_combined(
                ("SRP_SHA_DSS", "SRP_SHA_RSA"),
                ("AES_256_CBC_SHA", "3DES_EDE_CBC_SHA", "AES_128_CBC_SHA"),
            ),
            *_combined(
                ("DHE_RSA", "DHE_DSS"),
                (
                    *("AES_256_GCM_SHA384", "AES_256_CBC_SHA256", "AES_256_CBC_SHA"),
                    *("AES_128_GCM_SHA256", "AES_128_CBC_SHA256", "AES_128_CBC_SHA"),
                    *("CAMELLIA_256_CBC_SHA", "CAMELLIA_128_CBC_SHA", "SEED_CBC_SHA"),
                    *("3DES_EDE_CBC_SHA", "DES_CBC_SHA"),
                ),
            ),
            *_combined(
                ("RSA",),
                (
                    *("AES_256_GCM_SHA384", "AES_256_CBC_SHA256", "AES_128_GCM_SHA256"),
                    *("AES_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA", "CAMELLIA_128_CBC_SHA"),
                    *("SEED_CBC_SHA", "3DES_EDE_CBC_SHA", "DES_CBC_SHA"),
                ),
            ),
            "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
            "TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA",
            "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
            "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
            "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
        )
    ),
)
ID_25_LINUX = (
    (1, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (2, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (3, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (4, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (5, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (6, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (7, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (8, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (9, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (10, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
)
ID_30 = (
    (3, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (5, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (7, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (9, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (10, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (11, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (12, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (13, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
)
# code points: 37 and 25 ThreadX take them beside ID_30's numbers, 52 takes nothing else
CODES = {
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
    0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xC0A0: "TLS_RSA_WITH_AES_128_CCM_8",
    0xC0A1: "TLS_RSA_WITH_AES_256_CCM_8",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
_STATIC_ECDH = {
    0xC004: "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA",
    0xC005: "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA",
    0xC00E: "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA",
    0xC00F: "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA",
    0xC025: "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC026: "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC029: "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256",
    0xC02A: "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384",
    0xC02D: "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02E: "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC031: "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256",
    0xC032: "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384",
}
CODES_13 = (0x1301, 0x1302, 0x1303)  # TLS 1.3: they can be named, the version decides
ID_37 = ID_30
ID_52 = tuple(
    (code, name)
    for code, name in sorted({**CODES, **_STATIC_ECDH}.items())
    if not 0xCCA8 <= code <= 0xCCAA
)


def openssl_name(name):
    """What OpenSSL calls a suite; "" for one that is never really done."""
    if any(word in name for word in _GONE) and "ECDHE" not in name:
        return ""
    if "3DES" in name or "RC4" in name:
        return ""
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    cipher = re.sub(r"^(AES|CAMELLIA)_(\d+)", r"\1\2", cipher)
    cipher = cipher.replace("_CBC", "").replace("CCM_8", "CCM8")
    cipher = cipher.replace("POLY1305_SHA256", "POLY1305").replace("_", "-")
    return cipher if exchange == "RSA" else exchange.replace("_", "-") + "-" + cipher


def elliptic(suites):
    """Whether a table has suites for elliptic-curve certificates."""
    return any("ECDSA" in name for _, name in suites)
