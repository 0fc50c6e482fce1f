"""LuaEngine: runs a script as the standalone interpreter does, without the debugger."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from kernel.core.settings import DebugSettings
from lua_debug.break_key import BreakKey
from lua_debug.closing import close_state
from lua_debug.crossing import read_results
from lua_debug.doors import Doors
from lua_debug.host_functions import HostFunctions
from lua_debug.interrupt import LuaInterface, set_main_thread
from lua_debug.memory_limit import MemoryLimit
from lua_debug.probe_files import CROSSING, load_probe
from lua_debug.processes import Processes
from lua_debug.states import main_state
from lua_debug.versions import find_version

_PROGRAM = (
    "base",
    "edges",
    "traceback",
    "standing_in",
    "closed",
    "closed_code",
    "program",
    "c_modules",
    "processes",
)
"""The files of the probe that run a program; none of them is a debugger."""

MakeFunctions = Callable[[str], HostFunctions]
"""Makes the functions of the host for a script in a Lua of that name."""

_RUN = """
local P = ...
P.install_traceback(_G)
P.install_c_modules(_G)
P.install_processes(_G)
P.install_closed(_G)
local compile = loadstring or load
return P.at_the_edge(function(source, chunkname, script, options, ...)
  local arguments = { [0] = script, ... }
  for index = 1, #options do arguments[index - #options - 1] = options[index] end
  _G.arg = arguments
  local chunk, message = compile(source, chunkname)
  if not chunk then return message end
  if P.host.hear_results then return P.pass(P.tell_results(chunk, ...)) end
  return P.pass(P.run_main(chunk, ...))
end)
"""


class LuaEngine:
    """One runtime of one Lua version, used by the thread that made it."""

    def __init__(
        self,
        settings: DebugSettings,
        functions: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        make_functions: MakeFunctions | None = None,
        hear_results: Callable[[list[Any]], None] | None = None,
    ) -> None:
        """``functions``: what Lua code of the host finds in ``P.host`` (see `Doors`).

        ``make_functions``: what gives the script functions of the host; None for a bare Lua.
        ``hear_results``: called with what a script returns, as plain data; it needs such functions.
        """
        self.version = find_version(settings.lua)
        memory = MemoryLimit(settings.max_memory_mb)
        self._runtime: Any = memory.make_runtime(self.version)
        package = self._runtime.globals().package
        for name, additions in (("path", settings.lua_path), ("cpath", settings.lua_cpath)):
            if additions:
                package[name] = ";".join([*map(_bytes_as_text, additions), package[name]])
        is_closed = settings.libraries == "closed"
        told = {
            "label": self.version.label,
            "libraries": settings.libraries,
            "no_c_modules": None if is_closed else self.version.offer(),
        }
        self.functions = make_functions(self.version.label) if make_functions else None
        called, names = {**Processes().functions(), **functions}, [*_PROGRAM]
        if self.functions is not None:
            called |= self.functions.functions()
            names += CROSSING
            if hear_results is not None:
                called["hear_results"] = lambda packed: hear_results(read_results(packed))
        self._doors = Doors(called)
        probe = load_probe(self._runtime, self.version, self._doors, told, names)
        interface = LuaInterface(self.version)
        state = main_state(self.version, self._runtime)
        set_main_thread(interface, state, self._runtime, probe)
        self._break_key = BreakKey(self.version, interface, self._runtime, probe)
        self._run = self._runtime.execute(_RUN, probe, name="=[C]")
        if self.functions is not None:
            self.functions.install(probe)
        memory.hold()

    def run_file(
        self, path: str, args: Sequence[str] = (), options: Sequence[str] = ()
    ) -> str | None:
        """Run a file; None, or the error with its traceback ("" if Lua says nothing of it).

        ``options`` become ``arg[-1]`` and so on. Raises `OSError` if the file cannot be read.
        ``os.exit`` ends the process.
        """
        with open(path, "rb") as file:
            return self.run_text(file.read(), path, args, options)

    def run_text(
        self, text: bytes, name: str, args: Sequence[str] = (), options: Sequence[str] = ()
    ) -> str | None:
        """Run a text as the file ``name``; ``-`` (standard input) is called ``stdin``."""
        chunkname = "=stdin" if name == "-" else f"@{_bytes_as_text(name)}"
        if self.version.abi >= 52:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text.startswith(b"#"):
            line_end = text.find(b"\n")
            text = text[line_end:] if line_end >= 0 else b""
        words = map(_bytes_as_text, args)
        before = [_bytes_as_text(option) for option in options]
        source = text.decode("latin-1")
        lua_error = self.version.load().LuaError
        # No variable here holds anything of Lua: an exception that is kept keeps its frames.
        make_table = self._runtime.table_from
        self._break_key.begin()
        try:
            problem = self._run(source, chunkname, _bytes_as_text(name), make_table(before), *words)
        except lua_error as error:  # raised by a hook that the script left behind
            problem = str(error)
        self._break_key.end()
        if self.functions is not None:
            self.functions.cancel_waits()
        return None if problem is None else _shown(problem)

    def close(self) -> None:
        """Let finalizers run and give the memory back; nothing can be run any more."""
        self._run = None
        if self.functions is not None:
            self.functions.close()
        close_state(self.version, self._runtime)

    def press_break_key(self) -> None:
        """Raise "interrupted!" in the script that runs; on any thread.

        Neither a coroutine nor a C function hears of it, nor what LuaJIT has compiled.
        """
        self._break_key.press()


def _bytes_as_text(text: str) -> str:
    return os.fsencode(text).decode("latin-1")


def _shown(text: str) -> str:
    encoding = sys.stderr.encoding or "utf-8"
    return text.encode("latin-1").decode(encoding, "backslashreplace")
