"""Where lupa keeps the Lua state of a runtime, and where in a state the registry is."""

import ctypes
from typing import Any

from kernel.core.errors import KernelError
from lua_debug.versions import LuaVersion

REGISTRY = {51: -10000, 52: -1001000, 53: -1001000, 54: -1001000, 55: -(2**31 // 2 - 1) - 1000}
"""The pseudo-index of the registry (lua.h, LUA_REGISTRYINDEX) by the C interface."""

_RUNTIME_STATE = 24
"""Bytes from the start of a LuaRuntime object to its lua_State pointer (lupa 2, CPython)."""


class NoCInterface(KernelError):
    """The lupa at hand hides Lua's C interface, or lays its objects out otherwise."""


def main_state(version: LuaVersion, runtime: Any) -> int:
    """The address of the runtime's main lua_State; raises `NoCInterface` if that cannot be told."""
    address = state_of(runtime)
    if version.abi >= 52:
        told = runtime.execute("return tostring(coroutine.running())")
        if int(str(told).rpartition(" ")[2], 16) != address:
            raise NoCInterface("lupa lays out its LuaRuntime in an unknown way")
    return address


def state_of(runtime: Any) -> int:
    """Where `main_state` looks, without its check, for a runtime that is busy."""
    return state_cell(runtime).value or 0


def state_cell(runtime: Any) -> ctypes.c_void_p:
    """Where a LuaRuntime object keeps the address of its main lua_State."""
    return ctypes.c_void_p.from_address(id(runtime) + _RUNTIME_STATE)
