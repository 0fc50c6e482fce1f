"""The globals of scripts in cells: what is shown comes in order, and lives as long as the session."""

import asyncio

import pytest

from kernel.core.settings import DebugSettings
from kernel.events.model import Displayed, KernelEvent, OutputWritten
from kernel.execution.engine import Cell, Outcome
from llmspell.script_api.catalogue import script_catalogue
from llmspell.script_api.services import LocalServices
from llmspell.script_api.tables import ScriptStart, make_tables
from lua_debug.session import LuaSession

DEADLINE = 20.0


class Nobody:
    """Implements `ScriptDoor`: there are no lines."""

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        return None


@pytest.fixture
def tell(lua, tmp_path):
    """Run a story with a session that has all globals: what runs a cell, and its events."""

    def run(story):
        async def whole() -> None:
            services, events = LocalServices(), list[KernelEvent]()
            start = ScriptStart(tell=lambda event: session.debuggee.tell(event))
            session = LuaSession(
                DebugSettings(lua=lua),
                events.append,
                Nobody(),
                make_tables=make_tables(services, start),
                catalogue=script_catalogue,
            )
            await session.start()

            async def cell(code: str) -> Outcome:
                path = tmp_path / "cell.lua"
                path.write_text(code)
                return await asyncio.wait_for(session.execute(Cell(code, str(path), 1)), DEADLINE)

            try:
                await story(session, cell, events)
            finally:
                await session.close()
                services.close()

        asyncio.run(whole())

    return run


def test_what_is_shown_comes_between_what_is_printed(tell):
    """Displays keep their place among the output of the cell, and precede its end."""

    async def story(session, cell, events):
        outcome = await cell('print("a") display("b", {id = "x"}) print("c")')
        assert outcome.error is None
        told = [
            each.text if isinstance(each, OutputWritten) else each.display.data["text/plain"]
            for each in events
            if isinstance(each, OutputWritten | Displayed)
        ]
        assert "a\nbc\n" == "".join(told)

    tell(story)


def test_what_is_shown_is_shown_once(tell):
    """A cell that gives what it shows has no result beside it, and other cells find it as `_`."""

    async def story(session, cell, events):
        for code in ("display{1, 2}", "shown = display.html('<b>')\nshown", "shown:update('x')"):
            outcome = await cell(code)
            assert (None, None) == (outcome.error, outcome.result), code
        assert 3 == len([each for each in events if isinstance(each, Displayed)])
        assert {"text/plain": "true"} == (await cell("_.id == shown.id")).result.data
        both = await cell("return shown, 1")
        assert both.result.data["text/plain"].endswith(", 1")

    tell(story)


def test_cells_share_what_globals_hold(tell):
    """State, hooks and subscriptions of one cell are there in the next one."""

    async def story(session, cell, events):
        await cell('sub = Event.subscribe("n.*") State.set("k", {1, 2}) timer = Debug.timer("t")')
        await cell('Event.publish("n.one", 5)')
        outcome = await cell(
            'return Event.receive(sub, 1000).data, State.get("k")[2], timer:stop() > 0'
        )
        assert outcome.error is None, outcome.error
        assert "5, 2, true" == outcome.result.data["text/plain"]

    tell(story)


def test_cells_are_completed_from_the_definitions(tell):
    """Completion knows the members of a table that no cell has looked into."""

    async def story(session, cell, events):
        found = {each.text for each in await session.complete("State.comp", 10)}
        assert any("compare_and_swap" in each for each in found), found

    tell(story)


def test_errors_name_the_cell(tell):
    """A mistake in a call is told with the place in the cell, in the words of Lua."""

    async def story(session, cell, events):
        outcome = await cell("local a = 1\nState.save({}, 'k', a)")
        expected = "In[1]:2: bad argument #1 to 'State.save' (string expected, got table)"
        assert expected == outcome.error.message

    tell(story)


def test_functions_complete_with_their_signatures(tell):
    """Also those that the program keeps under another name, but not what it puts in their place."""

    async def story(session, cell, _):
        await cell("encode = JSON.stringify\nState.load = function() end")
        found = {each.text: each.detail for each in await session.complete("State.", 6)}
        assert (
            "save(scope: string, key: string, value: any, options?: SaveOptions)" == found["save"]
        )
        assert found["load"].startswith("function")
        (renamed,) = await session.complete("enco", 4)
        assert renamed.detail.startswith("stringify(value: any")

    tell(story)


def test_objects_of_the_host_are_completed(tell):
    """Behind a colon with their methods and signatures, whatever the program holds them as."""

    async def story(session, cell, _):
        await cell("b, t = Session.builder(), Debug.timer('x')")
        done = await cell("h = Hook.register('PreCodeExecution', function() end)")
        assert done.error is None
        found = {each.text: each.detail for each in await session.complete("b:", 2)}
        assert {"build", "name", "tags"} <= set(found)
        assert found["name"].startswith("name(name: string)")
        for text, method in (("t:", "stop"), ("h:", "unregister"), ("h:unr", "unregister")):
            found = await session.complete(text, len(text))
            assert method in {each.text for each in found}, text

    tell(story)


def test_tables_in_tables_are_completed(tell):
    """Also where nothing has looked into the outer one before."""

    async def story(session, cell, _):
        found = {each.text for each in await session.complete("Replay.schedules.", 17)}
        assert {"once", "interval", "cron"} <= found
        found = {each.text for each in await session.complete("Replay.modes.ex", 15)}
        assert {"exact"} == found

    tell(story)
