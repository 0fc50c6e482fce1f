"""Inspector: the probe's answers as data of the kernel."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

from kernel.core import model as m
from kernel.core.errors import EvaluationFailed, StaleReference
from kernel.core.ids import FrameId, ThreadId, VariablesReference
from lua_debug.inspector import Inspector
from tests.support.lua_bench import LuaBench

Result = TypeVar("Result")

PROGRAM = """local up = 1
local function f(a)
  local t = {10, x = up, s = "bytes"}
  stop()
end
f(5)
"""


def inspector_of(bench: LuaBench) -> Inspector:
    async def ask(op: str, /, **arguments: Any) -> dict[str, Any]:
        return bench.ask(op, **arguments)

    return Inspector(ask)


def do(work: Awaitable[Result]) -> Result:
    async def run() -> Result:
        return await work

    return asyncio.run(run())


def test_from_stack_to_variable() -> None:
    """Threads, frames, scopes and variables, one leading to the next."""
    with LuaBench("5.4").stopped(PROGRAM) as bench:
        inspector = inspector_of(bench)
        assert [m.Thread(ThreadId(1), "main")] == do(inspector.threads())
        page = do(inspector.stack(ThreadId(1), 0, 1, m.FrameFormat(parameters=True)))
        assert (2, 1) == (page.total, len(page.frames))
        (frame,) = page.frames
        assert ("f(a)", 4, 1, m.FrameHint.NORMAL) == (
            frame.name,
            frame.line,
            frame.column,
            frame.hint,
        )
        assert m.Source("main.lua", "main.lua") == frame.source
        scopes = do(inspector.scopes(frame.id))
        assert ["Locals", "Upvalues", "Globals"] == [each.name for each in scopes]
        assert (2, 5, "locals") == (scopes[0].line, scopes[0].end_line, scopes[0].hint)
        a, t = do(inspector.variables(scopes[0].reference))
        assert ("a", "5", "number", "a", 0) == (
            a.name,
            a.value,
            a.type,
            a.evaluate_name,
            a.reference,
        )
        assert (2, 1) == (t.named, t.indexed)
        named = do(inspector.variables(t.reference, "named", 0, 0, m.ValueFormat(hex=True)))
        assert [("s", '"bytes"'), ("x", "0x1")] == [(each.name, each.value) for each in named]
        memory = do(inspector.read_memory(named[0].memory or "", 0, 3))
        assert m.Memory("0", b"byt", 0) == memory


def test_changing_and_evaluating() -> None:
    """Assignments and evaluations come back as results with references."""
    with LuaBench("5.4").stopped(PROGRAM) as bench:
        inspector = inspector_of(bench)
        frame = FrameId(bench.frame())
        locals_ = VariablesReference(bench.scope("Locals", frame)["ref"])
        assert "6" == do(inspector.set_variable(locals_, "a", "a + 1")).value
        assert "8" == do(inspector.set_expression("t.x", "8", frame)).value
        result = do(inspector.evaluate("t", frame, "watch"))
        assert '{10, s = "bytes", x = 8}' == result.value
        assert result.reference
        function = do(inspector.evaluate("function() end", frame))
        assert "function" == function.type
        place = do(inspector.evaluate("f", None))
        assert "nil" == place.value
        with pytest.raises(EvaluationFailed):
            do(inspector.evaluate("error('x')", frame))
        info = do(inspector.data_breakpoint_info("t.x", frame=frame))
        assert info.data_id is not None
        assert ("write",) == info.access_types
        assert do(inspector.data_breakpoint_info("f()", frame=frame)).data_id is None


def test_stale_references() -> None:
    """The number of the reference is told."""
    with LuaBench("5.4").stopped("stop()") as bench, pytest.raises(StaleReference, match="4711"):
        do(inspector_of(bench).variables(VariablesReference(4711)))


def test_completions_count_characters() -> None:
    """Places are characters for the client, whatever bytes they are for Lua."""
    with LuaBench("5.4").stopped(PROGRAM) as bench:
        text = 'x = "äöü😀" .. t.s'
        found = do(inspector_of(bench).complete(text, len(text), FrameId(bench.frame())))
        assert [("s", len(text) - 1, 1)] == [
            (each.label, each.start, each.length) for each in found
        ]


def test_exception_details() -> None:
    """The error's value is a variable that can be expanded."""
    program = "xpcall(function() error({code = 7}) end, stop_on_error)"
    with LuaBench("5.4").stopped(program) as bench:
        inspector = inspector_of(bench)
        told = do(inspector.exception_details(ThreadId(1)))
        assert ("{code = 7}", "table", "err") == (
            told.description,
            told.type_name,
            told.evaluate_name,
        )
        assert told.value is not None
        (code,) = do(inspector.variables(told.value.reference))
        assert ("code", "7", "err.code") == (code.name, code.value, code.evaluate_name)


def test_locations() -> None:
    """A function value leads to where it was defined."""
    with LuaBench("5.4").stopped("local function f()\nend\nstop()") as bench:
        inspector = inspector_of(bench)
        (f,) = do(inspector.variables(VariablesReference(bench.scope("Locals")["ref"])))
        place = do(inspector.location(f.value_location or 0))
        assert m.Location(m.Source("main.lua", "main.lua"), 1, 1) == place
