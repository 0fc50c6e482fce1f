"""Random looks out of closed libraries: ``python -m tests.support.closed_fuzz LUA MINUTES [KIND]``.

A script that looks at all it can get (``closed_fuzz.lua``) is run with one seed after the other; it
answers which functions of the host it has found. KIND is ``engine``, ``native`` or ``pure``.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.core.script_values import Callback
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from lua_debug.debuggee import LuaDebuggee
from lua_debug.engine import LuaEngine
from lua_debug.hook_choice import SWITCH
from lua_debug.host_functions import HostFunctions

PROGRAM = Path(__file__).with_suffix(".lua")
STEPS = 80
DEADLINE = 60.0


class Thing(HostObject):
    """An object of the host."""

    name = "Thing"

    @host_function("touch")
    def touch(self, value: Any) -> Any:
        """Gives it back."""
        return value


class Fuzz(HostTable):
    """What the host offers."""

    name = "Fuzz"

    @host_function("Fuzz.echo")
    def echo(self, number: int, text: str, value: Any = None) -> Any:
        """Gives a value back."""
        return value

    @host_function("Fuzz.call")
    def call(self, function: Callback) -> Any:
        """Calls a function of the script."""
        return function.call(1, "x", [2])

    @host_function("Fuzz.fail")
    def fail(self, text: str) -> None:
        """Fails."""
        raise UserError(text)

    @host_function("Fuzz.thing")
    def thing(self) -> Thing:
        """An object."""
        return Thing()


def tables(_script: object) -> list[HostTable]:
    """The host's one table."""
    return [Fuzz()]


def findings(lua: str, kind: str, seed: int, steps: int = STEPS) -> str:
    """What the script of one seed found; empty: nothing. KIND's switch is to be set already."""
    settings = DebugSettings(lua=lua, libraries="closed")
    code = PROGRAM.read_text()
    if kind == "engine":
        return _in_engine(settings, _named(code), seed, steps)
    return asyncio.run(_debugged(settings, _named(code), seed, steps))


def answer_of(lua: str, code: str) -> str:
    """What a piece of Lua with closed libraries returns that finds the host's table."""
    return _in_engine(DebugSettings(lua=lua, libraries="closed"), _named(code), 0, 0)


def _named(code: str) -> str:
    return f"local fuzz = function(...) {code}\nend"


def _in_engine(settings: DebugSettings, code: str, seed: int, steps: int) -> str:
    def submit(_coroutine: object) -> Any:
        raise RuntimeError("Nothing waits.")

    engine = LuaEngine(settings, make_functions=lambda label: HostFunctions(tables, submit, label))
    try:
        problem = engine.run_text(f"{code} error('=' .. fuzz({seed}, {steps}), 0)".encode(), "x")
    finally:
        engine.close()
    text = str(problem).partition("\nstack traceback:")[0]
    return text.removeprefix("=") if text.startswith("=") else f"it failed: {text}"


async def _debugged(settings: DebugSettings, code: str, seed: int, steps: int) -> str:
    has_ended, written = asyncio.Event(), []

    def hear(event: e.KernelEvent) -> None:
        if isinstance(event, e.OutputWritten):
            written.append(event.text)
        elif isinstance(event, e.Exited):
            has_ended.set()

    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"closed-fuzz-{os.getpid()}.lua"
    path.write_text(f"{code} print('=' .. fuzz({seed}, {steps}) .. '=')")
    debuggee = LuaDebuggee(settings, hear, make_tables=tables)
    try:
        async with asyncio.timeout(DEADLINE):
            await debuggee.launch(m.Program(str(path), ()))
            await has_ended.wait()
    finally:
        path.unlink()
    text = "".join(written)
    start, end = text.rfind("\n=") + 1, text.rstrip().endswith("=")
    return text[start:].strip().strip("=") if end else f"it failed: {text[-500:]}"


def main(lua: str, minutes: str, kind: str = "engine", first: str = "1") -> int:
    """Try seeds for a time; 1 if one found something."""
    os.environ[SWITCH] = "pure" if kind == "pure" else "auto"
    end, seed, wrong = time.monotonic() + 60 * float(minutes), int(first), 0
    while time.monotonic() < end:
        try:
            said = findings(lua, kind, seed)
        except TimeoutError:
            said = f"it did not end within {DEADLINE:g} s"
        if said:
            wrong += 1
            sys.stdout.write(f"{lua} {kind} seed {seed}:\n{said}\n")
            sys.stdout.flush()
        seed += 1
    sys.stdout.write(f"{lua} {kind}: {seed - int(first)} seeds, {wrong} found something\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
