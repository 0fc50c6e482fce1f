"""Origins: each setting with its value and where that comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kernel.core.errors import UserError
from kernel.core.suggestions import did_you_mean
from kernel.state.redaction import Redactor
from llmspell.config.load import Checked, Told
from llmspell.config.model import Configuration
from llmspell.config.sections.providers import ProviderConfig
from llmspell.config.toml_lines import Key, line_of

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is in force."""

    key: str
    value: Any
    """Without secrets."""
    origin: str
    """``default``, ``FILE:LINE``, or the name of a variable."""

    @property
    def section(self) -> str:
        """The key's table; empty at the top."""
        return self.key.rpartition(".")[0]


class NoSuchSetting(UserError):
    """A section or key that is none; the text says what may be meant."""


def settings_of(checked: Checked, section: str = "") -> list[Setting]:
    """The settings of a section (or the one of that name), or all, in the order of the model.

    Raises `NoSuchSetting`.
    """
    assert checked.configuration is not None
    every = [_setting(key, value, checked.told) for key, value in _leaves(checked.configuration)]
    found = [
        each for each in every if not section or each.key == section or _is_in(each.key, section)
    ]
    if not found and section not in sections():
        hint = did_you_mean(section, [*sections(), *(each.key for each in every)])
        tops = ", ".join(name for name in sections() if "." not in name)
        raise NoSuchSetting(f"There is no section or key {section!r}; sections are {tops}{hint}")
    return found


def sections() -> list[str]:
    """The names of all sections."""
    return [".".join(key) for key, _ in _tables(Configuration)]


def known_keys() -> list[str]:
    """The names of all keys that the model has."""
    every: list[tuple[Key, type[BaseModel]]] = [((), Configuration), *_tables(Configuration)]
    return [".".join((*path, name)) for path, section in every for name in section.model_fields]


def _is_in(key: str, section: str) -> bool:
    return key.startswith(f"{section}.")


def _tables(section: type[BaseModel], path: Key = ()) -> Iterator[tuple[Key, type[BaseModel]]]:
    for name, each in section.model_fields.items():
        if isinstance(each.annotation, type) and issubclass(each.annotation, BaseModel):
            yield (*path, name), each.annotation
            yield from _tables(each.annotation, (*path, name))


def _leaves(section: BaseModel, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Single values, also those that nobody knows; an empty table is one."""
    fields = type(section).model_fields
    values = {**{name: getattr(section, name) for name in fields}, **(section.model_extra or {})}
    for name, value in values.items():
        yield from _leaf((*path, name), value)


def _leaf(key: Key, value: Any) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - of a file
    if isinstance(value, BaseModel):
        yield from _leaves(value, key)
    elif isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaf((*key, str(name)), each)
    else:
        yield key, value


def _setting(key: Key, value: Any, told: Told) -> Setting:  # noqa: ANN401 - of a file
    shown = value if value is None else Redactor().value(value, key[-1])
    return Setting(".".join(key), shown, _origin(key, told))


def _origin(key: Key, told: Told) -> str:
    if key in told.variables:
        return told.variables[key]
    is_provider = key[:2] == ("providers", "providers") and len(key) == 4
    alias = ProviderConfig.model_fields[key[3]].alias if is_provider and _has(key[3]) else None
    for each in (key, (*key[:3], alias or "")):
        if _is_told(each, told.values):
            line = told.lines.get(each) or line_of(told.lines, each)
            return f"{_shown(told.path)}:{line}" if line else _shown(told.path)
    return DEFAULT


def _has(name: str) -> bool:
    return name in ProviderConfig.model_fields


def _is_told(key: Key, values: Mapping[str, Any]) -> bool:
    inside: Any = values
    for name in key:
        if not isinstance(inside, Mapping) or name not in inside:
            return False
        inside = inside[name]
    return True


def _shown(path: Path | None) -> str:
    return DEFAULT if path is None else str(path)
