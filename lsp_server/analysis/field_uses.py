"""Fields: whose they are, along chains such as ``a.b.c`` and in tables that are written down."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from lsp_server.analysis.bindings import Bindings
from lsp_server.analysis.chains import bracketed_name, links_of
from lsp_server.analysis.model import Access, Declaration, Field, Kind, Name, Owner

Table = tuple[Owner, tuple[str, ...]]
"""The owner and path of a table that is written down in the text."""

NAMES = frozenset({"identifier", "global"})
"""The nodes that are names of variables; ``global`` is one where no declaration begins."""

LONGEST = 32
"""Steps of a chain that are told apart; longer ones are generated, and nobody asks about them."""


class FieldUses:
    """Collects the fields of a text. What else is met on the way goes back to be visited."""

    def __init__(
        self, bindings: Bindings, text: Callable[[Node], str], visit: Callable[[Node], None]
    ) -> None:
        self._bindings, self._text, self._visit = bindings, text, visit
        self.found: list[Field] = []
        self.stands_for: dict[Declaration, Table] = {}
        """Variables whose fields are those of another table: ``self``, and new instances."""

    def use(self, node: Node, access: Access) -> Name:
        """A name of a variable is used."""
        return self._bindings.use(self._text(node), node.start_byte, node.end_byte, access)

    def chain(self, node: Node, access: Access, value: Node | None = None) -> Field | None:
        """All fields of ``a.b["c"]:d``; the last one, which has the ``access``."""
        root, links = links_of(node)
        owner: Owner | None = None
        path: tuple[str, ...] = ()
        if root is not None and root.type in NAMES and root.end_byte > root.start_byte:
            name = self.use(root, Access.READ)
            owner, path = owner_of(name), ()
            if (declaration := name.declaration) is not None:
                owner, path = self.stands_for.get(declaration, (owner, path))
        elif root is not None:
            self._visit(root)
        made: Field | None = None
        for link in links:
            place = link.child_by_field_name("method") or link.child_by_field_name("field")
            if place is None or place.start_byte == place.end_byte:
                made = None
                continue
            text = bracketed_name(link, place, self._text)
            if text is None:
                self._visit(place)
                owner, made = None, None
                continue
            owner = owner if len(path) < LONGEST else None
            path = (*path, text) if owner is not None else ()
            is_method = link.type == "method_index_expression"
            start, end = place.start_byte, place.end_byte
            made = Field(text, start, end, Access.READ, owner, path, link, None, is_method)
            self.found.append(made)
        if made is not None:
            made.access, made.value = access, value
        return made

    def own(self, constructor: Node, table: Table) -> None:
        """The keys of ``a.b = {c = 1}`` are fields of ``a.b``; so are those of tables in it."""
        waiting = [(constructor, table)]
        while waiting:
            node, (owner, path) = waiting.pop()
            for entry in node.named_children:
                key = entry.child_by_field_name("name") if entry.type == "field" else None
                text = None if key is None else bracketed_name(entry, key, self._text)
                if key is None or text is None:
                    continue
                value = entry.child_by_field_name("value")
                there = (*path, text)
                start, end = key.start_byte, key.end_byte
                self.found.append(Field(text, start, end, Access.WRITE, owner, there, entry, value))
                is_table = value is not None and value.type == "table_constructor"
                if value is not None and is_table and len(there) < LONGEST:
                    waiting.append((value, (owner, there)))

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
            start, end = key.start_byte, key.end_byte
            self.found.append(Field(name, start, end, Access.WRITE, None, (), node, value))
        elif key.type != "string":
            self._visit(key)

    def instance(self, declaration: Declaration, constructor: Node | None, table: Node) -> None:
        """``local self = setmetatable({…}, Class)``: its fields are those of the class."""
        name = self._bindings.meaning(self._text(table))
        owner = self._text(table) if name is None else owner_by(name)
        self.stands_for[declaration] = (owner, ())
        if constructor is not None:
            self.own(constructor, (owner, ()))


def owner_of(name: Name) -> Owner:
    """What the fields of a variable are known by."""
    return name.name if name.declaration is None else owner_by(name.declaration)


def owner_by(declaration: Declaration) -> Owner:
    """The same, for where it is declared."""
    return declaration.name if declaration.kind is Kind.GLOBAL else declaration
