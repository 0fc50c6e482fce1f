"""How control comes to a line with a breakpoint."""

import pytest

from tests.support.places import place, rest, stops


def test_recursion_and_coroutines_on_a_line(debug):
    """Every activation of a line counts once, whoever it belongs to."""
    with debug("""
        local function fact(n)
          if n == 0 then return 1 end
          return n * fact(n - 1)
        end
        print(fact(3))
        local one = coroutine.wrap(fact)
        local two = coroutine.wrap(fact)
        print(one(1), two(2))
    """) as d:
        place(d, 3)
        assert [3] * 6 == stops(d)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_goto_continue(debug):
    """Jumps over lines and to labels visit what they visit."""
    with debug("""
        local n = 0
        for i = 1, 4 do
          if i % 2 == 0 then
            n = n + 0
            goto continue
          end
          n = n + i
          ::continue::
        end
        print(n)
    """) as d:
        place(d, 4, 7)
        assert [7, 4, 7, 4] == stops(d)


@pytest.mark.lua("5.1", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_break_and_float_steps(debug):
    """``break`` is a place; a loop with a fractional step takes its turns.

    (Lua 5.2 and 5.3 count the jump to the line before.)
    """
    with debug("""
        local n = 0
        for x = 0, 1, 0.25 do
          n = n + 1
          if x > 0.6 then
            n = -n
            break
          end
        end
        print(n)
    """) as d:
        place(d, 3, 6)
        assert [3, 3, 3, 3, 6] == stops(d)


def test_callbacks_from_c(debug):
    """Functions that C code calls are stopped in: sort, gsub, load's reader, iterators."""
    with debug("""
        table.sort({ 2, 1 }, function(a, b)
          return a < b  -- @sort
        end)
        string.gsub("a", "a", function(s)
          return s  -- @gsub
        end)
        local given = false
        load(function()
          if given then return nil end
          given = true
          return "return 1"  -- @reader
        end)
        for k in function(_, last)
          if not last then return 1 end  -- @iterator
        end do
          print(k)
        end
    """) as d:
        marks = ("sort", "gsub", "reader", "iterator")
        d.start()
        for mark in marks:
            d.break_at(mark)
        assert {d.line(mark) for mark in marks} == set(stops(d))


def test_metamethods(debug):
    """Metamethods are functions like any other."""
    with debug("""
        local mt = {
          __index = function(t, k)
            return k  -- @index
          end,
          __eq = function(a, b)
            return true  -- @eq
          end,
          __call = function(self)
            return 1  -- @call
          end,
        }
        local a, b = setmetatable({}, mt), setmetatable({}, mt)
        print(a.x, a == b, a())
    """) as d:
        d.start()
        for mark in ("index", "eq", "call"):
            d.break_at(mark)
        assert [d.line(mark) for mark in ("index", "eq", "call")] == stops(d)


@pytest.mark.lua("5.4", "5.5")
def test_to_be_closed_variables(debug):
    """``__close`` runs when a block is left, and can be stopped in."""
    with debug("""
        do
          local x <close> = setmetatable({}, { __close = function()
            print("closing")  -- @close
          end })
          print("in")
        end
        print("out")
    """) as d:
        d.break_at("close")
        stop = d.run()
        assert "close" == d.at(stop)
        assert "in\n" == d.output("stdout")
        assert 0 == d.run_to_end()


FINALIZER = """
    local function collect()
      print("collected")  -- @gc
    end
    if newproxy then
      local proxy = newproxy(true)
      getmetatable(proxy).__gc = collect
    else
      setmetatable({}, { __gc = collect })
    end
    collectgarbage()
    collectgarbage()
    print("alive")
"""


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5")
def test_finalizers(debug):
    """A breakpoint known before stops in ``__gc``, too, although Lua calls no hooks there."""
    with debug(FINALIZER) as d:
        d.break_at("gc")
        stop = d.run()
        assert "gc" == d.at(stop)
        assert "2" == d.evaluate("1 + 1")
        assert 0 == d.run_to_end()
        assert "collected\nalive\n" == d.output("stdout")


@pytest.mark.lua("luajit2.0", "luajit2.1")
def test_finalizers_of_luajit(debug):
    """LuaJIT cannot be stopped in ``__gc``: the program runs on unharmed, and that is said."""
    with debug(FINALIZER) as d:
        d.break_at("gc")
        assert 0 == d.run_to_end()
        assert "collected\nalive\n" == d.output("stdout")
        assert "__gc" in d.output("important")


def test_calls_of_c_on_a_line(debug):
    """A line is hit once per visit, whatever C functions it calls and whether they fail.

    (LuaJIT tells a line again behind some of them.)
    """
    with debug("""
        local n = 0
        while n < 2 do
          n = n + 1
          local s = string.sub("abc", 1, 2) .. ("x"):upper()                      -- @sub
          local ok = pcall(string.sub)                                            -- @pcall
        end
        for i = 1, 2 do n = #string.sub("abc", 1, i) end                          -- @for
        local function f() n = string.byte("abc", 1); error("no") end             -- @f
        pcall(f); pcall(f)                                                        -- @twice
        repeat n = n - 90; string.sub("abc", 1, 2) until n < 0                    -- @repeat
        print("done")
    """) as d:
        marks = [
            "sub",
            "pcall",
            "sub",
            "pcall",
            "for",
            "for",
            "f",
            "twice",
            "f",
            "f",
            "repeat",
            "repeat",
        ]
        d.start(stopOnEntry=True)
        d.run()
        for mark in set(marks):
            d.break_at(mark)
        assert [d.line(mark) for mark in marks] == rest(d)


def test_stops_in_a_coroutine_between(debug):
    """A line that resumes a coroutine, or yields, is hit once, also if others stop meanwhile."""
    with debug("""
        local co = coroutine.wrap(function()
          local a = coroutine.yield(1) + 1  -- @first
          print(coroutine.yield(2))         -- @second
          error("dead")                     -- @error
        end)
        co()
        print("a")                          -- @a
        co(1)
        print("b")                          -- @b
        print(pcall(co, 2))                 -- @pcall
        print("c")                          -- @c
    """) as d:
        d.start(stopOnEntry=True)
        d.run()
        for mark in ("first", "second", "error", "a", "b", "pcall", "c"):
            d.break_at(mark)
        wanted = ["first", "a", "second", "b", "pcall", "error", "c"]
        assert [d.line(mark) for mark in wanted] == rest(d)


@pytest.mark.parametrize("is_late", [False, True])
def test_the_end_of_a_function(debug, is_late):
    """It is visited when the function ends there, and not where another one makes the function."""
    with debug("""
        local n = 0  -- @first
        local function f(more)
          n = n + more
        end
        f(1) f(2)
        pcall(function()
          n = n + 1
        end, "argument")
        local t = {
          count = function()
            n = n + 1
          end,
        }
        t.count()
        print(n)  -- @last
    """) as d:
        if is_late:
            d.break_at("first")
            d.run()
        place(d, 4, 8, 12)
        assert [4, 4, 8, 12] == (rest(d) if is_late else stops(d))
        assert "5\n" == d.output("stdout")
