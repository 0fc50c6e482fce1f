"""Doors: Lua calls Python, no Python object comes to Lua, nor a Lua object to another thread."""

import asyncio
import dataclasses
import gc
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import BreakpointId, FrameId, ThreadId
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from lua_debug.debuggee import LuaDebuggee
from lua_debug.doors import Doors
from lua_debug.native import SWITCH
from lua_debug.probe_files import load_probe
from lua_debug.versions import VERSIONS, make_runtime
from tests.unit.lua_debug.closed_runs import Runner, every_kind, every_version

DEADLINE = 30.0
"""Seconds to wait for a program; only a failing test waits that long."""


@pytest.fixture(autouse=True, params=["native", "pure"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The accelerator's door, and that of ctypes."""
    monkeypatch.setenv(SWITCH, request.param)
    return str(request.param)


class House:
    """A runtime with some doors."""

    def __init__(self, version: str, **functions: Callable[..., Any]) -> None:
        row = VERSIONS[version]
        self.doors = Doors(functions)
        self.runtime = make_runtime(row)
        self._probe = load_probe(self.runtime, row, self.doors, {}, ("base",))

    def run(self, text: str) -> Any:
        """What a piece of Lua returns that finds the doors as ``host``."""
        return self.runtime.execute(f"local host = (...).host {text}", self._probe)


@every_version
def test_plain_values_come_through_as_they_are(version: str) -> None:
    """Texts of any bytes, numbers, booleans and nil, in both directions."""
    seen: list[Any] = []
    house = House(version, take=lambda *values: (seen.append(values), values)[1])
    text = bytes(range(256)).decode("latin-1") + '\\"\n\r\0001'
    house.runtime.globals().text = text
    same = house.run(
        """local a, b, c, d, e, f, g = host.take(text, 1, -2.5, true, false, nil, 1e300)
        return a == text and b == 1 and c == -2.5 and d == true and e == false and f == nil
          and g == 1e300"""
    )
    assert same
    assert [(text, 1, -2.5, True, False, None, 1e300)] == seen
    assert [int, float, bool] == [type(seen[0][1]), type(seen[0][2]), type(seen[0][3])]


@every_version
def test_numbers_without_end_and_many_results(version: str) -> None:
    """Infinities, what is no number, and more results than a C function has room for."""
    inf = float("inf")
    house = House(version, odd=lambda: (inf, -inf, float("nan")), many=lambda: tuple(range(200)))
    assert house.run("local a, b, c = host.odd() return a == 1/0 and b == -1/0 and c ~= c")
    assert 199 == house.run("return (select(200, host.many()))")


def _raise(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


@every_version
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UserError("No such thing."), "No such thing."),
        (ValueError("bad"), "ValueError: bad"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("\N{SNOWMAN}"), "ValueError: \N{SNOWMAN}"),
    ],
)
def test_exceptions_become_texts(version: str, error: BaseException, text: str) -> None:
    """What pcall catches of Python is a string, and Python is as it was."""
    house = House(version, fail=_raise(error))
    kind, caught = house.run(
        "local ok, problem = pcall(host.fail) return ok == false and type(problem), problem"
    )
    assert ("string", text) == (kind, caught.encode("latin-1").decode("utf-8"))


@every_version
def test_other_values_are_refused(version: str) -> None:
    """Neither a table nor a list passes, and the message is a text."""
    house = House(version, take=lambda *_: None, give=lambda: [1])
    assert "string" == house.run("return type(select(2, pcall(host.take, {})))")
    assert "argument 1 is no text" in house.run("return (select(2, pcall(host.take, {})))")
    assert "list cannot be given to Lua" in house.run("return (select(2, pcall(host.give)))")


@every_version
def test_lua_keeps_no_function_of_python_alive(version: str) -> None:
    """Who made the doors owns them; Lua is told when they are gone."""
    house = House(version, ask=lambda: 1)
    house.doors = Doors()
    gc.collect()
    assert "The host is gone; nobody answers ask." == house.run(
        "return (select(2, pcall(host.ask)))"
    )


@every_version
def test_what_lupa_wraps_is_lifeless(version: str) -> None:
    """An object handed over by mistake cannot be called, read, or taken for another one."""
    runtime = make_runtime(VERSIONS[version])
    answers = runtime.execute(
        """local object = ...
        return type(object), debug.getmetatable(object) == nil, pcall(object),
          (pcall(function() return object.real end)), python == nil,
          package.loaded.python == nil""",
        print,
    )
    assert ("userdata", True, False, False, True, True) == (*answers[:3], *answers[-3:])


REACHED = """
    local found, seen, queue = {}, {}, { debug.getregistry(), _G }
    local function add(value)
      local kind = type(value)
      if kind ~= 'table' and kind ~= 'function' and kind ~= 'userdata' then return end
      if not seen[value] then seen[value] = true queue[#queue + 1] = value end
    end
    local function look(value)
      add(debug.getmetatable(value))
      if type(value) == 'table' then
        for key, each in next, value do add(key) add(each) end
      elseif type(value) == 'function' then
        local at = 1
        while true do
          local name, each = debug.getupvalue(value, at)
          if not name then break end
          add(each)
          at = at + 1
        end
        if debug.getfenv then add(debug.getfenv(value)) end
      elseif type(value) == 'userdata' then
        local metatable = debug.getmetatable(value)
        if metatable and rawget(metatable, '__call') then found[#found + 1] = tostring(value) end
      end
    end
    local at = 1
    while queue[at] do look(queue[at]) at = at + 1 end
    return (at > 200 and 'looked' or 'saw ' .. at) .. table.concat(found, ' ')
"""


@every_kind
@every_version
def test_full_libraries_find_no_python(
    kind: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all that hangs on the registry, the debugger's own included, no userdata is Python's."""
    assert "looked" == Runner(kind, version, tmp_path, monkeypatch)(REACHED, "full")


def _parts(value: object) -> Iterator[object]:
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _parts(each)
    elif isinstance(value, dict):
        for each in (*value.keys(), *value.values()):
            yield from _parts(each)


STOPS = """local t = setmetatable({ 1, f = print, co = coroutine.create(print) }, {})
local function work(a, ...)
  error({ "caught" })
end
pcall(work, t, io.stdout)
print(t)
"""


@every_version
def test_what_crosses_is_plain(version: str, tmp_path: Path) -> None:
    """Whatever a debuggee tells or answers holds data of Python alone, and nothing of lupa's."""
    path = tmp_path / "stops.lua"
    path.write_text(STOPS)
    crossed = asyncio.run(_session(version, str(path)))
    plain = (str, int, float, bool, type(None), Enum, list, tuple, set, frozenset, dict)
    strange = {
        type(part)
        for part in _parts(crossed)
        if not isinstance(part, plain) and not dataclasses.is_dataclass(part)
    }
    assert set() == strange
    assert {e.Started, e.Stopped, e.OutputWritten, e.Exited} <= {type(each) for each in crossed}
    assert {m.ExceptionDetails, m.StackPage} <= {type(each) for each in crossed}


async def _session(version: str, path: str) -> list[object]:
    crossed: list[object] = []
    has_stopped, has_ended = asyncio.Event(), asyncio.Event()

    def hear(event: e.KernelEvent) -> None:
        crossed.append(event)
        if isinstance(event, e.Stopped):
            has_stopped.set()
        elif isinstance(event, e.Exited):
            has_ended.set()

    debuggee = LuaDebuggee(DebugSettings(lua=version), hear, program=path)
    source = m.Source("stops.lua", path)
    async with asyncio.timeout(DEADLINE):
        crossed += await debuggee.set_breakpoints(source, [m.BreakpointSpec(BreakpointId(1), 3)])
        crossed += await debuggee.set_exception_breakpoints([m.ExceptionBreakpointSpec("all")])
        await debuggee.launch(m.Program(path, ()))
        for _ in range(2):
            await has_stopped.wait()
            has_stopped.clear()
            crossed += await debuggee.threads()
            stack = await debuggee.stack(ThreadId(1))
            crossed.append(stack)
            crossed += await _looked_at(debuggee, stack.frames[0].id)
            stop = [each for each in crossed if isinstance(each, e.Stopped)][-1]
            if stop.reason is m.StopReason.EXCEPTION:
                crossed.append(await debuggee.exception_details(ThreadId(1)))
            await debuggee.resume(m.Resume(m.StepKind.CONTINUE, ThreadId(1)))
        await has_ended.wait()
    return crossed


async def _looked_at(debuggee: LuaDebuggee, frame: FrameId) -> list[object]:
    found: list[object] = []
    for scope in await debuggee.scopes(frame):
        found.append(scope)
        for variable in await debuggee.variables(scope.reference):
            found.append(variable)
            if variable.reference:
                found += await debuggee.variables(variable.reference)
    return found
