"""Runs a piece of Lua without the debugger and under it, and says what it answers."""

import asyncio
from pathlib import Path

import pytest

from kernel.core import model as m
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from lua_debug.debuggee import LuaDebuggee
from lua_debug.engine import LuaEngine
from lua_debug.hook_choice import SWITCH
from lua_debug.native import why_unavailable
from lua_debug.versions import VERSIONS

DEADLINE = 30.0
"""Seconds to wait for a program; only a failing test waits that long."""

KINDS = ("engine", "native", "pure")
"""Without a debugger, with the accelerator, with hooks in Lua."""

every_kind = pytest.mark.parametrize(
    "kind", [each for each in KINDS if each != "native" or why_unavailable() is None]
)
every_version = pytest.mark.parametrize("version", list(VERSIONS))
with_compiler = pytest.mark.parametrize("version", [name for name in VERSIONS if "jit" in name])
REFUSAL = 'is closed to this script by the setting libraries = "closed"'


class Runner:
    """Runs pieces of Lua in one version, in one way, with one setting; each in a new runtime."""

    def __init__(self, kind: str, version: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._kind = kind
        self._folder = folder
        self._version = version
        if kind != "engine":
            patch.setenv(SWITCH, kind)

    def __call__(self, text: str, libraries: str = "closed") -> str:
        """What the piece returns, as tostring has it."""
        settings = DebugSettings(lua=self._version, libraries=libraries)  # type: ignore[arg-type]
        program = f"local function answer() {text}\nend\n"
        if self._kind == "engine":
            engine = LuaEngine(settings)
            try:
                problem = engine.run_text(f"{program} error(tostring(answer()), 0)".encode(), "x")
            finally:
                engine.close()
            return str(problem).partition("\nstack traceback:")[0]
        path = self._folder / "program.lua"
        path.write_text(f"{program} print(answer())")
        return asyncio.run(_debugged(settings, str(path))).strip()


async def _debugged(settings: DebugSettings, path: str) -> str:
    has_ended, written = asyncio.Event(), []

    def hear(event: e.KernelEvent) -> None:
        if isinstance(event, e.OutputWritten):
            written.append(event.text)
        elif isinstance(event, e.Exited):
            has_ended.set()

    debuggee = LuaDebuggee(settings, hear)
    async with asyncio.timeout(DEADLINE):
        await debuggee.launch(m.Program(path, ()))
        await has_ended.wait()
    return "".join(written)
