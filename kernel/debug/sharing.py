"""Several clients of one program, each with breakpoints of its own.

A program stops for the breakpoints of all its clients, and whoever resumes it resumes it for all.
What one client sets replaces only what that client has set before; when it leaves, its breakpoints
go with it, and the program goes on when it was the last.

What was wanted in an earlier run may be remembered: it counts from the moment that the first client
attaches, and of each file, of functions and of errors until a client sets its own there.
"""

import contextlib
import itertools
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from kernel.debug.coordinator import BreakpointRequest, DebugCoordinator
from kernel.debug.debuggee import Debuggee
from kernel.debug.decisions import AddedStop
from kernel.debug.remembering import SourceStops, WantedStops, nobodys
from kernel.events.bus import EventBus
from kernel.events.model import BreakpointChanged, KernelEvent, Started, Stopped

Wanted = TypeVar("Wanted", BreakpointRequest, m.ExceptionBreakpointSpec)
REMEMBERED = "remembered"
"""Who wants what an earlier run was asked for."""

Home = tuple[str, str | None]
"""The kind of breakpoint and, of line breakpoints, the path or the number of the source."""

_FUNCTIONS: Home = ("function", None)


class SharedProgram:
    """Hands out a coordinator to each client; all of them stand for one program."""

    def __init__(self, debuggee: Debuggee, bus: EventBus | None = None) -> None:
        self.core = DebugCoordinator(debuggee, bus or EventBus())
        self.attached: set[str] = set()
        self._owners = itertools.count(1)
        self._lines: dict[Home, dict[str, tuple[BreakpointRequest, ...]]] = {}
        self._sources: dict[Home, m.Source] = {}
        self._errors: dict[str, tuple[m.ExceptionBreakpointSpec, ...]] = {}
        self._remembered = WantedStops()
        self.when_changed: Callable[[], object] = lambda: None
        """Called when clients want other breakpoints than before."""

    def client(self) -> "ClientCoordinator":
        """A coordinator for one more client."""
        return ClientCoordinator(self, f"client {next(self._owners)}")

    # --- over several runs ----------------------------------------------------------------------

    def wanted(self) -> WantedStops:
        """What is wanted now, or remembered while nobody is attached."""
        if not self.attached:
            return self._remembered
        there = {home: sum(wanted.values(), ()) for home, wanted in self._lines.items()}
        lines = [
            SourceStops(path, nobodys(requests))
            for (kind, path), requests in sorted(there.items(), key=str)
            if kind == "line" and path and not path.startswith("#") and requests
        ]
        errors = dict.fromkeys(replace(each, id=None) for each in sum(self._errors.values(), ()))
        return WantedStops(tuple(lines), nobodys(there.get(_FUNCTIONS, ())), tuple(errors))

    def remember(self, wanted: WantedStops) -> None:
        """What an earlier run was asked for; before anybody attaches."""
        self._remembered = wanted

    def remembered_lines(self) -> tuple[SourceStops, ...]:
        """Those that count without a client that asked, or will as soon as somebody attaches."""
        if not self.attached:
            return self._remembered.lines
        return tuple(
            SourceStops(path, nobodys(wanted[REMEMBERED]))
            for (kind, path), wanted in self._lines.items()
            if kind == "line" and path and wanted.get(REMEMBERED)
        )

    def remembered_errors(self) -> tuple[m.ExceptionBreakpointSpec, ...]:
        """The same of exception filters."""
        return self._errors.get(REMEMBERED, ()) if self.attached else self._remembered.errors

    async def restore(self) -> None:
        """Set what is remembered, and tell of it; whatever the program refuses is left out.

        Nothing is told of files that are not there, as those of cells that have not been run again.
        """
        wanted, self._remembered = self._remembered, WantedStops()
        answers: list[m.Breakpoint] = []
        with contextlib.suppress(UserError):
            for each in wanted.lines:
                source = m.Source(os.path.basename(each.path), each.path)
                home = ("line", each.path)
                found = await self.put_lines(REMEMBERED, home, source, each.requests)
                is_there = os.path.exists(each.path)
                answers += [answer for answer in found if answer.verified or is_there]
            if wanted.functions:
                answers += await self.put_lines(REMEMBERED, _FUNCTIONS, None, wanted.functions)
            if wanted.errors:
                await self.put_errors(REMEMBERED, wanted.errors)
        for breakpoint_ in answers:
            self.core.bus.publish(BreakpointChanged(self.core.placed(breakpoint_), "new"))

    # --- what clients want ----------------------------------------------------------------------

    async def put_lines(
        self, owner: str, home: Home, source: m.Source | None, wanted: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Set those of all clients for ``home``; the answers to ``owner``, in order."""
        mine = tuple(replace(each, owner=owner) for each in wanted)
        if source is not None:
            self._sources[home] = source
        kept = self._lines.setdefault(home, {})
        if owner != REMEMBERED:
            kept.pop(REMEMBERED, None)
        answers = await _put(owner, kept, mine, self._setter(home))
        self.when_changed()
        return answers

    async def put_errors(
        self, owner: str, wanted: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """The same for exception filters."""
        if owner != REMEMBERED:
            self._errors.pop(REMEMBERED, None)
        answers = await _put(
            owner, self._errors, tuple(wanted), self.core.set_exception_breakpoints
        )
        self.when_changed()
        return answers

    def _setter(
        self, home: Home
    ) -> Callable[[Sequence[BreakpointRequest]], Awaitable[list[m.Breakpoint]]]:
        match home[0]:
            case "function":
                return self.core.set_function_breakpoints
            case "data":
                return self.core.set_data_breakpoints
        source = self._sources[home]
        return lambda requests: self.core.set_breakpoints(source, requests)

    async def forget(self, owner: str) -> None:
        """Take away all that a client has set."""
        for home, wanted in list(self._lines.items()):
            if owner in wanted:
                await self.put_lines(owner, home, None, ())
                del wanted[owner]
        if self._errors.pop(owner, None):
            await _put(owner, self._errors, (), self.core.set_exception_breakpoints)
            del self._errors[owner]

    def forget_all(self) -> None:
        """The program has been told to forget all breakpoints."""
        self._lines.clear()
        self._errors.clear()
        self.when_changed()


class ClientCoordinator(DebugCoordinator):
    """The program as one of its clients has it."""

    def __init__(self, shared: SharedProgram, owner: str) -> None:
        # What a coordinator keeps of its own is the program's here.
        self._shared, self._owner = shared, owner

    @property
    def debuggee(self) -> Debuggee:  # type: ignore[override]
        """The program."""
        return self._shared.core.debuggee

    @property
    def bus(self) -> EventBus:  # type: ignore[override]
        """What tells of it."""
        return self._shared.core.bus

    @property
    def started(self) -> Started | None:  # type: ignore[override]
        """How it began."""
        return self._shared.core.started

    @property
    def stop(self) -> Stopped | None:  # type: ignore[override]
        """Where it stands."""
        return self._shared.core.stop

    @property
    def exit_code(self) -> int | None:  # type: ignore[override]
        """How it ended."""
        return self._shared.core.exit_code

    @property
    def remembered_errors(self) -> Sequence[m.ExceptionBreakpointSpec]:
        """Exception filters of an earlier run that still count."""
        return self._shared.remembered_errors()

    def listen(self, event: KernelEvent) -> None:
        """The program tells all at once, not this client."""
        self._shared.core.listen(event)

    async def attached(self) -> None:
        """One more client is there; the first finds the program running."""
        is_first = not self._shared.attached
        self._shared.attached.add(self._owner)
        if is_first:
            await self._shared.core.attached()
            await self._shared.restore()

    async def detached(self, stays: bool = False) -> None:
        """The client leaves; the last one lets the program go on, unless it ``stays``."""
        if self._owner not in self._shared.attached:
            return
        self._shared.attached.discard(self._owner)
        if self._shared.attached:
            await self._shared.forget(self._owner)
        else:
            self._shared.forget_all()
            await self._shared.core.detached(stays)

    async def set_breakpoints(
        self, source: m.Source, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace this client's line breakpoints of a source."""
        home = ("line", source.path or f"#{source.reference}")
        return await self._shared.put_lines(self._owner, home, source, requests)

    async def set_function_breakpoints(
        self, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace this client's function breakpoints."""
        return await self._shared.put_lines(self._owner, ("function", None), None, requests)

    async def set_data_breakpoints(
        self, requests: Sequence[BreakpointRequest]
    ) -> list[m.Breakpoint]:
        """Replace this client's data breakpoints."""
        return await self._shared.put_lines(self._owner, ("data", None), None, requests)

    async def set_exception_breakpoints(
        self, specs: Sequence[m.ExceptionBreakpointSpec]
    ) -> list[m.Breakpoint]:
        """Replace this client's exception filters."""
        return await self._shared.put_errors(self._owner, specs)

    async def add_stop(self, stop: AddedStop) -> None:
        """A stop that a hook adds is there for all clients."""
        await self._shared.core.add_stop(stop)

    async def launch(self, program: m.Program) -> None:
        """Start the program, for all clients."""
        await self._shared.core.launch(program)

    async def resume(self, how: m.Resume) -> None:
        """Go on, for all clients."""
        await self._shared.core.resume(how)

    async def pause(self, thread: ThreadId | None = None) -> None:
        """Stop soon, for all clients."""
        await self._shared.core.pause(thread)


async def _put(
    owner: str,
    kept: dict[str, tuple[Wanted, ...]],
    mine: tuple[Wanted, ...],
    set_all: Callable[[Sequence[Wanted]], Awaitable[list[m.Breakpoint]]],
) -> list[m.Breakpoint]:
    """Remember what one client wants, set what all want; the answers to that client."""
    before = kept.get(owner)
    kept[owner] = mine
    try:
        answers = await set_all([each for wanted in kept.values() for each in wanted])
    except Exception:
        if before is None:
            del kept[owner]
        else:
            kept[owner] = before
        raise
    first = sum(len(wanted) for name, wanted in _before(kept, owner))
    return answers[first : first + len(mine)]


def _before(
    kept: dict[str, tuple[Wanted, ...]], owner: str
) -> list[tuple[str, tuple[Wanted, ...]]]:
    return list(itertools.takewhile(lambda each: each[0] != owner, kept.items()))
