"""``python -m bench.hooks_bench [lua…] [--rounds N]``: what hooks alone cost, pure and compiled.

Runs in one process, without clients. Each number is the median over the rounds of the thread's
processor time by that of the same work without any hook, the cases taking turns; the breakpoints
come after the code was loaded, and are never hit.
"""

import argparse
import statistics
import sys
import time
from typing import Any

from bench.programs import FOLDER, OURS, WORKLOADS, geometric_mean
from lua_debug import native
from lua_debug.interrupt import LuaInterface, set_main_thread
from lua_debug.probe_files import BASE, load_probe
from lua_debug.states import main_state
from lua_debug.versions import VERSIONS, LuaVersion, make_runtime

_SIZES = {
    "recursion": 22,
    "numbers": 1500,
    "strings": 25000,
    "objects": 50000,
    "generator": 40000,
}

_STAGE = r"""
local P, text = ...
local stage, long = {}, nil
local function run(code, name) return (P.lib.loadstring or P.lib.load)(code, name)() end
if P.hooks then
  P.hooks.install(P.globals)
  P.hooks.start(function() P.hooks.step(nil) end)
end
local workloads = run(text, "@workloads.lua")

function stage.arm(...)
  if not P.hooks then return end
  local lines = {}
  for _, line in P.lib.next, { ... } do lines[line] = true end
  P.hooks.set_lines("@workloads.lua", P.lib.next(lines) and lines or nil)
  P.hooks.arm()
end

function stage.run(name, size) workloads[name](size) end

-- Three lines a turn, stepped over.
local step = P.hooks and P.hooks.step or function() end
local over = run([[
local function long(turns)
  local sum = 0
  for index = 1, turns do
    sum = sum + index % 3
    if sum > 1000 then
      sum = 0
    end
  end
  return sum
end
return function(turns, step)
  step("over", 1)
  local sum = long(turns)
  return sum
end]], "@over.lua")
function workloads.over(turns) over(turns, step) end
return stage
"""


def _stage(version: LuaVersion, hooks: str) -> Any:  # noqa: ANN401 - a Lua table
    """The workloads in a runtime with ``none``, ``pure`` or ``native`` hooks."""
    runtime = make_runtime(version)
    files = BASE if hooks == "pure" else ("base", "threads")
    probe = load_probe(runtime, version, {}, {}, files)
    if hooks == "native":
        native.attach(version, runtime, probe)
        probe.hooks = probe.native_hooks
    elif hooks == "none":
        probe.hooks = None
    set_main_thread(LuaInterface(version), main_state(version, runtime), runtime, probe)
    load = runtime.execute("local t = ... return (loadstring or load)(t, '=[C]')", _STAGE)
    return load(probe, (FOLDER / "workloads.lua").read_text("utf-8"))


def _seconds(stage: Any, work: str, size: int) -> float:  # noqa: ANN401 - a Lua table
    before = time.thread_time()
    stage.run(work, size)
    return time.thread_time() - before


def _cases() -> list[tuple[str, str, list[int]]]:
    """What is told, whose hooks, and where breakpoints are."""
    places = {
        "no breakpoint": [],
        "elsewhere": OURS.marked("cold"),
        "hot functions": OURS.marked("hot"),
    }
    return [("none again", "none", [])] + [
        (f"{hooks}, {name}", hooks, lines)
        for hooks in ("pure", "native")
        for name, lines in places.items()
    ]


def measure(lua: str, rounds: int) -> None:
    """Print the rows of one version."""
    version = VERSIONS[lua]
    scale = 10 if version.is_jit else 1
    base = _stage(version, "none")
    stages = {name: _stage(version, hooks) for name, hooks, _ in _cases()}
    for name, _, lines in _cases():
        stages[name].arm(*lines)
    ratios: dict[str, list[float]] = {name: [] for name in stages}
    for work in WORKLOADS:
        size = _SIZES[work] if work == "recursion" else _SIZES[work] * scale
        for stage in (base, *stages.values()):
            stage.run(work, size // 2)
        found: dict[str, list[float]] = {name: [] for name in stages}
        for _ in range(rounds):
            plain = _seconds(base, work, size)
            for name, stage in stages.items():
                found[name].append(_seconds(stage, work, size) / plain)
        for name, values in found.items():
            ratios[name].append(statistics.median(values))
    for name, row in ratios.items():
        cells = "  ".join(f"{value:9.2f}" for value in row)
        _tell(f"{lua:10} {name:24} {cells}  {geometric_mean(row):8.2f}")
    for hooks in ("pure", "native"):
        _tell(f"{lua:10} {hooks + ', step over':24} {_over(version, hooks, rounds):9.2f}")


def _over(version: LuaVersion, hooks: str, rounds: int) -> float:
    turns = 1_000_000 * (10 if version.is_jit else 1)
    plain, stepped = _stage(version, "none"), _stage(version, hooks)
    return statistics.median(
        _seconds(stepped, "over", turns) / _seconds(plain, "over", turns) for _ in range(rounds)
    )


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.hooks_bench", description=__doc__)
    parser.add_argument("lua", nargs="*", default=[*VERSIONS], help="versions; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    cells = "  ".join(f"{name:>9}" for name in WORKLOADS)
    _tell(f"{'lua':10} {'hooks':24} {cells}  {'geomean':>8}")
    for lua in chosen.lua:
        measure(lua, chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
