"""What every Debuggee promises of going and standing."""

import pytest

from kernel.core import model as m
from kernel.core.errors import StaleReference, UserError
from kernel.core.ids import VariablesReference
from kernel.events import model as e
from tests.contracts.conftest import Program
from tests.contracts.debuggees import MAIN

pytestmark = pytest.mark.anyio

WALK = """
function double(n)
  local twice = n * 2     -- @twice
  return twice            -- @return
end
local first = double(1)   -- @first
local second = double(2)  -- @second
print(first + second)     -- @print
"""


async def test_entry_is_the_first_line(program: Program) -> None:
    """A program that shall stop at once has done nothing."""
    it = program("local a = 1  -- @a\nprint(a)\n")
    await it.launch(stop_on_entry=True)
    assert m.StopReason.ENTRY == (await it.hear(e.Stopped)).reason
    assert ("main chunk", "a") == await it.place()
    await it.resume()
    assert (0, "1\n") == (await it.end(), it.output())


async def test_over_runs_what_is_called(program: Program) -> None:
    """It stops on the next line of the same call, and with its return in the caller."""
    it = program(WALK)
    await it.break_at("first")
    await it.run()
    await it.break_at()
    assert m.StopReason.STEP == (await it.go(m.StepKind.OVER)).reason
    assert ("main chunk", "second") == await it.place()
    await it.go(m.StepKind.OVER)
    assert ("main chunk", "print") == await it.place()


async def test_in_goes_where_it_is_called(program: Program) -> None:
    """It stops on the first line of the function."""
    it = program(WALK)
    await it.break_at("first")
    await it.run()
    assert m.StopReason.STEP == (await it.go(m.StepKind.IN)).reason
    assert ("double", "twice") == await it.place()


async def test_out_ends_with_the_call(program: Program) -> None:
    """It stops in the caller, behind the call."""
    it = program(WALK)
    await it.break_at("twice")
    await it.run()
    await it.break_at()
    assert m.StopReason.STEP == (await it.go(m.StepKind.OUT)).reason
    assert "main chunk" == (await it.place())[0]


async def test_a_step_at_the_end_ends(program: Program) -> None:
    """There is no line behind the last."""
    it = program(WALK)
    await it.break_at("print")
    await it.run()
    await it.resume(m.StepKind.OVER)
    assert (0, "6\n") == (await it.end(), it.output())


async def test_a_step_meets_breakpoints(program: Program) -> None:
    """A breakpoint in what is stepped over stops."""
    it = program(WALK)
    await it.break_at("first", "return")
    await it.run()
    stop = await it.go(m.StepKind.OVER)
    assert (m.StopReason.BREAKPOINT, (2,)) == (stop.reason, stop.breakpoints)
    assert ("double", "return") == await it.place()


async def test_references_end_at_resume(program: Program) -> None:
    """Frames and containers of a stop are refused at the next one and while the program runs."""
    it = program(WALK)
    await it.break_at("twice")
    await it.run()
    frame = (await it.frames())[0].id
    reference = (await it.debuggee.scopes(frame))[0].reference
    await it.go()
    with pytest.raises(StaleReference):
        await it.debuggee.scopes(frame)
    with pytest.raises(StaleReference):
        await it.debuggee.variables(reference)
    with pytest.raises(StaleReference):
        await it.debuggee.evaluate("n", frame)


async def test_a_reference_nobody_gave(program: Program) -> None:
    """It is refused like one that has ended."""
    it = program(WALK)
    await it.break_at("twice")
    await it.run()
    with pytest.raises(StaleReference):
        await it.debuggee.variables(VariablesReference(4711))


async def test_output_comes_before_the_stop_behind_it(program: Program) -> None:
    """And all of it, in the order of writing, before the end."""
    it = program('print("a")\nlocal x = 1  -- @x\nprint("b")\nprint("c")\n')
    await it.break_at("x")
    await it.run()
    assert "a\n" == it.output()
    await it.resume()
    await it.end()
    assert "a\nb\nc\n" == it.output()


async def test_output_knows_its_line(program: Program) -> None:
    """What a statement writes is told with its source and line."""
    it = program('local x = 1\nprint("here")  -- @here\n')
    await it.launch()
    told = await it.hear(e.OutputWritten, "here")
    assert (it.source.path, it.line("here")) == (told.source and told.source.path, told.line)


async def test_a_pause_stops_soon(program: Program) -> None:
    """Wherever the program is, which can be looked at then."""
    it = program('n = 0\nprint("on")\nwhile true do\n  n = n + 1\nend\n')
    await it.launch()
    await it.hear(e.OutputWritten, "on")
    await it.debuggee.pause(None)
    assert m.StopReason.PAUSE == (await it.hear(e.Stopped)).reason
    before = int(await it.value("n"))
    await it.resume()
    await it.debuggee.pause(None)
    await it.hear(e.Stopped)
    assert before <= int(await it.value("n"))


async def test_the_main_thread_ends_with_the_program(program: Program) -> None:
    """It is there at a stop, and cannot be ended alone."""
    it = program(WALK)
    await it.break_at("first")
    assert MAIN == (await it.run()).thread
    assert [MAIN] == [each.id for each in await it.debuggee.threads()]
    with pytest.raises(UserError):
        await it.debuggee.terminate_threads([MAIN])
    assert ("main chunk", "first") == await it.place()
