"""The words of the analysis: declarations, names, fields, scopes, functions.

All places are byte offsets into the text. An `Analysis` belongs to one version of a text and is
never changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from tree_sitter import Node


class Kind(Enum):
    """What was declared."""

    LOCAL = "local"
    PARAMETER = "parameter"
    SELF = "self"  # the parameter that ``function t:m()`` has without naming it
    LOOP = "for variable"
    FUNCTION = "local function"
    LABEL = "label"
    GLOBAL = "global"  # ``global x`` of Lua 5.5


class Access(Enum):
    """What is done with a name where it stands."""

    DECLARE = "declare"
    READ = "read"
    WRITE = "write"


@dataclass(slots=True, eq=False, repr=False)
class Declaration:
    """A variable or label: where its name is declared, and where that name means it.

    ``value`` is the expression it begins with, if there is one that is its alone. ``self`` of
    a method has no place of its own: ``start`` and ``end`` are those of the method's name.
    """

    name: str
    kind: Kind
    start: int
    end: int
    visible_from: int
    scope: Scope
    attribute: str | None = None
    value: Node | None = None
    shadows: Declaration | None = None
    """The variable, alive here, that nobody can reach by this name any more."""
    references: list[Name] = field(default_factory=list)
    """Every use, in the order of the text; the declaration itself is none."""

    @property
    def function(self) -> Function:
        """The function whose variable it is."""
        return self.scope.function

    @property
    def visible_to(self) -> int:
        """Where the name ends to mean this variable."""
        return self.scope.end

    @property
    def is_read(self) -> bool:
        """Whether anything depends on it."""
        return any(each.access is Access.READ for each in self.references)

    @property
    def is_captured(self) -> bool:
        """Whether it is an upvalue of an inner function."""
        return any(each.is_upvalue for each in self.references)


@dataclass(slots=True, eq=False, repr=False)
class Name:
    """A name where it stands for a variable, a global, or a label."""

    name: str
    start: int
    end: int
    access: Access
    declaration: Declaration | None
    """None: a global (a field of ``_ENV``), or the label of a goto that leads nowhere."""
    function: Function
    is_label: bool = False
    is_called: bool = False
    env: Declaration | None = None
    """Of a global: the local ``_ENV`` that it is a field of, if the script declared one."""

    @property
    def is_upvalue(self) -> bool:
        """Whether the variable belongs to a function around the one that uses it."""
        found = self.declaration
        return (
            found is not None
            and found.kind is not Kind.GLOBAL
            and found.scope.function is not self.function
        )

    @property
    def is_global(self) -> bool:
        """Whether it is no local variable and no label."""
        found = self.declaration
        return not self.is_label and (found is None or found.kind is Kind.GLOBAL)


Owner = Declaration | str
"""What a chain of fields begins with: a variable, or the name of a global."""


@dataclass(slots=True, eq=False, repr=False)
class Field:
    """A field where it stands: ``c`` in ``a.b.c``, ``a.b:c()``, ``a["b"].c``, or ``a.b = {c = 1}``.

    ``owner`` and ``path`` name it from its root: ``a`` and ``("b", "c")``. In a method of ``a.b``,
    ``self.c`` has that very owner and path, too. Both say nothing (None and ``()``) where the chain
    begins with a call or goes through a computed key.
    """

    name: str
    start: int
    end: int
    access: Access
    owner: Owner | None
    path: tuple[str, ...]
    node: Node
    """The index expression, or the ``field`` of a table constructor."""
    value: Node | None = None
    """What is written into it, where that can be seen: an expression or a function."""
    is_method: bool = False
    """Whether it stands behind a colon."""
    is_called: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """A stretch of text that ends the life of the variables declared in it."""

    start: int
    end: int
    function: Function
    parent: Scope | None
    declarations: list[Declaration] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class Function:
    """A function's text, or the whole chunk (``parent`` is None)."""

    node: Node
    start: int
    end: int
    parent: Function | None
    name: str | None = None
    """As the text calls it: ``f``, ``M.f``, ``M:f``; None for one that is only a value."""
    parameters: list[Declaration] = field(default_factory=list)
    is_vararg: bool = False
    table: tuple[Owner, tuple[str, ...]] | None = None
    """Of ``function a.b:m()``: owner and path of ``a.b``, which ``self`` stands for."""


class Analysis:
    """Every name of a text, and what it means."""

    def __init__(
        self,
        chunk: Scope,
        functions: Sequence[Function],
        declarations: Sequence[Declaration],
        names: Sequence[Name],
        fields: Sequence[Field],
    ) -> None:
        self.chunk = chunk
        self.functions = functions
        self.declarations = declarations
        self.names = sorted(names, key=_start)
        """Declarations, uses and gotos, in the order of the text."""
        self.fields = _once(fields)
        self._name_starts = [each.start for each in self.names]
        self._field_starts = [each.start for each in self.fields]
        self._by_path: dict[tuple[Owner, tuple[str, ...]], list[Field]] | None = None
        self._globals: dict[str, list[Name]] | None = None

    def at(self, offset: int) -> Name | Field | None:
        """The name or field that the byte belongs to, or that ends right before it."""
        return _holding(self.names, self._name_starts, offset) or _holding(
            self.fields, self._field_starts, offset
        )

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
            starts = [each.start for each in scope.children]
            place = bisect_right(starts, offset) - 1
            if place < 0 or offset > scope.children[place].end:
                return scope
            scope = scope.children[place]

    def function_at(self, offset: int) -> Function:
        """The innermost function around a byte, or the chunk."""
        return self.scope_at(offset).function

    @property
    def globals(self) -> dict[str, list[Name]]:
        """Every use of every global, by its name."""
        if self._globals is None:
            self._globals = {}
            for each in self.names:
                if each.is_global and each.env is None:
                    self._globals.setdefault(each.name, []).append(each)
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
                if each.owner is not None:
                    self._by_path.setdefault((each.owner, each.path), []).append(each)
        return self._by_path


def _once(fields: Sequence[Field]) -> list[Field]:
    """Keys of tables are met twice: inside their table, and as fields of its owner if it has one.

    The latter says more.
    """
    found: dict[int, Field] = {}
    for each in fields:
        if each.owner is not None or each.start not in found:
            found[each.start] = each
    return sorted(found.values(), key=_start)


Found = TypeVar("Found", Name, Field)


def _start(one: Name | Field) -> int:
    return one.start


def _holding(items: Sequence[Found], starts: list[int], offset: int) -> Found | None:
    place = bisect_right(starts, offset) - 1
    return items[place] if place >= 0 and offset <= items[place].end else None
