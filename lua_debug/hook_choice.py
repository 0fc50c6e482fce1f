"""Which hooks a runtime gets: the compiled accelerator's where it is there, the pure ones else."""

import os
from collections.abc import Callable
from typing import Any

from lua_debug.interrupt import (
    LuaInterface,
    flagged_interrupt,
    main_state,
    make_interrupt,
    set_main_thread,
)
from lua_debug.native import NativeUnavailable, attach
from lua_debug.versions import LuaVersion

SWITCH = "LLMSPELL_HOOKS"
"""Environment variable: ``pure`` leaves the accelerator out, ``native`` refuses to do without."""


def install_hooks(version: LuaVersion, runtime: Any, probe: Any) -> Callable[[], object]:
    """Set up ``P.hooks`` and ``P.main``; answers what interrupts the script from any thread.

    Raises `NativeUnavailable` if the accelerator is asked for and cannot be had.
    """
    interface = LuaInterface(version)
    state = main_state(version, runtime)
    set_main_thread(interface, state, runtime, probe)
    interrupt = _native(version, runtime, probe)
    if interrupt is None:
        probe.hooks.start(probe.on_event)
        interrupt = make_interrupt(interface, state, version, runtime, probe)
    return flagged_interrupt(int(probe.flag_address), interrupt) if version.is_jit else interrupt


def _native(version: LuaVersion, runtime: Any, probe: Any) -> Callable[[], object] | None:
    wanted = os.environ.get(SWITCH, "auto")
    if wanted == "pure":
        return None
    try:
        interrupt = attach(version, runtime, probe)
    except NativeUnavailable:
        if wanted == "native":
            raise
        return None
    probe.hooks = probe.native_hooks
    probe.hooks.start(probe.on_event)
    return interrupt
