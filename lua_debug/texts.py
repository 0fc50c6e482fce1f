"""What the probe asks about the texts of chunks: only the syntax tells it."""

from collections.abc import Mapping
from typing import Any

from lua_debug.breakpoints import BreakpointTable
from lua_debug.commands import encode
from lua_debug.sources import Sources
from lua_debug.syntax.constants import constant
from lua_debug.syntax.declarations import is_declared_around
from lua_debug.versions import LuaVersion


class Texts:
    """Answers the probe, on the Lua thread."""

    def __init__(self, version: LuaVersion, sources: Sources, table: BreakpointTable) -> None:
        self._version, self._sources, self._table = version, sources, table

    def functions(self) -> Mapping[str, Any]:
        """What the probe calls."""
        return {
            "constant": self.constant,
            "is_outer": self.is_outer,
            "plain_function": self.plain_function,
            "written": self.written,
        }

    def constant(self, raw: str, name: str, first: int, last: int, line: int, rank: int) -> str:
        """Why a name must not be assigned to, as `constants.constant` says it."""
        text = self._table.text_of(self._sources.key_of(raw))
        if text is None:
            return ""
        where, loops = (int(first), int(last)), self._version.abi == 55
        return constant(text, name, where, int(line), int(rank), loops=loops)

    def is_outer(self, raw: str, name: str, first: int, last: int) -> bool:
        """Whether a name in the function on these lines means a variable of one around it."""
        text = self._table.text_of(self._sources.key_of(raw))
        return text is not None and is_declared_around(text, name, (int(first), int(last)))

    def plain_function(self, raw: str, first: int, last: int, parameters: int, names: str) -> str:
        """A text that compiles to a function without probes; empty if it has none of them."""
        upvalues = names.encode("latin-1").split()
        text = self._table.plain_function(raw, int(first), int(last), int(parameters), upvalues)
        return "" if text is None else text.decode("latin-1")

    def written(self, names: str, has_fields: bool, raw: str | None) -> str:
        """The assignments of `BreakpointTable.written`, as the text of a Lua table."""
        return encode({"written": self._table.written(names, has_fields, raw)})
