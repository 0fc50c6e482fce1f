"""The words of inference: what is known of a value, and where its fields come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from kernel.core.catalogue import Function, Table
from lsp_server.analysis.model import Owner
from lsp_server.document import Document


@dataclass(frozen=True, slots=True)
class Written:
    """A table whose fields a text writes down: ``M``, ``M.sub``, ``self``."""

    document: Document
    owner: Owner
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constructed:
    """A table that has no name: ``return { … }``."""

    document: Document
    node: Node


@dataclass(frozen=True, slots=True)
class Annotated:
    """Fields that comments declare for a class of a text."""

    document: Document
    table: Table


Source = Written | Constructed | Annotated | Table
"""Where the fields of a value come from; a `Table` is one of the catalogue."""


@dataclass(frozen=True, slots=True)
class ScriptFunction:
    """A function that a text defines."""

    document: Document
    node: Node


Callee = Function | ScriptFunction


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value."""

    type: str = ""
    """``table``, ``string``, a type of the catalogue …; empty: nothing is known."""
    sources: tuple[Source, ...] = ()
    """Its own fields first, then those that ``__index`` leads to."""
    functions: tuple[Callee, ...] = ()
    """What is called when it is called; several are forms of the same."""
    constant: str | None = None
    """A literal, as the text writes it."""
    doc: str = ""

    def or_else(self, other: Known) -> Known:
        """Both, where this comes first."""
        return Known(
            self.type or other.type,
            (*self.sources, *(each for each in other.sources if each not in self.sources)),
            self.functions or other.functions,
            self.constant if self.constant is not None else other.constant,
            self.doc or other.doc,
        )


UNKNOWN = Known()

Arguments = Callable[[int], Known]
"""What is known of the arguments of a call, by their number from 0."""

FindModule = Callable[[str, Document], Document | None]
"""The file that ``require`` of a name, in a document, finds."""
