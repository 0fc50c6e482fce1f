"""When a breakpoint counts: set before, while and after, removed, moved, verified."""

import pytest

from dap_server.protocol import generated as dap

LOOP = """
    done = false
    local n = 0
    local function work()
      n = n + 1  -- @work
      return n
    end
    print("ready")
    while not done do
      work()  -- @call
    end
    print("finished")
"""


@pytest.mark.every_transport
def test_a_breakpoint_stops_and_shows_locals(debug):
    """A breakpoint in a loop stops at each turn, with the values of that turn."""
    with debug("""
        local s = 0
        for i = 1, 3 do
          s = s + i  -- @add
        end
        print(s)
    """) as d:
        d.break_at("add")
        stop = d.run()
        assert ("breakpoint", "add") == (stop.reason, d.at(stop))
        assert {"i": "1", "s": "0"} == d.locals()
        d.continue_()
        d.continue_()
        assert {"i": "3", "s": "3"} == d.locals()
        assert 0 == d.run_to_end()
        assert "6\n" == d.output("stdout")


def test_breakpoints_of_the_main_program_are_verified_at_once(debug):
    """The file that will be launched is known before it runs, so nobody sees a grey dot."""
    with debug("""
        local a = 1  -- @one
        print(a)
    """) as d:
        d.start()
        (answer,) = d.break_at("one")
        assert (True, 1, None) == (answer.verified, answer.line, answer.message)
        assert "one" == d.at(d.client.run())


def test_a_stop_names_the_breakpoints_it_is_for(debug):
    """``hitBreakpointIds`` holds the ids of the breakpoints that stopped."""
    with debug("""
        local a = 1  -- @one
        local b = 2  -- @two
    """) as d:
        d.start()
        d.break_at("one")
        one, two = d.break_at("two")
        assert (one.id,) == d.client.run().breakpoints
        assert (two.id,) == d.continue_().breakpoints


def test_two_breakpoints_on_a_line_both_count(debug):
    """A line can hold several breakpoints, each with conditions of its own; ids name which hit."""
    with debug("""
        for i = 1, 4 do
          local x = i  -- @x
        end
    """) as d:
        d.start()
        d.break_at("x", condition="i == 2")
        one, two = d.break_at("x", condition="i % 2 == 0")
        assert {one.id, two.id} == set(d.client.run().breakpoints)
        assert (two.id,) == d.continue_().breakpoints
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_a_breakpoint_set_while_the_program_runs(debug):
    """Code that is already loaded and running is reached, too."""
    with debug(LOOP) as d:
        d.start()
        number = d.client.send("configurationDone")
        d.result("configurationDone", number)
        d.wait_for("output", lambda body: body["output"] == "ready\n")
        (answer,) = d.break_at("work")
        assert answer.verified
        stop = d.wait_for_stop()
        assert ("breakpoint", "work") == (stop.reason, d.at(stop))
        assert "n" in d.scope("Upvalues")
        d.evaluate("done = true", context="repl")
        assert 0 == d.run_to_end()


def test_a_breakpoint_set_while_the_program_stands(debug):
    """What is set at a stop counts from the next step on."""
    with debug(LOOP) as d:
        d.break_at("call")
        d.run()
        d.break_at("work")
        assert ["work", "call", "work"] == d.lines("continue_", 3)
        d.evaluate("done = true", context="repl")
        assert 0 == d.run_to_end()


def test_a_breakpoint_set_during_a_long_call_into_c(debug):
    """It is answered at once, and counts when Lua code runs again."""
    with debug("""
        print("sleeping")
        os.execute("sleep 0.5")
        print("awake")  -- @awake
    """) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "sleeping\n")
        (answer,) = d.break_at("awake")
        assert answer.verified
        assert "awake" == d.at(d.wait_for_stop())


def test_a_breakpoint_removed_where_the_program_stands(debug):
    """Taken away while the program stands on it, it does not stop again."""
    with debug("""
        for i = 1, 3 do
          local x = i  -- @x
        end
        print("end")  -- @end
    """) as d:
        d.break_at("x")
        d.break_at("end")
        d.run()
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()
        assert "end\n" == d.output("stdout")


def test_all_breakpoints_removed_while_the_program_runs(debug):
    """A running program is not stopped by what is no longer there."""
    with debug(LOOP) as d:
        d.break_at("work")
        d.run()
        d.client.set_breakpoints(d.path)
        d.evaluate("done = true", context="repl")
        assert 0 == d.run_to_end()


def test_breakpoints_added_late_where_others_are_known(debug):
    """Known ones and later ones on neighbouring lines stop in their order, once each."""
    with debug("""
        for i = 1, 2 do
          local a = i  -- @a
          local b = a  -- @b
          local c = b  -- @c
        end
    """) as d:
        d.break_at("b")
        d.run()
        d.break_at("a")
        d.break_at("c")
        assert ["c", "a", "b", "c"] == d.lines("continue_", 4)
        assert 0 == d.run_to_end()


def test_ids_stay_while_others_come_and_go(debug):
    """A breakpoint that is asked for again keeps its number."""
    with debug("""
        local a = 1  -- @a
        local b = 2  -- @b
        local c = 3  -- @c
    """) as d:
        d.start()
        (b,) = d.break_at("b")
        again, _ = d.break_at("c")
        assert b.id == again.id
        lines = [dap.SourceBreakpoint(line=line) for line in (3, 2, 1)]
        assert b.id == d.client.set_breakpoints(d.path, *lines)[1].id
        stop = d.client.run()
        assert 1 == stop.line
        assert (b.id,) == d.continue_().breakpoints


def test_a_thousand_changes_in_a_row(debug):
    """Pipelined requests are answered in order, and the last one counts."""
    with debug(LOOP) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "ready\n")
        source = dap.Source(path=str(d.path))
        numbers = []
        for turn in range(1000):
            wanted = [dap.SourceBreakpoint(line=100 + turn)] if turn < 999 else []
            if turn == 998:
                wanted = [dap.SourceBreakpoint(line=d.line("work"), condition="n == 123456789")]
            arguments = dap.SetBreakpointsArguments(source=source, breakpoints=wanted)
            numbers.append(d.client.send("setBreakpoints", arguments.wire()))
        answers = [d.result("setBreakpoints", number) for number in numbers]
        assert 1000 == len(answers)
        assert [] == answers[-1]["breakpoints"]
        d.evaluate("done = true", context="repl")
        assert 0 == d.run_to_end()


def test_old_clients_send_bare_lines(debug):
    """``lines`` instead of ``breakpoints`` is understood."""
    with debug("""
        local a = 1
        local b = 2  -- @b
    """) as d:
        d.start()
        source = dap.Source(path=str(d.path))
        (answer,) = d.requests.set_breakpoints(source=source, lines=[2]).breakpoints
        assert answer.verified
        assert "b" == d.at(d.client.run())


def test_breakpoints_survive_a_restart(debug):
    """After ``restart`` the same breakpoints stop the new program."""
    with debug("""
        local a = 1  -- @a
    """) as d:
        d.break_at("a")
        first = d.run()
        d.requests.restart()
        second = d.wait_for_stop()
        assert ("a", first.breakpoints) == (d.at(second), second.breakpoints)
        assert 0 == d.run_to_end()


def test_breakpoints_in_coroutines_old_and_new(debug):
    """Coroutines made before a breakpoint is set stop at it like those made later."""
    with debug("""
        local function body(name)
          local first = name  -- @first
          coroutine.yield(first)
          local second = name .. "!"  -- @second
          return second
        end
        local old = coroutine.create(body)
        coroutine.resume(old, "old")
        local x = 1  -- @between
        coroutine.resume(old)
        local new = coroutine.wrap(body)
        new("new")
        new()
    """) as d:
        d.break_at("between")
        d.run()
        d.break_at("first")
        d.break_at("second")
        d.continue_()
        assert ("second", '"old"') == (d.at(d.client.stop), d.locals()["name"])
        d.continue_()
        assert ("first", '"new"') == (d.at(d.client.stop), d.locals()["name"])
        d.continue_()
        assert ("second", '"new"') == (d.at(d.client.stop), d.locals()["name"])
        assert 0 == d.run_to_end()


def test_clients_that_count_lines_from_zero(debug):
    """Lines and columns go to and fro as the client counts."""
    with debug("""
        local a = 1
        local b = 2; local c = 3  -- @b
    """) as d:
        d.client.initialize(lines_start_at1=False, columns_start_at1=False)
        d.start()
        wanted = [dap.SourceBreakpoint(line=1, column=13)]
        (answer,) = d.client.set_breakpoints(d.path, *wanted)
        assert (True, 1, 13) == (answer.verified, answer.line, answer.column)
        assert 1 == d.client.run().line
        assert {"a": "1", "b": "2"} == d.locals()
        assert 0 == d.run_to_end()


def test_clients_that_write_uris(debug):
    """With ``pathFormat: uri`` breakpoints and frames are told by URIs."""
    with debug("""
        local a = 1  -- @a
    """) as d:
        d.client.initialize(path_format="uri")
        d.start()
        source = dap.Source(path=d.path.as_uri())
        wanted = [dap.SourceBreakpoint(line=1)]
        (answer,) = d.requests.set_breakpoints(source=source, breakpoints=wanted).breakpoints
        assert answer.verified
        assert d.path.as_uri() == d.client.run().path
        assert 0 == d.run_to_end()


def test_without_debugging(debug):
    """``noDebug`` runs past every breakpoint, and answers say why."""
    with debug("""
        local a = 1  -- @a
        print("done")
    """) as d:
        d.start(noDebug=True)
        (answer,) = d.break_at("a")
        assert (False, True) == (answer.verified, "noDebug" in answer.message)
        assert 0 == d.run_to_end()
        assert "done\n" == d.output("stdout")


def test_a_breakpoint_where_the_program_begins(debug):
    """With ``stopOnEntry`` the first line stops once, not twice."""
    with debug("""
        -- a comment
        local a = 1  -- @a
        local b = 2  -- @b
    """) as d:
        d.break_at("a")
        d.break_at("b")
        stop = d.run(stopOnEntry=True)
        assert "a" == d.at(stop)
        assert "b" == d.at(d.continue_())
        assert 0 == d.run_to_end()


def test_a_step_onto_a_breakpoint(debug):
    """A step that ends where a breakpoint stands is one stop, and it says breakpoint."""
    with debug("""
        local a = 1  -- @a
        local b = 2  -- @b
        local c = 3  -- @c
    """) as d:
        d.start()
        d.break_at("a")
        _, b = d.break_at("b")
        d.client.run()
        stop = d.step_over()
        assert ("b", "breakpoint", (b.id,)) == (d.at(stop), stop.reason, stop.breakpoints)
        assert "c" == d.at(d.step_over())
        assert 0 == d.run_to_end()


def test_a_step_onto_a_false_condition(debug):
    """The step ends all the same."""
    with debug("""
        local a = 1  -- @a
        local b = 2  -- @b
        local c = 3  -- @c
    """) as d:
        d.break_at("a")
        d.break_at("b", condition="false")
        d.run()
        stop = d.step_over()
        assert ("b", "step") == (d.at(stop), stop.reason)
        assert 0 == d.run_to_end()


def test_stepping_through_a_loop_with_a_breakpoint_on_its_head(debug):
    """Each turn shows the head and the body, breakpoint or not."""
    with debug("""
        local n = 0  -- @start
        for i = 1, 2 do  -- @head
          n = n + i  -- @body
        end
        print(n)  -- @after
    """) as d:
        d.break_at("start")
        d.break_at("head")
        d.run()
        found = d.lines("step_over", 5)
        assert ("head", "body") == tuple(found[:2])
        assert "after" in found + d.lines("step_over", 1)
        assert 0 == d.run_to_end()


def test_breakpoints_keep_nothing_alive(debug):
    """What a condition, a message or a stop saw can be collected afterwards."""
    with debug("""
        local weak = setmetatable({}, { __mode = "v" })
        do
          local t = { name = "t" }
          weak[1] = t
          local x = t.name  -- @x
          t = nil  -- @y
          x = nil
        end
        collectgarbage()
        collectgarbage()
        print(weak[1])
    """) as d:
        d.break_at("x", condition="t.name == 't'")
        d.break_at("y", log_message="{t}")
        d.run()
        d.evaluate("t")
        d.locals()
        assert 0 == d.run_to_end()
        assert "nil\n" == d.output("stdout")
