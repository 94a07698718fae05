"""docs/reliability.md: each condition that it lists is held by a test that exists, and it says how many there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "::" in line
]
"""Of each condition: what it is, what happens, and the tests that hold it."""


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of the functions that a file of tests defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_page_says_how_many_conditions_it_lists() -> None:
    found = re.search(r"(\d+) conditions", PAGE)
    assert found is not None
    assert len(ROWS) == int(found[1])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_condition_is_held_by_a_test(row: list[str]) -> None:
    condition, outcome, tests = row
    assert condition
    assert outcome
    names = re.findall(r"`(\w[\w/]*)::(test_\w+)`", tests)
    assert names, tests
    for file, function in names:
        assert function in functions(ROOT / "tests" / f"{file}.py")
