"""Programs that use up the memory they were given (``maxMemoryMB``).

Lua calls no message handler for such an error (Lua manual, LUA_ERRMEM), so nothing can stop where it
is raised, but in a coroutine, whose stack stays: the program catches it, or ends of it.
"""

import pytest

from dap_server.client import RequestFailed

LIMIT = 16
BOUNDED = ("5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.1")
ROOMY = BOUNDED[1:-1]
"""5.1 and LuaJIT collect no garbage where memory is short: after such an error anything may be another."""

GROW = """
    local function grow()
      local rows = {}
      for i = 1, 1e9 do rows[i] = ("x"):rep(1000) .. i end
    end
"""


@pytest.mark.lua(*BOUNDED)
def test_a_program_ends_that_grows_without_end(debug):
    """Its last words are Lua's, and the status is 1."""
    with debug(GROW + "print('begin')\ngrow()\n") as d:
        assert 1 == d.run_to_end(maxMemoryMB=LIMIT)
        assert ("begin\n", "llmspell: not enough memory\n") == (
            d.output("stdout"),
            d.output("stderr"),
        )


@pytest.mark.lua(*BOUNDED)
def test_the_limit_is_that_of_the_program_alone(debug):
    """What the debugger has in the runtime does not count: 1 MiB is that of the program."""
    with debug("""
        local parts = {}
        for i = 1, 5 do parts[i] = tostring(i):rep(100 * 1024) collectgarbage() end
        print(#parts)  -- @here
        print((select(2, pcall(string.rep, "y", 900 * 1024)):match("^not enough memory")))
    """) as d:
        d.break_at("here")
        d.run(maxMemoryMB=1)
        assert "102400" == d.evaluate("#parts[5]")
        assert 0 == d.run_to_end()
        assert "5\nnot enough memory\n" == d.output("stdout")


@pytest.mark.lua(*BOUNDED)
def test_a_program_goes_on_that_catches_it(debug):
    """Pcall and coroutine.resume answer what Lua says, and the memory is there again."""
    with debug(
        GROW
        + """
        local function try(ok, problem)
          collectgarbage()
          print(ok, problem, #("x"):rep(1e6))
        end
        for _ = 1, 3 do try(pcall(grow)) end
    """
    ) as d:
        d.start(maxMemoryMB=LIMIT)
        d.stop_on("all")
        assert 0 == d.run_to_end()
        assert "false\tnot enough memory\t1000000\n" * 3 == d.output("stdout")


@pytest.mark.parametrize("used", range(50, 1050, 125))
@pytest.mark.lua(*ROOMY)
def test_a_coroutine_that_uses_up_the_memory(debug, used):
    """A coroutine that is dead of it has its stack still, and be there no byte left, it stops."""
    with debug(
        f"local used = ('x'):rep({used})\n"
        + GROW
        + """
        local co = coroutine.create(grow)
        print(coroutine.resume(co))
        co = nil
        collectgarbage()
        print(#("x"):rep(1e6))
    """
    ) as d:
        d.start(maxMemoryMB=LIMIT)
        d.stop_on("caught")
        stop = d.run()
        told = d.requests.exception_info(thread_id=stop.thread)
        assert ("memory", "not enough memory") == (told.exception_id, told.description)
        assert {"rows", "i"} <= set(d.locals())
        assert 0 == d.run_to_end()
        assert "false\tnot enough memory\n1000000\n" == d.output("stdout")


@pytest.mark.lua("5.3", "5.4", "5.5")
def test_a_text_that_could_never_be(debug):
    """``("x"):rep(1e12)`` fails at once, in Lua's words: too large, or not enough memory."""
    with debug("""
        local ok, problem = pcall(string.rep, "x", 1e12)
        print(ok, problem:match("too large") or problem:match("not enough memory") ~= nil)
        print("alive")
    """) as d:
        assert 0 == d.run_to_end(maxMemoryMB=LIMIT)
        first, second = d.output("stdout").splitlines()
        assert first in ("false\ttoo large", "false\ttrue")
        assert "alive" == second


@pytest.mark.lua(*ROOMY)
def test_the_debugger_works_where_the_memory_is_full(debug):
    """At a stop there is room for stacks, variables and evaluations, and afterwards the old limit."""
    with debug("""
        local rows, last = {}, nil
        local function fill()
          for i = 1, 1e9 do
            rows[i] = ("x"):rep(30000) .. i
            last = i
          end
        end
        local ok = pcall(fill)
        local after = last      -- @full
        rows = nil
        collectgarbage()
        print(ok, last > 100)
    """) as d:
        d.break_at("full")
        assert "full" == d.at(d.run(maxMemoryMB=LIMIT))
        assert "false" == d.locals()["ok"]
        assert "main chunk" == d.names()[-1]
        assert "100000" == d.evaluate("#string.rep('y', 100000)")
        assert int(d.evaluate("last")) > 100
        d.step_over()
        assert d.evaluate("after") == d.evaluate("last")
        assert 0 == d.run_to_end()
        assert "false\ttrue\n" == d.output("stdout")


@pytest.mark.lua(*BOUNDED)
def test_an_error_while_the_memory_is_full(debug):
    """An error of another kind stops as ever, with its traceback."""
    with debug("""
        local rows = {}
        pcall(function() for i = 1, 1e9 do rows[i] = ("x"):rep(30000) .. i end end)
        rows[1] = nil  -- Lua itself needs some bytes for the words of its error
        collectgarbage()
        local x = nil + 1  -- @raise
    """) as d:
        assert "raise" == d.at(d.run(maxMemoryMB=LIMIT))
        told = d.requests.exception_info(thread_id=1)
        assert "attempt to perform arithmetic" in told.description
        assert "main chunk" in told.details.stack_trace
        assert 1 == d.run_to_end()


@pytest.mark.lua("luajit2.0")
def test_a_lua_that_cannot_be_bounded(debug):
    """LuaJIT 2.0 allocates by itself; asking for a limit is refused with the way out."""
    refused = pytest.raises(
        RequestFailed, match=r"maxMemoryMB is 16; LuaJIT 2\.0 .* cannot be limited"
    )
    with debug("print(1)\n") as d, refused:
        d.run(maxMemoryMB=LIMIT)
