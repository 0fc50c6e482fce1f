"""Errors where Lua handles errors, closes variables or collects garbage."""

import pytest

from tests.support.errors import stops


def test_an_error_in_a_message_handler(debug, lua):
    """It is caught with the rest and told once more; LuaJIT calls no handler for it."""
    with debug("""
        local function fail() error("first") end        -- @first
        local function handler(e) error("second") end   -- @second
        print((xpcall(fail, handler)))
        print("alive")
    """) as d:
        d.stop_on("all")
        told = ["first"] if lua.startswith("luajit") else ["first", "second"]
        assert told == stops(d)
        assert 0 == d.client.exit_code
        assert "false\nalive\n" == d.output("stdout")


def test_a_message_handler_that_fails_ends_nothing(debug):
    """Where nobody asks for caught errors, such a handler stops nothing."""
    with debug("""
        local function handler(e) return e.missing.field end
        print((xpcall(error, handler, "first")))
        print("alive")
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\nalive\n" == d.output("stdout")


def test_a_breakpoint_in_a_message_handler(debug):
    """The handler runs where the error was raised: it can be debugged with the raiser below it."""
    with debug("""
        local function fail()
          local inner = 1
          error("first")  -- @raise
        end
        local function handler(e)
          return "handled: " .. e:match("first")  -- @handler
        end
        print(xpcall(fail, handler))
    """) as d:
        d.break_at("handler")
        assert "handler" == d.at(d.run())
        assert d.line("raise") in [frame.line for frame in d.stack()]
        assert 0 == d.run_to_end()
        assert "false\thandled: first\n" == d.output("stdout")


FINALIZER = """
    local function finalizer()
      local collecting = true
      error("in gc")
    end
    if newproxy then
      local proxy = newproxy(true)
      getmetatable(proxy).__gc = finalizer
    else
      setmetatable({}, { __gc = finalizer })
    end
"""


def test_an_error_in_a_finalizer(debug, lua):
    """It arrives as each Lua has it: as an error of who collects, or (5.4) as a warning."""
    with debug(FINALIZER + "print((pcall(collectgarbage)))\nprint('alive')\n") as d:
        assert 0 == d.run_to_end()
        raises = lua in ("5.1", "5.2", "5.3", "luajit2.0")
        assert f"{'false' if raises else 'true'}\nalive\n" == d.output("stdout")


def test_an_error_in_a_finalizer_at_the_end(debug):
    """When the state is closed, nobody is told any more; the status stays."""
    with debug(
        FINALIZER.replace("local proxy", "proxy").replace("{}", "setmetatable({}, {})")
    ) as d:
        assert 0 == d.run_to_end()
        assert "" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_an_error_in_a_close_handler(debug):
    """``__close`` raises: the stop is inside of it."""
    with debug("""
        do
          local x <close> = setmetatable({}, { __close = function()
            local closing = true
            error("on closing")  -- @raise
          end })
        end
    """) as d:
        stop = d.run()
        assert ("exception", "raise") == (stop.reason, d.at(stop))
        assert {"closing": "true"} == d.locals()
        assert 1 == d.run_to_end()


@pytest.mark.lua("5.4", "5.5")
def test_an_error_while_another_one_unwinds(debug):
    """Each stops where it is raised, and pcall gets the last one."""
    with debug("""
        local function work()
          local x <close> = setmetatable({}, { __close = function(_, e)
            print("closed", e)
            error("second", 0)  -- @second
          end })
          error("first", 0)     -- @first
        end
        print(pcall(work))
    """) as d:
        d.stop_on("caught")
        assert ["first", "second"] == stops(d)
        assert "closed\tfirst\nfalse\tsecond\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_variables_are_closed_after_the_stop(debug):
    """``<close>`` variables live while the program stands at the error, and close when it goes on."""
    with debug("""
        local log <close> = setmetatable({}, { __close = function(_, e)
          print("closed", (e:match("^late")))
        end })
        error("late", 0)
    """) as d:
        d.run()
        assert "" == d.output("stdout")
        assert 1 == d.run_to_end()
        assert "closed\tlate\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_an_error_in_a_coroutine_that_is_closed(debug):
    """``coroutine.close`` catches what its variables raise, and answers it."""
    with debug("""
        local co = coroutine.create(function()
          local x <close> = setmetatable({}, { __close = function() error("closing", 0) end })
          coroutine.yield()
        end)
        coroutine.resume(co)
        print(coroutine.close(co))
        print(coroutine.status(co))
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\tclosing\ndead\n" == d.output("stdout")


def test_an_error_in_a_hook_of_the_script(debug):
    """A hook that the script set may raise: the line it was called for is where that counts."""
    with debug("""
        local function hook()
          debug.sethook()
          error("from the hook", 0)
        end
        print(pcall(function()
          debug.sethook(hook, "l")
          local x = 1
        end))
        print("alive")
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\tfrom the hook\nalive\n" == d.output("stdout")
