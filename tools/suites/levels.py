"""The levels of `tls.level`: which suites each admits, and the lists that the board has of them.

    modern      TLS 1.2, worth A alone: forward secrecy and authenticated encryption
    compatible  TLS 1.2, worth A to D: what NIST SP 800-52r2 still admits
    legacy      what the module proposes by itself, down to TLS 1.0

A level admits what the module may *offer*, not what a good server would choose of it: a module
whose own list has RC4 in it is told a single suite instead. Where the command takes one suite (or
all), the lists have them in the order in which they are tried.
"""

from . import tables

ADMITTED = {"modern": "A", "compatible": "ABCD"}
LEVELS = ("modern", "compatible", "legacy")


def best(rows):
    """Those worth A, with ECDHE where there is any: SP 800-52r2 has it before DHE."""
    found = sorted((row for row in rows if tables.worth(row.name) == "A"), key=tables.order)
    return [row for row in found if "_ECDHE_" in row.name] or found


def one_of(rows, everything, token, version):
    """The lists of a module whose command takes one suite, or `everything` for its own list.

    `token(row)` is what the command takes for a row, None where it takes none; `version`: a
    command tells the TLS version. Where there is none, only suites that no older TLS has make sure
    of 1.2. Answers three lists of tokens; behind a token: r no forward secrecy, w weak.
    """
    usable = [row for row in rows if row.versions.get("TLS1.2") == "*"]
    if not version:
        usable = [row for row in usable if list(row.versions) == ["TLS1.2"]]
    alone = [row for row in usable if token(row)]
    modern = best(alone)
    admitted = [row for row in alone if tables.worth(row.name) in ADMITTED["compatible"]]
    proposed = [row for row in rows if row.all]
    worths = {tables.worth(row.name) for row in proposed}
    all_admitted = version and worths and worths <= set(ADMITTED["compatible"])
    if not all_admitted:
        compatible = [mark(row, token) for row in sorted(admitted, key=tables.order)]
    elif "A" in worths:
        compatible = [everything]
    else:
        compatible = [mark(row, token) for row in modern[:2]] + [everything]
    # (what is of TLS 1.2 alone comes last: `legacy` may be for an older server)
    legacy = [everything] + compatible[:-1] if all_admitted else [everything + "w"]
    return [mark(row, token) for row in modern], compatible, legacy


def mark(row, token):
    return token(row) + ("r" if tables.worth(row.name) in "CD" else "")


def text(lists):
    """The lists as the board has them."""
    return ";" + ";".join("".join(f"{token} " for token in tokens) for tokens in lists)
