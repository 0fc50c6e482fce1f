"""Closing a Lua runtime: finalizers run, and the rest of the process goes on meanwhile."""

import ctypes
import sys
from typing import Any

from lua_debug.states import state_cell
from lua_debug.versions import LuaVersion

_REFERENCES = 3
"""References to a runtime that only `close_runtime` was given: its own, ours, getrefcount's."""


def close_runtime(version: LuaVersion, runtime: Any) -> None:
    """Close a runtime on its own thread while no script runs; the caller drops it then.

    Where others refer to it, it is closed when the last of them is gone.
    """
    if sys.getrefcount(runtime) <= _REFERENCES:
        close_state(version, runtime)


def close_state(version: LuaVersion, runtime: Any) -> None:
    """Close the Lua state below a runtime, also below a script that runs: nobody may go back there.

    Python code goes on meanwhile: a finalizer can take long (Lua manual, lua_close).
    """
    cell = state_cell(runtime)
    state, cell.value = cell.value, None
    if state:
        close = ctypes.CDLL(version.load().__file__).lua_close
        close.restype, close.argtypes = None, (ctypes.c_void_p,)
        close(state)
        cell.value = None  # a finalizer that calls Python has lupa put the state back
