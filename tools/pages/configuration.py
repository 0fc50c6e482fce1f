"""The reference of the configuration, made from its model."""

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from llmspell.config.descriptions import descriptions, section_description
from llmspell.config.model import Configuration
from llmspell.config.places import DISCOVERED
from llmspell.config.sections.providers import ProviderConfig
from llmspell.config.variables import SHORT_NAMES
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Configuration

A TOML file, with variables of the environment above it.
It is looked for, in this order: where `LLMSPELL_CONFIG` points; below the working directory as {places}; in the home directory as `.llmspell.toml` and `.config/llmspell.toml`; as `llmspell/config.toml` and `llmspell.toml` in `$XDG_CONFIG_HOME` (`.config` in the home directory where that is not set); as `.llmspell/config.toml` in the home directory.

`llmspell config` [writes, checks, shows and changes it](../how-to/configure.md).
Keys that nobody knows are kept and told, with what may be meant; values that cannot be are refused with their place.
Keys of later releases can be set, change nothing yet, and are marked below; `llmspell config validate` names those that a file sets.
Scripts see it through [`Config`](script-api.md#config), without secrets.

"""

VARIABLES = """\
## Variables

Each key below with a single value (no list, no table, no provider's) has a variable of the environment that stands above the file: `LLMSPELL_` and the key in capitals, with `_` for each dot.
`LLMSPELL_EVENTS_BUFFER_SIZE=500` sets `events.buffer_size`, `LLMSPELL_RUNTIME_SESSIONS_ENABLED=false` sets `runtime.sessions.enabled`.
Truth is written `true` or `false`, and also `1` or `0`, `yes` or `no`, `on` or `off`.
What a value cannot be is refused, with the variable's name; a variable that is empty sets nothing.
`llmspell config show` says behind each value which variable it is from; `config validate` and `doctor` tell of variables that nobody reads and that are like one of these.

Some have a shorter name, below the longer one where both are set.
`LLMSPELL_ENGINE` is also what `--engine` says where nobody gives it.

"""

HEAD = ("key", "value", "without it", "meaning")


def configuration_page() -> str:
    """The whole page."""
    places = ", ".join(f"`{each}`" for each in DISCOVERED)
    parts = [mark("llmspell/config/model.py"), INTRODUCTION.format(places=places)]
    parts += [VARIABLES, table(["variable", "sets"], _variables())]
    for path, section in _sections("", Configuration):
        head = f"[{path}]" if path else "At the top"
        rows = [
            [f"`{_names(name, each)}`", _type(each), _default(each), descriptions(section)[name]]
            for name, each in _keys(section)
        ]
        if rows:
            parts += [f"\n## {head}\n\n{section_description(section)}\n\n", table(HEAD, rows)]
    return "".join(parts)


def _variables() -> list[list[str]]:
    return [[f"`{name}`", f"`{place}`"] for name, place in SHORT_NAMES.items()]


def _sections(path: str, section: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, section
    for name, each in section.model_fields.items():
        inside = f"{path}.{name}" if path else name
        if _is_section(each.annotation):
            yield from _sections(inside, each.annotation)  # type: ignore[arg-type]
        elif ProviderConfig in get_args(each.annotation):
            yield f"{path}.NAME", ProviderConfig


def _keys(section: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, each in section.model_fields.items():
        if not _is_section(each.annotation) and ProviderConfig not in get_args(each.annotation):
            yield name, each


def _names(name: str, field: FieldInfo) -> str:
    return f"{name}` or `{field.alias}" if field.alias else name


def _is_section(annotation: Any) -> bool:  # noqa: ANN401 - an annotation
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _type(field: FieldInfo) -> str:
    words = _word(field.annotation)
    bounds = [
        f"{sign} {value}"
        for each in field.metadata
        for sign, name in (("above", "gt"), ("at least", "ge"))
        if (value := getattr(each, name, None)) is not None
    ]
    return ", ".join([words, *bounds])


def _word(annotation: Any) -> str:  # noqa: ANN401 - an annotation
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(annotation))
    if get_origin(annotation) is list:
        return f"list of {_word(get_args(annotation)[0])}s"
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if inner and type(None) in get_args(annotation):
        return _word(inner[0])
    names = {str: "text", int: "integer", float: "number", bool: "true or false"}
    return names.get(annotation, "table")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "" if value in (None, "", [], {}) else f"`{json.dumps(value)}`"
