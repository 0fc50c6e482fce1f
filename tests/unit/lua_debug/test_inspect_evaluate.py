"""Evaluation in a frame: expressions, statements, assignments, errors, endless loops."""

import threading

import pytest

from kernel.core.errors import Cancelled, EvaluationFailed
from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version

FRAME = """
local up = 10
local function f(a, ...)
  local t = {x = 1, list = {1, 2, 3}}
  stop()
  return a, up, t
end
local a, u, t = f(5, nil, 7)
got = {a, u, t}
"""


@every_version
def test_forms_of_input(version: str) -> None:
    """Expressions, statements, several values, `=`, comments, trailing lines."""
    with LuaBench(version).stopped(FRAME) as bench:
        values = {
            "a + up": "15",
            "a, up": "5, 10",
            "= a": "5",
            "a -- a comment": "5",
            "a\n": "5",
            "(function() end)()": "",
            "local x = 5": "",
            "nil": "nil",
            "t.list": "{1, 2, 3}",
            "if a then return 1, 2 end": "1, 2",
            "#t.list": "3",
        }
        assert values == {text: bench.value(text) for text in values}


@every_version
def test_several_values_are_children(version: str) -> None:
    """The values of an expression list can be expanded one by one."""
    with LuaBench(version).stopped(FRAME) as bench:
        found = bench.evaluate("a, nil, t")
        assert 3 == found["indexed"]
        children = bench.variables(found["ref"])
        assert ["5", "nil"] == [each["value"] for each in children[:2]]
        assert "ref" in children[2]


@every_version
def test_assignments_reach_the_program(version: str) -> None:
    """Locals, upvalues, fields, globals: what is assigned is what the program goes on with."""
    program = FRAME + "assert(got[1] == 6 and got[2] == 'new' and got[3].x == 9 and fresh == 3)"
    with LuaBench(version).stopped(program) as bench:
        bench.evaluate("a = a + 1")
        bench.evaluate("up = 'new'")
        bench.evaluate("t.x = 9; fresh = 3")
        assert "6" == bench.value("a")


@pytest.mark.parametrize("version", [name for name in VERSIONS if name != "5.1"])
def test_varargs(version: str) -> None:
    """`...` holds the additional arguments with their holes."""
    with LuaBench(version).stopped(FRAME) as bench:
        assert "nil, 7" == bench.value("...")
        assert "2" == bench.value("select('#', ...)")


@every_version
def test_outer_frames_and_globals(version: str) -> None:
    """Any frame can be the place; none means the globals."""
    program = "local function f() local x = 1 stop() end local x = 2 f() x = x"
    with LuaBench(version).stopped(program) as bench:
        frames = bench.frames()
        assert ["1", "2"] == [bench.value("x", frame=each["id"]) for each in frames[:2]]
        assert "nil" == bench.value("x", frame=None)


@every_version
def test_errors_are_lua_messages_without_noise(version: str) -> None:
    """What Lua says, without the place in the evaluated text; and error values that are no text."""
    with LuaBench(version).stopped(
        "local t = {} local function bad() error('from there') end stop()"
    ) as bench:

        def failure(text: str) -> str:
            with pytest.raises(EvaluationFailed) as caught:
                bench.evaluate(text)
            return str(caught.value)

        assert "boom" == failure("error('boom', 0)")
        assert "boom" == failure("error('boom')")
        assert "main.lua:1: from there" == failure("bad()")
        assert "error value: {1}" == failure("error({1})")
        assert failure("error(nil)") in ("error value: nil", "<no error object>")
        assert "told" == failure(
            "error(setmetatable({}, {__tostring = function() return 'told' end}))"
        )
        assert failure("1 +").startswith("unexpected symbol near")
        assert failure("x = = 1").startswith("unexpected symbol near")
        assert "attempt to index a nil value" in failure("t.x.y").replace(
            "field 'x' (a nil value)", "a nil value"
        )
        assert "yield" in failure("coroutine.yield()")
        assert "os.exit" in failure("os.exit(3)")
        assert "line 2: " in failure("local x = 1\nerror('boom')")


@every_version
def test_os_exit_is_put_back(version: str) -> None:
    """What evaluation borrows from the script's libraries it gives back."""
    program = (
        "local before = {os.exit, coroutine.create, coroutine.wrap, coroutine.resume} stop() "
        + (
            "assert(os.exit == before[1] and coroutine.create == before[2] "
            "and coroutine.wrap == before[3] and coroutine.resume == before[4])"
        )
    )
    with LuaBench(version).stopped(program) as bench:
        bench.evaluate("1 + 1")
        with pytest.raises(EvaluationFailed):
            bench.evaluate("error(1)")


ENDLESS = {
    "plain": "while true do end",
    "swallowed": "while true do pcall(function() while true do end end) end",
    "repeat": "repeat local x = 1 until false",
    "function": "spin()",
    "wrapped": "coroutine.wrap(function() while true do end end)()",
    "resumed": "coroutine.resume(sleeper)",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=list(ENDLESS))
@every_version
def test_endless_evaluations_can_be_cancelled(version: str, text: str) -> None:
    """A loop without end stops when the client takes its request back; the program lives on."""
    program = """
    function spin() while true do end end
    sleeper = coroutine.create(function() coroutine.yield() while true do end end)
    coroutine.resume(sleeper)
    local alive = 1
    stop()
    alive = 2 stop()
    """
    bench = LuaBench(version)
    with bench.stopped(program):
        frame = bench.frame()
        timer = threading.Timer(0.05, bench.is_cancelled.set)
        timer.start()
        with pytest.raises(Cancelled):
            bench.evaluate(text, frame=frame)
        bench.is_cancelled.clear()
        assert "1" == bench.value("alive")
        bench.resume()
        assert "2" == bench.value("alive")


@every_version
def test_limited_instructions(version: str) -> None:
    """With a limit on instructions nobody has to cancel."""
    with (
        LuaBench(version, {"eval_instructions": 1000000}).stopped("stop()") as bench,
        pytest.raises(EvaluationFailed, match="took too long"),
    ):
        bench.evaluate("while true do end")


@every_version
def test_functions_made_by_evaluation_outlive_the_stop(version: str) -> None:
    """A function defined at a stop works later, where the frame's locals are gone."""
    program = "y = 2 local x = 1 stop() assert(twice(4) == 8 and sees() == 2)"
    with LuaBench(version).stopped(program) as bench:
        bench.evaluate("function twice(n) return n * y end")
        bench.evaluate("function sees() return x or y end")
        assert "1" == bench.value("sees()")


@every_version
def test_clipboard_is_whole(version: str) -> None:
    """The clipboard gets a constructor that reads back, strings as they are, cycles marked."""
    program = r"""
    local t = {1, 2, {x = "a\nb", ["y z"] = true}, s = "\255"}
    local loop = {} loop.me = loop
    local long = ("x"):rep(5000)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        text = bench.value("t", context="clipboard")
        assert "3" == bench.value(f"#({text})")
        assert "true" == bench.value(f"({text}).s == t.s and ({text})[3]['y z']")
        assert "cycle: value" in bench.value("loop", context="clipboard")
        assert 5000 == len(bench.value("long", context="clipboard"))


@every_version
def test_hexadecimal(version: str) -> None:
    """format.hex holds for results."""
    with LuaBench(version).stopped("stop()") as bench:
        assert "0x10, 0x11" == bench.value("16, 17", hex=True)


@every_version
def test_set_expression(version: str) -> None:
    """Assigning to names, fields and computed places; refusing what is no place."""
    with LuaBench(version).stopped("local t, k = {}, 'key' stop()") as bench:
        frame = bench.frame()

        def assign(text: str, value: str) -> str:
            return str(bench.ask("set_expression", expr=text, value=value, frame=frame)["value"])

        assert "{1}" == assign("t.x", "{1}")
        assert "2" == assign("t[k]", "1 + 1")
        assert '"w"' == assign("k", "'w'")
        assert "nil" == assign("t.x", "nil")
        assert '{key = 2}, "w"' == bench.value("t, k")
        with pytest.raises(EvaluationFailed):
            assign("t.x + 1", "2")
        with pytest.raises(EvaluationFailed):
            assign("t.x", "+")
