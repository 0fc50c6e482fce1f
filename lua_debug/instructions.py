"""At which instruction a frame is, and where a function's instructions lie.

Lua tells the line of a frame and no more. It keeps the address of the instruction at which a
function goes on (``CallInfo.savedpc``; LuaJIT: the link of the frame above), and this module reads
that. What it knows of Lua's memory is what ``_native/frames.inc`` has; here it is believed only
where the instructions found are those that ``string.dump`` gives, and nothing is read through an
address that could be none: the system is asked to read (``/proc/self/mem``).
"""

import ctypes
import os
from functools import cache
from typing import Any

from lua_debug.doors import put_counter
from lua_debug.states import NoCInterface
from lua_debug.versions import LuaVersion

WORD = 4
"""Bytes of an instruction."""

_PROTO_SIZE = 128
"""Bytes of a function's body that are looked through for the address of its instructions."""

_CODE_OF_WIDE_JIT, _CODE_OF_NARROW_JIT = 32, 16
_STACK_OF_WIDE_JIT, _STACK_OF_NARROW_JIT = 56, 36
_SLOT, _LINK_OF_NARROW_JIT = 8, 4
"""LuaJIT: where a function has its code and a thread its stack; GC64 builds are wide."""

_SAVED_PC = {52: 56, 53: 40, 54: 32, 55: 32}
_SAVED_PC_51, _BASE_CI_51, _CI_SIZE_51 = 24, 80, 40
"""Where a CallInfo has the address of the next instruction; 5.1: a thread has an array of them."""


def find_code(version: LuaVersion, function: int, code: bytes) -> int | None:
    """Where the instructions of a function of Lua begin in memory; None if that cannot be told.

    ``function`` is the address of the closure, ``code`` what `own_code` takes from its dump.
    """
    if ctypes.sizeof(ctypes.c_void_p) != 8 or not code:
        return None
    if version.is_jit:
        at = _CODE_OF_WIDE_JIT if _is_wide(version) else _CODE_OF_NARROW_JIT
        head = _number(function + at, _width(version)) or 0
        behind = head + WORD  # FUNCF or FUNCV
        return behind if _is_same(peek(behind, len(code)), code) else None
    body = _number(function + (32 if version.abi == 51 else 24), 8) or 0
    for place in range(0, _PROTO_SIZE, 8):
        start = _number(body + place, 8)
        if start and start % WORD == 0 and peek(start, len(code)) == code:
            return start
    return None


def _is_same(found: bytes | None, code: bytes) -> bool:
    """Whether instructions are what LuaJIT may have made of others: the compiler changes some.

    Those have another opcode (the first byte), but the register (the second) that they had.
    """
    words = range(0, len(code), WORD)
    return found is not None and all(
        found[at + 1] == code[at + 1]
        and (found[at] != code[at] or found[at : at + WORD] == code[at : at + WORD])
        for at in words
    )


def install_instructions(version: LuaVersion, runtime: Any, probe: Any) -> None:
    """Set ``P.instruction_at(thread, level)``, which answers an address or nil.

    ``thread`` is the address of a lua_State; where that is the running one, ``level`` is as in
    debug.getinfo for the caller. Without such a function nothing is known.
    """
    if ctypes.sizeof(ctypes.c_void_p) != 8 or peek(id(version), 1) is None:
        return
    try:
        getstack = ctypes.PyDLL(version.load().__file__).lua_getstack
    except AttributeError as error:
        raise NoCInterface(f"lupa.{version.module} hides Lua's C interface: {error}") from error
    getstack.restype = ctypes.c_int
    getstack.argtypes = ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    activation = _activation(version.abi)()
    address = ctypes.addressof(activation)
    read = _reader(version)

    def instruction_at(thread: int, level: int) -> int | None:
        if not getstack(thread, level, address):
            return None
        found: int | None = read(thread, activation.frame or 0)
        return found

    put_counter(version, runtime, probe, "instruction_at", instruction_at)


def _reader(version: LuaVersion) -> Any:
    """A function of a thread and a frame as lua_getstack tells it: the next instruction."""
    if version.is_jit:
        return _reader_of_jit(version)
    if version.abi > 51:
        offset = _SAVED_PC[version.abi]
        return lambda _, frame: _number(frame + offset, 8)

    def read(thread: int, frame: int) -> int | None:
        base = _number(thread + _BASE_CI_51, 8)
        return _number(base + frame * _CI_SIZE_51 + _SAVED_PC_51, 8) if base and frame else None

    return read


def _reader_of_jit(version: LuaVersion) -> Any:
    is_wide, width = _is_wide(version), _width(version)
    at = _STACK_OF_WIDE_JIT if is_wide else _STACK_OF_NARROW_JIT

    def read(thread: int, frame: int) -> int | None:
        place, size = frame & 0xFFFF, frame >> 16
        stack = _number(thread + at, width)
        if not stack or not size:
            return None
        above = stack + (place + size) * _SLOT
        link = _number(above if is_wide else above + _LINK_OF_NARROW_JIT, width)
        return link if link and link % WORD == 0 else None  # others tell of no instruction

    return read


def _is_wide(version: LuaVersion) -> bool:
    return version.probe_name != "luajit20"


def _width(version: LuaVersion) -> int:
    return 8 if _is_wide(version) else 4


@cache
def _activation(abi: int) -> type[ctypes.Structure]:
    """lua_Debug, as ``_native/abi.h`` has it."""
    integer, small, pointer = ctypes.c_int, ctypes.c_ubyte, ctypes.c_void_p
    names = ("name", "namewhat", "what", "source")
    fields: list[tuple[str, Any]] = [("event", integer), *((name, pointer) for name in names)]
    if abi >= 54:
        fields.append(("source_length", ctypes.c_size_t))
    fields.append(("currentline", integer))
    if abi == 51:
        fields.append(("nups", integer))
    fields += [("linedefined", integer), ("lastlinedefined", integer)]
    if abi >= 52:
        fields += [("nups", small), ("nparams", small), ("isvararg", small)]
        fields += [("extraargs", small)] if abi >= 55 else []
        fields.append(("istailcall", small))
    if abi >= 54:
        transfer = ctypes.c_ushort if abi == 54 else integer
        fields += [("ftransfer", transfer), ("ntransfer", transfer)]
    fields += [("short_src", ctypes.c_char * 60)]
    fields += [("frame", integer if abi == 51 else pointer), ("reserve", ctypes.c_char * 64)]
    return type("Activation", (ctypes.Structure,), {"_fields_": fields})


# --- memory ---------------------------------------------------------------------------------------


def peek(address: int, size: int) -> bytes | None:
    """Bytes of this process; None if there is no memory, or the system does not say."""
    memory = _memory(os.getpid())
    if memory is None or address <= 0:
        return None
    try:
        found = os.pread(memory, size, address)
    except (OSError, OverflowError):
        return None
    return found if len(found) == size else None


@cache
def _memory(_process: int) -> int | None:
    """A process that was forked off has memory of its own."""
    try:
        return os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _number(address: int, size: int) -> int | None:
    found = peek(address, size)
    return None if found is None else int.from_bytes(found, "little")
