"""Scopes: what a frame sees, in groups, with hints, sizes and the lines they hold for."""

import pytest

NO_VARARGS = ("5.1",)

FUNCTION = """
    local up = 10
    counter = 1
    local function work(a, ...)  -- @first
      local b = a + up
      print(b)  -- @here
      return b
    end  -- @last
    work(1, "x", nil, "z")
"""


def test_scopes_come_in_the_order_people_look(debug):
    """Locals first, the expensive globals last; hints tell an editor what each is."""
    with debug(FUNCTION) as d:
        d.break_at("here")
        d.run()
        scopes = list(d.scopes().values())
        names = ["Locals", "Varargs", "Upvalues", "Globals"]
        if d.lua in NO_VARARGS:
            names.remove("Varargs")
        assert names == [each.name for each in scopes]
        hints = {"Locals": "locals", "Varargs": "arguments"}
        assert [hints.get(each) for each in names] == [each.presentation_hint for each in scopes]
        assert [False] * (len(names) - 1) + [True] == [each.expensive for each in scopes]


def test_locals_know_how_many_they_are_and_where_they_hold(debug):
    """The scope of locals tells its size, its file and the lines of its function."""
    with debug(FUNCTION.replace(", ...", "")) as d:
        d.break_at("here")
        d.run()
        scope = d.scopes()["Locals"]
        assert (2, None) == (scope.named_variables, scope.indexed_variables)
        assert (d.line("first"), d.line("last")) == (scope.line, scope.end_line)
        assert str(d.path) == scope.source.path
        assert 1 == d.scopes()["Upvalues"].named_variables


def test_the_main_chunk_has_no_lines_of_its_own(debug):
    """The locals of the main chunk hold for the whole file: no range is told."""
    with debug("local a = 1\nprint(a)  -- @here\n") as d:
        d.break_at("here")
        d.run()
        scope = d.scopes()["Locals"]
        assert (None, None) == (scope.line, scope.end_line)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_varargs_keep_their_holes(debug):
    """``...`` is shown whole, nil values in the middle included, and each can be changed."""
    with debug(FUNCTION) as d:
        d.break_at("here")
        d.run()
        assert {"[1]": '"x"', "[2]": "nil", "[3]": '"z"'} == d.scope("Varargs")
        assert 3 == d.scopes()["Varargs"].indexed_variables
        second = d.variable("[2]", "Varargs")
        assert "nil" == d.evaluate(second.evaluate_name)
        assert "3" == d.evaluate("select('#', ...)")
        d.set_variable("[2]", "'now'", "Varargs")
        assert '"now"' == d.evaluate("(select(2, ...))")


def test_upvalues_are_those_the_function_uses(debug):
    """What a function does not use it does not capture, and so it is not among its upvalues."""
    with debug("""
        local used, unused = 1, 2
        local function f()
          return used  -- @here
        end
        print(f())
    """) as d:
        d.break_at("here")
        d.run()
        assert {"used": "1"} == d.scope("Upvalues")


def test_globals_are_the_program_s_own_and_the_library_apart(debug):
    """The standard library does not bury what the program made; it is one node."""
    with debug("""
        alpha, beta = 1, "two"
        print(alpha)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        found = d.scope("Globals")
        assert {"alpha": "1", "beta": '"two"'} == {
            name: found[name] for name in found if name in ("alpha", "beta")
        }
        assert "print" not in found
        library = d.variable("standard library", "Globals")
        assert "print" in d.children(library.variables_reference)


def test_many_globals_and_strict_ones(debug):
    """A global table with 10,000 names and a metatable that refuses reads is shown, in pages."""
    with debug("""
        for i = 1, 10000 do _G["name" .. i] = i end
        setmetatable(_G, { __index = function(_, name) error("undeclared " .. name) end })
        local here = 1  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        scope = d.scopes()["Globals"]
        page = d.requests.variables(
            variables_reference=scope.variables_reference, start=0, count=50
        ).variables
        assert 50 == len(page)
        assert "10" == d.evaluate("name10")


def test_shadowed_locals_are_all_there(debug):
    """Of locals with one name the innermost comes first and is the one expressions mean."""
    with debug("""
        local a = 1
        local a = 2
        do
          local a = 3
          print(a)  -- @here
        end
    """) as d:
        d.break_at("here")
        d.run()
        assert {"a": "3", "a (shadowed)": "2", "a (shadowed 2)": "1"} == d.locals()
        assert "3" == d.evaluate("a")
        assert "30" == d.set_variable("a", "30")
        assert "20" == d.set_variable("a (shadowed)", "20")
        assert ["30", "20", "1"] == list(d.locals().values())


def test_an_environment_of_its_own_is_its_globals(debug):
    """A function whose environment is another table shows that as its globals."""
    with debug("""
        local env = { print = print, mine = 5 }
        local text = "local x = mine; print(x)"
        local f
        if setfenv then
          f = setfenv(loadstring(text, "@" .. arg[1]), env)
        else
          f = load(text, "@" .. arg[1], "t", env)
        end
        f()
    """) as d:
        chunk = d.write("chunk.lua", "local x = mine; print(x)")
        d.start(args=[str(chunk)])
        d.client.break_at(chunk, 1)
        d.client.run()
        names = d.scope("Globals")
        assert "5" == names["mine"]
        assert "5" == d.evaluate("mine")


def test_what_was_returned_is_a_scope_after_a_step_out(debug):
    """The values a function gave back are shown where the step out lands."""
    with debug("""
        local function pair()
          local a = 1  -- @inside
          return a, "two"
        end
        local x, y = pair()  -- @call
        print(x, y)
    """) as d:
        d.break_at("inside")
        d.run()
        assert "call" == d.at(d.step_out())
        scope = d.scopes()["Return values"]
        assert ("returnValue", 2) == (scope.presentation_hint, scope.indexed_variables)
        assert {"[1]": "1", "[2]": '"two"'} == d.scope("Return values")


def test_the_error_is_a_scope_where_it_was_raised(debug):
    """Stopped on an error, the error value is at hand: in a scope and as ``err``."""
    with debug("""
        local function fail()
          error({ code = 7 })  -- @raise
        end
        pcall(fail)
    """) as d:
        d.stop_on("all")
        d.run()
        top = d.stop.frame.id
        scopes = {each.name: each for each in d.requests.scopes(frame_id=top).scopes}
        (err,) = d.variables(scopes["Error"].variables_reference)
        assert ("err", "{code = 7}") == (err.name, err.value)
        assert "7" == d.evaluate("err.code", top)


def test_every_frame_has_scopes_of_its_own(debug):
    """Scopes belong to the frame asked for; recursion gives each call its own locals."""
    with debug("""
        local function down(n)
          if n == 0 then
            return 0  -- @bottom
          end
          return 1 + down(n - 1)
        end
        down(3)
    """) as d:
        d.break_at("bottom")
        d.run()
        frames = [each for each in d.stack() if each.name == "down"]
        assert [{"n": "0"}, {"n": "1"}, {"n": "2"}, {"n": "3"}] == [
            d.locals(each.id) for each in frames
        ]


def test_a_frame_of_a_library_function(debug):
    """What stands in for functions of C shows what those would: values passed, no code, no upvalues."""
    with debug("""
        local function inner()
          return 1  -- @here
        end
        print(pcall(inner))
    """) as d:
        d.break_at("here")
        stop = d.run()
        frames = d.requests.stack_trace(thread_id=stop.thread).stack_frames
        scopes = d.scopes(next(frame.id for frame in frames if frame.name == "pcall"))
        assert {"Locals", "Globals"} == set(scopes)
        assert (None, None) == (scopes["Locals"].source, scopes["Locals"].line)
