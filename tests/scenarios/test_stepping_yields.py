"""Steps across yields that happen where nobody wrote a call."""

import pytest

SINCE_52 = ("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")


@pytest.mark.lua(*SINCE_52)
def test_over_a_metamethod_that_yields(debug):
    """A step over ``a + b`` whose ``__add`` yields ends on the next line, once it goes on."""
    with debug("""
        local t = setmetatable({}, { __add = function(a, b)
          return coroutine.yield(b)    -- @add
        end })
        local co = coroutine.wrap(function()
          local sum = t + 1            -- @sum
          return sum                   -- @after
        end)
        local x = co()                 -- @first
        x = co(41)                     -- @second
        print(x)                       -- @print
    """) as d:
        d.break_at("sum")
        d.run()
        assert "after" == d.walk("over")
        assert "41" == d.evaluate("sum")
        assert 0 == d.run_to_end()


@pytest.mark.lua(*SINCE_52)
def test_over_an_iterator_that_yields(debug):
    """A ``for`` whose iterator yields is stepped as if it did not."""
    with debug("""
        local function each(_, last)
          coroutine.yield()
          if last < 2 then return last + 1 end
        end
        local co = coroutine.wrap(function()
          local sum = 0                -- @start
          for i in each, nil, 0 do     -- @for
            sum = sum + i              -- @body
          end
          return sum                   -- @ret
        end)
        co() co() co()
        print(co())
    """) as d:
        d.break_at("start")
        d.run()
        seen = []
        while "ret" not in seen:
            seen.append(d.walk("over"))
        if d.lua in ("5.4", "5.5"):  # which close what the loop may have to close, at its end
            assert 1 == len({each for each in seen if each.isdigit()})
        turns = [each for each in seen if not each.isdigit()]
        assert ["for", "body", "for", "body", "for", "ret"] == turns
        assert "3" == d.evaluate("sum")


@pytest.mark.lua(*SINCE_52)
def test_out_of_what_yields_across_pcall(debug):
    """A step out of a function under pcall that yields first ends where pcall was called."""
    with debug("""
        local function work()
          local a = 1                  -- @a
          coroutine.yield()
          return a
        end
        local co = coroutine.wrap(function()
          local ok, a = pcall(work)    -- @pcall
          return a                     -- @after
        end)
        co()
        print(co())                    -- @print
    """) as d:
        d.break_at("a")
        d.run()
        assert d.walk("out") in ("pcall", "after")
        assert "co" not in d.names()[0]
        assert 0 == d.run_to_end()


def test_a_coroutine_that_is_dropped(debug):
    """A step in a coroutine that is collected is over; the next breakpoint and step work."""
    with debug("""
        local function begin()
          local co = coroutine.wrap(function()
            coroutine.yield()          -- @yield
            print("never")
          end)
          co()
        end
        begin()
        collectgarbage()
        collectgarbage()
        local x = 1                    -- @later
        x = x + 1                      -- @next
        print(x)
    """) as d:
        d.break_at("yield")
        d.break_at("later")
        d.run()
        stop = d.step_over()
        assert ("breakpoint", "later") == (stop.reason, d.at(stop))
        assert "next" == d.walk("over")
        d.evaluate("collectgarbage()", context="repl")
        d.evaluate("collectgarbage()", context="repl")
        assert 1 == len(d.requests.threads().threads)
        assert 0 == d.run_to_end()


def test_a_coroutine_that_dies_of_an_error_elsewhere(debug):
    """A step over a yield ends at its resumer when the coroutine fails on being resumed."""
    with debug("""
        local co = coroutine.create(function()
          coroutine.yield() error("x") -- @yield
        end)
        coroutine.resume(co)
        local ok = coroutine.resume(co) -- @again
        print(ok)                       -- @print
        print("end")                    -- @last
    """) as d:
        d.break_at("yield")
        d.run()
        seen = d.walk("over")
        while seen == "yield":
            seen = d.walk("over")
        assert seen in ("again", "print")
        assert "last" in d.walk("over over").split()
        assert 0 == d.run_to_end()


def test_a_coroutine_that_was_stopped_in_can_be_collected(debug):
    """A stop in a coroutine, looked at and continued, keeps it alive no longer than the program."""
    with debug("""
        local weak = setmetatable({}, { __mode = "k" })
        local function begin()
          coroutine.wrap(function()
            weak[coroutine.running()] = true   -- @inside
            coroutine.yield()
          end)()
        end
        begin()
        begin()
        collectgarbage()
        collectgarbage()
        print(next(weak))
    """) as d:
        d.break_at("inside")
        d.run()
        d.evaluate("coroutine.running()")
        d.locals()
        d.continue_()
        assert 0 == d.run_to_end()
        assert "nil\n" == d.output("stdout")
