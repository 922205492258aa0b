"""The drawing in the README of `modem` is what `python -m tools.diagram mermaid` prints."""

import re

from tests_host.conftest import ROOT
from tools.diagram.__main__ import mermaid


def test_readme_shows_the_diagram_of_the_tables():
    text = (ROOT / "lib" / "uplink" / "modem" / "README.md").read_text()
    shown = re.search(r"```mermaid\n(.*?)\n```", text, re.DOTALL).group(1)
    assert shown == mermaid(), "put the output of `python -m tools.diagram mermaid` there"
