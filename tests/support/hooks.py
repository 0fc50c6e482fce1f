"""Hooks that say what a test wants, and an operation that notes how it was done."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from kernel.hooks.base import Component, HookDetails
from kernel.hooks.builtin.caching import MemoryResults
from kernel.hooks.points import TOOL_EXECUTION, Guarded
from kernel.hooks.registry import HookRegistry, Registration
from kernel.hooks.results import HookResult
from kernel.hooks.runner import HookRunner
from tests.support.clocks import ManualClock

TOOL = Component("tool", "calculator")


def details(data: Any = "in", **more: Any) -> HookDetails:
    """A tool is about to be called with ``data``."""
    return HookDetails(TOOL_EXECUTION.before, TOOL, data, **more)


class Bench:
    """A runner with a clock of its own, driven on a ``loop`` or in a ``thread``."""

    def __init__(self, way: str = "loop") -> None:
        self.way = way
        self.clock = ManualClock()
        self.registry = HookRegistry(clock=self.clock.monotonic)
        self.cache = MemoryResults(clock=self.clock.monotonic)
        self.told: list[Any] = []
        self.slept: list[float] = []
        self.done: list[tuple[str, Any]] = []
        """With whom and what the operation was done, each time."""
        self.outcomes: list[Any] = []
        """What the operation gives in turn: a value, or an exception to raise; then ``out``."""

        async def sleep(seconds: float) -> None:
            self._sleep(seconds)

        self.runner = HookRunner(
            self.registry,
            self.cache,
            self.told.append,
            sleep=sleep,
            sleep_in_thread=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def before(self, *results: HookResult | Exception, **options: Any) -> Registration:
        """A hook before the operation that says these in turn, the last one again and again."""
        return self.registry.register(TOOL_EXECUTION.before, saying(*results), **options)

    def after(self, *results: HookResult | Exception, **options: Any) -> Registration:
        """A hook after the operation."""
        return self.registry.register(TOOL_EXECUTION.after, saying(*results), **options)

    def on_error(self, *results: HookResult | Exception, **options: Any) -> Registration:
        """A hook on its errors."""
        assert TOOL_EXECUTION.error is not None
        return self.registry.register(TOOL_EXECUTION.error, saying(*results), **options)

    def guard(self, given: HookDetails | None = None, guarded: Guarded = TOOL_EXECUTION) -> Any:
        """Do the operation; its result."""
        if self.way == "thread":
            return self.runner.guard_in_thread(guarded, given or details(), self._perform)

        async def perform(told: HookDetails) -> Any:
            return self._perform(told)

        return asyncio.run(self.runner.guard(guarded, given or details(), perform))

    def ask(self, given: HookDetails | None = None) -> Any:
        """Ask the hooks at one point; the outcome."""
        if self.way == "thread":
            return self.runner.ask_in_thread(given or details())
        return asyncio.run(self.runner.ask(given or details()))

    def _perform(self, told: HookDetails) -> Any:
        self.done.append((told.component.name, told.data))
        outcome = self.outcomes.pop(0) if self.outcomes else "out"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def saying(
    *results: HookResult | Exception | None, heard: list[HookDetails] | None = None
) -> Callable[[HookDetails], Any]:
    """A hook that says these in turn, the last one again and again, and notes what it was told."""
    turns: list[HookResult | Exception | None] = [*results]

    def hook(told: HookDetails) -> HookResult | None:
        if heard is not None:
            heard.append(told)
        result = turns.pop(0) if len(turns) > 1 else turns[0]
        if isinstance(result, Exception):
            raise result
        return result

    return hook


def later(hook: Callable[[HookDetails], Any]) -> Callable[[HookDetails], Any]:
    """The same hook, as an ``async`` function that lets others go first."""

    async def hook_later(told: HookDetails) -> HookResult:
        await asyncio.sleep(0)
        result: HookResult = hook(told)
        return result

    return hook_later


def words(told: Sequence[Any]) -> list[str]:
    """What hooks were told to have done, by the names of events and results."""
    return [getattr(each, "result", type(each).__name__) for each in told]
