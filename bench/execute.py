"""What hooks, events and tracing cost an execute: ratios to the same execute without them.

An execute is a cell of about a tenth of a millisecond of Lua, as a client of a kernel in this
process has it executed (`KernelHandle.execute`), as it is sent to the script's thread and awaited
(`LuaSession.execute`), and as its text is run in this thread (`LuaEngine.run_text`), where nothing
but the Lua takes time. The cases take turns in short blocks, so that noise hits all alike.
"""

import asyncio
import functools
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kernel.api import start_embedded_kernel
from kernel.core.plain import PlainData
from kernel.core.settings import DebugSettings
from kernel.core.telemetry import SpanExport
from kernel.core.tracing import Level, Tracer
from kernel.events import correlation
from kernel.events.broker import Broker
from kernel.events.execution import ExecutionFinished, ExecutionStarted
from kernel.execution.cells import CellRequest, CellResult, Guard
from kernel.execution.cells import Execute as GuardedCell
from kernel.execution.engine import Cell
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.builtin.logging import LoggingHook
from kernel.hooks.builtin.metrics import MetricsHook
from kernel.hooks.builtin.rate_limit import RateLimitHook
from kernel.hooks.builtin.security import SecurityHook
from kernel.hooks.conditions import ExecutionStateIs, MetadataEquals
from kernel.hooks.patterns import ConditionalHook
from kernel.hooks.points import CODE_EXECUTION
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import CONTINUE
from kernel.hooks.runner import HookRunner
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from lua_debug.engine import LuaEngine
from lua_debug.session import LuaSession

CODE = "local s = 0 for i = 1, 14500 do s = s + i % 7 end"
LUA_HOOKS = """
for _, point in ipairs{"PreCodeExecution", "PostCodeExecution"} do
  for _ = 1, 5 do Hook.register(point, function() return "continue" end) end
end
"""
BLOCK = 40
"""Executes in a row before the next case has its turn."""

Execute = Callable[[], Awaitable[object]]
SCRIPT = Component("script", "cell")


class NoInput:
    """Implements `ScriptDoor` for code that reads nothing."""

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """The end of input."""
        del prompt, is_secret
        return None


def continues(_details: HookDetails) -> object:
    """The hook that most hooks are most of the time."""
    return CONTINUE


def plain_hooks(registry: HookRegistry | None = None) -> HookRegistry:
    """Ten hooks that are called and say Continue, five before and five after."""
    registry = registry or HookRegistry()
    for point in (CODE_EXECUTION.before, CODE_EXECUTION.after):
        for _ in range(5):
            registry.register(point, continues)  # type: ignore[arg-type] # typed as little as users do
    return registry


def useful_hooks(registry: HookRegistry | None = None) -> HookRegistry:
    """Ten hooks that do something each, as somebody would have them."""
    registry = registry or HookRegistry()
    metrics, logs = MetricsHook(), LoggingHook()
    cautious = ConditionalHook(ExecutionStateIs("stopped"), continues)  # type: ignore[arg-type] # so
    for point in (CODE_EXECUTION.before, CODE_EXECUTION.after):
        registry.register(point, metrics)
        registry.register(point, logs)
        registry.register(point, cautious)
    registry.register(CODE_EXECUTION.before, RateLimitHook({"agent": "60/minute"}))
    registry.register(CODE_EXECUTION.before, SecurityHook(), is_required=True)
    registry.register(CODE_EXECUTION.after, ConditionalHook(MetadataEquals("a", 1), continues))  # type: ignore[arg-type] # so
    registry.register(CODE_EXECUTION.after, continues)  # type: ignore[arg-type] # so
    return registry


class Cases:
    """The same execute with more and more around it."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._exporter = InMemorySpanExporter()
        self._export = SpanExport(self._exporter)
        self._broker = Broker()
        self._read = self._broker.subscribe("execution.*")

    def all(self) -> Mapping[str, Execute]:
        """By name; the first is what the others are measured by."""
        return {
            "plain": self._plain(),
            "plain again": self._plain(),
            "0 hooks": self._hooked(HookRegistry()),
            "10 hooks that continue": self._hooked(plain_hooks()),
            "10 hooks that do something": self._hooked(useful_hooks()),
            "events, with a reader": self._told(),
            "tracing off": self._traced(Level.OFF),
            "tracing at info": self._traced(Level.INFO),
            "tracing at debug": self._traced(Level.DEBUG),
        }

    def close(self) -> None:
        """End the exporter's thread."""
        self._export.close()

    def _plain(self) -> Execute:
        """As a method of somebody's who has no hooks and tells nobody."""
        execute = self._execute

        async def run() -> object:
            return await execute()

        return run

    def _hooked(self, registry: HookRegistry, tracer: Tracer | None = None) -> Execute:
        runner = HookRunner(registry, tracer=tracer)
        execute = self._execute

        async def perform(_details: HookDetails) -> PlainData:
            return await execute()

        async def run() -> PlainData:
            details = HookDetails(CODE_EXECUTION.before, SCRIPT, {"code": CODE})
            return await runner.guard(CODE_EXECUTION, details, perform)

        return run

    def _told(self) -> Execute:
        """Two events for each execute, and somebody who reads them."""
        broker, execute, read = self._broker, self._execute, self._read

        async def run() -> object:
            with correlation.serving("message"):
                started = broker.publish(ExecutionStarted(CODE, 1))
                with correlation.following(started.id):
                    result = await execute()
                    broker.publish(ExecutionFinished(1))
            read.take_all()
            return result

        return run

    def _traced(self, level: Level) -> Execute:
        """A span for the execute; at debug two more inside, for its guard and for the engine."""
        tracer = Tracer(level, self._export)
        execute = self._execute

        async def run() -> object:
            with tracer.span("execute", language="lua"):
                if tracer.level < Level.DEBUG:
                    return await execute()
                with (
                    tracer.span("guarded", Level.DEBUG, point="PreCodeExecution"),
                    tracer.span("engine", Level.DEBUG),
                ):
                    return await execute()

        return run


async def measure(execute: Execute, rounds: int) -> Mapping[str, tuple[float, float]]:
    """For each case, microseconds and the ratio to the first.

    Of all times the one is taken that a tenth is quicker than: what a busy machine adds to the
    others says nothing of the work.
    """
    cases = Cases(execute)
    try:
        return await _compared(cases.all(), rounds)
    finally:
        cases.close()


async def _compared(runs: Mapping[str, Execute], rounds: int) -> Mapping[str, tuple[float, float]]:
    found: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        await _block(run)
    for _ in range(rounds):
        for name, run in runs.items():
            found[name] += await _block(run)
    quick = {name: _quick(times) for name, times in found.items()}
    return {name: (1e6 * each, each / quick["plain"]) for name, each in quick.items()}


async def _block(run: Execute) -> list[float]:
    """Seconds of each execute of a block."""
    times = []
    for _ in range(BLOCK):
        before = time.perf_counter()
        await run()
        times.append(time.perf_counter() - before)
    return times


async def _in_session(lua: str, rounds: int) -> Mapping[str, tuple[float, float]]:
    session = LuaSession(DebugSettings(lua=lua), lambda _: None, NoInput())
    await session.start()
    cell = Cell(CODE, "/bench/cell.lua", 1, stores_result=False)
    try:
        return await measure(lambda: session.execute(cell), rounds)
    finally:
        await session.close()


async def _in_thread(lua: str, rounds: int) -> Mapping[str, tuple[float, float]]:
    engine = LuaEngine(DebugSettings(lua=lua))
    text = CODE.encode()

    async def execute() -> object:
        return engine.run_text(text, "cell.lua")

    return await measure(execute, rounds)


class Watched:
    """Implements `Guard` around that of a kernel: how long it takes beside the cell itself."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.seconds: list[float] = []

    async def around(self, request: CellRequest, number: int, execute: GuardedCell) -> CellResult:
        """As the guard does it, with an eye on the clock."""
        cell = 0.0

        async def timed(it: CellRequest) -> CellResult:
            nonlocal cell
            before = time.perf_counter()
            try:
                return await execute(it)
            finally:
                cell += time.perf_counter() - before

        before = time.perf_counter()
        try:
            return await self._guard.around(request, number, timed)
        finally:
            self.seconds.append(time.perf_counter() - before - cell)


async def _in_kernel(lua: str, rounds: int) -> Mapping[str, tuple[float, float]]:
    """As a client of a kernel in this process has it executed, with its messages and events.

    That takes so long, and is so different from one time to the next, that what hooks add is timed
    by itself, and added to what the whole takes without them. Spans stand around the whole, which
    is compared as it is; so are hooks that are functions of the script.
    """
    programs = LuaPrograms(lua)
    registry = programs.runner.registry
    watched = Watched(programs.guard)
    exporter = SpanExport(InMemorySpanExporter())
    tracer = programs.runner.tracer = Tracer(Level.OFF, exporter)
    cases: Mapping[str, Callable[[], object]] = {
        "plain": lambda: None,
        "plain again": lambda: None,
        "10 hooks that continue": lambda: plain_hooks(registry),
        "10 hooks that do something": lambda: useful_hooks(registry),
        "10 hooks in Lua": lambda: None,
        "tracing at info": lambda: setattr(tracer, "level", Level.INFO),
        "tracing at debug": lambda: setattr(tracer, "level", Level.DEBUG),
    }
    whole: dict[str, list[float]] = {name: [] for name in cases}
    beside: dict[str, list[float]] = {name: [] for name in cases}
    parts = replace(lua_kernel(programs=programs), guard=watched, tracer=tracer)
    async with await start_embedded_kernel(parts) as handle:
        run = functools.partial(handle.execute, CODE)
        await _block(run)
        for name in [*cases] * rounds:
            for each in registry.find():
                each.unregister()
            tracer.level = Level.OFF
            cases[name]()
            if name == "10 hooks in Lua":
                await handle.execute(LUA_HOOKS)
            watched.seconds.clear()
            whole[name] += await _block(run)
            beside[name] += watched.seconds
    exporter.close()
    plain, alone = _quick(whole["plain"] + whole["plain again"]), _quick(beside["plain"])
    is_inside = {name: "hooks that" in name or "plain" in name for name in cases}
    added = {
        name: _quick(beside[name]) - alone if is_inside[name] else _quick(whole[name]) - plain
        for name in cases
    }
    return {name: (1e6 * (plain + more), 1 + more / plain) for name, more in added.items()}


def _quick(times: Sequence[float]) -> float:
    """What a tenth of them is quicker than."""
    return statistics.quantiles(times, n=10)[0]


def tell_execute(lua: str, rounds: int) -> None:
    """Print the ratios of one Lua, for both kinds of executes."""
    kinds = {"kernel": _in_kernel, "session": _in_session, "in thread": _in_thread}
    for kind, work in kinds.items():
        for name, (microseconds, ratio) in asyncio.run(work(lua, rounds)).items():
            sys.stdout.write(f"{lua:10} {kind:10} {name:30} {microseconds:8.1f} µs {ratio:7.3f}\n")
        sys.stdout.flush()
