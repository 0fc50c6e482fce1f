"""Safepoints: places that control passes again and again, however a program runs.

A program that neither calls a function nor begins another turn of a loop soon ends, so a probe in
every turn, and at the beginning of every function, hears of a request to pause. The latter also
tells which function it is in, for breakpoints that come when the code has been loaded.
LuaJIT needs them: its compiled code checks no hooks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.flow import SILENT, makes_function_below
from lua_debug.syntax.grammar import (
    LUA,
    Syntax,
    body,
    condition,
    first_line,
    token,
)

SAFEPOINT = 1929379840
"""The id of a probe that stands for no breakpoint; those of others follow.

Scripts that call a boolean by mistake do not give it such an argument.
"""

TESTED = -1
"""The form of one in a condition, where an instruction follows that tests what it answers."""

_REPEATED = Query(
    LUA,
    "[(for_statement) (while_statement) (repeat_statement)] @loop"
    " (label_statement) @label (goto_statement) @goto",
)
_CONSTANTS = frozenset({"true", "false", "nil", "number", "string"})


@dataclass(frozen=True, slots=True)
class Safepoint:
    """Where one goes: before a statement, or into a condition.

    ``function`` is the first line of the function whose entry it is, 0 in a loop.
    """

    line: int
    offset: int
    in_condition: bool = False
    function: int = 0


def safepoints_of(syntax: Syntax) -> Iterator[Safepoint]:
    """The safepoints of a whole text."""
    for function in syntax.functions:
        yield entry_of(function)
    found = QueryCursor(_REPEATED).captures(syntax.root)
    for loop in found.get("loop", []):
        yield _turn(loop)
    labels = [
        (label.named_children[0].text, label.start_byte, label.parent.end_byte)
        for label in found.get("label", [])
        if label.parent is not None
    ]
    for jump in found.get("goto", []):
        target, at = jump.named_children[0].text, jump.start_byte
        if any(name == target and label < at < scope_end for name, label, scope_end in labels):
            yield Safepoint(first_line(jump), at)


def entry_of(function: Node) -> Safepoint:
    """Where each call of a function passes once, before it does anything but make functions."""
    end = token(function, "end")
    found = _head(function) or Safepoint(first_line(end), end.start_byte)
    return replace(found, function=first_line(function))


def _turn(loop: Node) -> Safepoint:
    if loop.type == "for_statement":
        return _head(loop) or _after(token(loop, "do"))
    test = condition(loop)
    if loop.type == "repeat_statement" and test.type in _CONSTANTS:
        return _head(loop) or _after(token(loop, "repeat"))
    return _inside(test)


def _head(node: Node) -> Safepoint | None:
    """Before the first thing in a body that surely has code on its line.

    A probe on a line without code would give a stepping user one more line to stop on.
    """
    for statement in body(node):
        found = _before(statement)
        if found is not None:
            return found
    return None


def _before(statement: Node) -> Safepoint | None:
    if statement.type == "do_statement":
        return _head(statement)
    if statement.type == "repeat_statement":
        return _head(statement) or _inside(condition(statement))
    if statement.type in ("if_statement", "while_statement"):
        test = condition(statement)
        if first_line(test) != first_line(statement):
            return _inside(test)
    elif statement.type in SILENT or makes_function_below(statement):
        return None
    return Safepoint(first_line(statement), statement.start_byte)


def _inside(test: Node) -> Safepoint:
    return Safepoint(first_line(test), test.start_byte, in_condition=True)


def _after(keyword: Node) -> Safepoint:
    return Safepoint(first_line(keyword), keyword.end_byte)
