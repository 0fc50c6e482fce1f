"""KernelSessions: which session a kernel is in, and what it needs to run its cells there."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.sessions.current import CurrentSession

if TYPE_CHECKING:
    from kernel.sessions.cell_run import RunningProgram
    from kernel.sessions.model import SessionId
    from kernel.sessions.services import SessionServices
    from kernel.sessions.session_cells import Recorder
    from llmspell.script_api.services import LocalServices


class KernelSessions:
    """Used on the loop's thread. Nothing is loaded before there is a session."""

    def __init__(
        self,
        services: "LocalServices",
        current: CurrentSession,
        program: "Callable[[], RunningProgram]",
        name: str = "kernel",
    ) -> None:
        """``name``: what a session is called that the kernel begins itself."""
        self._services, self._current, self._program = services, current, program
        self._name = name
        self._begins: bool | None = None
        self._own: SessionId | None = None
        """The one that it has begun by itself."""
        self.home: SessionId | None = None
        """The one that the kernel was started in, whichever is the current one by now."""
        self._tasks: list[asyncio.Task[None]] = []
        self._has_ended = False

    async def start_in(self, word: str) -> None:
        """As `enter`, when the kernel starts: what it keeps of itself belongs to this session."""
        await self.enter(word)
        self.home = self._current.id

    async def enter(self, word: str) -> None:
        """Be in the session of this id or name, which is begun if there is none.

        Raises `UserError`.
        """
        await asyncio.to_thread(self._enter, word)

    async def go_on(self, id: str) -> None:
        """Be again in the session of an earlier run.

        Raises `UserError` if it is not there any more, or has ended.
        """
        await asyncio.to_thread(self._go_on, id)

    async def begin(self) -> None:
        """Begin a session, if the configuration says that the kernel does so by itself.

        Once: who has left the session on purpose stays outside.
        """
        if self._begins is None:
            self._begins = self._services.may_be_configured and await asyncio.to_thread(
                self._is_wanted
            )
            if self._begins:
                await self.enter(self._name)
                self._own = self._current.id

    async def open_recorder(self) -> "Recorder":
        """What runs cells in sessions."""
        from kernel.sessions.recorded_cells import RecordedCells

        services = await asyncio.to_thread(lambda: self._services.sessions)
        return RecordedCells(
            services,
            self._services.actor,
            self._program(),
            renew=self._renew,
            leave=self._leave,
            hooks=self._services.runner,
            tell=self._services.broker.publish,
        )

    async def _renew(self, session: "SessionId") -> "SessionId | None":
        """The session that the kernel has begun by itself goes on in a new one."""
        if not self._begins or session != self._own:
            return None
        await asyncio.to_thread(self._complete, session)
        await self.enter(self._name)
        self._own = self._current.id
        return self._own

    def _leave(self, session: "SessionId") -> None:
        """It was deleted elsewhere; unless the kernel is in another one already."""
        if self._current.id == session:
            self._current.leave()

    # --- what time makes necessary ---------------------------------------------------------------

    def keep_up(self) -> None:
        """Sweep, and run what is scheduled, from the moment that sessions are used."""
        loop = asyncio.get_running_loop()

        def begin(services: "SessionServices") -> None:
            loop.call_soon_threadsafe(self._begin_tasks, services)

        self._services.when_opened = begin

    def _begin_tasks(self, services: "SessionServices") -> None:
        if not self._has_ended:
            self._tasks += [
                asyncio.ensure_future(services.sweeper.run()),
                asyncio.ensure_future(services.schedules.keep_running()),
            ]

    async def end(self) -> None:
        """Let that come to its end; a replay under way is broken off. Harmless twice."""
        self._has_ended = True
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _enter(self, word: str) -> None:
        from kernel.sessions.naming import enter_session

        services = self._services
        sessions = services.sessions.sessions
        enter_session(sessions, services.actor, self._current, word, creates=True)

    def _go_on(self, id: str) -> None:
        from kernel.sessions.lifecycle import IllegalMove, Verb
        from kernel.sessions.model import Status

        services = self._services
        found = services.sessions.sessions.get(services.actor, id)
        if found.status not in (Status.ACTIVE, Status.SUSPENDED):
            raise IllegalMove(found.id, found.status, Verb.RUN)
        self._current.enter(found.id)

    def _complete(self, session: "SessionId") -> None:
        with contextlib.suppress(UserError):  # it has ended already
            self._services.sessions.sessions.complete(self._services.actor, session)

    def _is_wanted(self) -> bool:
        chosen = self._services.configuration.runtime.sessions
        return chosen.enabled and "enabled" in chosen.model_fields_set
