"""ToyEngine: an engine for a language of a few words, one statement a line.

::

    print TEXT · warn TEXT     write to stdout, stderr
    show TEXT · show ID: TEXT · change ID: TEXT · clear · page TEXT
    NAME = VALUE · NAME        a variable; the last line's value is the result
    fail TEXT · exit N · next TEXT
    ask PROMPT · secret PROMPT print what was answered
    loop                       until it is interrupted
    stuck                      until the engine is abandoned
    wait NAME                  until the test opens the gate of that name
    flood N                    N thousand characters
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kernel.core.errors import DebuggeeGone
from kernel.core.ids import FrameId
from kernel.core.language import LanguageInfo
from kernel.debug.debuggee import Debuggee
from kernel.events import model as e
from kernel.execution.cells import Listener, Room
from kernel.execution.engine import (
    Cell,
    Completeness,
    CompletenessStatus,
    Completion,
    InputDenied,
    Outcome,
    ScriptDoor,
    ScriptError,
)
from tests.support.fakes import FakeDebuggee

WORDS = ("ask", "change", "clear", "exit", "fail", "flood", "loop", "next", "page", "print", "show")


class _Failed(Exception):
    """A statement failed."""


class ToyEngine:
    """Implements `ScriptEngine`, in the loop's own thread: it waits only where it awaits."""

    language = LanguageInfo("toy", "1.0", "Toy 1.0", "text/x-toy", ".toy", "text", "null")

    def __init__(self, listener: Listener, door: ScriptDoor, room: Room) -> None:
        self._tell, self._door, self._room = listener, door, room
        self.variables: dict[str, str] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.reached: dict[str, asyncio.Event] = {}
        """Set when a cell has come to a ``wait`` of that name, to ``loop``, or to ``stuck``."""
        self._interrupted, self._abandoned = asyncio.Event(), asyncio.Event()
        self._question: asyncio.Task[str | None] | None = None
        self._outcome: dict[str, Any] = {}
        self._fake = FakeDebuggee()
        self.has_closed = False

    @property
    def debuggee(self) -> Debuggee:
        """One that is never debugged."""
        return self._fake

    async def start(self) -> None:
        """Nothing has to be made."""

    async def execute(self, cell: Cell) -> Outcome:
        """Run the lines of a cell."""
        self._interrupted.clear()
        self._outcome = {}
        result = None
        try:
            for line in cell.code.splitlines():
                result = await self._run(line.strip())
        except _Failed as failure:
            return Outcome(error=ScriptError("Error", str(failure), (f"Error: {failure}",)))
        except InterruptedError:
            return Outcome(error=ScriptError("Interrupted", "interrupted!", ("interrupted!",)))
        shown = None if result is None else e.Display({"text/plain": result})
        return Outcome(result=shown, **self._outcome)

    def interrupt(self) -> None:
        """End a loop or a question."""
        self._interrupted.set()
        if self._question is not None:
            self._question.cancel()

    async def evaluate(self, expression: str) -> e.Display | ScriptError:
        """A variable."""
        if expression in self.variables:
            return e.Display({"text/plain": self.variables[expression]})
        return ScriptError("Error", f"no {expression}", (f"Error: no {expression}",))

    async def complete(self, code: str, cursor: int) -> list[Completion]:
        """Words and variables that begin like the one before the cursor."""
        start = code[:cursor].rfind(" ") + 1
        begun = code[start:cursor]
        kinds = {**dict.fromkeys(WORDS, "keyword"), **dict.fromkeys(self.variables, "variable")}
        return [
            Completion(word, start, cursor, kind)
            for word, kind in sorted(kinds.items())
            if word.startswith(begun)
        ]

    async def inspect(
        self, code: str, cursor: int, detail: int, frame: FrameId | None = None
    ) -> e.Display | None:
        """The value of the variable before the cursor."""
        name = code[:cursor].split(" ")[-1]
        if name not in self.variables:
            return None
        more = f" at {cursor}" if detail else ""
        return e.Display({"text/plain": f"{name} is {self.variables[name]}{more}"})

    def check_completeness(self, code: str) -> Completeness:
        """A line that ends in a backslash goes on; one of exclamation marks is no program."""
        if code.endswith("\\"):
            return Completeness(CompletenessStatus.INCOMPLETE, "  ")
        valid = not code.startswith("!")
        return Completeness(CompletenessStatus.COMPLETE if valid else CompletenessStatus.INVALID)

    async def close(self) -> None:
        """Note that it was done."""
        self.has_closed = True

    async def abandon(self) -> None:
        """Whoever is stuck gets an error."""
        self._abandoned.set()

    # --- statements -------------------------------------------------------------------------------

    async def _run(self, line: str) -> str | None:
        word, _, rest = line.partition(" ")
        statement = self._statements.get(word)
        if statement is not None:
            return await statement(self, rest)
        name, equals, value = line.partition(" = ")
        if equals:
            self.variables[name] = value
            return None
        if line and line not in self.variables:
            raise _Failed(f"no {line}")
        return self.variables.get(line)

    async def _print(self, text: str) -> None:
        self._tell(e.OutputWritten(f"{text}\n"))

    async def _warn(self, text: str) -> None:
        self._tell(e.OutputWritten(f"{text}\n", "stderr"))

    async def _show(self, text: str) -> None:
        name, colon, rest = text.partition(": ")
        display = e.Display({"text/plain": rest if colon else text})
        self._tell(e.Displayed(display, name if colon else None))

    async def _change(self, text: str) -> None:
        name, _, rest = text.partition(": ")
        self._tell(e.Displayed(e.Display({"text/plain": rest}), name, is_update=True))

    async def _clear(self, rest: str) -> None:
        self._tell(e.DisplayCleared(waits=bool(rest)))

    async def _page(self, text: str) -> None:
        self._tell(e.Paged(e.Display({"text/plain": text})))

    async def _fail(self, text: str) -> None:
        raise _Failed(text)

    async def _exit(self, code: str) -> None:
        self._outcome["exit_code"] = int(code)

    async def _next(self, text: str) -> None:
        self._outcome["next_input"] = text

    async def _ask(self, prompt: str) -> None:
        await self._read(prompt, is_secret=False)

    async def _secret(self, prompt: str) -> None:
        await self._read(prompt, is_secret=True)

    async def _read(self, prompt: str, *, is_secret: bool) -> None:
        asking = self._door.read_line(prompt, is_secret=is_secret)
        self._question = asyncio.ensure_future(asking)
        try:
            line = await self._question
        except asyncio.CancelledError:
            raise InterruptedError from None
        except InputDenied as denied:
            raise _Failed(str(denied)) from denied
        finally:
            self._question = None
        await self._print(f"got {'nothing' if line is None else line}")

    async def _loop(self, _rest: str) -> None:
        self._reach("loop")
        await self._interrupted.wait()
        raise InterruptedError

    async def _stuck(self, _rest: str) -> None:
        self._reach("stuck")
        await self._abandoned.wait()
        raise DebuggeeGone

    async def _wait(self, name: str) -> None:
        self._reach(name)
        await self.gates.setdefault(name, asyncio.Event()).wait()

    async def _flood(self, thousands: str) -> None:
        for number in range(int(thousands)):
            self._tell(e.OutputWritten(f"{number:06} {'x' * 992}\n"))
            if number % 16 == 0:
                await self._room()
                await asyncio.sleep(0)

    def _reach(self, name: str) -> None:
        self.reached.setdefault(name, asyncio.Event()).set()

    _statements: Mapping[str, Callable[["ToyEngine", str], Awaitable[str | None]]] = {
        "print": _print,
        "warn": _warn,
        "show": _show,
        "change": _change,
        "clear": _clear,
        "page": _page,
        "fail": _fail,
        "exit": _exit,
        "next": _next,
        "ask": _ask,
        "secret": _secret,
        "loop": _loop,
        "stuck": _stuck,
        "wait": _wait,
        "flood": _flood,
    }
