"""Bindings: which declaration a name means, while a piece is gone through from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from lsp_server.analysis.model import (
    Access,
    Declaration,
    Function,
    Kind,
    Name,
    Part,
    Root,
    Scope,
    Table,
)
from lsp_server.analysis.pieces import Body, Free, Piece


class Bindings:
    """The scopes that are open, and for each name the variables of the piece that are alive."""

    def __init__(self, piece: Piece, around: Scope, has_env: bool) -> None:
        self._piece, self._around, self._scope = piece, around, around
        piece.around = around
        self._has_env = has_env
        self._alive: dict[str, list[Declaration]] = {}
        self._gotos: dict[Scope, list[Name]] = {}
        self._roots: dict[Declaration, Root] = {}

    def enter(self, start: int, end: int) -> Scope:
        """A scope begins."""
        inner = Scope(start, end, self._scope.function, self._scope)
        is_outer = self._scope is self._around
        (self._piece.outer_scopes if is_outer else self._scope.children).append(inner)
        self._piece.scopes.append(inner)
        self._scope = inner
        return inner

    def enter_function(
        self,
        node: Node,
        start: int,
        name: str | None,
        method_of: tuple[Root, tuple[str, ...]] | None,
    ) -> Function:
        """A function begins, with a scope for its parameters and its body."""
        part = Part(node, self._piece)
        made = Function(part, node.start_byte, node.end_byte, self._scope.function, name)
        made.method_of = method_of
        self._piece.functions.append(made)
        self.enter(start, node.end_byte).function = made
        return made

    def leave(self) -> None:
        """A scope ends, and with it the variables declared in it."""
        ended = self._scope
        for each in ended.declarations:
            if each.kind is not Kind.LABEL:
                self._alive[each.name].pop()
        self._settle_gotos(ended, ended.declarations)
        if ended.parent is not None:
            self._scope = ended.parent

    def leave_piece(self) -> None:
        """The statement has ended. Labels of the scope around it may be in any piece."""
        self._piece.gotos += self._gotos.pop(self._around, [])
        self._piece.finish()

    def declare(
        self,
        name: str,
        kind: Kind,
        start: int,
        end: int,
        visible_from: int,
        attribute: str | None = None,
        value: Node | None = None,
    ) -> Declaration:
        """A name begins to mean this."""
        piece, scope = self._piece, self._scope
        part = None if value is None else Part(value, piece)
        made = Declaration(name, kind, start, end, visible_from, scope, attribute, part)
        if kind is not Kind.LABEL:
            alive = self._alive.setdefault(name, [])
            if alive:
                made.shadows = alive[-1]
            else:
                piece.first_declarations.append(made)
            alive.append(made)
        (piece.outer_declarations if scope is self._around else scope.declarations).append(made)
        piece.declarations.append(made)
        if kind is not Kind.SELF:
            is_label = kind is Kind.LABEL
            piece.names.append(
                Name(name, start, end, Access.DECLARE, made, scope.function, is_label)
            )
        return made

    def use(self, name: str, start: int, end: int, access: Access) -> Name:
        """A name is read or written."""
        alive = self._alive.get(name)
        found = alive[-1] if alive else None
        made = Name(name, start, end, access, found, self._scope.function)
        if start == end:  # the parser made it up
            return made
        self._piece.names.append(made)
        if found is not None:
            found.references.append(made)
            return made
        self._free(name).names.append(made)
        if self._has_env and (tables := self._alive.get("_ENV")):
            made.env = tables[-1]
            hidden = Name("_ENV", start, end, Access.READ, made.env, self._scope.function)
            made.env.references.append(hidden)
        return made

    def root(self, name: str) -> Root:
        """What the fields of the variable are known by that a name means here."""
        alive = self._alive.get(name)
        return self.root_by(alive[-1]) if alive else self._free(name).root

    def root_by(self, declaration: Declaration) -> Root:
        """The same, for where it is declared."""
        if declaration not in self._roots:
            is_global = declaration.kind is Kind.GLOBAL
            self._roots[declaration] = Root(declaration.name if is_global else declaration)
        return self._roots[declaration]

    def body(self, stands_for: Mapping[Declaration, Table]) -> Body:
        """What can be named in a block of the innermost scope; it is left out."""
        alive = {name: each[-1] for name, each in self._alive.items() if each}
        aliases = {each: table[0] for each, table in stands_for.items() if not table[1]}
        return Body(self._scope, alive, aliases)

    def is_outermost(self, declaration: Declaration) -> bool:
        """Whether other pieces see it."""
        return declaration.scope is self._around

    def _free(self, name: str) -> Free:
        found = self._piece.free.get(name)
        if found is None:
            found = self._piece.free[name] = Free()
        return found

    # --- labels ---------------------------------------------------------------------------------

    def jump(self, name: str, start: int, end: int) -> None:
        """A goto: its label may come later in this block, or in one around it."""
        made = Name(name, start, end, Access.READ, None, self._scope.function, is_label=True)
        self._piece.names.append(made)
        self._gotos.setdefault(self._scope, []).append(made)

    def _settle_gotos(self, ended: Scope, declared: list[Declaration]) -> None:
        labels = {each.name: each for each in declared if each.kind is Kind.LABEL}
        around, body = ended.parent, self._piece.body
        for each in self._gotos.pop(ended, []):
            if label := labels.get(each.name):
                each.declaration = label
                label.references.append(each)
            elif body is not None and body.scope is ended:
                body.gotos.append(each)
            elif around is not None and around.function is each.function:
                self._gotos.setdefault(around, []).append(each)
