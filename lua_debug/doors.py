"""Doors: how Lua calls functions of Python without ever holding a Python object.

lupa would hand a function over as a userdata with Python's attributes, and errors as exceptions in
the same form: from each of them a script finds its way to the whole of Python. So all that Lua gets
is one C function. It takes the name of a door and texts, numbers, booleans and nils, and gives the
same; what a function raises becomes a text.

The accelerator has such a function; without it ctypes makes one, at several times the cost. That
one must not raise a Lua error, which would jump over the frames of Python. Of what it calls only
``luaL_loadbuffer`` allocates, and that tells an error by its status: a text for Lua comes as a
chunk that returns it.
"""

import ctypes
import math
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from kernel.core.errors import KernelError
from lua_debug.native import open_native_door
from lua_debug.states import REGISTRY, main_state
from lua_debug.versions import LuaVersion

Plain = str | int | float | bool | None
"""What passes through a door. Texts have a character for each byte (latin-1)."""

_FIELD = b"llmspell.call"
_LETTERS = {b"\\": b"\\\\", b'"': b'\\"', b"\n": b"\\n", b"\r": b"\\r", b"\0": b"\\000"}
_NIL, _BOOLEAN, _NUMBER, _STRING = 0, 1, 3, 4
_SPARE = 8
"""Values that can be pushed one by one: a C function has room for 20 (lua.h, LUA_MINSTACK)."""

_standing: dict[int, list[Any]] = {}
"""The C functions by the address of the Lua state that has them: a state that is being closed may
still call its own, when nothing else of ours is there. The next state there takes the place."""


class Doors(dict[str, Callable[..., Any]]):
    """Functions by the names of their doors. Lua keeps none of them alive: who makes these does.

    A function gets each argument as a `Plain` and answers one, or a tuple of several results.
    """


def open_doors(version: LuaVersion, runtime: Any, probe: Any, doors: Mapping[str, Any]) -> None:
    """Give the probe what its file ``doors.lua`` makes ``P.host`` of; on the runtime's thread."""
    state = main_state(version, runtime)
    _standing[state] = []
    probe.doors = " ".join(doors)
    if not doors:
        return
    answer = _make_answer(weakref.ref(doors))
    if open_native_door(version, state, _FIELD.decode(), answer):
        _take(runtime, probe, "call_host")
    else:
        interface = _Interface(version)
        _put(interface, version, runtime, probe, "call_host", _make_call(interface, answer))


def put_counter(
    version: LuaVersion, runtime: Any, probe: Any, name: str, function: Callable[..., int | None]
) -> None:
    """Set ``P[name]`` to a function of whole numbers that never fails; as fast as can be."""
    interface = _Interface(version)
    gettop, integer, push = interface.gettop, interface.integer, interface.pushinteger

    def call(state: int) -> int:
        arguments = [integer(state, at) for at in range(1, gettop(state) + 1)]
        result = function(*arguments)
        if result is None:
            interface.pushnil(state)
        else:
            push(state, result)
        return 1

    _put(interface, version, runtime, probe, name, call)


def _put(
    interface: "_Interface",
    version: LuaVersion,
    runtime: Any,
    probe: Any,
    name: str,
    call: Callable[[int], int],
) -> None:
    state = main_state(version, runtime)
    function = _Signature(call)
    _standing.setdefault(state, []).append(function)
    interface.pushcclosure(state, ctypes.cast(function, ctypes.c_void_p), 0)
    interface.setfield(state, interface.registry, _FIELD)
    _take(runtime, probe, name)


def _take(runtime: Any, probe: Any, name: str) -> None:
    """Move what was put into the registry to where the probe looks for it."""
    runtime.execute(
        """local P, name, field = ...
        local registry = debug.getregistry()
        P[name], registry[field] = registry[field], nil""",
        probe,
        name,
        _FIELD.decode(),
    )


_Signature = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def _make_answer(doors: "weakref.ref[Mapping[str, Any]]") -> Callable[..., tuple[Any, ...]]:
    def answer(name: str, *arguments: Plain) -> tuple[Any, ...]:
        try:
            functions = doors()
            if functions is None:
                raise KernelError(f"The host is gone; nobody answers {name}.")
            results = functions[name](*arguments)
            return (True, *results) if type(results) is tuple else (True, results)
        except (
            BaseException
        ) as error:  # whatever it is, Python has no frame below that could take it
            return False, problem_of(error)

    return answer


def _make_call(
    interface: "_Interface", answer: Callable[..., tuple[Any, ...]]
) -> Callable[[int], int]:
    def call(state: int) -> int:
        try:
            return interface.push(state, answer(*interface.arguments(state)))
        except BaseException as error:  # what is not plain
            return interface.push(state, (False, problem_of(error)))

    return call


def problem_of(error: BaseException) -> str:
    """What Lua is told of an exception: its text, with its class where it is none of ours."""
    try:
        text = str(error)
        if not isinstance(error, KernelError):
            text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    except Exception:  # of a strange __str__
        text = type(error).__name__
    return text.encode("utf-8", "backslashreplace").decode("latin-1")


class _Interface:
    """The functions of Lua's C interface that a door needs, none of which raises an error."""

    def __init__(self, version: LuaVersion) -> None:
        path = version.load().__file__
        library, freeing = ctypes.PyDLL(path), ctypes.CDLL(path)
        pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
        size, number = ctypes.c_size_t, ctypes.c_double
        self.registry = REGISTRY[version.abi]
        self.pushcclosure = _bind(library.lua_pushcclosure, None, pointer, pointer, integer)
        self.setfield = _bind(library.lua_setfield, None, pointer, integer, text)
        self.gettop = _bind(library.lua_gettop, integer, pointer)
        self._settop = _bind(library.lua_settop, None, pointer, integer)
        self._type = _bind(library.lua_type, integer, pointer, integer)
        self._toboolean = _bind(library.lua_toboolean, integer, pointer, integer)
        length = ctypes.POINTER(size)
        self._tolstring = _bind(library.lua_tolstring, pointer, pointer, integer, length)
        self._pushboolean = _bind(library.lua_pushboolean, None, pointer, integer)
        self.pushnil = _bind(library.lua_pushnil, None, pointer)
        whole = ctypes.c_longlong if version.abi >= 53 else ctypes.c_ssize_t
        self.pushinteger = _bind(library.lua_pushinteger, None, pointer, whole)
        if version.abi == 51:
            self._tonumber = _bind(library.lua_tonumber, number, pointer, integer)
            self.integer = _bind(library.lua_tointeger, whole, pointer, integer)
            # while finalizers run, which reading a text may cause, Python goes on
            self._load = _bind(freeing.luaL_loadbuffer, integer, pointer, text, size, text)
        else:
            tonumber = _bind(library.lua_tonumberx, number, pointer, integer, pointer)
            self._tonumber = lambda state, index: tonumber(state, index, None)
            tointeger = _bind(library.lua_tointegerx, whole, pointer, integer, pointer)
            self.integer = lambda state, index: tointeger(state, index, None)
            load = _bind(freeing.luaL_loadbufferx, integer, pointer, text, size, text, text)
            self._load = lambda state, code, length, name: load(state, code, length, name, b"t")

    def arguments(self, state: int) -> list[Plain]:
        """What a C function was called with; raises `TypeError` for what is not `Plain`."""
        return [self._argument(state, at) for at in range(1, self.gettop(state) + 1)]

    def _argument(self, state: int, at: int) -> Plain:
        kind = self._type(state, at)
        if kind == _STRING:
            length = ctypes.c_size_t()
            address = self._tolstring(state, at, length)
            return ctypes.string_at(address, length.value).decode("latin-1")
        if kind == _NUMBER:
            value = float(self._tonumber(state, at))
            return int(value) if value.is_integer() else value
        if kind == _BOOLEAN:
            return bool(self._toboolean(state, at))
        if kind == _NIL:
            return None
        raise TypeError(f"argument {at - 1} is no text, number, boolean or nil")

    def push(self, state: int, results: tuple[Any, ...]) -> int:
        """Answer a call: how many values Lua finds; raises `TypeError` for what is not `Plain`."""
        if len(results) > _SPARE or not all(map(_is_small, results)):
            return self._push_chunk(state, results)
        for each in results:
            if each is None:
                self.pushnil(state)
            elif isinstance(each, bool):
                self._pushboolean(state, each)
            else:
                self.pushinteger(state, each)
        return len(results)

    def _push_chunk(self, state: int, results: tuple[Any, ...]) -> int:
        code = b"return " + b",".join(map(_literal, results))
        if self._load(state, code, len(code), b"=[C]"):
            self._settop(state, 0)  # no memory was left, nor can anything be said about it
            self.pushnil(state)
        return 1


def _is_small(value: Plain) -> bool:
    return value is None or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _bind(function: Any, result: Any, *arguments: Any) -> Any:
    function.restype, function.argtypes = result, arguments
    return function


def _literal(value: Plain) -> bytes:
    """A value as Lua's source has it."""
    if value is None:
        return b"nil"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, float):
        if math.isnan(value):
            return b"(0/0)"
        return repr(value).encode() if math.isfinite(value) else b"-1e999"[value > 0 :]
    if isinstance(value, str):
        text = value.encode("latin-1")
        for letter, escape in _LETTERS.items():
            text = text.replace(letter, escape)
        return b'"' + text + b'"'
    raise TypeError(f"{type(value).__name__} cannot be given to Lua")
