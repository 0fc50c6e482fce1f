"""Stacks: names, pages, coroutines, tail calls, depth."""

import pytest

from kernel.core.errors import UserError
from tests.support.lua_bench import LuaBench, every_version


def shown(frames: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(each["name"], each["line"]) for each in frames]


@every_version
def test_names_of_functions(version: str) -> None:
    """Methods, locals, globals, modules, callbacks of C functions, the main chunk."""
    program = """local Point = {}
    Point.__index = Point
    function Point:add() local r = stop() return r end
    local module = {work = function() local r = setmetatable({}, Point):add() return r end}
    function everywhere() local r = require("my.module").work() return r end
    local function nearby() local r = everywhere() return r end
    local function once() local f = nearby nearby = nil f() end
    package.loaded["my.module"] = module
    module = nil
    table.sort({2, 1}, function(a, b) if nearby then once() end return a < b end)
    """
    with LuaBench(version).stopped(program) as bench:
        frames = shown(bench.frames())
        assert [
            ("Point:add", 3),
            ("my.module.work", 4),
            ("everywhere", 5),
        ] == frames[:3]
        assert "main chunk" == frames[-1][0]
        names = [name for name, _ in frames]
        assert "table.sort" in names
        assert "anonymous <main.lua:10>" in names


@every_version
def test_c_functions_are_subtle(version: str) -> None:
    """Frames of C functions are shown, without a place."""
    with LuaBench(version).stopped("pcall(function() stop() end)") as bench:
        frame = next(each for each in bench.frames() if each["name"] == "pcall")
        assert ("subtle", 0) == (frame["hint"], frame["line"])
        assert "source" not in frame


@pytest.mark.parametrize("version", ["5.1", "5.2", "5.3", "5.4", "5.5"])
def test_tail_calls_are_labels(version: str) -> None:
    """A call that left no frame is told of."""
    program = """local function f() stop() end
    local function g() return f() end
    g()"""
    with LuaBench(version).stopped(program) as bench:
        frames = bench.frames()
        assert ("(...tail calls...)", "label") == (frames[1]["name"], frames[1]["hint"])
        assert [] == bench.ask("scopes", frame=frames[1]["id"])["scopes"]
        assert "main chunk" == frames[-1]["name"]


@every_version
def test_pages_fit_together(version: str) -> None:
    """Pages of any size are the whole stack, with ids that stay."""
    program = "local function r(n) if n == 0 then stop() else r(n - 1) end end r(30)"
    with LuaBench(version).stopped(program) as bench:
        whole = bench.ask("stack", thread=1)
        assert whole["total"] == len(whole["frames"])
        paged = []
        for start in range(0, whole["total"], 7):
            paged += bench.frames(start=start, levels=7)
        assert whole["frames"] == paged
        assert [] == bench.frames(start=whole["total"], levels=5)


@every_version
def test_deep_stacks(version: str) -> None:
    """The total is exact, both ends can be looked at."""
    depth = {"5.1": 15000, "luajit2.0": 10000, "luajit2.1": 10000}.get(version, 150000)
    program = (
        f"local function r(n) if n == 0 then stop() return 0 end return 1 + r(n - 1) end r({depth})"
    )
    with LuaBench(version).stopped(program) as bench:
        assert depth + 2 <= bench.ask("stack", thread=1, start=0, levels=1)["total"]
        page = bench.ask("stack", thread=1, start=0, levels=20)
        assert (depth + 2, 20) == (page["total"], len(page["frames"]))
        assert {"n": "19"} == bench.values(page["frames"][19]["id"])
        last = bench.frames(start=depth, levels=20)
        assert ["r", "main chunk"] == [each["name"] for each in last]
        assert {"n": str(depth)} == bench.values(last[0]["id"])


@every_version
def test_stacks_go_on_with_the_resumer(version: str) -> None:
    """Below a coroutine's frames come those of who resumed it, down to the main thread."""
    program = """
    local function inner() local i = 3 stop() end
    local function outer()
      local o = 2
      coroutine.resume(coroutine.create(function() inner() end))
    end
    local m = 1
    coroutine.resume(coroutine.create(outer))
    """
    with LuaBench(version).stopped(program) as bench:
        threads = bench.ask("threads")["threads"]
        assert [1, 2, 3] == sorted(each["id"] for each in threads)
        stopped = next(each["id"] for each in threads if "stopped" in each["name"])
        frames = bench.frames(thread=stopped)
        labels = [each["name"] for each in frames if each["hint"] == "label"]
        other = next(each["id"] for each in threads if each["id"] not in (1, stopped))
        assert [f"— resumed by coroutine {other} —", "— resumed by main —"] == labels
        by_line = {each["line"]: each["id"] for each in frames}
        assert "3" == bench.value("i", frame=by_line[2])
        assert "2" == bench.value("o", frame=by_line[5])
        assert "1" == bench.value("m", frame=by_line[8])
        paged = [
            each
            for start in range(len(frames))
            for each in bench.frames(thread=stopped, start=start, levels=1)
        ]
        assert frames == paged
        assert "coroutine.resume" in [each["name"] for each in frames]


@every_version
def test_stack_of_a_suspended_coroutine(version: str) -> None:
    """A coroutine that yielded shows where, and its variables can be changed."""
    program = """
    local co = coroutine.create(function(a) local b = a * 2 coroutine.yield() result = b end)
    coroutine.resume(co, 21)
    stop()
    coroutine.resume(co)
    assert(result == 1)
    """
    with LuaBench(version).stopped(program) as bench:
        assert 2 == bench.ask("threads")["threads"][1]["id"]
        frames = bench.frames(thread=2)
        assert ["coroutine.yield", "subtle"] == [frames[0]["name"], frames[0]["hint"]]
        frame = frames[1]["id"]
        assert {"a": "21", "b": "42"} == bench.values(frame)
        bench.evaluate("b = 1", frame=frame)


@every_version
def test_stack_of_a_dead_coroutine(version: str) -> None:
    """An error leaves the stack of its coroutine to be looked at."""
    program = """
    local co = coroutine.create(function(a) error({a}) end)
    local _, err = coroutine.resume(co, 5)
    stop_dead(co, err)
    """
    with LuaBench(version).stopped(program) as bench:
        assert 2 == bench.ask("threads")["threads"][1]["id"]
        frames = bench.frames(thread=2)
        assert "error" == frames[0]["name"]
        assert "5" == bench.value("a", frame=frames[1]["id"])
        told = bench.ask("exception", thread=2)
        assert ("error", "{5}", "table") == (told["id"], told["description"], told["type"])
        assert "main.lua:2: in " in told["traceback"]
        assert "5" == bench.value("err[1]", frame=frames[1]["id"])


@every_version
def test_error_of_the_stopped_thread(version: str) -> None:
    """The error is told with its message, type and a traceback; `err` names it."""
    program = """
    local function f() local x x.y = 1 end
    xpcall(f, stop_on_error)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        told = bench.ask("exception", thread=1)
        assert "runtime error" == told["id"]
        assert "attempt to index" in told["description"]
        assert told["traceback"].startswith("stack traceback:\n\t")
        assert "main.lua:2: in function <main.lua:2>" in told["traceback"]
        assert "main chunk" in told["traceback"]
        assert "attempt to index" in bench.value(told["evaluate"])
        (child,) = bench.variables(bench.scope("Error")["ref"])
        assert "err" == child["name"]
        bench.resume()
        with pytest.raises(UserError, match="did not stop on an error"):
            bench.ask("exception", thread=1)


@every_version
def test_formats(version: str) -> None:
    """DAP's StackFrameFormat: parameters with names, types and values, and the line."""
    program = "local function f(a, b) stop() end\nf(1, 'x')"
    with LuaBench(version).stopped(program) as bench:
        form = {
            "parameters": True,
            "parameter_names": True,
            "parameter_types": True,
            "parameter_values": True,
            "line": True,
        }
        name = bench.frames(format=form)[0]["name"]
        if version in ("5.1", "luajit2.0"):
            assert name.startswith("f(")
            assert name.endswith(" line 1")
        else:
            assert 'f(a: number = 1, b: string = "x") line 1' == name


@every_version
def test_stripped_functions(version: str) -> None:
    """Code without debug information has frames all the same."""
    program = """local load = loadstring or load
    local f = load(string.dump(load("local a = 1 stop()"), true))
    f()"""
    with LuaBench(version).stopped(program) as bench:
        frames = bench.frames()
        assert "main chunk" == frames[-1]["name"]
        bench.ask("scopes", frame=frames[0]["id"])


@every_version
def test_unknown_thread(version: str) -> None:
    """A thread that is not there is refused in words."""
    with (
        LuaBench(version).stopped("stop()") as bench,
        pytest.raises(UserError, match="no thread 99"),
    ):
        bench.ask("stack", thread=99)
