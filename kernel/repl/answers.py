"""How the answers of sessions and of state are shown: tables of words, not of raw values."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

COLUMNS = 6
WIDTH = 40
"""Characters of a value in a table."""

_TIMES = frozenset({"created", "updated", "expires", "activated", "ended", "archived"})
"""What is told in seconds since 1970."""


def table_of(said: Mapping[str, Any]) -> str:
    """An answer for people: lists as columns, the rest as lines."""
    parts = []
    for key, value in said.items():
        if key == "is_complete":
            parts += [] if value else ["There is more than is shown.\n"]
        elif key == "status" or value is None:
            continue
        elif isinstance(value, list) and all(isinstance(row, dict) for row in value):
            parts.append(f"{key}:\n{_rows(value)}")
        elif isinstance(value, dict):
            parts.append(f"{key}:\n{_lines(value)}")
        else:
            parts.append(f"{key}: {_word(key, value)}\n")
    return "".join(parts)


def _rows(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "  none\n"
    columns = [key for key in rows[0] if not isinstance(rows[0][key], dict | list)][:COLUMNS]
    cells = [[_word(key, row.get(key, ""))[:WIDTH] for key in columns] for row in rows]
    widths = [max(len(column), *(len(row[i]) for row in cells)) for i, column in enumerate(columns)]
    return "".join(_line(line, widths) for line in (columns, *cells))


def _lines(fields: Mapping[str, Any]) -> str:
    """The fields that say something."""
    told = {key: _word(key, each) for key, each in fields.items() if each not in (None, "", [], {})}
    width = max(map(len, told), default=0)
    return "".join(_line([key, word], [width, 0]) for key, word in told.items()) or "  nothing\n"


def _line(cells: list[str], widths: list[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"  {'  '.join(padded)}".rstrip() + "\n"


def _word(key: str, value: Any) -> str:  # noqa: ANN401 - what JSON can say
    """One value: times as dates, what is not there as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key in _TIMES and isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%SZ}" if value else "-"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
