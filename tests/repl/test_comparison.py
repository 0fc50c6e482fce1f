"""The table that compares prompts names the tests that keep what it says of ours."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "prompts.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:30])
def test_each_cell_of_ours_is_tested(row):
    """Every promise has a test that exists."""
    cell = row.split("|")[-2]
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", cell)
    assert (True, []) == (bool(named), [each for each in named if each not in _tests()])


def _tests() -> set[tuple[str, str]]:
    return {
        (file.name, node.name)
        for file in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
