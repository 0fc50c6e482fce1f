"""Breakpoints on functions by name."""

import pytest

from dap_server.protocol import generated as dap


def break_on(d, *names, **conditions):
    """Set function breakpoints; the answers."""
    d.start()
    wanted = [dap.FunctionBreakpoint(name=name, **conditions) for name in names]
    return d.requests.set_function_breakpoints(breakpoints=wanted).breakpoints


FUNCTIONS = """
    function shown(x)
      return x + 1  -- @shown
    end
    local function hidden(x)
      return x + 2  -- @hidden
    end
    local M = {}
    function M.field(x)
      return x + 3  -- @field
    end
    M.assigned = function(x)
      return x + 4  -- @assigned
    end
    local Class = { kind = function() return "class" end }  -- @kind
    function Class:method(x)
      return x + 5  -- @method
    end
    print(shown(1), hidden(1), M.field(1), M.assigned(1), Class.kind(), Class:method(1))
"""


def test_a_function_of_one_file(debug):
    """As gdb writes it, FILE:FUNCTION stops at the function of that file only."""
    with debug(
        """
        local function f(x) return x end
        local other = dofile(arg[0]:match("^(.*)/") .. "/lib.lua")
        print(f(1), other(2))
        """,
        {"lib.lua": "local function f(x)\n  return x\nend\nreturn f\n"},
    ) as d:
        (answer,) = break_on(d, "lib.lua:f")
        assert (False, "pending") == (answer.verified, answer.reason)
        assert "a function f of lib.lua yet" in (answer.message or "")
        stop = d.client.run()
        assert (2, "2") == (stop.line, d.locals()["x"])
        (answer,) = break_on(d, f"{d.folder / 'lib.lua'}:f")
        assert answer.verified
        assert 0 == d.run_to_end()
        assert "1\t2\n" == d.output("stdout")


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("shown", "shown"),
        ("hidden", "hidden"),
        ("M.field", "field"),
        ("M.assigned", "assigned"),
        ("Class.kind", "kind"),
        ("Class:method", "method"),
        ("Class.method", "method"),
    ],
)
def test_functions_by_name(debug, name, mark):
    """Globals, locals, fields and methods stop at their first line, with their arguments."""
    with debug(FUNCTIONS) as d:
        break_on(d, name)
        stop = d.client.run()
        assert ("function breakpoint", mark) == (stop.reason, d.at(stop))
        if mark != "kind":
            assert "1" == d.locals()["x"]
        assert 0 == d.run_to_end()
        assert "2\t3\t4\t5\tclass\t6\n" == d.output("stdout")


def test_it_is_verified_when_its_file_is_loaded(debug):
    """Before that it is pending; then an event tells where it stands."""
    with debug(
        """
        local m = dofile(arg[0]:match("^(.*)/") .. "/lib.lua")
        m.late()
        """,
        {"lib.lua": "local m = {}\nfunction m.late()\n  return 1\nend\nreturn m\n"},
    ) as d:
        (answer,) = break_on(d, "m.late")
        assert (False, "pending") == (answer.verified, answer.reason)
        stop = d.client.run()
        assert (3, (answer.id,)) == (stop.line, stop.breakpoints)
        event = d.wait_for("breakpoint")["breakpoint"]
        assert (answer.id, True, 3) == (event["id"], event["verified"], event["line"])
        assert str(d.folder / "lib.lua") == event["source"]["path"]
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_set_while_the_program_stands(debug):
    """A function that is loaded already is found and stopped in."""
    with debug("""
        local function work(n)
          return n * 2  -- @work
        end
        local a = 1  -- @here
        print(work(a))
    """) as d:
        d.break_at("here")
        d.run()
        (answer,) = break_on(d, "work")
        assert (True, d.line("work")) == (answer.verified, answer.line)
        stop = d.continue_()
        assert ("function breakpoint", "work") == (stop.reason, d.at(stop))
        assert 0 == d.run_to_end()


def test_conditions(debug):
    """Arguments can be asked about, and calls counted."""
    with debug("""
        local function work(n)
          return n * 2
        end
        for i = 1, 9 do work(i) end
    """) as d:
        break_on(d, "work", condition="n > 4", hit_condition="2")
        d.client.run()
        assert {"n": "6"} == d.locals()
        assert 0 == d.run_to_end()


def test_every_function_of_the_name(debug):
    """A name may stand for several functions; each call of each of them stops."""
    with debug("""
        local A, B = {}, {}
        function A.run() return "a" end
        function B.run() return "b" end
        local function run() return "local" end
        print(A.run(), B.run(), run())
    """) as d:
        break_on(d, "A.run", "run")
        assert [2, 4] == [d.client.run().line, d.continue_().line]
        assert 0 == d.run_to_end()


def test_a_line_breakpoint_on_the_same_line(debug):
    """Both are named, and it is one stop."""
    with debug("""
        local function work(n)
          return n * 2  -- @work
        end
        work(1)
    """) as d:
        d.start()
        (line,) = d.break_at("work")
        (function,) = break_on(d, "work")
        assert {line.id, function.id} == set(d.client.run().breakpoints)
        assert 0 == d.run_to_end()


def test_an_unknown_name(debug):
    """It is not verified and says that nobody defines it."""
    with debug(FUNCTIONS) as d:
        (answer,) = break_on(d, "nobody")
        assert not answer.verified
        assert "nobody" in answer.message
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("name", ["print", "string.format"])
def test_a_function_of_c(debug, name):
    """C code has no lines to stop at, and the answer says so."""
    with debug(FUNCTIONS) as d:
        (answer,) = break_on(d, name)
        assert (False, "failed") == (answer.verified, answer.reason)
        assert f"{name} is a C function" in answer.message
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("name", ["", "1x", "a b", "f()"])
def test_what_is_no_name(debug, name):
    """It is refused, not forgotten."""
    with debug(FUNCTIONS) as d:
        (answer,) = break_on(d, name)
        assert (False, "failed") == (answer.verified, answer.reason)
        assert 0 == d.run_to_end()


def test_removed_again(debug):
    """An empty list takes all of them away."""
    with debug("""
        local function work(n)
          return n * 2
        end
        work(1)
        work(2)
    """) as d:
        break_on(d, "work")
        d.client.run()
        assert [] == break_on(d)
        assert 0 == d.run_to_end()


def test_recursion_and_an_entry_that_is_a_loop(debug):
    """One stop for each call, however often the first line comes again."""
    with debug("""
        local function down(n)
          while n > 0 do
            n = n - 1
          end
          return n
        end
        down(3)
        down(2)
    """) as d:
        break_on(d, "down")
        d.client.run()
        assert {"n": "3"} == d.locals()
        d.continue_()
        assert {"n": "2"} == d.locals()
        assert 0 == d.run_to_end()


MODULE = """
    local M, private = {}, {}
    function M.encode(x)
      return "encoded" .. x  -- @encode
    end
    local function decode(x)
      return "decoded" .. x  -- @decode
    end
    M.decode = decode
    M.sub = { deep = function(x)
      return "deep" .. x  -- @deep
    end }
    private.encode = function(x)
      return "private" .. x
    end
    private.encode("")
    return %s
"""
FOUND = """
    local folder = arg[0]:match("^(.*)/")
    package.path = folder .. "/?.lua;" .. folder .. "/?/init.lua"
"""
USES_MODULE = f"""{FOUND}
    local json = require "codec.json"
    print(json.encode(1), json.decode(2), json.sub.deep(3))
"""


@pytest.mark.parametrize("returned", ["M", "setmetatable(M, {})"])
@pytest.mark.parametrize("file", ["codec/json.lua", "codec/json/init.lua"])
@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("json.encode", "1"),
        ("codec.json.encode", "1"),
        ("json:encode", "1"),
        ("json.decode", "2"),
        ("decode", "2"),
        ("json.sub.deep", "3"),
        ("json.lua:json.encode", "1"),
    ],
)
def test_a_function_of_a_module_by_the_modules_name(debug, returned, file, name, x):
    """As programs call it that require the module, whatever its text calls what it returns."""
    if "lua:" in name and "init" in file:
        name = name.replace("json.lua", "init.lua")
    with debug(USES_MODULE, {file: (MODULE % returned).replace("  -- @", " -- ")}) as d:
        (answer,) = break_on(d, name)
        assert not answer.verified
        stop = d.client.run()
        assert ("function breakpoint", x) == (stop.reason, d.locals()["x"])
        assert 0 == d.run_to_end()
        assert "encoded1\tdecoded2\tdeep3\n" == d.output("stdout")


@pytest.mark.lua("5.4")
def test_a_module_that_returns_a_table_of_its_functions(debug):
    """Its keys are names of the functions, made there or named there."""
    module = """
        local function work(x) return x end
        return { run = work, stop = function(x) return x end, run_not = print }
    """
    with debug(
        f"{FOUND}\nlocal tasks = require('tasks') print(tasks.run(1), tasks.stop(2))",
        {"tasks.lua": module},
    ) as d:
        break_on(d, "tasks.run", "tasks.stop")
        d.client.run()
        assert "1" == d.locals()["x"]
        d.continue_()
        assert "2" == d.locals()["x"]
        assert 0 == d.run_to_end()


@pytest.mark.lua("5.4")
@pytest.mark.parametrize("name", ["viaG", "_G.viaG", "Alias", "Class.alias", "impl"])
def test_a_function_by_another_name_that_the_text_gives_it(debug, name):
    """A field of ``_G`` is a global, and ``Alias = impl`` a name of ``impl``."""
    with debug("""
        local function impl(x) return x end
        Class, Alias = {}, impl
        Class.alias = Alias
        function _G.viaG(x) return x end
        print(Class.alias(1), viaG(1))
    """) as d:
        (answer,) = break_on(d, name)
        assert answer.verified
        assert "function breakpoint" == d.client.run().reason
        assert "1" == d.locals()["x"]
        assert 0 == d.run_to_end()
