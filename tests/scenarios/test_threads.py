"""The list of threads, and events about them."""

import pytest

from dap_server.client import RequestFailed

PROGRAM = """
    local function worker(n)
      local m = n
      coroutine.yield()   -- @yield
      return m
    end
    local a = coroutine.create(worker)
    local b = coroutine.create(worker)
    local c = coroutine.create(worker)
    coroutine.resume(a, 1)
    coroutine.resume(b, 2)
    local x = 1           -- @here
    coroutine.resume(a)
    x = 2                 -- @later
    print(x)
"""


def names(d):
    return {each.id: each.name for each in d.requests.threads().threads}


def test_threads_are_the_coroutines_that_have_begun(debug):
    """The main thread and every coroutine that has a stack, with its state and place."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        found = names(d)
        assert 3 == len(found)
        assert "main" in found[1]
        others = [name for number, name in found.items() if number != 1]
        assert all("suspended in" in name and "(main.lua:3)" in name for name in others)


def test_stacks_of_suspended_coroutines(debug):
    """A suspended coroutine can be looked at: its frames, its variables."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        values = set()
        for number in names(d):
            if number != 1:
                frame = next(each for each in d.stack(number) if each.line == d.line("yield"))
                values.add(d.locals(frame.id)["m"])
        assert {"1", "2"} == values


def test_events_tell_of_threads(debug):
    """A coroutine that was listed is told of when it was first seen and when it is dead."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.break_at("later")
        d.run()
        seen = {number for number in names(d) if number != 1}
        d.continue_()
        left = {number for number in names(d) if number != 1}
        events = [(each["reason"], each["threadId"]) for each in d.frames.received("thread")]
        assert {("started", number) for number in seen} <= set(events)
        (gone,) = seen - left
        assert ("exited", gone) in events


def test_ids_stay(debug):
    """A coroutine keeps its id as long as it lives."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.break_at("later")
        d.run()
        before = set(names(d))
        d.continue_()
        assert set(names(d)) < before


def test_threads_while_it_runs(debug):
    """The list can be had from a running program, too."""
    with debug("""
        local co = coroutine.create(function() coroutine.yield() end)
        coroutine.resume(co)
        print("ready")
        while not done do end
    """) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output")
        assert 2 == len(names(d))
        assert [] == d.frames.received("stopped")
        d.pause()
        d.evaluate("(function() done = true end)()")
        assert 0 == d.run_to_end()


def test_many_coroutines(debug):
    """100,000 coroutines neither flood the list nor live longer because of it."""
    with debug("""
        local keep = {}
        for i = 1, 100000 do
          local co = coroutine.create(function() coroutine.yield(i) end)
          coroutine.resume(co)
          keep[i] = co
        end
        local x = 1                                     -- @many
        keep = setmetatable({keep[1]}, {__mode = "v"})
        collectgarbage()
        collectgarbage()
        x = keep[1]                                     -- @few
        x = keep[1] == nil                              -- @checked
        print(x)
    """) as d:
        d.break_at("many")
        d.break_at("few")
        d.break_at("checked")
        d.run()
        assert 1000 == len(names(d))
        d.continue_()
        d.continue_()
        d.evaluate("collectgarbage()")
        assert len(names(d)) < 10
        assert len(d.frames.received("thread")) <= 2200
        d.run_to_end()


def test_a_thread_that_is_gone(debug):
    """Asking for the stack of no thread is refused, and so is stepping it."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match="no thread 99"):
            d.requests.stack_trace(thread_id=99)
        with pytest.raises(RequestFailed, match="99"):
            d.requests.next(thread_id=99)
        with pytest.raises(RequestFailed, match="no thread 99"):
            d.requests.terminate_threads(thread_ids=[99])
        assert "1" == d.evaluate("1")


def test_coroutines_that_evaluated_code_ended_are_not_listed(debug):
    """Nor those that were told to end; others that are dead of an error keep their stack."""
    with debug("""
        local function fails() error("its own") end
        local own = coroutine.create(fails)
        coroutine.resume(own)
        local waits = coroutine.create(function() coroutine.yield() end)
        coroutine.resume(waits)
        print("stop")  -- @here
        coroutine.resume(waits)
        print("after")  -- @after
    """) as d:
        d.break_at("here")
        d.break_at("after")
        d.run()
        before = names(d)
        dead = [name for name in before.values() if ": dead in" in name]
        assert (3, 1) == (len(before), len(dead))
        with pytest.raises(RequestFailed, match="evaluated"):
            d.evaluate("coroutine.wrap(function() error('evaluated') end)()")
        d.evaluate("coroutine.resume(coroutine.create(function() error('evaluated') end))")
        assert before == names(d)
        waiting = next(number for number, name in before.items() if "suspended" in name)
        d.requests.terminate_threads(thread_ids=[waiting])
        d.continue_()
        assert before.keys() - {waiting} == names(d).keys()
