"""What was typed, and how it goes together with the kernel's cells."""

import pytest

from kernel.execution.history import SqliteHistory
from kernel.repl.typed_lines import TypedLines, in_one_order, is_kept

pytestmark = pytest.mark.anyio

TOGETHER = {
    "cells are older where nothing says more": (["a", "b"], [".x"], ["a", "b", ".x"]),
    "what both hold leads": (
        ["a", "note", "b"], ["a", ".x", "b", ".y"], ["a", "note", ".x", "b", ".y"],
    ),
    "each stands once, where it stands last": (["a", "b", "a"], ["b", "a"], ["b", "a"]),
    "a cell of others after the last of ours": (["a", "note"], ["a", "c"], ["a", "note", "c"]),
    "crossed": (["a", "b"], ["b", "a"], ["b", "a"]),
    "nothing": ([], [" "], []),
}  # fmt: skip


@pytest.mark.parametrize("name", TOGETHER)
def test_two_histories_are_one(name):
    """Everything is in it once, and what was typed keeps its order."""
    cells, typed, expected = TOGETHER[name]
    assert sorted(expected) == sorted(in_one_order(cells, typed))
    assert expected == in_one_order(cells, typed)


@pytest.mark.parametrize(("text", "kept"), [("x", True), (" x", False), ("\n", False), ("", False)])
def test_what_is_kept(text, kept):
    """Not what is empty, nor what begins with a space."""
    assert kept == is_kept(text)


async def test_entries_last(tmp_path):
    """In a file that nobody else may read, also where nothing was asked for; until cleared."""
    path = tmp_path / "below" / "typed.sqlite"
    for line in (".one", "two\nlines"):
        lines = TypedLines(SqliteHistory(path))
        lines.add(line)
        await lines.close()
    lines = TypedLines(SqliteHistory(path))
    assert [".one", "two\nlines"] == await lines.past()
    lines.add(" hidden")
    lines.add("three")
    assert [".one", "two\nlines", "three"] == await lines.past()
    await lines.clear()
    assert [] == await lines.past()
    await lines.close()
    assert 0o600 == path.stat().st_mode & 0o777
