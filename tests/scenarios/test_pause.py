"""Stopping a program that runs, and stopping it at its entry."""

import contextlib

import pytest

from dap_server.client import RequestFailed

LOOPS = {
    "empty": "while not done do end",
    "no calls": "local i = 0 while not done do i = i + 1 end",
    "for": "for i = 1, 1e15 do if done then break end end",
    "repeat": "repeat local x = 1 until done",
    "goto": "::again:: if not done then goto again end",
    "calls": "local function f(n) return n end while not done do f(1) end",
    "recursion": "local function f() if not done then return f() end end f()",
    "pcall": "while not done do pcall(error, 'x') end",
    "pcall of a loop": "while not done do pcall(function() for i = 1, 9 do end error() end) end",
    "metamethods": (
        "local t = setmetatable({}, {__index = function() return done end}) while not t.x do end"
    ),
    "sort": "while not done do table.sort({3, 2, 1}, function(a, b) return a < b end) end",
    "gsub": "while not done do (('x'):rep(9)):gsub('x', function() return 'y' end) end",
    "coroutine": "coroutine.wrap(function() while not done do end end)()",
    "created": "coroutine.resume(coroutine.create(function() while not done do end end))",
    "nested coroutines": (
        "coroutine.wrap(function() coroutine.wrap(function() while not done do end end)() end)()"
    ),
    "ping-pong": (
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end)"
        " while not done do co() end"
    ),
    "pcall in a coroutine": ("coroutine.wrap(function() while not done do pcall(error) end end)()"),
    "one of many": (
        "local few = {} for i = 1, 3000 do few[i % 100] = coroutine.create(print) end"
        " coroutine.wrap(function() while not done do end end)() "
    ),
    "text": 'local load = loadstring or load load("while not done do end")()',
    "named text": (
        "local load = loadstring or load"
        ' load("local i = 0 while not done do i = i + 1 end", "=name")()'
    ),
    "compiled before": (
        "local s = 0 local function hot() for i = 1, 1000 do s = s + i % 7 end end"
        " for i = 1, 200 do hot() end print('hot') while not done do hot() end"
    ),
}
GOTO = ("goto",)


def run(d):
    """Let the program go, and wait until it does."""
    d.start()
    d.result("configurationDone", d.client.send("configurationDone"))
    d.wait_for("output", lambda body: body["output"].startswith("ready"))


def finish(d):
    d.evaluate("(function() done = true end)()")
    assert 0 == d.run_to_end()


@pytest.mark.parametrize("loop", LOOPS)
def test_every_kind_of_loop_can_be_paused(debug, lua, loop):
    """Pause stops a program wherever it runs, and lets it go on as if nothing had been."""
    if loop in GOTO and lua == "5.1":
        pytest.skip("5.1 has no goto")
    with debug(f"print('ready')\n{LOOPS[loop]}\nprint('done')\n") as d:
        run(d)
        for _ in range(2):
            stop = d.pause()
            assert "pause" == stop.reason
            assert stop.thread in [each.id for each in d.requests.threads().threads]
            d.requests.continue_(thread_id=stop.thread)
            d.client.stop = None
        d.pause()
        finish(d)
        assert d.output("stdout").endswith("done\n")


def test_a_pause_in_a_coroutine_tells_its_thread(debug):
    """The stop is in the coroutine that runs; its stack goes on with who resumed it."""
    with debug("""
        local function spin() print("ready") while not done do end end  -- @spin
        local co = coroutine.wrap(function()
          spin()  -- @body
        end)
        co()      -- @main
    """) as d:
        run(d)
        stop = d.pause()
        assert ("pause", "spin") == (stop.reason, d.at(stop))
        assert 1 != stop.thread
        lines = [frame.line for frame in d.stack() if frame.line]
        assert [d.line("spin"), d.line("body"), d.line("main")] == lines
        finish(d)


def test_a_pause_waits_for_a_c_function(debug):
    """C code is not interrupted: the stop comes with the next line of Lua."""
    with debug("""
        print("ready")
        os.execute("sleep 0.4")  -- @sleep
        local x = 1              -- @after
        print(x)
    """) as d:
        run(d)
        stop = d.pause()
        assert "pause" == stop.reason
        assert d.at(stop) in ("sleep", "after")
        assert 0 == d.run_to_end()


def test_two_pauses_are_one(debug):
    """A pause of a program that stands, or is about to, changes nothing."""
    with debug("print('ready') while not done do end") as d:
        run(d)
        first, second = (
            d.client.send("pause", {"threadId": 1}),
            d.client.send("pause", {"threadId": 1}),
        )
        d.result("pause", first)
        d.result("pause", second)
        d.wait_for_stop()
        d.requests.pause(thread_id=1)
        finish(d)
        assert 1 == len(d.frames.received("stopped"))


def test_continue_and_pause_at_once(debug):
    """Requests that come together are served in their order."""
    with debug("print('ready') while not done do end") as d:
        run(d)
        d.pause()
        for _ in range(20):
            sent = [
                d.client.send("continue", {"threadId": 1}),
                d.client.send("pause", {"threadId": 1}),
            ]
            d.result("continue", sent[0])
            d.result("pause", sent[1])
            assert "pause" == d.wait_for_stop().reason
        finish(d)


@pytest.mark.every_transport
def test_stepping_from_a_pause(debug):
    """After a pause, steps go from line to line."""
    with debug("""
        print("ready")
        local n = 0
        while not done do  -- @while
          n = n + 1        -- @one
          n = n + 1        -- @two
        end
    """) as d:
        run(d)
        d.pause()
        order = ["while", "one", "two"]
        at = order.index(d.at(d.step_over()))
        seen = [d.at(d.step_over()) for _ in range(5)]
        assert [order[(at + turn) % 3] for turn in range(1, 6)] == seen
        finish(d)


@pytest.mark.every_transport
def test_stop_on_entry(debug):
    """The program stops at its first line with code, before it has done anything."""
    with debug("""
        -- a comment

        local function f()  -- @function
          return 1
        end                 -- @end
        local x = f()       -- @first
        print(x)
    """) as d:
        stop = d.run(stopOnEntry=True)
        assert "entry" == stop.reason
        assert d.at(stop) in ("function", "end")
        assert "" == d.output("stdout")
        assert "first" == d.walk("over")
        assert 0 == d.run_to_end()


def test_stop_on_entry_where_a_breakpoint_is(debug):
    """One stop, not two."""
    with debug("""
        local x = 1  -- @first
        print(x)     -- @print
    """) as d:
        d.break_at("first")
        d.run(stopOnEntry=True)
        assert "print" == d.walk("over")
        assert "step" == d.stop.reason
        assert "end" == d.walk("go")


def test_evaluate_and_breakpoints_while_it_runs(debug):
    """A running program answers questions about globals and takes breakpoints, without a stop."""
    with debug("""
        count = 0
        print("ready")
        while not done do
          count = count + 1  -- @count
        end
    """) as d:
        run(d)
        first = int(float(d.evaluate("count")))
        assert int(float(d.evaluate("count"))) >= first
        assert [] == d.frames.received("stopped")
        (answer,) = d.break_at("count")
        assert answer.verified
        assert "count" == d.at(d.wait_for_stop())
        d.set_breakpoints(d.path)
        finish(d)


def test_pause_before_the_program_runs(debug):
    """A pause that comes while the program is being started is not lost: it stops at its entry."""
    with debug("""
        local n = 0
        while true do n = n + 1 end
    """) as d:
        d.start()
        d.send("configurationDone")
        while True:
            with contextlib.suppress(RequestFailed):  # it may be too early, which is said
                d.ask("pause", {"threadId": 1})
                break
        assert "pause" == d.wait_for_stop().reason
        d.requests.terminate()
        d.wait_for("terminated")
