"""The standard library of each Lua version, and what to use instead of what one has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsp_server.compiler import Compiler

PROVIDED = frozenset({"arg", "_ENV"})
"""What scripts find besides the library: the command line, and from Lua 5.2 on the environment."""

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "bit": ("bit32", "the operators & | ~ << >>"),
    "bit32": ("the operators & | ~ << >>", "bit"),
    "gcinfo": ("collectgarbage('count')",),
    "getfenv": ("_ENV",),
    "loadstring": ("load",),
    "math.log10": ("math.log(x, 10)",),
    "math.mod": ("math.fmod",),
    "math.pow": ("x ^ y",),
    "math.ult": ("(x + math.mininteger) < (y + math.mininteger)",),
    "module": ("a table that the file returns",),
    "package.loaders": ("package.searchers",),
    "package.searchers": ("package.loaders",),
    "rawlen": ("#",),
    "setfenv": ("_ENV",),
    "string.gfind": ("string.gmatch",),
    "table.foreach": ("pairs",),
    "table.foreachi": ("ipairs",),
    "table.getn": ("#",),
    "table.maxn": ("#",),
    "table.pack": ("{n = select('#', ...), ...}",),
    "table.unpack": ("unpack",),
    "unpack": ("table.unpack",),
}
"""What does the same, best first; a name of the library counts only where the version has it."""

DEPRECATED: Mapping[str, str] = {
    "bit32": "5.3",
    "gcinfo": "5.1",
    "loadstring": "5.2",
    "math.cosh": "5.3",
    "math.log10": "5.2",
    "math.mod": "5.1",
    "math.pow": "5.3",
    "math.sinh": "5.3",
    "math.tanh": "5.3",
    "module": "5.2",
    "package.loaders": "5.2",
    "string.gfind": "5.1",
    "table.foreach": "5.1",
    "table.foreachi": "5.1",
    "table.getn": "5.1",
    "table.maxn": "5.2",
    "table.setn": "5.1",
    "unpack": "5.2",
}
"""Since when the reference manual calls it deprecated, though it may still be there."""


class Library:
    """What a version's globals are, for names such as ``print`` and ``table.unpack``."""

    def __init__(self, compiler: Compiler, version: str) -> None:
        self.version = version
        self._compiler = compiler
        self._globals = compiler.library(version)

    @property
    def globals(self) -> frozenset[str]:
        """The names of all globals, without what scripts find besides."""
        return frozenset(self._globals)

    def has(self, name: str) -> bool:
        """Whether ``print``, or ``table.unpack``, is there."""
        table, _, key = name.partition(".")
        return table in self._globals and (not key or key in self._globals[table])

    def fields(self, table: str) -> frozenset[str]:
        """What is in a global that is a table; nothing if it is none."""
        return self._globals.get(table, frozenset())

    def others_with(self, name: str) -> list[str]:
        """The versions that have what this one lacks."""
        others = (Library(self._compiler, each) for each in self._compiler.versions)
        return [each.version for each in others if each.has(name)]

    def instead_of(self, name: str) -> str | None:
        """What does the same in this version."""
        return next((each for each in INSTEAD.get(name, ()) if self._can(each)), None)

    def is_deprecated(self, name: str) -> bool:
        """Whether the manual of this version advises against it."""
        since = DEPRECATED.get(name)
        return since is not None and since <= self._edition

    @property
    def _edition(self) -> str:
        return "5.1" if self.version.startswith("luajit") else self.version

    def _can(self, what: str) -> bool:
        if what.startswith("the operators"):
            return self._edition >= "5.3"
        is_name = all(part.isidentifier() for part in what.split("."))
        return self.has(what) or not is_name or (what == "_ENV" and self._edition >= "5.2")


def full_name(version: str) -> str:
    """``Lua 5.4``, ``LuaJIT 2.1``."""
    return _spoken_jit(version) if version.startswith("luajit") else f"Lua {version}"


def spoken(versions: Iterable[str]) -> str:
    """``5.1``, ``5.1 and 5.2``, ``5.1, 5.2 and LuaJIT 2.1``."""
    *first, last = map(_spoken_jit, versions)
    return f"{', '.join(first)} and {last}" if first else last


def _spoken_jit(version: str) -> str:
    return version.replace("luajit", "LuaJIT ").rstrip()
