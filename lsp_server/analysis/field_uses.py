"""Fields: whose they are, along chains such as ``a.b.c`` and in tables that are written down."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from lsp_server.analysis.bindings import Bindings
from lsp_server.analysis.chains import bracketed_name, links_of
from lsp_server.analysis.model import Access, Declaration, Field, Name, Part, Root, Table
from lsp_server.analysis.pieces import Piece

NAMES = frozenset({"identifier", "global"})
"""The nodes that are names of variables; ``global`` is one where no declaration begins."""

LONGEST = 32
"""Steps of a chain that are told apart; longer ones are generated, and nobody asks about them."""


class FieldUses:
    """Collects the fields of a text. What else is met on the way goes back to be visited."""

    def __init__(
        self,
        piece: Piece,
        bindings: Bindings,
        text: Callable[[Node], str],
        visit: Callable[[Node], None],
    ) -> None:
        self._piece, self._bindings, self._text, self._visit = piece, bindings, text, visit
        self.stands_for: dict[Declaration, Table] = {}
        """Variables whose fields are those of another table: ``self``, and new instances."""

    def use(self, node: Node, access: Access) -> Name:
        """A name of a variable is used."""
        return self._bindings.use(self._text(node), node.start_byte, node.end_byte, access)

    def chain(self, node: Node, access: Access, value: Node | None = None) -> Field | None:
        """All fields of ``a.b["c"]:d``; the last one, which has the ``access``."""
        first, links = links_of(node)
        root: Root | None = None
        path: tuple[str, ...] = ()
        if first is not None and first.type in NAMES and first.end_byte > first.start_byte:
            declaration = self.use(first, Access.READ).declaration
            if declaration is None:
                root = self._bindings.root(self._text(first))
            else:
                own = (self._bindings.root_by(declaration), ())
                root, path = self.stands_for.get(declaration, own)
        elif first is not None:
            self._visit(first)
        made: Field | None = None
        for link in links:
            place = link.child_by_field_name("method") or link.child_by_field_name("field")
            if place is None or place.start_byte == place.end_byte:
                made = None
                continue
            text = bracketed_name(link, place, self._text)
            if text is None:
                self._visit(place)
                root, made = None, None
                continue
            root = root if len(path) < LONGEST else None
            path = (*path, text) if root is not None else ()
            made = self._add(text, place, Access.READ, (root, path), link)
            made.is_method = link.type == "method_index_expression"
        if made is not None:
            made.access = access
            made.value_part = None if value is None else Part(value, self._piece)
        return made

    def _add(
        self,
        name: str,
        place: Node,
        access: Access,
        where: tuple[Root | None, tuple[str, ...]],
        node: Node,
        value: Node | None = None,
    ) -> Field:
        part = Part(node, self._piece)
        value_part = None if value is None else Part(value, self._piece)
        root, path = where
        made = Field(name, place.start_byte, place.end_byte, access, root, path, part, value_part)
        self._piece.fields.append(made)
        return made

    def own(self, constructor: Node, table: Table) -> None:
        """The keys of ``a.b = {c = 1}`` are fields of ``a.b``; so are those of tables in it."""
        waiting = [(constructor, table)]
        while waiting:
            node, (root, path) = waiting.pop()
            for entry in node.named_children:
                key = entry.child_by_field_name("name") if entry.type == "field" else None
                text = None if key is None else bracketed_name(entry, key, self._text)
                if key is None or text is None:
                    continue
                value = entry.child_by_field_name("value")
                there = (*path, text)
                self._add(text, key, Access.WRITE, (root, there), entry, value)
                is_table = value is not None and value.type == "table_constructor"
                if value is not None and is_table and len(there) < LONGEST:
                    waiting.append((value, (root, there)))

    def entry(self, node: Node) -> None:
        """An entry of a table constructor: a key that is a name is none of a variable."""
        key = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if value is not None:
            self._visit(value)
        if key is None:
            return
        name = bracketed_name(node, key, self._text)
        if name is not None:
            self._add(name, key, Access.WRITE, (None, ()), node, value)
        elif key.type != "string":
            self._visit(key)

    def instance(self, declaration: Declaration, constructor: Node | None, table: Node) -> None:
        """``local self = setmetatable({…}, Class)``: its fields are those of the class."""
        root = self._bindings.root(self._text(table))
        self.stands_for[declaration] = (root, ())
        if self._bindings.is_outermost(declaration):
            self._piece.aliases[declaration] = root
        if constructor is not None:
            self.own(constructor, (root, ()))
