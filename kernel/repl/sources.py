"""Sources: the texts that code came from, and what people call them.

A cell is known to debuggers by a file of its text (`kernel.execution.cell_files`); people know it
by its number, ``In[3]``.
"""

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.execution.cell_files import SUFFIX, murmur2
from kernel.repl.stops import Frame
from kernel.repl.table import BadCommand

Body = Mapping[str, Any]
_CELL = re.compile(r"(?:In)?\[(\d+)\]")


class Sources:
    """What was run and read in one session of a client."""

    def __init__(self, ask: Callable[[str, Body], Awaitable[Body]]) -> None:
        self._ask = ask
        self.prefix = ""
        """What the files of cells begin with; known when a debugger is attached."""
        self._cells: dict[int, str] = {}
        self._texts: dict[tuple[str, int], list[str]] = {}
        self.current = ""
        """The file that a bare line number means."""

    def ran(self, number: int, code: str) -> None:
        """A cell was run, here or by another client."""
        self._cells[number] = code

    def is_strange(self, path: str) -> bool:
        """Whether it is a cell that was run before we came."""
        is_cell = bool(self.prefix) and path.startswith(self.prefix)
        return is_cell and self._cell_number(path) is None

    def forget(self) -> None:
        """Files may have changed."""
        self._texts.clear()

    def shown(self, path: str, name: str = "") -> str:
        """What people call a source: ``In[3]``, or its path from here."""
        number = self._cell_number(path)
        if number is not None:
            return f"In[{number}]"
        if not path:
            return name or "?"
        relative = os.path.relpath(path)
        return path if relative.startswith("..") else relative

    def renamed(self, text: str) -> str:
        """A message with the cells called as people do."""
        for number in self._cells if self.prefix and self.prefix in text else ():
            text = text.replace(self._cell_path(number), f"In[{number}]")
        return text

    async def likely(self) -> list[str]:
        """Where a name is looked for first: the current file, and the cells from the last on."""
        await self._know_prefix()
        found = [self._cell_path(each) for each in sorted(self._cells, reverse=True)]
        return [*dict.fromkeys(filter(None, [self.current, *found]))]

    async def _know_prefix(self) -> None:
        """Have a debugger attached, as it knows where the files of cells are."""
        if not self.prefix:
            await self._ask("debugInfo", {})

    async def resolve(self, file: str | None) -> str:
        """The path behind what was typed for a file; raises `BadCommand`."""
        if file is None:
            if not self.current:
                raise BadCommand("Which file? There is none yet; write FILE:LINE.")
            return self.current
        if found := _CELL.fullmatch(file):
            await self._know_prefix()
            return self._cell_path(int(found[1]))
        tried = (file, f"{file}{SUFFIX}")
        for each in tried:
            if os.path.isfile(os.path.expanduser(each)):
                return os.path.realpath(os.path.expanduser(each))
        loaded = await self._loaded(file)
        if len(loaded) == 1:
            return loaded[0]
        if loaded:
            raise BadCommand(f"{file} may be any of {', '.join(loaded)}.")
        raise BadCommand(
            f"There is no file {file}, here ({os.getcwd()}) or among what the program has loaded."
        )

    async def lines(self, path: str, reference: int = 0) -> list[str]:
        """The text of a source by lines; raises `UserError`."""
        key = (path, reference)
        if key not in self._texts:
            self._texts[key] = (await self._text(path, reference)).splitlines()
        return self._texts[key]

    async def lines_of(self, frame: Frame) -> list[str]:
        """The text that a frame is in; nothing where it cannot be had."""
        try:
            return await self.lines(frame.path, frame.reference)
        except UserError:
            return []

    async def _text(self, path: str, reference: int) -> str:
        number = self._cell_number(path)
        if number is not None:
            return self._cells[number]
        if path and os.path.isfile(path):
            try:
                return Path(path).read_text("utf-8", "replace")
            except OSError as error:
                raise BadCommand(f"{path} cannot be read: {error.strerror}.") from error
        source = {"path": path, "sourceReference": reference}
        said = await self._ask("source", {"source": source, "sourceReference": reference})
        return str(said.get("content", ""))

    async def _loaded(self, file: str) -> list[str]:
        try:
            said = await self._ask("loadedSources", {})
        except UserError:
            return []
        ends = tuple(f"/{file.lstrip('/')}{suffix}" for suffix in ("", SUFFIX))
        paths = [str(each.get("path") or "") for each in said.get("sources", [])]
        return sorted({each for each in paths if each == file or each.endswith(ends)})

    def _cell_path(self, number: int) -> str:
        if number not in self._cells:
            raise BadCommand(f"Cell In[{number}] was not run in this session.")
        code = self._cells[number].encode("utf-8", "surrogatepass")
        return f"{self.prefix}{murmur2(code)}{SUFFIX}"

    def _cell_number(self, path: str) -> int | None:
        if not self.prefix or not path.startswith(self.prefix):
            return None
        numbers = (each for each in reversed(self._cells) if self._cell_path(each) == path)
        return next(numbers, None)
