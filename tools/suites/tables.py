"""Cipher suites: their IANA codes, what they are worth, and the tables of the vendors.

Worth is a letter, as the Telit SSL/TLS guide (chapter 11) and NIST SP 800-52r2 (3.3.1, appendix D
for RSA key transport) rank them:

    A  forward secrecy and authenticated encryption (GCM, ChaCha20-Poly1305)
    B  forward secrecy, AES in CBC mode
    C  no forward secrecy (RSA or static ECDH key exchange), authenticated encryption
    D  no forward secrecy, AES in CBC mode
    E  weak or not recommended by either: RC4, 3DES, SEED, Camellia, SRP
    F  no protection: NULL, DES, 40-bit export
"""

from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).parent

# `number`: what the command takes for this suite alone ("" or "-": none is told); `all`: it is
# among those that the module proposes by itself; `versions`: {"TLS1.2": "*"} (or "+", see there).
Row = namedtuple("Row", "name number all versions")

# IANA's registry "TLS Cipher Suites": code → name.
IANA = {
    int(code, 16): name
    for code, name in (line.split() for line in (HERE / "iana.txt").read_text().splitlines())
}
CODES = {name: code for code, name in IANA.items()}


def read(name):
    """{table: [Row, …]} of a file here."""
    tables = {}
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        if line.startswith("["):
            table, _, versions = line[1:].partition("] ")
            rows = tables[table] = []
        elif line and not line.startswith("#"):
            suite, numbers, marks = line.split()
            first, _, alone = numbers.partition(",")
            in_all = int(first, 16) in (0, 0xFFFF) if first != "-" else False
            given = zip(versions.split(), marks, strict=True)
            rows.append(
                Row(
                    "TLS_" + suite,
                    alone if in_all else first,
                    in_all,
                    {version: mark for version, mark in given if mark != "."},
                )
            )
    return tables


def worth(name):
    """The letter of a suite."""
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    if not cipher:
        return "A" if "SHA" in exchange else "E"  # TLS 1.3 has no other; a signal, no suite
    if "EXPORT" in exchange or cipher.startswith(("NULL", "DES_", "DES40")):
        return "F"
    if exchange.startswith("SRP") or not cipher.startswith(("AES", "CHACHA20")):
        return "E"
    if cipher.endswith("CCM_8"):  # a tag of 8 bytes: NIST puts it behind the others
        return "D"
    secrecy = exchange.startswith(("ECDHE_", "DHE_"))
    authenticated = "GCM" in cipher or "POLY1305" in cipher
    return ("B", "A")[authenticated] if secrecy else ("D", "C")[authenticated]


def order(row):
    """The key by which suites are tried: what is worth more and what more servers have, first."""
    exchange, _, cipher = row.name.removeprefix("TLS_").partition("_WITH_")
    return (
        worth(row.name),
        exchange.startswith("DHE"),
        cipher.endswith("_SHA"),  # these are of TLS 1.0 too
        "CHACHA20" in cipher,
        "256_" in cipher,
        "ECDSA" in exchange,  # most servers' keys are RSA
        row.name,
    )
