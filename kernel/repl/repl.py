"""Repl: reads a line, finds out whether it is code or a command, and has it done.

Everything happens on the loop's thread. A cell runs in a task of its own, so that commands can be
typed meanwhile; where the terminal has no patience for that (input from a pipe), the next line is
read when the program has ended or stands in the debugger.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.handle import KernelHandle
from kernel.jupyter.links import KernelLost
from kernel.repl.beginnings import command_begun
from kernel.repl.break_key import BreakKey
from kernel.repl.breakpoints import SILENT, Breakpoint
from kernel.repl.cells import Cells
from kernel.repl.debugging import Debugging
from kernel.repl.language import ReplLanguage
from kernel.repl.messages import MessageView
from kernel.repl.news import News
from kernel.repl.settings import ReplSettings
from kernel.repl.states import LOOKING, READY, WAYS_OUT, State
from kernel.repl.stop_view import StopView
from kernel.repl.stops import Stop
from kernel.repl.table import FORCE, BadCommand, Call, CommandTable
from kernel.repl.terminal import Terminal
from kernel.repl.timing import Timing
from kernel.repl.typed_lines import TypedLines
from kernel.repl.typing_help import TypingHelp

FAREWELL = 10.0
"""Seconds the kernel may take to hear that we leave; it may be gone itself."""

RESUMED = 5.0
"""Seconds a program that stands may take to hear that it shall end."""


class Repl:
    """One person, or one pipe, at one kernel."""

    def __init__(
        self,
        kernel: KernelHandle,
        terminal: Terminal,
        language: ReplLanguage,
        table: CommandTable,
        settings: ReplSettings | None = None,
        clock: Callable[[], float] = time.perf_counter,
        typed_lines: TypedLines | None = None,
    ) -> None:
        """``typed_lines``: where what is typed is kept; None: nowhere. It is ours from now on."""
        self.kernel, self.terminal, self.language, self.table = kernel, terminal, language, table
        self.settings = settings or ReplSettings()
        self.typed_lines = typed_lines
        self.debugging = Debugging(kernel, self.start)
        self.debugging.when_stopped = self.stopped
        self.debugging.when_resumed = self.changed
        self.debugging.when_moved = self.moved
        self.view = MessageView(terminal, kernel.client.session, self.page)
        self.stop_view = StopView(self.debugging, terminal)
        self.timing = Timing(clock)
        self.stops_on_errors = self.settings.stops_on_errors
        self.collecting: Breakpoint | None = None
        """The breakpoint whose commands are being typed."""
        self.is_interacting = False
        """Whether all that is typed at a stop is code."""
        self.listed: tuple[str, int] | None = None
        """The file that was listed last, and the first line that was not."""
        self.saved_in: str | None = None
        """The file of the last session that was saved or loaded, by its whole path."""
        self.exit_status: int | None = None
        self.has_failed = False
        """Whether a line of the input failed, of whatever kind."""
        self.cells = Cells(self)
        self.break_key = BreakKey(self)
        self.news = News(self)
        self.typing_help = TypingHelp(self)
        self._repeat = ""
        self._showing: asyncio.Task[None] | None = None
        self._entering = 0
        self._paging: asyncio.Task[None] | None = None
        self._changes = asyncio.Event()
        self._ending = asyncio.Event()
        self.is_leaving = False
        """Whether what goes wrong interests nobody any more."""
        self._tasks: set[asyncio.Task[Any]] = set()

    # --- life -----------------------------------------------------------------------------------

    async def run(self) -> int:
        """Read and carry out lines to the end of input, or until somebody leaves; the status."""
        stop_listening = self.kernel.client.listen(self.news.hear)
        self.kernel.client.when_lost = self._lost
        await self.terminal.open(self.typing_help)
        try:
            if self.settings.greets:
                self.greet()
            if self.settings.is_shared:
                self.kernel.client.watch()
            if self.settings.shows_stops:
                self.debugging.open_meanwhile()
            for first in self.settings.first:
                await self.enter(first)
                await self.settle()
            self._repeat = self.settings.repeats
            while self.exit_status is None:
                line = await self._next_line()
                if line is None:
                    await self._let_end()
                    break
                await self.enter(line)
                await self.settle()
        except KernelLost as error:
            self._lost(error)
        finally:
            stop_listening()
            await self._leave()
        return self._status()

    def greet(self) -> None:
        """What stands on top."""
        label = f" ({self.settings.label})" if self.settings.label else ""
        self.say(self.terminal.styles.paint("heading", f"{self.settings.title}{label}"))
        self.say("Type .help for commands, .exit to quit.")
        self.say("Debug commands: .break FILE:LINE, .run FILE; .help break says more.")

    async def _next_line(self) -> str | None:
        """What is typed next; None at the end of input, and where there is nothing to type for."""
        reading = asyncio.ensure_future(self.terminal.read())
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
            return await reading if reading.done() else None
        finally:
            for task in (reading, ending):
                task.cancel()
            await asyncio.wait((reading, ending))

    def end(self, status: int) -> None:
        """Leave with a status, also while a line is being typed."""
        self.exit_status = status
        self._ending.set()
        self.changed()

    def _lost(self, reason: KernelLost) -> None:
        """There is no kernel any more."""
        if not self.is_leaving and self.exit_status is None:
            self.fail(str(reason))
            self.end(1)

    def _status(self) -> int:
        if self.exit_status is not None:
            return self.exit_status
        return int(self.has_failed and not self.terminal.is_interactive)

    async def _let_end(self) -> None:
        """Lines of a pipe are over: a program that stands goes on to its end without stops."""
        if self.terminal.is_interactive or self.state is not State.STOPPED:
            return
        self.warn("The input has ended; the program goes on without stops.")
        await self.debugging.let_go()
        await self.settle()

    async def _leave(self) -> None:
        self.is_leaving = True
        for task in [*self._tasks, *filter(None, [self._showing])]:
            task.cancel()
        with contextlib.suppress(UserError, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                if self.cells.running and self.state is not State.IDLE:
                    await self.kernel.interrupt()
                await self.debugging.close()
        for cell in self.cells.running:
            cell.cancel()
        await self.terminal.close()
        if self.typed_lines is not None:
            await self.typed_lines.close()

    # --- what the program does ------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Follows from what the kernel has told."""
        if self.debugging.stop is not None:
            return State.OVER if self.debugging.is_post_mortem else State.STOPPED
        return State.RUNNING if self.cells.running or self.news.others else State.IDLE

    def changed(self) -> None:
        """The state may be another one."""
        if self.state in READY:
            self.break_key.forget()
        self._changes.set()
        self.terminal.refresh()

    async def settle(self) -> None:
        """Wait until the program has ended or stands, as long as the terminal has patience."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.terminal.patience):
                while not self._is_at_rest():
                    self._changes.clear()
                    await self._changes.wait()

    def _is_at_rest(self) -> bool:
        if self.exit_status is not None:
            return True
        if any(each is not None and not each.done() for each in (self._showing, self._paging)):
            return False
        return self.state is not State.RUNNING or not self.cells.running

    async def wait_resumed(self, stop: Stop) -> None:
        """Wait until the program does not stand there any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RESUMED):
                while self.debugging.stop is stop:
                    self._changes.clear()
                    await self._changes.wait()

    def stopped(self, stop: Stop) -> None:
        """The program stands: show where, and do what is to be done there."""
        self._showing = asyncio.get_running_loop().create_task(self._show_stop(stop))
        self._showing.add_done_callback(lambda _: self.changed())
        self.changed()

    def moved(self, breakpoint_: Breakpoint) -> None:
        """A breakpoint counts elsewhere than was typed."""
        self.warn(f"Breakpoint {breakpoint_.number}: {breakpoint_.message}")

    @property
    def is_showing(self) -> bool:
        """Whether a stop is being shown, or what is to be done there is done."""
        return self._showing is not None and not self._showing.done()

    async def _show_stop(self, stop: Stop) -> None:
        try:
            hit = await self.stop_view.show(stop)
            for each in hit:
                if each.is_temporary:
                    await self.debugging.breakpoints.remove(each)
            for line in [line for each in hit for line in each.commands if line != SILENT]:
                if self.debugging.stop is stop:
                    await self.enter(line)
        except UserError as error:
            if self.debugging.stop is stop:
                self.fail(str(error))

    async def look_back(self) -> None:
        """Show where the cell that failed last did; raises `UserError` if nothing is left of it."""
        self._repeat = ""
        await self.stop_view.show(await self.debugging.look_back())
        self.changed()

    async def next_stop(self, command: str) -> Stop | None:
        """Go on and wait for the next stop, which is not shown; None if the program ends."""
        found: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        shown = self.debugging.when_stopped

        def take(stop: Stop) -> None:
            if not found.done():
                found.set_result(stop)
            self.changed()

        self.debugging.when_stopped = take
        try:
            await self.debugging.resume(command)
            while not found.done() and (self.state is not State.IDLE):
                self._changes.clear()
                await self._changes.wait()
            return found.result() if found.done() else None
        finally:
            self.debugging.when_stopped = shown

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Do something meanwhile; what goes wrong is shown."""

        async def guarded() -> None:
            try:
                await work
            except KernelLost:
                pass  # `_lost` is told, too
            except UserError as error:
                if not self.is_leaving:
                    self.fail(str(error))

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- lines ----------------------------------------------------------------------------------

    async def enter(self, text: str) -> None:
        """Carry out what was typed; whatever goes wrong is shown, and nothing else ends by it."""
        self._entering += 1
        try:
            await self._enter(text)
        except KernelLost:
            raise
        except UserError as error:
            self.fail(str(error))
        finally:
            self._entering -= 1

    @property
    def is_entering(self) -> bool:
        """Whether a line is being carried out; a cell that it began may run longer."""
        return self._entering > 0

    async def _enter(self, text: str) -> None:
        line = text.strip()
        if self.collecting is not None:
            self._collect(line)
            return
        if not line:
            if self._repeat and self.state in LOOKING:
                await self._enter(self._repeat)
            return
        if self.is_interacting:
            if self.state not in LOOKING or line in ("exit", "quit", ".interact"):
                self.is_interacting = False
                return
            await self.evaluate(text)
            return
        call = None if line.startswith(FORCE) else self.table.parse(line, self.state)
        call = call or await command_begun(self, line)
        if call is not None:
            await self._call(call, line)
        else:
            await self.run_code(text.replace(FORCE, "", 1) if line.startswith(FORCE) else text)

    async def _call(self, call: Call, line: str) -> None:
        command = call.command
        if command.repeats:
            self._repeat = line
        if self.state not in command.when:
            allowed = " or ".join(sorted(command.when))
            raise BadCommand(
                f".{command.name} is for a program that is {allowed}; it is {self.state} now. "
                f"{WAYS_OUT[self.state]}"
            )
        await command.run(self, call.arguments)

    def _collect(self, line: str) -> None:
        assert self.collecting is not None
        if line == "end":
            self.collecting = None
        elif line:
            self.collecting.commands.append(line)

    # --- code -----------------------------------------------------------------------------------

    async def run_code(self, text: str) -> None:
        """Run code: in the frame that is looked at, as a cell where none is."""
        if self.state in LOOKING:
            await self.evaluate(text)
        else:
            self.cells.execute(text)

    async def evaluate(self, text: str) -> None:
        """Run code in the frame that is looked at."""
        said = await self.debugging.evaluate(text)
        result = str(said.get("result", ""))
        if said.get("variablesReference") and self.language.is_name(text.strip()):
            result = await self.debugging.value(text.strip())
        if result:
            await self.terminal.page(f"{self.terminal.styles.code(result)}\n")

    # --- saying ---------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """A line, or several."""
        self.terminal.write(f"{text}\n")

    def page(self, text: str) -> None:
        """What may be longer than the screen; the next line is read when it has been."""
        self._paging = self.start(self.terminal.page(text))
        self._paging.add_done_callback(lambda _: self.changed())

    def warn(self, text: str) -> None:
        """A line that is no error."""
        self.say(self.terminal.styles.paint("warning", text))

    def fail(self, text: str) -> None:
        """A line that is one."""
        self.has_failed = True
        self.say(self.terminal.styles.paint("error", text))
