"""One pass over a syntax tree that says of every name what it means.

The pass keeps its own stack of what is to be visited, because trees of people's texts are thousands
of levels deep (a sum of a thousand terms), and Python's stack is not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from tree_sitter import Node

from lsp_server.analysis.bindings import Bindings
from lsp_server.analysis.chains import CHAINS, instance_of
from lsp_server.analysis.field_uses import NAMES, FieldUses
from lsp_server.analysis.model import Access, Declaration, Kind, Scope, Table
from lsp_server.analysis.pieces import Piece
from lua_debug.syntax.function_names import name_of

_Opened = tuple[Node, Node | None, Node | None, Node | None, Table | None]
"""A function, its parameters, its body, the name of a method, and the table it is a method of."""


def resolve(
    node: Node, raw: bytes, around: Scope, has_env: bool, left_out: Node | None = None
) -> Piece:
    """Analyse a statement, or a whole chunk as one piece.

    ``around`` is the scope it stands in. ``has_env``: globals are fields of ``_ENV`` (Lua 5.2 and
    later). ``left_out`` is a block in it that is not looked into.
    """
    resolver = _Resolver(node, raw, around, has_env, left_out)
    for _ in resolver.run():
        pass
    return resolver.piece


def resolve_in_steps(
    node: Node, raw: bytes, around: Scope, has_env: bool, left_out: Node | None = None
) -> Steps:
    """The same with pauses, a few milliseconds apart, in which others can be served."""
    resolver = _Resolver(node, raw, around, has_env, left_out)
    yield from resolver.run()
    return resolver.piece


Steps = Generator[None, None, Piece]

STEP = 2000
"""How many nodes are visited without a pause."""


class _Resolver:
    def __init__(
        self, node: Node, raw: bytes, around: Scope, has_env: bool, left_out: Node | None
    ) -> None:
        self._raw, self._left_out = raw, left_out
        self._has_global = raw.find(b"global", node.start_byte, node.end_byte) >= 0
        self.piece = Piece(node)
        self._bindings = Bindings(self.piece, around, has_env)
        self._left: list[Node | tuple[Callable[..., None], Any]] = [node]
        self._fields = FieldUses(self.piece, self._bindings, self._text, self._left.append)

    def run(self) -> Iterator[None]:
        left, visitors = self._left, _VISITORS
        visited = 0
        while left:
            visited += 1
            if visited % STEP == 0:
                yield
            item = left.pop()
            if isinstance(item, tuple):
                item[0](item[1])
            elif (visit := visitors.get(item.type)) is not None:
                visit(self, item)
            else:
                left.extend(reversed(self._children(item)))
        self._bindings.leave_piece()

    # --- what is still to be visited ------------------------------------------------------------

    def _children(self, node: Node) -> list[Node]:
        """The parts that mean something; ``global`` is a name where it begins no declaration."""
        if not self._has_global:
            return node.named_children
        return [each for each in node.children if each.is_named or each.type == "global"]

    def _visit_all(self, nodes: list[Node]) -> None:
        self._left.extend(reversed(nodes))

    def _visit_body(self, block: Node | None) -> None:
        """What is in a block, unless it is left out: then what can be named there is written down.

        The scope of the block must have been entered, or be entered before this is visited.
        """
        if block is not None and block == self._left_out:
            self._later(self._leave_out)
        elif block is not None:
            self._visit_all(self._children(block))

    def _leave_out(self, _: object) -> None:
        self.piece.body = self._bindings.body(self._fields.stands_for)

    def _later(self, what: Callable[..., None], about: object = None) -> None:
        self._left.append((what, about))

    def _leave(self, _: object) -> None:
        self._bindings.leave()

    def _nothing(self, node: Node) -> None:
        """Nothing in it is a name of a variable."""

    def _text(self, node: Node) -> str:
        return self._raw[node.start_byte : node.end_byte].decode("utf-8", "replace")

    # --- statements -----------------------------------------------------------------------------

    def _block(self, node: Node) -> None:
        """What ``if``, ``elseif`` and ``else`` do: the scope ends with the next keyword."""
        self._bindings.enter(node.start_byte, _keyword_behind(node))
        self._later(self._leave)
        self._visit_body(node)

    def _do_or_while(self, node: Node) -> None:
        """The condition is outside, and the scope is all that lies between the keywords."""
        condition = node.child_by_field_name("condition")
        body = node.child_by_field_name("body")
        start = condition.end_byte if condition is not None else node.start_byte
        self._bindings.enter(start, node.end_byte)
        self._later(self._leave)
        self._visit_body(body)
        self._visit_all([each for each in self._children(node) if each not in (condition, body)])
        if condition is not None:
            self._left.append(condition)

    def _repeat(self, node: Node) -> None:
        """The condition sees the variables of the body."""
        self._bindings.enter(node.start_byte, node.end_byte)
        self._later(self._leave)
        for child in reversed(self._children(node)):
            if child.type == "block":
                self._visit_all(self._children(child))
            else:
                self._left.append(child)

    def _for(self, node: Node) -> None:
        """What a loop goes over does not see its variables."""
        clause = node.child_by_field_name("clause")
        body = node.child_by_field_name("body")
        if clause is None:
            self._visit_all(node.named_children)
            return
        names = clause
        if clause.type == "for_generic_clause" and clause.named_children:
            names = clause.named_children[0]
        variables = names.children_by_field_name("name")
        self._later(self._leave)
        self._visit_body(body)
        self._later(self._loop_begins, (node, clause.end_byte, variables))
        for child in reversed(self._children(clause)):
            if child != names and child not in variables:
                self._left.append(child)

    def _loop_begins(self, about: tuple[Node, int, list[Node]]) -> None:
        node, start, variables = about
        self._bindings.enter(start, node.end_byte)
        for each in variables:
            self._declare(each, Kind.LOOP, start)

    def _variables(self, node: Node) -> None:
        """``local a, b <const> = 1, 2``, or ``global``; the values do not see the names."""
        inner = node.named_children[0] if node.named_children else None
        if inner is None:
            return
        listed = inner
        values: list[Node] = []
        if inner.type == "assignment_statement":
            listed = inner.named_children[0]
            values = [each for each in inner.named_children[1:] if each.type == "expression_list"]
            values = [] if not values else self._children(values[0])
        is_global = node.children[0].type == "global"
        self._later(self._declare_all, (node, listed, values, is_global))
        self._visit_all(values)

    def _declare_all(self, about: tuple[Node, Node, list[Node], bool]) -> None:
        node, listed, values, is_global = about
        names = listed.children_by_field_name("name")
        kind = Kind.GLOBAL if is_global else Kind.LOCAL
        common, attributes = _attributes(listed, self._text)
        for index, name in enumerate(names):
            single = index < len(values) and values[index]
            attribute = attributes.get(name.start_byte, common)
            made = self._declare(name, kind, node.end_byte, attribute, single or None)
            if made is None or not single:
                continue
            if single.type == "table_constructor":
                self._fields.own(single, (self._bindings.root_by(made), ()))
            elif instance := instance_of(single, self._text):
                self._fields.instance(made, *instance)

    def _assignment(self, node: Node) -> None:
        """Values first, as Lua does; then what is written."""
        targets = node.named_children[0] if node.named_children else None
        if targets is None or targets.type != "variable_list":
            self._visit_all(node.named_children)
            return
        listed = next((c for c in node.named_children[1:] if c.type == "expression_list"), None)
        values = [] if listed is None else self._children(listed)
        rest = [c for c in node.named_children[1:] if c.type == "ERROR"]
        places = targets.children_by_field_name("name")
        self._visit_all(rest)
        for index, place in reversed(list(enumerate(places))):
            self._later(self._write, (place, values[index] if index < len(values) else None))
        self._visit_all(values)

    def _write(self, about: tuple[Node, Node | None]) -> None:
        place, value = about
        table: Table | None = None
        if place.type in CHAINS:
            made = self._fields.chain(place, Access.WRITE, value)
            if made is not None and made.root is not None:
                table = (made.root, made.path)
        elif place.type in NAMES:
            name = self._fields.use(place, Access.WRITE)
            table = (self._bindings.root(name.name), ())
        else:
            self._left.append(place)
        if table is not None and value is not None and value.type == "table_constructor":
            self._fields.own(value, table)

    # --- functions ------------------------------------------------------------------------------

    def _function(self, node: Node) -> None:
        """``local function f`` is known inside itself; ``function a.b:m`` writes a field."""
        name = node.child_by_field_name("name")
        table: Table | None = None
        self_place: Node | None = None
        if name is not None and node.children[0].type == "local":
            self._declare(name, Kind.FUNCTION, name.start_byte, value=node)
        elif name is not None and node.children[0].type == "global":
            self._declare(name, Kind.GLOBAL, name.start_byte, value=node)
        elif name is not None and name.type in CHAINS:
            made = self._fields.chain(name, Access.WRITE, node)
            if made is not None and made.is_method:
                self_place = name.child_by_field_name("method")
                table = None if made.root is None else (made.root, made.path[:-1])
        elif name is not None:
            self._fields.use(name, Access.WRITE)
        parameters = node.child_by_field_name("parameters")
        body = node.child_by_field_name("body")
        # The chain of the name may have put expressions on the stack: they are outside.
        self._later(self._function_begins, (node, parameters, body, self_place, table))

    def _function_begins(self, about: _Opened) -> None:
        node, parameters, body, self_place, table = about
        bindings = self._bindings
        start = node.start_byte if parameters is None else parameters.start_byte
        function = bindings.enter_function(node, start, name_of(node), table)
        self._later(self._leave)
        if self_place is not None:
            at, end = self_place.start_byte, self_place.end_byte
            implicit = bindings.declare("self", Kind.SELF, at, end, start)
            function.parameters.append(implicit)
            if table is not None:
                self._fields.stands_for[implicit] = table
        for each in [] if parameters is None else self._children(parameters):
            if each.type in NAMES:
                made = self._declare(each, Kind.PARAMETER, start)
                if made is not None:
                    function.parameters.append(made)
            elif each.type == "vararg_expression":
                function.is_vararg = True
        self._visit_body(body)

    def _parameters(self, node: Node) -> None:
        """Those of a function that is not finished, of which the parser knows no more."""
        for each in self._children(node):
            if each.type in NAMES:
                self._declare(each, Kind.PARAMETER, node.start_byte)

    def _call(self, node: Node) -> None:
        """What is called, and then the arguments."""
        called = node.child_by_field_name("name")
        for child in reversed(self._children(node)):
            if child != called:
                self._left.append(child)
        if called is None:
            return
        if called.type in CHAINS:
            made = self._fields.chain(called, Access.READ)
            if made is not None:
                made.is_called = True
        elif called.type in NAMES:
            self._fields.use(called, Access.READ).is_called = True
        else:
            self._left.append(called)

    def _chain(self, node: Node) -> None:
        self._fields.chain(node, Access.READ)

    def _entry(self, node: Node) -> None:
        self._fields.entry(node)

    # --- names ----------------------------------------------------------------------------------

    def _declare(
        self,
        node: Node,
        kind: Kind,
        visible_from: int,
        attribute: str | None = None,
        value: Node | None = None,
    ) -> Declaration | None:
        if node.start_byte == node.end_byte:  # the parser made it up
            return None
        return self._bindings.declare(
            self._text(node), kind, node.start_byte, node.end_byte, visible_from, attribute, value
        )

    def _identifier(self, node: Node) -> None:
        self._fields.use(node, Access.READ)

    def _label(self, node: Node) -> None:
        for each in node.named_children:
            self._declare(each, Kind.LABEL, node.start_byte)

    def _goto(self, node: Node) -> None:
        for each in node.named_children:
            if each.start_byte != each.end_byte:
                self._bindings.jump(self._text(each), each.start_byte, each.end_byte)


def _attributes(listed: Node, text: Callable[[Node], str]) -> tuple[str | None, dict[int, str]]:
    """``<const> a, b``: for all; ``a <const>, b``: for the one it stands behind."""
    common: str | None = None
    each: dict[int, str] = {}
    last: Node | None = None
    for child in listed.named_children:
        if child.type == "attribute":
            word = text(child).strip("<> \t\r\n")
            if last is None:
                common = word
            else:
                each[last.start_byte] = word
        elif child.type == "identifier":
            last = child
    return common, each


def _keyword_behind(block: Node) -> int:
    """Where the keyword begins that ends a block; the block itself ends with its last statement."""
    at: Node | None = block
    while at is not None and at.type != "chunk":
        found = at.next_sibling
        while found is not None and found.type == "comment":
            found = found.next_sibling
        if found is not None:
            return found.start_byte
        at = at.parent
    return block.end_byte


_VISITORS: dict[str, Callable[[_Resolver, Node], None]] = {
    "identifier": _Resolver._identifier,
    "global": _Resolver._identifier,
    "dot_index_expression": _Resolver._chain,
    "bracket_index_expression": _Resolver._chain,
    "method_index_expression": _Resolver._chain,
    "field": _Resolver._entry,
    "variable_declaration": _Resolver._variables,
    "assignment_statement": _Resolver._assignment,
    "function_declaration": _Resolver._function,
    "function_definition": _Resolver._function,
    "function_call": _Resolver._call,
    "block": _Resolver._block,
    "do_statement": _Resolver._do_or_while,
    "while_statement": _Resolver._do_or_while,
    "repeat_statement": _Resolver._repeat,
    "for_statement": _Resolver._for,
    "parameters": _Resolver._parameters,
    "label_statement": _Resolver._label,
    "goto_statement": _Resolver._goto,
    **dict.fromkeys(
        ("string", "comment", "number", "attribute", "implicit_variable_declaration"),
        _Resolver._nothing,
    ),
}
