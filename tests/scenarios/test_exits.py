"""``os.exit``: the status arrives, and nothing that was written is lost."""

import pytest

EXITS = {
    "from the main chunk": "os.exit(3)",
    "from a function": "local function f() os.exit(3) end f()",
    "from a coroutine": "coroutine.wrap(function() os.exit(3) end)()",
    "from a coroutine under resume": "coroutine.resume(coroutine.create(function() os.exit(3) end))",
    "from inside of pcall": "pcall(function() os.exit(3) end)",
    "as a pcall": "pcall(os.exit, 3)",
    "from a message handler": "xpcall(error, function() os.exit(3) end)",
    "from a callback of sort": "table.sort({ 2, 1 }, function() os.exit(3) end)",
    "from a metamethod": "local x = setmetatable({}, { __index = function() os.exit(3) end }).x",
    "with everything closed": "os.exit(3, true)",
    "closed from a coroutine": "coroutine.wrap(function() os.exit(3, true) end)()",
    "closed from inside of pcall": "pcall(function() os.exit(3, true) end)",
}


@pytest.mark.parametrize("how", EXITS)
def test_the_program_ends_there(debug, how):
    """The status is what it said, all output arrives in its order, and nothing runs afterwards."""
    with debug(f"""
        for i = 1, 2000 do print(i) end
        io.write("no newline")
        io.stderr:write("to stderr")
        {EXITS[how]}
        print("never")
    """) as d:
        assert 3 == d.run_to_end()
        lines = "".join(f"{number}\n" for number in range(1, 2001))
        assert lines + "no newline" == d.output("stdout")
        assert "to stderr" == d.output("stderr")


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5")
def test_closing_runs_finalizers(debug):
    """With a true second argument the state is closed: finalizers run and can still write."""
    with debug("""
        object = setmetatable({}, { __gc = function() print("collected") end })
        os.exit(true, true)
    """) as d:
        assert 0 == d.run_to_end()
        assert "collected\n" == d.output("stdout")


@pytest.mark.lua("5.4", "5.5")
@pytest.mark.parametrize(("closes", "told"), [("true", "closed\n"), ("false", "")])
def test_closing_closes_variables(debug, closes, told):
    """``<close>`` variables of the main thread are closed if the second argument is true."""
    with debug(f"""
        local x <close> = setmetatable({{}}, {{ __close = function() print("closed") end }})
        os.exit(4, {closes})
    """) as d:
        assert 4 == d.run_to_end()
        assert told == d.output("stdout")


def test_an_exit_status_is_a_byte(debug):
    """As for every process: what does not fit is cut."""
    for code, status in (("256", 0), ("257", 1), ("-1", 255), ('"7"', 7)):
        with debug(f"os.exit({code})\n") as d:
            assert status == d.run_to_end()


def test_a_bad_status_is_an_error(debug):
    """It is the script's, at its line, and can be caught."""
    with debug("""
        print((pcall(os.exit, {})))
        os.exit("nonsense")  -- @exit
    """) as d:
        stop = d.run()
        assert "exit" == d.at(stop)
        assert "bad argument #1 to 'exit' (number expected, got" in stop.text
        assert 1 == d.run_to_end()
        assert "false\n" == d.output("stdout")


@pytest.mark.every_transport
def test_stepping_over_an_exit(debug):
    """A step over the call ends with the program."""
    with debug("""
        print("before")  -- @before
        os.exit(5)
        print("never")
    """) as d:
        d.break_at("before")
        d.run()
        assert "2 end" == d.walk("over over")
        assert (5, "before\n") == (d.exit_code, d.output("stdout"))


def test_scripts_call_no_python(debug):
    """A script reaches no function of Python, so none can end it by ``sys.exit``."""
    with debug("""
        local python = python or {}
        print(python.eval, python.builtins)
    """) as d:
        assert 0 == d.run_to_end()
        assert "nil\tnil\n" == d.output("stdout")
