"""Runs: cells and other operations in a session, admitted by policies and written to its log."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Literal

from kernel.sessions.access import Actor
from kernel.sessions.admission import Admission, Amounts
from kernel.sessions.cells import Cell, CellRunner, Outcome, to_json
from kernel.sessions.gate import Gate
from kernel.sessions.lifecycle import Verb, next_state
from kernel.sessions.log import CELL, LogEntry
from kernel.sessions.policies.base import RUN, Limits

PATIENCE = 5.0
"""Seconds a runner has to notice by itself that a cell's time is over."""


class Runs:
    """What is done in sessions. Methods may be called from any thread."""

    def __init__(self, gate: Gate, admission: Admission) -> None:
        self._gate = gate
        self._admission = admission

    def limits(self, actor: Actor, session: str) -> Limits:
        """What a cell that ran now would be held to."""
        records, found = self._gate.look(actor, session, "limits")
        return self._admission.limits(records, found, self._gate.clock.now())

    def admit(
        self, actor: Actor, session: str, operation: str = RUN, tokens: int = 0, cost: float = 0.0
    ) -> Limits:
        """Ask to do something in an active session, and count it.

        ``operation``: ``run`` for a cell, or a name of the caller's (``llm_call``). Raises
        `PolicyRefused` and `IllegalMove`; then nothing was counted.
        """
        with self._gate.change(actor, session, "admit") as change:
            next_state(change.session.id, change.session.status, Verb.RUN)
            change.detail = operation
            return self._admission.admit(change, operation, Amounts(tokens=tokens, cost=cost))

    def record(
        self, actor: Actor, session: str, cell: Cell, outcome: Outcome, correlation: str = ""
    ) -> LogEntry:
        """Write a cell that was run to the log; legal until the session is archived.

        So what was begun in time is not lost when the session was suspended meanwhile.
        """
        with self._gate.change(actor, session, "record") as change:
            found = change.session
            next_state(found.id, found.status, Verb.UPDATE)
            change.detail = f"{cell.name or 'cell'}: {outcome.status}"
            entry = change.note(CELL, to_json(cell, outcome), correlation)
            usage = change.records.usage(found.id)
            change.records.keep_usage(
                found.id,
                replace(
                    usage,
                    cells=usage.cells + 1,
                    failed_cells=usage.failed_cells + (outcome.status != "ok"),
                    run_seconds=usage.run_seconds + outcome.seconds,
                    instructions=usage.instructions + outcome.instructions,
                    peak_memory=max(usage.peak_memory, outcome.peak_memory),
                    last_activity=change.now,
                    busy_until=0.0,
                ),
            )
            return entry

    async def run(
        self,
        actor: Actor,
        session: str,
        cell: Cell,
        runner: CellRunner,
        correlation: str = "",
        *,
        is_debugged: bool = False,
        keeps_time: bool = False,
        as_run: Callable[[], Cell] | None = None,
    ) -> Outcome:
        """Admit a cell, run it within the limits, and record it, also if it is broken off.

        A runner that does not keep the time is stopped `PATIENCE` seconds after it, unless one may
        rely on that it does (``keeps_time``). A cell that is debugged has all the time there is.
        ``as_run`` gives the cell with what is known of it only when it has run, such as its input.
        """
        limits = await asyncio.to_thread(self.admit, actor, session)
        if is_debugged:
            limits = limits.without_timeout()
        begun = self._gate.clock.monotonic()

        async def record(outcome: Outcome) -> None:
            ran = as_run() if as_run is not None else cell
            await asyncio.to_thread(self.record, actor, session, ran, outcome, correlation)

        async def broken_off(status: Literal["error", "interrupted"], reason: str) -> None:
            took = self._gate.clock.monotonic() - begun
            await record(Outcome(status, error=reason, seconds=took))

        try:
            running = runner.run(cell, limits)
            outcome = await (running if keeps_time else _in_time(running, limits))
        except asyncio.CancelledError:
            await asyncio.shield(broken_off("interrupted", "It was cancelled."))
            raise
        except Exception as error:
            await broken_off("error", f"It could not be run: {error}")
            raise
        await record(outcome)
        return outcome


async def _in_time(running: Awaitable[Outcome], limits: Limits) -> Outcome:
    most = limits.timeout_seconds
    if most is None:
        return await running
    try:
        async with asyncio.timeout(most + PATIENCE) as deadline:
            return await running
    except TimeoutError:
        if not deadline.expired():
            raise
        return Outcome("interrupted", error=f"It ran for more than {most:g} s.", seconds=most)
