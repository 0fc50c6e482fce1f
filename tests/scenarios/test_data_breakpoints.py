"""Breakpoints on values that change."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.data_breakpoints import stops


def scope_of(d, name):
    """The reference of a scope where the program stands."""
    frame = d.client.stop.frame.id
    scopes = d.requests.scopes(frame_id=frame).scopes
    return next(scope.variables_reference for scope in scopes if scope.name == name)


def info_of(d, name, scope=None):
    """The data id of a variable of a scope, or of an expression where the program stands."""
    if scope is not None:
        return d.requests.data_breakpoint_info(name=name, variables_reference=scope_of(d, scope))
    return d.requests.data_breakpoint_info(name=name, frame_id=d.client.stop.frame.id)


def watch(d, *names, scope=None, **conditions):
    """Set data breakpoints; the answers."""
    wanted = []
    for name in names:
        info = info_of(d, name, scope)
        assert info.data_id is not None, info.description
        wanted.append(dap.DataBreakpoint(data_id=info.data_id, **conditions))
    return d.requests.set_data_breakpoints(breakpoints=wanted).breakpoints


def test_a_local(debug):
    """The stop comes after the statement that changed it, and names both values."""
    with debug("""
        local n = 1
        local other = 2  -- @start
        other = 3
        n = 5  -- @change
        other = 4  -- @after
    """) as d:
        d.break_at("start")
        d.run()
        (answer,) = watch(d, "n", scope="Locals")
        assert answer.verified
        stop = d.continue_()
        assert ("data breakpoint", "after") == (stop.reason, d.at(stop))
        assert "n changed from 1 to 5" == stop.description
        assert (answer.id,) == stop.breakpoints
        assert 0 == d.run_to_end()


def test_a_local_changed_by_a_function(debug):
    """It is found where it happens: in the function that shares the variable."""
    with debug("""
        local n = 1
        local function change()
          n = n + 1
          return n  -- @changed
        end
        local x = 0  -- @start
        change()
        x = 1
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n", scope="Locals")
        assert "changed" == d.at(d.continue_())
        assert 0 == d.run_to_end()


def test_a_local_whose_function_returns(debug):
    """The breakpoint ends with its variable, and an event says so."""
    with debug("""
        local function f(x)
          local y = x  -- @start
          y = y + 1
          return y
        end
        f(1)
        local z = 0  -- @later
        z = 1
    """) as d:
        d.break_at("start")
        d.run()
        (answer,) = watch(d, "x", scope="Locals")
        d.client.set_breakpoints(d.path)
        assert 0 == d.run_to_end()
        event = d.wait_for("breakpoint", lambda body: body["breakpoint"]["id"] == answer.id)
        assert event["breakpoint"]["verified"] is False
        assert event["breakpoint"]["message"]


def test_recursion_watches_one_activation(debug):
    """Locals of the same name in other calls are other variables."""
    with debug("""
        local function f(n)
          local x = n
          if n > 0 then f(n - 1) end  -- @start
          x = x + 100
          return x  -- @after
        end
        f(2)
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n", "x")
        d.client.set_breakpoints(d.path)
        stop = d.continue_()
        assert ("x changed from 2 to 102", "2") == (stop.description, d.locals()["n"])
        assert 0 == d.run_to_end()


def test_an_upvalue(debug):
    """A variable of an enclosing function, wherever it is changed."""
    with debug("""
        local count = 0
        local function up() count = count + 1 end
        local function look()
          local c = count  -- @start
          return c
        end
        look()
        up()
        local done = true  -- @after
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "count", scope="Upvalues")
        stop = d.continue_()
        assert "count changed from 0 to 1" == stop.description
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_a_field(debug):
    """A field of a table, also when rawset writes it, or a new key appears."""
    with debug("""
        local t = { size = 1 }
        local x = 0  -- @start
        t.other = 2
        t.size = 2
        x = 1  -- @first
        rawset(t, "size", "big")
        x = 2  -- @second
        t.size = nil
        x = 3  -- @third
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "t.size")
        found = []
        for _ in range(3):
            stop = d.continue_()
            found.append((d.at(stop), stop.description.partition(" changed ")[2]))
        assert [
            ("first", "from 1 to 2"),
            ("second", 'from 2 to "big"'),
            ("third", 'from "big" to nil'),
        ] == found
        assert 0 == d.run_to_end()


def test_a_global(debug):
    """A global is a field of the table of globals."""
    with debug("""
        shared = 1
        local x = 0  -- @start
        shared = 2
        x = 1  -- @after
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "shared")
        assert "after" == d.at(d.continue_())
        assert 0 == d.run_to_end()


def test_a_condition(debug):
    """Only changes for which it holds stop."""
    with debug("""
        local n = 0
        local x = 0  -- @start
        for i = 1, 6 do
          n = n + 1
          x = i
        end
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n", condition="n > 3")
        assert "n changed from 3 to 4" == d.continue_().description
        assert "n changed from 4 to 5" == d.continue_().description
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


def test_a_condition_that_fails(debug):
    """It stops, names the change, and says what is wrong."""
    with debug("""
        local n = 0
        local x = 0  -- @start
        n = 1
        x = 1
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n", condition="nobody.home")
        stop = d.continue_()
        assert stop.description.startswith("n changed from 0 to 1. Condition failed: ")
        assert "nobody" in stop.description
        assert 0 == d.run_to_end()


def test_a_hit_condition(debug):
    """Changes are counted."""
    with debug("""
        local n = 0
        local x = 0  -- @start
        for i = 1, 6 do
          n = n + 10
          x = i
        end
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "n", hit_condition="4")
        assert "n changed from 30 to 40" == d.continue_().description
        assert 0 == d.run_to_end()


def test_changes_in_a_coroutine(debug):
    """A field is watched whichever coroutine changes it."""
    with debug("""
        local t = { v = 1 }
        local co = coroutine.wrap(function()
          coroutine.yield()
          t.v = 2
          coroutine.yield()  -- @changed
        end)
        co()
        local x = 0  -- @start
        co()
        x = 1
    """) as d:
        d.break_at("start")
        d.run()
        watch(d, "t.v")
        assert "changed" == d.at(d.continue_())
        assert 0 == d.run_to_end()


def test_what_cannot_be_watched(debug):
    """Expressions that name no place get no id, but a reason."""
    with debug("""
        local n = 0
        local x = 0  -- @start
    """) as d:
        d.break_at("start")
        d.run()
        info = info_of(d, "n + 1")
        assert (None, True) == (info.data_id, bool(info.description))
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("condition", ["n >", "1 +"])
def test_a_condition_that_does_not_compile(debug, condition):
    """It is refused with Lua's message."""
    with debug("""
        local n = 0
        local x = 0  -- @start
        n = 1
    """) as d:
        d.break_at("start")
        d.run()
        (answer,) = watch(d, "n", condition=condition)
        assert (False, True) == (answer.verified, "does not compile" in answer.message)
        assert 0 == d.run_to_end()


def test_an_id_of_an_earlier_program(debug):
    """What is gone is answered unverified."""
    with debug("""
        local n = 0  -- @start
    """) as d:
        d.break_at("start")
        d.run()
        wanted = [dap.DataBreakpoint(data_id="data:12345")]
        (answer,) = d.requests.set_data_breakpoints(breakpoints=wanted).breakpoints
        assert (False, True) == (answer.verified, bool(answer.message))
        assert 0 == d.run_to_end()


def test_a_local_goes_on_where_another_is_gone(debug):
    """The end of one data breakpoint leaves the others what they were, at every line."""
    with debug("""
        local count = 0
        local function other(n)
          local v = n
          v = v + 1  -- @inside
          return v
        end
        count = 1
        other(1)
        for i = 1, 3 do count = count + i end
        count = 50
        print(count)
    """) as d:
        d.break_at("inside")
        d.run()
        inner, outer = (each.id for each in d.client.stack()[:2])
        places = ((inner, "v"), (outer, "count"))
        infos = [d.requests.data_breakpoint_info(name=name, frame_id=at) for at, name in places]
        wanted = [dap.DataBreakpoint(data_id=each.data_id) for each in infos]
        d.requests.set_data_breakpoints(breakpoints=wanted)
        found = [text for _, text in stops(d)]
    told = [f"count changed from {before} to {after}" for before, after in ((1, 2), (2, 4), (4, 7))]
    assert ["v changed from 1 to 2", *told, "count changed from 7 to 50"] == found
