"""Breakpoints added to functions that were loaded, called and perhaps compiled long ago."""

FUNCTIONS = """
    local function leaf(n)
      return n + 1  -- @leaf
    end
    local function calls(n)
      local a = leaf(n)
      return leaf(a)  -- @calls
    end
    local function late_entry(n)
      local function inner()
        return n  -- @inner
      end  -- @made
      local b = inner()
      return b
    end
    local function fails(n)
      if n > 0 then
        error("no")  -- @error
      end
      return n
    end
    local function loops(n)
      local sum = 0
      for i = 1, n do
        sum = sum + i  -- @turn
      end
      return sum
    end
    local function all(n)
      calls(n)
      late_entry(n)
      pcall(fails, n)
      loops(n)
      return coroutine.wrap(leaf)(n)
    end
    for _ = 1, 300 do all(2) end
    print("ready")  -- @ready
    for _ = 1, 300 do all(0) end
    all(2)
    print("between")
    all(2)
"""


def stops_after(d, *marks: str) -> list[int | str]:
    """The marks at which the program stops when breakpoints are added at ``ready``."""
    d.break_at("ready")
    d.run()
    d.client.set_breakpoints(d.path)
    for mark in marks:
        d.break_at(mark)
    found = []
    d.client.requests.continue_(thread_id=d.client.stop.thread)
    while stop := d.wait_for_stop():
        found.append(d.at(stop))
        d.client.requests.continue_(thread_id=stop.thread)
    return found


def test_the_end_of_a_function_that_errors_leave(debug):
    """A line that only the last calls reach stops at each of them."""
    with debug(FUNCTIONS) as d:
        assert ["error"] * 2 == stops_after(d, "error")
        assert 0 == d.client.exit_code


def test_places_all_over(debug):
    """Turns of loops, errors and nested functions stop in the order in which they run."""
    with debug(FUNCTIONS.replace("300 do all(0)", "1 do all(0)")) as d:
        expected = ["leaf", "calls", "leaf", "made", "inner", "error", "turn", "turn", "leaf"]
        without = [mark for mark in expected if mark not in ("error", "turn")]
        assert [*without, *expected, *expected] == stops_after(
            d, "leaf", "calls", "made", "inner", "error", "turn"
        )


def test_a_recursion_and_its_callers(debug):
    """Every activation of a recursion stops, and lines of others do not."""
    with debug("""
        local function fact(n)
          if n == 0 then
            return 1  -- @end
          end
          return n * fact(n - 1)  -- @again
        end
        for _ = 1, 300 do fact(3) end
        print("ready")  -- @ready
        print(fact(2))
        print(fact(1))
    """) as d:
        assert ["again", "again", "end", "again", "end"] == stops_after(d, "again", "end")
