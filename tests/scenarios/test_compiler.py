"""LuaJIT's compiler under the debugger."""

import pytest

from dap_server.protocol import generated as dap

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


def test_a_loop_that_is_stepped_over_is_compiled(debug):
    """At each step anew, and when there is none any more."""
    with debug("""
        local loop, begun, compiled = nil, nil, 0
        jit.attach(function(what, _, func)
          if what == "start" then begun = func end
          if what == "stop" and begun == loop then compiled = compiled + 1 end
        end, "trace")
        function loop(n)
          local sum = 0
          for i = 1, n do
            sum = sum + i % 7
          end
          return sum
        end
        for turn = 1, 3 do
          compiled = 0
          loop(10000)  -- @call
          print(compiled > 0)  -- @after
        end
        compiled = 0
        loop(10000)
        print(compiled > 0)
    """) as d:
        d.break_at("call")
        d.run()
        for _ in range(3):
            assert "after" == d.at(d.step_over())
            d.client.continue_() if d.evaluate("turn") != "3" else d.run_to_end()
        assert "true\ntrue\ntrue\ntrue\n" == d.output("stdout")


@pytest.mark.parametrize("asked", ["off", "on"])
def test_what_the_program_asks_while_hooks_listen(debug, asked):
    """It is what the program is told then, and what counts when nothing listens any more."""
    with debug(f"""
        local watched, told = 1, {{}}
        local function note() told[#told + 1] = tostring((jit.status())) end
        local function interpreted() jit.off(true) return 1 end
        note()  -- @start
        note()
        jit.{asked}()
        note()
        for _ = 1, 3 do interpreted() end
        note()  -- @end
        note()
        print(table.concat(told, " "), pcall(jit.off, 7))
    """) as d:
        if d.hooks == "native":
            pytest.skip("the program sees that watches of the accelerator turn it off")
        d.break_at("start")
        d.break_at("end")
        d.run()
        frame = d.client.stop.frame.id
        info = d.requests.data_breakpoint_info(name="watched", frame_id=frame)
        wanted = [dap.DataBreakpoint(data_id=info.data_id)]
        d.requests.set_data_breakpoints(breakpoints=wanted)
        assert "end" == d.at(d.continue_())
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()
        after = str(asked == "on").lower()
        message = "bad argument #1 to '?' (function expected, got number)"
        expected = f"true true {after} {after} {after}\tfalse\t{message}\n"
        assert expected == d.output("stdout")
