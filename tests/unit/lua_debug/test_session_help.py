"""Cells that ask for help."""

import pytest

from kernel.execution.engine import CompletenessStatus
from lua_debug.hook_choice import SWITCH
from tests.support.notebook import Notebook, teller


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a notebook."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


def test_help(tell):
    """A cell that asks for help is answered with a page, in all the ways of asking."""

    async def story(n: Notebook) -> None:
        for asking in ("help(string.format)", "help('string.format')", "string.format?", "?s"):
            await n.run("s = string.format")
            n.events.clear()
            assert None is await n.shown(asking)
            assert "string.format(fmt: string, ...: any): string" in n.page, asking
        await n.run("help(string)")
        assert "string.rep(s: string, n: integer" in n.page
        await n.run("help()")
        assert "help(string)" in n.page
        await n.run("while?")
        assert "A loop" in n.page
        await n.run("-- Doubles.\nfunction twice(x) return 2 * x end")
        await n.run("twice?")
        assert ("Doubles." in n.page, "return 2 * x" in n.page) == (True, False)
        await n.run("twice??")
        assert "return 2 * x" in n.page
        assert CompletenessStatus.COMPLETE == n.session.check_completeness("twice?").status

    tell(story)


def test_help_that_there_is_not(tell):
    """What nobody knows is said, and a program's own function called help is called."""

    async def story(n: Notebook) -> None:
        outcome = await n.run("help(nosuch.thing)")
        assert outcome.error is not None
        assert "Nothing is known of nosuch.thing; help() says what there is." == (
            outcome.error.message
        )
        await n.run("function help(x) print('mine', x) end")
        await n.run("help(print and 1)")
        await n.run("a = 7")
        await n.run("help(a)")
        assert "mine\t1\nmine\t7\n" == n.output

    tell(story)
