"""How alike are what a cell gave when it was recorded, and what it gives now."""

import re

from pydantic import JsonValue

from kernel.sessions.cells import Outcome
from kernel.sessions.replay.comparison import Comparison, compare

_ADDRESS = re.compile(
    r"\b(table|function|thread|userdata|cdata(?:<[^<>\n]*>)?)(: |: builtin: )0x[0-9a-fA-F]{4,16}\b"
    r"|\bfile \(0x[0-9a-fA-F]{4,16}\)"
)
"""How values are shown that have no other text: by where they lie, elsewhere in every run."""


def compare_outcomes(old: Outcome, new: Outcome) -> Comparison:
    """What a cell gave and said.

    Ignored are how long it took, what it used, how its output was cut into pieces, and the
    addresses in texts of tables, functions and the like.
    """
    return compare(_essence(old), _essence(new))


def _essence(outcome: Outcome) -> JsonValue:
    streams: dict[str, str] = {}
    for each in outcome.outputs:
        streams[each.stream] = streams.get(each.stream, "") + each.text
    return {
        "status": outcome.status,
        "value": _without_addresses(outcome.value),
        "output": _without_addresses(dict(streams)),
        "error": _without_addresses(outcome.error),
    }


def _without_addresses(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return _ADDRESS.sub(_masked, value) if "0x" in value else value
        case list():
            return [_without_addresses(each) for each in value]
        case dict():
            return {key: _without_addresses(each) for key, each in value.items()}
    return value


def _masked(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}0x…" if found[1] else "file (0x…)"
