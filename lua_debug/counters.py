"""Lua's counter of instructions, for a script that counts by a hook, without the accelerator.

Lua tells nobody how much of a count is left (ldebug.c, ``L->hookcount``), so the place is found by
what changes when hooks are set and code runs. Where it is not found, the script's counts are less
exact (probe/counts.lua).
"""

import ctypes
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Protocol

from lua_debug.doors import put_counter
from lua_debug.versions import LuaVersion

_COUNTS = 0x5A5AA5A5, 0x3C3CC3C3
"""What the count is set to, twice, to see which bytes follow."""

_FEW = 100
"""Instructions: more than the code has that runs to see what counts."""

_MASK_COUNT = 8
_STATE_SIZE = 208
"""Bytes of a lua_State on 64-bit machines, but for what follows the hook."""

_SHARED_SIZE = 1024
"""LuaJIT counts for all threads in one place, behind the main lua_State (lj_obj.h, GG_State)."""


class Interface(Protocol):
    """What is needed of Lua's C interface."""

    sethook: Any


def install_counter(
    interface: Interface, state: int, hook: int, version: LuaVersion, runtime: Any, probe: Any
) -> None:
    """Set ``P.counter``, if Lua's counter is found; on the Lua thread, while no hook is set.

    ``hook`` is a C function that is a hook, ``state`` the main thread's lua_State.
    """
    places = _find_places(interface, state, hook, version, runtime)
    if places is None:
        return
    count, left = places
    if version.is_jit:
        runtime.execute(_JIT_COUNTER, probe, state + count, state + left, name="=[C]")
        return
    read = lru_cache(64)(ctypes.c_int.from_address)

    def counter(thread: int, wanted: int, value: int | None = None) -> int | None:
        if read(thread + count).value != wanted:
            return None
        cell = read(thread + left)
        before = cell.value
        if value is not None:
            cell.value = value
        return before

    put_counter(version, runtime, probe, "counter", counter)


_JIT_COUNTER = """
local P, count, left = ...
local ffi = P.lib.require("ffi")
count, left = ffi.cast("int32_t *", count), ffi.cast("int32_t *", left)
function P.counter(_, wanted, value)
  if count[0] ~= wanted then return nil end
  local before = left[0]
  if value then left[0] = value end
  return before
end
function P.is_counting()
  local before = left[0]
  return left[0] ~= before
end
"""


def _find_places(
    interface: Interface, state: int, hook: int, version: LuaVersion, runtime: Any
) -> tuple[int, int] | None:
    """Where a state has the count that was set, and what is left of it; None if that is unclear."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    size = _SHARED_SIZE if version.is_jit else _STATE_SIZE
    seen = []
    for count in _COUNTS:
        interface.sethook(state, hook, _MASK_COUNT, count)
        seen.append(ctypes.string_at(state, size))
    runtime.execute("local a = 1 return a")
    seen.append(ctypes.string_at(state, size))
    interface.sethook(state, None, 0, 0)
    same, less = [], []
    for place, (first, second, now) in enumerate(zip(*map(_numbers, seen), strict=True)):
        if (first, second) == _COUNTS and now == second:
            same.append(place * 4)
        elif (first, second) == _COUNTS and second - _FEW < now < second:
            less.append(place * 4)
    return (same[0], less[0]) if len(same) == len(less) == 1 else None


def _numbers(memory: bytes) -> Iterator[int]:
    for place in range(0, len(memory), 4):
        yield int.from_bytes(memory[place : place + 4], sys.byteorder)
