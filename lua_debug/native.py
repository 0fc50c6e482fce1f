"""The compiled accelerator of the hooks: attaching it to a runtime, or saying why that cannot be.

It offers the same Lua table as ``probe/hooks.lua`` (``P.hooks``; `HOOKS` tells its functions), at a
fraction of the cost, and interrupts that touch Lua from its own thread only. It is optional: it is
not there without a C compiler, and refuses a lupa whose Lua it does not know. It needs no Lua
headers and is not linked to Lua: the lupa wheels export the C interface.
"""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kernel.core.errors import KernelError
from lua_debug.versions import LuaVersion

SWITCH = "LLMSPELL_HOOKS"
"""Environment variable: ``pure`` leaves the accelerator out, ``native`` refuses to do without."""

HOOKS: Mapping[str, str] = MappingProxyType(
    {
        "is_native": "true",
        "own_frames": "0: on_event's caller is the frame that the event is about",
        "start": "start(on_event): on_event(event, line, is_step) is called in the coroutine "
        "concerned and may raise an error. Events: 'line' (a breakpoint's line or, with is_step, "
        "where a step ends), 'return' (a step ends with the return into this line of the caller), "
        "'out' (it ends with the next instruction of the script), 'interrupt', 'watch'",
        "set_lines": "set_lines(source, {[line] = any} | nil, is_marked): breakpoint lines of a "
        "raw source, for code loaded already or later, running or suspended. LuaJIT: functions "
        "with lines in a source that is marked call enter when they are entered",
        "enter": "enter(): lines are heard from here on (LuaJIT)",
        "exchange": "exchange(before, after, first) -> 'done' | 'later' | why not: functions of a "
        "text get the bodies of the same text with more source probes, whose ids begin with first; "
        "both arguments are its main function (LuaJIT)",
        "try_guards": "try_guards() -> address of a C function, address of its argument: compiled "
        "code that calls it, first as it is, then after find_vm_state(), is left (LuaJIT)",
        "find_vm_state": "find_vm_state() -> whether it is known where compiled code tells that it "
        "runs (LuaJIT)",
        "end_trial": "end_trial(is_right) -> whether compiled code can be left, so that safepoints "
        "may sleep (LuaJIT)",
        "note_stub": "note_stub(address): of the next exit of compiled code (LuaJIT)",
        "note_trace": "note_trace(address, size, loop, number, letters) -> whether it can be left "
        "from each turn of what it repeats, and the first exit by which it can (-1: none); nil if "
        "it cannot be changed. The letters tell for each exit whether it may be taken at any time: "
        "y, n (LuaJIT)",
        "forget_traces": "forget_traces(): compiled code is gone (LuaJIT)",
        "flush": "flush(): throws compiled code away as soon as none is being made (LuaJIT)",
        "recording": "recording(boolean): compiled code is being made from now on, or not (LuaJIT)",
        "note_safepoints": "note_safepoints(function): it has been loaded, and has some (LuaJIT)",
        "stay_awake": "stay_awake(function) -> whether its safepoints slept; they never will again "
        "(LuaJIT)",
        "wake": "wake(): all safepoints hear, until sleep() (LuaJIT)",
        "sleep": "sleep(): no safepoint hears, if compiled code can be left (LuaJIT)",
        "loaded": "loaded(): code is about to be loaded; what is known of functions is void",
        "step": "step('in' | 'over' | 'out' | nil, level | nil, thread | nil): arms a step of the "
        "running thread from the frame at level, as the caller counts (nil: from outside of all "
        "frames), or of another one, level as seen from outside; it stays armed until the next "
        "call. Ends quiet",
        "skip": "skip(): the step at hand does not end in the function that the event is about",
        "returned": "returned() -> {n =, ...} | nil: what the function that a step left returned",
        "quiet": "quiet(): no events at all, until arm or step",
        "arm": "arm(thread | nil): gives a thread the events it needs now. Ends quiet, reads "
        "P.dying: then every instruction of the script raises P.death",
        "doom": "doom(thread): every instruction of the thread raises an error from now on",
        "watch": "watch(boolean): on_event('watch', line) at every line of the script; true as its "
        "answer ends the event. watch{ {kind = 'field', table =, key =} | {kind = 'local', "
        "thread =, level =, slot =} | {kind = 'upvalue', func =, index =}, ... } compares itself: "
        "on_event('watch', number, 'gone' | nil, last_value)",
        "set_written": "set_written(source, {[line] = any} | nil): on_event('write', line, kind) "
        "is called at these lines of a raw source while something is watched: kind 'begin' after "
        "values were compared; 'line' before that, where something was awaited or owed. True as "
        "its answer ends the event",
        "await": "await(level | nil): on_event('write', line, kind) is called when something "
        "happens in the frame at level, as the caller counts, or below: 'line', 'return', 'tail' "
        "(a tail call took its place), 'lost'; it is awaited no longer then. nil: none is in this "
        "thread",
        "owe": "owe(boolean): whether on_event('write', line, 'line') is called at the next line, "
        "whichever that is; until owe(false)",
        "user_hook": "user_hook(thread | nil, function | nil, mask, count, is_inherited): what the "
        "script's own debug.sethook asked for; its function is called as Lua would, level 2 is the "
        "hooked one; a count leaves out what the probe does. is_inherited: coroutines that the "
        "thread makes have it, too",
        "forget_heirs": "forget_heirs(): takes away hooks that are inherited (not LuaJIT's one)",
        "depth": "depth(thread) -> how many levels debug.getinfo finds in it",
        "depth_at": "depth_at(level) -> how many frames the running thread has from there on",
        "install": "install(globals): puts create, wrap and (not LuaJIT) resume into coroutine",
        "create": "coroutine.create, which notes the coroutine in P.created_threads",
        "wrap": "coroutine.wrap, likewise",
        "resume": "coroutine.resume (not LuaJIT)",
        "resumer": "resumer(coroutine) -> the thread that resumed it, or nil (not LuaJIT)",
        "on_wrap_error": "a field to set (not LuaJIT): on_wrap_error(coroutine, error) is called "
        "when a coroutine under wrap died, while it still has its stack",
        "on_resume_error": "a field to set (not LuaJIT): the same for a coroutine under resume",
    }
)
"""What the table offers to the probe."""

_ATTACH = """
local P, path, symbol = ...
local open, message = P.lib.package.loadlib(path, symbol)
if not open then return message or "package.loadlib does not work" end
local hooks, key = open(P)
if not hooks then return key or "the accelerator was replaced while the program ran; start anew" end
P.native_hooks = hooks
return key
"""

_TRY = """
local P = ...
local hooks, seen, values = P.native_hooks, {}, nil
hooks.start(function(event, line)
  seen[#seen + 1] = event .. line
  values = hooks.returned()
  hooks.step(nil)
end)
local function left()
  hooks.step("out", 1)
  return 10, nil, "x"
end
local function stopped()
  local a = 1
  a = a + 1
end
local first = P.lib.debug.getinfo(stopped, "S").linedefined
hooks.set_lines("=llmspell trial", { [first + 2] = true })
stopped()
hooks.set_lines("=llmspell trial", nil)
left()
hooks.start(nil)
if seen[1] ~= "line" .. first + 2 or seen[2] ~= "return" .. first + 8 or seen[3] then
  return "the hooks heard " .. P.lib.table.concat(seen, ", ")
end
if not values or values.n ~= 3 or values[1] ~= 10 or values[2] ~= nil or values[3] ~= "x" then
  return "values that functions return are not found"
end
return ""
"""


class NativeUnavailable(KernelError):
    """The accelerator cannot serve here; the text says why. The hooks in pure Lua can."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What any thread may call. Both answer False if the runtime is closed.

    ``interrupt``: the script's thread calls ``on_event("interrupt")`` at its next instruction that
    is the script's own. ``wake``: its safepoints hear (LuaJIT); False if they never sleep.
    """

    interrupt: Callable[[], bool]
    wake: Callable[[], bool]


def attach(version: LuaVersion, runtime: Any, probe: Any) -> Attached:
    """Make ``P.native_hooks`` in a runtime, tried out; answers what interrupts the script.

    ``probe`` is the probe's table P with at least ``lib`` (probe/base.lua) and
    ``created_threads`` (probe/threads.lua). Must be called on the runtime's thread while no script
    runs. Raises `NativeUnavailable`.
    """
    core = _core()
    try:
        symbol = core.prepare(version.module, version.load().__file__)
    except OSError as error:
        raise NativeUnavailable(f"lupa.{version.module}: {error}") from error
    answer = _run(runtime, _ATTACH, probe, core.__file__, symbol)
    if isinstance(answer, str):
        raise NativeUnavailable(f"{version.label}: {answer}")
    problem = _run(runtime, _TRY, probe)
    if problem:
        probe.native_hooks = None
        raise NativeUnavailable(f"{version.label}: {problem}")
    key = int(answer)

    return Attached(lambda: bool(core.interrupt(key)), lambda: bool(core.wake(key)))


def open_native_door(
    version: LuaVersion, state: int, field: str, answer: Callable[..., tuple[Any, ...]]
) -> bool:
    """Put a function that calls ``answer`` into a field of a Lua state's registry.

    ``state`` is its address. False where the accelerator is not there, or shall not be.
    """
    if os.environ.get(SWITCH) == "pure":
        return False
    try:
        core = _core()
        core.prepare(version.module, version.load().__file__)
    except (NativeUnavailable, OSError):
        return False
    return bool(core.open_door(version.module, state, field, answer))


def why_unavailable() -> str | None:
    """Why no runtime of this process can be accelerated; None if nothing speaks against it."""
    try:
        _core()
    except NativeUnavailable as error:
        return str(error)
    return None


def _core() -> Any:
    try:
        return importlib.import_module("lua_debug._native.core")
    except ImportError as error:
        raise NativeUnavailable(
            f"the accelerator was not built ({error}); installing with a C compiler builds it"
        ) from error


def _run(runtime: Any, text: str, *arguments: Any) -> Any:
    chunk = runtime.execute(
        "local text, name = ... return (loadstring or load)(text, name)", text, "=llmspell trial"
    )
    return chunk(*arguments)
