"""The words of the analysis: declarations, names, fields, scopes, functions.

All places are byte offsets into the text. An `Analysis` belongs to one version of a text; the next
version takes over what has not changed (`lsp_server.analysis.pieces`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tree_sitter import Node

if TYPE_CHECKING:
    from lsp_server.analysis.pieces import Piece


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


class Part:
    """A node of the syntax tree, known by its place, so that it can be found in the next tree."""

    __slots__ = ("end", "piece", "start", "type")

    def __init__(self, node: Node, piece: Piece) -> None:
        self.type, self.start, self.end = node.type, node.start_byte, node.end_byte
        self.piece = piece
        piece.parts.append(self)

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.piece.find(self)


@dataclass(slots=True, eq=False, repr=False)
class Declaration:
    """A variable or label: where its name is declared, and where that name means it.

    ``self`` of a method has no place of its own: ``start`` and ``end`` are those of the method's
    name.
    """

    name: str
    kind: Kind
    start: int
    end: int
    visible_from: int
    scope: Scope
    attribute: str | None = None
    value_part: Part | None = None
    shadows: Declaration | None = None
    """The variable, alive here, that nobody can reach by this name any more."""
    references: list[Name] = field(default_factory=list)
    """Every use, in the order of the text; the declaration itself is none."""

    @property
    def value(self) -> Node | None:
        """The expression it begins with, if there is one that is its alone."""
        return None if self.value_part is None else self.value_part.node

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


class Root:
    """What a chain begins with, as far as that is known: for names of other pieces, once linked."""

    __slots__ = ("owner",)

    def __init__(self, owner: Owner | None = None) -> None:
        self.owner = owner


Table = tuple[Root, tuple[str, ...]]
"""Root and path of a table that is written down in the text."""


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
    root: Root | None
    path: tuple[str, ...]
    part: Part
    value_part: Part | None = None
    is_method: bool = False
    """Whether it stands behind a colon."""
    is_called: bool = False

    @property
    def owner(self) -> Owner | None:
        """The variable or global that the chain begins with."""
        return None if self.root is None else self.root.owner

    @property
    def node(self) -> Node:
        """The index expression, or the ``field`` of a table constructor."""
        return self.part.node

    @property
    def value(self) -> Node | None:
        """What is written into it, where that can be seen: an expression or a function."""
        return None if self.value_part is None else self.value_part.node


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

    part: Part
    start: int
    end: int
    parent: Function | None
    name: str | None = None
    """As the text calls it: ``f``, ``M.f``, ``M:f``; None for one that is only a value."""
    parameters: list[Declaration] = field(default_factory=list)
    is_vararg: bool = False
    method_of: tuple[Root, tuple[str, ...]] | None = None

    @property
    def node(self) -> Node:
        """The function in the syntax tree."""
        return self.part.node

    @property
    def table(self) -> tuple[Owner, tuple[str, ...]] | None:
        """Of ``function a.b:m()``: owner and path of ``a.b``, which ``self`` stands for."""
        if self.method_of is None or self.method_of[0].owner is None:
            return None
        return self.method_of[0].owner, self.method_of[1]
