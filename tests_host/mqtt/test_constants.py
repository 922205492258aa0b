"""Constants that files of lib/uplink/mqtt repeat, since `const` is free only in its own file."""

from tests_host.conftest import ROOT
from tests_host.test_tables import constants

FILES = sorted((ROOT / "lib/uplink/mqtt").glob("*.py"))


def test_a_name_has_one_value():
    values = {}
    for path in FILES:
        for name, value in constants(path).items():
            values.setdefault(name, set()).add(value)
    assert len(values["UP"]) == 1 and len(values["DONE"]) == 1
    assert {name: v for name, v in values.items() if len(v) > 1} == {}
