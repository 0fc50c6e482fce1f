"""LuaJIT's compiler under the debugger."""

import pytest

pytestmark = pytest.mark.lua("luajit2.0", "luajit2.1")

TRACED = """
    local traceinfo = require("jit.util").traceinfo
    local function work(n)
      local sum = 0
      for i = 1, n do
        sum = sum + i % 7  -- @hot
        if sum < 0 then
          sum = 0  -- @never
        end
      end
      return sum
    end
    jit.flush()
    print(jit.status() and "on" or "off", work(100000), traceinfo(1) and "compiled" or "interpreted")
"""


def test_it_stays_on_beside_breakpoints(debug):
    """A function with a breakpoint that is known when it is loaded is compiled all the same."""
    with debug(TRACED) as d:
        d.break_at("never")
        d.break_at("hot", condition="i < 0")
        assert 0 == d.run_to_end()
        assert "on\t300000\tcompiled\n" == d.output("stdout")


def test_it_is_off_where_the_program_says_so(debug):
    """What the program does to its compiler is done."""
    with debug("jit.off()\n" + TRACED.replace("    ", "", 1)) as d:
        assert 0 == d.run_to_end()
        assert d.output("stdout").startswith("off\t300000\t")
