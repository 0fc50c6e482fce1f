"""Cells that may take so many instructions: counted in every Lua, under both kinds of hooks."""

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.notebook import Notebook, teller

LIMIT = 50_000

LOOP = "while true do end"


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a notebook."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


def test_what_a_cell_takes_is_counted(tell):
    """To a step, coroutines included; nothing is counted where there is no limit."""

    async def story(n: Notebook) -> None:
        loop = "local x = 0 for i = 1, 10000 do x = x + i end"
        await n.session.limit_instructions(1_000_000)
        alone = (await n.run(loop)).instructions
        inside = (await n.run(f"coroutine.wrap(function() {loop} end)()")).instructions
        assert 10_000 <= alone <= 60_000
        assert abs(inside - alone) <= 2_000
        await n.session.limit_instructions(None)
        assert None is (await n.run(loop)).instructions

    tell(story)


ENDLESS = {
    "plain": LOOP,
    "caught": f"while true do pcall(function() {LOOP} end) end",
    "in a coroutine": f"coroutine.wrap(function() {LOOP} end)()",
    "from turn to turn": "local co = coroutine.create(function() while true do coroutine.yield() "
    "end end) while true do coroutine.resume(co) end",
    "in a coroutine of another cell": "for i = 1, 1e9 do before() end",
    "in many coroutines": "while true do coroutine.wrap(function() for k = 1, 99 do end end)() end",
    "in a coroutine of a coroutine": f"local w = coroutine.wrap w(function() w(function() {LOOP} "
    "end)() end)()",
    "with a hook of its own from before": LOOP,
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_cell_that_takes_too_many_is_ended(tell, kind):
    """Wherever it takes them, and though it catches errors; the next cell begins anew."""

    async def story(n: Notebook) -> None:
        await n.run("before = coroutine.wrap(function() while true do coroutine.yield() end end)")
        await n.run("before()")
        if "hook" in kind:
            await n.run("calls = 0 debug.sethook(function() calls = calls + 1 end, '', 100)")
        await n.session.limit_instructions(LIMIT)
        done = await n.run(ENDLESS[kind])
        assert ("Interrupted", LIMIT) == (done.error.name, done.instructions)
        assert "1" == await n.shown("1")
        await n.session.limit_instructions(None)
        if "hook" in kind:
            assert "true" == await n.shown("debug.gethook() ~= nil")

    tell(story)


def test_a_script_cannot_take_the_count_away(tell):
    """While it is counted it sets no hooks, and finds none."""

    async def story(n: Notebook) -> None:
        await n.session.limit_instructions(LIMIT)
        error = (await n.run("debug.sethook()\nwhile true do end")).error
        assert "In[1]:1: the instructions of this cell are counted, so it has no hooks" == (
            error.message
        )
        assert "true" == await n.shown("debug.gethook() == nil")
        await n.session.limit_instructions(None)
        assert None is (await n.run("debug.sethook(print, '', 1000000) debug.sethook()")).error

    tell(story)


def test_a_small_limit(tell):
    """Below a thousand it is counted by the hundred."""

    async def story(n: Notebook) -> None:
        await n.session.limit_instructions(10)
        assert "1" == await n.shown("1")
        done = await n.run(LOOP)
        assert ("Interrupted", 100) == (done.error.name, done.instructions)

    tell(story)
