"""Replays: a session again, from its log."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from pydantic import JsonValue

from kernel.core.errors import KernelError, UserError
from kernel.core.progress import report_progress
from kernel.events.correlation import following
from kernel.events.sessions import CellReplayed, ReplayStopped
from kernel.sessions.access import Actor, Permission, may
from kernel.sessions.admission import Admission
from kernel.sessions.cells import Cell, CellRunner, MakeRunner
from kernel.sessions.gate import Gate
from kernel.sessions.model import SessionId
from kernel.sessions.policies.base import Limits
from kernel.sessions.records import Records
from kernel.sessions.replay.debugging import MakeDebugged, StepDebugger
from kernel.sessions.replay.model import (
    Mode,
    ReplayResult,
    ReplaySettings,
    StepResult,
    decode_result,
    encode_result,
)
from kernel.sessions.replay.modifications import modify
from kernel.sessions.replay.outcomes import compare_outcomes
from kernel.sessions.replay.recording import (
    RecordedStep,
    ReplayMetadata,
    describe,
    has_steps,
    recorded_steps,
)
from kernel.sessions.replay.simulation import simulate

KEPT_RESULTS = 100
"""Of each session; a schedule may run for years."""

CANCELLED = "The replay was cancelled."
"""The error of a result whose replay somebody ended."""

STEPS = "steps"


@dataclass(slots=True)
class _Run:
    """A replay under way."""

    session: SessionId
    correlation: str
    user: str
    """Whose it is."""
    settings: ReplaySettings
    recorded: list[RecordedStep]
    """The steps up to the last one to be replayed."""
    cells: list[Cell]
    """The same, as they are to be run."""
    limits: Limits
    results: list[StepResult] = field(default_factory=list)
    stopped_before: int | None = None
    started: float = 0.0
    address: str = ""
    deadline: asyncio.Timeout | None = None
    """When it ends at the latest."""
    is_cancelled: bool = False

    def cancel(self) -> None:
        """End it now; on the loop's thread."""
        if self.deadline is not None and not self.is_cancelled:
            self.is_cancelled = True
            self.deadline.reschedule(asyncio.get_running_loop().time())

    def as_plain(self) -> dict[str, JsonValue]:
        """As clients see it."""
        return {
            "session_id": self.session,
            "correlation_id": self.correlation,
            "mode": self.settings.mode,
            "started": self.started,
            "steps": len(self.cells),
            "steps_done": len(self.results),
            "stopped_before": self.stopped_before,
            "address": self.address,
        }


class Replays:
    """Replays sessions of all tenants; every actor those it may read.

    ``make_runner`` gives a fresh runner for a language, ``make_debugged`` one with its debugger,
    for mode debug. A session that is replayed stays as it is: what came of it is kept beside it.
    """

    def __init__(
        self,
        gate: Gate,
        admission: Admission,
        make_runner: MakeRunner,
        make_debugged: MakeDebugged | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gate = gate
        self._admission = admission
        self._make_runner = make_runner
        self._make_debugged = make_debugged
        self._sleep = sleep
        self._under_way: dict[str, _Run] = {}

    # --- what there is --------------------------------------------------------------------------

    def can_replay(self, actor: Actor, session: str) -> bool:
        """Whether cells were recorded in it."""
        records, found = self._gate.look(actor, session, "can_replay")
        return has_steps(records, found.id)

    def list_replayable(self, actor: Actor) -> list[SessionId]:
        """The sessions the actor may replay and in which cells were recorded."""
        records = self._gate.join(actor, "list_replayable")
        visible = [*self._gate.visible(actor, records)]
        return [each.id for each in visible if has_steps(records, each.id)]

    def replay_metadata(self, actor: Actor, session: str) -> ReplayMetadata:
        """What there is to be replayed."""
        records, found = self._gate.look(actor, session, "replay_metadata")
        return describe(records, found.id)

    def replay_results(self, actor: Actor, session: str) -> list[ReplayResult]:
        """What came of the last replays, `KEPT_RESULTS` at most, oldest first."""
        records, found = self._gate.look(actor, session, "replay_results")
        scope = records.scope("replays", found.id)
        return [decode_result(entry.value) for _key, entry in records.store.scan(scope)]

    def under_way(self, actor: Actor, session: str) -> list[dict[str, JsonValue]]:
        """The replays of a session that run now in this process: where they are.

        Of one in mode debug the ``address`` says where debuggers attach.
        """
        _records, found = self._gate.look(actor, session, "under_way")
        return [each.as_plain() for each in [*self._under_way.values()] if each.session == found.id]

    # --- replaying ------------------------------------------------------------------------------

    async def replay(
        self,
        actor: Actor,
        session: str,
        settings: ReplaySettings | None = None,
        correlation: str = "",
    ) -> ReplayResult:
        """Replay a session. Steps that fail are part of the result.

        ``correlation``: what `cancel_replay` knows it as; by default a new one.
        Raises `UserError` if there is nothing to replay or a modification leads nowhere.
        """
        wanted = settings or ReplaySettings()
        run = await asyncio.to_thread(self._prepare, actor, session, wanted, correlation)
        clock = self._gate.clock
        run.started, begun = clock.now(), clock.monotonic()
        error = ""
        self._under_way[run.correlation] = run
        try:
            async with asyncio.timeout(wanted.timeout_seconds) as run.deadline:
                with following(run.correlation):
                    await self._go_through(run)
        except TimeoutError:
            error = CANCELLED if run.is_cancelled else _too_long(wanted)
        except KernelError as problem:
            error = str(problem)
        finally:
            del self._under_way[run.correlation]
        result = ReplayResult(
            session=run.session,
            correlation=run.correlation,
            mode=wanted.mode,
            started=run.started,
            seconds=clock.monotonic() - begun,
            steps=tuple(run.results),
            error=error,
            stopped_before=run.stopped_before,
            metadata=wanted.metadata,
        )
        await asyncio.to_thread(self._keep, actor, result)
        return result

    def cancel_replay(self, actor: Actor, session: str, correlation: str = "") -> list[str]:
        """End replays of a session that run now in this process; their correlations.

        ``correlation``: only this one. Those of others need the permission to write. Their results
        are kept, up to the step they were at. To be called on the loop's thread.
        """
        _records, found = self._gate.look(actor, session, "cancel_replay")
        is_master = may(actor, found, Permission.WRITE)
        ended = [
            each
            for each in self._under_way.values()
            if each.session == found.id
            and correlation in ("", each.correlation)
            and (is_master or each.user == actor.user)
        ]
        for each in ended:
            each.cancel()
        return [each.correlation for each in ended]

    def _prepare(
        self, actor: Actor, session: str, settings: ReplaySettings, correlation: str
    ) -> _Run:
        records, found = self._gate.look(actor, session, "replay")
        recorded = [*recorded_steps(records, found.id)][: settings.to_step]
        if len(recorded) < settings.from_step:
            raise UserError(
                f"Session {found.id} has {len(recorded)} recorded steps; "
                f"there is nothing to replay from step {settings.from_step} on."
            )
        if settings.mode is Mode.DEBUG:
            self._check_stop(len(recorded), settings)
        cells = modify([each.cell for each in recorded], settings.modifications)
        limits = self._admission.replay_limits(records, found, self._gate.clock.now())
        if settings.mode is Mode.DEBUG:
            limits = limits.without_timeout()
        known_as = correlation or uuid.uuid4().hex
        if known_as in self._under_way:
            raise UserError(f"A replay {known_as!r} is under way already; choose another name.")
        return _Run(found.id, known_as, actor.user, settings, recorded, cells, limits)

    def _check_stop(self, steps: int, settings: ReplaySettings) -> None:
        if self._make_debugged is None:
            raise UserError("Nothing debugs here; replay the session in another mode.")
        chosen = settings.stop_before or settings.from_step
        if not settings.from_step <= chosen <= steps:
            raise UserError(
                f"There is no step {chosen} to stop before; "
                f"steps {settings.from_step} to {steps} are replayed."
            )

    async def _go_through(self, run: _Run) -> None:
        if run.settings.mode is Mode.SIMULATE:
            told = run.recorded[run.settings.from_step - 1 :]
            report_progress(0, len(told), STEPS)
            async for step in simulate(
                run.session, run.correlation, told, run.settings, self._gate.publish, self._sleep
            ):
                run.results.append(step)
                report_progress(len(run.results), len(told), STEPS)
            return
        async with AsyncExitStack() as ended:
            made: dict[str, tuple[CellRunner, StepDebugger | None]] = {}
            for recorded, cell in zip(run.recorded, run.cells, strict=True):
                report_progress(recorded.step - 1, len(run.cells), STEPS)
                if cell.language not in made:
                    made[cell.language] = self._make(cell.language, run.settings.mode)
                    ended.push_async_callback(made[cell.language][0].close)
                if not await self._step(run, recorded, cell, *made[cell.language]):
                    return

    def _make(self, language: str, mode: Mode) -> tuple[CellRunner, StepDebugger | None]:
        if mode is Mode.DEBUG and self._make_debugged is not None:
            return self._make_debugged(language)
        return self._make_runner(language), None

    async def _step(
        self,
        run: _Run,
        recorded: RecordedStep,
        cell: Cell,
        runner: CellRunner,
        debugger: StepDebugger | None,
    ) -> bool:
        """Run one cell; False if the replay ends here."""
        settings = run.settings
        if recorded.step != (settings.stop_before or settings.from_step):
            debugger = None
        if debugger is not None:
            await debugger.stop_before(recorded.step, cell)
            run.stopped_before, run.address = recorded.step, debugger.address
            self._gate.publish(
                ReplayStopped(run.session, run.correlation, recorded.step, debugger.address)
            )
        try:
            outcome = await runner.run(cell, run.limits)
        finally:
            if debugger is not None:
                await debugger.clear()
        if recorded.step < settings.from_step:
            return True
        comparison = (
            compare_outcomes(recorded.outcome, outcome) if settings.compare_results else None
        )
        is_success = outcome.status == (recorded.outcome.status if comparison else "ok")
        run.results.append(StepResult(recorded.step, outcome, is_success, comparison))
        self._gate.publish(
            CellReplayed(run.session, run.correlation, recorded.step, outcome.status)
        )
        return is_success or not settings.stop_on_error

    def _keep(self, actor: Actor, result: ReplayResult) -> None:
        with self._gate.change(actor, result.session, "replay") as change:
            change.detail = f"{result.mode}, {result.successful} of {len(result.steps)} steps"
            scope, store = change.records.scope("replays", result.session), change.records.store
            number = self._next_result(change.records, scope)
            store.put(scope, f"{number:010}", encode_result(result))
            store.delete(scope, f"{number - KEPT_RESULTS:010}")

    @staticmethod
    def _next_result(records: Records, scope: str) -> int:
        """Results are numbered, so that the oldest can be given up."""
        last = max((int(key) for key, _entry in records.store.scan(scope)), default=0)
        return last + 1


def _too_long(settings: ReplaySettings) -> str:
    return f"The replay took longer than {settings.timeout_seconds:g} s."
