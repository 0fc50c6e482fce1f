"""Cells that ask for help, and the pages they are answered with.

``help(string.format)``, ``help("while")``, ``help()`` and, as in IPython, ``x?``, ``?x`` and
``x??`` (with the source): none of them runs code, so help is there for what is no value, too.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.core.catalogue import Catalogue, Function, Member
from kernel.events.model import Display

_NAMES = r"[^\W\d]\w*(?:\s*[.:]\s*[^\W\d]\w*)*"
_CALL = re.compile(rf"\s*help\s*\(\s*(?:({_NAMES})|(['\"])({_NAMES})\2)?\s*\)\s*;?\s*", re.ASCII)
_MARK = re.compile(rf"\s*(?:({_NAMES})\s*(\?\??)|(\?\??)\s*({_NAMES}))\s*", re.ASCII)

_CODE = frozenset(
    {"Signature", "Name", "Value", "Source", "Members", "Help", "Functions", "Tables"}
)
"""Headings over what is code."""

OVERVIEW = """\
help(string.format) or string.format?   what a function does
help(string)                            what is in a table
string.format??                         the source as well, where it is Lua
"""

Known = Sequence[tuple[str, str]]
"""Headings, and what is said under each."""


SCHEMA = "application/schema+json"
"""The media type of a JSON Schema (draft-bhutton-json-schema-00, section 14)."""

Schema = Callable[[str], Mapping[str, Any] | None]
"""Gives the schema of a function's arguments by its name; None if nobody has one."""


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """What a cell wants to know."""

    expression: str
    """Names with dots; empty: what there is."""
    detail: int = 0
    """1: with the source text."""
    is_call: bool = False
    """Whether it looks like a call of ``help``, which the program may have as its own function."""


def help_request(code: str) -> HelpRequest | None:
    """What a cell asks about; None if it is code to be run."""
    call = _CALL.fullmatch(code)
    if call is not None:
        return HelpRequest(_dotted(call[1] or call[3] or ""), is_call=True)
    mark = _MARK.fullmatch(code)
    if mark is None:
        return None
    return HelpRequest(_dotted(mark[1] or mark[4]), detail=len(mark[2] or mark[3]) - 1)


def overview(catalogue: Catalogue) -> Known:
    """How to ask, and what scripts can call."""
    functions = [each for each in catalogue.values if isinstance(each, Function)]
    tables = [f"{table.name:14} {table.doc}" for table in catalogue.tables.values()]
    return (
        ("Help", OVERVIEW.rstrip()),
        ("Functions", "\n".join(_lines(functions, ""))),
        ("Tables", "\n".join(tables)),
    )


def with_members(expression: str, known: Known, catalogue: Catalogue) -> Known:
    """What is known of a table of the catalogue, its members in the place of its value."""
    table = catalogue.tables.get(expression)
    if table is None or not table.members:
        return known
    kept = [each for each in known if each[0] != "Value"]
    return (*kept, ("Members", "\n".join(_lines(table.members, f"{expression}."))))


def page(known: Known, schema: Mapping[str, Any] | None = None) -> Display:
    """For terminals and, with the code set apart, for notebooks; a schema is for programs."""
    plain = [
        f"{heading}: {said}" if "\n" not in said else f"{heading}:\n{said}"
        for heading, said in known
    ]
    marked = [
        f"```lua\n{said}\n```" if heading in _CODE else f"**{heading}** {said}"
        for heading, said in known
    ]
    more = {} if schema is None else {SCHEMA: schema}
    texts = {"text/plain": "\n".join(plain), "text/markdown": "\n\n".join(marked)}
    return Display({**texts, **more})


def _lines(members: Sequence[Member], prefix: str) -> Iterator[str]:
    for each in members:
        yield f"{prefix}{each.label}"
        if each.doc:
            yield f"    {each.doc.partition(chr(10))[0]}"


def _dotted(names: str) -> str:
    return re.sub(r"\s*[.:]\s*", ".", names)
