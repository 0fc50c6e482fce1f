"""Cells that are the text of a script's file, as `jupyter run` sends them, in every Lua."""

import pytest

from kernel.execution.engine import CompletenessStatus
from tests.support.notebook import Notebook, teller


@pytest.fixture
def tell(lua, tmp_path):
    """Run a story with a notebook."""
    return teller(lua, tmp_path)


@pytest.mark.parametrize("first", ["#!/usr/bin/env lua\n", "\ufeff", "\ufeff#!/usr/bin/lua\n"])
def test_what_lua_passes_over_in_a_file(tell, first):
    """A byte order mark and a line for the system say nothing; lines keep their numbers."""

    async def story(n: Notebook) -> None:
        assert "3" == await n.shown(f"{first}local a = 1\na + 2")
        assert CompletenessStatus.COMPLETE is n.session.check_completeness(f"{first}x = 1").status
        error = (await n.run(f"{first}error('oh')")).error
        assert f"In[2]:{1 + first.count(chr(10))}: oh" == error.message

    tell(story)


def test_a_length_is_an_expression(tell):
    """Also where it is the first thing in a cell."""

    async def story(n: Notebook) -> None:
        assert "2" == await n.shown("#{1, 2}")

    tell(story)
