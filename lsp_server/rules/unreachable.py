"""Code that control never comes to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node, Query, QueryCursor

from lsp_server.analysis.model import Access
from lsp_server.document import Document
from lsp_server.rules.registry import Context, Finding, rule
from lua_debug.syntax.grammar import LUA, body, statements

_JUMPS = Query(
    LUA,
    """(return_statement) @end (break_statement) @end @break (goto_statement) @end @goto
       (while_statement condition: (true)) @endless
       ((function_call name: (identifier) @error) @raises (#eq? @error "error"))
       ((function_call name: (dot_index_expression
           table: (identifier) @os field: (identifier) @exit)) @exits
         (#eq? @os "os") (#eq? @exit "exit"))""",
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
    """What follows a return, error, endless loop …, or an if all of whose branches do that."""
    last_end, calls = -1, _last_calls(document)
    for piece in document.analysis.statements:
        inner = piece.notes.get(NOTE)
        if not isinstance(inner, _Inner) or inner.calls != calls:
            inner = piece.notes[NOTE] = _looked_at(piece.node, calls)
        spans = [(piece.start + start, piece.start + end) for start, end in inner.spans]
        if inner.never_goes_on and (rest := _after(piece.node)):
            spans.append((rest[0].start_byte, rest[-1].end_byte))
        for start, end in spans:
            if start > last_end:
                yield Finding(start, end, "This code is never reached.", is_unnecessary=True)
        if inner.never_goes_on and spans:
            last_end = max(last_end, spans[-1][1])


NOTE = "unreachable"
"""Under which a piece keeps what was found in it."""


@dataclass(frozen=True, slots=True)
class _Inner:
    spans: tuple[tuple[int, int], ...]
    """Code inside a statement that is never reached, relative to its beginning."""
    never_goes_on: bool
    calls: frozenset[str]
    """Which calls were taken for the last that is done."""


def _last_calls(document: Document) -> frozenset[str]:
    """The captures of calls that never come back: not of what the text itself has by that name."""
    analysis = document.analysis
    declared = {each.name for each in analysis.declarations}
    found = set()
    for capture, name, path in (("raises", "error", ()), ("exits", "os", ("exit",))):
        uses = (*analysis.globals.get(name, ()), *analysis.field_uses(name, path))
        if name not in declared and not any(each.access is Access.WRITE for each in uses):
            found.add(capture)
    return frozenset(found)


def _looked_at(node: Node, calls: frozenset[str]) -> _Inner:
    spans: dict[int, int] = {}
    never_goes_on = False
    for statement in _last_statements(node, calls):
        if statement == node:
            never_goes_on = True
        elif rest := _after(statement):
            spans.setdefault(rest[0].start_byte, rest[-1].end_byte)
    at = node.start_byte
    found = tuple((start - at, end - at) for start, end in sorted(spans.items()))
    return _Inner(found, never_goes_on, calls)


def _last_statements(root: Node, calls: frozenset[str]) -> Iterator[Node]:
    """Every statement in a node that never goes on to the next one, the simple ones first."""
    captured = QueryCursor(_JUMPS).captures(root)
    left = captured.get("end", [])
    for each in calls:
        left += [call for call in captured.get(each, []) if _is_statement(call)]
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
        around = None if statement == root else _statement_around(statement)
        if (
            around is not None
            and around.id not in with_break
            and all(_ends(each, dead) for each in _ways_through(around))
        ):
            left.append(around)


def _is_statement(call: Node) -> bool:
    return call.parent is not None and call.parent.type in ("block", "chunk")


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
    """The do, repeat or if statement that goes on only if one of its blocks does."""
    around = statement.parent
    while around is not None and around.type in _IN_STATEMENT:
        around = around.parent
    is_one = around is not None and around.type in (
        "do_statement",
        "repeat_statement",
        "if_statement",
    )
    return around if is_one else None


def _ways_through(statement: Node) -> list[list[Node]]:
    """The blocks one of which is run; an empty one where it may be that none is."""
    if statement.type != "if_statement":
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
