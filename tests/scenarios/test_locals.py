"""What is a local of a frame, which ones there are, and from where on."""

import pytest

from dap_server.client import RequestFailed


def test_before_and_after_a_declaration(debug):
    """A local is there from the statement behind its declaration on; before, the outer one is."""
    with debug("""
        local a = 1
        local b                 -- @first
        do
          local a = a + 1       -- @inner
          local c = a           -- @second
          print(a, b, c)        -- @third
        end
        print(a)                -- @last
    """) as d:
        for mark in ("first", "inner", "second", "third", "last"):
            d.break_at(mark)
        d.run()
        assert {"a": "1"} == d.locals()
        d.continue_()
        assert {"a": "1", "b": "nil"} == d.locals()
        assert "1" == d.evaluate("a")
        d.continue_()
        assert {"a": "2", "b": "nil", "a (shadowed)": "1"} == d.locals()
        d.continue_()
        assert {"c": "2", "a": "2", "b": "nil", "a (shadowed)": "1"} == d.locals()
        d.continue_()
        assert {"a": "1", "b": "nil"} == d.locals()
        assert 0 == d.run_to_end()


def test_only_what_the_program_names(debug):
    """Temporary values and the state of loops are Lua's own and not shown."""
    with debug("""
        local function f(x) return x end
        for i = 1, 2 do
          for k, v in pairs({ x = 1 }) do
            local s = f(i) .. f(  -- @here
              k)
            print(s, v)
          end
        end
    """) as d:
        d.break_at("here")
        d.run()
        assert {"f", "i", "k", "v"} == set(d.locals())
        d.step_in()
        assert all("(" not in name for name in d.locals())


MANY = "local v{0} = {0}\n"


def test_two_hundred_locals(debug):
    """As many locals as Lua allows are listed, in pages too, evaluated and changed."""
    text = "".join(MANY.format(n) for n in range(1, 201))
    with debug(text + "print(v1)  -- @here\nprint(v200)\n") as d:
        d.break_at("here")
        d.run()
        assert {f"v{n}": str(n) for n in range(1, 201)} == d.locals()
        assert "401" == d.evaluate("v1 + v200 + v100 + v100")
        assert "0" == d.set_variable("v200", "0")
        page = d.requests.variables(
            variables_reference=d.scopes()["Locals"].variables_reference, start=100, count=3
        ).variables
        assert 3 == len(page)
        d.run_to_end()
        assert "1\n0\n" == d.output("stdout")


def upvalues(count):
    """A function with that many upvalues, spread over two functions around it."""
    first = min(count, 150)
    lines = ["local function outer()"]
    lines += [f"local v{n} = {n}" for n in range(1, first + 1)]
    lines += ["return (function()"]
    lines += [f"local v{n} = {n}" for n in range(first + 1, count + 1)]
    names = [f"v{n}" for n in range(1, count + 1)]
    lines += ["local function inner()", f"local all = {{ {', '.join(names)} }}"]
    lines += [
        "v1 = 0",
        "print(#all)  -- @here",
        f"return v{count}",
        "end",
        "return inner()",
        "end)()",
        "end",
    ]
    return "\n".join([*lines, "print(outer())", ""])


def test_very_many_upvalues(debug, lua):
    """A function with as many upvalues as Lua allows shows and changes them all."""
    count = 58 if lua in ("5.1", "luajit2.0", "luajit2.1") else 253  # and those of the library
    with debug(upvalues(count)) as d:
        d.break_at("here")
        d.run()
        shown = d.scope("Upvalues")
        assert count <= len(shown) <= count + 1
        assert ("0", str(count)) == (shown["v1"], shown[f"v{count}"])
        assert str(count) == d.evaluate(f"v{count} + v1")
        d.set_variable(f"v{count}", "'last'", "Upvalues")
        assert 0 == d.run_to_end()
        assert f"{count}\nlast\n" == d.output("stdout")


def test_an_outer_variable_that_was_not_captured(debug):
    """A function does not carry what it does not use: evaluating that says so, and why."""
    with debug("""
        local used, unused = 1, 2
        local function f()
          return used           -- @here
        end
        print(f(), unused, rawget(_G, "unused"))
        local later
    """) as d:
        d.break_at("here")
        d.run()
        assert "1" == d.evaluate("used")
        for context in ("watch", "hover", "variables", "repl"):
            with pytest.raises(RequestFailed, match="'unused' is a local of an outer function"):
                d.evaluate("unused", context=context)
        with pytest.raises(RequestFailed, match="'unused' is a local of an outer function"):
            d.evaluate("unused = 5", context="repl")
        assert "nil" == d.evaluate("later")
        assert "2" == d.evaluate("unused", frame=d.stack()[1].id)
        assert 0 == d.run_to_end()
        assert "1\t2\tnil\n" == d.output("stdout")


def test_a_global_named_like_an_outer_variable(debug):
    """A global that there is counts, though the text means a variable that was not captured."""
    with debug("""
        unused = "global"
        local unused = "local"
        local function f()
          return 1              -- @here
        end
        print(f(), unused)
        print(_G.unused)
    """) as d:
        d.break_at("here")
        d.run()
        assert '"global"' == d.evaluate("unused")
        d.evaluate("unused = 'changed'", context="repl")
        assert 0 == d.run_to_end()
        assert "1\tlocal\nchanged\n" == d.output("stdout")


@pytest.mark.lua("5.1")
def test_varargs_of_lua_51(debug):
    """Lua 5.1 shows nobody what ``...`` holds: there is no such scope, and ``...`` says why."""
    with debug("""
        local function f(...)
          local n = select("#", ...)
          return n              -- @here
        end
        print(f(7, nil, 9))
    """) as d:
        d.break_at("here")
        d.run()
        assert "Varargs" not in d.scopes()
        assert "3" == d.locals()["n"]
        with pytest.raises(RequestFailed, match=r"5\.1"):
            d.evaluate("...")


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_varargs_that_end_in_nil(debug):
    """Holes, nils at the end and none at all: ``...`` has the length that it was called with."""
    with debug("""
        local function f(a, ...)
          return a              -- @here
        end
        f(1, 7, nil, 9)
        f(1, nil, nil)
        f(1)
        print("end")
    """) as d:
        d.break_at("here")
        d.run()
        seen = []
        while d.client.stop is not None and d.at(d.client.stop) == "here":
            listed = list(d.scope("Varargs").values()) if "Varargs" in d.scopes() else []
            seen.append((listed, d.evaluate("select('#', ...)")))
            d.requests.continue_(thread_id=1)
            d.wait_for_stop()
        assert [(["7", "nil", "9"], "3"), (["nil", "nil"], "2"), ([], "0")] == seen
