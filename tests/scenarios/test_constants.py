"""Names that cannot be assigned to: constants, loop variables, declared globals."""

import pytest

from dap_server.client import RequestFailed


def refused(d, name, scope="Locals"):
    """What setVariable and setExpression say of a name; both have to refuse."""
    with pytest.raises(RequestFailed) as first:
        d.set_variable(name, "5", scope)
    with pytest.raises(RequestFailed) as second:
        d.requests.set_expression(expression=name, value="5", frame_id=d.stop.frame.id)
    return str(first.value) + str(second.value)


@pytest.mark.lua("5.4", "5.5")
def test_constants_without_a_register(debug):
    """A constant that the compiler knew is no variable any more; its value is read in the text."""
    with debug("""
        local K <const> = 42
        local name <const> = "text"
        local t <const> = { K }
        local sum <const> = -(1 + 2) * 3
        local function f()
          local up = K        -- @inside
          return up
        end
        print(K, name, t[1], f(), sum)  -- @here
    """) as d:
        d.break_at("inside", condition="K == 42 and name == 'text'")
        d.break_at("here")
        d.run()
        assert "{42}" == d.locals()["t"]
        assert ["42", '"text"', "-9"] == [d.evaluate(each) for each in ("K", "name", "sum")]
        assert "42" == d.evaluate("K", context="hover")
        for each in ("K", "name", "sum"):
            with pytest.raises(RequestFailed, match=f"{each} is declared <const>"):
                d.requests.set_expression(expression=each, value="5", frame_id=d.stop.frame.id)
        assert 2 == refused(d, "t").count("t is declared <const>")
        assert "inside" == d.walk("go")
        assert "43" == d.evaluate("K + 1")
        assert 0 == d.run_to_end()
        assert "42\ttext\t42\t42\t-9\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
def test_constants_as_upvalues(debug):
    """An upvalue that was declared <const> is refused as well, and one of its name is not."""
    with debug(
        """
        local limit <const>, other = { 10 }, 1
        local function f()
          local inner = limit   -- @here
          return inner, other
        end
        do
          local limit = 7
          limit = limit + 1     -- @free
        end
        print(f()[1])
    """.replace("f()[1]", "(f())[1]")
    ) as d:
        d.break_at("free")
        d.break_at("here")
        d.run()
        d.set_variable("limit", "8")
        d.continue_()
        assert 2 == refused(d, "limit", "Upvalues").count("limit is declared <const>")
        d.set_variable("other", "2", "Upvalues")
        assert 0 == d.run_to_end()
        assert "10\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
@pytest.mark.parametrize("text", ["limit = 5", "free, limit = 1, 2", "door = nil", "K = 1"])
def test_assigning_a_constant_in_the_console(debug, text):
    """A statement that assigns a constant fails and says why; other names can be assigned."""
    with debug("""
        local door <close> = setmetatable({}, { __close = function() print("closed") end })
        local limit <const>, K <const> = { 10 }, 3
        local free = 1
        print(free, limit[1], K)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match="is declared <"):
            d.evaluate(text, context="repl")
        d.evaluate("free = 2", context="repl")
        assert 0 == d.run_to_end()
        assert "2\t10\t3\nclosed\n" == d.output("stdout")


@pytest.mark.lua("5.5")
def test_loop_variables_of_lua_55(debug):
    """Lua 5.5 made the control variables of loops read-only: assigning them is refused."""
    with debug("""
        for i = 1, 2 do
          print(i)      -- @numeric
        end
        for k, v in pairs({ "x" }) do
          print(k, v)   -- @generic
        end
    """) as d:
        d.break_at("numeric", hit_condition="1")
        d.break_at("generic")
        d.run()
        assert 2 == refused(d, "i").count("i is the variable of a loop")
        d.continue_()
        assert 2 == refused(d, "k").count("k is the variable of a loop")
        d.set_variable("v", "'y'")
        assert 0 == d.run_to_end()
        assert "1\n2\n1\ty\n" == d.output("stdout")


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "luajit2.0", "luajit2.1")
def test_loop_variables(debug):
    """Elsewhere a loop variable is a local like others; the loop goes on with its own count."""
    with debug("""
        for i = 1, 2 do
          print(i)      -- @numeric
        end
    """) as d:
        d.break_at("numeric")
        d.run()
        d.set_variable("i", "7")
        d.continue_()
        assert "2" == d.locals()["i"]
        assert 0 == d.run_to_end()
        assert "7\n2\n" == d.output("stdout")


@pytest.mark.lua("5.5")
def test_declared_globals(debug):
    """``global`` declarations: a declared name can be set, one declared <const> is refused."""
    with debug("""
        global print, counter
        global limit <const>
        counter = 1
        print(counter)  -- @here
        print(counter, limit)
    """) as d:
        d.break_at("here")
        d.run()
        assert "1" == d.evaluate("counter")
        here = d.stop.frame.id
        d.requests.set_expression(expression="counter", value="5", frame_id=here)
        with pytest.raises(RequestFailed, match="limit is declared <const>"):
            d.requests.set_expression(expression="limit", value="5", frame_id=here)
        with pytest.raises(RequestFailed, match="limit is declared <const>"):
            d.evaluate("limit = 5", context="repl")
        assert 0 == d.run_to_end()
        assert "5\n5\tnil\n" == d.output("stdout")
