"""Analysis: every name of a text, and what it means."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from lsp_server.analysis.model import Declaration, Field, Function, Kind, Name, Owner, Scope
from lsp_server.analysis.pieces import Piece


class Analysis:
    """What is known about one version of a text. Made by `lsp_server.analysis.linker`."""

    def __init__(self, chunk: Scope, statements: Sequence[Piece]) -> None:
        self.chunk = chunk
        """The scope of the whole text."""
        self.statements = statements
        """The pieces of the chunk's own statements."""
        self.pieces = pieces = [*_with_inner(statements)]
        """The same, and those of the bodies of long ones."""
        self.is_taken = False
        """Whether a newer version has taken the pieces, so that this must not be asked."""
        self.functions: list[Function] = [chunk.function, *_all(each.functions for each in pieces)]
        """The chunk, then every function, outer ones before inner ones."""
        self.declarations: list[Declaration] = _all(each.declarations for each in pieces)
        self.names: list[Name] = _all(each.names for each in pieces)
        """Declarations, uses and gotos, in the order of the text."""
        self.fields: list[Field] = _all(each.fields for each in pieces)
        """Every field, in the order of the text."""
        if len(pieces) > len(statements):  # a piece may go on behind those of its body
            for each in (self.functions, self.names, self.fields):
                each.sort(key=_start)
        self._by_path: dict[tuple[Owner, tuple[str, ...]], list[Field]] | None = None
        self._globals: dict[str, list[Name]] | None = None

    def at(self, offset: int) -> Name | Field | None:
        """The name or field that the byte belongs to, or that ends right before it."""
        return _holding(self.names, offset) or _holding(self.fields, offset)

    def visible_at(self, offset: int) -> list[Declaration]:
        """The variables that a name at ``offset`` could mean, the innermost first.

        Each name is there once: what is shadowed is left out. Labels are no variables.
        """
        found: dict[str, Declaration] = {}
        scope: Scope | None = self.scope_at(offset)
        while scope is not None:
            for each in reversed(scope.declarations):
                if each.visible_from < offset and each.kind is not Kind.LABEL:
                    found.setdefault(each.name, each)
            scope = scope.parent
        return list(found.values())

    def scope_at(self, offset: int) -> Scope:
        """The innermost scope around a byte."""
        scope = self.chunk
        while True:
            place = bisect_right(scope.children, offset, key=_start) - 1
            if place < 0 or offset > scope.children[place].end:
                return scope
            scope = scope.children[place]

    def function_at(self, offset: int) -> Function:
        """The innermost function around a byte, or the chunk."""
        return self.scope_at(offset).function

    @property
    def globals(self) -> dict[str, list[Name]]:
        """Every use of every global, by its name, in the order of the text."""
        if self._globals is None:
            self._globals = {}
            for each in _all(each.possible_globals for each in self.pieces):
                if each.is_global and each.env is None:
                    self._globals.setdefault(each.name, []).append(each)
            for uses in self._globals.values():
                uses.sort(key=_start)
        return self._globals

    def fields_of(self, owner: Owner, path: tuple[str, ...] = ()) -> dict[str, list[Field]]:
        """The fields that the text reads or writes right below ``owner.path``, by their names."""
        found: dict[str, list[Field]] = {}
        for (root, there), uses in self._paths.items():
            if root == owner and len(there) == len(path) + 1 and there[:-1] == path:
                found.setdefault(there[-1], []).extend(uses)
        return found

    def field_uses(self, owner: Owner, path: tuple[str, ...]) -> list[Field]:
        """Every use of one field, in the order of the text."""
        return self._paths.get((owner, path), [])

    @property
    def _paths(self) -> dict[tuple[Owner, tuple[str, ...]], list[Field]]:
        if self._by_path is None:
            self._by_path = {}
            for each in self.fields:
                owner = each.owner
                if owner is not None:
                    self._by_path.setdefault((owner, each.path), []).append(each)
        return self._by_path


def _with_inner(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for each in pieces:
        yield each
        if each.body is not None:
            yield from _with_inner(each.body.pieces)


T = TypeVar("T")
Found = TypeVar("Found", Name, Field)


def _all(lists: Iterable[Iterable[T]]) -> list[T]:
    return list(chain.from_iterable(lists))


_start = attrgetter("start")


def _holding(items: Sequence[Found], offset: int) -> Found | None:
    place = bisect_right(items, offset, key=_start) - 1
    return items[place] if place >= 0 and offset <= items[place].end else None
