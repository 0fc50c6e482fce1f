"""The break key of a script that runs without a debugger: Ctrl-C, which no ``pcall`` keeps."""

import threading
from typing import Any

from lua_debug.hook_fields import find_hook_fields
from lua_debug.interrupt import LuaInterface
from lua_debug.states import main_state, state_of
from lua_debug.versions import LuaVersion, make_runtime

_PREPARE = """
local P = ...
local sethook, error = P.lib.debug.sethook, P.lib.error
local depth = 0 -- of calls that began after the error was raised: variables are closed by them
local function interrupted(event)
  if event == "call" then
    depth = depth + 1
  elseif event == "return" then
    depth = depth - 1
  elseif depth <= 0 and event == "count" then
    depth = 0
    sethook(interrupted, "cr", 1) -- where the script has caught the error, it is raised again
    error("interrupted!", 0)
  end
end
P.break_hook = interrupted
sethook(interrupted, "", 2^30)
"""

_OFF = "local P = ... P.lib.debug.sethook(P.break_hook, '')"
"""Off, but not forgotten: the library knows which function its hook is to call."""

_MASK_COUNT = 8


class BreakKey:
    """Raises "interrupted!" where the main thread of Lua runs, until that ends the script.

    It costs nothing until it is pressed. As in lua.c it reaches no coroutine, no C code, and
    nothing that LuaJIT has compiled.
    """

    def __init__(
        self, version: LuaVersion, interface: LuaInterface, runtime: Any, probe: Any
    ) -> None:
        """On the thread of Lua, before the script runs."""
        self._version, self._interface, self._runtime = version, interface, runtime
        runtime.execute(_PREPARE, probe, name="=[C]")
        self._hook = interface.gethook(main_state(version, runtime))
        runtime.execute(_OFF, probe, name="=[C]")
        self._lock = threading.Lock()
        self._is_over = self._is_pressed = False

    def press(self) -> None:
        """On any thread."""
        with self._lock:
            state = state_of(self._runtime)
            if self._is_over or not state:
                return
            self._is_pressed = True
            if self._version.abi in (52, 53):
                idle = make_runtime(self._version)
                fields = main_state(self._version, idle)
                if ask := find_hook_fields(self._interface, fields, self._hook):
                    ask(state, _MASK_COUNT)
                    return
            self._interface.sethook(state, self._hook, _MASK_COUNT, 1)

    def begin(self) -> None:
        """A script is about to run; a key pressed just before is for it."""
        with self._lock:
            self._is_over = False

    def end(self) -> None:
        """The script is over: what runs of it still (finalizers) is not interrupted."""
        with self._lock:
            self._is_over = True
            if self._is_pressed:
                self._is_pressed = False
                self._interface.sethook(state_of(self._runtime), None, 0, 0)
