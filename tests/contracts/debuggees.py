"""What the contract of `Debuggee` is run over: a program under a debuggee, and all that is told."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from kernel.core import model as m
from kernel.core.ids import BreakpointId, FrameId, ThreadId
from kernel.debug.debuggee import Debuggee, Listener
from kernel.events import model as e

DEADLINE = 20.0
"""Seconds to wait for anything; only failing takes that long."""

MAIN = ThreadId(1)
Make = Callable[[Listener, str], Debuggee]
Event = TypeVar("Event", bound=e.KernelEvent)
Result = TypeVar("Result")
_MARK = re.compile(r"--\s*@(\w+)")


class Subject:
    """A program whose lines have marks, as in the stories of tests/scenarios."""

    def __init__(self, make: Make, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        self.source = m.Source(path.name, str(path))
        lines = enumerate(text.split("\n"), 1)
        self._marks = {mark: number for number, line in lines for mark in _MARK.findall(line)}
        self.told: list[e.KernelEvent] = []
        self.threads: set[int] = set()
        """Those the listener was called on."""
        self._news = asyncio.Event()
        self._heard = 0
        self.debuggee = make(self._listen, str(path))

    def _listen(self, event: e.KernelEvent) -> None:
        self.threads.add(threading.get_ident())
        self.told.append(event)
        self._news.set()

    # --- waiting ----------------------------------------------------------------------------------

    async def hear(self, kind: type[Event], text: str = "") -> Event:
        """The next event of a kind (output: with ``text`` in it), behind those heard before."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for event in self.told[self._heard :]:
                    self._heard += 1
                    if isinstance(event, kind) and text in (getattr(event, "text", "") or ""):
                        return event
                    assert not isinstance(event, e.Exited), f"it ended: {self.told}"
                self._news.clear()
                await self._news.wait()

    async def launch(self, stop_on_entry: bool = False) -> None:
        """Start the program."""
        program = m.Program(self.source.path or "", stop_on_entry=stop_on_entry)
        await soon(self.debuggee.launch(program))

    async def run(self) -> e.Stopped:
        """Start the program and wait for its first stop."""
        await self.launch()
        return await self.hear(e.Stopped)

    async def go(self, kind: m.StepKind = m.StepKind.CONTINUE) -> e.Stopped:
        """Resume and wait for the next stop."""
        await self.resume(kind)
        return await self.hear(e.Stopped)

    async def resume(self, kind: m.StepKind = m.StepKind.CONTINUE) -> None:
        """Go on."""
        await soon(self.debuggee.resume(m.Resume(kind, MAIN)))

    async def end(self) -> int:
        """Wait for the end; its exit status."""
        return (await self.hear(e.Exited)).code

    async def close(self) -> None:
        """End the program, if it has not ended."""
        if not any(isinstance(each, e.Exited) for each in self.told):
            await soon(self.debuggee.terminate())
            await self.end()

    # --- what the tests ask -----------------------------------------------------------------------

    def line(self, mark: str) -> int:
        """The line a mark stands on."""
        return self._marks[mark]

    def spec(self, number: int, mark: str) -> m.BreakpointSpec:
        """A breakpoint on a marked line."""
        return m.BreakpointSpec(BreakpointId(number), self.line(mark))

    async def break_at(self, *specs: m.BreakpointSpec | str) -> list[m.Breakpoint]:
        """Replace the breakpoints of the program; marks alone are numbered from 1."""
        numbered = enumerate(specs, 1)
        made = [self.spec(n, each) if isinstance(each, str) else each for n, each in numbered]
        return await soon(self.debuggee.set_breakpoints(self.source, made))

    async def frames(self) -> tuple[m.StackFrame, ...]:
        """The whole stack."""
        return (await soon(self.debuggee.stack(MAIN))).frames

    async def place(self) -> tuple[str, str | int]:
        """The function the program stands in, and the mark on the line or its number."""
        frame = (await self.frames())[0]
        names = {line: mark for mark, line in self._marks.items()}
        return frame.name, names.get(frame.line, frame.line)

    async def locals(self) -> list[m.Variable]:
        """The variables of the innermost function."""
        (scope, *_) = await soon(self.debuggee.scopes((await self.frames())[0].id))
        return await soon(self.debuggee.variables(scope.reference))

    async def value(self, expression: str, frame: FrameId | None = None) -> str:
        """What an expression is, in the innermost frame if in no other."""
        where = frame or (await self.frames())[0].id
        return (await soon(self.debuggee.evaluate(expression, where))).value

    def output(self, category: str = "stdout") -> str:
        """All that was written so far."""
        written = [each for each in self.told if isinstance(each, e.OutputWritten)]
        return "".join(each.text for each in written if each.category == category)


async def soon(work: Awaitable[Result]) -> Result:
    """The result, which must come before the deadline."""
    async with asyncio.timeout(DEADLINE):
        return await work
