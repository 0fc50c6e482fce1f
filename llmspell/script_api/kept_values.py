"""Values of scripts as JSON and back, without loss: tables with numbers as keys, and bytes."""

import base64
import math
from typing import Any

from kernel.core.errors import UserError
from kernel.core.script_values import NULL

_TYPE = "$lua"
"""The key of an object that stands for what JSON cannot say."""


def to_json(value: Any) -> Any:
    """As JSON; raises `UserError` for NaN and infinity."""
    if isinstance(value, bytes):
        return {_TYPE: "bytes", "base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{value} cannot be kept; JSON has only finite numbers.")
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    if all(isinstance(key, str) for key in value) and _TYPE not in value:
        return {key: to_json(each) for key, each in value.items()}
    return {_TYPE: "table", "pairs": [[to_json(k), to_json(v)] for k, v in value.items()]}


def from_json(value: Any, *, top: bool = True) -> Any:
    """The way back. A null inside is kept apart from nothing."""
    if value is None:
        return None if top else NULL
    if isinstance(value, list):
        return [from_json(each, top=False) for each in value]
    if not isinstance(value, dict):
        return value
    match value.get(_TYPE):
        case "bytes":
            return base64.b64decode(value["base64"])
        case "table":
            return {from_json(k): from_json(v, top=False) for k, v in value["pairs"]}
    return {key: from_json(each, top=False) for key, each in value.items()}
