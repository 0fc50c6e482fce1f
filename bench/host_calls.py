"""What calls of the host cost: microseconds of a small call, milliseconds of tables and JSON.

Each is told as a ratio, too: small calls to Lua's own ``string.format`` in the same run, tables and
documents to Python's `json` writing and reading the same data.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.core.functions import HostTable, host_function
from kernel.core.settings import DebugSettings
from lua_debug.engine import LuaEngine
from lua_debug.host_functions import HostFunctions

_PROGRAM = """
local function per_call(count, work)
  local before = os.clock()
  for i = 1, count do work(i) end
  return (os.clock() - before) / count * 1e6
end
local rows = {}
for i = 1, 1000 do rows[i] = { id = i, name = "name" .. i, ok = true, share = i / 3 } end
local kept = {} -- so that LuaJIT cannot leave it out
Bench.tell("reference", per_call(200000, function(i) kept[i % 8] = string.format("%d", i) end))
Bench.tell("small", per_call(20000, function(i) return Bench.echo("global", "key", i) end))
Bench.tell("rows", per_call(20, function() return Bench.give(rows) end))
Bench.tell("document", per_call(5, function() return Bench.parse() end))
"""

DOCUMENT = json.dumps([{"id": i, "name": f"name {i}", "tags": ["a", "b"]} for i in range(22_000)])


class _Bench(HostTable):
    """What is measured."""

    name = "Bench"

    def __init__(self) -> None:
        self.told: dict[str, float] = {}

    @host_function("Bench.tell")
    def tell(self, what: str, microseconds: float) -> None:
        """Takes a figure."""
        self.told[what] = microseconds

    @host_function("Bench.echo")
    def echo(self, scope: str, key: str, value: Any) -> Any:  # noqa: ANN401, ARG002 - any value
        """Gives a value back."""
        return value

    @host_function("Bench.give")
    def give(self, rows: Any) -> Any:  # noqa: ANN401 - any value
        """Gives a table back."""
        return rows

    @host_function("Bench.parse")
    def parse(self) -> Any:  # noqa: ANN401 - any value
        """A document of a megabyte."""
        return json.loads(DOCUMENT)


def measure(lua: str) -> Mapping[str, str]:
    """Rows for one version."""
    bench = _Bench()

    def submit(_coroutine: object) -> Any:  # noqa: ANN401 - nothing is asynchronous here
        raise RuntimeError("Nothing waits.")

    engine = LuaEngine(
        DebugSettings(lua=lua),
        make_functions=lambda label: HostFunctions(lambda _: [bench], submit, label),
    )
    problem = engine.run_text(_PROGRAM.encode(), "bench.lua")
    engine.close()
    if problem is not None:
        raise RuntimeError(problem)
    told, rows = bench.told, [{"id": i, "name": "n", "ok": True, "share": 0.5} for i in range(1000)]
    return {
        "small call, µs": f"{told['small']:.1f}",
        "the same, ratio to string.format": f"{told['small'] / told['reference']:.0f}",
        "1,000 records there and back, ms": f"{told['rows'] / 1000:.1f}",
        "the same, ratio to Python's json": f"{told['rows'] / _json(rows):.1f}",
        f"{len(DOCUMENT) / 1e6:.1f} MB of JSON as tables, ms": f"{told['document'] / 1000:.0f}",
        "the same, ratio to Python's json.loads": f"{told['document'] / _loads():.1f}",
    }


def _json(rows: Sequence[Any]) -> float:
    before = time.process_time()
    for _ in range(20):
        json.loads(json.dumps(rows))
    return (time.process_time() - before) / 20 * 1e6


def _loads() -> float:
    before = time.process_time()
    json.loads(DOCUMENT)
    return (time.process_time() - before) * 1e6
