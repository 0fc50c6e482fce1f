"""A notebook without a kernel: cells, one after the other, in a `LuaSession` of any Lua."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from kernel.core.settings import DebugSettings
from kernel.events import model as e
from kernel.execution.engine import Cell, InputDenied, Outcome
from lua_debug.session import LuaSession

DEADLINE = 20.0


class Answers:
    """Implements `ScriptDoor`: lines from a list, then the end."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.asked, self._answered = asyncio.Event(), asyncio.Event()
        self.denied = ""
        self.is_silent = False

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        self.asked.set()
        if self.denied:
            raise InputDenied(self.denied)
        if self.is_silent:
            await self._answered.wait()
        return self.lines.pop(0) if self.lines else None

    def answer(self, line: str) -> None:
        """Be silent no longer."""
        self.lines.append(line)
        self._answered.set()


class Notebook:
    """A session, its cells numbered and its output joined."""

    def __init__(self, lua: str, folder: Path) -> None:
        self.events: list[e.KernelEvent] = []
        self.door = Answers()
        self.session = LuaSession(DebugSettings(lua=lua), self.events.append, self.door)
        self.lua, self.count, self._folder = lua, 0, folder

    def begin(self, code: str, *words: str) -> "asyncio.Task[Outcome]":
        self.count += 1
        path = self._folder / f"{self.count}.lua"
        path.write_text(code)
        cell = Cell(code, str(path), self.count, arguments=words)
        return asyncio.ensure_future(self.session.execute(cell))

    async def run(self, code: str, *words: str) -> Outcome:
        return await asyncio.wait_for(self.begin(code, *words), DEADLINE)

    async def shown(self, code: str, *words: str) -> str | None:
        outcome = await self.run(code, *words)
        assert outcome.error is None, outcome.error
        return outcome.result.data["text/plain"] if outcome.result else None

    async def begun(self, code: str) -> "asyncio.Task[Outcome]":
        """A cell that is under way: it has printed something."""
        self.events.clear()
        task = self.begin(f"print('begun')\n{code}")
        async with asyncio.timeout(DEADLINE):
            while "begun" not in self.output:
                await asyncio.sleep(0.005)
        return task

    @property
    def page(self) -> str:
        """What was paged last."""
        pages = [each for each in self.events if isinstance(each, e.Paged)]
        return str(pages[-1].display.data["text/plain"]) if pages else ""

    @property
    def output(self) -> str:
        return "".join(each.text for each in self.events if isinstance(each, e.OutputWritten))


Story = Callable[[Notebook], Awaitable[None]]


def teller(lua: str, folder: Path) -> Callable[[Story], None]:
    """What runs a story with a notebook of its own; its files lie in ``folder``."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Notebook]:
        notebook = Notebook(lua, folder)
        await notebook.session.start()
        try:
            yield notebook
        finally:
            await notebook.session.close()

    def run(story: Story) -> None:
        async def whole() -> None:
            async with opened() as notebook:
                await story(notebook)

        asyncio.run(whole())

    return run
