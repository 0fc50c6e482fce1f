"""What is kept of the many texts that a long session loads."""

from lua_debug import chunks as module
from lua_debug.chunks import Chunks
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.versions import find_version


def loaded(keys: list[str], in_use: set[str]) -> tuple[Chunks, list[str]]:
    """All of these, one after the other; those below ``cells`` are passing."""
    lines = ActiveLines(find_version("5.4"))
    made = Chunks(lines, safepoints=False, is_passing=lambda key: key.startswith("cells/"))
    forgotten = []
    for key in keys:
        made.enter(f"@{key}", key, b"return 1")
        forgotten += made.trim(in_use)
    return made, forgotten


def test_the_oldest_of_many_cells_are_forgotten(monkeypatch) -> None:
    """Files stay, and so does what has breakpoints; a cell that is run again counts as new."""
    monkeypatch.setattr(module, "_KEPT_PASSING", 3)
    cells = [f"cells/{number}" for number in range(7)]
    keys = ["main.lua", *cells[:3], cells[0], *cells[3:]]
    made, forgotten = loaded(keys, in_use={cells[2]})
    assert ["@cells/1", "@cells/0", "@cells/3", "@cells/4"] == forgotten
    kept = [chunk.key for chunks in made for chunk in chunks]
    assert ["main.lua", "cells/2", "cells/5", "cells/6"] == kept
