"""Assigning to what stands under odd keys, and in odd places."""

import pytest

KEYS = """
    local key, other = { "k" }, function() end
    local t = {
      [1.5] = 1, [true] = 2, [false] = 3, [-1] = 4, [key] = 5, [other] = 6,
      ["a b"] = 7, [""] = 8, ["1"] = 9, [1] = 10, ["end"] = 11, ["q\\"\\n"] = 12, ["é"] = 13,
      [2^53] = 14, [-0.5] = 15, ["x\\0y"] = 16, [1/0] = 17,
    }
    local x = 20
    print("stop")  -- @here
    local sum = 0
    for _, v in pairs(t) do sum = sum + v end
    print(sum)
"""


def test_every_key_can_be_assigned(debug):
    """Whatever the key is, the field that is shown is the one that is set, to any expression."""
    with debug(KEYS) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference
        fields = [each for each in d.variables(ref) if each.name != "[[metatable]]"]
        assert sorted(map(str, range(1, 18))) == sorted(each.value for each in fields)
        assert 17 == len({each.name for each in fields})
        for each in fields:
            answer = d.requests.set_variable(
                variables_reference=ref, name=each.name, value=f"{each.value} + x"
            )
            assert str(int(each.value) + 20) == answer.value, each.name
        assert sorted(map(str, range(21, 38))) == sorted(d.children(ref).values())
        assert 0 == d.run_to_end()
        assert f"{sum(range(21, 38))}" in d.output("stdout").replace(".0", "")


def test_odd_keys_can_be_assigned_by_name(debug):
    """The evaluateName of a field is an expression that setExpression takes."""
    with debug(KEYS) as d:
        d.break_at("here")
        d.run()
        fields = d.variables(d.variable("t").variables_reference)
        named = [each for each in fields if each.evaluate_name and each.name != "[[metatable]]"]
        assert len(named) >= 15  # what has no name of its own is told no expression
        for each in named:
            d.requests.set_expression(
                expression=each.evaluate_name, value=f"-{each.value}", frame_id=d.stop.frame.id
            )
            assert f"-{each.value}" == d.evaluate(each.evaluate_name), each.name


def test_what_is_assigned_is_any_expression(debug):
    """Tables, functions, nil, text with line ends, other variables: never the text itself."""
    with debug("""
        local t = { a = 1 }
        local n = 2
        print(t.a)  -- @here
        print(type(t.a), n)
    """) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference

        def assign(value):
            return d.requests.set_variable(variables_reference=ref, name="a", value=value).value

        assert "{}" == assign("{}")
        assert "3" == assign("n + 1")
        assert '"x\\n"' == assign('"x\\n"')
        assert '"two\\nlines"' == assign("[[two\nlines]]")
        assert assign("function() return n end").startswith("function")
        assert "nil" == assign("nil")
        assert "a" not in d.children(ref)
        d.evaluate("t.a = {}", context="repl")
        assert 0 == d.run_to_end()
        assert "{}" != d.output("stdout").split()[0]


def test_an_upvalue_of_a_frame_that_is_active(debug):
    """A variable of an outer function that runs is one with the upvalue of the inner one."""
    with debug("""
        local function outer()
          local shared = 1
          local function inner()
            shared = shared + 1  -- @inner
            return shared
          end
          return inner(), shared
        end
        print(outer())
    """) as d:
        d.break_at("inner")
        d.run()
        d.set_variable("shared", "10", "Upvalues")
        assert "10" == d.locals(d.stack()[1].id)["shared"]
        outer = d.scopes(d.stack()[1].id)["Locals"].variables_reference
        d.requests.set_variable(variables_reference=outer, name="shared", value="20")
        assert "20" == d.evaluate("shared")
        assert 0 == d.run_to_end()
        assert "21\t21\n" == d.output("stdout")


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5")
def test_a_local_environment(debug):
    """Where ``_ENV`` is a local, globals are its fields, and assigning changes that table."""
    with debug("""
        local print = print
        local box = { x = 1 }
        do
          local _ENV = box
          y = 2
          print(x, y)  -- @here
          print(x, z)
        end
    """) as d:
        d.break_at("here")
        d.run()
        assert ("1", "2") == (d.evaluate("x"), d.evaluate("y"))
        assert {"x": "1", "y": "2"} == d.scope("Globals")
        d.set_variable("x", "'changed'", "Globals")
        d.requests.set_expression(expression="z", value="3", frame_id=d.stop.frame.id)
        assert '"changed"' == d.evaluate("box.x")
        assert 0 == d.run_to_end()
        assert "changed\t2\nchanged\t3\n" == d.output("stdout")


@pytest.mark.lua("5.1", "luajit2.0", "luajit2.1")
def test_a_function_with_an_environment_of_its_own(debug):
    """``setfenv``: what the function's globals are, assigning included."""
    with debug("""
        local box = { print = print, x = 1 }
        local function f()
          print(x)  -- @here
          print(x, y)
        end
        setfenv(f, box)
        f()
        print(box.y, rawget(_G, "y"))
    """) as d:
        d.break_at("here")
        d.run()
        assert "1" == d.evaluate("x")
        d.set_variable("x", "5", "Globals")
        d.requests.set_expression(expression="y", value="x + 1", frame_id=d.stop.frame.id)
        assert 0 == d.run_to_end()
        assert "5\n5\t6\n6\tnil\n" == d.output("stdout")
