"""A notebook and its debugger: interrupts at a stop and behind one, and requests taken back."""

import asyncio

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.notebook_debugger import DEADLINE, Notebook, teller


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a kernel that notebooks debug."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


CELL = "local a = 1\nlocal b = a + 1\nshared = {a, b}\nreturn b"


def test_an_interrupt_leaves_the_debugger_as_it_was(tell):
    """Breakpoints survive it, also where it ends a cell that stands."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 3)
        for _ in range(3):
            cell = n.run(CELL)
            await d.event("stopped")
            n.session.interrupt()
            assert "Interrupted" == (await asyncio.wait_for(cell, DEADLINE)).error.name
        cell = n.run(CELL)
        await d.event("stopped")
        await d.ask("stepOut", threadId=1)
        assert (await asyncio.wait_for(cell, DEADLINE)).error is None
        # A step that has left its cell stops in no other.
        assert (await asyncio.wait_for(n.run("local y = 1"), DEADLINE)).error is None

    tell(story)


def test_a_loop_behind_an_interrupted_stop_is_heard(tell):
    """An interrupt and a pause reach the cell behind one that was ended where it stood."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 3)
        cell = n.run(CELL)
        await d.event("stopped")
        n.session.interrupt()
        await asyncio.wait_for(cell, DEADLINE)
        loop = n.run("while true do end")
        await d.ask("pause", threadId=1)
        assert "pause" == (await d.event("stopped"))["reason"]
        await d.ask("continue", threadId=1)
        n.session.interrupt()
        assert "Interrupted" == (await asyncio.wait_for(loop, DEADLINE)).error.name

    tell(story)


ENDLESS = "(function() print('begun') while true do end end)()"
READING = "(function() print('begun') return io.read() end)()"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("evaluate", {"expression": ENDLESS, "context": "repl"}),
        ("evaluate", {"expression": READING, "context": "repl"}),
        ("richInspectVariables", {"variableName": ENDLESS}),
    ],
    ids=["evaluated", "reading", "shown"],
)
def test_a_request_is_cancelled(tell, command, arguments):
    """An evaluation is broken off, also where it waits for input; the program stands as before."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 3)
        cell = n.run(CELL)
        await d.event("stopped")
        n.door.is_silent = True
        asking = d.begin(command, **arguments, frameId=(await d.top())["id"])
        await n.until_printed("begun")
        await d.cancel_last()
        assert "cancelled" == (await asyncio.wait_for(asking, DEADLINE))["message"]
        assert {"a": "1", "b": "2"} == await d.locals()
        await d.ask("continue", threadId=1)
        assert (await asyncio.wait_for(cell, DEADLINE)).error is None

    tell(story)


@pytest.mark.parametrize("expression", [ENDLESS, READING])
def test_an_interrupt_amid_an_evaluation_ends_the_cell(tell, expression):
    """It need not wait for what would never end."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 3)
        cell = n.run(CELL)
        await d.event("stopped")
        n.door.is_silent = True
        asking = d.begin("evaluate", expression=expression, frameId=(await d.top())["id"])
        await n.until_printed("begun")
        n.session.interrupt()
        assert "Interrupted" == (await asyncio.wait_for(cell, DEADLINE)).error.name
        assert "cancelled" == (await asyncio.wait_for(asking, DEADLINE))["message"]

    tell(story)


def test_looks_amid_an_evaluation_that_reads(tell):
    """Others are answered while it waits for its line, and then so is it."""

    async def story(n: Notebook) -> None:
        d, other = n.debugger(), n.debugger()
        await d.start()
        await other.start()
        await d.break_at(CELL, 3)
        cell = n.run(CELL)
        await d.event("stopped")
        n.door.is_silent = True
        asking = d.begin("evaluate", expression=READING, frameId=(await d.top())["id"])
        await asyncio.wait_for(n.door.asked.wait(), DEADLINE)
        said = await other.ask("richInspectVariables", variableName="6 * 7")
        assert {"text/plain": "42"} == said["data"]
        n.door.answer("seven")
        said = await asyncio.wait_for(asking, DEADLINE)
        assert '"seven"' == said["body"]["result"]
        await d.ask("continue", threadId=1)
        await asyncio.wait_for(cell, DEADLINE)

    tell(story)


def test_an_interrupt_amid_a_condition_ends_the_cell(tell):
    """One without end is broken off for it, and nobody sees a stop."""

    async def story(n: Notebook) -> None:
        d = n.debugger()
        await d.start()
        await d.break_at(CELL, 3, condition=ENDLESS)
        cell = n.run(CELL)
        await n.until_printed("begun")
        n.session.interrupt()
        assert "Interrupted" == (await asyncio.wait_for(cell, DEADLINE)).error.name
        assert "stopped" not in d.heard()

    tell(story)
