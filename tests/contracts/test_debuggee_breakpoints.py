"""What every Debuggee promises of breakpoints."""

from dataclasses import replace

import pytest

from kernel.core import model as m
from kernel.core.ids import BreakpointId
from kernel.events import model as e
from tests.contracts.conftest import Program
from tests.contracts.debuggees import MAIN

pytestmark = pytest.mark.anyio

LOOP = """
total = 0             -- @total
-- a comment            -- @comment
function add(n)
  total = total + n   -- @add
end
for i = 1, 4 do
  add(i)              -- @call
end
print(total)          -- @print
"""


async def test_answers_come_in_the_order_of_the_wishes(program: Program) -> None:
    """Each has the number of its wish; those on code are verified, with their lines."""
    it = program(LOOP)
    wishes = [it.spec(7, "print"), it.spec(3, "comment"), it.spec(5, "total")]
    answers = await it.break_at(*wishes)
    assert [7, 3, 5] == [each.id for each in answers]
    assert (True, it.line("print")) == (answers[0].verified, answers[0].line)
    assert (True, it.line("total")) == (answers[2].verified, answers[2].line)
    await it.launch()


async def test_a_stop_is_before_the_line_each_time(program: Program) -> None:
    """It names the breakpoint, and nothing of the line has run."""
    it = program(LOOP)
    await it.break_at(it.spec(12, "add"))
    for before in ("0", "1", "3", "6"):
        stop = await (it.go() if it.told else it.run())
        assert (m.StopReason.BREAKPOINT, (12,)) == (stop.reason, stop.breakpoints)
        assert ("add", "add") == await it.place()
        assert before == await it.value("total")
    await it.resume()
    assert (0, "10\n") == (await it.end(), it.output())


async def test_a_list_replaces_the_one_before(program: Program) -> None:
    """Of the same source, while the program stands as well; another source keeps its own."""
    it = program(LOOP)
    await it.break_at("add", "print")
    await it.run()
    await it.debuggee.set_breakpoints(m.Source("other.lua", "/nowhere/other.lua"), [])
    await it.break_at(it.spec(9, "print"))
    assert (9,) == (await it.go()).breakpoints
    await it.break_at()
    await it.resume()
    assert 0 == await it.end()


async def test_a_breakpoint_of_a_running_program(program: Program) -> None:
    """It stops code that runs already."""
    it = program('print("on")\nwhile true do\n  x = 1  -- @x\nend\n')
    await it.launch()
    await it.hear(e.OutputWritten, "on")
    await it.break_at(it.spec(4, "x"))
    assert (4,) == (await it.hear(e.Stopped)).breakpoints


async def test_a_condition(program: Program) -> None:
    """Only where it holds, in the frame of the line, there is a stop."""
    it = program(LOOP)
    await it.break_at(replace(it.spec(1, "add"), condition="n == 3"))
    await it.run()
    assert "3" == await it.value("n")
    await it.resume()
    assert 0 == await it.end()


async def test_a_hit_condition(program: Program) -> None:
    """Visits are counted where the condition holds, and some of them stop."""
    it = program(LOOP)
    every = m.HitCondition(m.HitOperator.EVERY, 2)
    await it.break_at(replace(it.spec(1, "add"), condition="1 < n", hit_condition=every))
    await it.run()
    assert "3" == await it.value("n")
    await it.resume()
    assert 0 == await it.end()


async def test_hit_conditions_that_all_have_to_hold(program: Program) -> None:
    """Each counts all visits."""
    it = program(LOOP)
    past = m.HitCondition(m.HitOperator.GREATER, 2)
    every = m.HitCondition(m.HitOperator.EVERY, 2, further=(past,))
    await it.break_at(replace(it.spec(1, "add"), hit_condition=every))
    await it.run()
    assert "4" == await it.value("n")
    await it.resume()
    assert 0 == await it.end()


async def test_a_log_message(program: Program) -> None:
    """It is written instead of a stop, to the console, and knows its place."""
    it = program(LOOP)
    log = m.LogMessage("at {n}!", ("at ", "n", "!"))
    await it.break_at(replace(it.spec(1, "add"), log_message=log))
    await it.launch()
    first = await it.hear(e.OutputWritten, "at 1!")
    assert (it.source.path, it.line("add")) == (first.source and first.source.path, first.line)
    await it.end()
    assert "at 1!\nat 2!\nat 3!\nat 4!\n" == it.output("console")


async def test_a_function_breakpoint(program: Program) -> None:
    """It stops where the function of that name is entered, each time."""
    it = program(LOOP)
    wishes = [m.FunctionBreakpointSpec(BreakpointId(8), "add", condition="2 < n")]
    (answer,) = await it.debuggee.set_function_breakpoints(wishes)
    assert 8 == answer.id
    stop = await it.run()
    assert (m.StopReason.FUNCTION_BREAKPOINT, (8,)) == (stop.reason, stop.breakpoints)
    assert ("add", "3") == ((await it.place())[0], await it.value("n"))
    await it.debuggee.set_function_breakpoints([])
    await it.resume()
    assert 0 == await it.end()


async def test_a_data_breakpoint(program: Program) -> None:
    """It stops behind the change of a value that can be watched."""
    it = program(LOOP)
    await it.break_at("call")
    await it.run()
    await it.break_at()
    info = await it.debuggee.data_breakpoint_info("total", None, (await it.frames())[0].id)
    assert (True, True) == (info.data_id is not None, "write" in info.access_types)
    wish = m.DataBreakpointSpec(BreakpointId(6), info.data_id or "")
    (answer,) = await it.debuggee.set_data_breakpoints([wish])
    assert (6, True) == (answer.id, answer.verified)
    stop = await it.go()
    assert (m.StopReason.DATA_BREAKPOINT, (6,)) == (stop.reason, stop.breakpoints)
    assert "1" == await it.value("total")


async def test_what_cannot_be_watched(program: Program) -> None:
    """It has no data id, and a word that says why."""
    it = program(LOOP)
    await it.break_at("call")
    await it.run()
    info = await it.debuggee.data_breakpoint_info("add(1)", None, (await it.frames())[0].id)
    assert (None, True) == (info.data_id, bool(info.description))


FAILS = """
function fail(a)
  error("boom")   -- @boom
end
fail(1)
"""


async def test_an_error_that_nothing_catches(program: Program) -> None:
    """If that is wanted it stops where it was raised, and can be asked about."""
    it = program(FAILS)
    wish = m.ExceptionBreakpointSpec("uncaught", None, BreakpointId(2))
    (answer,) = await it.debuggee.set_exception_breakpoints([wish])
    assert (2, True) == (answer.id, answer.verified)
    stop = await it.run()
    assert (m.StopReason.EXCEPTION, (2,)) == (stop.reason, stop.breakpoints)
    assert "boom" in (stop.text or "")
    assert ("fail", it.line("boom")) in [(each.name, each.line) for each in await it.frames()]
    details = await it.debuggee.exception_details(MAIN)
    assert (True, "unhandled") == ("boom" in details.description, details.mode)
    await it.resume()
    assert (1, True) == (await it.end(), "boom" in it.output("stderr"))


async def test_an_error_that_nobody_wants_to_see(program: Program) -> None:
    """The program ends with a status and says what was wrong."""
    it = program(FAILS)
    await it.launch()
    assert (1, True) == (await it.end(), "boom" in it.output("stderr"))


async def test_where_breakpoints_can_be(program: Program) -> None:
    """The lines with code of a range, and no others."""
    it = program(LOOP)
    first, last = it.line("total"), it.line("add")
    answers = await it.debuggee.breakpoint_locations(
        it.source, m.BreakpointLocation(first, end_line=last)
    )
    assert {first, last} <= {each.line for each in answers} <= {*range(first, last + 1)}
    assert it.line("comment") not in {each.line for each in answers}
    await it.launch()
