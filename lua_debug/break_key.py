"""The break key of a script that runs without a debugger: Ctrl-C as the standalone Lua has it."""

from collections.abc import Callable
from typing import Any

from lua_debug.versions import LuaVersion, make_runtime

_PREPARE = """
local sethook, error = debug.sethook, error
local function interrupted()
  sethook()
  error("interrupted!", 0)
end
sethook(interrupted, "", 2^30)
sethook(interrupted, "") -- off, but not forgotten
"""

_ANY_EVENT = 0b1111


def make_break_key(version: LuaVersion, runtime: Any) -> Callable[[], None]:
    """What to call, on any thread, to raise "interrupted!" where the main thread of Lua runs.

    It costs nothing until then. As in lua.c it reaches no coroutine, no C code, and nothing that
    LuaJIT has compiled. Calling it raises `NoCInterface` where lupa hides Lua's C interface.
    """
    runtime.execute(_PREPARE, name="=[C]")

    def press() -> None:
        # The runtime is busy, so another one tells the address of the library's hook.
        from lua_debug.interrupt import LuaInterface
        from lua_debug.states import main_state, state_of

        interface, idle = LuaInterface(version), make_runtime(version)
        idle.execute("debug.sethook(function() end, '', 2^30)")
        hook = interface.gethook(main_state(version, idle))
        if state := state_of(runtime):  # it is closed at the end
            interface.sethook(state, hook, _ANY_EVENT, 1)

    return press
