"""Cells: the code that a REPL has the kernel run."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.execution.engine import Call
from kernel.jupyter.handle import Execution
from kernel.jupyter.links import KernelLost
from kernel.repl.messages import plain_of
from kernel.repl.stops import Stop
from kernel.repl.typed_lines import is_kept

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

LEAVES = "exit"
"""The command that a person means by any of its names alone, as ``q``."""


class Cells:
    """Runs cells for one REPL, and says how they ended."""

    def __init__(self, repl: "Repl") -> None:
        self._repl = repl
        self.running: set[asyncio.Task[Execution]] = set()
        self.last: tuple[str, str | None] | None = None
        """The code that was run last, and its file."""

    def execute(
        self,
        code: str,
        *,
        path: str | None = None,
        arguments: Sequence[str] | None = None,
        call: Call | None = None,
        is_debugged: bool = False,
    ) -> "asyncio.Task[Execution]":
        """Run a cell; what it prints and gives is shown as it comes.

        ``arguments``: it is a script, which finds them as its own, and how it was called;
        ``is_debugged``: from its first line on.
        """
        self.last = code, path
        self._repl.debugging.look_away()
        kind = "repl" if arguments is None else "debug" if is_debugged else "script"
        running = self._execute(code, path, arguments, call, kind)
        task = asyncio.get_running_loop().create_task(running)
        self.running.add(task)
        self._repl.changed()
        return task

    async def _execute(
        self,
        code: str,
        path: str | None,
        arguments: Sequence[str] | None,
        call: Call | None,
        kind: str,
    ) -> Execution:
        began = self._repl.timing.clock()
        try:
            done = await self._repl.kernel.execute(
                code,
                answer_input=self._answer,
                path=path,
                session_type=kind,
                store_history=arguments is None and not self._is_secret(code),
                arguments=arguments,
                call=call,
            )
        except KernelLost:  # which is said once
            done = Execution("error")
        except UserError as error:
            if not self._repl.is_leaving:
                self._repl.fail(str(error))
            done = Execution("error")
        finally:
            task = asyncio.current_task()
            self.running -= {each for each in self.running if each is task}
            self._repl.changed()
        if not self._repl.is_leaving:
            self._finished(done, code, self._repl.timing.clock() - began)
        return done

    def _is_secret(self, code: str) -> bool:
        """Whether a person typed it so that nobody remembers it."""
        return self._repl.terminal.is_interactive and not is_kept(code)

    def _finished(self, done: Execution, code: str, seconds: float) -> None:
        if done.status == "error":
            self._repl.has_failed = True
            if done.error is not None and done.error.name == "SyntaxError":
                self._hint(code)
        elif (
            done.status == "ok"
            and done.result is None
            and self._repl.language.is_name(code.strip())
        ):
            self._hint(code)  # a name that nothing has
        elif done.status == "aborted":
            self._repl.warn("It was not run, because of an error before it.")
        for each in done.payload:
            if each.get("source") == "page":
                self._repl.page(f"{plain_of(each)}\n")
        if said := self._repl.timing.took(seconds, code):
            self._repl.say(self._repl.terminal.styles.paint("dim", said))
        if any(each.get("source") == "ask_exit" for each in done.payload):
            self._repl.end(done.exit_code or 0)
            if done.exit_code is not None:  # the kernel ends with its program
                self._repl.kernel.client.lose(KernelLost("The program has ended the kernel."))

    def _hint(self, code: str) -> None:
        """Code that is none may have been a command without its dot; so may a name of nothing."""
        repl = self._repl
        word = repl.table.bare_word(code)
        if word == LEAVES and repl.terminal.is_interactive:
            repl.end(0)
        elif word is not None:
            repl.warn(f"Did you mean the command .{word}?")

    async def run_silently(self, code: str, **expressions: str) -> Execution:
        """Run code that nobody typed; it stops nowhere. Raises `UserError` with its error."""
        shown = self._repl.debugging.when_stopped

        def go_on(_stop: Stop) -> None:
            self._repl.start(self._repl.debugging.resume("continue"))

        self._repl.debugging.when_stopped = go_on
        try:
            done = await self._repl.kernel.execute(
                code, silent=True, store_history=False, expressions=expressions
            )
        finally:
            self._repl.debugging.when_stopped = shown
        if done.error is not None:
            raise UserError(done.error.message)
        return done

    async def _answer(self, prompt: str, is_secret: bool) -> str | None:
        return await self._repl.terminal.ask(prompt, is_secret=is_secret)
