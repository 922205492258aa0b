"""The vendors' documents, as the tests of `tools/suites` read them: texts extracted from PDFs."""

import re

import pytest

from tests_host.conftest import ROOT

# Beside the checkout; they are not ours to give away.
SEEDS = ROOT.parent / "shared" / "seeds"
TELIT = "004_9faa95816b16d575.txt"
QUECTEL = "003_23fa2b4766fd7f84.txt"


def text(name):
    path = SEEDS / name
    if not path.exists():
        pytest.skip(f"{path} is not there: nothing to compare with")
    return path.read_text()


def chapter(document, number, until):
    """What stands from the heading `number …` up to the heading `until …` (the last of each: the
    first is the table of contents).
    """
    begin = list(re.finditer(rf"(?m)^{re.escape(number)} ", document))[-1].start()
    end = list(re.finditer(rf"(?m)^{re.escape(until)} ", document))[-1].start()
    assert begin < end, (number, until)
    return document[begin:end]


def suites(table):
    """[(name, code in brackets, column of numbers, marks of the four versions), …]."""
    rows = []
    for line in table.split("\n"):
        if line.startswith("TLS_"):
            name, numbers, *marks = line.split("\t")
            name, code = re.fullmatch(r"(\w+)(?: \((0x\w{4})\))?", name).groups()
            assert len(marks) <= 4, line
            # a line that lost its last columns has lost empty ones
            marks += [""] * (4 - len(marks))
            rows.append((name, code, numbers.replace(" ", ""), "".join(m or "." for m in marks)))
    return rows


def columns(table):
    """The versions over the four columns: `TLS1.0` … (the head may be printed again)."""
    found = set()
    for line in table.split("\n"):
        if not line.startswith("TLS_"):
            versions = re.findall(r"\b(SSL|TLS) ?[vV](\d\.\d)(?=\t|$)", line)
            found.update([tuple(a + b for a, b in versions)] if len(versions) == 4 else [])
    (versions,) = found
    return versions


def syntax(section, command):
    """Parameters of each `AT#…=<…>` in a section: `SSId,cid[,…]`; a syntax may be on two lines."""
    pattern = rf"AT#{command}= ?(<[^`]*?)(?:\n\n|\n```)"
    return [re.sub(r"[<>\s]", "", found) for found in re.findall(pattern, section)]
