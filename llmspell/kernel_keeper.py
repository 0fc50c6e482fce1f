"""KernelKeeper: what a kernel was doing is kept, so that the next one of its name goes on with it.

Kept are the number of its last cell, the session it is in, and the breakpoints of whoever debugs
it; soon after they change, and in any case at its end.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from kernel.core.errors import KernelError, UserError
from kernel.core.plain import PlainData
from kernel.debug.remembering import SourceStops, WantedStops
from kernel.execution.cells import CellRequest, CellResult, Execute, Guard
from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.points import STATE_PERSISTENCE
from kernel.hooks.runner import HookRunner
from kernel.sessions.current import CurrentSession
from kernel.state.kernel_state import Beginning, End, KernelState, NotOurRun, PartUnreadable
from kernel.state.store import StateStore

SOON = 0.2
"""Seconds after which a change is kept; what comes meanwhile is kept with it."""

CELLS = "cell:"
"""What the path of a cell's file begins with where it is kept: each run has another folder."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExecutionPart:
    """What was run."""

    cells: int = 0
    """The number of the last one."""
    lua: str = ""


@dataclass(frozen=True, slots=True)
class SessionPart:
    """Where it was run."""

    current: str = ""
    """The id of the session the kernel is in; empty: in none."""


Kept = KernelState[ExecutionPart, SessionPart, WantedStops]
Found = Beginning[ExecutionPart, SessionPart, WantedStops]


@dataclass(frozen=True, slots=True)
class KernelNow:
    """What there is to be kept of a kernel; asked on the loop's thread."""

    lua: str
    count: Callable[[], int]
    current: CurrentSession
    go_on: Callable[[str], Awaitable[None]]
    """Be again in the session of this id; raises `UserError`."""
    wanted: Callable[[], WantedStops]
    cells_folder: str
    """What the paths of its cells begin with."""


class KernelKeeper:
    """Used on the loop's thread."""

    def __init__(
        self,
        store: Callable[[], StateStore],
        kernel: str,
        now: KernelNow,
        hooks: HookRunner | None = None,
    ) -> None:
        """``hooks`` are asked around each time that it is kept."""
        self._open, self._kernel, self._now, self._hooks = store, kernel, now, hooks
        self._state: Kept | None = None
        self._found: Found | None = None
        self._frozen: WantedStops | None = None
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    # --- beginning ------------------------------------------------------------------------------

    async def begin(self) -> WantedStops:
        """Take over from the run before: its session is the current one; its breakpoints."""
        try:
            self._found = await asyncio.to_thread(self._begin)
        except UserError as error:  # what is kept is not worth a kernel that does not start
            _log.warning("The run before cannot be gone on with: %s", error)
            return WantedStops()
        _log.info("the run before: %s", self._told(self._found))
        snapshot = self._found.snapshot
        if snapshot is None:
            return WantedStops()
        if snapshot.session.current and self._now.current.id is None:
            try:
                await self._now.go_on(snapshot.session.current)
            except UserError as error:
                _log.warning("The kernel is in no session: %s", error)
        return self._moved(snapshot.debug, CELLS, self._now.cells_folder)

    def _begin(self) -> Found:
        self._state = state = KernelState(
            self._open(), self._kernel, ExecutionPart, SessionPart, WantedStops
        )
        try:
            return state.begin()
        except PartUnreadable as error:
            _log.warning("%s", error)
            state.forget()
            return state.begin()

    def last_run(self) -> dict[str, Any] | None:
        """How the run before ended, for ``kernel status``; None if there was none."""
        if self._found is None or self._found.last_end is End.NONE:
            return None
        snapshot = self._found.snapshot
        return {
            "ended": self._found.last_end.value,
            "cells": snapshot.execution.cells if snapshot else 0,
            "saved": snapshot.at if snapshot else None,
        }

    def _told(self, found: Found) -> str:
        if found.last_end is End.NONE or found.snapshot is None:
            return found.last_end.value
        cells = found.snapshot.execution.cells
        count = f"{cells} cell" if cells == 1 else f"{cells} cells"
        return f"it ended {found.last_end.value}, after {count}"

    # --- keeping --------------------------------------------------------------------------------

    def around(self, guard: Guard) -> Guard:
        """The same guard; what has been run is kept."""
        return _KeptCells(guard, self.note_change)

    def note_change(self) -> None:
        """Something is not as it was kept; from any thread."""
        self._loop.call_soon_threadsafe(self._save_soon)

    def _save_soon(self) -> None:
        if self._timer is None and self._frozen is None:
            self._timer = self._loop.call_later(SOON, self._begin_saving)

    def _begin_saving(self) -> None:
        self._timer = None
        self._saving = asyncio.ensure_future(self._save())

    async def _save(self) -> None:
        async with self._turn:
            state = self._state
            if state is None:
                return
            now = self._now
            wanted = now.wanted() if self._frozen is None else self._frozen
            execution = ExecutionPart(now.count(), now.lua)
            session = SessionPart(now.current.id or "")
            debug = self._moved(wanted, now.cells_folder, CELLS)
            save = partial(asyncio.to_thread, state.save, execution, session, debug)
            try:
                await self._asked(execution, session, save)
            except HookCancelled as error:
                _log.warning("What the kernel does was not kept: %s", error)
            except NotOurRun as error:
                self._state = None
                _log.warning("%s", error)
            except KernelError as error:
                _log.warning("What the kernel does could not be kept: %s", error)
            except Exception:
                _log.exception("What the kernel does could not be kept")

    async def _asked(
        self, execution: ExecutionPart, session: SessionPart, save: Callable[[], Awaitable[int]]
    ) -> None:
        if self._hooks is None or not self._hooks.registry.is_listening(STATE_PERSISTENCE):
            await save()
            return

        async def operation(_details: HookDetails) -> PlainData:
            return await save()

        data = {"execution": asdict(execution), "session": asdict(session)}
        details = HookDetails(STATE_PERSISTENCE.before, Component("kernel", self._kernel), data)
        await self._hooks.guard(STATE_PERSISTENCE, details, operation)

    def freeze(self) -> None:
        """The kernel ends: that its debuggers leave now does not mean they want nothing more."""
        if self._frozen is None:
            self._frozen = self._now.wanted()

    async def end(self, *, is_replaced: bool = False) -> None:
        """Keep it for the last time, and that this run has ended in order, or is replaced."""
        self.freeze()
        if self._timer is not None:
            self._timer.cancel()
        await self._save()
        if self._state is not None:
            await asyncio.to_thread(self._state.end, is_replaced=is_replaced)

    @staticmethod
    def _moved(wanted: WantedStops, old: str, new: str) -> WantedStops:
        """With the paths that begin so beginning otherwise."""
        lines = tuple(
            SourceStops(new + each.path[len(old) :], each.requests)
            if each.path.startswith(old)
            else each
            for each in wanted.lines
        )
        return replace(wanted, lines=lines)


class _KeptCells:
    """Implements `Guard` around another one."""

    def __init__(self, inner: Guard, note: Callable[[], None]) -> None:
        self._inner, self._note = inner, note

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """Run it; then there is something to be kept."""
        try:
            return await self._inner.around(request, number, execute)
        finally:
            self._note()
