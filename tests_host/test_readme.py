"""README.md as its reader would use it: the Python compiles, and every command that it names
exists.
"""

import ast
import importlib.util
import json
import re
import subprocess

import pytest

from tests_host.conftest import ROOT

README = ROOT / "README.md"
PAGES = [README, ROOT / "tests_host" / "README.md", ROOT / "tools" / "setup" / "README.md"]
PAGES += [ROOT / "firmware" / "README.md"]


def blocks(text, language):
    """The code blocks of a Markdown text in `language`."""
    return re.findall(rf"(?ms)^[ ]*```{language}\n(.*?)^[ ]*```", text)


def commands(text):
    """Targets of make and modules of `python -m` that a Markdown text names in code."""
    code = "\n".join(re.findall(r"(?s)```.*?```|`[^`\n]+`", text))
    targets = set(re.findall(r"(?<![\w.-])make ((?:[A-Z_]+=\S+ )*)([a-z][\w.-]*)", code))
    modules = set(re.findall(r"python3? -m (tools(?:\.\w+)*)", code))
    return {target.rstrip(".") for _, target in targets}, modules


def targets():
    """What the Makefile can make."""
    return set(re.findall(r"(?m)^([a-z][\w.-]*):", (ROOT / "Makefile").read_text()))


def test_python_in_the_readme_compiles():
    found = blocks(README.read_text(), "python")
    assert found, "README.md shows no Python"
    for block in found:
        ast.parse(block)


def test_json_in_the_readme_is_json():
    for block in blocks(README.read_text(), "json"):
        json.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page):
    wanted, modules = commands(page.read_text())
    assert wanted <= targets(), f"no such make targets: {sorted(wanted - targets())}"
    lost = [name for name in modules if importlib.util.find_spec(name) is None]
    assert not lost, f"no such modules: {lost}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost, f"links to nothing: {lost}"


def test_the_main_commands_are_in_the_readme():
    wanted, _ = commands(README.read_text())
    assert {"demo", "test", "run"} <= wanted


def test_help_names_every_target():
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True).stdout
    assert {name for name in targets() if f"make {name}" not in shown} <= {"help"}


def test_the_checker_finds_what_is_not_there():
    text = (
        "`make nothing`, `make test ARGS=1`\n```sh\nmake JOBS=1 demo\npython3 -m tools.gone\n```"
    )
    assert commands(text) == ({"nothing", "test", "demo"}, {"tools.gone"})
    assert blocks("```python\nx = (\n```\n", "python") == ["x = (\n"]
