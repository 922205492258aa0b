"""firmware/rom/public.txt has what the READMEs of applications tell."""

import ast
import re
import sys

from tests_host.conftest import ROOT

LIB = ROOT / "lib" / "uplink"
# What these show as Python, an application may write.
PAGES = (
    ROOT / "README.md",
    LIB / "README.md",
    LIB / "app" / "README.md",
    LIB / "mqtt" / "README.md",
    LIB / "http" / "README.md",
    LIB / "services" / "README.md",
)
PUBLIC = ROOT / "firmware" / "rom" / "public.txt"
# Words of code that is not the application's.
NOT_OURS = set("c f i now table".split())


def defined():
    """Identifiers of lib/uplink that are no local names."""
    found = set()
    for path in LIB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found


def spans(page):
    """What stands in a page's sentences as code."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text(), flags=re.S))


def public():
    sys.path.insert(0, str(ROOT / "firmware" / "rom"))
    try:
        from short import Public
    finally:
        sys.path.pop(0)
    return Public(PUBLIC)


def test_what_applications_are_shown_keeps_its_name():
    words = set()
    for page in PAGES:
        for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
            words.update(re.findall(r"\b[A-Za-z]\w*", re.sub(r"#.*|\"[^\"]*\"", "", block)))
    assert len(words) > 50
    missing = (words & defined()) - public().names - public().arguments - NOT_OURS
    assert not missing, f"add to {PUBLIC.name}: {sorted(missing)}"


def test_what_services_have_beside_keeps_its_name():
    text = " ".join(spans(LIB / "services" / "README.md"))
    calls = set(re.findall(r"\b(?:ask|ftp|http|modem|mqtt|ssl|stream)\.(\w+)\(", text))
    constants = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", text))
    request = (LIB / "http" / "request.py").read_text()
    constants = {word for word in constants if f"\n{word} = " in request}
    assert {"certificates", "security"} <= calls and {"HELD", "UNABLE", "UNSAID"} <= constants
    missing = (calls | constants) - public().names
    assert not missing, f"add to {PUBLIC.name}: {sorted(missing)}"


def test_a_name_may_stay_where_its_module_is_frozen_alone():
    names = public()
    assert "security" in names.names
    names.keep({"uplink.services.mq": None})
    assert "security" in names.names
    names.keep({"uplink.modem.core": None})
    assert "security" not in names.names and "publish" in names.names


def test_arguments_that_are_shown_by_name_keep_it():
    shown = set()
    for page in PAGES:
        for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
            shown.update(re.findall(r"[(,] *(\w+)=(?!=)", block))
        for span in spans(page):
            shown.update(re.findall(r"(?:^|[(,] *)([a-z]\w*)=(?!=)", span))
    assert {"qos", "name", "prompt", "count", "limit_s"} <= shown
    assert shown <= public().arguments | NOT_OURS, shown - public().arguments
