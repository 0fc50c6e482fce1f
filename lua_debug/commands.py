"""What crosses between host and probe: commands as Lua text, answers as JSON."""

import json
import math
from collections.abc import Mapping
from typing import Any

from kernel.core.errors import Cancelled, EvaluationFailed, KernelError, StaleReference, UserError
from kernel.core.octets import octets


class ProbeFailed(KernelError):
    """The probe itself went wrong; the text holds its traceback."""


def encode(command: Mapping[str, Any]) -> str:
    r"""A Lua chunk that returns ``command`` as a table: pure ASCII, whatever the texts hold.

    ``str`` arrives as UTF-8, ``bytes`` (for chunk names and paths, which may be no text) as they
    are. Mappings and lists nest; None is left out. Raises `TypeError` for anything else.
    """
    return "return " + _constructor(command)


def decode(answer: str) -> dict[str, Any]:
    """The result in an answer of the probe, whose characters each stand for a byte (latin-1).

    Raises what the probe says went wrong: `StaleReference`, `EvaluationFailed`, `Cancelled`,
    `UserError`, and `ProbeFailed` for a fault of the probe.
    """
    told = json.loads(answer.encode("latin-1"))
    if "ok" in told:
        result: dict[str, Any] = told["ok"]
        return result
    message = told["error"]
    match told["kind"]:
        case "stale":
            raise StaleReference(told.get("reference") or 0)
        case "evaluation":
            raise EvaluationFailed(message)
        case "cancelled":
            raise Cancelled
        case "user":
            raise UserError(message)
    raise ProbeFailed(message)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str | bytes):
        return _string(value)
    if isinstance(value, Mapping | list | tuple):
        return _constructor(value)
    raise TypeError(f"a command cannot hold {type(value).__name__}")


def _constructor(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...]) -> str:
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
    entries = (f"[{_value(key)}]={_value(each)}" for key, each in pairs if each is not None)
    return "{" + ",".join(entries) + "}"


def _float(value: float) -> str:
    if math.isnan(value):
        return "(0/0)"
    return repr(value) if math.isfinite(value) else "1e999" if value > 0 else "-1e999"


def _string(text: str | bytes) -> str:
    raw = octets(text) if isinstance(text, str) else text
    return '"' + "".join(map(_character, raw)) + '"'


def _character(byte: int) -> str:
    is_plain = 32 <= byte < 127 and byte not in b'"\\'
    return chr(byte) if is_plain else f"\\{byte:03d}"
