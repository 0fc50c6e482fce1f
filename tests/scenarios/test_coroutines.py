"""Stepping, stopping and looking around in coroutines."""

import pytest


def is_jit(d):
    return d.lua.startswith("luajit")


def landed(d, verb, mark, after):
    """A step came to ``mark``, or under LuaJIT, which has nothing left to do there, to the next line."""
    seen = d.walk(verb)
    if is_jit(d) and seen == after:
        return
    assert mark == seen
    assert after == d.walk("over")


PRODUCER = """
    local co = coroutine.create(function(a)
      local b = coroutine.yield(a + 1)    -- @yield
      b = b + 1                           -- @more
      return b                            -- @ret
    end)
    local x = 1                           -- @start
    local _, y = coroutine.resume(co, x)  -- @first
    x = y                                 -- @between
    _, y = coroutine.resume(co, x)        -- @second
    print(y)                              -- @print
"""


def test_over_never_enters_a_coroutine(debug):
    """Resuming a coroutine is a call like others to a step over."""
    with debug(PRODUCER) as d:
        d.break_at("start")
        d.run()
        assert "first between second print end" == d.walk("over " * 5)
        assert "3\n" == d.output("stdout")


@pytest.mark.every_transport
def test_in_enters_a_coroutine(debug):
    """A step in stops at the first line of the coroutine that is resumed, in its thread."""
    with debug(PRODUCER) as d:
        d.break_at("first")
        d.run()
        stop = d.step_in()
        assert "yield" == d.at(stop)
        assert 1 != stop.thread
        landed(d, "in", "first", "between")
        assert 1 == d.stop.thread


def test_over_a_yield_stays_in_the_coroutine(debug):
    """A step over a yield ends in the same coroutine, when it is resumed."""
    with debug(PRODUCER) as d:
        d.break_at("yield")
        d.run()
        thread = d.stop.thread
        assert "more ret" == d.walk("over over")
        assert thread == d.stop.thread


@pytest.mark.parametrize("verb", ["over", "in", "out"])
def test_the_last_line_of_a_coroutine_leads_to_its_resumer(debug, verb):
    """A step at the end of a coroutine ends on the line that resumed it."""
    with debug(PRODUCER) as d:
        d.break_at("ret")
        d.run()
        landed(d, verb, "second", "print")
        assert 1 == d.stop.thread


def test_out_of_a_wrapped_coroutine(debug):
    """What coroutine.wrap made is left like any function."""
    with debug("""
        local f = coroutine.wrap(function()
          local a = 1  -- @a
          return a
        end)
        local x = f()  -- @call
        print(x)       -- @print
    """) as d:
        d.break_at("a")
        d.run()
        landed(d, "out", "call", "print")


def test_a_generator_in_a_for_loop(debug):
    """Steps in go back and forth between a loop and the coroutine that feeds it."""
    with debug("""
        local function numbers()
          for i = 1, 2 do              -- @for
            coroutine.yield(i)         -- @yield
          end
        end                            -- @end
        local s = 0                    -- @start
        for i in coroutine.wrap(numbers) do  -- @loop
          s = s + i                    -- @body
        end
        print(s)                       -- @print
    """) as d:
        d.break_at("start")
        d.run()
        seen = []
        while "print" not in seen:
            seen.append(d.walk("in"))
        wanted = ["for", "yield", "body", "for", "yield", "body", "for", "end", "print"]
        assert wanted == [mark for mark in seen if mark in wanted]


@pytest.mark.parametrize("verb", ["over", "in", "out"])
def test_an_error_ends_a_coroutine(debug, verb):
    """A coroutine that dies of an error ends the step where it was resumed."""
    with debug("""
        local co = coroutine.create(function()
          local t = nil
          return t.x                           -- @raise
        end)
        local ok, e = coroutine.resume(co)     -- @resume
        print(ok)                              -- @after
    """) as d:
        d.break_at("raise")
        d.run()
        landed(d, verb, "resume", "after")


def test_an_error_through_wrap_ends_where_it_is_caught(debug):
    """An error of a wrapped coroutine goes on in its caller, and so does the step."""
    with debug("""
        local f = coroutine.wrap(function()
          error("x")                 -- @raise
        end)
        local function middle()
          f()                        -- @middle
          return 1
        end
        local ok, e = pcall(middle)  -- @pcall
        print(ok)                    -- @after
    """) as d:
        d.break_at("raise")
        d.run()
        landed(d, "over", "pcall", "after")


def test_a_coroutine_that_is_never_resumed(debug):
    """A step that waits in it ends at the next stop, or with the program."""
    with debug("""
        local co = coroutine.wrap(function()
          coroutine.yield()   -- @yield
          print("never")
        end)
        co()
        local x = 1           -- @other
        print(x)
    """) as d:
        d.break_at("yield")
        d.break_at("other")
        d.run()
        stop = d.step_over()
        assert ("breakpoint", "other") == (stop.reason, d.at(stop))
        d.run_to_end()
        assert "1\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_a_coroutine_that_is_closed(debug):
    """Closing the coroutine that a step waits in harms nobody."""
    with debug("""
        local co = coroutine.create(function()
          coroutine.yield()   -- @yield
          print("never")
        end)
        coroutine.resume(co)
        coroutine.close(co)   -- @close
        print("closed")       -- @print
    """) as d:
        d.break_at("yield")
        d.run()
        assert "end" == d.walk("over")
        assert "closed\n" == d.output("stdout")


def test_breakpoints_in_coroutines(debug):
    """A breakpoint stops in every coroutine that runs the line, old or new, wrapped or not."""
    with debug("""
        local function body(n)
          coroutine.yield()
          return n          -- @ret
        end
        local one = coroutine.create(body)
        local two = coroutine.wrap(body)
        coroutine.resume(one, 1)
        two(2)
        local here = 0      -- @here
        coroutine.resume(one)
        two()
        print("end")
    """) as d:
        d.break_at("here")
        d.run()
        d.break_at("ret")
        seen = []
        for _ in range(2):
            stop = d.continue_()
            seen.append((d.at(stop), d.evaluate("n"), stop.thread))
        assert [("ret", "1"), ("ret", "2")] == [each[:2] for each in seen]
        assert 3 == len({1, seen[0][2], seen[1][2]})
        assert 0 == d.run_to_end()


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_a_yield_across_pcall(debug):
    """A step over a line whose pcall yields ends on the next line of the coroutine."""
    with debug("""
        local co = coroutine.wrap(function()
          local ok, v = pcall(coroutine.yield, 1)  -- @pcall
          local w = v                              -- @after
          return w
        end)
        co()
        local x = co(7)
        print(x)
    """) as d:
        d.break_at("pcall")
        d.run()
        assert "after" == d.walk("over")
        assert "7" == d.evaluate("v")


def test_coroutines_in_coroutines(debug):
    """Steps out climb from coroutine to coroutine."""
    with debug("""
        local inner = coroutine.wrap(function()
          local a = 1              -- @inner
          return a
        end)
        local outer = coroutine.wrap(function()
          local b = inner()        -- @outer
          return b + 1             -- @outer2
        end)
        local c = outer()          -- @main
        print(c)                   -- @print
    """) as d:
        d.break_at("inner")
        d.run()
        threads = {d.stop.thread}
        landed(d, "out", "outer", "outer2")
        threads.add(d.stop.thread)
        landed(d, "out", "main", "print")
        threads.add(d.stop.thread)
        assert 3 == len(threads)
        assert "2" == d.evaluate("c")


def test_a_step_of_another_thread(debug):
    """Stepping a suspended coroutine stops where it goes on, whoever runs until then."""
    with debug("""
        local co = coroutine.create(function()
          local a = 1
          coroutine.yield()   -- @yield
          a = a + 1           -- @next
          return a
        end)
        coroutine.resume(co)
        local x = 1           -- @here
        x = x + 1
        coroutine.resume(co)  -- @resume
        print(x)
    """) as d:
        d.break_at("here")
        d.run()
        other = next(each.id for each in d.requests.threads().threads if each.id != 1)
        d.requests.next(thread_id=other)
        stop = d.wait_for_stop()
        assert ("step", "next", other) == (stop.reason, d.at(stop), stop.thread)


def test_single_thread_steps_do_not_stop_elsewhere(debug):
    """With singleThread, breakpoints in other coroutines do not stop."""
    with debug("""
        local co = coroutine.wrap(function()
          local a = 1  -- @inner
          return a
        end)
        local x = 1    -- @start
        x = co()       -- @call
        print(x)       -- @print
    """) as d:
        d.break_at("start")
        d.break_at("inner")
        d.run()
        d.step_over()
        d.requests.next(thread_id=1, single_thread=True)
        stop = d.wait_for_stop()
        assert ("step", "print") == (stop.reason, d.at(stop))


def test_in_single_thread_does_not_enter_coroutines(debug):
    """With singleThread, a step in steps over what runs in other coroutines."""
    with debug(PRODUCER) as d:
        d.break_at("first")
        d.run()
        d.requests.step_in(thread_id=1, single_thread=True)
        assert "between" == d.at(d.wait_for_stop())


@pytest.mark.parametrize("make", ["coroutine.wrap(f)", "by_resume(f)"])
def test_late_breakpoints_in_suspended_coroutines(debug, make):
    """A breakpoint that comes while a coroutine is suspended stops when it goes on."""
    with debug(f"""
        local function by_resume(f)
          local co = coroutine.create(f)
          return function() return coroutine.resume(co) end
        end
        local function f()
          local a = 1
          coroutine.yield(a)
          a = 2           -- @inside
          return a
        end
        local go = {make}
        go()
        print("ready")    -- @ready
        go()
        print("end")
    """) as d:
        d.break_at("ready")
        d.run()
        d.client.break_at(d.path, d.line("inside"), condition="a == 1")
        assert "inside" == d.walk("go")
        assert "1" == d.evaluate("a")
        assert 0 == d.run_to_end()


def test_over_a_call_that_yields_and_then_fails(debug):
    """A step whose coroutine yields and later dies of an error ends where that is caught."""
    with debug("""
        local function inner()
          coroutine.yield(1)
          error("lost")
        end
        local function work()
          inner()                 -- @inner
          print("never")
        end
        local co = coroutine.create(work)
        local function other() return 1 end
        coroutine.resume(co)
        other()
        local a = coroutine.resume(co)  -- @last
        print("end")              -- @print
    """) as d:
        d.break_at("inner")
        d.run()
        landed = d.walk("over")
        assert landed in (("last", "print") if d.lua.startswith("luajit") else ("last",))


def test_an_error_through_two_coroutines_is_told_once(debug):
    """It stops where it was raised, however many coroutines pass it on, and no more after that."""
    with debug("""
        local function deep()
          error("inside")         -- @inside
        end
        local outer = coroutine.wrap(function()
          local inner = coroutine.wrap(function() deep() end)
          inner()
        end)
        print(pcall(outer))
        print(pcall(outer))       -- @dead
        print("end")
    """) as d:
        d.stop_on("caught")
        stop = d.run()
        assert ("exception", "inside") == (stop.reason, d.at(stop))
        assert d.stop.text.endswith("main.lua:2: inside")
        assert "dead" == d.walk("go")
        assert 0 == d.run_to_end()
        assert "cannot resume dead coroutine" in d.output("stdout")
