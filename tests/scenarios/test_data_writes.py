"""Data breakpoints on assignments of a value that was there already."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.data_breakpoints import stops, stops_of, watch


@pytest.mark.every_transport
def test_a_local(debug):
    """Writing the value that a local had already stops behind the line, and the text says so."""
    with debug("""
        local n = 5
        local other = 2  -- @start
        n = 5
        other = 3  -- @equal
        n = 6
        other = 4  -- @changed
    """) as d:
        d.break_at("start")
        d.run()
        (answer,) = watch(d, "n")
        stop = d.continue_()
        assert ("data breakpoint", (answer.id,)) == (stop.reason, stop.breakpoints)
        assert ("equal", "n was set to 5 again") == (d.at(stop), stop.description)
        assert [("changed", "n changed from 5 to 6")] == stops(d)


def test_an_upvalue_that_closures_share(debug):
    """It stops whoever writes the variable: the closures that share it, and its owner."""
    text = """
        local n = 5
        local function one()
          n = 5
        end  -- @one
        local function two(v)
          n = v
          return v  -- @two
        end
        local function three()
          local n = 5
          n = 5
          return n
        end
        local x = 0  -- @start
        one()
        two(5)
        three()
        n = 5
        x = 1  -- @owner
    """
    expected = [(where, "n was set to 5 again") for where in ("one", "two", "owner")]
    assert expected == stops_of(debug, text, "n")


def test_an_upvalue_watched_in_a_closure(debug):
    """The same where the stop was in a closure, and the owner is on the stack or has returned."""
    text = """
        local function make()
          local n = 5
          local function look()
            return n  -- @start
          end
          local function write()
            n = 5
          end  -- @closure
          look()
          n = 5
          return write  -- @owner
        end
        make()()
        local other = make
    """
    expected = [("owner", "n was set to 5 again"), ("closure", "n was set to 5 again")]
    assert expected == stops_of(debug, text, "n")


def test_a_global(debug):
    """By its name, by its table, and by the function statement, which assigns as well."""
    text = """
        shared = 1
        local x = 0  -- @start
        shared = 1
        x = 1  -- @name
        _G.shared = 1
        x = 2  -- @table
        _G["shared"] = 1
        x = 3  -- @text
        function shared() end
        x = 4  -- @function
    """
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, "shared")
        found = stops(d)
    again = [(where, "shared was set to 1 again") for where in ("name", "table", "text")]
    assert (again, "function") == (found[:3], found[3][0])


def test_fields(debug):
    """Of the very table that is watched, however the text leads to it."""
    text = """
        local Point = {}
        Point.__index = Point
        function Point:move(x)
          self.x = x
          return self  -- @moved
        end
        local p, q = setmetatable({ x = 1 }, Point), setmetatable({ x = 1 }, Point)
        local world = { p = p, q = q }
        local z = 0  -- @start
        p:move(1)
        q:move(1)
        world.p.x = 1
        z = 1  -- @chain
        world.q.x = 1
        world["p"]["x"] = 1
        z = 2  -- @constants
        world.p.y = 1
        world.p:move(1).x = 1
        z = 3
    """
    expected = [
        (where, "p.x was set to 1 again") for where in ("moved", "chain", "constants", "moved")
    ]
    assert expected == stops_of(debug, text, "p.x")


def test_an_index(debug):
    """A key that is the value of a variable is the watched one or another."""
    text = """
        local t = { 7, 7, 7 }
        local z = 0  -- @start
        for i = 1, 3 do
          t[i] = 7
          z = i  -- @written
        end
        t[2] = 7
        z = 4  -- @constant
        t[1], t[3] = 7, 7
    """
    expected = [("written", "t[2] was set to 7 again"), ("constant", "t[2] was set to 7 again")]
    assert expected == stops_of(debug, text, "t[2]")


def test_a_field_behind_a_metatable(debug):
    """An absent key is written where __newindex leads; a function there may do anything."""
    text = """
        local store = { v = 1 }
        local proxy = setmetatable({}, { __newindex = store })
        local deaf = setmetatable({}, { __newindex = function() end })
        local z = 0  -- @start
        proxy.v = 1
        z = 1  -- @stored
        deaf.v = 1
        z = 2
    """
    expected = [("stored", "store.v was set to 1 again")]
    assert expected == stops_of(debug, text, "store.v", "proxy.v", "deaf.v")


def test_several_targets(debug):
    """One line that writes several of what is watched stops once."""
    text = """
        local a, t = 1, { x = 1 }
        local z = 0  -- @start
        a, z, t.x = 1, 2, 1
        z = 1  -- @both
        a, t.x = 1, 2
        z = 2  -- @changed
    """
    found = stops_of(debug, text, "a", "t.x")
    expected = [
        ("both", {"a was set to 1 again", "t.x was set to 1 again"}),
        ("changed", {"a was set to 1 again", "t.x changed from 1 to 2"}),
    ]
    assert expected == [(where, set(told.split("; "))) for where, told in found]


def test_a_statement_over_several_lines(debug):
    """It stops when the whole statement is done, whatever lines are told in between."""
    text = """
        local function f(v)
          return v
        end
        local n = 5
        local z = 0  -- @start
        n =
          f(
            5
          )
        z = 1  -- @call
        n =
          5
        z = 2  -- @constant
    """
    expected = [("call", "n was set to 5 again"), ("constant", "n was set to 5 again")]
    assert expected == stops_of(debug, text, "n")


def test_a_nil(debug):
    """Setting what is nil to nil is a write."""
    text = """
        local t = {}
        local z = 0  -- @start
        t.x = nil
        z = 1  -- @nil
    """
    assert [("nil", "t.x was set to nil again")] == stops_of(debug, text, "t.x")


@pytest.mark.parametrize("name", ["=made", None])
def test_a_chunk_that_is_loaded_later(debug, name):
    """It is looked through when it is loaded, by whatever name."""
    shown = "nil" if name is None else f'"{name}"'
    text = f"""
        n = 5
        local compile = loadstring or load
        local z = 0  -- @start
        local later = compile("n = 5\\nlocal a = 1\\nn = 5", {shown})
        later()
        z = 1
    """
    found = stops_of(debug, text, "n")
    assert ["n was set to 5 again"] * 2 == [told for _, told in found]


def test_a_module_that_is_loaded_later(debug):
    """A file that is required is looked through, too."""
    text = """
        n = 5
        local z = 0  -- @start
        require("writer").write()
        z = 1
    """
    files = {
        "writer.lua": """
        local M = {}
        function M.write()
          n = 5
          return n  -- @module
        end
        return M
    """
    }
    with debug(text, files) as d:
        d.break_at("start")
        d.run(luaPath=[str(d.folder / "?.lua")])
        watch(d, "n")
        assert [("module", "n was set to 5 again")] == stops(d)


def test_a_global_watched_before_the_program_runs(debug):
    """A breakpoint that an editor kept hears of writes from the first line on."""
    text = """
        n = 5
        local z = 1  -- @first
        n = 5
        z = 2  -- @second
    """
    with debug(text) as d:
        d.start()
        wanted = [dap.DataBreakpoint(data_id="global:n")]
        d.requests.set_data_breakpoints(breakpoints=wanted)
        found = []
        stop = d.run()
        found.append((d.at(stop), stop.description))
        expected = [("first", "n changed from nil to 5"), ("second", "n was set to 5 again")]
        assert expected == [*found, *stops(d)]


def test_a_reload_with_another_text(debug):
    """Of a file that was loaded twice only the lines count that both texts have in common."""
    text = """
        n = 5
        local compile = loadstring or load
        local old = compile("n = 5\\nlocal a = 1\\nn = 5\\na = 2", "=twice")
        local new = compile("n = 5\\nlocal a = 1\\na = 3\\na = 2", "=twice")
        local z = 0  -- @start
        old()
        new()
        z = 1
    """
    found = stops_of(debug, text, "n")
    assert ["n was set to 5 again"] * 2 == [told for _, told in found]


def test_the_last_statement_of_the_program(debug):
    """It is told where the program is about to end, since nothing comes behind it."""
    text = """
        shared = 1
        local x = 0  -- @start
        shared = 2  -- @last
    """
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, "shared")
        stop = d.continue_()
        assert ("last", "shared changed from 1 to 2") == (d.at(stop), stop.description)
        assert 0 == d.run_to_end()


def test_what_is_called_last(debug):
    """Nothing of the program runs any more that could stop, and the console says it.

    Hooks in Lua are told the line of the call again under LuaJIT, and stop there.
    """
    text = """
        shared = 1
        local function change() rawset(_G, "shared", 2) end
        local x = 0  -- @start
        change()  -- @call
    """
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, "shared")
        found = stops(d)
        said = "shared changed from 1 to 2"
        told = [("call", said)] if found else []
        assert told == found
        late = "" if found else f"{said}, where nothing could stop any more.\n"
        assert late == d.output("console")
