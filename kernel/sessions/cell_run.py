"""CellRun: one cell that is run in a session or a replay, held to limits, and what comes of it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kernel.core.clock import Clock
from kernel.core.errors import DebuggeeGone
from kernel.events.lifecycle import LimitExceeded
from kernel.events.model import KernelEvent
from kernel.execution.cells import LIMITED, CellRequest, CellResult, Execute, failed_cell
from kernel.execution.engine import ScriptError
from kernel.execution.run_time import RunTime
from kernel.sessions.capture import OutputCapture, as_kept
from kernel.sessions.cells import Cell, Outcome, RepeatableProgram
from kernel.sessions.policies.base import Limits

_MEBIBYTE = 1024 * 1024

LOOKS = (0.25, 0.5, 1.0)
"""Seconds after which it is looked how much memory a cell has; after the last, again and again."""


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """What runs the cells: one runtime now, and another one after it was replaced."""

    language: str
    now: Callable[[], RepeatableProgram | None]
    interrupt: Callable[[], object]
    """Ends the cell that runs."""
    is_standing: Callable[[], bool] = lambda: False
    """Whether it stands in the debugger."""


@dataclass(slots=True, eq=False)
class CellRun:
    """Implements `CellRunner` for one cell. Used on the loop's thread."""

    program: RunningProgram
    runtime: RepeatableProgram | None
    request: CellRequest
    execute: Execute
    cell: Cell
    clock: Clock
    inputs: list[str] = field(default_factory=list)
    result: CellResult | None = None
    peak: int = 0
    """Bytes."""
    instructions: int = 0
    counts: bool = False
    """Whether instructions are counted."""
    excess: str = ""
    """Which limit it went over, as a sentence."""
    exceeded: LimitExceeded | None = None
    """The same as an event."""
    capture: OutputCapture | None = None
    time: RunTime | None = None

    def as_run(self) -> Cell:
        """With the input it was given."""
        return replace(self.cell, inputs=tuple(self.inputs))

    def hear(self, event: KernelEvent) -> None:
        """Something has happened in the program."""
        if self.capture is not None:
            self.capture.hear(event)

    def hear_debugger(self, event: KernelEvent) -> None:
        """It has stopped or goes on, as clients are told."""
        if self.time is not None:
            self.time.hear(event)

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """See `CellRunner`."""
        if self.runtime is not None and cell.seed is not None:
            with contextlib.suppress(DebuggeeGone):
                await self.runtime.begin_random(cell.seed)
        await self._limit_instructions(limits.instructions)
        now = self.clock.monotonic
        self.capture = OutputCapture(now)
        self.time = RunTime(now, is_standing=self.program.is_standing())
        watches = self._watches(limits)
        try:
            result = await self.execute(self.request)
        finally:
            seconds = self.time.seconds()
            for watch in watches:
                watch.cancel()
            await self._limit_instructions(None)
        await self._look()
        self._note_instructions(result, limits.instructions)
        self.result = result = self._limited(result)
        return self._outcome(result, seconds)

    def broken_off(self, why: str) -> Outcome:
        """What came of it so far; it does not come to its end."""
        outputs = () if self.capture is None else self.capture.outputs()
        seconds = 0.0 if self.time is None else self.time.seconds()
        return Outcome("interrupted", None, outputs, why, seconds=seconds, peak_memory=self.peak)

    async def close(self) -> None:
        """See `CellRunner`; nothing was started."""

    # --- limits ---------------------------------------------------------------------------------

    def _watches(self, limits: Limits) -> "list[asyncio.Future[None]]":
        watches = [self._watch_memory(limits.memory_mb)]
        if limits.timeout_seconds is not None:
            watches.append(self._watch_time(limits.timeout_seconds))
        return [asyncio.ensure_future(each) for each in watches]

    async def _limit_instructions(self, most: int | None) -> None:
        if self.runtime is None or (most is None and not self.counts):
            return
        self.counts = most is not None
        with contextlib.suppress(DebuggeeGone):
            await self.runtime.limit_instructions(most)

    def _note_instructions(self, result: CellResult, most: int | None) -> None:
        self.instructions = result.outcome.instructions or 0
        if most is not None and self.instructions >= most:
            why = f"it took {most} instructions, as many as were left to it (policy quota)"
            self._exceed(why, LimitExceeded("quota.instructions", self.instructions, most))

    async def _watch_time(self, seconds: float) -> None:
        assert self.time is not None
        await self.time.reaches(seconds)
        over = LimitExceeded("timeout.cell_seconds", self.time.seconds(), seconds)
        self._end(f"it ran for {seconds:g} s, as long as a cell may (policy timeout)", over)

    async def _watch_memory(self, most: int | None) -> None:
        looks = iter(LOOKS)
        while True:
            await asyncio.sleep(next(looks, LOOKS[-1]))
            seen = await self._look()
            if most is not None and seen > most * _MEBIBYTE:
                # Perhaps it is garbage, perhaps even that of another cell.
                seen = await self._memory(without_garbage=True)
            if most is not None and seen > most * _MEBIBYTE:
                over = LimitExceeded("quota.memory_mb", seen / _MEBIBYTE, most)
                self._end(f"it had more than {most} MiB of memory (policy quota)", over)
                return

    async def _look(self) -> int:
        seen = await self._memory()
        self.peak = max(self.peak, seen)
        return seen

    async def _memory(self, *, without_garbage: bool = False) -> int:
        """Bytes; none where there is no program any more."""
        if self.runtime is None:
            return 0
        try:
            return await self.runtime.memory(without_garbage=without_garbage)
        except DebuggeeGone:
            return 0

    def _end(self, why: str, over: LimitExceeded) -> None:
        self._exceed(why, over)
        self.program.interrupt()

    def _exceed(self, why: str, over: LimitExceeded) -> None:
        if not self.excess:
            self.excess, self.exceeded = why, over

    def _limited(self, result: CellResult) -> CellResult:
        """With the reason as its error, if it was ended; if it came to its end first, as it is."""
        error = result.outcome.error
        if not self.excess or error is None or error.name != "Interrupted":
            return result
        return failed_cell(result.number, LIMITED, f"The cell was ended: {self.excess}.")

    # --- what came of it ------------------------------------------------------------------------

    def _outcome(self, result: CellResult, seconds: float) -> Outcome:
        assert self.capture is not None
        found, error = result.outcome, result.outcome.error
        was_ended = error is not None and error.name in ("Interrupted", LIMITED)
        shown = None if found.result is None else str(found.result.data.get("text/plain", ""))
        return Outcome(
            "ok" if error is None else "interrupted" if was_ended else "error",
            None if shown is None else as_kept(shown),
            self.capture.outputs(),
            "" if error is None else as_kept(as_text(error)),
            seconds=seconds,
            instructions=self.instructions,
            peak_memory=self.peak,
        )


def as_text(error: ScriptError) -> str:
    """An error as it is recorded: its message with the traceback."""
    return "\n".join(error.traceback) or error.message
