"""How a script was called, as it finds that in `arg` and in the tables of the host."""

import os
from typing import Any

from kernel.execution.engine import Cell
from lua_debug.host_functions import HostFunctions


def begin_script(runtime: Any, probe: Any, functions: HostFunctions, cell: Cell) -> None:
    """Let a script that runs as a cell find it, where it is one; on its thread."""
    call, words = cell.call, cell.arguments
    if call is None:
        return
    functions.begin(call.script, words)
    every = [*call.before, call.script, *words]
    places = enumerate(map(lua_text, every), -len(call.before))
    probe.globals["arg"] = runtime.table_from(dict(places))
    probe.note_global("arg")  # given by the host, as `ARGS` is, and no variable of the program


def lua_text(text: str) -> str:
    """The bytes of a text of the command line, as lupa takes them."""
    return os.fsencode(text).decode("latin-1")
