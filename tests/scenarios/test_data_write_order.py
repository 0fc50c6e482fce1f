"""Which assignments that change nothing come to pass, and when data breakpoints tell them."""

from dap_server.client import ProgramEnded
from tests.support.data_breakpoints import stops, stops_of, watch


def test_recursion(debug):
    """Only the activation whose local is watched counts, also while others of its function run."""
    text = """
        local function f(depth)
          local n = 5
          if depth == 2 then
            local x = 0  -- @start
          end
          if depth < 4 then
            n = f(depth + 1)
          end
          n = 5
          return n  -- @written
        end
        local function top()
          local n = f(1)
          return n
        end
        top()
    """
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, "n")
        found = []
        try:
            while True:
                stop = d.continue_()
                found.append((stop.description, d.locals()["depth"]))
        except ProgramEnded:
            pass
    assert [("n was set to 5 again", "2")] * 2 == found


def test_what_is_called_for_the_value(debug):
    """Each write counts: those that the called functions make, and that of their value."""
    text = """
        n = 1
        local function inner()
          n = 1
          return 1  -- @inner
        end
        local function outer()
          n = inner()
          return 1  -- @outer
        end
        local z = 0  -- @start
        n = outer()
        z = 1  -- @main
    """
    expected = [(where, "n was set to 1 again") for where in ("inner", "outer", "main")]
    assert expected == stops_of(debug, text, "n")


def test_a_change_wins(debug):
    """A write that changes the value stops once, and a change by what it calls is told apart."""
    text = """
        n = 1
        local function change()
          n = 2
          return 2  -- @changed
        end
        local z = 0  -- @start
        n = change()
        z = 1  -- @again
        n = 3
        z = 2  -- @three
    """
    expected = [
        ("changed", "n changed from 1 to 2"),
        ("again", "n was set to 2 again"),
        ("three", "n changed from 2 to 3"),
    ]
    assert expected == stops_of(debug, text, "n")


def test_errors(debug):
    """An assignment whose value is an error writes nothing."""
    text = """
        local n = 5
        local function fail()
          error("no")
        end
        local function assign()
          n = fail()
        end
        local function index()
          n = n.x.y
        end
        local z = 0  -- @start
        pcall(assign)
        z = 1
        pcall(index)
        assign = nil
        pcall(function()
          n = error("no")
        end)
        n = pcall(fail) and 1 or 5
        z = 2  -- @caught
    """
    assert [("caught", "n was set to 5 again")] == stops_of(debug, text, "n")


def test_a_table_that_is_changed_for_another(debug):
    """Of a local the table counts that it holds when the value is known."""
    text = """
        local old, new = { x = 5 }, { x = 5 }
        local t, i = old, 1
        local function swap()
          t, i = new, 2
          return 5
        end
        local z = 0  -- @start
        t.x = swap()
        z = 1
        t = old
        t.x = 5
        z = 2  -- @old
    """
    assert [("old", "old.x was set to 5 again")] == stops_of(debug, text, "old.x")


def test_a_loop(debug):
    """Every turn that writes stops."""
    text = """
        local n = 5
        local z = 0  -- @start
        for i = 1, 3 do
          n = 5
        end
        while z < 2 do
          z = z + 1
          n = 5
        end
        z = 0
    """
    found = stops_of(debug, text, "n")
    assert ["n was set to 5 again"] * 5 == [told for _, told in found]


def test_functions_on_one_line(debug):
    """They have no line behind the write; it is told at the next one, before what comes there."""
    text = """
        local n = 5
        local function set(v) n = v end
        local function pass(v) n = v; return set(v) end
        local z = 0  -- @start
        set(5)
        z = 1  -- @set
        pass(5)
        z = 2  -- @passed
    """
    found = stops_of(debug, text, "n")
    expected = ["set", "set", "passed"]  # line of `set` is where it is told that `pass` wrote
    assert ["n was set to 5 again"] * 3 == [told for _, told in found]
    assert (expected[0], expected[2]) == (found[0][0], found[2][0])


def test_what_may_not_run(debug):
    """Where a line does not tell whether it writes, a change stops, and nothing else does."""
    text = """
        local n, no, yes = 5, false, true
        local z = 0  -- @start
        if no then n = 5 end
        if yes then n = 5 end
        for i = 1, 2 do n = 5 end
        z = 1
        if no then
          n = 5 end
        z = 2
        if yes then n = 6 end
        z = 3  -- @changed
    """
    assert [("changed", "n changed from 5 to 6")] == stops_of(debug, text, "n")


def test_what_nobody_sees(debug):
    """What C functions write, and what the text computes, stops only if it changes the value."""
    text = """
        local t = { x = 5 }
        local function it() return t end
        local z = 0  -- @start
        rawset(t, "x", 5)
        it().x = 5
        t["" .. "x"] = 5
        z = 1
        rawset(t, "x", 6)
        z = 2  -- @changed
    """
    assert [("changed", "t.x changed from 5 to 6")] == stops_of(debug, text, "t.x")


def test_coroutines(debug):
    """A statement that yields is over when it is; others may write meanwhile."""
    text = """
        local n = 5
        local co = coroutine.create(function()
          n = coroutine.yield()
          n = 5  -- @first
          coroutine.yield()  -- @second
          n = coroutine.yield()
        end)
        coroutine.resume(co)
        local z = 0  -- @start
        n = 5
        coroutine.resume(co, 5)  -- @main
        coroutine.resume(co)
        z = 1
        co = nil
        n = 5
        z = 2  -- @last
    """
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, "n")
        found = stops(d)
    # What the coroutine waits for at the start was under way before there was a breakpoint.
    assert [("main", "n was set to 5 again"), ("last", "n was set to 5 again")] == [
        found[0],
        found[-1],
    ]
    assert ("second", "n was set to 5 again") in found


def test_a_coroutine_amid_a_statement(debug):
    """One that waits in the middle of an assignment has written nothing until it goes on."""
    text = """
        local n = 5
        local co = coroutine.wrap(function()
          n = coroutine.yield()
          return n  -- @over
        end)
        local z = 0  -- @start
        co()
        z = 1
        co(5)
        z = 2
    """
    assert [("over", "n was set to 5 again")] == stops_of(debug, text, "n")


def test_a_coroutine_that_dies_amid_a_statement(debug):
    """It writes nothing, and nothing is told in another that comes after it."""
    text = """
        local n = 5
        local function body()
          n = error(coroutine.yield())
        end
        local z = 0  -- @start
        for i = 1, 3 do
          local co = coroutine.create(body)
          coroutine.resume(co)
          coroutine.resume(co)
          co = nil
          collectgarbage()
        end
        coroutine.wrap(function()
          z = 1
          z = 2
        end)()
        z = 3
    """
    assert [] == stops_of(debug, text, "n")


def test_a_condition(debug):
    """It holds for writes as for changes."""
    text = """
        local n = 5
        local z = 0  -- @start
        for i = 1, 4 do
          n = 5
          z = i
        end
    """
    assert [True] == [
        told == "n was set to 5 again" for _, told in stops_of(debug, text, "n", condition="i == 3")
    ]


def test_a_hit_condition(debug):
    """Writes are counted with the changes, each once."""
    text = """
        local n = 5
        local z = 0  -- @start
        for i = 1, 6 do
          n = i < 3 and 5 or i
          z = i
        end
    """
    found = stops_of(debug, text, "n", hit_condition="<= 3")
    expected = ["n was set to 5 again", "n was set to 5 again", "n changed from 5 to 3"]
    assert expected == [told for _, told in found]


def test_steps_go_on(debug):
    """A step over a line that writes stops once, for the breakpoint."""
    with debug("""
        local n = 5
        local z = 0  -- @start
        n = 5  -- @write
        z = 1  -- @after
        z = 2  -- @end
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n")
        assert "write" == d.at(d.step_over())
        stop = d.step_over()
        assert ("data breakpoint", "after") == (stop.reason, d.at(stop))
        assert "end" == d.at(d.step_over())
        assert 0 == d.run_to_end()
