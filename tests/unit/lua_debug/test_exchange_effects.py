"""LuaJIT: what giving functions other bodies leaves as it was, by hooks in Lua above all."""

from typing import Any

import pytest

from lua_debug.syntax.probes import instrument
from tests.unit.lua_debug.exchange_runs import FIRST, attached, loaded, start_pure
from tests.unit.lua_debug.native_runs import needs_native

pytestmark = pytest.mark.parametrize("version", ["luajit2.0", "luajit2.1"])

both_kinds = pytest.mark.parametrize("kind", ["pure", pytest.param("native", marks=needs_native)])

TEXT = """
local function slow(n)
  local sum = 0
  for i = 1, n do
    sum = sum + i
  end
  return sum
end
return slow
"""

STAGE = """
local P, before, after, first, program = ...
debug.setmetatable(true, { __call = function() end })
local slow = loadstring(before, "@program.lua")()
local function exchange()
  local from, to = loadstring(before, "@program.lua"), loadstring(after, "@program.lua")
  return P.hooks.exchange(from, to, first)
end
local results = { loadstring(program)(exchange, slow) }
debug.setmetatable(true, nil)
for index = 1, #results do results[index] = tostring(results[index]) end
return table.concat(results, " ")
"""


def run(version: str, program: str, kind: str = "pure", text: str = TEXT, line: int = 5) -> str:
    """The results of a program that is given ``exchange()`` and a function of the text."""
    runtime, probe = attached(version, kind)
    before = instrument(text.encode(), {}, safepoints=True).text.decode()
    ids = {line: FIRST + line}
    after = instrument(text.encode(), ids, safepoints=True, late=ids).text.decode()
    answer: str = runtime.execute(STAGE, probe, before, after, FIRST, program)
    return answer


def test_it_is_offered_where_memory_can_be_tried(version: str) -> None:
    """Without a system that tells what may be read, hooks do."""

    def is_offered(change: str) -> Any:
        runtime, probe = loaded(version)
        runtime.execute(f"local P = ... {change}", probe)
        start_pure(version, runtime, probe)
        return probe.hooks.exchange is not None

    assert is_offered("")
    assert not is_offered("function P.heap.open() error('no pipes') end")
    assert not is_offered("function P.heap.is_readable() return false end")
    assert not is_offered("P.heap.layout.name = P.heap.layout.first_line")


def test_it_is_offered_each_time(version: str) -> None:
    """The collector may be amid its work, and objects may lie at the end of what is readable."""
    for number in range(300):
        runtime, probe = loaded(version)
        runtime.execute("local made = {} for i = 1, ... do made[i] = {} end", number * 7)
        start_pure(version, runtime, probe)
        assert probe.hooks.exchange is not None, number


def test_the_collector_rests_as_long_as_the_script_wants(version: str) -> None:
    """It is stopped afterwards if it was before, and works if it did."""
    program = """
        local exchange = ...
        local function grows()
          local before = collectgarbage("count")
          for i = 1, 100000 do newest = { i } end
          return collectgarbage("count") - before > 3000
        end
        collectgarbage() collectgarbage("stop")
        local stopped = exchange() .. tostring(grows())
        collectgarbage("restart") collectgarbage()
        return stopped, exchange() .. tostring(grows())
    """
    assert "donetrue donefalse" == run(version, program)


def test_the_script_is_not_told_of_our_traces(version: str) -> None:
    """Of the events of traces it hears that compiled code is gone, and no more."""
    program = """
        local exchange = ...
        local objects, told = {}, ""
        for i = 1, 5000 do objects[i] = {} end
        jit.attach(function(what) told = told .. what end, "trace")
        local outcome = exchange()
        jit.attach(function() end, "trace")
        return outcome, told
    """
    assert "done flush" == run(version, program)


def test_it_waits_for_the_end_of_a_hook_and_of_a_finalizer(version: str) -> None:
    """Nothing else is heard in there, and hooks are set afterwards as they were."""
    program = """
        local exchange = ...
        jit.off()
        local amid, late, times = nil, nil, 0
        debug.sethook(function()
          times = times + 1
          amid = amid or exchange()
        end, "", 1)
        local a = 1
        local hooked = times > 0
        debug.sethook()
        local ghost = newproxy(true)
        getmetatable(ghost).__gc = function() late = exchange() end
        ghost = nil
        collectgarbage()
        return amid, hooked, late, exchange(), debug.gethook() == nil
    """
    assert "later true later done true" == run(version, program)


@both_kinds
def test_a_probe_at_the_end_of_a_block(version: str, kind: str) -> None:
    """A jump that leads to a jump is one, but not if a probe stands before that."""
    text = """
local function count(n)
  while n > 0 do
    n = n - 1
    if n > 5 then
      n = n - 1
    end
  end
  return n
end
return count
"""
    program = "local exchange, count = ... return exchange(), count(20)"
    assert "done 0" == run(version, program, kind, text, 7)


@both_kinds
def test_a_coroutine_that_died_of_an_error_is_in_nobodys_way(version: str, kind: str) -> None:
    """Its function goes on nowhere, and its stack can still be looked at."""
    program = """
        local exchange, slow = ...
        local dead = coroutine.create(slow)
        coroutine.resume(dead, {})
        return exchange(), coroutine.status(dead), #debug.traceback(dead) > 0, slow(3)
    """
    assert "done dead true 6" == run(version, program, kind)
