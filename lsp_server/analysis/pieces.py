"""Pieces: the statements of a text, each analysed by itself and kept as long as it is the same.

They are those of the chunk, and of long statements those of their bodies (`statements`).

Somebody who types changes one statement of many. Analysing a long text takes tenths of a second;
taking over the pieces that have not changed, and looking up again what they mean by names of each
other, takes a few milliseconds.

A piece belongs to one analysis at a time: the next one takes it, moves it, and links it anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from lsp_server.analysis.model import Declaration, Field, Function, Name, Part, Root, Scope

Key = tuple[str, bytes]
"""The type of the node, and its text."""


class Free:
    """A name that a piece uses and does not declare: all its uses mean the same."""

    __slots__ = ("names", "root")

    def __init__(self) -> None:
        self.root = Root()
        self.names: list[Name] = []


class Body:
    """The block of a long statement that is left out of its piece: its statements are pieces."""

    __slots__ = ("aliases", "alive", "gotos", "pieces", "scope")

    def __init__(
        self, scope: Scope, alive: dict[str, Declaration], aliases: dict[Declaration, Root]
    ) -> None:
        self.scope = scope
        self.alive, self.aliases = alive, aliases
        """What the statement declares that can be named in it; whose fields are another table's."""
        self.gotos: list[Name] = []
        """Those in the scope that are in no piece of the body, and may have their labels there."""
        self.pieces: list[Piece] = []


class Piece:
    """What one statement declares and uses. Places move with it; meanings within it stay."""

    around: Scope
    """The scope that the statement stands in; there once it is analysed."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.body: Body | None = None
        """The part of a long statement that is not in this piece. Such a piece is not kept."""
        self.start, self.end = node.start_byte, node.end_byte
        self.key: Key | None = None
        """By what it is known again; None if it was not understood, or is all there is."""
        self.names: list[Name] = []
        self.fields: list[Field] = []
        self.declarations: list[Declaration] = []
        self.functions: list[Function] = []
        self.scopes: list[Scope] = []
        self.parts: list[Part] = []
        self.outer_scopes: list[Scope] = []
        """Those right below the scope around it."""
        self.outer_declarations: list[Declaration] = []
        """Those of the scope around it, which later pieces see."""
        self.first_declarations: list[Declaration] = []
        """Those that may hide one of an earlier piece."""
        self.free: dict[str, Free] = {}
        self.gotos: list[Name] = []
        """Those whose labels are in no block of this piece."""
        self.aliases: dict[Declaration, Root] = {}
        """Variables of the scope around it whose fields are those of another table."""
        self.notes: dict[str, object] = {}
        """What others found out about the statement and want to keep as long as it is the same."""
        self._inner_uses: list[tuple[Declaration, int]] = []
        self._declared_globals: list[Name] = []

    def finish(self) -> None:
        """Put in order what was found in the order of visiting."""
        self.names.sort(key=lambda each: each.start)
        self.fields = _once(self.fields)
        self._declared_globals = [
            each for each in self.names if each.declaration is not None and each.is_global
        ]
        self._inner_uses = [(each, len(each.references)) for each in self.outer_declarations]

    @property
    def possible_globals(self) -> Iterable[Name]:
        """Names that are globals unless the chunk declares them, and those declared as globals."""
        for each in self.free.values():
            yield from each.names
        yield from self._declared_globals

    def find(self, part: Part) -> Node:
        """The node of the newest tree."""
        found = self.node.descendant_for_byte_range(part.start, part.end)
        while found is not None and found.type != part.type:
            found = found.parent
        return self.node if found is None else found

    def move(self, node: Node, around: Scope) -> None:
        """The same statement, in a newer tree and perhaps elsewhere in the text."""
        self.node = node
        if around is not self.around:
            self._stand_in(around)
        by = node.start_byte - self.start
        if not by:
            return
        for group in (self.names, self.fields, self.functions, self.scopes, self.parts, (self,)):
            for each in group:
                each.start += by
                each.end += by
        for declaration in self.declarations:
            declaration.start += by
            declaration.end += by
            declaration.visible_from += by

    def _stand_in(self, around: Scope) -> None:
        """The statement has come into another block, and perhaps into another function."""
        before, function = self.around.function, around.function
        self.around = around
        for scope in self.outer_scopes:
            scope.parent = around
        for declaration in self.outer_declarations:
            declaration.scope = around
        if function is before:
            return
        for name in self.names:
            if name.function is before:
                name.function = function
        for scope in self.scopes:
            if scope.function is before:
                scope.function = function
        for inner in self.functions:
            if inner.parent is before:
                inner.parent = function

    def unlink(self) -> None:
        """Forget the uses of other pieces."""
        for declaration, count in self._inner_uses:
            del declaration.references[count:]


def _once(fields: list[Field]) -> list[Field]:
    """Keys of tables are met twice: inside their table, and as fields of its owner if it has one.

    The latter says more.
    """
    found: dict[int, Field] = {}
    for each in fields:
        if each.root is not None or each.start not in found:
            found[each.start] = each
    return sorted(found.values(), key=lambda each: each.start)
