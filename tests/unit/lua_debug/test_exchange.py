"""LuaJIT: functions that run get bodies with more probes, and go on as if these had been there."""

import random
from dataclasses import dataclass

import pytest

from lua_debug.syntax.probes import Spot, instrument
from tests.unit.lua_debug.exchange_runs import FIRST, attached
from tests.unit.lua_debug.native_runs import needs_native

pytestmark = [
    pytest.mark.parametrize("version", ["luajit2.0", "luajit2.1"]),
    pytest.mark.parametrize("kind", ["pure", pytest.param("native", marks=needs_native)]),
]

STAGE = r"""
local P, texts, times, first = ...
local hooks, seen, passed, done = P.hooks, {}, 0, 0
outcome = ""
local function exchange()
  local before = loadstring(texts[done], "@program.lua")
  local after = loadstring(texts[done + 1], "@program.lua")
  outcome = outcome .. hooks.exchange(before, after, first + 1000 * done)
end
debug.setmetatable(true, { __call = function(_, id)
  collectgarbage("step", 3)
  if id >= first then
    seen[#seen + 1] = id % 1000
    return
  end
  passed = passed + 1
  if passed ~= times[done + 1] then return end
  done = done + 1
  if texts[done + 1] then exchange() end
  seen = {}
end })
told = {}
function tell(...)
  for index = 1, select("#", ...) do told[#told + 1] = tostring((select(index, ...))) end
end
local ok, problem = pcall(loadstring(texts[1], "@program.lua"))
debug.setmetatable(true, nil)
if not ok then tell(problem) end
return table.concat(told, " "), table.concat(seen, " "), passed, outcome
"""

PROGRAMS = {
    "recursion": """
        local function fib(n)
          if n < 2 then
            return n
          end
          local a = fib(n - 1)
          return a + fib(n - 2) + 0.5
        end
        tell(fib(7))
        """,
    "loops": """
        local sum = 0
        for i = 1, 5 do
          local j = i * 2.5
          while j > 1 do
            j = j / 2
            if j < 1.5 then goto out end
            sum = sum + 1.25
          end
          ::out::
          repeat
            local again = sum % 3 == 0
            sum = sum + 1
          until not again
        end
        for key, value in pairs({ x = 1.5, y = 2 }) do
          sum = sum + value
        end
        for index, value in ipairs({ 7, 8.5 }) do
          sum = sum + index
        end
        tell(sum)
        """,
    "closures": """
        local function counter(step)
          local total = 0.5
          return function(...)
            total = total + step
            return total, ...
          end
        end
        local list = {}
        for i = 1, 4 do
          list[i] = counter(i)
          list[i]("a", nil)
        end
        local last
        for i = 1, 4 do
          for _, count in ipairs(list) do
            last = count(i)
            tell(last)
          end
        end
        """,
    "varargs": """
        local function pass(n, ...)
          if n == 0 then
            return select("#", ...), ...
          end
          local function inner(...)
            return pass(n - 1, n, ...)
          end
          return inner(...)
        end
        tell(pass(4))
        tell((pass(3)))
        """,
    "coroutines": """
        local function squares(n)
          for i = 1, n do
            coroutine.yield(i * i + 0.5)
          end
          return "end"
        end
        local one, other = coroutine.wrap(squares), coroutine.create(squares)
        for i = 1, 3 do
          tell(one(3))
          local ok, value = coroutine.resume(other, 2)
          tell(ok, value)
        end
        local nested = coroutine.wrap(function()
          local inner = coroutine.wrap(squares)
          for i = 1, 2 do
            coroutine.yield(inner(2))
          end
        end)
        tell(nested(), nested())
        """,
    "errors": """
        local function fails(n)
          if n == 0 then
            error("at last", 0)
          end
          fails(n - 1)
          return n
        end
        for i = 1, 3 do
          local ok, problem = pcall(fails, i)
          tell(ok, problem)
          tell(xpcall(function()
            return fails(i)
          end, function(message)
            return message .. "!"
          end))
        end
        """,
    "metamethods": """
        local V = {}
        V.__index = function(self, key)
          local value = rawget(V, key)
          return value or key .. "?"
        end
        V.__add = function(a, b)
          local sum = a.n + b.n
          return setmetatable({ n = sum }, V)
        end
        V.__lt = function(a, b)
          local less = a.n < b.n
          return less
        end
        V.__eq = function(a, b)
          return a.n == b.n
        end
        V.__concat = function(a, b)
          return "cat"
        end
        V.__call = function(self, more)
          return self.n + more
        end
        V.__tostring = function(self)
          return "V" .. self.n
        end
        local a, b = setmetatable({ n = 1.5 }, V), setmetatable({ n = 2 }, V)
        local list = { b, a, a + b }
        table.sort(list, function(x, y)
          return x < y
        end)
        tell(tostring(list[1]), a.missing, a == b, a .. b, b(1), (a + b).n)
        if a < b then
          tell("less")
        end
        tell((string.gsub("abc", ".", function(c)
          return c == "b" and "-" or nil
        end)))
        """,
}


Moment = tuple[int, frozenset[int]]
"""The passage of a safepoint at which probes come, and the lines that get one."""


@dataclass
class Told:
    """What a program told, which probes were hit after the last moment, and what became of each."""

    text: str
    hits: str
    safepoints: int
    outcome: str


def run(version: str, kind: str, texts: list[bytes], times: list[int]) -> Told:
    """Run the first text; at each of the times it becomes the next one, if there is one.

    Times are passages of safepoints.
    """
    runtime, probe = attached(version, kind)
    names = [text.decode() for text in texts]
    return Told(
        *runtime.execute(STAGE, probe, runtime.table_from(names), runtime.table_from(times), FIRST)
    )


def ids_at(moments: list[Moment]) -> dict[int, int]:
    """The probes after all of the moments: lines and ids."""
    return {
        line: FIRST + 1000 * number + line
        for number, (_, lines) in enumerate(moments, 1)
        for line in lines
    }


def probed(text: bytes, moments: list[Moment]) -> bytes:
    """The text with safepoints, and with the probes of these moments besides."""
    ids = ids_at(moments)
    return instrument(text, ids, safepoints=True, late=ids).text


def lines_with_code(text: bytes) -> list[int]:
    """The lines on which a probe can stand."""
    everywhere = {line: FIRST + line for line in range(1, text.count(b"\n") + 1)}
    placed = instrument(text, everywhere, safepoints=True, late=everywhere).placed
    return sorted(spot for spot in placed if isinstance(spot, int))


def check(version: str, kind: str, text: bytes, moments: list[Moment]) -> None:
    """The program says the same, and the last hits are those of probes that were always there."""
    times = [time for time, _ in moments]
    plain = run(version, kind, [probed(text, [])], [])
    told = run(version, kind, [probed(text, moments[:n]) for n in range(len(moments) + 1)], times)
    always = run(version, kind, [probed(text, moments)], times[-1:])
    assert told.outcome == "done" * len(moments)
    assert told.text == plain.text
    assert told.hits == always.hits


def safepoints(version: str, kind: str, text: bytes) -> int:
    """How many the program passes."""
    return run(version, kind, [probed(text, [])], []).safepoints


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_wherever_a_program_is(version: str, kind: str, name: str) -> None:
    """At each safepoint of a program, probes come to all its lines at once."""
    text = PROGRAMS[name].encode()
    lines = frozenset(lines_with_code(text))
    count = safepoints(version, kind, text)
    assert count > 3
    for time in range(1, count + 1, max(1, count // 12)):
        check(version, kind, text, [(time, lines)])


def some_moments(version: str, kind: str, text: bytes, seed: int) -> list[Moment]:
    """Up to six times, at each of which one line more gets a probe."""
    chance = random.Random(seed)
    lines, count = lines_with_code(text), safepoints(version, kind, text)
    number = min(len(lines), count, 6)
    times = sorted(chance.sample(range(1, count + 1), number))
    return [
        (time, frozenset({line}))
        for time, line in zip(times, chance.sample(lines, number), strict=True)
    ]


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_one_line_after_the_other(version: str, kind: str, name: str) -> None:
    """Bodies are exchanged for others again and again while the collector works."""
    text = PROGRAMS[name].encode()
    for seed in range(5):
        check(version, kind, text, some_moments(version, kind, text, seed))


def test_a_function_that_the_script_keeps_from_the_compiler(version: str, kind: str) -> None:
    """It is not exchanged, since the new body would be compiled; the program goes on as before."""
    text = b"""
        local function slow(n)
          local a = n
          return a
        end
        jit.off(slow)
        for i = 1, 3 do
          tell(slow(i))
        end
        """
    told = run(version, kind, [probed(text, []), probed(text, [(3, frozenset({3}))])], [3])
    assert ("it is not compiled", "1 2 3") == (told.outcome, told.text)


def test_functions_that_nobody_can_tell_apart(version: str, kind: str) -> None:
    """Neither of two alike on one line is given a probe that the other does not get."""
    text = b"local f, g = function() return 1 end, function() return 1 end tell(f()) tell(g())"
    for at in (text.index(b"return"), text.rindex(b"return")):
        ids: dict[Spot, int] = {(1, at + 1): FIRST + 1001}
        after = instrument(text, ids, safepoints=True, late=ids).text
        told = run(version, kind, [probed(text, []), after], [1])
        assert ("two functions look the same", "1 1") == (told.outcome, told.text)
