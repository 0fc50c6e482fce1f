"""Which lines of a text hold code, as the Lua version in question compiles it."""

import re
import struct
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from lua_debug.syntax.bytecode import FunctionRange, line_tables
from lua_debug.syntax.flow import points_of
from lua_debug.syntax.grammar import first_line, last_line, syntax_of
from lua_debug.syntax.source_text import BYTE_ORDER_MARK, SourceText
from lua_debug.versions import LuaVersion, make_runtime

_KEPT_TEXTS = 64
_CHUNK = "="
_MESSAGE = re.compile(r"\s*:(\d+): (.*)", re.DOTALL)

# Gives the dump and the main chunk's lines, or nil and the message. Nothing is run.
_COMPILE = """
local load, dump, getinfo = loadstring or load, string.dump, debug.getinfo
return function(text, name)
  local _, chunk, message = pcall(load, text, name) -- lupa's handler would hear of overflows
  if not chunk then return nil, message end
  local lines = {}
  for line in pairs(getinfo(chunk, "L").activelines) do lines[#lines + 1] = line end
  return dump(chunk), table.concat(lines, " ")
end
"""


class LuaSyntaxError(Exception):
    """A text does not compile: Lua's ``message`` without the chunk's name, and the ``line``."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"{line}: {message}")
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class FunctionLines:
    """A function's lines with code, ``debug.getinfo(f, "L").activelines``.

    ``first`` and ``last`` are the lines of ``function`` and ``end``; for the main chunk, 0 and the
    number of lines.
    """

    first: int
    last: int
    lines: frozenset[int]


class ActiveLines:
    """The compiler of one Lua version, asked about lines and about syntax.

    May be used from any thread; the scratch runtime of a version is made at first use, shared, and
    used by one thread at a time.
    """

    def __init__(self, version: LuaVersion) -> None:
        self._version = version
        self._known: OrderedDict[bytes, tuple[FunctionLines, ...]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def hides_jumps(self) -> bool:
        """Whether a line with nothing but ``break`` or ``goto`` may hold no code."""
        return self._version.abi in (52, 53, 54)

    def functions(self, text: bytes) -> tuple[FunctionLines, ...]:
        """The main chunk, then every function in the order of the text; outer before inner.

        Raises `LuaSyntaxError`.
        """
        key = blake2b(text).digest()
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._functions(text)
                if len(self._known) > _KEPT_TEXTS:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(key)
            return found

    def compile_check(self, code: str, *, statement: bool = False) -> str | None:
        """What is wrong with an expression (list) or, if ``statement``, with statements.

        None when this version compiles it. The message names no chunk and no line.
        """
        if not statement and not code.strip():
            return "expression expected"
        source = code if statement else f"return {code}\n"
        try:
            _scratch(self._version).compile(source.encode("utf-8", "surrogatepass"))
        except LuaSyntaxError as error:
            return error.message
        return None

    def _functions(self, text: bytes) -> tuple[FunctionLines, ...]:
        source = SourceText(text)
        # Lua 5.1 knows no byte order mark: what it says of one is what breakpoints have to say.
        is_marked = self._version.name == "5.1" and text.startswith(BYTE_ORDER_MARK)
        code = text if is_marked else source.for_load()
        dump, main_lines = _scratch(self._version).compile(code)
        ranges = _ranges(self._version.probe_name, dump)
        main = FunctionLines(0, len(source.line_starts), main_lines)
        if ranges is None or (0, 0, main_lines) not in ranges:
            return (main, *_estimated(text))
        inner = [FunctionLines(*found) for found in ranges if found[0] > 0]
        return (main, *sorted(inner, key=lambda function: (function.first, -function.last)))


class _Scratch:
    """A runtime in which texts are compiled and nothing else happens."""

    def __init__(self, version: LuaVersion) -> None:
        self._compile = make_runtime(version).execute(_COMPILE)
        self._lock = threading.Lock()

    def compile(self, text: bytes) -> tuple[bytes, frozenset[int]]:
        """The dump of a text, and the lines of its main chunk with code."""
        if text.startswith(b"\x1b"):
            raise LuaSyntaxError("this is a precompiled chunk", 1)
        with self._lock:
            dump, report = self._compile(text.decode("latin-1"), _CHUNK)
        if dump is None:
            raise _syntax_error(report)
        return dump.encode("latin-1"), frozenset(map(int, report.split()))


@cache
def _scratch(version: LuaVersion) -> _Scratch:
    return _Scratch(version)


def _syntax_error(report: str) -> LuaSyntaxError:
    message = report.encode("latin-1").decode("utf-8", "backslashreplace")
    found = _MESSAGE.match(message)
    return LuaSyntaxError(found[2], int(found[1])) if found else LuaSyntaxError(message, 1)


def _ranges(version: str, dump: bytes) -> list[FunctionRange] | None:
    try:
        return line_tables(version, dump)
    except (IndexError, KeyError, ValueError, struct.error):
        return None


def _estimated(text: bytes) -> list[FunctionLines]:
    """The inner functions as the text has them: for a build whose dumps are of no known format."""
    return [
        FunctionLines(
            first_line(function),
            last_line(function),
            frozenset(point.line for point in points_of(function)),
        )
        for function in syntax_of(text).functions
    ]
