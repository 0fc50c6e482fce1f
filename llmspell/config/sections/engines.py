"""The languages of scripts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kernel.core.errors import UserError
from llmspell.config.sections.base import Later, Section


def _as_name(value: Any) -> Any:  # noqa: ANN401 - whatever a file says
    """Names are written in several ways, and ``version = 5.1`` is a number to TOML."""
    from lua_debug.versions import find_version

    try:
        return find_version(str(value)).name
    except UserError:
        return value


LuaName = Annotated[
    Literal["5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1"], BeforeValidator(_as_name)
]
"""One of `lua_debug.versions.VERSIONS`."""


class LuaEngineConfig(Section):
    """How Lua is run."""

    version: LuaName = "5.4"
    """The Lua of run, exec, repl, debug, doctor and of kernels; --lua stands above it."""
    stdlib: Literal["All", "Standard"] | None = None
    """What scripts and cells may reach: all that their language has, or (Standard) nothing that
    leads into the process, as --libraries full and closed; the option stands above it. Without it
    scripts have all, and so have cells of the prompt's own kernel; other kernels are closed."""
    max_memory_bytes: int | None = Field(default=None, gt=0)
    """What a script, or all cells of a kernel together, may have before Lua says "not enough
    memory"; rounded up to whole mebibytes. The narrower of this and runtime.security's holds."""
    enable_debug: Later[bool] = False
    """Whether scripts can be debugged. They always can."""
    timeout_ms: int | None = Field(default=None, gt=0)
    """Milliseconds a script or a cell may run; see runtime.script_timeout_seconds, of which the
    narrower holds."""
    security_level: Later[str] = "Safe"
    """A name for what scripts may do; stdlib says it."""


class EnginesConfig(Section):
    """The languages of scripts."""

    lua: LuaEngineConfig = LuaEngineConfig()
