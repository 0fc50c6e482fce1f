"""SqliteHistory: what was run, also by kernels that have ended."""

import logging
from pathlib import Path

import pytest

from kernel.execution.history import IN_MEMORY, KEPT_IN_MEMORY, HistoryEntry, SqliteHistory

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


async def filled(path: Path | str, *cells: str) -> SqliteHistory:
    """A session in which these cells were run."""
    history = SqliteHistory(path)
    await history.begin()
    for number, code in enumerate(cells, 1):
        history.add(number, code)
        history.add_output(number, f"-> {code}")
    return history


async def test_sessions_are_numbered_across_kernels(tmp_path: Path) -> None:
    """Each kernel is a session of its own; the ones before are found by their distance."""
    path = tmp_path / "sub" / "history.sqlite"
    for cells in (("a", "b"), ("c",)):
        await (await filled(path, *cells)).close()
    history = await filled(path, "d")
    told = [(each.session, each.line, each.code) for each in await history.tail(0)]
    assert [(1, 1, "a"), (1, 2, "b"), (2, 1, "c"), (3, 1, "d")] == told
    assert ["d"] == [each.code for each in await history.range(0, 1, None)]
    assert ["c"] == [each.code for each in await history.range(-1, 1, None)]
    assert ["b"] == [each.code for each in await history.range(1, 2, 3)]
    await history.close()


async def test_tail_is_the_end(tmp_path: Path) -> None:
    """The last cells, oldest first, with what they gave."""
    history = await filled(tmp_path / "h", "a", "b", "c")
    assert [HistoryEntry(1, 2, "b", "-> b"), HistoryEntry(1, 3, "c", "-> c")] == (
        await history.tail(2)
    )
    await history.close()


async def test_searching(tmp_path: Path) -> None:
    """Globs over the code; the last matches; each code once if wanted."""
    history = await filled(tmp_path / "h", "print(1)", "x = 1", "print(2)", "print(1)")
    found = await history.search("print*", 0, is_unique=False)
    assert [1, 3, 4] == [each.line for each in found]
    assert [3, 4] == [each.line for each in await history.search("print*", 2, is_unique=False)]
    assert [3, 4] == [each.line for each in await history.search("print*", 0, is_unique=True)]
    await history.close()


async def test_two_kernels_at_once(tmp_path: Path) -> None:
    """They write to one file, and each sees what both have written."""
    path = tmp_path / "h"
    one, other = await filled(path, "a"), await filled(path, "b")
    one.add(2, "c")
    assert ["a", "c"] == [each.code for each in await one.range(0, 1, None)]
    assert {"a", "b", "c"} == {each.code for each in await other.tail(0)}
    await one.close()
    await other.close()


async def test_a_file_that_cannot_be_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is said in the log, and the history lasts as long as the kernel."""
    path = tmp_path / "h"
    path.write_text("this is no database, and long enough for SQLite to see that")
    with caplog.at_level(logging.WARNING):
        history = await filled(path, "a")
    assert ["a"] == [each.code for each in await history.tail(0)]
    assert "cannot be used" in caplog.text
    await history.close()
    assert "this is no database" in path.read_text()


async def test_closing_twice_is_harmless() -> None:
    """And what was added before is written."""
    history = await filled(":memory:", "a")
    await history.close()
    await history.close()


@pytest.mark.parametrize("place", ["memory", "file", "unusable"])
async def test_memory_is_bounded_and_a_file_is_not(tmp_path: Path, place: str) -> None:
    """A kernel without a file, or with one that it cannot use, holds the last cells."""
    count = KEPT_IN_MEMORY + 2_500
    path = {"memory": IN_MEMORY, "file": tmp_path / "h", "unusable": tmp_path}[place]
    history = await filled(path, *["x"] * count)
    lines = [each.line for each in await history.tail(0)]
    first = 1 if place == "file" else count - 500 - KEPT_IN_MEMORY + 1
    assert [*range(first, count + 1)] == lines
    await history.close()
