"""LuaJIT: breakpoints that are added to code which was loaded before leave it compiled.

Its functions are given other bodies.
"""

import pytest

from dap_server.protocol import generated as dap

pytestmark = pytest.mark.lua("luajit2.0", "luajit2.1")

COMPILED = """
    local function compiled()
      return require("jit.util").traceinfo(1) ~= nil
    end
"""


def test_a_hot_function_goes_on_being_compiled(debug):
    """Breakpoints that do not stop, in the hottest loop, do not keep the compiler away."""
    with debug(
        COMPILED
        + """
        local function hot(n)
          local sum = 0
          for i = 1, n do
            sum = sum + i % 3  -- @turn
            if sum < 0 then
              print("never")  -- @never
            end
          end
          return sum
        end
        hot(1000)
        print("ready")  -- @ready
        hot(1000)
        print(compiled())
    """
    ) as d:
        d.break_at("ready")
        d.run()
        d.break_at("never")
        d.break_at("turn", condition="i > 1000")
        assert 0 == d.run_to_end()
        assert "ready\ntrue\n" == d.output("stdout")


def test_a_function_that_waits_below_a_hook(debug):
    """Breakpoints set where a step ended: there hooks find them until the function has called."""
    with debug(
        COMPILED
        + """
        local function sum(n)
          local below = n > 0 and n or 0  -- @first
          local more = below + 1  -- @second
          if n > 0 then
            more = more + sum(n - 1)  -- @call
          end
          for i = 1, 300 do
            more = more + i % 3  -- @turn
          end
          return more  -- @last
        end
        local total = sum(2)
        for _ = 1, 100 do sum(0) end
        print(total, compiled())  -- @print
    """
    ) as d:
        d.break_at("first", hit_condition="1")
        d.run()
        assert "second" == d.at(d.step_over())
        d.break_at("call")
        d.break_at("last", condition="n > 0")
        d.break_at("turn", condition="n == 1 and i == 300")
        stops = [d.at(d.continue_()) for _ in range(5)]
        assert ["call", "call", "turn", "last", "last"] == stops
        d.break_at("print")
        assert "print" == d.at(d.continue_())
        assert 0 == d.run_to_end()
        assert "906\ttrue\n" == d.output("stdout")


def test_whatever_is_suspended(debug):
    """Coroutines that wait, who resumes them, and functions below pcall stop on their way back."""
    with debug("""
        local function produce(n)
          local value = n
          while true do
            coroutine.yield(value)
            value = value + 1  -- @next
          end
        end
        local one, other = coroutine.wrap(produce), coroutine.create(produce)
        local function resume()
          local first = one(1)
          local ok, second = coroutine.resume(other, 5)
          return first + second  -- @sum
        end
        local inner = coroutine.wrap(function()
          local ok, sum = pcall(resume)
          print("ready")  -- @ready
          local again = resume()
          return sum + again  -- @return
        end)
        local function outer()
          local result = inner()
          return result  -- @outer
        end
        print(pcall(outer))
    """) as d:
        d.break_at("ready")
        d.run()
        for mark in ("next", "sum", "return", "outer"):
            d.break_at(mark)
        stops = [d.at(d.continue_()) for _ in range(5)]
        assert ["next", "next", "sum", "return", "outer"] == stops
        assert "14" == d.evaluate("result")
        assert 0 == d.run_to_end()
        assert "ready\ntrue\t14\n" == d.output("stdout")


def test_one_file_loaded_twice_and_changed_in_between(debug):
    """Functions of each text that a name ever stood for stop at their own lines."""
    with debug("""
        local text = "return function(n)\\n  local m = n * 2\\n  return m\\nend"
        local double = loadstring(text, "@chunk.lua")()
        local half = loadstring((text:gsub("%*", "/")), "@chunk.lua")()
        local again = loadstring(text, "@chunk.lua")()
        print("ready")  -- @ready
        print(double(3), half(3), again(4))
    """) as d:
        d.break_at("ready")
        d.run()
        chunk = next(
            each for each in d.requests.loaded_sources().sources if each.name == "chunk.lua"
        )
        d.requests.set_breakpoints(source=chunk, breakpoints=[dap.SourceBreakpoint(line=3)])
        values = []
        for _ in range(3):
            d.continue_()
            values.append(d.evaluate("m"))
        assert ["6", "1.5", "8"] == values
        assert 0 == d.run_to_end()
