"""JSON: values as JSON text, and back."""

import json
import math
from dataclasses import dataclass
from typing import Annotated, Any

from kernel.core.catalogue import Field
from kernel.core.errors import UserError
from kernel.core.functions import HostTable, host_function
from kernel.core.json_text import json_problem
from kernel.core.script_values import NULL


@dataclass(frozen=True)
class JsonParseOptions:
    """How JSON text is read."""

    nulls: Annotated[bool, "Whether a null becomes `JSON.null`; otherwise it becomes nil."] = False


@dataclass(frozen=True)
class JsonOptions:
    """How JSON text is written."""

    pretty: Annotated[bool, "Whether it has lines, indented by 2."] = False
    indent: Annotated[int | None, "By how much lines are indented; implies `pretty`."] = None
    sort_keys: Annotated[bool, "Whether keys come in the order of the alphabet."] = False
    ascii: Annotated[bool, "Whether other characters are written as \\uXXXX."] = False


class JsonTable(HostTable):
    """Values as JSON text, and back."""

    name = "JSON"
    fields = (
        Field("null", "any", "Stands for null in tables; nil in a table is no entry at all."),
    )

    def values(self) -> dict[str, Any]:
        """The null that is kept apart."""
        return {"null": NULL}

    @host_function("JSON.parse")
    @host_function("JSON.decode", alias_of="parse")
    def parse(self, text: str, options: JsonParseOptions | None = None) -> Any:
        """The value a JSON text stands for; raises `JSON parse error: …` for a text that is none.

        Numbers without fraction and exponent are integers.
        """
        try:
            value = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise UserError(f"JSON parse error: {json_problem(error)}") from None
        return _with_nulls(value) if options and options.nulls else value

    @host_function("JSON.stringify")
    @host_function("JSON.encode", alias_of="stringify")
    def stringify(self, value: Any, options: JsonOptions | None = None) -> str:
        """A value as JSON text. NaN and infinity become null, keys 1 to n an array.

        Functions are an error. An empty table is an object, unless it came from an empty array.
        """
        chosen = options or JsonOptions()
        indent = chosen.indent if chosen.indent is not None else 2 if chosen.pretty else None
        return json.dumps(
            _sayable(value),
            ensure_ascii=chosen.ascii,
            indent=indent,
            sort_keys=chosen.sort_keys,
            separators=(",", ": " if indent is not None else ":"),
            check_circular=False,
        )

    @host_function("JSON.array")
    def array(self) -> list[Any]:
        """An empty table that is written as an array as long as it is empty."""
        return []


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _with_nulls(value: Any) -> Any:
    if value is None:
        return NULL
    if isinstance(value, list):
        return [_with_nulls(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_nulls(each) for key, each in value.items()}
    return value


def _sayable(value: Any) -> Any:
    """What JSON can say: finite numbers, texts, and texts as keys."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is list:
        return [_sayable(each) for each in value]
    if kind is dict:
        return {_key(key): _sayable(each) for key, each in value.items()}
    if kind is bytes:
        raise UserError("JSON holds texts, and this string is no valid UTF-8; encode it as base64.")
    return value


def _key(key: Any) -> str:
    if isinstance(key, bytes):
        raise UserError("JSON has texts as keys, and one of these is no valid UTF-8.")
    return str(key)
