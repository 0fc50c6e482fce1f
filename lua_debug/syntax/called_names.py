"""By which names functions of a text can be called: their own, further ones, and their module's."""

from functools import lru_cache

from tree_sitter import Node, Query, QueryCursor

from lua_debug.syntax.function_names import name_of
from lua_debug.syntax.grammar import LUA, Syntax, statements, syntax_of

MODULE = "\0"
"""In names, what the text returns: ``M.f`` is also ``\\0.f`` where it ends ``return M``."""

_ROUNDS = 3
"""How many names in a row are followed: ``M.f = f``, ``return M``, and one more."""

_GIVEN = Query(
    LUA,
    """
    (assignment_statement (expression_list [(identifier) (dot_index_expression)] @value))
    (field value: [(identifier) (dot_index_expression)] @value)
    """,
)


def spelled(name: str) -> str:
    """A name as names are compared: ``Class:method`` is ``Class.method``, ``_G.f`` is ``f``."""
    plain = name.replace(":", ".").replace(" ", "")
    return plain.removeprefix("_G.").removeprefix("_ENV.")


@lru_cache(maxsize=32)
def functions_by_name(text: bytes) -> dict[str, list[Node]]:
    """The functions of a text, in its order, by each of their names as `spelled`."""
    syntax = syntax_of(text)
    returned = _returned(syntax)
    others = _other_names(syntax, returned)
    found: dict[str, list[Node]] = {}
    for function in syntax.functions:
        for name in _with_others(_names_of(function, returned), others):
            found.setdefault(name, []).append(function)
    return found


def _names_of(value: Node, returned: Node | None) -> set[str]:
    """What a value is written into: a variable, a field, a field of what the text returns."""
    name = name_of(value)
    if name is None:
        return set()
    is_of_module = returned is not None and _outermost_table(value) == returned
    return {spelled(name), f"{MODULE}.{spelled(name)}"} if is_of_module else {spelled(name)}


def _outermost_table(value: Node) -> Node | None:
    table = None
    while value.parent is not None and value.parent.type == "field":
        table = value = value.parent.parent or value.parent
    return table


def _other_names(syntax: Syntax, returned: Node | None) -> dict[str, set[str]]:
    """For each name that is a value somewhere: the names it is given there."""
    others: dict[str, set[str]] = {}
    for value in QueryCursor(_GIVEN).captures(syntax.root).get("value", []):
        others.setdefault(_text(value), set()).update(_names_of(value, returned))
    if returned is not None and returned.type != "table_constructor":
        others.setdefault(_text(returned), set()).add(MODULE)
    return others


def _with_others(names: set[str], others: dict[str, set[str]]) -> set[str]:
    known, fresh = set(names), names
    for _ in range(_ROUNDS):
        fresh = {
            f"{other}{name[end:]}"
            for name in fresh
            for end in _ends(name)
            for other in others.get(name[:end], ())
        } - known
        known |= fresh
    return known


def _ends(name: str) -> list[int]:
    """Where the parts of a dotted name end: 1, 3 and 5 for ``a.b.c``."""
    return [at for at, character in enumerate(name) if character == "."] + [len(name)]


def _returned(syntax: Syntax) -> Node | None:
    """The variable or table that the text returns at its end, also as ``setmetatable(M, …)``."""
    last = next(reversed(statements(syntax.root)), None)
    if last is None or last.type != "return_statement" or not last.named_children:
        return None
    value = last.named_children[0].named_children[0]
    if value.type == "function_call" and _called(value) == "setmetatable":
        arguments = value.child_by_field_name("arguments")
        value = arguments.named_children[0] if arguments and arguments.named_children else value
    return value if value.type in ("identifier", "table_constructor") else None


def _called(call: Node) -> str:
    name = call.child_by_field_name("name")
    return "" if name is None else _text(name)


def _text(node: Node) -> str:
    return spelled("".join((node.text or b"").decode("utf-8", "backslashreplace").split()))
