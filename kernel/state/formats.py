"""FORMATS: how exported state is written, and how each format says what it has no word for.

JSON and YAML can say every value. TOML has no null, and its numbers have 64 bits; they are written
as tables with one key that begins with a dollar, and keys that begin so get one more dollar::

    null                  {"$null" = true}
    100000000000000000000 {"$integer" = "100000000000000000000"}
    {"$null": 1}          {"$$null" = 1}

The order of an object's keys is no part of its value; TOML changes it.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.core.json_text import json_problem
from kernel.state.values import Json

EXTRA = "formats"

_LINE_ENDS = set("\r\x85\u2028\u2029")

_I64 = range(-(2**63), 2**63)


class UnreadableText(UserError):
    """A text is not of the format that it should be; the parser's words are in it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a value as text."""

    write: Callable[[dict[str, Json]], str]
    """Raises `ExtraMissing`."""
    read: Callable[[str], object]
    """Raises `UnreadableText` or `ExtraMissing`."""
    suffixes: tuple[str, ...]


def format_of(name: str) -> Format:
    """The format of this name or of a file that ends so; raises `UserError`."""
    wanted = name.lower().rpartition(".")[2]
    for known, each in FORMATS.items():
        if wanted == known or f".{wanted}" in each.suffixes:
            return each
    raise UserError(f"{name!r} is no format; there are {', '.join(FORMATS)}.")


def _write_json(value: dict[str, Json]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _read_json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableText(f"This is no JSON: {json_problem(error)}.") from error
    return value


def _write_yaml(value: dict[str, Json]) -> str:
    yaml = need("yaml", "Writing YAML", EXTRA)

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Quotes doubly what single quotes would fold: line ends of Unicode."""

    def write_text(dumper: Dumper, text: str) -> object:
        style = '"' if _LINE_ENDS & set(text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, write_text)
    return str(yaml.dump(value, Dumper=Dumper, allow_unicode=True, sort_keys=False))


def _read_yaml(text: str) -> object:
    yaml = need("yaml", "Reading YAML", EXTRA)
    try:
        value: object = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableText(f"This is no YAML: {error}.") from error
    return value


def _write_toml(value: dict[str, Json]) -> str:
    return str(need("tomli_w", "Writing TOML", EXTRA).dumps(to_toml(value)))


def _read_toml(text: str) -> object:
    try:
        return from_toml(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableText(f"This is no TOML: {error}.") from error


def to_toml(value: Json) -> object:
    """The value in words that TOML has."""
    match value:
        case None:
            return {"$null": True}
        case int() if value not in _I64 and not isinstance(value, bool):
            return {"$integer": str(value)}
        case list():
            return [to_toml(item) for item in value]
        case dict():
            return {
                f"${key}" if key.startswith("$") else key: to_toml(item)
                for key, item in value.items()
            }
        case _:
            return value


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise UnreadableText(f"$integer is {digits[:40]!r}; it must be digits.") from None


def from_toml(value: object) -> object:
    """What `to_toml` was given."""
    match value:
        case {"$null": True, **rest} if not rest:
            return None
        case {"$integer": str(digits), **rest} if not rest:
            return _integer(digits)
        case list():
            return [from_toml(item) for item in value]
        case dict():
            return {
                key.removeprefix("$") if key.startswith("$$") else key: from_toml(item)
                for key, item in value.items()
            }
        case _:
            return value


FORMATS = {
    "json": Format(_write_json, _read_json, (".json",)),
    "yaml": Format(_write_yaml, _read_yaml, (".yaml", ".yml")),
    "toml": Format(_write_toml, _read_toml, (".toml",)),
}
