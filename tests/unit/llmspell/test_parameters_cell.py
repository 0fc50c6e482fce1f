"""The parameters of a cell, as papermill lists them."""

import pytest

from llmspell.parameters_cell import cell_parameters


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("n = 1", [("n", "1", "")]),
        (
            "n = 1  -- how many\nname='x -- y' --- whose",
            [("n", "1", "how many"), ("name", "'x -- y'", "whose")],
        ),
        ("-- all\n\na = 1; b = [[;\n]] -- two", [("a", "1", ""), ("b", "[[;\n]]", "two")]),
        (
            "t = { -- first\n  a = 1,\n  {b = 2},\n} -- a table\nlast = nil",
            [("t", "{ a = 1, {b = 2}, }", "a table"), ("last", "nil", "")],
        ),
        ("--[[ x = 1\n]] y = 2", [("y", "2", "")]),
        ("local n = 1\na.b = 2\nx, y = 1, 2\nprint(n == 1)\nf{a = 1}\nx ==", []),
        ("t = {", []),
        ("", []),
    ],
)
def test_assignments_to_globals(code: str, expected: list[tuple[str, str, str]]) -> None:
    """Name, value and comment of each; what else the cell does is passed over."""
    assert expected == [(each.name, each.value, each.help) for each in cell_parameters(code)]
