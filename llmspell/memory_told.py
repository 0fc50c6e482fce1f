"""MemoryTold: that a cell has had all the memory that its Lua may have is told as an event."""

from collections.abc import Callable

from kernel.events.lifecycle import LimitExceeded
from kernel.events.model import KernelEvent
from kernel.execution.cells import CellRequest, CellResult, Execute, Guard

NAME = "max_memory_mb"

LUA_SAYS = "not enough memory"
"""What Lua says when an allocation fails; lmem.c and lapi.c, LUA_ERRMEM."""


class MemoryTold:
    """Implements `Guard` around another one. Used on the loop's thread."""

    def __init__(self, inner: Guard, limit: int, tell: Callable[[KernelEvent], object]) -> None:
        """``limit``: mebibytes."""
        self._inner, self._limit, self._tell = inner, limit, tell

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Have the inner one do its part, and look how the cell ended."""
        result = await self._inner.around(request, number, execute)
        error = result.outcome.error
        if error is not None and error.message.endswith(LUA_SAYS):
            self._tell(LimitExceeded(NAME, self._limit, self._limit))
        return result
