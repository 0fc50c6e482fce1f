"""Runtimes of LuaJIT in which functions can be given other bodies."""

from typing import Any

from lua_debug import native
from lua_debug.interrupt import LuaInterface, set_main_thread
from lua_debug.probe_files import BASE, load_probe
from lua_debug.states import main_state
from lua_debug.syntax.safepoints import SAFEPOINT
from lua_debug.versions import VERSIONS, make_runtime

FIRST = SAFEPOINT - SAFEPOINT % 1000 + 1000
"""The first number for ids of probes: each moment has its thousand, to which the line is added."""


def loaded(version: str) -> tuple[Any, Any]:
    """A runtime and its probe's table P, before hooks are started."""
    row = VERSIONS[version]
    runtime = make_runtime(row)
    return runtime, load_probe(runtime, row, {}, {}, BASE)


def start_pure(version: str, runtime: Any, probe: Any) -> None:
    """Start the hooks in Lua."""
    row = VERSIONS[version]
    set_main_thread(LuaInterface(row), main_state(row, runtime), runtime, probe)
    probe.hooks.start(None)


def attached(version: str, kind: str) -> tuple[Any, Any]:
    """The same with the hooks of a kind, which are ``P.hooks``."""
    runtime, probe = loaded(version)
    if kind == "native":
        native.attach(VERSIONS[version], runtime, probe)
        probe.hooks = probe.native_hooks
    else:
        start_pure(version, runtime, probe)
    return runtime, probe
