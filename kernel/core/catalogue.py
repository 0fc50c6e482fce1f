"""What scripts can call: names, signatures and a sentence each, as data.

Completion, hover, signature help, the checks of calls and the `---@meta` library are all made
from it, so that they say the same. Types are written as LuaLS and EmmyLua write them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``...`` is called that."""

    name: str
    type: str = "any"
    is_optional: bool = False
    doc: str = ""
    choices: tuple[str, ...] = ()
    """The only texts it takes, of which ``*`` at the end stands for more letters; empty: all."""

    @property
    def label(self) -> str:
        """As a signature shows it."""
        return f"{self.name}{'?' * self.is_optional}: {self.type}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function, or one of the forms in which it can be called."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    returns: tuple[str, ...] = ()
    doc: str = ""
    versions: frozenset[str] = frozenset()
    """The versions of the language that have it; empty: all."""
    is_method: bool = False
    """Whether it is called with a colon."""
    alias_of: str = ""
    """The name that says the same and is to be preferred."""
    deprecated: str = ""
    """Why it should not be called, and what to call instead."""

    @property
    def label(self) -> str:
        """The signature, without the name of a table before it."""
        returns = f": {', '.join(self.returns)}" if self.returns else ""
        return f"{self.name}({', '.join(each.label for each in self.parameters)}){returns}"

    @property
    def most(self) -> int | None:
        """How many arguments it takes at most; None if there is no limit."""
        is_open = bool(self.parameters) and self.parameters[-1].name == "..."
        return None if is_open else len(self.parameters)

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        needed = [not each.is_optional and each.name != "..." for each in self.parameters]
        return len(needed) - needed[::-1].index(True) if True in needed else 0


@dataclass(frozen=True, slots=True)
class Field:
    """A value that is no function, or a key of a table that a function takes."""

    name: str
    type: str = "any"
    doc: str = ""
    versions: frozenset[str] = frozenset()
    is_optional: bool = False
    alias_of: str = ""
    deprecated: str = ""
    choices: tuple[str, ...] = ()
    """As those of a `Parameter`."""

    @property
    def label(self) -> str:
        """Name and type."""
        return f"{self.name}{'?' * self.is_optional}: {self.type}"


Member: TypeAlias = Function | Field


@dataclass(frozen=True, slots=True)
class Table:
    """Members under one name: a global table, a module, or the type of a value."""

    name: str
    doc: str = ""
    members: tuple[Member, ...] = ()
    versions: frozenset[str] = frozenset()
    call: Function | None = None
    """What a call of the thing itself does."""
    is_open: bool = False
    """Whether it may have members that nobody has listed."""

    def find(self, name: str) -> tuple[Member, ...]:
        """The member of that name, in all its forms."""
        return tuple(each for each in self.members if each.name == name)


@dataclass(frozen=True, slots=True)
class Keyword:
    """A reserved word."""

    name: str
    doc: str
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All there is to call, for one version of the language or for all of them."""

    values: tuple[Member, ...] = ()
    """Global functions, and global values that are no tables."""
    tables: Mapping[str, Table] = field(default_factory=dict)
    types: Mapping[str, Table] = field(default_factory=dict)
    modules: Mapping[str, Table] = field(default_factory=dict)
    """What ``require`` finds without a file."""
    keywords: tuple[Keyword, ...] = ()

    def find(self, name: str) -> tuple[Member, ...]:
        """The global function or value of that name, in all its forms."""
        return tuple(each for each in self.values if each.name == name)

    @property
    def global_names(self) -> frozenset[str]:
        """Every global there is."""
        return frozenset({each.name for each in self.values} | self.tables.keys())

    def of_version(self, version: str) -> "Catalogue":
        """What one version of the language has."""
        return Catalogue(
            values=tuple(_members(self.values, version)),
            tables=_tables(self.tables, version),
            types=_tables(self.types, version),
            modules=_tables(self.modules, version),
            keywords=tuple(each for each in self.keywords if _has(each, version)),
        )

    def with_globals(self, names: Collection[str]) -> "Catalogue":
        """Only these globals, and all types."""
        return replace(
            self,
            values=tuple(each for each in self.values if each.name in names),
            tables={name: table for name, table in self.tables.items() if name in names},
        )

    def joined(self, other: "Catalogue") -> "Catalogue":
        """Both; where both have a table or a type, that of ``other``."""
        return Catalogue(
            values=(*self.values, *other.values),
            tables={**self.tables, **other.tables},
            types={**self.types, **other.types},
            modules={**self.modules, **other.modules},
            keywords=(*self.keywords, *other.keywords),
        )


def _has(thing: Member | Table | Keyword, version: str) -> bool:
    return not thing.versions or version in thing.versions


def _members(members: tuple[Member, ...], version: str) -> Iterator[Member]:
    return (each for each in members if _has(each, version))


def _tables(tables: Mapping[str, Table], version: str) -> dict[str, Table]:
    return {
        name: replace(table, members=tuple(_members(table.members, version)))
        for name, table in tables.items()
        if _has(table, version)
    }
