"""Which hooks a runtime gets: the compiled accelerator's where it is there, the pure ones else."""

import os
from collections.abc import Callable
from typing import Any

from kernel.core.errors import UserError
from lua_debug.instructions import install_instructions
from lua_debug.interrupt import (
    LuaInterface,
    flagged_interrupt,
    make_interrupt,
    set_main_thread,
)
from lua_debug.native import SWITCH, Attached, NativeUnavailable, attach
from lua_debug.states import main_state
from lua_debug.versions import LuaVersion

__all__ = ["SWITCH", "install_hooks"]

_WORDS = ("auto", "native", "pure")


def install_hooks(version: LuaVersion, runtime: Any, probe: Any) -> Callable[[], object]:
    """Set up ``P.hooks`` and ``P.main``; answers what interrupts the script from any thread.

    Raises `UserError` if what is asked for is not known or cannot be had.
    """
    interface = LuaInterface(version)
    state = main_state(version, runtime)
    set_main_thread(interface, state, runtime, probe)
    install_instructions(version, runtime, probe)
    attached = _native(version, runtime, probe)
    if attached is None:
        probe.hooks.start(probe.on_event)
        interrupt: Callable[[], object] = make_interrupt(interface, state, version, runtime, probe)
    else:
        interrupt = attached.interrupt
    if not version.is_jit:
        return interrupt
    probe.let_safepoints_sleep()
    return flagged_interrupt(
        int(probe.flag_address), interrupt, attached.wake if attached else None
    )


def _native(version: LuaVersion, runtime: Any, probe: Any) -> Attached | None:
    wanted = os.environ.get(SWITCH) or "auto"
    if wanted not in _WORDS:
        raise UserError(f"{SWITCH} is {wanted!r}; it must be one of {', '.join(_WORDS)}.")
    if wanted == "pure":
        return None
    try:
        attached = attach(version, runtime, probe)
    except NativeUnavailable as error:
        if wanted == "native":
            raise UserError(f"{SWITCH} is native, but {error}.") from error
        return None
    probe.hooks = probe.native_hooks
    probe.hooks.start(probe.on_event)
    return attached
