"""Code that control never comes to."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node, Query, QueryCursor

from lsp_server.document import Document
from lsp_server.rules.registry import Context, Finding, rule
from lua_debug.syntax.grammar import FUNCTIONS, LUA, body, statements

_ENDS = Query(LUA, "[(return_statement) (break_statement) (goto_statement) (while_statement)] @end")
_LOOPS = frozenset({"while_statement", "repeat_statement", "for_statement"})


@rule(
    "unreachable-code",
    "hint",
    "Statements behind one that never lets control go on.",
    also=("code-after-break",),
)
def unreachable_code(document: Document, _: Context) -> Iterator[Finding]:
    """What follows a return, break, goto, endless loop, or an if all of whose branches do that."""
    found = QueryCursor(_ENDS).captures(document.root).get("end", [])
    seen: set[int] = set()
    for node in sorted(found, key=lambda node: node.start_byte):
        at: Node | None = node
        while at is not None and _never_goes_on(at):
            rest = _after(at)
            if rest and rest[0].start_byte not in seen:
                seen.add(rest[0].start_byte)
                start, end = rest[0].start_byte, rest[-1].end_byte
                yield Finding(start, end, "This code is never reached.", is_unnecessary=True)
            at = _statement_around(at)


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
    """The do or if statement whose end may be unreachable because of this statement."""
    around = statement.parent
    while around is not None and around.type in ("block", "else_statement", "elseif_statement"):
        around = around.parent
    return around if around is not None and around.type in _THROUGH else None


_THROUGH = frozenset({"do_statement", "if_statement"})


def _never_goes_on(node: Node) -> bool:
    match node.type:
        case "return_statement" | "break_statement" | "goto_statement":
            return True
        case "while_statement":
            condition = node.child_by_field_name("condition")
            return condition is not None and condition.type == "true" and not _has_way_out(node)
        case "do_statement":
            return _ends(body(node))
        case "if_statement":
            branches = node.children_by_field_name("alternative")
            if not branches or branches[-1].type != "else_statement":
                return False
            consequence = node.child_by_field_name("consequence")
            return _ends(statements(consequence)) and all(
                _ends(
                    statements(
                        each.child_by_field_name("body") or each.child_by_field_name("consequence")
                    )
                )
                for each in branches
            )
    return False


def _ends(block: list[Node]) -> bool:
    """Whether the last statement of a block never goes on; labels make that unknown."""
    real = [each for each in block if each.type != "empty_statement"]
    return bool(real) and real[-1].type != "label_statement" and _never_goes_on(real[-1])


def _has_way_out(loop: Node) -> bool:
    """Whether a break ends this loop, or a goto may."""
    left = list(loop.named_children)
    while left:
        node, in_loop = left.pop(), False
        if node.type == "break_statement" and _loop_of(node) == loop:
            return True
        if node.type == "goto_statement":
            return True
        if node.type not in FUNCTIONS and not in_loop:
            left.extend(node.named_children)
    return False


def _loop_of(node: Node) -> Node | None:
    around = node.parent
    while around is not None and around.type not in _LOOPS:
        around = around.parent
    return around
