"""Values that the catalogue describes: members of tables, results of functions, strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from kernel.core.catalogue import Catalogue, Field, Function, Member, Table
from lsp_server.inference.model import UNKNOWN, Known

_PLAIN = frozenset(
    {"table", "number", "integer", "boolean", "nil", "function", "userdata", "thread"}
)


class Catalogued:
    """Answers from one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def of_global(self, name: str) -> Known:
        """A global by its name."""
        table = self.catalogue.tables.get(name)
        if table is not None:
            return self._of_table(table)
        if name == "_G":
            return self._of_table(globals_of(self.catalogue))
        return self.of_members(self.catalogue.find(name))

    def of_module(self, name: str) -> Known:
        """What ``require`` gives for a name without a file."""
        table = self.catalogue.modules.get(name) or self.catalogue.tables.get(name)
        return UNKNOWN if table is None else self._of_table(table)

    def of_members(self, members: Sequence[Member]) -> Known:
        """A member, given in all its forms."""
        functions = tuple(each for each in members if isinstance(each, Function))
        if functions:
            return Known("function", functions=functions, doc=functions[0].doc)
        for each in members:
            if not isinstance(each, Function):
                return replace(self.of_type(each.type), doc=each.doc)
        return UNKNOWN

    def of_type(self, text: str) -> Known:
        """A value of a type as the catalogue writes it; of several types, the first known one."""
        for choice in _choices(text):
            if choice == "string":
                return Known("string", (string_methods(self.catalogue),))
            if choice in self.catalogue.types:
                return Known(choice, (self.catalogue.types[choice],))
            if choice.startswith("fun("):
                return Known("function")
            if choice in _PLAIN and choice != "nil":
                return Known(choice)
            if choice.endswith("[]"):
                return Known(choice)
        return UNKNOWN

    def of_result(self, function: Function) -> Known:
        """What a function gives first."""
        return self.of_type(function.returns[0]) if function.returns else UNKNOWN

    def of_element(self, type_: str) -> Known:
        """An element of a list."""
        return self.of_type(type_[:-2]) if type_.endswith("[]") else UNKNOWN

    def _of_table(self, table: Table) -> Known:
        functions = () if table.call is None else (table.call,)
        type_ = "function" if functions and not table.members else "table"
        return Known(type_, (table,), functions, doc=table.doc)


@lru_cache(maxsize=16)
def _methods(table: Table) -> Table:
    members = tuple(
        replace(each, parameters=each.parameters[1:], is_method=True)
        for each in table.members
        if isinstance(each, Function) and each.parameters and each.parameters[0].type == "string"
    )
    return Table("string", "A string.", members)


def globals_of(catalogue: Catalogue) -> Table:
    """The table ``_G``, whose members are all globals."""
    tables = (Field(each.name, "table", each.doc) for each in catalogue.tables.values())
    doc = next((each.doc for each in catalogue.find("_G")), "")
    return Table("_G", doc, (*catalogue.values, *tables), is_open=True)


def string_methods(catalogue: Catalogue) -> Table:
    """The functions of ``string`` as methods of strings."""
    table = catalogue.tables.get("string")
    return _methods(table) if table is not None else Table("string")


def _choices(text: str) -> list[str]:
    bare = text.removesuffix("...").strip()
    return [bare] if bare.startswith("fun(") else [each.strip() for each in bare.split("|")]
