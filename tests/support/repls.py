"""A REPL whose lines are given beforehand, on an embedded kernel or on one that runs."""

import asyncio
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.api import connect_to_kernel, start_embedded_kernel
from kernel.repl.commands import all_commands
from kernel.repl.repl import Repl
from kernel.repl.settings import ReplSettings
from kernel.repl.simple import SimpleTerminal
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.lua_repl import LuaRepl

DEADLINE = 30.0


@dataclass(frozen=True)
class Said:
    """What a REPL wrote, and the status it ended with."""

    text: str
    status: int

    @property
    def lines(self) -> list[str]:
        """Without what stands around them."""
        return self.text.splitlines()


async def typed(
    *lines: str,
    lua: str = "5.4",
    history: Path | None = None,
    kernel: Any = None,
    settings: ReplSettings | None = None,
    is_interactive: bool = False,
) -> Said:
    """Carry out lines; ``kernel`` is where one runs already."""
    if kernel is None:
        programs = LuaPrograms(lua, libraries="full")
        handle = await start_embedded_kernel(lua_kernel(lua, history=history, programs=programs))
    else:
        handle = await connect_to_kernel(kernel)
    output = io.StringIO()
    terminal = SimpleTerminal(
        io.StringIO("".join(f"{line}\n" for line in lines)), output, is_interactive=is_interactive
    )
    clock = itertools.count().__next__
    chosen = settings or ReplSettings(greets=False, stops_on_errors=False)
    async with handle:
        repl = Repl(handle, terminal, LuaRepl(), all_commands(), chosen, lambda: float(clock()))
        status = await asyncio.wait_for(repl.run(), DEADLINE)
    return Said(output.getvalue(), status)


def script(folder: Path, text: str, name: str = "script.lua") -> Path:
    """A file of Lua."""
    path = folder / name
    path.write_text(text)
    return path


def has_in_order(said: Said, wanted: Sequence[str]) -> bool:
    """Whether all of these were written, one after the other."""
    rest = said.text
    for each in wanted:
        _, found, rest = rest.partition(each)
        if not found:
            raise AssertionError(f"{each!r} does not come in\n{said.text}")
    return True
