"""Interrupting a running script from another thread, without a compiler.

The lupa wheels export Lua's C interface. ``lua_sethook`` with a count of one makes a thread call
the probe's hook at its next instruction; Lua's own interpreter does that from a signal handler
(lua.c, laction). Which thread runs nobody knows, so all that may are told: those of a table that
the probe keeps (``hooks.threads``), read through a Lua state of our own that has nothing else on
its stack. Suspended coroutines are left alone.
"""

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

from lua_debug.counters import install_counter
from lua_debug.hook_fields import find_hook_fields
from lua_debug.states import REGISTRY, NoCInterface
from lua_debug.versions import LuaVersion

_MASK_RETURN, _MASK_COUNT = 2, 8
"""Lines are not asked for in addition: Lua compares them with the instruction before, which from
outside is any (ldebug.c). Returns are in 5.2 and 5.3: the hook may just have asked for them to put
right what Lua compares with (hooks.lua), and who has read the mask before that must not undo it."""

_NOT_SUSPENDED, _BOOLEAN = 0, 1
"""What lua_status and lua_type answer (lua.h)."""

_PATIENCE = 20
"""Interrupts under LuaJIT that go unheard before the hook is tried: it disturbs the compiler."""


class LuaInterface:
    """The few functions of Lua's C interface that the host needs, of one lupa module."""

    def __init__(self, version: LuaVersion) -> None:
        library = ctypes.PyDLL(version.load().__file__)
        pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
        index = ctypes.c_longlong if version.abi >= 53 else ctypes.c_int
        self.registry = REGISTRY[version.abi]
        try:
            self.getfield = _function(library.lua_getfield, None, pointer, integer, text)
            self.setfield = _function(library.lua_setfield, None, pointer, integer, text)
            self.rawgeti = _function(library.lua_rawgeti, None, pointer, integer, index)
            self.type = _function(library.lua_type, integer, pointer, integer)
            self.status = _function(library.lua_status, integer, pointer)
            self.tothread = _function(library.lua_tothread, pointer, pointer, integer)
            self.pushthread = _function(library.lua_pushthread, integer, pointer)
            self.settop = _function(library.lua_settop, None, pointer, integer)
            self.xmove = _function(library.lua_xmove, None, pointer, pointer, integer)
            self.gethook = _function(library.lua_gethook, pointer, pointer)
            self.gethookmask = _function(library.lua_gethookmask, integer, pointer)
            self.sethook = _function(library.lua_sethook, None, pointer, pointer, integer, integer)
        except AttributeError as error:
            raise NoCInterface(f"lupa.{version.module} hides Lua's C interface: {error}") from error


def set_main_thread(interface: LuaInterface, state: int, runtime: Any, probe: Any) -> None:
    """Set ``P.main``, also where ``coroutine.running()`` does not tell it (5.1 and LuaJIT)."""
    interface.pushthread(state)
    interface.setfield(state, interface.registry, b"llmspell.main")
    runtime.execute(
        """local P = ...
        local registry = debug.getregistry()
        P.main, registry["llmspell.main"] = registry["llmspell.main"], nil""",
        probe,
    )


def make_interrupt(
    interface: LuaInterface, state: int, version: LuaVersion, runtime: Any, probe: Any
) -> Callable[[], None]:
    """What to call, on any thread, to interrupt the script; set up on the Lua thread while idle."""
    runtime.execute("local P = ... P.lib.debug.sethook(P.hooks.function_, '', 2^30)", probe)
    hook = interface.gethook(state)
    runtime.execute("local P = ... P.lib.debug.sethook(P.hooks.function_, '')", probe)
    install_counter(interface, state, hook, version, runtime, probe)
    if version.is_jit:  # it has one hook for all coroutines
        return lambda: interface.sethook(state, hook, interface.gethookmask(state) | _MASK_COUNT, 1)
    own = _own_state(interface, state, runtime, probe)
    wanted = _MASK_COUNT | (_MASK_RETURN if version.abi in (52, 53) else 0)
    ask = find_hook_fields(interface, own, hook) if version.abi in (52, 53) else None
    ask = ask or (lambda thread, mask: interface.sethook(thread, hook, mask, 1))

    def interrupt() -> None:
        interface.rawgeti(own, 2, 1)
        for slot in itertools.count(1):
            interface.rawgeti(own, 3, slot)
            thread = interface.tothread(own, 4)
            if thread and interface.status(thread) == _NOT_SUSPENDED:
                ask(thread, interface.gethookmask(thread) | wanted)
            is_last = interface.type(own, 4) == _BOOLEAN
            interface.settop(own, 3)
            if is_last:
                break
        interface.settop(own, 2)

    return interrupt


def flagged_interrupt(
    flag_address: int, by_hook: Callable[[], object], wake: Callable[[], object] | None
) -> Callable[[], object]:
    """Under LuaJIT the source probes look at a flag; only code without any needs the hook.

    ``wake``, if it is there, has them look when they sleep.
    """
    flag = ctypes.c_uint8.from_address(flag_address)

    def interrupt() -> None:
        if flag.value >= _PATIENCE:
            by_hook()
            return
        flag.value += 1
        if wake:
            wake()

    return interrupt


def resume_anew(version: LuaVersion, coroutine: int) -> None:
    """Resume a coroutine from nowhere, so that no C calls count as its own yet; on the Lua thread.

    Its results and its error are lost.
    """
    resume = ctypes.PyDLL(version.load().__file__).lua_resume
    resume.restype = ctypes.c_int
    state, results = ctypes.c_void_p(coroutine), ctypes.c_int()
    if version.abi == 51:
        resume(state, 0)
    elif version.abi < 54:
        resume(state, None, 0)
    else:
        resume(state, None, 0, ctypes.byref(results))


def _own_state(interface: LuaInterface, state: int, runtime: Any, probe: Any) -> int:
    """A Lua state that nobody runs, with the table ``threads`` at index 2 (1 is its function)."""
    runtime.execute(
        """local P = ...
        local registry = debug.getregistry()
        P.interrupt_thread = P.private_thread(function() end)
        registry["llmspell.thread"] = P.interrupt_thread
        registry["llmspell.threads"] = P.hooks.threads""",
        probe,
    )
    interface.getfield(state, interface.registry, b"llmspell.thread")
    own = int(interface.tothread(state, -1))
    interface.settop(state, -2)
    interface.getfield(state, interface.registry, b"llmspell.threads")
    interface.xmove(state, own, 1)
    runtime.execute(
        """local registry = debug.getregistry()
        registry["llmspell.thread"], registry["llmspell.threads"] = nil, nil"""
    )
    return own


def _function(function: Any, result: Any, *arguments: Any) -> Any:
    function.restype, function.argtypes = result, arguments
    return function
