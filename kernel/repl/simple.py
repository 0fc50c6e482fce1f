"""SimpleTerminal: lines in, text out, and nothing else; for pipes, and where a library is missing.

A line is read when the program has ended or stands, so what a pipe holds is carried out in order,
and lines that the program reads come from the same input.
"""

import asyncio
import getpass
import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from kernel.execution.engine import CompletenessStatus
from kernel.repl.pager import needs_pager, show_in_pager
from kernel.repl.styles import Styles
from kernel.repl.terminal import Assistant

GOES_ON = "... "


class SimpleTerminal:
    """Implements `Terminal` on two text files."""

    patience: float | None = None

    def __init__(
        self,
        input_: TextIO,
        output: TextIO,
        styles: Styles | None = None,
        *,
        is_interactive: bool = False,
    ) -> None:
        """``is_interactive``: prompts are shown and a pager may be."""
        self._input, self._output = input_, output
        self.styles = styles or Styles()
        self.is_interactive = is_interactive
        self.has_pager = True
        self._assistant: Assistant
        self._reader = _LineReader(input_)
        self._column = 0
        self._is_paging = self._is_asked = False

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return shutil.get_terminal_size()

    async def open(self, assistant: Assistant) -> None:
        """Begin."""
        self._assistant = assistant

    def write(self, text: str) -> None:
        """At once."""
        if not text:
            return
        self._output.write(text)
        self._output.flush()
        self._column = len(text) - text.rfind("\n") - 1

    def refresh(self) -> None:
        """The prompt is written once."""

    def remember(self, lines: Sequence[str]) -> None:
        """There are no arrow keys."""

    def forget(self) -> None:
        """There are no arrow keys."""

    async def read(self) -> str | None:
        """Lines until they make a whole; an empty line on a terminal, twice, ends it, too."""
        held: list[str] = []
        self._prompt(self._assistant.prompt())
        while True:
            line = await self._reader.next()
            if line is None:
                return "\n".join(held) if held else None
            if line is _CLEARED:
                held.clear()
                self._prompt(self._assistant.prompt())
                continue
            held.append(line)
            text = "\n".join(held)
            if self.is_interactive and len(held) > 2 and not held[-1].strip() + held[-2].strip():
                return text
            answer = await self._assistant.check(text)
            if answer.status is not CompletenessStatus.INCOMPLETE:
                return text
            self._prompt(GOES_ON)

    async def ask(self, prompt: str, *, is_secret: bool) -> str | None:
        """The next line is the program's."""
        if is_secret and self.is_interactive:
            self.write(prompt)
            with suppress(EOFError):
                return await asyncio.to_thread(getpass.getpass, "")
            return None
        if prompt:
            self.write(prompt)
        self._is_asked = True
        try:
            line = await self._reader.next()
        finally:
            self._is_asked = False
        if line is _CLEARED:  # there is no answer, and nobody will want it for long
            await asyncio.get_running_loop().create_future()
        return line

    def is_long(self, text: str) -> bool:
        """Whether it is for a pager."""
        return self.is_interactive and self.has_pager and needs_pager(text, self.size)

    async def page(self, text: str) -> None:
        """Through a pager only where a person reads."""
        if self.is_long(text):
            self._is_paging = True
            await asyncio.to_thread(show_in_pager, text)
            self._is_paging = False
        else:
            self.write(text)

    def clear(self) -> None:
        """Clear the screen, where there is one."""
        if self.is_interactive:
            self.write("\x1b[2J\x1b[H")

    def interrupt(self) -> None:
        """Ctrl-C: for the program if it runs, else what was typed is forgotten."""
        if self._is_paging:  # it hears the signal, too
            return
        is_programs = self._assistant.break_pressed(False)
        if not is_programs:
            self.write("\n")
        if not is_programs or self._is_asked:
            self._reader.put(_CLEARED)

    async def close(self) -> None:
        """Nothing is left behind but whole lines."""
        if self._column:
            self.write("\n")

    def _prompt(self, text: str) -> None:
        if self._column:
            self.write("\n")
        if self.is_interactive:
            self.write(self.styles.paint("prompt", text))
            self._column = 0


_CLEARED = "\x03"
"""What a reader gets where somebody pressed Ctrl-C instead of typing a line."""


_MARK = "\ufeff"
"""What editors may put in front of a file in UTF-8; Lua passes over it, too (lauxlib.c)."""


class _LineReader:
    """Reads a line when one is wanted, in a thread that nobody waits for at the end."""

    def __init__(self, input_: TextIO) -> None:
        self._input = input_
        self._wanted: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._thread: threading.Thread | None = None
        self._is_waiting = False

    async def next(self) -> str | None:
        """The next line, without its end; None at the end of input."""
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(
                target=self._work, args=(loop.call_soon_threadsafe,), name="stdin", daemon=True
            )
            self._thread.start()
        if self._lines.empty() and not self._is_waiting:
            self._is_waiting = True
            self._wanted.put(None)
        return await self._lines.get()

    def put(self, line: str) -> None:
        """Give this to whoever waits for a line."""
        self._lines.put_nowait(line)

    def _take(self, line: str | None) -> None:
        self._is_waiting = False
        self._lines.put_nowait(line)

    def _work(self, call_soon: Callable[..., object]) -> None:
        is_first = True
        with suppress(RuntimeError):  # the loop has ended
            while True:
                self._wanted.get()
                try:
                    line = self._input.readline()
                except (OSError, ValueError):
                    line = ""
                if is_first:
                    line, is_first = line.removeprefix(_MARK), False
                call_soon(self._take, line.removesuffix("\n") if line else None)
