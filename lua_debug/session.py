"""LuaSession: one Lua runtime for cells, debugged by the same means as a script is."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kernel.core import model as m
from kernel.core.catalogue import Catalogue
from kernel.core.errors import DebuggeeGone, EvaluationFailed, UserError
from kernel.core.functions import MakeTables
from kernel.core.ids import FrameId
from kernel.core.loading import LoadedOnce
from kernel.core.octets import octets
from kernel.core.settings import DebugSettings
from kernel.debug.debuggee import Listener
from kernel.events import model as e
from kernel.events.correlation import HandOver
from kernel.execution.engine import (
    Cell,
    Completeness,
    CompletenessStatus,
    Completion,
    Outcome,
    ScriptDoor,
    ScriptError,
)
from lua_debug.asking import Deed, DoorBehindOutput, read_line
from lua_debug.cell_names import local_names
from lua_debug.cell_numbers import CellNumbers
from lua_debug.cell_text import as_chunk, runnable
from lua_debug.checker import SyntaxChecker
from lua_debug.completeness import check_completeness
from lua_debug.console import Console
from lua_debug.debuggee import LuaDebuggee
from lua_debug.help_pages import (
    HelpRequest,
    Known,
    Schema,
    help_request,
    overview,
    page,
    with_members,
)
from lua_debug.inspection import describe, expression_at
from lua_debug.inspector import source_from
from lua_debug.output import Room
from lua_debug.standard_library import standard_library
from lua_debug.unasked import answer_of, catalogued_names
from lua_debug.versions import find_version

_LAST_CELL = 5.0
"""Seconds a cell has to end when the session is closed."""


@dataclass(frozen=True, slots=True)
class _CellEnded(e.KernelEvent):
    """What the probe says of a cell; goes the way of output, so that it comes behind it."""

    told: dict[str, Any]
    future: "asyncio.Future[dict[str, Any]]"


class _CellDebuggee(LuaDebuggee):
    """What a debugger sees of a session: it has no end of its own."""

    ends: Callable[[], object]

    async def terminate(self) -> None:
        """A client wants all of it to end."""
        self.ends()


class LuaSession:
    """Implements `ScriptEngine`. Made and used on the loop's thread."""

    def __init__(
        self,
        settings: DebugSettings,
        listener: Listener,
        door: ScriptDoor,
        console: Console | None = None,
        *,
        post: Callable[[Listener], Listener] = lambda listener: listener,
        name: str = "session",
        make_tables: MakeTables | None = None,
        cells_folder: str | None = None,
        catalogue: Callable[[], Catalogue] = Catalogue,
        schema: Schema = lambda _: None,
        room: Room | None = None,
    ) -> None:
        """``name`` is what debuggers show as the program.

        ``make_tables``: makes the tables of the host that cells find as globals.
        ``post``: with a console, what has the listener called on the loop's thread, in the order of
        what the console is given.
        ``cells_folder``: where the files of cells are, also those of cells that will be run.
        ``catalogue``: gives what scripts can call beyond the library of this Lua; ``schema`` that
        of the arguments of one of them.
        ``room``: without a console, what a cell waits for that has written much.
        """
        version = find_version(settings.lua)
        self.language = version.language
        self._version = version.name
        self._catalogue = LoadedOnce(lambda: standard_library(version.name).joined(catalogue()))
        self._schema = schema
        self._name = name
        self.door = DoorBehindOutput(door, self.behind_output)
        self._listener = listener
        self._checker = SyntaxChecker()
        self._numbers = CellNumbers()
        self._under_way: asyncio.Future[dict[str, Any]] | None = None
        self._cells_folder = cells_folder or ""
        self._stopped: e.Stopped | None = None
        """Where the cell that runs has stood last."""
        self._next_input: str | None = None
        self._has_started = self._is_closed = False
        self.when_closing: Callable[[], Awaitable[None]] | None = None
        """Awaited when no cell runs any more, and the runtime is still there."""
        self.debuggee = _CellDebuggee(
            settings,
            post(self._hear),
            console,
            functions={"read_line": self._read_line},
            make_tables=make_tables,
            room=room,
        )
        self.debuggee.ends = self.interrupt
        if cells_folder is not None:
            self.debuggee.expect_below(cells_folder, self._as_run)

    # --- life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Make the runtime; raises `UserError` for settings that make none."""
        await self.debuggee.begin()
        self._has_started = True
        pointer_size = sys.maxsize.bit_length() + 1
        self._listener(e.Started(self._name, os.getpid(), pointer_size=pointer_size))

    def on_terminate(self, end: Callable[[], object]) -> None:
        """What to do when a debugger wants the program to end; by default its cell is ended."""
        self.debuggee.ends = end

    async def close(self) -> None:
        """Let finalizers run and give the runtime back; harmless when done twice."""
        if self._is_closed or not self._has_started:
            return
        self._is_closed = True
        if self._under_way is not None:
            self.interrupt()
            with contextlib.suppress(TimeoutError, DebuggeeGone):
                await asyncio.wait_for(asyncio.shield(self._under_way), _LAST_CELL)
        if self.when_closing is not None:
            await self.when_closing()
        thread, ended = self.debuggee.thread, asyncio.get_running_loop().create_future()
        thread.submit(lambda: self._end(ended), is_last=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended, _LAST_CELL)

    def _end(self, ended: "asyncio.Future[None]") -> None:
        self.debuggee.host.end()
        loop = ended.get_loop()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, ended)

    async def abandon(self) -> None:
        """Give up a runtime that does not return from C: whoever waits for it gets an error."""
        self._is_closed = True
        self.debuggee.thread.give_up()
        if self._under_way is not None and not self._under_way.done():
            self._under_way.set_exception(DebuggeeGone())
        self._listener(e.Exited(1))

    # --- cells ------------------------------------------------------------------------------------

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell to its end. Raises `DebuggeeGone` when the runtime was abandoned meanwhile."""
        if self._is_closed:
            raise DebuggeeGone
        asked = help_request(cell.code)
        if asked is not None and not (asked.is_call and await self._value_of("help", None)):
            return await self._help(asked)
        if cell.path.startswith(self._cells_folder):  # a file of a script has its own name
            self._numbers.add(cell)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._under_way, self._next_input = future, None
        text, code = self._as_run(octets(cell.code)), as_chunk(cell.code)
        run = HandOver.take().bind(self._run)  # what the script does belongs to whoever runs it
        self.debuggee.thread.submit(lambda: run(text, cell, future))
        try:
            told = await asyncio.shield(future)
            if told.get("values") and text != octets(code) and self._compiles(code):
                told["values"] = []  # a call that is its last statement; the code returns nothing
            return replace(self._outcome(told), instructions=told.get("instructions"))
        finally:
            self._under_way = None

    def _as_run(self, code: bytes) -> bytes:
        """The text that is run for a cell, if it is right."""
        chunk = as_chunk(code.decode("utf-8", "surrogateescape"))
        text = runnable(chunk, self._compiles)
        return (chunk if text is None else text).encode("utf-8", "surrogateescape")

    def _compiles(self, text: str) -> bool:
        return self._checker.check(text.encode("utf-8", "surrogateescape"), self._version) is None

    def _run(self, text: bytes, cell: Cell, future: "asyncio.Future[dict[str, Any]]") -> None:
        self.debuggee.tell(_CellEnded(self.debuggee.host.run_cell(text, cell), future))

    def _hear(self, event: e.KernelEvent) -> None:
        if isinstance(event, e.Stopped):
            self._stopped = event
        if isinstance(event, e.NextInputSet):
            self._next_input = event.text
        if isinstance(event, Deed):
            event.do()
            return
        if not isinstance(event, _CellEnded):
            self._listener(event)
            return
        if self._stopped is not None:  # an interrupt ends a cell that stands, and nobody resumes it
            self._listener(e.Resumed(self._stopped.thread))
            self._stopped = None
        if not event.future.done():
            event.future.set_result(event.told)

    def _outcome(self, told: dict[str, Any]) -> Outcome:
        if "exit" in told:
            return Outcome(exit_code=told["exit"])
        if told.get("interrupted"):
            return Outcome(error=ScriptError("Interrupted", "interrupted!", ("interrupted!",)))
        if "syntax" in told:
            message = self._numbers.told(told["syntax"])
            return Outcome(error=ScriptError("SyntaxError", message, (message,)))
        if "error" in told:
            return Outcome(error=self._error(told["error"]["message"], told["error"]["traceback"]))
        result = told.get("result")
        shown = None if result is None else e.Display(result)
        return Outcome(shown, values=told.get("values"), next_input=self._next_input)

    def _error(self, message: str, traceback: str) -> ScriptError:
        message, lines = self._numbers.told(message), [self._numbers.told(message)]
        if traceback:
            lines += ["stack traceback:", *self._numbers.told(traceback).split("\n")]
        return ScriptError("Error", message, tuple(lines))

    def interrupt(self) -> None:
        """End the cell that runs by an error no handler of it can keep; returns at once."""
        if self._under_way is not None:
            self.debuggee.thread.break_off()  # an evaluation would keep it from being heard
            self.debuggee.thread.post("interrupt")

    def behind_output(self, do: Callable[[], object]) -> None:
        """Have something done on the loop's thread, behind all that the program has written."""
        self.debuggee.tell(Deed(do))

    def _read_line(self, prompt: str, is_secret: bool) -> str:
        return read_line(self.debuggee, self.door, prompt, is_secret)

    # --- being repeatable -------------------------------------------------------------------------

    async def begin_random(self, seed: int) -> None:
        """Let random numbers begin anew, from ``seed``. Raises `DebuggeeGone`."""
        await self.debuggee.ask("seed", seed=seed)

    async def tell_time(self, at: float | None) -> None:
        """Let ``os.time`` and ``os.date`` go on from ``at``, in seconds since 1970; None: as usual.

        Raises `DebuggeeGone`.
        """
        await self.debuggee.ask("clock", at=at)

    async def memory(self, *, without_garbage: bool = False) -> int:
        """Bytes that Lua has now, also while a cell runs. Raises `DebuggeeGone`.

        ``without_garbage``: it is collected for that, which takes the longer the more there is.
        """
        return int((await self.debuggee.ask("memory", collect=without_garbage))["bytes"])

    async def limit_instructions(self, most: int | None) -> None:
        """End cells that begin from now on when they have taken ``most`` instructions.

        To count them makes Lua several times slower, and LuaJIT compiles nothing meanwhile. They
        are counted by the thousand, by the hundred where ``most`` is less. What the debugger does
        and what C functions do counts nothing. Raises `DebuggeeGone`.
        """
        await self.debuggee.ask("budget", most=most)

    # --- looking ----------------------------------------------------------------------------------

    async def evaluate(self, expression: str) -> e.Display | ScriptError:
        """The value of an expression among the globals."""
        try:
            return e.Display(await self.display(expression, None))
        except EvaluationFailed as error:
            return self._error(str(error), "")

    async def display(
        self, expression: str, frame: FrameId | None, limits: Mapping[str, int] | None = None
    ) -> Mapping[str, Any]:
        """The value of an expression in a frame, by media type; raises `UserError`.

        ``limits``: how many ``entries`` of a table are written, and to which ``depth`` (100, 6).
        """
        data: Mapping[str, Any] = (
            await self.debuggee.ask(
                "display", expr=expression, frame=frame, limits=dict(limits or {})
            )
        )["data"]
        return data

    async def copy_to_globals(self, expression: str, name: str, frame: FrameId | None) -> None:
        """Give a global the value of an expression in a frame; raises `UserError`."""
        await self.debuggee.ask("copy_to_globals", expr=expression, name=name, frame=frame)

    async def complete(self, code: str, cursor: int) -> list[Completion]:
        """Ways to go on at ``cursor``, in characters (code points) from 0.

        While a cell is inside a C function, of what is known without asking the program.
        """
        asking = self.debuggee.complete(code, cursor)
        items = await answer_of(asking, lambda: self._under_way is not None)
        if items is None:
            catalogue = (await self._catalogue.get()).of_version(self._version)
            known = catalogued_names(code, cursor, catalogue)
        else:
            items.sort(key=lambda each: each.sort_text or "")
            known = [_completion(each) for each in items]
        texts = {each.text for each in known}
        return [*(each for each in local_names(code, cursor) if each.text not in texts), *known]

    async def inspect(
        self, code: str, cursor: int, detail: int, frame: FrameId | None = None
    ) -> e.Display | None:
        """What is known of the thing at ``cursor``; ``detail`` 1 adds its source, or its schema."""
        expression = expression_at(code, cursor)
        known = () if expression is None else await self._known(expression, detail, frame)
        schema = self._schema(expression) if expression and detail > 0 else None
        return page(known, schema) if known else None

    async def _help(self, asked: HelpRequest) -> Outcome:
        """Answer a cell that asks for help, with a page."""
        if not asked.expression:
            whole = await self._catalogue.get()
            self._listener(e.Paged(page(overview(whole.of_version(self._version)))))
            return Outcome()
        known = await self._known(asked.expression, asked.detail)
        known = with_members(asked.expression, known, await self._catalogue.get())
        if not known:
            text = f"Nothing is known of {asked.expression}; help() says what there is."
            return Outcome(error=ScriptError("HelpError", text, (text,)))
        self._listener(e.Paged(page(known)))
        return Outcome()

    async def _known(self, expression: str, detail: int, frame: FrameId | None = None) -> Known:
        catalogue = await self._catalogue.get()
        told = await self._value_of(expression, frame)
        source = told.get("source") if told else None
        text = self.debuggee.text_of(source_from(source)) if source else None
        return [
            (heading, self._numbers.told(said))
            for heading, said in describe(expression, told, catalogue, text)
            if detail > 0 or heading != "Source"
        ]

    async def _value_of(self, expression: str, frame: FrameId | None) -> dict[str, Any] | None:
        """What the probe says of a value; None if there is none."""
        with contextlib.suppress(UserError):
            asking = self.debuggee.ask("inspect", expr=expression, frame=frame)
            return await answer_of(asking, lambda: self._under_way is not None)
        return None

    def check_completeness(self, code: str) -> Completeness:
        """Whether ``code`` is whole, by the compiler of this Lua."""
        if help_request(code) is not None:
            return Completeness(CompletenessStatus.COMPLETE)
        return check_completeness(as_chunk(code), self._checker, self._version)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _completion(it: m.Completion) -> Completion:
    text = it.label if it.text is None else it.text
    start = it.start or 0
    return Completion(text, start, start + (it.length or 0), it.kind or "", it.detail or "")
