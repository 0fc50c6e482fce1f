"""Steps at heads of loops, through heavy calls, and to a line the user points at."""

import pytest

from dap_server.client import RequestFailed
from dap_server.protocol import generated as dap


def closes_loops(d):
    """Whether Lua has code at the end of a generic ``for``: it may have something to close."""
    return d.lua in ("5.4", "5.5")


def test_in_at_the_head_of_a_loop(debug):
    """A step in at ``for … in pairs(t)`` goes into the body: pairs and next have no lines."""
    with debug("""
        local t = { 5 }
        for k, v in pairs(t) do  -- @for
          print(k, v)            -- @body
        end                      -- @close
        print("end")             -- @end
    """) as d:
        d.break_at("for")
        d.run()
        turn = "body for close end" if closes_loops(d) else "body for end"
        assert turn == d.walk("in " * len(turn.split()))


def test_in_at_the_head_of_a_loop_with_an_iterator(debug):
    """An iterator written in Lua is entered by a step in, at every turn."""
    with debug("""
        local function each(_, last)
          if last < 1 then return last + 1 end  -- @if
        end                                     -- @end
        local first = 0                         -- @first
        for i in each, nil, first do            -- @for
          print(i)                              -- @body
        end                                     -- @close
        print("end")                            -- @print
    """) as d:
        d.break_at("for")
        d.run()
        seen = []
        while "print" not in seen:
            seen.append(d.walk("in"))
        wanted = ["if", "body", "if", "end", "print"]
        assert wanted == [each for each in seen if each not in ("for", "close")]
        assert closes_loops(d) == ("close" in seen)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5")
def test_in_at_the_head_of_a_loop_with_pairs_of_its_own(debug):
    """``__pairs`` is entered from the head of the loop."""
    with debug("""
        local t = setmetatable({}, { __pairs = function()
          return next, { 7 }     -- @pairs
        end })
        for _, v in pairs(t) do  -- @for
          print(v)               -- @body
        end
    """) as d:
        d.break_at("for")
        d.run()
        assert "pairs" == d.walk("in")
        seen = d.walk("over")
        assert "body" == (d.walk("over") if seen == "for" else seen)
        assert 0 == d.run_to_end()


def test_over_a_heavy_call_is_fast(debug):
    """Three million lines inside of what is stepped over cost little more than running them.

    (LuaJIT compiles nothing while it is stepped; there it is the interpreter's speed.)
    """
    with debug("""
        local function heavy(n)
          local s = 0
          for i = 1, n do
            s = s + i % 7
          end
          return s
        end
        local before = os.clock()
        local s = heavy(3000000)
        local plain = os.clock() - before
        before = os.clock()                 -- @start
        s = heavy(3000000)                  -- @call
        local stepped = os.clock() - before -- @after
        print(s)
    """) as d:
        d.break_at("start")
        d.run()
        assert "call after" == d.walk("over over")
        d.step_over()
        plain, stepped = float(d.evaluate("plain")), float(d.evaluate("stepped"))
        assert stepped < (6 if d.lua.startswith("luajit") else 10 * plain + 0.5)


def test_tail_calls_through_a_breakpoint_need_no_stack(debug):
    """A hundred thousand tail calls pass a breakpoint and a step over, in constant space."""
    with debug("""
        local function loop(n)
          if n == 0 then return "done" end
          return loop(n - 1)    -- @tail
        end
        local r = loop(100000)  -- @call
        print(r)                -- @print
    """) as d:
        d.break_at("call")
        d.break_at("tail", hit_condition="100000")
        d.run()
        assert "tail" == d.walk("over")
        assert "1" == d.evaluate("n")
        page = d.requests.stack_trace(thread_id=1, start_frame=0, levels=10)
        if d.lua != "5.1":  # which remembers how many calls were lost
            assert page.total_frames < 10
        assert 0 == d.run_to_end()
        assert "done\n" == d.output("stdout")


RUN_TO = """
    local s = 0           -- @start
    for i = 1, 3 do
      s = s + i           -- @body
    end
    print(s)              -- @cursor
    print("end")
"""


def test_run_to_the_cursor(debug):
    """As editors do it: a breakpoint for one stop, which takes no other breakpoint away."""
    with debug(RUN_TO) as d:
        d.break_at("start")
        d.run()
        before = dap.SourceBreakpoint(line=d.line("start"))
        cursor = dap.SourceBreakpoint(line=d.line("cursor"))
        d.client.set_breakpoints(d.path, before, cursor)
        assert "cursor" == d.walk("go")
        d.client.set_breakpoints(d.path, before)
        assert "6" == d.evaluate("s")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("gotoTargets", {"source": {"path": "main.lua"}, "line": 1}),
        ("goto", {"threadId": 1, "targetId": 1}),
        ("restartFrame", {"frameId": 1}),
        ("stepBack", {"threadId": 1}),
        ("reverseContinue", {"threadId": 1}),
    ],
)
def test_what_lua_cannot_do_is_refused_by_name(debug, command, arguments):
    """No capability promises it, the answer says that, and the program stands where it stood."""
    with debug(RUN_TO) as d:
        d.break_at("body")
        d.run()
        with pytest.raises(RequestFailed, match=command):
            d.result(command, d.client.send(command, arguments))
        assert "1" == d.evaluate("i")
        assert "body" == d.walk("go")


def test_over_lines_with_metamethods(debug):
    """A line is left by one step over, whatever metamethods it calls."""
    with debug("""
        local function f() return 1 end                        -- @f
        local mt = { __lt = f, __eq = f, __unm = f, __add = f }
        mt.__index, mt.__concat, mt.__newindex = f, f, f
        local m, n = setmetatable({}, mt), setmetatable({}, mt)
        local a = 1                                            -- @a
        a = m < n and a or a + 1                               -- @lt
        a = (m == n and a or 0) + 1                            -- @eq
        a = -m + a + 1                                         -- @unm
        a = m + 1 + a                                          -- @add
        a = m.x + m.y                                          -- @index
        a = m .. "x" .. a                                      -- @concat
        m.x = 1; a = a + 1                                     -- @set
        print(a)                                               -- @print
    """) as d:
        d.break_at("a")
        d.run()
        assert "lt eq unm add index concat set print" == d.walk(8 * "over ")


def test_in_on_lines_with_metamethods(debug):
    """A step in shows each metamethod of a line, and the line once more behind it."""
    with debug("""
        local function f() return 1 end                        -- @f
        local mt = { __lt = f, __unm = f, __index = f }
        local m, n = setmetatable({}, mt), setmetatable({}, mt)
        local a = 1                                            -- @a
        a = m < n and a or a + 1                               -- @lt
        a = -m + a + 1                                         -- @unm
        a = m.x + m.y                                          -- @index
        print(a)                                               -- @print
    """) as d:
        d.break_at("a")
        d.run()
        words = "lt f lt unm f unm index f index f index print"
        assert words == d.walk("in " * len(words.split()))
