"""The probe: the Lua files that live inside the debuggee, and the order they are loaded in."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from lua_debug.doors import open_doors
from lua_debug.versions import LuaVersion

_CHUNK_NAME = "=[C]"
"""The name of C functions: the probe's functions shall look so in tracebacks."""

# How hooks in Lua give LuaJIT's functions other bodies; nothing for another Lua, and not compiled.
EXCHANGE = ("heap", "bodies", "twins", "frames", "exchange", "layout")
BASE = (
    "base",
    "edges",
    "traceback",
    "standing_in",
    "closed",
    "closed_code",
    "program",
    "threads",
    "quieting",
    "compiler",
    "safepoints",
    "results",
    "steps",
    "amid",
    "pending",
    "counts",
    "user_hooks",
    *EXCHANGE,
    "hooks",
    "resuming",
    "costs",
)
# What runs while the program is stopped. LuaJIT does not compile it: a trace keeps the values it
# met, so that looking at a weak table would keep what is in it.
INSPECTION = (
    "references",
    "lexer",
    "run",
    "constants",
    "scope",
    "render",
    "origins",
    "names",
    "views",
    "tables",
    "containers",
    "variables",
    "scopes",
    "stack",
    "pure",
    "serialize",
    "evaluate",
    "complete",
    "pretty",
    "inspecting",
    "stopped",
    "remains",
    "data",
)
# What scripts call of the host: values as text, and the functions.
CROSSING = ("crossing", "host_functions")
CONTROL = (
    "conditions",
    "logs",
    "targets",
    "core",
    "cramped",
    "memory",
    "exchanging",
    "loops",
    "breakpoints",
    "writes",
    "watches",
    "error_conditions",
    "errors",
    "catching",
    "passing",
    "c_modules",
    "loading",
    "processes",
    "asking",
    "streams",
    "guards",
    "exit",
    "budget",
    "main",
    "cells",
    "repeating",
)


def load_probe(
    runtime: Any,
    version: LuaVersion,
    host: Mapping[str, Any],
    settings: Mapping[str, Any],
    names: Sequence[str] = (*BASE, *INSPECTION, *CONTROL, *CROSSING),
) -> Any:
    """Make the probe's table P in a runtime and let each file add to it; answers P.

    ``host`` are the functions of the host that the probe calls, see `Doors`; whoever calls us keeps
    them.
    Must be called on the runtime's thread.
    """
    probe = runtime.table(version=version.probe_name)
    open_doors(version, runtime, probe, host)
    probe.settings = runtime.table_from(dict(settings))
    load = runtime.execute(
        """local loadstring, name = loadstring or load, ...
        return function(text, P, is_compiled)
            local chunk, message = loadstring(text, name)
            if not chunk then error(message) end
            if jit and not is_compiled then jit.off(chunk, true) end
            chunk(P)
        end""",
        _CHUNK_NAME,
    )
    for name in ("doors", *names):
        if name in EXCHANGE and not version.is_jit:
            continue
        text = files("lua_debug").joinpath(f"probe/{name}.lua").read_text("utf-8")
        load(text.encode("utf-8").decode("latin-1"), probe, name not in (*EXCHANGE, *INSPECTION))
    return probe
