"""Which cipher suites `tls.level` lets a module offer, read in place from the vendor's text.

The text has three lists, for `modern`, `compatible` and `legacy`, each behind a `;`. A list is
what the vendor's command takes, in the order in which it is to be tried (or, of a module that
takes several, all together), each with a blank behind it; before the blank `r`: no forward
secrecy, `w`: weak suites are among them. An empty list: the module cannot. What a level admits
and where the lists come from is told in tools/suites/README.md.

`at` is where the first `;` is (of Telit: behind the characters of the platform's row). Nothing
here takes heap.
"""

from uplink import log

# Quectel M10, M66, M85, M95: AT+QSSLCFG="ciphersuite",<context>,"<one of these>".
QUECTEL = b";;0X003Dr 0X002Fr 0X0035r ;0XFFFFw "
# SIM7000: AT+CSSLCFG="ciphersuite",<context>,<0 to 7>,<one of these>: all of a list, then 0x0000
# in the places that are left.
SIM7000 = (
    b";0xC02F 0xC02B 0xC030 0xC02C "
    b";0xC02F 0xC02B 0xC030 0xC02C 0xC027 0xC023 0x009C 0x002F "
    b";0x0000w "
)


def place(text, at, level, n):
    """Where the n-th suite (from 0) for `level` stands; -1: there are not so many."""
    at += 1
    if level != "modern":
        at = text.find(b";", at) + 1
        if level != "compatible":
            at = text.find(b";", at) + 1
    while at < len(text) and text[at] != 59 and text[at] != 35:
        if n == 0:
            return at
        n -= 1
        at = text.find(b" ", at) + 1
    return -1


def put(text, at, level, n, line):
    """Append the n-th suite for `level` to a command line; False: there are not so many."""
    at = place(text, at, level, n)
    if at < 0:
        return False
    c = text[at]
    while c != 32 and c != 114 and c != 119:
        line.append(c)
        at += 1
        c = text[at]
    return True


def admits(text, at, level, n):
    """Whether the module has suites for `level`; said in the log if not, or if the n-th is weak.
    To be asked before each connection.
    """
    if place(text, at, level, 0) < 0:
        log.error("modem", "no cipher suite of this module is in tls.level", level)
        # (each module has one for legacy)
        other = "compatible"
        if place(text, at, other, 0) < 0:
            other = "legacy"
        log.error("modem", "this tls.level would work", other)
        return False
    at = place(text, at, level, n)
    if at >= 0:
        last = text[text.find(b" ", at) - 1]
        if last == 114:
            log.warn("modem", "TLS without forward secrecy")
        elif last == 119:
            log.warn("modem", "weak cipher suites allowed: tls.level", level)
    return True
