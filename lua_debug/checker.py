"""SyntaxChecker: what the compiler of each Lua version says about a text, without running it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lua_debug.syntax.source_text import SourceText
from lua_debug.versions import DEFAULT_VERSION, VERSIONS, find_version, make_runtime

MAX_MEMORY_MB = 512
"""What compiling a text may take, where that can be limited."""

_COMPILER = """
local load, modes, collectgarbage = loadstring or load, ..., collectgarbage
return function(source)
  local chunk, message
  if modes then
    chunk, message = load(source, "=?", "t")
  else
    chunk, message = load(source, "=?")
  end
  return not chunk and (message or "?") or nil
end
"""

_MESSAGE = re.compile(r"\?:(\d+): (.*)", re.DOTALL)
_NEAR = re.compile(r" near (?:'(.*)'|(<eof>|\S+))$", re.DOTALL)
_BINARY = "\x1b"


@dataclass(frozen=True, slots=True)
class Complaint:
    """A compiler's message: the line it names, and the text of the token it names.

    ``near`` is None where it names none, and ``""`` for the end of the text.
    """

    message: str
    line: int
    near: str | None


_LIBRARY = """
local found = {}
for name, value in pairs(_G) do
  if type(name) == "string" then
    found[#found + 1] = name
    for key in pairs(type(value) == "table" and name ~= "_G" and value or {}) do
      if type(key) == "string" then found[#found + 1] = name .. "." .. key end
    end
  end
end
return table.concat(found, "\\n")
"""


@dataclass(slots=True)
class SyntaxChecker:
    """Compiles for every version; the runtimes stay alive, and run nothing of anybody."""

    _compilers: dict[str, Any] = field(default_factory=dict)
    _libraries: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    @property
    def versions(self) -> Sequence[str]:
        """The names of all versions."""
        return [*VERSIONS]

    @property
    def usual_lua(self) -> str:
        """The version of commands that are told none."""
        return DEFAULT_VERSION

    def full_name(self, name: str) -> str:
        """The version called ``lua5.4`` or ``luajit``; raises `UserError` naming them all."""
        return find_version(name).name

    def check(self, text: bytes, version: str) -> Complaint | None:
        """The first thing that is wrong with a text; None if it compiles."""
        source = SourceText(text).for_load().decode("latin-1")
        if source.startswith(_BINARY):
            return Complaint("this is compiled code, which has no text", 1, None)
        try:
            message = self._compiler(version)(source)
        except Exception as error:  # what a compiler cannot bear, such as a lack of memory
            self._compilers.pop(version, None)
            return Complaint(f"cannot be compiled: {error}", 1, None)
        return None if message is None else _understood(message)

    def library(self, version: str) -> Mapping[str, frozenset[str]]:
        """The globals of a fresh state, and for those that are tables the fields they have."""
        if version not in self._libraries:
            runtime = make_runtime(find_version(version))
            found: dict[str, set[str]] = {}
            for name in str(runtime.execute(_LIBRARY)).split("\n"):
                table, _, key = name.partition(".")
                found.setdefault(table, set()).update({key} - {""})
            self._libraries[version] = {name: frozenset(keys) for name, keys in found.items()}
        return self._libraries[version]

    def _compiler(self, version: str) -> Any:
        if version not in self._compilers:
            lua = find_version(version)
            limit = None if lua.module == "luajit20" else MAX_MEMORY_MB
            runtime = make_runtime(lua, limit)
            self._compilers[version] = runtime.execute(_COMPILER, lua.abi >= 52)
        return self._compilers[version]


def _understood(message: str) -> Complaint:
    text = message.encode("latin-1").decode("utf-8", "replace")
    found = _MESSAGE.match(text)
    line, said = (int(found[1]), found[2]) if found else (1, text)
    near = _NEAR.search(said)
    if near is None:
        return Complaint(said, line, None)
    token = near[1] if near[1] is not None else near[2]
    return Complaint(said, line, "" if token == "<eof>" else token)
