"""A bench for the probe: a Lua program that stops where it calls ``stop()``, to be asked.

The program runs on a thread of its own. At a stop it serves operations from a coroutine of the
probe's, as in a debugging session; the test asks them one by one and lets the program go on.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lua_debug.commands import decode, encode
from lua_debug.doors import Doors
from lua_debug.probe_files import INSPECTION, load_probe
from lua_debug.syntax.constants import constant
from lua_debug.versions import VERSIONS, make_runtime

every_version = pytest.mark.parametrize("version", list(VERSIONS))
"""Runs a test on all Lua versions."""

DEADLINE = 30.0
"""Seconds to wait for the program; only a failing test waits that long."""

_STAGE = r"""
local P = ...
local host = P.host
local lib, G = P.lib, P.globals
local create, wrap, resume = lib.coroutine.create, lib.coroutine.wrap, lib.coroutine.resume

local function user_level(thread)
  local level = 1
  while true do
    local info = lib.debug.getinfo(thread, level, "S")
    if info.what ~= "C" and not P.is_probe_info(info) then return level end
    level = level + 1
  end
end

local function serve(stop)
  stop.level = stop.level or user_level(stop.thread)
  host.stopped()
  local text = host.next()
  while text do
    host.answer(P.run_op(P.compile(text, "=command", {})()))
    text = host.next()
  end
end

local function stop_with(stop)
  stop.thread = stop.thread or P.running()
  P.stop = stop
  local ok, message = resume(create(serve), stop)
  P.stop = nil
  P.clear_references()
  if not ok then lib.error(message) end
end

-- What the program calls.
function G.stop() stop_with({ reason = "breakpoint" }) end
function G.stop_returned(...) stop_with({ reason = "step", returned = P.pack(...) }) end
function G.stop_on_error(err)
  stop_with({ reason = "exception", has_error = true, error = err })
  return err
end
function G.stop_dead(thread, err)
  stop_with({ reason = "exception", has_error = true, error = err, thread = thread, level = 0 })
end
function G.test_condition(text, times)
  local condition, message = P.condition(text)
  if not condition then return nil, message end
  local ok, value
  for _ = 1, times or 1 do ok, value = P.test(condition, 2) end
  return ok, value
end
function G.add_view(type, view) P.views[type] = view end
function G.log_message(...) local text = P.log_message({ ... }, 2) return text end

-- A probe as compiled into programs: (true)(1) tests the condition, 2 does so without a place,
-- 3 makes the log message.
local condition, parts
function G.bench_condition(text) condition = P.condition(text) end
function G.bench_log(...) parts = { ... } end
lib.debug.setmetatable(true, { __call = function(_, id)
  if id == 3 then
    local text = P.log_message(parts, 2)
    return text
  end
  local ok, value = P.test(condition, 2, id == 1 and id or nil)
  return ok and value
end })

G.coroutine.create = function(body) return P.register_thread(create(body)) end
if not P.is_51 then -- they do not tell the thread of a wrap
  G.coroutine.wrap = function(body)
    local wrapped = wrap(body)
    local _, thread = lib.debug.getupvalue(wrapped, 1)
    P.register_thread(thread)
    return wrapped
  end
end

function P.source_of(raw)
  local path = P.text(lib.string.sub(raw, 2))
  return { name = path, path = path }
end

return function(text, name, ...)
  local chunk, message = P.compile(text, name)
  if not chunk then return message end
  P.main = create(chunk)
  local ok, problem = resume(P.main, ...)
  if not ok then return P.error_text(problem) end
end
"""


class LuaBench:
    """One runtime of one Lua version with the probe in it."""

    def __init__(self, name: str, settings: dict[str, Any] | None = None) -> None:
        self.version = VERSIONS[name]
        self.is_cancelled = threading.Event()
        self._settings = settings or {}
        self._commands: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()

    @contextmanager
    def stopped(
        self, program: str, *arguments: Any, name: str = "@main.lua"
    ) -> Iterator["LuaBench"]:
        """Run ``program`` to its first stop; at the end it runs on, through further stops."""
        thread = threading.Thread(target=self._run, args=(program, name, arguments), daemon=True)
        thread.start()
        self.wait_stopped()
        try:
            yield self
        finally:
            while not self._has_ended:
                self.resume()
            thread.join(DEADLINE)

    def run(self, program: str, *arguments: Any) -> None:
        """Run a program that does not stop."""
        self._run(program, "@main.lua", arguments)
        self._wait("ended")

    def ask(self, op: str, /, **arguments: Any) -> dict[str, Any]:
        """The result of an operation; raises what the probe says went wrong."""
        self._commands.put(encode({"op": op, **arguments}))
        return decode(self._wait("answer") or "")

    def resume(self) -> bool:
        """Go on to the next stop; False if the program ended."""
        self._commands.put(None)
        return self.wait_stopped()

    def wait_stopped(self) -> bool:
        """Wait for a stop; False if the program ended."""
        kind, text = self._told.get(timeout=DEADLINE)
        self._has_ended = kind == "ended"
        assert not (self._has_ended and text), text
        return not self._has_ended

    # --- short ways -------------------------------------------------------------------------------

    def frames(self, **arguments: Any) -> list[dict[str, Any]]:
        """The stack of the main thread, or of ``thread``."""
        arguments.setdefault("thread", 1)
        frames: list[dict[str, Any]] = self.ask("stack", **arguments)["frames"]
        return frames

    def frame(self, index: int = 0, **arguments: Any) -> int:
        """The id of a frame."""
        number: int = self.frames(**arguments)[index]["id"]
        return number

    def scope(self, name: str, frame: int | None = None) -> dict[str, Any]:
        """A scope of a frame (the top one if none is given)."""
        scopes = self.ask("scopes", frame=frame or self.frame())["scopes"]
        found: dict[str, Any] = next(each for each in scopes if each["name"] == name)
        return found

    def variables(self, ref: int, **arguments: Any) -> list[dict[str, Any]]:
        """Children of a reference."""
        variables: list[dict[str, Any]] = self.ask("variables", ref=ref, **arguments)["variables"]
        return variables

    def locals(self, frame: int | None = None, **arguments: Any) -> dict[str, dict[str, Any]]:
        """The locals of a frame by name."""
        ref = self.scope("Locals", frame)["ref"]
        return {each["name"]: each for each in self.variables(ref, **arguments)}

    def values(self, frame: int | None = None, **arguments: Any) -> dict[str, str]:
        """The locals of a frame as texts."""
        found = self.locals(frame, **arguments)
        return {name: each["value"] for name, each in found.items()}

    def evaluate(self, expr: str, **arguments: Any) -> dict[str, Any]:
        """Evaluate in the top frame unless ``frame`` says otherwise."""
        if "frame" not in arguments:
            arguments["frame"] = self.frame()
        return self.ask("evaluate", expr=expr, **arguments)

    def value(self, expr: str, **arguments: Any) -> str:
        """The text of an evaluation."""
        text: str = self.evaluate(expr, **arguments)["value"]
        return text

    # --- the program's thread ---------------------------------------------------------------------

    def _run(self, program: str, name: str, arguments: tuple[Any, ...]) -> None:
        runtime = make_runtime(self.version, None)
        loops = self.version.abi == 55
        host = Doors(
            {
                "cancelled": self.is_cancelled.is_set,
                "constant": lambda raw, name, first, last, line, rank: constant(
                    raw.encode("latin-1"), name, (first, last), line, rank, loops=loops
                ),
                "stopped": lambda: self._told.put(("stopped", None)),
                "next": self._commands.get,
                "answer": lambda text: self._told.put(("answer", text)),
            }
        )
        names = ("base", "traceback", "program", "threads", "safepoints", *INSPECTION, "errors")
        probe = load_probe(runtime, self.version, host, self._settings, names)
        probe.hooks = runtime.table()
        probe.emit = runtime.eval("function() end")
        compile_ = runtime.eval(
            "function(text, ...) return (loadstring or load)(text, '=[C]')(...) end"
        )
        run = compile_(_STAGE, probe)
        text = program.encode("utf-8", "surrogateescape").decode("latin-1")
        try:
            problem = run(text, name, *arguments)
        except Exception as error:
            problem = repr(error)
        self._told.put(("ended", problem))

    def _wait(self, kind: str) -> str | None:
        found, text = self._told.get(timeout=DEADLINE)
        assert kind == found, text
        return text
