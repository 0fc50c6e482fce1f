"""CellNumbers: messages call cells by their numbers, where Lua names their files."""

import re
from collections import OrderedDict

from kernel.execution.engine import Cell

NAMED = 2000
"""Cells whose files messages call by the cells' numbers: the last that were run."""

_CUT = re.compile(r"\.\.\.([^\n:]{40,})(?=:)")
"""What is left of a long path in a message of Lua's (lobject.c, luaO_chunkid)."""


class CellNumbers:
    """The cells that have been run, with the number of the last time."""

    def __init__(self) -> None:
        self._paths: OrderedDict[str, int] = OrderedDict()

    def add(self, cell: Cell) -> None:
        """A cell is about to be run."""
        self._paths[cell.path] = cell.number
        self._paths.move_to_end(cell.path)
        if len(self._paths) > NAMED:
            self._paths.popitem(last=False)

    def told(self, text: str) -> str:
        """A message, with ``In[N]`` for the file of a cell."""
        for path, number in self._paths.items():
            if path in text:
                text = text.replace(path, f"In[{number}]")
        return _CUT.sub(self._named, text)

    def _named(self, found: "re.Match[str]") -> str:
        numbers = (number for path, number in self._paths.items() if path.endswith(found[1]))
        number = next(numbers, None)
        return found[0] if number is None else f"In[{number}]"
