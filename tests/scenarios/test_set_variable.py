"""Changing a stopped program: setVariable in every kind of container, setExpression, and after."""

import pytest

from dap_server.client import RequestFailed

PLACES = """
    local up = 1
    glob = 2
    local t = { field = 3, ["two words"] = 4, [1.5] = 5, [true] = 6, 10, 20 }
    local meta = {}
    local object = setmetatable({ x = 1 }, meta)
    local function work(a)
      local b = a  -- @work
      up = up + b
      return up, b  -- @here
    end
    print(work(5))
    print(up, glob, t.field, t[1], object.x)
"""


def ref(d, scope):
    """The reference of a scope."""
    return d.scopes()[scope].variables_reference


def change(d, container, name, value):
    """Set a variable, and say what it is then."""
    return d.requests.set_variable(variables_reference=container, name=name, value=value).value


def test_locals_parameters_and_upvalues(debug):
    """A local, a parameter and an upvalue are changed for the program, not for the view."""
    with debug(PLACES) as d:
        d.break_at("work")
        d.run()
        assert "7" == change(d, ref(d, "Locals"), "a", "7")
        assert "100" == change(d, ref(d, "Upvalues"), "up", "100")
        assert d.run_to_end() == 0
        assert "107\t7\n107\t2\t3\t10\t1\n" == d.output("stdout")


def test_globals_fields_and_items(debug):
    """Globals, fields of any key and items of lists are set where they are."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        main = d.stack()[1].id
        t = d.variable("t", frame=main).variables_reference
        for name, value in (
            ("field", "30"),
            ('["two words"]', "40"),
            ("[1.5]", "50"),
            ("[true]", "60"),
            ("[1]", "70"),
        ):
            assert value == change(d, t, name, value)
        assert {"30", "40", "50", "60", "70", "20"} == set(d.children(t).values())
        assert "22" == change(d, ref(d, "Globals"), "glob", "22")
        d.run_to_end()
        assert d.output("stdout").endswith("\t22\t30\t70\t1\n")


@pytest.mark.every_transport
def test_values_are_expressions_of_the_frame(debug):
    """What is assigned is any expression: tables, calls, other variables, nil; never its text."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        locals_ = ref(d, "Locals")
        assert "{}" == change(d, locals_, "b", "{}")
        assert "12" == change(d, locals_, "b", "a + 7")
        assert '"AB"' == change(d, locals_, "b", "string.upper('ab')")
        assert "nil" == change(d, locals_, "b", "nil")
        assert '"x\\ny"' == change(d, locals_, "b", '"x\\ny"')
        answer = d.requests.set_variable(
            variables_reference=locals_, name="b", value="{ n = { 1, 2 }, 5 }"
        )
        assert (1, 1, "table") == (answer.indexed_variables, answer.named_variables, answer.type)
        assert {"[1]": "5", "n": "{1, 2}"} == d.children(answer.variables_reference)


def test_what_cannot_be_is_refused_and_changes_nothing(debug):
    """A wrong expression, an unknown name, what is read only: refused with the reason."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        locals_ = ref(d, "Locals")
        for name, value, reason in (
            ("b", "1 +", "unexpected symbol"),
            ("b", "nothere.x", "index"),
            ("b", "error('no')", "no"),
            ("nosuch", "1", "no variable nosuch"),
        ):
            with pytest.raises(RequestFailed, match=reason):
                change(d, locals_, name, value)
        assert {"a": "5", "b": "5"} == d.locals()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", "An expression is expected."),
        ("-- nothing", "An expression is expected."),
        ("changed()", ""),
        ("1, changed()", "A single expression is expected."),
        ("return changed()", "An expression is expected."),
        ("changed() changed()", "An expression is expected."),
        ("1 +", "unexpected symbol near"),
    ],
)
def test_a_value_is_one_expression(debug, value, told):
    """What is none changes nothing, and nothing of it runs; a call may have more values than one."""
    with debug("""
        local x, count = 1, 0
        function changed() count = count + 1 return 7, 8 end
        print(count)  -- @here
        print(x)
    """) as d:
        d.break_at("here")
        d.run()
        for ask in (
            lambda: d.client.set_variable("x", value),
            lambda: d.requests.set_expression(
                expression="x", value=value, frame_id=d.stop.frame.id
            ),
        ):
            if told:
                with pytest.raises(RequestFailed, match=told):
                    ask()
            else:
                ask()
        changes, x = ("0", "1") if told else ("2", "7")
        assert (changes, x) == (d.evaluate("count"), d.evaluate("x"))


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "This cannot be assigned to: an expression is expected."),
        ("x, y", "This cannot be assigned to: a single expression is expected."),
        ("x +", "This cannot be assigned to: unexpected symbol near"),
    ],
)
def test_a_target_is_one_expression(debug, target, told):
    """What is refused is told in terms of what was typed."""
    with debug("""
        local x, y = 1, 2
        print(x, y)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match=told) as refused:
            d.requests.set_expression(expression=target, value="5", frame_id=d.stop.frame.id)
        assert ")" not in str(refused.value)
        assert ("1", "2") == (d.evaluate("x"), d.evaluate("y"))


def test_new_fields_can_be_added(debug):
    """Setting a field that is not there adds it, as an assignment would."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        t = d.variable("t", frame=d.stack()[1].id).variables_reference
        assert "1" == change(d, t, "fresh", "1")
        assert "1" == d.children(t)["fresh"]


def test_metatables_and_upvalues_of_functions(debug):
    """A metatable can be exchanged, an upvalue of any function value be set."""
    with debug("""
        local n = 1
        local function counter() n = n + 1; return n end
        local object = setmetatable({}, { __index = { color = "red" } })
        local other = { __index = { color = "blue" } }
        print(counter(), object.color)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        assert "41" == change(d, d.variable("counter").variables_reference, "n", "41")
        fields = d.variable("object").variables_reference
        change(d, fields, "[[metatable]]", "other")
        d.run_to_end()
        assert "42\tblue\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_constants_are_refused(debug):
    """``<const>`` and ``<close>`` variables stay what they are, and the reason is told."""
    with debug("""
        local limit <const> = { 10 }
        local door <close> = setmetatable({}, { __close = function() end })
        local free = 1
        print(limit, door, free)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        for name, attribute in (("limit", "const"), ("door", "close")):
            with pytest.raises(RequestFailed, match=f"declared <{attribute}>"):
                d.set_variable(name, "5")
            with pytest.raises(RequestFailed, match=f"<{attribute}>"):
                d.requests.set_expression(expression=name, value="5", frame_id=d.stop.frame.id)
        assert "2" == d.set_variable("free", "2")


def test_clients_are_told_that_values_changed(debug):
    """After an assignment ``invalidated`` follows the answer, for clients that want it."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        change(d, ref(d, "Locals"), "b", "1")
        assert ["variables"] == d.wait_for("invalidated")["areas"]
        d.requests.set_expression(expression="b", value="2", frame_id=d.stop.frame.id)
        assert ["variables"] == d.wait_for("invalidated")["areas"]
        d.evaluate("b = 3", context="repl")
        assert ["variables"] == d.wait_for("invalidated")["areas"]


def test_clients_that_cannot_take_the_hint_are_not_told(debug):
    """Without ``supportsInvalidatedEvent`` no such event is sent."""
    with debug(PLACES) as d:
        d.initialize(supports_invalidated_event=False)
        d.break_at("here")
        d.run()
        change(d, ref(d, "Locals"), "b", "1")
        d.run_to_end()
        assert [] == d.frames.received("invalidated")


def test_expressions_are_assigned(debug):
    """An expression may be whatever can stand left of ``=``, in the frame that is given."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        here, main = (each.id for each in d.stack()[:2])

        def assign(expression, value, frame):
            answer = d.requests.set_expression(expression=expression, value=value, frame_id=frame)
            return answer.value

        assert "50" == assign("t.field", "50", main)
        assert "51" == assign("t['field']", "t.field + 1", main)
        assert "9" == assign("object.x", "9", main)
        assert "8" == assign("b", "a + 3", here)
        assert "6" == assign("up", "up", here)
        assert "3" == assign("fresh_global", "3", here)
        assert "3" == d.evaluate("fresh_global")
        for wrong in ("1 + 1", "f()", "nil", "a, b"):
            with pytest.raises(RequestFailed):
                assign(wrong, "1", here)
        d.run_to_end()
        assert "6\t8\n6\t2\t51\t10\t9\n" == d.output("stdout")


def test_a_global_without_a_frame(debug):
    """Without a frame setExpression assigns globals."""
    with debug(PLACES) as d:
        d.break_at("here")
        d.run()
        answer = d.requests.set_expression(expression="glob", value="77")
        assert ("77", "number") == (answer.value, answer.type)
        d.run_to_end()
        assert "\t77\t" in d.output("stdout")


def test_an_upvalue_shared_by_two_closures_changes_for_both(debug):
    """A shared upvalue is one variable, whoever's frame it is changed in."""
    with debug("""
        local shared = 1
        local function read() return shared end
        local function write()
          shared = shared + 1  -- @here
          return shared
        end
        write()
        print(read())
    """) as d:
        d.break_at("here")
        d.run()
        d.set_variable("shared", "10", "Upvalues")
        d.run_to_end()
        assert "11\n" == d.output("stdout")


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_setting_a_vararg_by_its_name(debug):
    """The name that a vararg is evaluated by, as a watch has it, can be assigned to."""
    with debug("""
        local function f(...)
          local n = 1           -- @here
          print(n, ...)
        end
        f("a", nil, "c")
    """) as d:
        d.break_at("here")
        d.run()
        frame = d.stop.frame.id
        for index in (2, 3):
            name = f"(select({index}, ...))"
            d.requests.set_expression(expression=name, value=f"'new {index}'", frame_id=frame)
            assert f'"new {index}"' == d.evaluate(name)
        with pytest.raises(RequestFailed, match="cannot be assigned to"):
            d.requests.set_expression(expression="(select(4, ...))", value="1", frame_id=frame)
        assert 0 == d.run_to_end()
        assert "1\ta\tnew 2\tnew 3\n" == d.output("stdout")
