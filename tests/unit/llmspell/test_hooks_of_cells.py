"""Hooks around the cells of a kernel for Lua: what they hear, and what becomes of their answers."""

from collections.abc import Iterator

import pytest

from kernel.hooks.base import HookDetails
from kernel.hooks.results import (
    CONTINUE,
    Cancel,
    Fork,
    HookResult,
    Modified,
    Operation,
    Redirect,
    Replace,
)
from llmspell.lua_programs import LuaPrograms
from tests.support.whole_kernel import Client, hook, told


@pytest.fixture
def programs() -> Iterator[LuaPrograms]:
    made = LuaPrograms("5.4")
    yield made
    made.close()


def test_hooks_are_asked_around_each_cell(programs):
    """They hear the code before and how it ended after, or that it failed."""
    before = hook(programs, "PreCodeExecution", CONTINUE)
    after = hook(programs, "PostCodeExecution", CONTINUE)
    failed = hook(programs, "ExecutionError", CONTINUE)

    async def story(client: Client) -> None:
        await client.run("1 + 1")
        reply = await client.run("error('no')")
        assert "error" == reply.content["status"]

    told(programs, story)
    assert [{"code": "1 + 1"}, {"code": "error('no')"}] == [each.data for each in before]
    assert [{"status": "ok", "count": 1, "text": "2"}] == [each.data for each in after]
    assert ["In[2]:1: no"] == [str(each.error) for each in failed]
    assert ["m1", "m2"] == [each.correlation_id for each in before]


def test_hooks_hear_of_all_code_that_comes_with_a_cell(programs):
    """Expressions behind it as well, and also where the client calls the cell silent."""
    asked = hook(programs, "PreCodeExecution", clean)
    code = {"code": "a = 1", "user_expressions": {"x": "a + 1"}, "silent": True}

    async def story(client: Client) -> None:
        await client.ask("execute_request", code)
        (reply,) = (each for each in client.messages if each.type == "execute_reply")
        assert "3" == reply.content["user_expressions"]["x"]["data"]["text/plain"]

    told(programs, story)
    assert [{"code": "a = 1", "expressions": {"x": "a + 1"}}] == [each.data for each in asked]
    assert [True] == [each.metadata["silent"] for each in asked]


def clean(_details: HookDetails) -> HookResult:
    """Another expression; the code stays."""
    return Modified({"expressions": {"x": "a + 2"}})


def test_a_hook_changes_refuses_or_answers_for_a_cell(programs):
    """Modified code runs, a cancelled cell is an error with the reason, Replace is the result."""
    answers = {
        "one": lambda details: Modified({"code": "1"}),
        "two": lambda details: Cancel("Not today."),
        "three": lambda details: Replace({"text": "kept"}),
    }
    hook(
        programs,
        "PreCodeExecution",
        lambda it: answers.get(it.data["code"], lambda _: CONTINUE)(it),
    )

    async def story(client: Client) -> None:
        await client.run("one")
        reply = await client.run("two")
        assert "Not today." in reply.content["evalue"]
        await client.run("three")
        assert ["1", "kept"] == client.shown()

    told(programs, story)


def test_a_cell_is_not_redirected(programs):
    """Nothing but the kernel's Lua runs a cell: the error says so, and it is not run there."""
    hook(programs, "PreCodeExecution", Redirect("python"))

    async def story(client: Client) -> None:
        reply = await client.run("return 1")
        assert "cannot be redirected to 'python': nothing else can do it" in reply.content["evalue"]
        assert "(said by the hook ask at PreCodeExecution)" in reply.content["evalue"]
        assert [] == client.shown()

    told(programs, story)


def test_a_hook_forks_a_cell(programs):
    """Each of its cells is run, and the result has theirs by name; a failed one is named."""

    def fork(details: HookDetails) -> HookResult:
        told = {"both": ("a = 6 return a", "b = 7"), "one": ("return 1", "error('no')")}
        codes = told.get(details.data["code"])
        if codes is None:
            return CONTINUE
        names = zip(("left", "right"), codes, strict=True)
        return Fork(tuple(Operation(name, {"code": code}) for name, code in names))

    hook(programs, "PreCodeExecution", fork)

    async def story(client: Client) -> None:
        await client.run("both")
        await client.run("a * b")
        assert ["left: 6", "42"] == client.shown()
        reply = await client.run("one")
        assert "these failed: right: " in reply.content["evalue"]

    told(programs, story)
