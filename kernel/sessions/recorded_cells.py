"""RecordedCells: runs a kernel's cells in its current session.

Each is admitted by the session's policies, held to their limits, and written to its log with what
it was given and what came of it.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.events.correlation import current
from kernel.events.model import KernelEvent
from kernel.execution.cells import LIMITED, CellRequest, CellResult, Execute, failed_cell
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import POINTS
from kernel.hooks.runner import HookRunner
from kernel.sessions.access import Actor
from kernel.sessions.capture import as_kept
from kernel.sessions.cell_run import CellRun, RunningProgram
from kernel.sessions.cells import Cell, RepeatableProgram
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.lifecycle import IllegalMove
from kernel.sessions.model import SessionId, SessionNotFound, Status
from kernel.sessions.policies.base import RUN
from kernel.sessions.services import SessionServices
from kernel.sessions.sweeper import SWEEPER
from kernel.state.store import StoreUnavailable

REFUSED = "Refused"
"""The name of the error of a cell that may not run."""

GONE = (
    "The session that the kernel was in, {}, is not there any more; the kernel is in none now. "
    "Run the cell again, and it is not recorded, or choose another session before: "
    "`llmspell session use`."
)
"""Said by the first cell after a session was deleted elsewhere. The next ones are run."""

RESTING = "`llmspell session resume` lets it go on."
ENDED = "`llmspell session use` has the kernel be in another session, or in none."

AWAY = "The cell was not run, as it cannot be recorded now: "

LOOKED_AT = 100
"""Entries at the end of a log among which it is said why the session rests."""

LIVES = frozenset({"timeout", "ttl"})
"""The policies that refuse because a session's time is over."""

Renew = Callable[[SessionId], Awaitable[SessionId | None]]
"""Given a session in which nothing more can be run, another one; None: it is to stay so."""

_log = logging.getLogger(__name__)


class RecordedCells:
    """Implements `Recorder`. Used on the loop's thread."""

    def __init__(
        self,
        services: SessionServices,
        actor: Actor,
        program: RunningProgram,
        clock: Clock | None = None,
        renew: Renew | None = None,
        leave: Callable[[SessionId], object] = lambda _session: None,
        hooks: HookRunner | None = None,
        tell: Callable[[KernelEvent], object] = lambda _event: None,
    ) -> None:
        """``renew``: asked when a session's time is over, for one that takes its place.

        ``leave``: called with a session that is not there any more.

        ``hooks`` are asked about cells that were ended because they used too much, and events of
        that go to ``tell``.
        """
        self._tell = tell
        self._renew, self._leave = renew, leave
        self._hooks = hooks
        self._services, self._actor, self._program = services, actor, program
        self._clock = clock or SystemClock()
        self._seeded: RepeatableProgram | None = None
        """The runtime whose random numbers began where it was written down."""
        self._run: CellRun | None = None
        self._session: SessionId | None = None
        """The one that the cell under way is run in."""

    async def run(
        self, session: SessionId, request: CellRequest, number: int, execute: Execute
    ) -> CellResult:
        """See `Recorder`. A cell that was run is not lost because it could not be recorded."""
        here, program = current(), self._program.now()
        seed = None if program is self._seeded else secrets.randbits(31)
        cell = Cell(
            as_kept(request.code, None),
            self._program.language,
            request.path or "",
            clock=self._clock.now(),
            seed=seed,
            number=number,
            arguments=request.arguments,
            call=request.call,
        )
        self._run = run = CellRun(self._program, program, request, execute, cell, self._clock)
        try:
            await self._admitted(session, run, here.correlation_id if here else "")
        except SessionNotFound as error:
            self._leave(session)
            if run.result is None:
                return failed_cell(number, REFUSED, GONE.format(session))
            _log.warning("Cell %d was run and could not be recorded: %s", number, error)
        except (UserError, StoreUnavailable) as error:
            if run.result is None:
                return failed_cell(number, REFUSED, _refusal(error))
            _log.warning("Cell %d was run and could not be recorded: %s", number, error)
        except Exception:
            if run.result is None:
                raise
            _log.exception("Cell %d was run and could not be recorded", number)
        finally:
            self._run = None
        self._seeded = program
        assert run.result is not None
        await self._tell_limit(session, run, run.result)
        return run.result

    async def _tell_limit(self, session: SessionId, run: CellRun, result: CellResult) -> None:
        error = result.outcome.error
        if error is None or error.name != LIMITED:
            return
        if run.exceeded is not None:
            self._tell(run.exceeded)
        if self._hooks is None:
            return
        data = {"operation": RUN, "session": session, "cell": result.number}
        point, component = POINTS["ResourceLimitExceeded"], Component("session", session)
        await self._hooks.ask(HookDetails(point, component, {**data, "reason": error.message}))

    def hear(self, event: KernelEvent) -> None:
        """See `Recorder`."""
        if self._run is not None:
            self._run.hear(event)

    def hear_debugger(self, event: KernelEvent) -> None:
        """See `Recorder`."""
        if self._run is not None:
            self._run.hear_debugger(event)

    def note_input(self, line: str) -> None:
        """See `Recorder`."""
        if self._run is not None:
            self._run.inputs.append(as_kept(line, None))

    async def end(self) -> None:
        """The process ends: a cell that does not come back from C is recorded as broken off."""
        run, session = self._run, self._session
        if run is None or run.result is not None or session is None:
            return
        outcome = run.broken_off("The kernel was ended, or started anew.")
        with contextlib.suppress(UserError):
            await asyncio.to_thread(
                self._services.runs.record, self._actor, session, run.as_run(), outcome
            )

    async def _admitted(self, session: SessionId, run: "CellRun", correlation: str) -> None:
        async def once() -> None:
            self._session = session
            await self._services.runs.run(
                self._actor,
                session,
                run.cell,
                run,
                correlation,
                keeps_time=True,
                as_run=run.as_run,
            )

        try:
            await once()
        except (IllegalMove, PolicyRefused) as refusal:
            if run.result is not None:
                raise
            if isinstance(refusal, IllegalMove) and refusal.state is Status.SUSPENDED:
                if not await asyncio.to_thread(self._was_laid_to_rest, session):
                    raise
                await asyncio.to_thread(self._services.sessions.resume, self._actor, session)
            else:
                session = await self._next(session, refusal)
            await once()

    async def _next(self, session: SessionId, refusal: IllegalMove | PolicyRefused) -> SessionId:
        """The session that takes its place; raises the refusal if there is none."""
        is_over = isinstance(refusal, IllegalMove) or LIVES & {*refusal.policies}
        found = await self._renew(session) if is_over and self._renew is not None else None
        if found is None:
            raise refusal
        return found

    def _was_laid_to_rest(self, session: SessionId) -> bool:
        """Whether it rests because nothing happened, and nobody has said that it shall."""
        sessions = self._services.sessions
        behind = max(sessions.usage(self._actor, session).log_length - LOOKED_AT, 0)
        log = sessions.history(self._actor, session, behind)
        last = next((each for each in reversed(log) if each.kind == "suspend"), None)
        return last is not None and last.actor == SWEEPER


def _refusal(error: Exception) -> str:
    """Why a cell was not run, and what whoever is at the kernel can do."""
    if isinstance(error, StoreUnavailable):
        return f"{AWAY}{error}"
    if isinstance(error, IllegalMove):
        return f"{error} {RESTING if error.state is Status.SUSPENDED else ENDED}"
    return str(error)
