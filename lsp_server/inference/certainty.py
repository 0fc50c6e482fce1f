"""What is certain of expressions: rules complain about nothing else."""

from __future__ import annotations

from tree_sitter import Node

from kernel.core.catalogue import Table
from lsp_server.analysis.chains import bracketed_name
from lsp_server.analysis.model import Access, Declaration, Field, Kind, Owner
from lsp_server.document import Document
from lsp_server.inference.inference import Inference
from lsp_server.inference.links import arguments_of, owner_at
from lsp_server.inference.model import UNKNOWN, Known

DEPTH = 30


class Certainty:
    """Like `Inference`, but knows only what no other part of the program can change.

    A variable counts when nothing is assigned to it after its declaration, a global when it is of
    the catalogue and the text never writes it, a member when it is of the catalogue.
    """

    def __init__(self, document: Document, inference: Inference) -> None:
        self._document, self._inference = document, inference
        self._variables: dict[Declaration, Known] = {}
        self._globals: dict[str, Known] = {}
        self._paths: dict[tuple[Owner, tuple[str, ...]], Known] = {}
        self._written: set[tuple[Owner | None, tuple[str, ...]]] | None = None
        self._depth = 0

    def of_owner(self, owner: Owner) -> Known:
        """What is certain of a variable or a global."""
        return self._of_global(owner) if isinstance(owner, str) else self._of_variable(owner)

    def of_table(self, field: Field) -> Known:
        """What is certain of the value that a field is a member of."""
        if field.owner is None:
            return self.of_node(field.node.child_by_field_name("table"))
        return self._of_path(field.owner, field.path[:-1])

    def of_field(self, field: Field) -> Known:
        """What is certain of the field itself."""
        if field.owner is not None:
            return self._of_path(field.owner, field.path)
        return self.of_node(field.node)

    def _of_path(self, owner: Owner, path: tuple[str, ...]) -> Known:
        if not path:
            return self.of_owner(owner)
        key = (owner, path)
        if key not in self._paths:
            table = self._of_path(owner, path[:-1])
            is_known = bool(table.sources) and not self.is_written(owner, path)
            member = self._inference.of_member(_catalogued(table), path[-1])
            self._paths[key] = member if is_known else UNKNOWN
        return self._paths[key]

    def is_written(self, owner: Owner | None, path: tuple[str, ...]) -> bool:
        """Whether the text itself puts something there."""
        if self._written is None:
            self._written = {
                (each.owner, each.path)
                for each in self._document.analysis.fields
                if each.access is Access.WRITE and each.owner is not None
            }
        return (owner, path) in self._written

    def of_node(self, node: Node | None) -> Known:
        """What is certain of an expression."""
        if node is None or self._depth >= DEPTH:
            return UNKNOWN
        self._depth += 1
        try:
            return self._of_node(node)
        finally:
            self._depth -= 1

    def _of_node(self, node: Node) -> Known:
        match node.type:
            case "identifier":
                return self.of_owner(owner_at(self._document, node))
            case "string":
                return self._inference.of_node(self._document, node)
            case "parenthesized_expression":
                return self.of_node(next(iter(node.named_children), None))
            case "dot_index_expression" | "method_index_expression" | "bracket_index_expression":
                return self._of_index(node)
            case "function_call":
                callee = self.of_node(node.child_by_field_name("name"))
                given = arguments_of(node)
                return self._inference.of_call(
                    self._document,
                    callee,
                    lambda n: self.of_node(given[n] if n < len(given) else None),
                )
        return UNKNOWN

    def _of_global(self, name: str) -> Known:
        if name not in self._globals:
            uses = self._document.analysis.globals.get(name, [])
            is_written = any(each.access is not Access.READ for each in uses)
            known = UNKNOWN if is_written else self._inference.catalogued.of_global(name)
            self._globals[name] = known
        return self._globals[name]

    def _of_variable(self, variable: Declaration) -> Known:
        if variable not in self._variables:
            self._variables[variable] = UNKNOWN
            is_fixed = all(each.access is Access.READ for each in variable.references)
            if is_fixed and variable.kind is Kind.LOCAL and variable.value is not None:
                self._variables[variable] = self.of_node(variable.value)
        return self._variables[variable]

    def _of_index(self, node: Node) -> Known:
        table = self.of_node(node.child_by_field_name("table"))
        if not table.sources and not table.type.endswith("[]"):
            return UNKNOWN
        place = node.child_by_field_name("field") or node.child_by_field_name("method")
        if place is None:
            return UNKNOWN
        name = bracketed_name(node, place, lambda n: self._document.text(n.start_byte, n.end_byte))
        if name is not None and self._is_written(node, name):
            return UNKNOWN
        return self._inference.of_member(_catalogued(table), name)

    def _is_written(self, node: Node, name: str) -> bool:
        """Whether the text puts something of its own there: ``function string.trim``."""
        root = node.child_by_field_name("table")
        if root is None or root.type != "identifier":
            return False
        owner = owner_at(self._document, root)
        return self.is_written(owner, (name,))


def _catalogued(known: Known) -> Known:
    sources = tuple(each for each in known.sources if isinstance(each, Table))
    return Known(known.type, sources, known.functions, known.constant, known.doc)
