"""Hooks that change the course of debugging, on every Lua there is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernel.core import model as m
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import BreakpointRequest, DebugCoordinator
from kernel.debug.stop_hooks import StopHooks
from kernel.events import correlation
from kernel.events import model as e
from kernel.events.broker import Broker
from kernel.events.bus import EventBus
from kernel.events.correlation import RunCorrelation
from kernel.events.execution import ExecutionStarted
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.conditions import HasError, JsonPath
from kernel.hooks.patterns import ConditionalHook
from kernel.hooks.points import POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import CONTINUE, Cancel, Modified, Replace, Skip
from kernel.hooks.runner import HookRunner
from lua_debug.debuggee import LuaDebuggee
from tests.contracts.debuggees import MAIN, Subject, soon

LOOP = """local sum = 0
for i = 1, 5 do
  sum = sum + i -- @add
end
print("sum", sum) -- @print
local last = sum -- @last
"""


class Debugged(Subject):
    """A program under a coordinator with hooks; what clients are told is heard on its bus."""

    def __init__(self, path: Path, text: str, lua: str) -> None:
        self.bus = EventBus()
        self.broker = Broker()
        self.run_correlation = RunCorrelation()
        self.broker.relay(self.bus, self.run_correlation)
        self.registry = HookRegistry()
        super().__init__(lambda listener, program: self._make(lua, program), path, text)
        self.bus.subscribe(self._listen)
        self.coordinator = DebugCoordinator(self.debuggee, self.bus)
        self.hooks = StopHooks(
            self.coordinator,
            HookRunner(self.registry, tell=self.broker.publish),
            {"session": "s1"},
            self.run_correlation,
        )
        self.hooks.install()

    def _make(self, lua: str, program: str) -> LuaDebuggee:
        return LuaDebuggee(
            DebugSettings(lua=lua),
            lambda event: self.coordinator.listen(event),
            program=program,
        )

    def hook(self, point: str, hook: Callable[[HookDetails], Any]) -> None:
        """Ask a hook at a point."""
        self.registry.register(POINTS[point], hook)

    async def begin(self, *marks: str) -> None:
        """Set breakpoints and run."""
        requests = [BreakpointRequest(self.line(mark)) for mark in marks]
        await soon(self.coordinator.set_breakpoints(self.source, requests))
        await soon(self.coordinator.launch(m.Program(self.source.path or "")))

    async def stand(self) -> tuple[str, str | int]:
        """Wait for a stop that clients are told; why, and where."""
        stopped = await self.hear(e.Stopped)
        return stopped.reason.value, (await self.place())[1]

    async def step(self, kind: m.StepKind) -> tuple[str, str | int]:
        """Resume, and wait for the next stop."""
        await soon(self.coordinator.resume(m.Resume(kind, MAIN)))
        return await self.stand()

    async def finish(self) -> str:
        """Let it run to its end; what it printed."""
        if self.coordinator.is_stopped:
            await soon(self.coordinator.resume(m.Resume(m.StepKind.CONTINUE, MAIN)))
        await self.end()
        return self.output()

    def stops(self) -> int:
        """How many stops clients were told."""
        return sum(isinstance(each, e.Stopped) for each in self.told)


Run = Callable[..., Any]


@pytest.fixture
def debugged(lua: str, tmp_path: Path) -> Run:
    """Makes the program of a story, and ends it."""

    @asynccontextmanager
    async def make(text: str = LOOP) -> AsyncIterator[Debugged]:
        program = Debugged(tmp_path / "main.lua", text, lua)
        await program.debuggee.attached()
        try:
            yield program
        finally:
            program.hooks.remove()
            await program.close()

    return make


pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Debuggees are told on asyncio."""
    return "asyncio"


async def test_a_hook_skips_stops(debugged: Run) -> None:
    """A stop that a hook skips is never told; the next one is, and the program loses nothing."""
    async with debugged() as d:
        d.hook(
            "PreBreakpoint", ConditionalHook(~JsonPath("$.data.locals.i", "4"), lambda _: Skip())
        )
        await d.begin("add")
        assert ("breakpoint", "add") == await d.stand()
        assert ("4", "6") == (await d.value("i"), await d.value("sum"))
        assert "sum\t15\n" == await d.finish()
        assert 1 == d.stops()


async def test_a_hook_changes_a_value(debugged: Run) -> None:
    """A hook sets variables at a breakpoint, with or without a stop there."""

    def change(details: HookDetails) -> Any:
        if details.data["locals"]["i"] == "2":
            return Replace({"set": {"sum": "100"}})
        if details.data["locals"]["i"] == "3":
            return Modified({**details.data, "set": {"sum": "sum + 1000"}})
        return Skip()

    async with debugged() as d:
        d.hook("PreBreakpoint", change)
        await d.begin("add")
        assert ("breakpoint", "add") == await d.stand()
        assert ("3", "1102") == (await d.value("i"), await d.value("sum"))
        assert "sum\t1114\n" == await d.finish()


async def test_a_hook_adds_a_stop_before_the_launch(debugged: Run) -> None:
    """A stop that a hook adds before the program runs is a stop like any other."""
    async with debugged() as d:
        stops = [{"path": d.source.path, "line": d.line("print")}]
        d.hook("PreDebugSession", lambda told: Modified({**told.data, "stops": stops}))
        await d.begin()
        assert ("breakpoint", "print") == await d.stand()
        (stopped,) = [each for each in d.told if isinstance(each, e.Stopped)]
        assert () == stopped.breakpoints
        assert "sum\t15\n" == await d.finish()


async def test_a_hook_adds_a_stop_at_a_stop(debugged: Run) -> None:
    """Where the program stands a hook adds another stop, beside those of the client."""
    async with debugged() as d:
        stop = {"path": d.source.path, "line": d.line("last"), "condition": "sum > 14"}
        d.hook("PreBreakpoint", lambda told: Modified({**told.data, "stops": [stop]}))
        await d.begin("print")
        assert ("breakpoint", "print") == await d.stand()
        assert ("breakpoint", "last") == await d.step(m.StepKind.CONTINUE)


async def test_added_stops_stay_when_the_client_changes_its_own(debugged: Run) -> None:
    """A client that sets its breakpoints anew does not remove what a hook added."""
    async with debugged() as d:
        stop = {"path": d.source.path, "line": d.line("last")}
        d.hook("PreDebugSession", lambda told: Modified({**told.data, "stops": [stop]}))
        await d.begin("print")
        assert ("breakpoint", "print") == await d.stand()
        answers = await soon(d.coordinator.set_breakpoints(d.source, []))
        assert [] == answers
        assert ("breakpoint", "last") == await d.step(m.StepKind.CONTINUE)


async def test_a_hook_skips_steps(debugged: Run) -> None:
    """A step that a hook does not want to end here is made again from here."""
    async with debugged() as d:
        within = {d.line("add"), d.line("add") - 1}
        d.hook(
            "PostStepExecution", lambda told: Skip() if told.data["line"] in within else CONTINUE
        )
        await d.begin("add")
        assert ("breakpoint", "add") == await d.stand()
        await soon(d.coordinator.set_breakpoints(d.source, []))
        assert ("step", "print") == await d.step(m.StepKind.OVER)


async def test_a_hook_forbids_a_step_or_makes_it_another(debugged: Run) -> None:
    """A step that is cancelled is an error with the hook's reason, and the program stands."""
    async with debugged() as d:
        d.hook("PreStepExecution", lambda told: Cancel("no") if told.data["step"] == "in" else None)
        d.hook("PreStepExecution", lambda told: Modified({**told.data, "step": "continue"}))
        await d.begin("add", "last")
        await d.stand()
        with pytest.raises(HookCancelled, match=r"^no \(said by"):
            await soon(d.coordinator.resume(m.Resume(m.StepKind.IN, MAIN)))
        assert "1" == await d.value("i")
        assert ("breakpoint", "add") == await d.step(m.StepKind.OVER)
        assert "2" == await d.value("i")


async def test_a_hook_forbids_the_session(debugged: Run) -> None:
    """A program that a hook does not want to be run is not launched, and the client is told why."""
    async with debugged() as d:
        d.hook("PreScriptLoad", lambda told: Cancel(f"{told.component.name} is not signed"))
        with pytest.raises(HookCancelled, match=r"main\.lua is not signed"):
            await d.begin()
        assert [] == d.told


async def test_a_hook_at_an_error(debugged: Run) -> None:
    """An error that stops the program can be passed over by a hook that knows it."""
    async with debugged('pcall(error, "known") -- @known\npcall(error, "new") -- @new\n') as d:
        known = ConditionalHook(JsonPath("$.data[?@ == 'known']"), lambda _: Skip())
        d.hook("DebugError", known)
        specs = [m.ExceptionBreakpointSpec("all")]
        await soon(d.coordinator.set_exception_breakpoints(specs))
        await d.begin()
        stopped = await d.hear(e.Stopped)
        assert m.StopReason.EXCEPTION is stopped.reason
        assert "new" in (stopped.text or "")


async def test_a_hook_is_told_the_error(debugged: Run) -> None:
    """Conditions about errors hold at those that stop a program."""
    async with debugged('pcall(error, "known") -- @known\npcall(error, "new") -- @new\n') as d:
        d.hook("DebugError", ConditionalHook(HasError("known"), lambda _: Skip()))
        specs = [m.ExceptionBreakpointSpec("all")]
        await soon(d.coordinator.set_exception_breakpoints(specs))
        await d.begin()
        assert ("exception", "new") == await d.stand()


async def test_a_hook_that_fails_lets_the_program_stop(debugged: Run) -> None:
    """Neither a hook's bug nor a value that cannot be set loses a stop; the second is told."""
    async with debugged() as d:

        def bug(_: HookDetails) -> Any:
            raise ValueError("bug")

        d.hook("PreBreakpoint", bug)
        d.hook("PreBreakpoint", lambda _: Replace({"set": {"1 + 1": "3"}}))
        await d.begin("print")
        assert ("breakpoint", "print") == await d.stand()
        told = d.output("console")
        assert "a decision about that failed: a hook wants 1 + 1 = 3: " in told


async def test_a_stop_that_cannot_be_is_told(debugged: Run) -> None:
    """With the reason; the program goes on as the hook says, and other stops are set."""
    async with debugged() as d:
        path = d.source.path
        wrong = {"path": path, "line": d.line("print"), "condition": "sum =="}
        right = {"path": path, "line": d.line("last")}
        wanted = Replace({"stops": [wrong, right]})
        d.hook("PreBreakpoint", lambda told: wanted if told.data["line"] < right["line"] else None)
        await d.begin("add")
        assert ("breakpoint", "last") == await d.stand()
        told = d.output("console")
        assert f"The stop at {path}:{wrong['line']} that a hook wants is not set. " in told


async def test_a_client_that_pauses_meanwhile(debugged: Run) -> None:
    """Somebody who wants a stop while a hook decides to go on has it."""
    async with debugged() as d:
        asked = asyncio.Event()
        may_go = asyncio.Event()

        async def slow(_: HookDetails) -> Skip:
            asked.set()
            await may_go.wait()
            return Skip()

        d.hook("PreBreakpoint", slow)
        await d.begin("print")
        await soon(asked.wait())
        assert not d.coordinator.is_stopped
        await soon(d.coordinator.pause())
        may_go.set()
        assert ("breakpoint", "print") == await d.stand()


@pytest.fixture
def undecided() -> tuple[Any, asyncio.Event]:
    """A hook that never comes to a decision, and what is set when it is asked."""
    asked = asyncio.Event()

    async def hook(_: HookDetails) -> Skip:
        asked.set()
        await asyncio.Event().wait()
        return Skip()

    return hook, asked


async def test_a_client_that_leaves_meanwhile(debugged: Run, undecided: Any) -> None:
    """A program whose client leaves while a hook decides goes on to its end."""
    hook, asked = undecided
    async with debugged() as d:
        d.hook("PreBreakpoint", hook)
        await d.begin("print")
        await soon(asked.wait())
        await soon(d.coordinator.detached())
        assert (0, 0) == (await d.end(), d.stops())
        assert "sum\t15\n" == d.output()


async def test_a_program_that_is_ended_meanwhile(debugged: Run, undecided: Any) -> None:
    """Ending a program does not wait for a hook that decides, and its end is told."""
    hook, asked = undecided
    async with debugged() as d:
        ended: asyncio.Queue[Any] = asyncio.Queue()
        d.hook("PreBreakpoint", hook)
        d.hook("PostDebugSession", lambda told: ended.put_nowait(told.data))
        await d.begin("print")
        await soon(asked.wait())
        await soon(d.debuggee.terminate())
        code = await d.end()
        assert {"code": code} == await soon(ended.get())


async def test_hooks_hear_of_what_was_told(debugged: Run) -> None:
    """After a stop is told, and when a file is loaded, hooks are asked that only look."""
    async with debugged() as d:
        heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

        def note(told: HookDetails) -> None:
            heard.put_nowait((told.point.name, told.metadata["session"]))

        d.hook("PostBreakpoint", note)
        d.hook("PostScriptLoad", note)
        await d.begin("print")
        await d.stand()
        found = {await soon(heard.get()), await soon(heard.get())}
        assert {("PostBreakpoint", "s1"), ("PostScriptLoad", "s1")} == found


async def test_without_hooks_nothing_waits(debugged: Run) -> None:
    """Where no hook is asked about a stop it is told at once, as without any hooks."""
    async with debugged() as d:
        await d.begin("print")
        stopped = await d.hear(e.Stopped)
        assert d.hooks.decide(stopped) is None
        assert d.hooks.decide(replace(stopped, reason=m.StopReason.ENTRY)) is None


async def test_everything_leads_back_to_the_message(debugged: Run) -> None:
    """From the message over the execution, a hook and the pause to the resume, one id is kept.

    Each event names what it follows from: the execution, or the message that resumed it.
    """
    async with debugged() as d:
        heard = d.broker.subscribe("debug.stopped", "debug.resumed", "hook.*")
        d.hook("PreBreakpoint", lambda told: Skip() if told.data["locals"]["i"] < "3" else None)
        with correlation.serving("M"):
            started = d.broker.publish(ExecutionStarted(LOOP))
            d.run_correlation.run = correlation.Correlation("M", started.id)
            await d.begin("add")
        await d.stand()
        with correlation.serving("D"):
            await soon(d.coordinator.resume(m.Resume(m.StepKind.OVER, MAIN)))
        await d.hear(e.Stopped)
        found = [(each.name, each.correlation_id, each.causation_id) for each in heard.take_all()]
        assert [
            ("hook.intervened", "M", started.id),
            ("hook.intervened", "M", started.id),
            ("debug.stopped", "M", started.id),
            ("debug.resumed", "M", "D"),
        ] == found[:4]
        assert ("debug.stopped", "M") == found[4][:2]
