"""The parameters that a cell sets: assignments to globals, with what is said of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<comment>--(?:\[(?P<c>=*)\[.*?\](?P=c)\]|[^\n]*))"
    r"|(?P<text>\[(?P<l>=*)\[.*?\](?P=l)\]|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<open>[({\[])|(?P<close>[)}\]])|(?P<end>[\n;])|.",
    re.DOTALL,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\s*=(?!=)\s*(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CellParameter:
    """A global that a cell sets."""

    name: str
    value: str
    """As it is written; one of several lines is joined."""
    help: str
    """The comment behind it."""


def cell_parameters(code: str) -> Iterator[CellParameter]:
    """Those of ``name = value  -- help``, in order; other statements are passed over."""
    for statement, comment in _statements(code):
        found = _ASSIGNMENT.fullmatch(statement)
        if found is not None:
            yield CellParameter(found[1], found[2], comment)


def _statements(code: str) -> Iterator[tuple[str, str]]:
    """What stands on a line, or on several within brackets, and the last comment there."""
    text, comment, depth = "", "", 0
    for token in _TOKEN.finditer(f"{code}\n"):
        kind, said = token.lastgroup, token[0]
        if token["comment"] is not None:
            comment = comment if token["c"] is not None else said.lstrip("-").strip()
        elif token["end"] is not None and not depth:
            if said == "\n" or text.strip():
                yield text.strip(), comment
            text, comment = "", ""
        else:
            depth += (kind == "open") - (kind == "close")
            text = f"{text.rstrip()} " if said.isspace() else text + said
