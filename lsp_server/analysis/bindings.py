"""Bindings: which declaration a name means, while a text is gone through from top to bottom."""

from __future__ import annotations

from tree_sitter import Node

from lsp_server.analysis.model import (
    Access,
    Declaration,
    Function,
    Kind,
    Name,
    Owner,
    Scope,
)


class Bindings:
    """The scopes that are open, and for each name the variables that are alive."""

    def __init__(self, root: Node, has_env: bool) -> None:
        main = Function(root, root.start_byte, root.end_byte, None, is_vararg=True)
        # A chunk is all of its text, also what the parser sees as space around it.
        self.chunk = Scope(0, max(root.end_byte, 1 << 62), main, None)
        self.functions = [main]
        self.declarations: list[Declaration] = []
        self.names: list[Name] = []
        self._has_env = has_env
        self._scope = self.chunk
        self._alive: dict[str, list[Declaration]] = {}
        self._gotos: dict[Scope, list[Name]] = {}

    def enter(self, start: int, end: int) -> Scope:
        """A scope begins."""
        inner = Scope(start, end, self._scope.function, self._scope)
        self._scope.children.append(inner)
        self._scope = inner
        return inner

    def enter_function(
        self,
        node: Node,
        start: int,
        name: str | None,
        table: tuple[Owner, tuple[str, ...]] | None,
    ) -> Function:
        """A function begins, with a scope for its parameters and its body."""
        made = Function(node, node.start_byte, node.end_byte, self._scope.function, name)
        made.table = table
        self.functions.append(made)
        self.enter(start, node.end_byte).function = made
        return made

    def leave(self) -> None:
        """A scope ends, and with it the variables declared in it."""
        ended = self._scope
        for each in ended.declarations:
            if each.kind is not Kind.LABEL:
                self._alive[each.name].pop()
        self._settle_gotos(ended)
        if ended.parent is not None:
            self._scope = ended.parent

    def leave_all(self) -> None:
        """The text has ended."""
        self._settle_gotos(self.chunk)

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
        made = Declaration(name, kind, start, end, visible_from, self._scope, attribute, value)
        if kind is not Kind.LABEL:
            alive = self._alive.setdefault(name, [])
            made.shadows = alive[-1] if alive else None
            alive.append(made)
        self._scope.declarations.append(made)
        self.declarations.append(made)
        if kind is not Kind.SELF:
            function = self._scope.function
            is_label = kind is Kind.LABEL
            self.names.append(Name(name, start, end, Access.DECLARE, made, function, is_label))
        return made

    def use(self, name: str, start: int, end: int, access: Access) -> Name:
        """A name is read or written."""
        found = self.meaning(name)
        made = Name(name, start, end, access, found, self._scope.function)
        self.names.append(made)
        if found is not None:
            found.references.append(made)
        elif self._has_env and (tables := self._alive.get("_ENV")):
            made.env = tables[-1]
            hidden = Name("_ENV", start, end, Access.READ, made.env, self._scope.function)
            made.env.references.append(hidden)
        return made

    def meaning(self, name: str) -> Declaration | None:
        """The variable that a name means here; None for a global."""
        alive = self._alive.get(name)
        return alive[-1] if alive else None

    # --- labels ---------------------------------------------------------------------------------

    def jump(self, name: str, start: int, end: int) -> None:
        """A goto: its label may come later in this block, or in one around it."""
        made = Name(name, start, end, Access.READ, None, self._scope.function, is_label=True)
        self.names.append(made)
        self._gotos.setdefault(self._scope, []).append(made)

    def _settle_gotos(self, ended: Scope) -> None:
        labels = {each.name: each for each in ended.declarations if each.kind is Kind.LABEL}
        around = ended.parent
        for each in self._gotos.pop(ended, []):
            if label := labels.get(each.name):
                each.declaration = label
                label.references.append(each)
            elif around is not None and around.function is each.function:
                self._gotos.setdefault(around, []).append(each)
