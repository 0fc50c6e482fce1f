"""Code that control never comes to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from tree_sitter import Node, Query, QueryCursor

from lsp_server.document import Document
from lsp_server.rules.registry import Context, Finding, rule
from lua_debug.syntax.grammar import LUA, body, statements

_JUMPS = Query(
    LUA,
    """(return_statement) @end (break_statement) @end @break (goto_statement) @end @goto
       (while_statement condition: (true)) @endless""",
)
_LOOPS = frozenset({"while_statement", "repeat_statement", "for_statement"})
_IN_STATEMENT = frozenset({"block", "else_statement", "elseif_statement"})


@rule(
    "unreachable-code",
    "hint",
    "Statements behind one that never lets control go on.",
    also=("code-after-break",),
)
def unreachable_code(document: Document, _: Context) -> Iterator[Finding]:
    """What follows a return, break, goto, endless loop, or an if all of whose branches do that."""
    seen: set[int] = set()
    for statement in _last_statements(document.root):
        rest = _after(statement)
        if rest and rest[0].start_byte not in seen:
            seen.add(rest[0].start_byte)
            start, end = rest[0].start_byte, rest[-1].end_byte
            yield Finding(start, end, "This code is never reached.", is_unnecessary=True)


def _last_statements(root: Node) -> Iterator[Node]:
    """Every statement that never goes on to the next one, the simple ones first."""
    captured = QueryCursor(_JUMPS).captures(root)
    left = captured.get("end", [])
    with_break = {_loop_of(each) for each in captured.get("break", [])}
    gotos = sorted(each.start_byte for each in captured.get("goto", []))
    for loop in captured.get("endless", []):
        place = bisect_left(gotos, loop.start_byte)
        has_goto = place < len(gotos) and gotos[place] < loop.end_byte
        if loop.id not in with_break and not has_goto:
            left.append(loop)
    dead: set[int] = set()
    while left:
        statement = left.pop()
        if statement.id in dead:
            continue
        dead.add(statement.id)
        yield statement
        around = _statement_around(statement)
        if around is not None and all(_ends(each, dead) for each in _ways_through(around)):
            left.append(around)


def _after(statement: Node) -> list[Node]:
    """The statements that follow in the block, up to a label, to which a goto may lead."""
    found: list[Node] = []
    following = statement.next_named_sibling
    while following is not None and following.type != "label_statement":
        if following.type not in ("comment", "empty_statement"):
            found.append(following)
        following = following.next_named_sibling
    return found


def _statement_around(statement: Node) -> Node | None:
    """The do or if statement that goes on only if one of its blocks does."""
    around = statement.parent
    while around is not None and around.type in _IN_STATEMENT:
        around = around.parent
    is_one = around is not None and around.type in ("do_statement", "if_statement")
    return around if is_one else None


def _ways_through(statement: Node) -> list[list[Node]]:
    """The blocks one of which is run; an empty one where it may be that none is."""
    if statement.type == "do_statement":
        return [body(statement)]
    branches = statement.children_by_field_name("alternative")
    blocks = [
        statements(each.child_by_field_name("body") or each.child_by_field_name("consequence"))
        for each in (statement, *branches)
    ]
    has_else = bool(branches) and branches[-1].type == "else_statement"
    return blocks if has_else else [*blocks, []]


def _ends(block: list[Node], dead: set[int]) -> bool:
    """Whether the last statement of a block never goes on."""
    real = [each for each in block if each.type != "empty_statement"]
    return bool(real) and real[-1].id in dead


def _loop_of(node: Node) -> int | None:
    around = node.parent
    while around is not None and around.type not in _LOOPS:
        around = around.parent
    return None if around is None else around.id
