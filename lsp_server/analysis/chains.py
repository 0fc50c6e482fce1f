"""``a.b["c"]:d``: what a chain of fields is made of."""

from collections.abc import Callable

from tree_sitter import Node

CHAINS = frozenset({"dot_index_expression", "bracket_index_expression", "method_index_expression"})
"""The nodes that stand for one step of a chain."""


def links_of(node: Node) -> tuple[Node | None, list[Node]]:
    """What the chain that ends with ``node`` begins with, and its steps in the order of the text.

    No recursion: a generated text may have a chain of thousands of steps.
    """
    links: list[Node] = []
    at: Node | None = node
    while at is not None and at.type in CHAINS:
        links.append(at)
        at = at.child_by_field_name("table")
    return at, links[::-1]


def bracketed_name(link: Node, place: Node, text: Callable[[Node], str]) -> str | None:
    """The name of a step or of a key: ``b`` of ``.b``, ``["b"]``, ``b = 1``; None: it is computed.

    A string counts as a name as long as it is written without an escape.
    """
    is_bracketed = link.type == "bracket_index_expression" or (
        link.type == "field" and link.children[0].type == "["
    )
    if not is_bracketed:
        return text(place)
    content = place.child_by_field_name("content") if place.type == "string" else None
    if content is None or content.named_child_count:
        return None
    return text(content)


def instance_of(value: Node, text: Callable[[Node], str]) -> tuple[Node | None, Node] | None:
    """The fresh table, if it is written down, and the class in ``setmetatable({…}, Class)``."""
    called, arguments = value.child_by_field_name("name"), value.child_by_field_name("arguments")
    if value.type != "function_call" or called is None or arguments is None:
        return None
    given = arguments.named_children
    if text(called) != "setmetatable" or len(given) != 2 or given[1].type != "identifier":
        return None
    return (given[0] if given[0].type == "table_constructor" else None), given[1]
