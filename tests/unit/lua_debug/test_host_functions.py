"""Calls of host functions: objects, callbacks, waiting, and what goes wrong."""

import asyncio
import gc
import threading
from typing import Any

import pytest

from kernel.core.errors import ScriptFailed, UserError
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.core.script_values import Callback
from tests.support.host_scripts import HostScript

DEADLINE = 10.0


class Box(HostObject):
    """A thing with a state."""

    name = "Box"

    def __init__(self, gone: list["Box"]) -> None:
        self.content: Any = None
        self.gone = gone

    def values(self) -> dict[str, Any]:
        """What a script sees."""
        return {"id": "b1"}

    def released(self) -> None:
        """No script holds it."""
        self.gone.append(self)

    @host_function("put")
    def put(self, value: Any) -> "Box":
        """Puts something in; gives the box."""
        self.content = value
        return self

    @host_function("get")
    def get(self) -> Any:
        """What is in."""
        return self.content


class Work(HostTable):
    """Functions of all kinds."""

    name = "Work"

    def __init__(self) -> None:
        self.gone: list[Box] = []
        self.kept: Callback | None = None
        self.began = threading.Event()
        self.was_cancelled = threading.Event()
        self.seen: list[Any] = []

    @host_function("Work.box")
    def box(self) -> Box:
        """A new box."""
        return Box(self.gone)

    @host_function("Work.open")
    def open(self, box: Box) -> Any:
        """What is in a box."""
        return box.content

    @host_function("Work.call")
    def call(self, function: Callback, *values: Any) -> Any:
        """Calls a function."""
        return function.call(*values)

    @host_function("Work.keep")
    def keep(self, function: Callback | None = None) -> None:
        """Keeps a function, or drops it."""
        self.kept = function

    @host_function("Work.soon")
    def soon(self) -> None:
        """Has another thread ask for a call of the kept function."""
        assert self.kept is not None
        kept = self.kept
        thread = threading.Thread(target=lambda: kept.call_soon("later", done=self.seen.append))
        thread.start()
        thread.join(DEADLINE)

    @host_function("Work.elsewhere")
    async def elsewhere(self) -> Any:
        """Another thread calls the kept function and waits for its result."""
        assert self.kept is not None
        return await asyncio.to_thread(self.kept.call, "from there")

    @host_function("Work.slow")
    async def slow(self, seconds: float) -> str:
        """Takes its time."""
        self.began.set()
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise
        return "done"

    @host_function("Work.refuse")
    async def refuse(self) -> None:
        """Fails later."""
        await asyncio.sleep(0)
        raise UserError("Not today.")

    @host_function("Work.two")
    def two(self) -> tuple[int, None, str]:
        """Several results."""
        return 1, None, "x"

    @host_function("Work.bug")
    def bug(self) -> None:
        """Goes wrong."""
        raise ZeroDivisionError("by nothing")


@pytest.fixture
def work(lua):
    """A script with the functions above."""
    table = Work()
    with HostScript(lua, lambda _: [table]) as script:
        yield table, script


def test_objects_are_held_by_handles(work):
    """A handle has fields, methods by colon and by dot, and is the same each time."""
    _, script = work
    assert ["b1", True, 5, 5, 5, "Box"] == script.run("""
        local box = Work.box()
        note(box.id, box:put(5) == box, box:get(), box.get(), Work.open(box), getmetatable(box))
    """)


def test_handles_that_are_dropped_are_let_go(work):
    """When a script holds no handle any more the object is told so, with the next call."""
    table, script = work
    script.run("""
        for i = 1, 100 do Work.box() end
        kept = Work.box()
        for i = 1, 4 do collectgarbage() end
        kept:get()
    """)
    assert 100 == len(table.gone)
    assert [None] == script.run("note(kept:get())")


def test_a_colon_in_place_of_a_dot(work):
    """It is named, rather than what in the table cannot be passed."""
    _, script = work
    said = "bad argument #1 to 'Work.open' (Work itself; call it with a dot, not a colon)"
    assert f"s.lua:2: {said}" == script.error("Work:open(Work.box())")


def test_a_handle_cannot_be_made(work):
    """A table that looks like a handle is none."""
    _, script = work
    message = "s.lua:2: bad argument #1 to 'Work.open' (Box expected, got table)"
    assert message == script.error("Work.open(setmetatable({id = 'b1'}, {__name = 'Box'}))")


def test_callbacks_run_within_the_call(work):
    """A function that is given runs at once, may call again, and its results come back."""
    _, script = work
    assert [[3, "x"], 6] == script.run("""
        note(Work.call(function(a, b) return a + b, "x" end, 1, 2))
        note(Work.call(function(n) return Work.call(function(m) return m * 2 end, n) end, 3))
    """)


def test_errors_in_callbacks_are_the_callers(work):
    """An error in a callback is an error of the function that called it, with its own text."""
    _, script = work
    assert "s.lua:2: s.lua:2: oops" == script.error("Work.call(function() error('oops') end)")
    message = script.error("Work.call(function() return 1, {print} end)")
    assert "s.lua:2: result #2 of the function, [1], is a function" == message


def test_callbacks_in_coroutines(work):
    """A callback runs also when the call comes from a coroutine."""
    _, script = work
    assert [7] == script.run("""
        local co = coroutine.wrap(function() return Work.call(function() return 7 end) end)
        note(co())
    """)


def test_functions_that_are_dropped_are_collected(work):
    """What Python lets go of, Lua can collect."""
    _, script = work
    script.run("""
        seen = setmetatable({}, {__mode = "k"})
        do
            local f = function() return 1 end
            seen[f] = true
            Work.keep(f)
            f = nil
        end
        for i = 1, 4 do collectgarbage() end
        note(next(seen) ~= nil)
    """)
    assert [True] == script.notes.taken
    assert [False] == script.run("""
        Work.keep()
        note(1)
        for i = 1, 4 do collectgarbage() end
        note(next(seen) ~= nil)
    """)[1:]
    gc.collect()


def test_calls_from_other_threads_wait_for_a_safe_point(work):
    """A callback asked for elsewhere runs on the script's thread before its next host call."""
    table, script = work
    assert ["later", "before", "after"] == script.run("""
        Work.keep(function(word) note(word) return "told" end)
        Work.soon()
        note("before")
        note("after")
    """)
    assert ["told"] == table.seen


def test_calls_from_other_threads_while_the_script_waits(work):
    """A script that waits for the host runs callbacks meanwhile."""
    _, script = work
    assert ["got from there"] == script.run("""
        Work.keep(function(word) return "got " .. word end)
        note(Work.elsewhere())
    """)


def test_asynchronous_functions_are_waited_for(work):
    """The script goes on with the result; errors have the position of the call."""
    _, script = work
    assert ["done"] == script.run("note(Work.slow(0.01))")
    assert "s.lua:2: Not today." == script.error("Work.refuse()")


def test_waiting_is_interrupted(work):
    """The break key reaches a script that waits, and what it waited for is cancelled."""
    table, script = work

    def watch() -> None:
        table.began.wait(DEADLINE)
        script.engine.press_break_key()

    watcher = threading.Thread(target=watch)
    watcher.start()
    said = script.engine.run_text(b"pcall(Work.slow, 60)", "s.lua")
    assert "interrupted!" == (said or "").splitlines()[0]
    watcher.join(DEADLINE)
    assert table.was_cancelled.wait(DEADLINE)


def test_several_results_and_none(work):
    """A tuple is several values, nil among them."""
    _, script = work
    assert [3, 1, None, "x"] == script.run("note(select('#', Work.two()), Work.two())")


def test_bugs_end_one_call(work, caplog):
    """A bug in a host function is an error in the script and a traceback in the log."""
    _, script = work
    message = "s.lua:2: internal error in Work.bug: ZeroDivisionError: by nothing"
    assert message == script.error("Work.bug()")
    assert "Work.bug failed" in caplog.text
    assert "by nothing" in caplog.text


def test_further_arguments_are_ignored(work):
    """As with Lua's own functions, what a function has no parameter for is not looked at."""
    _, script = work
    assert [None] == script.run("Work.keep(nil, print, {}) note(nil)")


def test_callbacks_outlive_no_runtime(lua):
    """A callback that is called when its script has ended says so."""
    table = Work()
    with HostScript(lua, lambda _: [table]) as script:
        script.run("Work.keep(function() end)")
    assert table.kept is not None
    with pytest.raises(ScriptFailed) as caught:
        table.kept.call()
    assert "the script has ended" == str(caught.value)


def test_scripts_with_strange_globals(work):
    """Globals that raise errors, and a script without `debug`, disturb no call and no callback."""
    _, script = work
    assert [5, "done", 5, 5] == script.run("""
        debug = nil
        local function strict(_, name) if name == "debug" then error("strict") end end
        setmetatable(_G, {__index = strict})
        note(Work.call(function(x) y = x return (loadstring or load)("return y")() end, 5))
        note(Work.slow(0.01), y, (loadstring or load)("return y")())
    """)


def test_closed_scripts_call_the_host(lua):
    """A script with closed libraries has the functions of the host, and nothing behind them."""
    table = Work()
    with HostScript(lua, lambda _: [table], libraries="closed") as script:
        assert [5, "done", "nil"] == script.run("""
            local getupvalue = debug and debug.getupvalue
            note(Work.call(function(x) return x end, 5), Work.slow(0.01))
            note(getupvalue and type(getupvalue(Work.call, 1)) or "nil")
        """)
