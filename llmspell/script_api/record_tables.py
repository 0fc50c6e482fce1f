"""Lists of records as tables of HTML, in the form of those that the last value of a cell has."""

from typing import Any

from kernel.core.script_values import Opaque
from llmspell.script_api.rendering import COMPACT, render

ROWS, COLUMNS, LONGEST = 60, 20, 200
"""What is shown of a list, and bytes of a text, as `lua_debug/probe/pretty.lua` has it."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def html_of(value: Any) -> str | None:
    """The table, if the value is a list of tables that have names and nothing else."""
    names = _columns(value[:ROWS]) if isinstance(value, list) else ()
    if not names or len(names) > COLUMNS:
        return None
    head = "".join(f"<th>{each.translate(_ENTITIES)}</th>" for each in names)
    rows = [
        f"<tr><th>{number}</th>{''.join(_cell(record, each) for each in names)}</tr>\n"
        for number, record in enumerate(value[:ROWS], 1)
    ]
    left = len(value) - ROWS
    return (
        f"<table>\n<thead><tr><th></th>{head}</tr></thead>\n<tbody>\n{''.join(rows)}"
        f"</tbody>\n</table>{f'{chr(10)}<p>{left} more rows</p>' if left > 0 else ''}"
    )


def _columns(rows: list[Any]) -> list[str]:
    """The names of all columns; none if a row is no record. An empty table is an empty list."""
    names: set[str] = set()
    for record in rows:
        if record == []:
            continue
        if not isinstance(record, dict) or not all(isinstance(key, str) for key in record):
            return []
        names.update(record)
    return sorted(names)


def _cell(record: Any, name: str) -> str:
    value = record.get(name) if isinstance(record, dict) else None
    if value is None:
        return "<td></td>"
    match value:
        case str():
            text = value.encode()[:LONGEST].decode(errors="ignore")
        case Opaque():
            text = value.text
        case _:
            text = render(value, COMPACT)
    return f"<td>{text.translate(_ENTITIES)}</td>"
