"""How alike are what a cell gave when it was recorded, and what it gives now."""

import re

from pydantic import JsonValue

from kernel.execution.cell_files import FOLDER, SUFFIX
from kernel.sessions.cells import Outcome
from kernel.sessions.replay.comparison import Comparison, compare

_ADDRESS = re.compile(
    r"\b(table|function|thread|userdata|cdata(?:<[^<>\n]*>)?)(: |: builtin: )0x[0-9a-fA-F]{4,16}\b"
    r"|\bfile \(0x[0-9a-fA-F]{4,16}\)"
)
"""How values are shown that have no other text: by where they lie, elsewhere in every run."""

_NAMED = re.compile(r"([^\s:]+: )0x[1-7][0-9a-f]{11}\b")
"""The same of values whose metatable has a name for them: only what can be an address."""

_FOLDER = re.compile(
    rf"(?:(?:\.\.\.|/)[^\s:'\"]{{0,255}}{FOLDER}\d+_\w{{8}}|\.\.\.[^\s:'\"/]{{0,60}})/"
    rf"(?=\d+{re.escape(SUFFIX)}\b)"
)
"""Where the files of cells lie, in another folder in every run; messages cut long ones in front."""

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
"""What sessions are called, and artifacts after them: made up at random for each."""


def compare_outcomes(old: Outcome, new: Outcome) -> Comparison:
    """What a cell gave and said.

    Ignored are how long it took, what it used, how its output was cut into pieces, the addresses
    in texts of tables, functions and the like, the folder of the cells' files, and which ids there
    are: the first one of the one is compared as the first one of the other, and so on.
    """
    return compare(_essence(old), _essence(new))


def _essence(outcome: Outcome) -> JsonValue:
    streams: dict[str, str] = {}
    for each in outcome.outputs:
        streams[each.stream] = streams.get(each.stream, "") + each.text
    essence: JsonValue = {
        "status": outcome.status,
        "value": outcome.value,
        "output": dict(streams),
        "error": outcome.error,
    }
    return _without_chance(essence, {})


def _without_chance(value: JsonValue, ids: dict[str, str]) -> JsonValue:
    """Without addresses, and with numbers for ids; ``ids``: those that were there already."""
    match value:
        case str():
            text = value
            if "0x" in text:
                text = _NAMED.sub(r"\g<1>0x…", _ADDRESS.sub(_masked, text))
            if SUFFIX in text:
                text = _FOLDER.sub("…/", text)
            return _ID.sub(lambda found: ids.setdefault(found[0], f"<id {len(ids) + 1}>"), text)
        case list():
            return [_without_chance(each, ids) for each in value]
        case dict():
            return {key: _without_chance(each, ids) for key, each in value.items()}
    return value


def _masked(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}0x…" if found[1] else "file (0x…)"
