"""MemoryLimit: how much memory a script may use in a runtime that has things of ours as well."""

from typing import Any

from lua_debug.versions import LuaVersion, make_runtime

_ROOM = 64
"""MiB that loading the probe, and a stop of a script whose memory is full, may take."""

_MIB = 1024 * 1024


class MemoryLimit:
    """The limit of one runtime; what was in that when `hold` was first called does not count."""

    def __init__(self, megabytes: int | None) -> None:
        """``megabytes``: MiB of the script alone; None is no limit."""
        self._megabytes = megabytes
        self._ours: int | None = None
        self._runtime: Any = None

    def make_runtime(self, version: LuaVersion) -> Any:
        """A runtime with room for what is ours; raises `UserError` if it cannot be limited."""
        self._runtime = make_runtime(version, self._megabytes, _ROOM)
        return self._runtime

    def hold(self, is_limited: bool = True) -> None:
        """Hold the script to its memory from here on, or let it have some more."""
        if self._megabytes is not None and self._runtime is not None:
            if self._ours is None:
                self._ours = self._runtime.get_memory_used()
            room = 0 if is_limited else _ROOM
            self._runtime.set_max_memory(self._ours + (self._megabytes + room) * _MIB)

    def lift(self) -> None:
        """End the limit, and let go of the runtime.

        Lua panics if it is asked something and has no memory for it; and a runtime is closed when
        nobody has it any more.
        """
        runtime, self._runtime = self._runtime, None
        if self._megabytes is not None and runtime is not None:
            runtime.set_max_memory(0)
