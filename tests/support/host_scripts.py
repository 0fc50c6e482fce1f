"""Scripts that call functions of the host, in a runtime without a debugger."""

from collections.abc import Callable, Sequence
from typing import Any

from kernel.core.functions import HostTable, MakeTables, host_function
from kernel.core.loop import EventLoop
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine
from lua_debug.host_functions import HostFunctions


class Notes(HostTable):
    """What a script hands out to a test."""

    name = "Notes"

    def __init__(self) -> None:
        self.taken: list[Any] = []

    @host_function("note")
    def note(self, *values: Any) -> None:
        """Keeps values for the test."""
        self.taken += values


class HostScript:
    """One runtime with tables; what the script gives to ``note`` is in ``taken``."""

    def __init__(
        self,
        lua: str,
        make_tables: MakeTables | Callable[[Any], Sequence[HostTable]],
        **settings: Any,
    ) -> None:
        self.notes = Notes()
        self.loop = EventLoop()

        def tables(script: Any) -> Sequence[HostTable]:
            return [*make_tables(script), self.notes]

        def make(label: str) -> HostFunctions:
            return HostFunctions(tables, self._submit, label)

        self.engine = LuaEngine(DebugSettings(lua=lua, **settings), make_functions=make)

    def _submit(self, coroutine: Any) -> Any:
        self.loop.start()
        return self.loop.submit(coroutine)

    def run(self, text: str) -> list[Any]:
        """Run a text called ``s.lua``; what it noted. An error of it is one of the test."""
        self.notes.taken = []
        problem = self.engine.run_text(text.encode(), "s.lua")
        assert problem is None, problem
        return self.notes.taken

    def error(self, text: str) -> str:
        """The message a text ends with, when it is called in a protected way."""
        code = f"local ok, err = pcall(function()\n{text}\nend) note(ok or err)"
        [message] = self.run(code)
        return str(message)

    def close(self) -> None:
        """Give runtime and loop back."""
        self.engine.close()
        self.loop.stop()

    def __enter__(self) -> "HostScript":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
