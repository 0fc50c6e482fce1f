"""Which instruction each call of a text has become.

Lua's compilers go through a text once: the calls of a function stand in its code in the order in
which their expressions end. The numbers are those of lopcodes.h in Lua 5.1 to 5.5 and of lj_bc.h.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from lua_debug.syntax.bytecode import own_code
from lua_debug.syntax.calls import all_calls
from lua_debug.syntax.grammar import Syntax, first_line


@dataclass(frozen=True, slots=True)
class _Form:
    """Opcodes, and how many bits they have; ``probes``: what a source probe begins with."""

    bits: int
    calls: frozenset[int]
    tails: frozenset[int]
    probes: frozenset[int]


_FORMS: Mapping[str, _Form] = {
    "5.1": _Form(6, frozenset({28}), frozenset({29}), frozenset({2})),
    "5.2": _Form(6, frozenset({29}), frozenset({30}), frozenset({3})),
    "5.3": _Form(6, frozenset({36}), frozenset({37}), frozenset({3})),
    "5.4": _Form(7, frozenset({68}), frozenset({69}), frozenset({7})),
    "5.5": _Form(7, frozenset({68}), frozenset({69}), frozenset({7})),
    "luajit20": _Form(8, frozenset({61, 62}), frozenset({63, 64}), frozenset({41, 84})),
    "luajit21": _Form(8, frozenset({65, 66}), frozenset({67, 68}), frozenset({43, 88})),
}
_REGISTERS = 0xFF
_PROBE_ARGUMENTS = 2


@dataclass(frozen=True, slots=True)
class CallInstruction:
    """The number of an instruction in its function, from 0; whether it is a tail call."""

    index: int
    is_tail: bool


def call_instructions(
    version: str, dump: bytes, syntax: Syntax, function_line: int, last_line: int
) -> Mapping[int, CallInstruction] | None:
    """The end of each call expression (a byte offset) of a function -> the instruction it became.

    ``dump`` is what `string.dump` makes of the function, which may have source probes; its lines
    are debug.getinfo's (0 for the first: a main chunk). None if code and text do not match, or if
    several functions of the text could be meant.
    """
    code = own_code(version, dump)
    if code is None:
        return None
    found = _calls_in(_FORMS[version], code)
    fitting = [
        ends
        for node in _functions(syntax, function_line, last_line)
        if len(ends := sorted(call.end_byte for call in all_calls(node))) == len(found)
    ]
    return dict(zip(fitting[0], found, strict=True)) if len(fitting) == 1 else None


def _functions(syntax: Syntax, function_line: int, last_line: int) -> list[Node]:
    if function_line == 0:
        return [syntax.root]
    lines = function_line, last_line
    return [node for node in syntax.functions if (first_line(node), _end(node)) == lines]


def _end(node: Node) -> int:
    return node.end_point[0] + 1


def _calls_in(form: _Form, code: bytes) -> list[CallInstruction]:
    """Those that are no source probe's."""
    words = struct.unpack(f"={len(code) // 4}I", code)
    operations = [word & ((1 << form.bits) - 1) for word in words]
    registers = [word >> form.bits & _REGISTERS for word in words]
    return [
        CallInstruction(index, operation in form.tails)
        for index, operation in enumerate(operations)
        if operation in form.tails
        or (operation in form.calls and not _is_probe(form, operations, registers, index))
    ]


def _is_probe(form: _Form, operations: list[int], registers: list[int], call: int) -> bool:
    """Whether what is called is ``true``, loaded before one or two arguments; or it sleeps.

    LuaJIT: a jump stands in place of loading ``true`` where a safepoint sleeps.
    """
    for index in range(call - 1, max(call - 2 - _PROBE_ARGUMENTS, -1), -1):
        if registers[index] <= registers[call]:
            return operations[index] in form.probes and registers[index] == registers[call]
    return False
