"""Data breakpoints of one debuggee, before it runs and while it does."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from kernel.core import model as m
from lua_debug.arming import described
from lua_debug.refusals import Refusals

_GLOBAL = "global:"
"""Begins the data id of a global (probe/data.lua): it means the same in every run."""

_NAME = re.compile(r"[^\W\d]\w*", re.ASCII)

_GONE = "What it watches is gone; ask for it again at a stop."


class DataBreakpoints:
    """Sets them in the probe (``watch``), or keeps them until there is one."""

    def __init__(
        self, watch: Callable[[list[dict[str, Any]]], Awaitable[dict[str, Any]]], refusals: Refusals
    ) -> None:
        self._watch = watch
        self._refusals = refusals
        self._waiting: list[dict[str, Any]] | None = []
        """Those that wait for the program; None once it is there."""

    async def set(self, specs: Sequence[m.DataBreakpointSpec]) -> list[m.Breakpoint]:
        """Replace all of them; answers in the order of ``specs``."""
        problems = {each.id: self._problem(each) for each in specs}
        right = [each for each in specs if problems[each.id] is None]
        watches = [described(each) | {"data_id": each.data_id} for each in right]
        if self._waiting is None:
            answer = await self._watch(watches)
            for each, problem in zip(right, answer["problems"], strict=True):
                problems[each.id] = problem or None
        else:
            self._waiting = watches
        return [_standing(each, problems[each.id]) for each in specs]

    def _problem(self, spec: m.DataBreakpointSpec) -> str | None:
        if self._waiting is not None and not spec.data_id.startswith(_GLOBAL):
            return _GONE
        return self._refusals.of(spec)

    def forget_waiting(self) -> None:
        """Who set them is gone before the program began."""
        if self._waiting is not None:
            self._waiting = []

    async def begin(self) -> None:
        """The probe is there, and the program about to run."""
        waiting, self._waiting = self._waiting or [], None
        await self._watch(waiting)

    def info_before(self, name: str) -> m.DataBreakpointInfo | None:
        """Of a name, before the program runs: it can only be a global. None if it runs."""
        if self._waiting is None:
            return None
        if not _NAME.fullmatch(name) or self._refusals.assigning(name):
            return m.DataBreakpointInfo(None, f"{name} is not known before the program runs")
        return m.DataBreakpointInfo(f"{_GLOBAL}{name}", f"global {name}", ("write",), True)


def _standing(spec: m.DataBreakpointSpec, problem: str | None) -> m.Breakpoint:
    reason = "failed" if problem else None
    return m.Breakpoint(spec.id, verified=problem is None, message=problem, reason=reason)
