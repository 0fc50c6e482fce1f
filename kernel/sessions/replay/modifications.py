"""Changes to what is replayed: at a path, another value.

A path is a step (from 1, or ``*`` for all), a field of the cell, and for ``inputs`` a place (from
0): ``2.code``, ``*.clock``, ``3.inputs.0``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from pydantic import JsonValue, ValidationError

from kernel.core.errors import UserError
from kernel.sessions.cells import Cell, cell_from_json, cell_to_json

_FIELDS = tuple(field.name for field in fields(Cell))


@dataclass(frozen=True, slots=True)
class Modification:
    """One change; it is left out while it is not enabled."""

    path: str
    value: JsonValue
    is_enabled: bool = True


def modification_of(told: Mapping[str, JsonValue]) -> Modification:
    """As requests have it: ``{"path": "2.code", "value": …}``; raises `UserError`."""
    path, enabled = told.get("path"), told.get("enabled", True)
    is_known = {*told} <= {"path", "value", "enabled"} and "value" in told
    if not is_known or not isinstance(path, str) or not isinstance(enabled, bool):
        raise UserError(
            f"replay: {dict(told)!r:.80} is no modification; "
            'it is {"path": "2.code", "value": …}, and perhaps {"enabled": false}.'
        )
    return Modification(path, told["value"], enabled)


def modify(cells: Sequence[Cell], modifications: Sequence[Modification]) -> list[Cell]:
    """The cells as they are to be run; raises `UserError` for a path that leads nowhere."""
    changed = list(cells)
    for each in modifications:
        if each.is_enabled:
            for place in _places(each, len(changed)):
                changed[place] = _modified(changed[place], each)
    return changed


def _places(modification: Modification, count: int) -> Sequence[int]:
    step = modification.path.partition(".")[0]
    if step == "*":
        return range(count)
    if step.isdecimal() and 1 <= int(step) <= count:
        return [int(step) - 1]
    raise UserError(
        f"Modification {modification.path!r}: {step!r} is no step; "
        f"there are 1 to {count}, and * for all."
    )


def _modified(cell: Cell, modification: Modification) -> Cell:
    _step, field, *rest = [*modification.path.split("."), ""][:3]
    path = modification.path
    if field not in _FIELDS:
        raise UserError(
            f"Modification {path!r}: a cell has no {field!r}; it has {', '.join(_FIELDS)}."
        )
    data = cell_to_json(cell)
    assert isinstance(data, dict)
    where = rest[0] if rest else ""
    if where:
        inputs = data[field]
        if not isinstance(inputs, list) or not where.isdecimal() or int(where) >= len(inputs):
            raise UserError(f"Modification {path!r}: there is no {field}.{where} in the cell.")
        inputs[int(where)] = modification.value
    else:
        data[field] = modification.value
    try:
        return cell_from_json(data)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise UserError(f"Modification {path!r}: {reason}, not {modification.value!r}.") from None
