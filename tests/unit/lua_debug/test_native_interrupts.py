"""Compiled hooks: interrupts from another thread reach the script, and hurt nothing."""

import random
import threading
import time

import pytest

from tests.unit.lua_debug.native_runs import Stage, every_version, needs_native

pytestmark = needs_native

DEADLINE = 20.0
"""Seconds to wait for the script; only a failing test waits that long."""

LOOPS = {
    "a loop": "while not done do n = n + 1 end",
    "one instruction": "while true do if done then break end end",
    "deep recursion": """local function f(d) if d > 0 then f(d - 1) end n = n + 1 end
      while not done do f(150) end""",
    "a coroutine": """coroutine.wrap(function()
      while not done do n = n + 1 end end)()""",
    "coroutines in turn": """local co = coroutine.wrap(function()
        while true do coroutine.yield() end
      end)
      while not done do co() n = n + 1 end""",
    "a callback of C": """while not done do
      table.sort({ 3, 2, 1 }, function(a, b) n = n + 1 return a < b end) end""",
    "caught errors": "while not done do pcall(error) n = n + 1 end",
}  # fmt: skip


def _run(stage: Stage, program: str, on_interrupt: str) -> threading.Thread:
    """Run a program on a thread of its own; `started` is set by it, and `done` ends it."""
    ready = threading.Event()
    stage.doors["started"] = ready.set

    def main() -> None:
        stage.lua(
            r"""local P, program, code = ...
            if P.is_jit then jit.off() end
            P.hooks.install(P.globals)
            n, done = 0, false
            local on_interrupt = P.stage.load(code)(P)
            P.hooks.start(function(event) if event == "interrupt" then on_interrupt() end end)
            local chunk = P.stage.load(program)
            begun, hear = P.host.begun, P.host.hear
            P.host.started()
            chunk()""",
            program,
            on_interrupt,
            name="=[C]",
        )

    thread = threading.Thread(target=main)
    thread.start()
    assert ready.wait(DEADLINE)
    return thread


@every_version
@pytest.mark.parametrize("loop", list(LOOPS))
def test_an_interrupt_is_heard(version: str, loop: str) -> None:
    """Whatever runs, on_event hears of the interrupt in the very thread that runs."""
    stage = Stage(version)
    thread = _run(stage, LOOPS[loop], "return function() done = true end")
    assert stage.interrupt()
    thread.join(DEADLINE)
    assert not thread.is_alive()


@every_version
def test_an_interrupt_may_raise_an_error(version: str) -> None:
    """An error raised on purpose passes through the script like any other."""
    stage = Stage(version)
    begun = threading.Event()
    stage.doors["begun"] = begun.set
    program = "caught = select(2, pcall(function() begun() while true do n = n + 1 end end))"
    thread = _run(stage, program, 'return function() error("ended", 0) end')
    assert begun.wait(DEADLINE)
    assert stage.interrupt()
    thread.join(DEADLINE)
    assert "ended" == stage.lua("return caught")


@every_version
def test_every_interrupt_is_heard(version: str) -> None:
    """One after the other, none is lost."""
    stage, heard, ending = Stage(version), threading.Semaphore(0), threading.Event()

    def hear() -> bool:
        heard.release()
        return ending.is_set()

    stage.doors["hear"] = hear
    thread = _run(stage, LOOPS["coroutines in turn"], "return function() done = hear() end")
    for turn in range(200):
        if turn == 199:
            ending.set()
        stage.interrupt()
        assert heard.acquire(timeout=DEADLINE)
    thread.join(DEADLINE)
    assert not thread.is_alive()


def test_a_closed_runtime_is_not_interrupted() -> None:
    """The place of a closed runtime is free again, and its key void."""
    stage = Stage("5.4")
    interrupt = stage.interrupt
    assert interrupt()
    del stage
    assert not interrupt()


STRESS = """
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
local function sum(n)
  local co = coroutine.wrap(function()
    for i = 1, n do
      local t = {}
      for j = 1, 5 do t[j] = { j } end
      coroutine.yield(i)
    end
  end)
  local s = 0
  for i = 1, n do s = s + co() end
  return s
end
wrong, rounds = 0, 0
while not done do
  if fib(12) ~= 144 then wrong = wrong + 1 end
  if deep(2000) ~= 2000 then wrong = wrong + 1 end
  if sum(100) ~= 5050 then wrong = wrong + 1 end
  collectgarbage("step", 10)
  local ok, message = pcall(function() local t = nil; return t.x end)
  if ok or not message:find("index") then wrong = wrong + 1 end
  rounds = rounds + 1
end
"""

ON_INTERRUPT = """local P = ...
local turn = 0
return function()
  turn = turn + 1
  local what = turn % 7
  if what == 0 then P.hooks.set_lines("=p", { [2] = true, [9] = true })
  elseif what == 1 then P.hooks.step("over", 2)
  elseif what == 2 then P.hooks.step("in", 2)
  elseif what == 3 then P.hooks.step(nil)
  elseif what == 4 then P.hooks.set_lines("=p", nil)
  elseif what == 5 then P.hooks.step("out", 2)
  else P.hooks.loaded() collectgarbage() end
  if hear() then done = true P.hooks.step(nil) end
end"""


@every_version
def test_a_storm_of_interrupts(version: str) -> None:
    """Breakpoints, steps and collections at random moments: no crash, and all results are right."""
    stage = Stage(version)
    generator = random.Random(version)
    ending = threading.Event()
    stage.doors["hear"] = ending.is_set
    thread = _run(stage, STRESS, ON_INTERRUPT)
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        stage.interrupt()
        for _ in range(generator.randrange(4000)):
            pass
    ending.set()
    while thread.is_alive():
        stage.interrupt()
        thread.join(0.01)
        assert time.monotonic() < until + DEADLINE
    assert 0 == stage.lua("return wrong")
    assert 0 < stage.lua("return rounds")


def test_two_runtimes_of_one_version() -> None:
    """Each is interrupted on its own, and has breakpoints of its own."""
    stages = [Stage("5.4"), Stage("5.4")]
    threads = [
        _run(stage, LOOPS["a loop"], "return function() done = true end") for stage in stages
    ]
    assert stages[0].interrupt()
    threads[0].join(DEADLINE)
    assert not threads[0].is_alive()
    assert threads[1].is_alive()
    assert stages[1].interrupt()
    threads[1].join(DEADLINE)
    assert not threads[1].is_alive()
