"""LuaJIT alone: calls from C into Lua, and scripts that have their own idea of the compiler."""

import pytest

pytestmark = pytest.mark.lua("luajit2.0", "luajit2.1")


def test_callbacks_of_c(debug):
    """A function that C calls through the ffi is stopped in, looked at and left."""
    with debug("""
        local ffi = require("ffi")
        ffi.cdef("void qsort(void *, size_t, size_t, int (*)(const int *, const int *));")
        local numbers = ffi.new("int[3]", 3, 1, 2)
        local compare = ffi.cast("int (*)(const int *, const int *)", function(a, b)
          local first, second = a[0], b[0]
          return first - second  -- @compare
        end)
        ffi.C.qsort(numbers, 3, 4, compare)
        compare:free()
        print(numbers[0], numbers[1], numbers[2])  -- @print
    """) as d:
        d.break_at("compare")
        d.break_at("print")
        d.run()
        assert {"first", "second"} <= set(d.locals())
        assert int(d.evaluate("first + second")) in (3, 4, 5)
        d.set_breakpoints(d.path)
        d.break_at("print")
        assert "print" == d.at(d.continue_())
        assert 0 == d.run_to_end()
        assert "1\t2\t3\n" == d.output("stdout")


def test_a_script_that_switches_the_compiler_on(debug):
    """``jit.on`` and ``jit.off`` of the script cost no breakpoint, no pause and no step."""
    with debug("""
        print("go")
        local n = 0
        while not done do
          jit.off() jit.on() jit.flush()
          for i = 1, 100 do
            n = n + i  -- @hot
          end
        end
        print("done")  -- @done
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        d.break_at("hot")
        assert "hot" == d.at(d.wait_for_stop())
        assert "hot" == d.at(d.continue_())
        d.step_over()
        d.set_breakpoints(d.path)
        d.requests.continue_(thread_id=1)
        assert "pause" == d.pause().reason
        d.evaluate("(function() done = true end)()")
        d.break_at("done")
        assert "done" == d.at(d.continue_())
        assert 0 == d.run_to_end()
