"""What the terminal asks while somebody types."""

import io
import os
from collections.abc import AsyncIterator

import pytest

from kernel.api import start_embedded_kernel
from kernel.execution.engine import CompletenessStatus
from kernel.repl.commands import all_commands
from kernel.repl.repl import Repl
from kernel.repl.simple import SimpleTerminal
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.lua_repl import LuaRepl
from tests.support.repls import script

pytestmark = pytest.mark.anyio

SETUP = (
    "shop = setmetatable({total = 5, ['a b'] = 1}, {__index = {tax = 2}}) "
    "function shop:sell() end text = 'x' package.path = './?.lua'"
)


@pytest.fixture
async def repl(anyio_backend) -> AsyncIterator[Repl]:
    programs = LuaPrograms("5.4", libraries="full")
    async with await start_embedded_kernel(lua_kernel(programs=programs)) as kernel:
        await kernel.execute(SETUP)
        made = Repl(kernel, SimpleTerminal(io.StringIO(), io.StringIO()), LuaRepl(), all_commands())
        yield made
        await made.debugging.close()


COMPLETIONS = {
    "shop.to": ("shop.total",),
    "shop.": ("shop.total", "shop.tax", "shop.sell"),
    "shop:": ("shop:sell",),
    "text:up": ("text:upper",),
    "print(sho": ("print(shop",),
    "whi": ("while",),
    "require 'mod": ("require 'module",),
    "dofile('mod": ("dofile('module.lua",),
    'local f = io.open("bel': ('local f = io.open("below/',),
    "State.sa": ("State.save",),
    "repea": ("repeat",),
    "local longname = 1 return longn": ("local longname = 1 return longname",),
    ".bre": (".break", ".breakpoints"),
    "db:tb": ("db:tbreak",),
    ".help undis": (".help undisplay",),
    ".load mod": (".load module.lua",),
    ".cd bel": (".cd below/",),
    ".break mod": (".break module.lua",),
    ".time string.rev": (".time string.reverse",),
    "!string.rev": ("!string.reverse",),
}


@pytest.mark.parametrize("text", COMPLETIONS)
async def test_completion(repl, tmp_path, text):
    """Tables of the program, also through `__index`, methods, words, modules, files, commands."""
    script(tmp_path, "return {}", "module.lua")
    os.mkdir("below")
    found = await repl.typing_help.complete(text, len(text))
    whole = [text[: it.start] + it.text + text[it.end :] for it in found]
    assert [] == [each for each in COMPLETIONS[text] if each not in whole]


async def test_methods_only_behind_a_colon(repl):
    """What is no function is not called."""
    found = await repl.typing_help.complete("shop:", 5)
    assert "total" not in [it.text for it in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = 1", CompletenessStatus.COMPLETE),
        ("for i = 1, 2 do", CompletenessStatus.INCOMPLETE),
        ("x = = 1", CompletenessStatus.INVALID),
        (".break (", CompletenessStatus.COMPLETE),
        (".nothing", CompletenessStatus.COMPLETE),
        ("!for i = 1, 2 do", CompletenessStatus.INCOMPLETE),
        ("", CompletenessStatus.COMPLETE),
    ],
)
async def test_what_is_whole(repl, text, wanted):
    """Commands always are; of code the kernel knows."""
    assert wanted == (await repl.typing_help.check(text)).status


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("string.rep(", "string.rep(s: string"),
        ("print(string.rep('(', ", "string.rep(s: string"),
        ("print(string.rep('x', 2), ", "print("),
        ("string.rep", ""),
        ("nothing_at_all(", ""),
    ],
)
async def test_signatures(repl, text, wanted):
    """Of the innermost call that is open."""
    said = await repl.typing_help.signature(text, len(text))
    assert (True, bool(wanted)) == (said.startswith(wanted), bool(said))


async def test_explaining(repl):
    """Functions, values, and commands."""
    help_ = repl.typing_help
    assert "Signature: string.format" in await help_.explain("string.format", 8)
    assert "Stop at a line" in await help_.explain(".break x", 8)
    assert "" == await help_.explain("1 +", 3)
