"""The terminal on prompt_toolkit, with keys from a pipe and a screen that nobody sees."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from kernel.execution.engine import Completeness, CompletenessStatus, Completion
from kernel.repl.prompt import PromptTerminal, code_styles
from kernel.repl.styles import Styles
from tests.support.repls import has_in_order, typed

pytestmark = pytest.mark.anyio

DEADLINE = 20.0


class Helper:
    """Implements `Assistant` with answers that are known beforehand."""

    def __init__(self) -> None:
        self.breaks = 0
        self.is_running = False
        self.kept: list[str] = []
        self.checked = asyncio.Event()

    def prompt(self) -> str:
        return "> "

    def status(self) -> Sequence[tuple[str, str]]:
        return [("Toy", "heading")]

    async def check(self, text: str) -> Completeness:
        await asyncio.sleep(0)
        opened = text.count("do") - text.count("end")
        if opened > 0:
            return Completeness(CompletenessStatus.INCOMPLETE, "  " * opened)
        return Completeness(CompletenessStatus.COMPLETE)

    async def complete(self, text: str, cursor: int) -> list[Completion]:
        return [Completion("total", cursor - 2, cursor, "field", "5")]

    async def explain(self, text: str, cursor: int) -> str:
        return f"about {text}"

    async def signature(self, text: str, cursor: int) -> str:
        return "f(a, b)"

    async def past(self) -> list[str]:
        return ["first", "second"]

    def typed(self, text: str) -> None:
        self.kept.append(text)

    def break_pressed(self, has_text: bool) -> bool:
        self.breaks += 1
        return self.is_running


class Typed:
    """A terminal and the hands at it."""

    def __init__(self, terminal: PromptTerminal, helper: Helper, keys, output) -> None:
        self.terminal, self.helper, self.output = terminal, helper, output
        self.press = keys.send_text

    async def read(self) -> str | None:
        return await asyncio.wait_for(self.terminal.read(), DEADLINE)


@asynccontextmanager
async def at_prompt(styles: Styles | None = None, **how) -> AsyncIterator[Typed]:
    output = io.StringIO()
    with create_pipe_input() as keys:
        screen = Vt100_Output(output, lambda: Size(rows=24, columns=80), term="xterm")
        terminal = PromptTerminal(styles or Styles(), "lua", input=keys, output=screen, **how)
        helper = Helper()
        await terminal.open(helper)
        yield Typed(terminal, helper, keys, output)
        await terminal.close()


async def test_lines_are_whole():
    """Enter on unfinished code goes on, indented; a word that ends a block is put one level out."""
    async with at_prompt() as it:
        it.press("for x do")
        it.press("\r")
        reading = asyncio.create_task(it.read())
        while "\n" not in it.terminal.session.default_buffer.text:
            await asyncio.sleep(0)
        it.press("f()\r")
        while it.terminal.session.default_buffer.text.count("\n") < 2:
            await asyncio.sleep(0)
        it.press("end\r")
        assert "for x do\n  f()\nend" == await reading


async def test_what_is_typed_ahead_counts():
    """Lines that come in one piece are read one after the other."""
    async with at_prompt() as it:
        it.press("one\rtwo\rthree\r")
        assert ["one", "two", "three"] == [await it.read(), await it.read(), await it.read()]


async def test_keys_that_leave_and_clear():
    """Ctrl-C clears a line, Ctrl-D ends the input; a program that runs gets the Ctrl-C."""
    async with at_prompt() as it:
        it.press("wrong\x03right\r")
        assert "right" == await it.read()
        it.helper.is_running = True
        it.press("kept\x03\r")
        assert "kept" == await it.read()
        it.press("\x04")
        assert (None, 2) == (await it.read(), it.helper.breaks)


async def test_the_past_is_suggested():
    """The arrow finds what was run before; the end of a line is suggested and taken."""
    async with at_prompt() as it:
        reading = asyncio.create_task(it.read())
        while not it.terminal.is_reading:
            await asyncio.sleep(0)
        it.press("\x1b[A\x1b[A\r")
        assert "first" == await reading
        reading = asyncio.create_task(it.read())
        while not it.terminal.is_reading:
            await asyncio.sleep(0)
        it.press("sec")
        buffer = it.terminal.session.default_buffer
        while buffer.suggestion is None:
            await asyncio.sleep(0)
        it.press("\x1b[C\r")
        assert "second" == await reading


def test_code_is_highlighted_while_it_is_typed():
    """Keywords, texts and numbers have classes of their own, and colours when shown."""
    with create_pipe_input() as keys:
        output = Vt100_Output(io.StringIO(), lambda: Size(24, 80))
        terminal = PromptTerminal(code_styles("lua"), "lua", input=keys, output=output)
        assert terminal.session.lexer is not None
        line = terminal.session.lexer.lex_document(Document("local x <const> = 'a' // 1"))(0)
    kinds = {style.rpartition(".")[0] or style for style, _ in line}
    assert (True, False) == (
        any("keyword" in style for style, _ in line), any("error" in kind for kind in kinds)
    )  # fmt: skip
    assert "\x1b[" in code_styles("lua").code("local x = 1")


async def test_values_have_limits_and_cycles():
    """Deep, long and circular tables end; long ones are laid out line by line."""
    said = await typed(
        "t = {} t.self = t return t",
        "d = {} local x = d for i = 1, 50 do x.a = {} x = x.a end return d",
        "local l = {} for i = 1, 500 do l[i] = i end return l",
        "return setmetatable({}, {__tostring = function() return 'mine' end})",
    )
    assert has_in_order(said, ["itself", "{a = {a =", "…", "\n  1,\n  2,", "-- 400 more", "mine"])
