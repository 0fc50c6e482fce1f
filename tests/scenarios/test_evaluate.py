"""Evaluate: every context, every frame, statements, several values, and what goes wrong."""

import pytest

from dap_server.client import RequestFailed
from dap_server.protocol import generated as dap

FRAMES = """
    local up = 10
    glob = "g"
    local function inner(a, ...)
      local b = a * 2
      local t = { x = { y = 3 } }
      print(a, b, up)  -- @inner
      return b
    end
    local function outer(a)
      local only_here = "outer"
      local result = inner(a + 1, "v1", nil, "v3")
      return result, only_here
    end
    outer(4)
    print(glob)
"""


def test_expressions_in_the_frame_where_it_stands(debug):
    """Locals, parameters, upvalues, globals and the library are all at hand."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        assert "16" == d.evaluate("a + b + up - 9")
        assert '"G"' == d.evaluate("string.upper(glob)")
        assert "3" == d.evaluate("t.x.y")
        assert "nil" == d.evaluate("nosuch")
        assert "true" == d.evaluate("a == 5 and b ~= nil")
        assert '"5 10"' == d.evaluate("a .. ' ' .. b")


def test_expressions_in_any_frame(debug):
    """Each frame has its own variables, and a name means what it means there."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        inner, outer, main = (each.id for each in d.stack())
        assert ["5", "4", "nil"] == [d.evaluate("a", each) for each in (inner, outer, main)]
        assert '"outer"' == d.evaluate("only_here", outer)
        assert "nil" == d.evaluate("only_here", inner)
        d.evaluate("a = 40", outer, context="repl")
        assert ["5", "40"] == [d.evaluate("a", each) for each in (inner, outer)]


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_varargs_in_expressions(debug):
    """``...`` is what it is in the frame, nil values in the middle included."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        assert "3" == d.evaluate("select('#', ...)")
        assert '"v1", nil, "v3"' == d.evaluate("...")
        assert '"v3"' == d.evaluate("(select(3, ...))")


@pytest.mark.lua("5.1")
def test_varargs_lua_does_not_tell(debug):
    """Lua 5.1 has no way to them from outside, and that is what the answer says."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        with pytest.raises(RequestFailed, match=r"Lua 5\.1 does not tell"):
            d.evaluate("...")


def test_several_values(debug):
    """All values of a call are shown, and each can be opened."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        answer = d.requests.evaluate(
            expression="1, nil, { 5 }", frame_id=d.stop.frame.id, context="repl"
        )
        assert ("1, nil, {5}", 3) == (answer.result, answer.indexed_variables)
        assert {"[1]": "1", "[2]": "nil", "[3]": "{5}"} == d.children(answer.variables_reference)
        assert '"a", "b"' == d.evaluate("('a b'):match('(%a) (%a)')")


@pytest.mark.every_transport
def test_statements_in_the_debug_console(debug):
    """Assignments, loops, calls and local functions run, and write to the frame."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()

        def type_in(text):
            return d.evaluate(text, context="repl")

        assert "" == type_in("b = 77")
        assert "" == type_in("up = up + 1")
        assert "" == type_in("for i = 1, 3 do b = b + i end")
        assert "" == type_in("local x = 5; glob = x")
        assert "" == type_in("function made() return 'made' end")
        assert '"made"' == type_in("made()")
        assert "83" == type_in("= b")
        assert "83" == type_in("return b -- with a comment")
        assert "83" == type_in("\n  b\n")
        assert "11" == type_in("if up > 5 then\n  return up\nend")
        d.run_to_end()
        assert "5\t83\t11\n5\n" == d.output("stdout")


def test_what_goes_wrong_is_said_in_lua_s_words(debug):
    """Errors of the expression are its answer; the program and the session go on."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        for expression, reason in (
            ("1 +", "unexpected symbol|unexpected <eof>|unexpected symbol near"),
            ("nosuch.field", "attempt to index"),
            ("error('boom')", "boom"),
            ("error({ code = 4 })", "code = 4"),
            ("error(setmetatable({}, { __tostring = function() return 'told' end }))", "told"),
            ("coroutine.yield(1)", "yield"),
            ("os.exit(3)", "os.exit"),
            ("for", "expected"),
            ("string.rep('x', -1, 2, 3)()", "call"),
        ):
            with pytest.raises(RequestFailed, match=reason):
                d.evaluate(expression)
        assert {"a": "5", "b": "10"} == {n: d.locals()[n] for n in ("a", "b")}
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("expression", "kind"),
    [("f()", "local 'f'"), ("f.x.y", "local 'f'"), ("up()", "upvalue 'up'"), ("g()", "global 'g'")],
)
def test_what_goes_wrong_is_said_of_the_kind_of_variable(debug, expression, kind):
    """A local that cannot be called is no global, though evaluated text finds all names as such."""
    with debug("""
        local up = 1
        g = 2
        local function work()
          local f = 3
          return f + up  -- @here
        end
        work()
    """) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match="f" if "x.y" in expression else kind) as refused:
            d.evaluate(expression)
        assert ("global" in str(refused.value)) == ("global" in kind)


def test_globals_that_refuse_unknown_names(debug):
    """What such a metatable says has no place in the debugger."""
    with debug("""
        setmetatable(_G, { __index = function(_, name) error("undeclared " .. name, 2) end })
        print("stop")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed) as refused:
            d.evaluate("nosuch")
        assert "evaluate: undeclared nosuch" == str(refused.value)


def test_evaluated_code_is_where_its_frame_is(debug):
    """``debug.traceback`` and ``coroutine.running`` answer as if they stood in the program there."""
    with debug("""
        local function inner()
          seen = coroutine.running()
          print("stop")  -- @here
        end
        local co = coroutine.create(function() inner() end)
        coroutine.resume(co)
        print("main")  -- @main
    """) as d:
        d.break_at("here")
        d.break_at("main")
        d.run()
        assert "true" == d.evaluate("coroutine.running() == seen")
        text = d.evaluate("debug.traceback('words')")
        assert text.startswith('"words\\nstack traceback:\\n')
        assert f":{d.line('here')}: in" in text
        assert "true" == d.evaluate(
            "(coroutine.wrap(function() return coroutine.running() ~= seen end))()"
        )
        d.continue_()
        assert "false" == d.evaluate("coroutine.running() == seen")
        assert f":{d.line('main')}: in" in d.evaluate("debug.traceback()")


def test_a_result_can_be_opened(debug):
    """Results of watches carry types, sizes, children and hints as variables do."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        answer = d.requests.evaluate(
            expression="{ 1, 2, k = { z = 1 } }", frame_id=d.stop.frame.id, context="watch"
        )
        assert ("table", 2, 1) == (answer.type, answer.indexed_variables, answer.named_variables)
        assert {"[1]": "1", "[2]": "2", "k": "{z = 1}"} == d.children(answer.variables_reference)
        answer = d.requests.evaluate(expression="t", frame_id=d.stop.frame.id, context="watch")
        (child,) = d.variables(answer.variables_reference)
        assert ("x", "t.x") == (child.name, child.evaluate_name)


def test_contexts_agree(debug):
    """A value reads the same in a watch, the console, the variables view and a hover."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        answers = {
            context: d.evaluate("t", context=context)
            for context in ("watch", "repl", "hover", "variables", "something else")
        }
        assert {"{x = {y = 3}}"} == set(answers.values())
        answer = d.requests.evaluate(expression="b", frame_id=d.stop.frame.id)
        assert "10" == answer.result


def test_the_clipboard_gets_everything(debug):
    """Copying a value gives Lua text that makes the value again, whole."""
    with debug("""
        local t = { 1, "two", nested = { deep = { deeper = { deepest = true } } }, ["a b"] = 1.5 }
        local s = "line\\n\\0\\255end"
        local long = {}
        for i = 1, 2000 do long[i] = i end
        print(t, s)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        text = d.evaluate("t", context="clipboard")
        assert "deepest = true" in text
        assert "1.5" == d.evaluate(f"({text})['a b']")
        assert "true" == d.evaluate(f"({text}).nested.deep.deeper.deepest")
        assert "line\n\0\\xFFend" == d.evaluate("s", context="clipboard")  # a string is its text
        long = d.evaluate("long", context="clipboard")
        assert "2000" == d.evaluate(f"#({long})")


def test_without_a_frame_globals_are_meant(debug):
    """An expression without a frame sees globals only, whatever the program stands in."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        asked = d.requests.evaluate
        assert '"g"' == asked(expression="glob").result
        assert "nil" == asked(expression="a").result
        asked(expression="glob = 'changed'", context="repl")
        d.run_to_end()
        assert d.output("stdout").endswith("changed\n")


def test_by_source_and_line_instead_of_a_frame(debug):
    """A hover may tell a place instead of a frame: the innermost frame there is meant."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        outer = d.stack()[1]
        answer = d.requests.evaluate(
            expression="only_here", source=outer.source, line=outer.line, column=1
        )
        assert '"outer"' == answer.result
        answer = d.requests.evaluate(
            expression="b", source=outer.source, line=d.line("inner"), column=1, context="hover"
        )
        assert "10" == answer.result
        elsewhere = dap.Source(path=str(d.folder / "other.lua"))
        assert '"g"' == d.requests.evaluate(expression="glob", source=elsewhere, line=1).result


def test_while_the_program_runs(debug):
    """A running program answers, too: among its globals, without being stopped."""
    with debug("""
        count = 0
        print("go")
        while not done do count = count + 1 end
        print("done", seen)
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        assert int(d.evaluate("count").partition(".")[0]) >= 0
        assert "" == d.evaluate("seen = 'yes'", context="repl")
        answer = d.requests.evaluate(expression="{ 1, { 2 } }")
        assert {"[1]": "1", "[2]": "{2}"} == d.children(answer.variables_reference)
        with pytest.raises(RequestFailed, match="attempt to"):
            d.evaluate("nosuch.x")
        d.evaluate("done = true", context="repl")
        assert None is d.wait_for_stop()
        assert "go\ndone\tyes\n" == d.output("stdout")


def test_in_frames_of_coroutines(debug):
    """Frames of the running coroutine, of who resumed it and of suspended ones all evaluate."""
    with debug("""
        local function body(name)
          local mine = name .. "!"
          coroutine.yield(mine)
          print(mine)  -- @again
        end
        local first, second = coroutine.create(body), coroutine.create(body)
        coroutine.resume(first, "one")
        coroutine.resume(second, "two")
        local outer = "main"
        coroutine.resume(first)
        print(outer)
    """) as d:
        d.break_at("again")
        d.run()
        assert '"one!"' == d.evaluate("mine")
        main = next(each for each in d.stack() if each.name == "main chunk")
        assert '"main"' == d.evaluate("outer", main.id)
        other = next(each for each in d.requests.threads().threads if "suspended" in each.name)
        frame = next(each for each in d.stack(other.id) if each.source)
        assert '"two!"' == d.evaluate("mine", frame.id)
        d.evaluate("mine = 'changed'", frame.id, context="repl")
        assert '"changed"' == d.evaluate("mine", frame.id)
        d.evaluate("outer = 'also changed'", main.id, context="repl")
        d.run_to_end()
        assert "one!\nalso changed\n" == d.output("stdout")


def test_an_expression_may_call_what_holds_a_breakpoint(debug):
    """Breakpoints do not stop inside of evaluations, and count again afterwards."""
    with debug("""
        local function twice(n)
          return n * 2  -- @twice
        end
        local here = 1  -- @here
        print(twice(here))
    """) as d:
        d.break_at("here")
        d.break_at("twice")
        d.run()
        assert "14" == d.evaluate("twice(7)")
        assert "twice" == d.at(d.continue_())


@pytest.mark.every_transport
def test_output_of_expressions_is_shown(debug):
    """What an expression prints arrives as the program's output does."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        d.evaluate("print('from the console')", context="repl")
        d.wait_for("output", lambda body: "from the console" in body["output"])


def test_very_long_expressions(debug):
    """Ten thousand operands are compiled and computed."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        assert "10000" == d.evaluate("+".join(["1"] * 10000)).removesuffix(".0")
        assert "5" == d.evaluate(" " * 5000 + "a" + " " * 5000)


@pytest.mark.parametrize("opening", ["({})", "{{{}}}"])
def test_expressions_that_are_nested_too_deeply(debug, opening):
    """Lua's compiler refuses them in its own words, wherever they are asked for."""
    nested = "1"
    for _ in range(260):
        nested = opening.format(nested)
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        for context in ("watch", "repl", "clipboard"):
            with pytest.raises(RequestFailed, match=r"overflow|too many|limit") as refused:
                d.requests.evaluate(expression=nested, frame_id=d.stop.frame.id, context=context)
            assert "in the debugger itself" not in str(refused.value)
        with pytest.raises(RequestFailed, match=r"overflow|too many|limit"):
            d.client.set_variable("a", nested)
        answer = d.break_at("inner", condition=nested)[-1]
        assert not answer.verified
        assert "python" not in answer.message
        assert "2" == d.evaluate("1 + 1")


def test_expressions_in_unicode(debug):
    """Text beyond ASCII goes in and comes out as it is."""
    with debug(FRAMES) as d:
        d.break_at("inner")
        d.run()
        assert '"héllo 👋"' == d.evaluate("'héllo 👋'")
        assert "11" == d.evaluate("#'héllo 👋'")
