"""PromptTerminal: a terminal with all there is, on prompt_toolkit (the extra ``repl``).

One prompt session reads all lines. While it reads, whatever is written goes above it; a line that
is not finished waits for its end. What the program asks takes the prompt's place, and gives it
back.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style
from pygments import highlight
from pygments.formatters import TerminalFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, Token
from pygments.util import ClassNotFound

from kernel.execution.engine import CompletenessStatus
from kernel.repl.pager import needs_pager, show_in_pager
from kernel.repl.prompt_completion import KernelCompleter
from kernel.repl.prompt_history import PromptHistory
from kernel.repl.prompt_keys import END_OF_INPUT, Interrupted, make_bindings
from kernel.repl.prompt_popup import Popup
from kernel.repl.styles import Styles
from kernel.repl.terminal import Assistant
from kernel.repl.typing_ahead import keys_kept

GOES_ON = "... "

STYLE = Style.from_dict(
    {
        "prompt": "ansigreen bold",
        "bottom-toolbar": "noreverse",
        "bottom-toolbar.text": "ansibrightblack",
        "heading": "bold",
        "stopped": "ansiyellow bold",
        "place": "ansicyan",
        "dim": "ansibrightblack",
        "signature": "ansiblue",
        "popup frame.border": "ansibrightblack",
        "pygments.keyword": "ansiblue bold",
        "pygments.literal.string": "ansiyellow",
        "pygments.literal.number": "ansicyan",
        "pygments.comment": "ansibrightblack italic",
        "pygments.name.builtin": "ansimagenta",
    }
)

COLOURS = {
    Token: ("", ""),
    Keyword: ("blue", "brightblue"),
    String: ("yellow", "yellow"),
    Number: ("cyan", "cyan"),
    Comment: ("gray", "gray"),
    Name.Builtin: ("magenta", "magenta"),
}
"""The same for code that is shown: on a light ground, and on a dark one."""


class PromptTerminal:
    """Implements `Terminal`."""

    patience: float | None = 0.25
    is_interactive = True
    has_pager = True

    def __init__(
        self,
        styles: Styles,
        lexer: str,
        *,
        is_vi: bool = False,
        **session: Any,  # noqa: ANN401 - prompt_toolkit's: ``input`` and ``output``, for tests
    ) -> None:
        """``lexer``: what pygments calls the language."""
        self.styles = styles
        self.assistant: Assistant
        self.signature = ""
        self.rest = ""
        """What was typed behind a line while it was found out whether that is whole."""
        self._lines: list[str] = []
        self._held = ""
        self._column = 0
        self._written: list[str] = []
        self._drawing: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._is_paging = False
        self._draft: str | None = None
        self._signing: asyncio.Task[None] | None = None
        self._patch = contextlib.ExitStack()
        self.history = PromptHistory(self)
        self.session: PromptSession[str | None] = PromptSession(
            history=self.history,
            lexer=_lexer(lexer) if styles.has_colour else None,
            completer=KernelCompleter(self),
            complete_while_typing=False,
            complete_style=CompleteStyle.COLUMN,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=True,
            search_ignore_case=True,
            enable_open_in_editor=True,
            multiline=True,
            editing_mode=EditingMode.VI if is_vi else EditingMode.EMACS,
            key_bindings=make_bindings(self),
            prompt_continuation=_continuation,
            bottom_toolbar=self._toolbar,
            style=STYLE,
            include_default_pygments_style=False,
            **session,
        )
        self.session.default_buffer.on_text_changed += self._typed
        self.popup = Popup(self.session)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return shutil.get_terminal_size()

    async def open(self, assistant: Assistant) -> None:
        """Begin."""
        self.assistant = assistant
        self._patch.enter_context(keys_kept())
        if "input" not in self.session.__dict__ or sys.stdout.isatty():
            self._patch.enter_context(patch_stdout(raw=True))

    def remember(self, lines: Sequence[str]) -> None:
        """For the arrow keys."""
        for line in lines:
            self.history.remember(line)

    def forget(self) -> None:
        """The history was cleared."""
        self.history.forget()

    # --- writing --------------------------------------------------------------------------------

    @property
    def is_reading(self) -> bool:
        """Whether the prompt is on the screen."""
        return self.session.app.is_running

    def write(self, text: str) -> None:
        """At once, or above the prompt as soon as the screen is drawn again."""
        if self._is_paging:
            self._held += text
            return
        if not self.is_reading:
            self.put(text)
            return
        self._held += text
        whole, newline, self._held = self._held.rpartition("\n")
        if newline:
            self._written.append(whole + newline)
            if self._drawing is None or self._drawing.done():
                self._drawing = asyncio.get_running_loop().create_task(self._draw())

    async def _draw(self) -> None:
        while self._written:
            text = "".join(self._written)
            self._written.clear()
            if self.is_reading:
                await run_in_terminal(partial(self.put, text))
            else:
                self.put(text)

    def put(self, text: str) -> None:
        """Write while the prompt is not on the screen."""
        if not text:
            return
        output = self.session.app.output
        output.write_raw(text)
        output.flush()
        self._column = len(text) - text.rfind("\n") - 1

    async def _flush(self) -> None:
        if self._drawing is not None:
            await self._drawing
        held, self._held = self._held, ""
        self.put(held)
        if self._column:
            self.put("\n")

    def refresh(self) -> None:
        """Draw the prompt and the status line anew."""
        if self.is_reading:
            self.session.app.invalidate()

    def is_long(self, text: str) -> bool:
        """Whether it is for a pager."""
        return self.has_pager and needs_pager(text, self.size)

    async def page(self, text: str) -> None:
        """Through the pager where it is longer than the screen; what is written waits so long."""
        if not self.is_long(text):
            self.write(text)
            return
        async with self._asking:
            self._is_paging = True
            try:
                await run_in_terminal(lambda: show_in_pager(text), in_executor=True)
            finally:
                self._is_paging = False
                held, self._held = self._held, ""
                self.write(held)

    def interrupt(self) -> None:
        """Between two prompts; a pager hears the signal, too, and it is for that."""
        if not self._is_paging:
            self.assistant.break_pressed(False)

    def clear(self) -> None:
        """Clear the screen."""
        if self.is_reading:
            self.session.app.renderer.clear()
        else:
            self.put("\x1b[2J\x1b[H")

    async def close(self) -> None:
        """Leave whole lines behind."""
        if self.is_reading:
            self.session.app.exit(result=None)
        await self._flush()
        self._patch.close()

    # --- reading --------------------------------------------------------------------------------

    async def read(self) -> str | None:
        """One entry; what was typed ahead comes first, as far as it is whole."""
        await self.history.read()
        while True:
            ahead = await self._typed_ahead()
            if ahead is not None:
                return ahead
            if self.rest == END_OF_INPUT:
                return None
            async with self._asking:
                pass
            await self._flush()
            draft, self._draft = self._draft or self.rest, None
            self.rest = ""
            try:
                text = await self.session.prompt_async(
                    self._prompt, default=draft, handle_sigint=False, set_exception_handler=False
                )
            except EOFError:
                return None
            if self._draft is not None:
                continue
            return text

    async def _typed_ahead(self) -> str | None:
        """Lines that came faster than the answer whether the one before was whole."""
        while "\n" in self.rest:
            line, _, self.rest = self.rest.partition("\n")
            self._lines.append(line)
            text = "\n".join(self._lines)
            answer = await self.assistant.check(text)
            if answer.status is not CompletenessStatus.INCOMPLETE:
                self._lines.clear()
                self.history.append_string(text)
                await self._flush()
                self.put(self._echo(text))
                return text
        if self._lines:
            self.rest = "\n".join([*self._lines, self.rest.rstrip(END_OF_INPUT)])
            self._lines.clear()
        return None

    def _echo(self, text: str) -> str:
        """What was typed ahead, as it would have looked at the prompt."""
        begin, go_on = self.styles.paint("prompt", self.assistant.prompt()), GOES_ON
        first, *rest = self.styles.code(text).split("\n")
        return "\n".join([begin + first, *(go_on + line for line in rest)]) + "\n"

    async def ask(self, prompt: str, *, is_secret: bool) -> str | None:
        """A line for the program, in the place of the prompt."""
        with contextlib.suppress(Interrupted):
            return await self._ask(prompt, is_secret)
        # Whoever was asked pressed Ctrl-C: there is no answer, and nobody will want it for long.
        await asyncio.get_running_loop().create_future()
        return None

    async def _ask(self, prompt: str, is_secret: bool) -> str | None:
        async with self._asking:
            if self.is_reading:
                self._draft = self.session.default_buffer.text
                self.session.app.exit(result="")
                await self._gone()
            await self._flush()
            question: PromptSession[str] = PromptSession(
                input=self.session.app.input,
                output=self.session.app.output,
                key_bindings=make_bindings(self, is_question=True),
            )
            try:
                return await question.prompt_async(
                    prompt or "? ", is_password=is_secret, handle_sigint=False
                )
            except EOFError:
                return None

    async def _gone(self) -> None:
        """Wait until the prompt is off the screen."""
        while self.is_reading:
            await asyncio.sleep(0.005)

    def _prompt(self) -> StyleAndTextTuples:
        return [("class:prompt", self.assistant.prompt())]

    def _toolbar(self) -> StyleAndTextTuples:
        if self.signature:
            return [("class:signature", f" {self.signature} ")]
        pieces: StyleAndTextTuples = [("", " ")]
        for text, style in self.assistant.status():
            pieces += [(f"class:{style}", text), ("class:dim", "  ·  ")]
        pieces.append(("class:dim", "F1 explains"))
        return pieces

    # --- the signature of what is being called ---------------------------------------------------

    def _typed(self, buffer: Buffer) -> None:
        if "(" not in buffer.text:
            self.signature = ""
        elif self._signing is None or self._signing.done():
            self._signing = asyncio.ensure_future(self._sign(buffer))

    async def _sign(self, buffer: Buffer) -> None:
        text = None
        while text != buffer.text:
            text = buffer.text
            self.signature = await self.assistant.signature(text, buffer.cursor_position)
        self.refresh()


def code_styles(lexer: str) -> Styles:
    """Styles with colours, also for code."""
    try:
        found = get_lexer_by_name(lexer, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return Styles(True)
    formatter = TerminalFormatter(bg="dark", colorscheme=COLOURS)
    return Styles(True, lambda code: str(highlight(code, found, formatter)))


def _lexer(name: str) -> PygmentsLexer | None:
    try:
        return PygmentsLexer(type(get_lexer_by_name(name)), sync_from_start=True)
    except ClassNotFound:
        return None


def _continuation(width: int, _line: int, _is_soft: int) -> StyleAndTextTuples:
    return [("class:prompt", GOES_ON.rjust(max(width, len(GOES_ON))))]
