"""HookRunner: asks hooks and guards operations, for tasks and for script threads.

::

    async def call(details: HookDetails) -> PlainData:
        return await tool(details.component.name, details.data)

    result = await runner.guard(TOOL_EXECUTION, details, call)

Both ways carry out the same generators (`kernel.hooks.guarding`); they differ in how they wait.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from kernel.core.plain import PlainData
from kernel.core.tracing import Level, Tracer
from kernel.hooks.asking import Asker, Tell, Wait
from kernel.hooks.base import HookDetails
from kernel.hooks.guarding import Deed, Guard, PerformAll, Reached
from kernel.hooks.joining import join_tasks, join_threads
from kernel.hooks.outcome import Outcome, ResultCache
from kernel.hooks.points import Guarded, HookPoint
from kernel.hooks.registry import HookRegistry

T = TypeVar("T")
RunAwaitable = Callable[[Awaitable[object]], object]


def _to_nobody(_event: object) -> None:
    """Who hears what hooks do, where nobody wants to."""


def _on_a_loop_of_its_own(awaitable: Awaitable[object]) -> object:
    async def run() -> object:
        return await awaitable

    return asyncio.run(run())


def _wait(seconds: float) -> object:
    return threading.Event().wait(seconds)


class HookRunner:
    """Asks the hooks of a registry; used from any thread.

    ``tell`` hears `HookIntervened`, `HookFailed` and `HookSuspended` (`Broker.publish` fits).
    ``run_awaitable`` runs what ``async`` hooks give on a script's thread: where they need the
    process's loop, it is a door to that (`EventLoop.run_coroutine`).
    """

    def __init__(
        self,
        registry: HookRegistry,
        cache: ResultCache | None = None,
        tell: Tell = _to_nobody,
        tracer: Tracer | None = None,
        run_awaitable: RunAwaitable = _on_a_loop_of_its_own,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        sleep_in_thread: Callable[[float], object] = _wait,
    ) -> None:
        self.registry = registry
        self._cache = cache
        self._asker = Asker(registry, cache, tell)
        self.tracer = tracer or Tracer()
        """What traces the asking of hooks, at ``DEBUG``; it may be set before anything is asked."""
        self._run_awaitable = run_awaitable
        self._sleep = sleep
        self._sleep_in_thread = sleep_in_thread

    def listens(self, point: HookPoint) -> bool:
        """Whether anybody is asked at a point; the quickest way to know that nobody is."""
        return self._asker.listens(point)

    # --- for tasks --------------------------------------------------------------------------------

    async def ask(self, details: HookDetails) -> Outcome:
        """Ask the hooks at the point of ``details``, and carry out nothing."""
        if not self._asker.listens(details.point):
            return Outcome(details)
        with self.tracer.span("hooks", Level.DEBUG, point=details.point.name):
            return await self._drive(self._asker.ask(details), _refuse)

    async def guard(
        self,
        guarded: Guarded,
        details: HookDetails,
        operation: Callable[[HookDetails], Awaitable[PlainData]],
        *,
        has_begun: bool = False,
    ) -> PlainData:
        """Do ``operation`` with all that hooks say of it; its result, or what stands in for it.

        The operation is given the details as hooks left them: its input is their ``data``, and
        whom it is done with their ``component``. It may be done several times, or never. Raises
        `HookCancelled` where a hook says no, `ForkFailed`, and what the operation raises.

        ``has_begun``: it was begun before anybody was to be asked, and ``operation`` first gives
        what came of that.
        """
        if not self.registry.is_listening(guarded):
            return await operation(details)
        if self.tracer.level < Level.DEBUG:
            return await self._guard(guarded, details, operation, has_begun)
        with self.tracer.span("guarded", Level.DEBUG, point=guarded.before.name):
            return await self._guard(guarded, details, operation, has_begun)

    async def _guard(
        self,
        guarded: Guarded,
        details: HookDetails,
        operation: Callable[[HookDetails], Awaitable[PlainData]],
        has_begun: bool,
    ) -> PlainData:
        # The short way, on which all hooks say Continue; where one does not, the rules take over.
        run_through = self._asker.run_through
        if details.point is not guarded.before:
            details = details.at(guarded.before)
        interruption = None if has_begun else run_through(details)
        if interruption is not None:
            reached = Reached(interruption)
        else:
            try:
                result = await operation(details)
            except Exception as error:
                reached = Reached(error=error)
            else:
                interruption = run_through(details.after(guarded.after, result))
                if interruption is None:
                    return result
                reached = Reached(interruption, is_performed=True, result=result)
        course = Guard(self._asker, self._cache, guarded).run(details, reached)
        return await self._drive(course, operation)

    async def _drive(
        self,
        course: "Generator[Deed, PlainData, T]",
        operation: Callable[[HookDetails], Awaitable[PlainData]],
    ) -> T:
        try:
            deed = next(course)
            while True:
                try:
                    done = await self._do(deed, operation)
                except Exception as error:
                    deed = course.throw(error)
                else:
                    deed = course.send(done)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            course.close()

    async def _do(
        self, deed: Deed, operation: Callable[[HookDetails], Awaitable[PlainData]]
    ) -> PlainData:
        match deed:
            case HookDetails():
                return await operation(deed)
            case Wait(seconds):
                return await self._sleep(seconds)
            case PerformAll(all_details, join):
                return await join_tasks(all_details, join, operation)
            case _:
                return await deed

    # --- for script threads -----------------------------------------------------------------------

    def ask_in_thread(self, details: HookDetails) -> Outcome:
        """`ask` for a thread without a loop."""
        if not self._asker.listens(details.point):
            return Outcome(details)
        with self.tracer.span("hooks", Level.DEBUG, point=details.point.name):
            return self._drive_in_thread(self._asker.ask(details), _refuse_in_thread)

    def guard_in_thread(
        self,
        guarded: Guarded,
        details: HookDetails,
        operation: Callable[[HookDetails], PlainData],
        *,
        has_begun: bool = False,
    ) -> PlainData:
        """`guard` for a thread without a loop: it waits here, and forks into threads.

        Operations of a fork are called on threads of their own; what may only be touched by the
        script's thread must not be in them.
        """
        if not self.registry.is_listening(guarded):
            return operation(details)
        if self.tracer.level < Level.DEBUG:
            return self._guard_in_thread(guarded, details, operation, has_begun)
        with self.tracer.span("guarded", Level.DEBUG, point=guarded.before.name):
            return self._guard_in_thread(guarded, details, operation, has_begun)

    def _guard_in_thread(
        self,
        guarded: Guarded,
        details: HookDetails,
        operation: Callable[[HookDetails], PlainData],
        has_begun: bool,
    ) -> PlainData:
        run_through = self._asker.run_through  # the short way, as in `_guard`
        if details.point is not guarded.before:
            details = details.at(guarded.before)
        interruption = None if has_begun else run_through(details)
        if interruption is not None:
            reached = Reached(interruption)
        else:
            try:
                result = operation(details)
            except Exception as error:
                reached = Reached(error=error)
            else:
                interruption = run_through(details.after(guarded.after, result))
                if interruption is None:
                    return result
                reached = Reached(interruption, is_performed=True, result=result)
        course = Guard(self._asker, self._cache, guarded).run(details, reached)
        return self._drive_in_thread(course, operation)

    def _drive_in_thread(
        self,
        course: "Generator[Deed, PlainData, T]",
        operation: Callable[[HookDetails], PlainData],
    ) -> T:
        try:
            deed = next(course)
            while True:
                try:
                    done = self._do_in_thread(deed, operation)
                except Exception as error:
                    deed = course.throw(error)
                else:
                    deed = course.send(done)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            course.close()

    def _do_in_thread(self, deed: Deed, operation: Callable[[HookDetails], PlainData]) -> PlainData:
        match deed:
            case HookDetails():
                return operation(deed)
            case Wait(seconds):
                return self._sleep_in_thread(seconds)
            case PerformAll(all_details, join):
                return join_threads(all_details, join, operation)
            case _:
                return self._run_awaitable(deed)


async def _refuse(_details: HookDetails) -> PlainData:
    raise AssertionError("Asking hooks performs nothing.")


def _refuse_in_thread(_details: HookDetails) -> PlainData:
    raise AssertionError("Asking hooks performs nothing.")
