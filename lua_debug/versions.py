"""The Lua versions there are, a row each: name, the lupa module that carries it, label."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from kernel.core.errors import UserError
from kernel.core.language import LanguageInfo
from lua_debug import libraries


@dataclass(frozen=True, slots=True)
class LuaVersion:
    """One Lua implementation. ``abi`` is the C interface it has, LuaJIT's being that of 5.1."""

    name: str
    module: str
    label: str
    abi: int
    is_jit: bool = False

    @property
    def probe_name(self) -> str:
        """What the probe knows the version by: the module's name without ``lua`` for plain Lua."""
        return self.module if self.is_jit else self.name

    @property
    def language_version(self) -> str:
        """The version of the language: ``5.1`` also for LuaJIT."""
        return f"{self.abi // 10}.{self.abi % 10}"

    @property
    def language(self) -> LanguageInfo:
        """What clients need to know of it."""
        return LanguageInfo(
            name="lua",
            version=self.language_version,
            label=self.label,
            mimetype="text/x-lua",
            file_extension=".lua",
            pygments_lexer="lua",
            codemirror_mode="lua",
        )

    def load(self) -> ModuleType:
        """The lupa module; raises `UserError` where this lupa was built without it."""
        try:
            return libraries.load(f"lupa.{self.module}")
        except ImportError as error:
            raise UserError(
                f"This lupa has no {self.label} (module lupa.{self.module}): {error}. "
                "Install it from its wheels: pip install --force-reinstall --only-binary :all: lupa"
            ) from error

    def offer(self) -> str | None:
        """Let C modules of scripts find this Lua in this process; None, or why they cannot."""
        try:
            libraries.offer(self.load())
        except libraries.NotOffered as error:
            return f"{error}."
        return None


VERSIONS: Mapping[str, LuaVersion] = {
    version.name: version
    for version in (
        LuaVersion("5.1", "lua51", "Lua 5.1", 51),
        LuaVersion("5.2", "lua52", "Lua 5.2", 52),
        LuaVersion("5.3", "lua53", "Lua 5.3", 53),
        LuaVersion("5.4", "lua54", "Lua 5.4", 54),
        LuaVersion("5.5", "lua55", "Lua 5.5", 55),
        LuaVersion("luajit2.0", "luajit20", "LuaJIT 2.0", 51, is_jit=True),
        LuaVersion("luajit2.1", "luajit21", "LuaJIT 2.1", 51, is_jit=True),
    )
}

DEFAULT_VERSION = "5.4"
_ALIASES = {"luajit": "luajit2.1", "jit": "luajit2.1"}


def find_version(name: str) -> LuaVersion:
    """The version called ``5.4``, ``lua5.4``, ``luajit``…; raises `UserError` naming them all."""
    wanted = name.strip().lower()
    wanted = _ALIASES.get(wanted, wanted)
    if wanted.startswith("lua") and not wanted.startswith("luajit"):
        wanted = wanted[3:].strip()
    if wanted not in VERSIONS:
        raise UserError(f"There is no Lua {name!r}; there are {', '.join([*VERSIONS, 'luajit'])}.")
    return VERSIONS[wanted]


_SEAL = """
local object = ...
local registry, setmetatable = debug.getregistry(), debug.setmetatable
local kept, metatable = registry.LUPA_PYTHON_REFERENCES_TABLE, registry.POBJECT
python, package.loaded.python, registry.POBJECT, registry.Py_None = nil
for _, value in next, kept or {} do
  if type(value) == "userdata" then setmetatable(value, nil) end
end
return not kept or not metatable or debug.getmetatable(object) ~= nil
"""
"""Takes from lupa what it needs to make a Python object that does something in Lua: its module
``python``, and the metatable by which it knows its userdata. What it wrapped by now is lifeless,
and so is what it would wrap later, an exception too. Answers whether things are not as known."""


def make_runtime(version: LuaVersion, max_memory_mb: int | None = None, room_mb: int = 0) -> Any:
    """A fresh runtime that keeps bytes as they are (latin-1) and in which no Python can be.

    ``room_mb`` is added to the limit, if there is one, for what is not the script's.
    Raises `UserError` if its memory cannot be limited.
    """
    limit = {"max_memory": (max_memory_mb + room_mb) * 1024 * 1024} if max_memory_mb else {}
    if limit and version.module == "luajit20":
        raise UserError(
            f"maxMemoryMB is {max_memory_mb}; {version.label} takes its memory from the system by "
            "itself and cannot be limited. Leave it out (in a configuration: max_memory_bytes), or "
            "use another Lua."
        )
    runtime = version.load().LuaRuntime(
        encoding="latin-1",
        source_encoding="latin-1",
        register_eval=False,
        register_builtins=False,
        unpack_returned_tuples=True,
        **limit,
    )
    if runtime.execute(_SEAL, object()):
        raise UserError(
            f"lupa.{version.module} keeps Python's objects in an unknown place, where a script "
            "could find them. Install the release of lupa that llmspell was made for."
        )
    return runtime
