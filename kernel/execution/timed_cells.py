"""TimedCells: no cell runs longer than it may; hooks around it take their time."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from kernel.events.lifecycle import LimitExceeded
from kernel.events.model import KernelEvent
from kernel.execution.cells import LIMITED, CellRequest, CellResult, Execute, Guard, failed_cell
from kernel.execution.run_time import RunTime


@dataclass(frozen=True, slots=True)
class CellLimit:
    """How long a cell may run."""

    seconds: float
    reason: str
    """Why it was ended: a sentence without its beginning and its full stop."""
    name: str = "cell_seconds"
    """The setting that says so."""


class TimedCells:
    """Implements `Guard` around another one. Used on the loop's thread.

    What a cell stands in the debugger does not count. It is ended as by a client's interrupt.
    """

    def __init__(
        self,
        inner: Guard,
        limit: CellLimit,
        interrupt: Callable[[], object],
        is_standing: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[KernelEvent], object] = lambda _event: None,
    ) -> None:
        """``is_standing``: whether the program stands in the debugger now."""
        self._tell = tell
        self._inner, self._limit, self._interrupt = inner, limit, interrupt
        self._is_standing, self._clock = is_standing, clock
        self._time: RunTime | None = None
        self._has_ended_it = False

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Have the inner one do its part, with a cell that is timed."""
        return await self._inner.around(request, number, lambda it: self._timed(it, execute))

    def hear_debugger(self, event: KernelEvent) -> None:
        """The program has stopped or goes on."""
        if self._time is not None:
            self._time.hear(event)

    async def _timed(self, request: CellRequest, execute: Execute) -> CellResult:
        self._has_ended_it = False
        self._time = RunTime(self._clock, is_standing=self._is_standing())
        watch = asyncio.ensure_future(self._watch(self._time))
        try:
            result = await execute(request)
        finally:
            self._time = None
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        return self._explained(result)

    async def _watch(self, time: RunTime) -> None:
        await time.reaches(self._limit.seconds)
        self._has_ended_it = True
        self._tell(LimitExceeded(self._limit.name, time.seconds(), self._limit.seconds))
        self._interrupt()

    def _explained(self, result: CellResult) -> CellResult:
        """With the reason as its error, if it was ended; if it came to its end first, as it is."""
        error = result.outcome.error
        if not self._has_ended_it or error is None or error.name != "Interrupted":
            return result
        more = "" if error.message == "interrupted!" else f" {error.message}"
        return failed_cell(
            result.number, LIMITED, f"The cell was ended: {self._limit.reason}.{more}"
        )
