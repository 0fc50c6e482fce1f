"""What every Debuggee promises of beginning and ending, whatever its language.

`FakeDebuggee` keeps these promises, too; its script stands beside each program.
"""

import threading

import pytest

from kernel.core import model as m
from kernel.core.errors import DebuggeeGone, NotStopped, ProgramNotFound
from kernel.core.ids import FrameId, VariablesReference
from kernel.events import model as e
from tests.contracts.conftest import Program
from tests.contracts.debuggees import MAIN, Subject
from tests.support.fakes import stopped

pytestmark = [pytest.mark.anyio, pytest.mark.no_language]

SHORT = 'print("a")\nprint("b")\n'
SHORT_SCRIPT = [[e.OutputWritten("a\n"), e.OutputWritten("b\n"), e.Exited(0)]]
ENDLESS = "while true do\n  x = 1\nend\n"
ENDLESS_SCRIPT: list[list[e.KernelEvent]] = [[], []]
ENTRY = [[stopped(m.StopReason.ENTRY)]]


async def test_a_program_that_is_missing(program: Program) -> None:
    """It is refused by name, and nothing is told."""
    it = program(SHORT, SHORT_SCRIPT)
    with pytest.raises(ProgramNotFound, match=r"missing\.lua"):
        await it.debuggee.launch(m.Program("/nowhere/missing.lua"))
    assert [] == it.told


async def test_started_is_first_and_exited_last(program: Program) -> None:
    """Each is told once, and all output between them, in order."""
    it = program(SHORT, SHORT_SCRIPT)
    await it.launch()
    assert (0, "a\nb\n") == (await it.end(), it.output())
    kinds = [type(each) for each in it.told]
    assert (e.Started, e.Exited) == (kinds[0], kinds[-1])
    assert (1, 1) == (kinds.count(e.Started), kinds.count(e.Exited))


async def test_the_listener_is_called_on_the_loop(program: Program) -> None:
    """Whichever thread the program has."""
    it = program(SHORT, SHORT_SCRIPT)
    await it.launch()
    await it.end()
    assert {threading.get_ident()} == it.threads


async def test_a_running_program_cannot_be_looked_at(program: Program) -> None:
    """Nor be resumed; but its threads can be listed and it can be paused."""
    it = program(ENDLESS, ENDLESS_SCRIPT)
    await it.launch()
    with pytest.raises(NotStopped):
        await it.debuggee.stack(MAIN)
    with pytest.raises(NotStopped):
        await it.debuggee.scopes(FrameId(1))
    with pytest.raises(NotStopped):
        await it.debuggee.step_in_targets(FrameId(1))
    with pytest.raises(NotStopped):
        await it.debuggee.exception_details(MAIN)
    with pytest.raises(NotStopped):
        await it.resume()
    assert MAIN in [each.id for each in await it.debuggee.threads()]
    await it.debuggee.pause(None)
    assert m.StopReason.PAUSE == (await it.hear(e.Stopped)).reason


async def test_a_running_program_ends(program: Program) -> None:
    """However often it is told to."""
    it = program(ENDLESS, ENDLESS_SCRIPT)
    await it.launch()
    await it.debuggee.terminate()
    await it.debuggee.terminate()
    await it.end()
    assert 1 == [type(each) for each in it.told].count(e.Exited)


async def test_a_stopped_program_ends_where_it_stands(program: Program) -> None:
    """Not a statement more is run."""
    it = program(SHORT, ENTRY)
    await it.launch(stop_on_entry=True)
    await it.hear(e.Stopped)
    await it.debuggee.terminate()
    await it.end()
    assert "" == it.output()


async def test_a_program_that_was_never_launched_ends(program: Program) -> None:
    """Whoever waits for its end is told."""
    it = program(SHORT, SHORT_SCRIPT)
    await it.debuggee.terminate()
    await it.end()
    assert [e.Exited] == [type(each) for each in it.told]


async def test_detached_goes_on(program: Program) -> None:
    """A program that stands runs to its end when its client leaves."""
    it = program(SHORT, ENTRY)
    await it.launch(stop_on_entry=True)
    await it.hear(e.Stopped)
    await it.debuggee.detached()
    assert 0 == await it.end()


async def test_detached_stays(program: Program) -> None:
    """A program that shall stay can be looked at by who comes next, and resumed."""
    it = program(SHORT, ENTRY)
    await it.launch(stop_on_entry=True)
    await it.hear(e.Stopped)
    await it.debuggee.detached(stays=True)
    await it.debuggee.attached()
    assert (await it.debuggee.stack(MAIN)).total
    await it.resume()
    assert 0 == await it.end()


async def over(it: Subject) -> None:
    """Let it run to its end."""
    await it.launch()
    await it.end()


async def test_a_program_that_has_ended_is_gone(program: Program) -> None:
    """Whatever has to be asked of the program is refused as such."""
    it = program(SHORT, SHORT_SCRIPT)
    await over(it)
    requests = (
        lambda: it.debuggee.stack(MAIN),
        lambda: it.debuggee.scopes(FrameId(1)),
        lambda: it.debuggee.variables(VariablesReference(1)),
        lambda: it.debuggee.evaluate("1", None),
        lambda: it.debuggee.exception_details(MAIN),
        lambda: it.debuggee.set_expression("x", "1"),
        lambda: it.debuggee.set_data_breakpoints([]),
        lambda: it.debuggee.resume(m.Resume(m.StepKind.CONTINUE, MAIN)),
    )
    for ask in requests:
        with pytest.raises(DebuggeeGone):
            await ask()


async def test_telling_a_program_that_has_ended(program: Program) -> None:
    """Is in vain and no error: it may have ended on its own just before. What was seen remains."""
    it = program(SHORT, SHORT_SCRIPT)
    await over(it)
    told = [*it.told]
    await it.debuggee.set_breakpoints(it.source, [])
    await it.debuggee.set_exception_breakpoints([])
    await it.debuggee.pause(None)
    await it.debuggee.terminate()
    await it.debuggee.detached()
    assert [MAIN] == [each.id for each in await it.debuggee.threads()]
    assert await it.debuggee.loaded_sources()
    assert not it.debuggee.feed_input("too late\n")
    assert told == it.told
