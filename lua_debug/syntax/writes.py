"""The assignments of a text that a debugger can follow by line events.

A line event of a function tells that control came to the line, not which of its statements will
run. So only an assignment counts that runs whenever an event of its function tells one of its
lines: everything else of the function on these lines leads straight to it or follows from it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.grammar import FUNCTIONS, LUA, Syntax, first_line, last_line, syntax_of

_WRITES = Query(LUA, "[(assignment_statement) (function_declaration)] @write")

_LEADS_ON = frozenset(
    {"assignment_statement", "variable_declaration", "function_call", "function_declaration"}
)
"""Statements behind which control goes on, unless they raise an error."""

_COMES_FROM = _LEADS_ON | {"label_statement"}
"""What may stand before an assignment on its first line: whoever comes to it comes there."""

_GOES_TO = _LEADS_ON | {"return_statement", "break_statement", "goto_statement"}
"""What may stand behind an assignment on its last line: nobody comes to it but from there."""

_SILENT = frozenset({"comment", "empty_statement", ";"})

_MANY = 50
"""How many statements may stand on one side of an assignment; a program may be one line."""


class KeyKind(StrEnum):
    """How the text gives a key."""

    FIELD = "field"  # .name
    CONSTANT = "constant"  # ["text"], [1]
    NAME = "name"  # [i]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table: a field's name, Lua's text of a constant, or the name of a variable."""

    kind: KeyKind
    text: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """What is assigned to: a variable, or with ``keys`` a field of a table that it leads to."""

    name: bytes
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """An assignment on the lines ``first`` to ``last``, which count from 1.

    ``function`` has the first and last line of the function it belongs to, (0, 0) is the main
    chunk. ``is_last``: nothing of the function happens on these lines behind the assignment.
    """

    first: int
    last: int
    function: tuple[int, int]
    targets: tuple[Target, ...]
    is_last: bool


@lru_cache(maxsize=256)
def writes_of(text: bytes) -> tuple[Write, ...]:
    """The assignments of a text that run whenever a line event tells one of their lines.

    In the order of the text. None of a text with a syntax error.
    """
    syntax = syntax_of(text)
    if syntax.has_error:
        return ()
    lines = Counter(map(_lines, syntax.functions))
    found = QueryCursor(_WRITES).captures(syntax.root).get("write", [])
    nodes = sorted(found, key=lambda node: node.start_byte)
    writes = (write for node in nodes if (write := _write(syntax, node)) is not None)
    # A hook tells functions of one text from each other by their lines.
    return tuple(write for write in writes if lines[write.function] < 2)


def _write(syntax: Syntax, node: Node) -> Write | None:
    if node.parent is None or node.parent.type == "variable_declaration":
        return None
    before = _before(node)
    behind = None if before is None else _behind(node)
    if before is None or behind is None:
        return None
    declared = {name for each in before for name in _declared(syntax, each)}
    targets = tuple(
        target
        for target in _targets(syntax, node)
        if not (before if target.keys else target.name in declared)
    )
    if not targets:
        return None
    is_last = len(_target_nodes(node)) == 1 and not behind
    return Write(first_line(node), last_line(node), _function_of(node), targets, is_last)


# --- the lines of a statement ---------------------------------------------------------------------


def _before(node: Node) -> list[Node] | None:
    """The statements before one on its first line; None if control may come from elsewhere."""
    line = first_line(node)
    found: list[Node] = []
    for each in _siblings(node, "prev_sibling"):
        if last_line(each) < line:
            return found
        if each.type not in _COMES_FROM:
            return found if _is_function_head(each) else None
        if first_line(each) != line or len(found) == _MANY:
            return None
        if each.type != "label_statement":
            found.append(each)
    return found


def _behind(node: Node) -> list[Node] | None:
    """The statements behind one on its last line; None if control may come there without it."""
    line = last_line(node)
    found: list[Node] = []
    for each in _siblings(node, "next_sibling"):
        if first_line(each) > line:
            return found
        if each.type not in _GOES_TO:
            return found if each.type == "end" and _is_in_function(each) else None
        if last_line(each) != line or len(found) == _MANY:
            return None
        found.append(each)
    return found


def _siblings(node: Node, direction: str) -> Iterator[Node]:
    """What stands beside a statement, then what stands beside its block."""
    for start in (node, node.parent):
        if start is None or (start is not node and start.type != "block"):
            return
        each = getattr(start, direction)
        while each is not None:
            if each.type not in _SILENT:
                yield each
            each = getattr(each, direction)


def _is_function_head(node: Node) -> bool:
    return node.type == "parameters" and _is_in_function(node)


def _is_in_function(node: Node) -> bool:
    return node.parent is not None and node.parent.type in FUNCTIONS


def _function_of(node: Node) -> tuple[int, int]:
    outer = node.parent
    while outer is not None and outer.type not in FUNCTIONS:
        outer = outer.parent
    return (0, 0) if outer is None else _lines(outer)


def _lines(function: Node) -> tuple[int, int]:
    return first_line(function), last_line(function)


# --- targets --------------------------------------------------------------------------------------


def _target_nodes(node: Node) -> list[Node]:
    """What a statement assigns to; nothing for ``local function``."""
    if node.type == "function_declaration":
        name = node.child_by_field_name("name")
        return [] if name is None or node.children[0].type == "local" else [name]
    listed = next((each for each in node.named_children if each.type == "variable_list"), None)
    return [] if listed is None else listed.children_by_field_name("name")


def _targets(syntax: Syntax, node: Node) -> Iterator[Target]:
    for each in _target_nodes(node):
        found = _target(syntax, each)
        if found is not None:
            yield found


def _target(syntax: Syntax, node: Node) -> Target | None:
    """A name and the keys behind it; None where one of them is computed."""
    if node.type == "identifier":
        return Target(_text(syntax, node))
    table = node.child_by_field_name("table")
    inner = None if table is None else _target(syntax, table)
    key = _key(syntax, node)
    if inner is None or key is None:
        return None
    return Target(inner.name, (*inner.keys, key))


def _key(syntax: Syntax, node: Node) -> Key | None:
    key = node.child_by_field_name("method") or node.child_by_field_name("field")
    if key is None:
        return None
    text = _text(syntax, key)
    if node.type != "bracket_index_expression":
        return Key(KeyKind.FIELD, text)
    if key.type == "identifier":
        return Key(KeyKind.NAME, text)
    return Key(KeyKind.CONSTANT, text) if _is_constant(key) else None


def _is_constant(node: Node) -> bool:
    if node.type == "unary_expression":
        operand = node.child_by_field_name("operand")
        return node.children[0].type == "-" and operand is not None and operand.type == "number"
    return node.type in ("number", "string", "true", "false")


def _declared(syntax: Syntax, node: Node) -> Iterator[bytes]:
    """The locals that a statement declares."""
    if node.type == "function_declaration" and node.children[0].type == "local":
        name = node.child_by_field_name("name")
        if name is not None:
            yield _text(syntax, name)
    elif node.type == "variable_declaration":
        yield from _names_in(syntax, node)


def _names_in(syntax: Syntax, node: Node) -> Iterator[bytes]:
    """Every name in a declaration: those of its values do no harm."""
    left = [node]
    while left:
        each = left.pop()
        if each.type == "identifier":
            yield _text(syntax, each)
        left.extend(each.named_children)


def _text(syntax: Syntax, node: Node) -> bytes:
    return syntax.source.raw[node.start_byte : node.end_byte]
