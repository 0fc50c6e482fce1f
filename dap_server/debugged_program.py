"""The program a session debugs: how it is got, started, replaced and left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from dap_server import to_dap
from dap_server.launch import AttachRequest, LaunchRequest
from dap_server.launch_errors import BadConfiguration
from dap_server.protocol import generated as dap
from dap_server.requested_breakpoints import Wish
from dap_server.states import LEGAL, State
from kernel.core import model as m
from kernel.core.errors import DebuggeeGone, KernelError, UserError
from kernel.debug.coordinator import DebugCoordinator
from kernel.events import model as e
from kernel.events.bus import EventBus

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

LAST_WORDS = 5.0
"""Seconds an ended program has to say so before it is given up."""

AGAIN = 2.0
"""Seconds until what it waits for is interrupted again; sooner would cut short how that ends."""

UNENDING = (
    "The program does not end: it is in a C function, a finalizer or a child process "
    "that does not return."
)


class DebuggedProgram:
    """One program after another (`restart`), of one session."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self.request: LaunchRequest | AttachRequest | None = None
        self.coordinator: DebugCoordinator | None = None
        """There once it knows all breakpoints the client has asked for."""
        self.configured = anyio.Event()
        """The client said configurationDone, or behaves as if it had."""
        self.ended = anyio.Event()
        self._is_started = False
        self._made: DebugCoordinator | None = None
        self._coming: anyio.Event | None = None
        self._has_left = False
        self.runs_on = False
        """The client left, and the program did not end with that."""
        self._unsubscribe: Callable[[], None] = lambda: None
        self._is_silent = False
        self._is_abandoned = False

    @property
    def is_attached(self) -> bool:
        """Whether the program was there before the client."""
        return isinstance(self.request, AttachRequest)

    @property
    def is_running(self) -> bool:
        """Whether the program has been let go."""
        return self.configured.is_set() and (self.is_attached or self._is_started)

    # --- getting one ----------------------------------------------------------------------------

    async def launch(self, request: LaunchRequest) -> None:
        """Make the program ready, and start it when the client has configured it."""
        request = self._admitted(request)
        self.request = request
        try:
            await self._make(request)
            await self.configured.wait()
            await self._start(request)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._give_up()
            raise

    async def attach(self, request: AttachRequest) -> None:
        """Get hold of a program that runs."""
        self._check(request)
        session, self.request, self._coming = self._session, request, anyio.Event()
        try:
            with self._warned(request), session.dispatcher.progress("Attaching"):
                coordinator = await session.host.attach(request, session)
            self._made = coordinator
            self._unsubscribe = coordinator.bus.subscribe(self._hear)
            session.answer_first()
            if coordinator.exit_code is None:
                await coordinator.attached()
                await self._welcome(coordinator)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._let_go()
            self.request = self._made = None
            raise
        finally:
            self.stop_waiting()
        if coordinator.started is not None:
            self._hear(coordinator.started)
        if coordinator.exit_code is not None:
            self._hear(e.Exited(coordinator.exit_code))
        elif self.configured.is_set():
            await self._settle()

    async def restart(self, request: LaunchRequest) -> None:
        """End the program and start it, or another, with the same breakpoints."""
        request = self._admitted(request)
        await self._end(silently=True)
        if self._made is not None and not self.ended.is_set():
            # Two programs would share standard input and output.
            self._abandon()
            raise UserError(UNENDING)
        session, self.request = self._session, request
        self.coordinator = self._made = None
        self._is_started, self.ended = False, anyio.Event()
        session.forget_threads()
        session.breakpoints.start_over()
        try:
            await self._make(request)
            await self._start(request)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._give_up()
            # The client has no program any more and no launch of its own to try again with.
            self.request = request
            self.ended.set()
            session.send_event("terminated", None)
            raise

    async def _make(self, request: LaunchRequest) -> None:
        session, self._coming = self._session, anyio.Event()
        try:
            request = self._with_possible_console(request)
            bus = EventBus()
            self._unsubscribe = bus.subscribe(self._hear)
            progress = session.dispatcher.progress(f"Starting {request.program.path}")
            with self._warned(request), progress:
                self._made = await session.host.launch(request, bus, session)
            await self._welcome(self._made)
        finally:
            self.stop_waiting()

    async def _start(self, request: LaunchRequest) -> None:
        assert self.coordinator is not None
        if self.ended.is_set():
            raise DebuggeeGone
        self._session.answer_first()
        self._is_started = True
        await self.coordinator.launch(request.program)

    async def _welcome(self, coordinator: DebugCoordinator) -> None:
        """Give a new coordinator the client's breakpoints, and the client what is new."""
        session, request = self._session, self.request
        assert request is not None
        session.pager.size = max(2, request.settings.display.max_children)
        filters = coordinator.debuggee.exception_filters
        if not session.breakpoints.wants("exception"):
            chosen = request.exception_defaults
            # What nobody has said does not take away what somebody said in an earlier run.
            if chosen is not None or not coordinator.remembered_errors:
                session.breakpoints.remember(_default_errors(filters, chosen))
        if self.is_debugged:
            for wish in session.breakpoints.unmet():
                await self._put(coordinator, wish)
        self.coordinator = coordinator
        self._announce(filters)

    async def _put(self, coordinator: DebugCoordinator, wish: Wish) -> None:
        session = self._session
        was_shown = bool(wish.shown)
        try:
            answers = await wish.put_to(coordinator)
        except UserError as error:
            session.say(f"Breakpoints could not be set. {error}", "important")
            return
        session.breakpoints.met(wish, answers)
        for number, answer in zip(wish.shown, answers, strict=True):
            if was_shown:
                body = to_dap.breakpoint_(session.client, number, answer)
                session.send_event(
                    "breakpoint", dap.BreakpointEventBody(reason="changed", breakpoint=body)
                )

    def _announce(self, filters: Sequence[m.ExceptionFilter]) -> None:
        """Correct what ``initialize`` announced before there was a program."""
        session = self._session
        changed = dap.Capabilities()
        if list(filters) != list(session.host.exception_filters):
            changed.exception_breakpoint_filters = [to_dap.exception_filter(f) for f in filters]
        if self.is_attached:
            changed.supports_restart_request = False
            changed.support_suspend_debuggee = True
        if changed != dap.Capabilities():
            session.send_event("capabilities", dap.CapabilitiesEventBody(capabilities=changed))

    # --- while it is there ----------------------------------------------------------------------

    async def ready(self) -> DebugCoordinator | None:
        """Who takes breakpoints now, if anybody; waits for a program that is being made."""
        if self._coming is not None:
            await self._coming.wait()
        return self.coordinator if self.is_debugged and not self.ended.is_set() else None

    def stop_waiting(self) -> None:
        """Whoever waits in `ready` shall not wait for the program any longer."""
        if self._coming is not None:
            self._coming.set()
            self._coming = None

    async def configure(self) -> None:
        """The client has set all its breakpoints."""
        if not self.configured.is_set():
            self.configured.set()
            if self.is_attached and self.coordinator is not None:
                self._session.answer_first()
                await self._settle()

    async def imply_configured(self, command: str) -> None:
        """Some clients that attach never say configurationDone; what they ask shows it is over."""
        late = command in LEGAL[State.RUNNING] - LEGAL[State.CONFIGURING]
        if late and self.is_attached and self.coordinator is not None:
            await self.configure()

    async def _settle(self) -> None:
        """A client that attached is ready: tell it where the program stands."""
        assert self.coordinator is not None
        if self.coordinator.stop is not None:
            self._hear(self.coordinator.stop)
        await self._session.host.configured()

    def _hear(self, event: e.KernelEvent) -> None:
        if isinstance(event, e.Exited):
            if self.ended.is_set():
                return
            self.ended.set()
            # A launch that still waits for the client has nothing to wait for.
            self.configured.set()
        if not self._is_silent or isinstance(event, e.OutputWritten):
            self._session.hear(event)

    # --- the end --------------------------------------------------------------------------------

    async def leave(self, terminate: bool | None, suspend: bool = False) -> None:
        """End the program or let it go on; by default what was launched ends. Once is enough.

        ``suspend``: what was attached to, and stands, goes on standing.
        """
        if self._has_left:
            return
        self._has_left = True
        await self._session.dispatcher.settle()
        ends = not self.is_attached if terminate is None else terminate
        await (self._end() if ends else self._let_go(stays=suspend and self.is_attached))

    async def terminate(self) -> None:
        """End the program. One that does not end is given up, and the client told so."""
        await self._ask_to_end()
        if not self.ended.is_set():
            self._abandon(UNENDING)

    async def _ask_to_end(self) -> None:
        if self._made is None or self._is_abandoned:
            return
        with suppress(KernelError), anyio.move_on_after(LAST_WORDS):
            await self._made.debuggee.terminate()
            while not self.ended.is_set():
                self._session.host.interrupt_children()
                with anyio.move_on_after(AGAIN):  # a shell may miss one while it forks
                    await self.ended.wait()

    def _abandon(self, why: str | None = None) -> None:
        """What the program says from now on is nobody's business. Once is enough."""
        if self._is_abandoned:
            return
        self._is_abandoned = True
        self._unsubscribe()
        if why is not None:
            self._session.say(why, "important")
        self._session.send_event("terminated", None)

    async def _end(self, silently: bool = False) -> None:
        """End the program; ``silently`` tells the client nothing about it."""
        self._is_silent = silently
        if self._made is not None and not self.ended.is_set():
            await self._ask_to_end()
            if not self.ended.is_set() and not silently:
                self._abandon()
        self._unsubscribe()
        self._is_silent = False

    async def _let_go(self, stays: bool = False) -> None:
        """Let the program run on without this client."""
        self._unsubscribe()
        if self._made is not None and not self.ended.is_set():
            self.runs_on = self.is_running
            with suppress(KernelError), anyio.move_on_after(LAST_WORDS):
                await self._made.detached(stays)

    async def _give_up(self) -> None:
        """A launch failed: the client may try another."""
        await self._end(silently=True)
        self.request = self.coordinator = self._made = None
        self._is_started, self.ended = False, anyio.Event()

    # --- arguments ------------------------------------------------------------------------------

    @property
    def is_debugged(self) -> bool:
        """Whether breakpoints mean anything (noDebug)."""
        return not isinstance(self.request, LaunchRequest) or self.request.program.debug

    def _admitted(self, request: LaunchRequest) -> LaunchRequest:
        self._check(request)
        return self._session.host.admit(request)

    def _check(self, request: LaunchRequest | AttachRequest) -> None:
        known = [each.filter for each in self._session.host.exception_filters]
        for place, name in enumerate(request.exception_defaults or ()):
            if name not in known:
                raise BadConfiguration(
                    f'exceptionDefaults[{place}] is "{name}"; it must be one of {", ".join(known)}.'
                )

    @contextmanager
    def _warned(self, request: LaunchRequest | AttachRequest) -> Iterator[None]:
        """Warn once the program is there, or is not: one that has an adapter of its own warns."""
        try:
            yield
        finally:
            for warning in request.warnings:
                self._session.say(warning, "important")

    def _with_possible_console(self, request: LaunchRequest) -> LaunchRequest:
        said = self._session.client.said
        if request.console == "internalConsole" or said.supports_run_in_terminal_request:
            return request
        self._session.say(
            f"The editor cannot open terminals, so the console {request.console} "
            "is replaced by internalConsole.",
            "important",
        )
        return replace(request, console="internalConsole")


def _default_errors(filters: Sequence[m.ExceptionFilter], chosen: Sequence[str] | None) -> Wish:
    """The errors to stop on until the client says otherwise."""
    on = [each.filter for each in filters if each.default] if chosen is None else chosen
    return Wish(("exception",), errors=tuple(map(m.ExceptionBreakpointSpec, on)))
