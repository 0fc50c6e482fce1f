"""What every Debuggee promises of looking at a stopped program, and of changing it."""

import asyncio

import pytest

from kernel.core.errors import EvaluationFailed, UserError
from kernel.core.ids import SourceReference
from kernel.events import model as e
from tests.contracts.conftest import Program
from tests.contracts.debuggees import DEADLINE, MAIN, Subject

pytestmark = pytest.mark.anyio

NESTED = """
limit = 10
function inner(n)
  local text = "ab"
  local box = {10, 20, 30, size = 3}
  print(n + box.size)   -- @here
end
function outer(n)
  inner(n + 1)          -- @outer
end
outer(1)                -- @main
print(limit)
"""


async def standing(program: Program) -> Subject:
    """The program, where the innermost function has all its variables."""
    it = program(NESTED)
    await it.break_at("here")
    await it.run()
    return it


async def test_a_stack_begins_with_the_innermost(program: Program) -> None:
    """Each frame has a name, the line it is at, and a source."""
    it = await standing(program)
    frames = await it.frames()
    expected = [("inner", "here"), ("outer", "outer"), ("main chunk", "main")]
    marks = [(name, it.line(mark)) for name, mark in expected]
    assert marks == [(each.name, each.line) for each in frames]
    assert {it.source.path} == {each.source and each.source.path for each in frames}


async def test_a_stack_in_pages(program: Program) -> None:
    """Any part of it can be had, and how many frames there are in all."""
    it = await standing(program)
    page = await it.debuggee.stack(MAIN, 1, 1)
    assert (["outer"], 3) == ([each.name for each in page.frames], page.total)
    assert () == (await it.debuggee.stack(MAIN, 3, 5)).frames


async def test_locals_and_globals(program: Program) -> None:
    """Each frame has groups of variables, its own first; values are shown with their types."""
    it = await standing(program)
    own = [(each.name, each.value, each.type) for each in await it.locals()]
    assert [("n", "2", "number"), ("text", '"ab"', "string")] == own[:2]
    assert ("box", "table") == (own[2][0], own[2][2])
    outer = (await it.frames())[1].id
    assert "1" == await it.value("n", outer)
    scopes = {each.name: each for each in await it.debuggee.scopes(outer)}
    names = [each.name for each in await it.debuggee.variables(scopes["Globals"].reference)]
    assert "limit" in names


async def test_children_in_kinds_and_pages(program: Program) -> None:
    """Indexed ones and named ones can be had apart, and some at a time."""
    it = await standing(program)
    box = (await it.locals())[2]
    assert (3, 1) == (box.indexed, box.named)

    async def children(kind: str | None, start: int = 0, count: int = 0) -> list[str]:
        found = await it.debuggee.variables(box.reference, kind, start, count)
        return [each.value for each in found]

    assert ["10", "20", "30"] == await children("indexed")
    assert ["20"] == await children("indexed", 1, 1)
    assert ["3"] == await children("named")
    assert ["10", "20", "3", "30"] == sorted(await children(None))


async def test_an_expression(program: Program) -> None:
    """It has the variables of its frame, or the globals without one; a table has children."""
    it = await standing(program)
    frame = (await it.frames())[0].id
    assert "5" == await it.value("n + box.size")
    assert "20" == (await it.debuggee.evaluate("limit + limit")).value
    box = await it.debuggee.evaluate("box", frame)
    assert 4 == len(await it.debuggee.variables(box.reference))


async def test_a_wrong_expression(program: Program) -> None:
    """It is refused with the language's message, and the program stands as it stood."""
    it = await standing(program)
    for wrong in ("1 +", "nobody.home", 'error("no")'):
        with pytest.raises(EvaluationFailed):
            await it.value(wrong)
    assert ("inner", "here") == await it.place()


async def test_hovering_calls_nothing(program: Program) -> None:
    """A value is shown, and a call refused."""
    it = await standing(program)
    frame = (await it.frames())[0].id
    assert "2" == (await it.debuggee.evaluate("n", frame, "hover")).value
    with pytest.raises(EvaluationFailed):
        await it.debuggee.evaluate("outer(5)", frame, "hover")
    assert "" == it.output()


async def test_an_evaluation_that_is_taken_back(program: Program) -> None:
    """It is broken off, and the program can be asked again."""
    it = program('function spin()\n  print("spinning")\n  while true do end\nend\nx = 1  -- @x\n')
    await it.break_at("x")
    await it.run()
    frame = (await it.frames())[0].id
    asking = asyncio.create_task(it.debuggee.evaluate("spin()", frame))
    await it.hear(e.OutputWritten, "spinning")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, DEADLINE)
    assert ("main chunk", "x") == await it.place()
    assert "2" == await it.value("1 + 1")


async def test_variables_that_are_set(program: Program) -> None:
    """The program goes on with the new values, which are told as they are."""
    it = await standing(program)
    frame = (await it.frames())[0].id
    own = (await it.debuggee.scopes(frame))[0].reference
    box = (await it.debuggee.variables(own))[2]
    assert "7" == (await it.debuggee.set_variable(own, "n", "3 + 4")).value
    assert "5" == (await it.debuggee.set_variable(box.reference, "size", "5")).value
    assert "99" == (await it.debuggee.set_expression("limit", "99", frame)).value
    await it.resume()
    assert (0, "12\n99\n") == (await it.end(), it.output())


async def test_what_cannot_be_set(program: Program) -> None:
    """A name that is not there, a value that cannot be computed, and what is no variable."""
    it = await standing(program)
    frame = (await it.frames())[0].id
    own = (await it.debuggee.scopes(frame))[0].reference
    with pytest.raises(UserError):
        await it.debuggee.set_variable(own, "nobody", "1")
    with pytest.raises(EvaluationFailed):
        await it.debuggee.set_variable(own, "n", "1 +")
    with pytest.raises(EvaluationFailed):
        await it.debuggee.set_expression("n + 1", "1", frame)
    assert "2" == await it.value("n")


async def test_completions(program: Program) -> None:
    """What is typed can go on as the names that can be seen from the frame."""
    it = await standing(program)
    found = await it.debuggee.complete("1 + te", 6, (await it.frames())[0].id)
    assert "text" in [each.label for each in found]


async def test_bytes_and_places(program: Program) -> None:
    """A text tells its bytes, and a function the line it was written on."""
    it = await standing(program)
    text = (await it.locals())[1]
    memory = await it.debuggee.read_memory(text.memory or "", 1, 5)
    assert (b"b", 4) == (memory.data, memory.unreadable)
    outer = await it.debuggee.evaluate("outer")
    place = await it.debuggee.location(outer.value_location or 0)
    assert (it.source.path, it.line("outer") - 1) == (place.source.path, place.line)


async def test_targets_of_a_step(program: Program) -> None:
    """Each call that a step in may choose is named; a language that cannot tell has none."""
    it = await standing(program)
    outer = (await it.frames())[1].id
    labels = [each.label for each in await it.debuggee.step_in_targets(outer)]
    assert labels in ([], ["inner(n + 1)"])


async def test_sources(program: Program) -> None:
    """The program's is among them; the text of one that there is not is refused."""
    it = await standing(program)
    assert it.source.path in [each.path for each in await it.debuggee.loaded_sources()]
    assert [] == await it.debuggee.modules()
    with pytest.raises(UserError, match="4711"):
        await it.debuggee.source_text(SourceReference(4711))


async def test_the_globals_need_no_frame(program: Program) -> None:
    """What the program has given a name can be had by itself."""
    it = await standing(program)
    scope = await it.debuggee.global_scope()
    found = await it.debuggee.variables(scope.reference)
    assert {"limit": "10"} == {each.name: each.value for each in found if each.name == "limit"}
