"""The table of statements is complete, and names tests that exist."""

import ast

import pytest

from tests_host.conftest import ROOT

from . import conformance


def statements():
    return {f"{s}-{k}" for s, n in conformance.COUNTS.items() for k in range(1, n + 1)}


def test_each_statement_is_in_the_table_once():
    server = {f"{s}-{k}" for s, numbers in conformance.SERVER.items() for k in numbers}
    client = set(conformance.CLIENT)
    assert not client & server
    assert sorted(statements() - client - server) == []
    assert sorted((client | server) - statements()) == []


@pytest.mark.parametrize("statement", sorted(conformance.CLIENT))
def test_its_tests_exist(statement):
    assert conformance.CLIENT[statement]
    for name in conformance.CLIENT[statement]:
        file, test = name.split("::")
        tree = ast.parse((ROOT / "tests_host" / file).read_text())
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in found, name
