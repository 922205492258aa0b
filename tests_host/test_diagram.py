"""The drawing in the README of `modem` is what `python -m tools.diagram mermaid` prints."""

import re

from tests_host.conftest import ROOT
from tools.diagram.__main__ import ROWS, grouped, mermaid, name, text


def test_readme_shows_the_diagram_of_the_tables():
    text = (ROOT / "lib" / "uplink" / "modem" / "README.md").read_text()
    shown = re.search(r"```mermaid\n(.*?)\n```", text, re.DOTALL).group(1)
    assert shown == mermaid(), "put the output of `python -m tools.diagram mermaid` there"


def test_the_comments_beside_the_rows_say_what_the_rows_say():
    source = (ROOT / "lib" / "uplink" / "modem" / "states.py").read_text()
    lines = re.findall(r'^    b"([^"]+)"  # (.*)$', source, re.MULTILINE)
    assert "".join(letters for letters, _ in lines).encode() == b"".join(ROWS)
    for letters, comment in lines:
        rows = [letters[i : i + 3].encode() for i in range(0, len(letters), 3)]
        assert len({row[0] for row in rows}) == 1, letters
        arrows = [f"{', '.join(e)} → {name(to)}" for (_, to), e in grouped(rows).items()]
        assert comment == f"{name(rows[0][0])}: {'; '.join(arrows)}", letters


def test_text_shows_every_state_and_rung():
    shown = text()
    for word in ("halt-pulse", "any other state", "power: 2 times, after 1 s", "wait: once"):
        assert word in shown, word
