"""LuaRepl: what a REPL must know of Lua."""

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.octets import octets
from kernel.execution.engine import Completion
from kernel.repl.language import SavedVariables, Unsaved
from llmspell.lua_snapshot import EXPRESSION, restoring

_NAME = re.compile(r"[A-Za-z_]\w*", re.A)
_REQUIRED = re.compile(r"""\brequire\s*\(?\s*["']([\w.-]*)$""")
_OPENED = re.compile(
    r"""\b(?:dofile|loadfile|io\s*\.\s*(?:open|lines|input|output))\s*\(?\s*["']([^"'\n]*)$"""
)
_KEYWORDS = frozenset({
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "global", "goto",
    "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
})  # fmt: skip


class LuaRepl:
    """Implements `ReplLanguage`, for all versions of Lua."""

    suffix = ".lua"

    def script(self, text: str) -> str:
        """A first line for the shell becomes a comment, as `lua` itself passes over it."""
        return f"--{text}" if text.startswith("#") else text

    def complete_files(self, before: str) -> list[Completion]:
        """Modules below this folder where ``require`` is typed, files where one is opened."""
        opened = _OPENED.search(before)
        if opened is not None:
            return _files(opened[1], len(before))
        found = _REQUIRED.search(before)
        if found is None:
            return []
        folder, _, begun = found[1].rpartition(".")
        where = Path(*folder.split(".")) if folder else Path()
        start = len(before) - len(begun)
        return [
            Completion(name, start, len(before), "module")
            for name in sorted(_modules(where))
            if name.startswith(begun)
        ]

    def function_lines(self, text: str, line: int) -> tuple[int, int]:
        """As the syntax has it."""
        from lua_debug.syntax.outline import parse

        outline = parse(text.encode("utf-8", "surrogateescape"))
        around = [it for it in outline.functions if it.line <= line <= it.last_line]
        if not around:
            return 1, text.count("\n") + 1
        innermost = max(around, key=lambda it: (it.line, it.column))
        return innermost.line, innermost.last_line

    def function_named(self, text: str, name: str) -> int | None:
        """By the whole name or its last word: ``shop.total``, ``total``."""
        from lua_debug.syntax.outline import parse

        functions = parse(octets(text)).functions
        for wanted in (name, re.split(r"[.:]", name)[-1]):
            for it in functions:
                if it.name is not None and wanted in (it.name, re.split(r"[.:]", it.name)[-1]):
                    return it.line
        return None

    def is_name(self, text: str) -> bool:
        """Whether it can be a variable's name."""
        return _NAME.fullmatch(text) is not None and text not in _KEYWORDS

    def assignment(self, name: str, value: str) -> str:
        """An assignment."""
        return f"{name} = {value}"

    def removal(self, names: Sequence[str]) -> str:
        """They become nil."""
        return "\n".join(f"_G[{quoted(name)}] = nil" for name in names)

    def fresh_start(self, names: Sequence[str]) -> str:
        """Globals become nil; modules that are no global of Lua are forgotten."""
        return (
            f"{self.removal(names)}\n"
            "for name in pairs(package.loaded) do\n"
            "  if name ~= '_G' and rawget(_G, name) == nil then package.loaded[name] = nil end\n"
            "end"
        )

    def snapshot(self, names: Sequence[str]) -> str:
        """An expression whose value is JSON."""
        return EXPRESSION.replace("@NAMES@", ", ".join(quoted(name) for name in names))

    def read_snapshot(self, text: str) -> SavedVariables:
        """The JSON of `EXPRESSION`."""
        try:
            said = json.loads(text)
            unsaved = [Unsaved(str(it["name"]), str(it["reason"])) for it in said.pop("unsaved")]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"The variables could not be read: {error}.") from error
        return SavedVariables(said, unsaved)

    def restoring(self, values: Mapping[str, Any]) -> Sequence[str]:
        """Pieces of Lua; see `llmspell.lua_snapshot`."""
        return restoring(values)


def _files(begun: str, end: int) -> list[Completion]:
    folder, _, name = begun.rpartition("/")
    where = Path(f"{folder}/" if begun.startswith("/") else folder)
    with contextlib.suppress(OSError):
        there = sorted(each.name + "/" * each.is_dir() for each in where.iterdir())
        start = end - len(name)
        return [
            Completion(each, start, end, "file")
            for each in there
            if each.startswith(name) and (name.startswith(".") or not each.startswith("."))
        ]
    return []


def _modules(folder: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return {
            each.stem
            for each in folder.iterdir()
            if not each.name.startswith(".") and (each.suffix == ".lua" or each.is_dir())
        }
    return set()


def quoted(text: str) -> str:
    """A literal of Lua, whatever bytes are in it."""
    data = text.encode("utf-8", "surrogateescape")
    plain = {**{byte: chr(byte) for byte in range(32, 127)}, 34: '\\"', 92: "\\\\"}
    return '"' + "".join(plain.get(byte, f"\\{byte:03}") for byte in data) + '"'
