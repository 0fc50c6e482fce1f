"""Reading a configuration: a TOML file, then variables of the environment over it."""

import copy
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kernel.core.errors import UserError
from llmspell.config.findings import Finding, errors_of, unheeded_keys, unknown_keys
from llmspell.config.model import Configuration
from llmspell.config.overrides import overriding, strange_variables
from llmspell.config.sections.providers import ProvidersConfig
from llmspell.config.toml_file import parse, read_text
from llmspell.config.toml_lines import Key, key_lines

KEYS: Mapping[str, str] = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "cohere": "COHERE_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "google": "GOOGLE_API_KEY",
}
"""Where the keys of providers are found that the file does not name."""


@dataclass(frozen=True)
class Loaded:
    """A configuration, where it came from, and what is odd about it."""

    configuration: Configuration
    path: str | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)
    notices: tuple[str, ...] = ()
    """What is set and changes nothing yet."""


@dataclass(frozen=True)
class Told:
    """What a file and the environment say, before anybody has asked whether it makes sense."""

    values: dict[str, Any]
    path: Path | None = None
    lines: Mapping[Key, int] = field(default_factory=dict)
    """The lines of the file's keys."""
    variables: Mapping[Key, str] = field(default_factory=dict)
    """The variables that set a key."""


@dataclass(frozen=True)
class Checked:
    """A configuration with all that is wrong with it; None if that is too much for one."""

    configuration: Configuration | None
    told: Told
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    notices: tuple[Finding, ...] = ()
    """What is set and changes nothing yet."""


def load_configuration(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Loaded:
    """The configuration of a file, or what holds without one; the environment stands above it.

    Raises `UserError` for a file that cannot be read, is no TOML, or sets what cannot be.
    """
    checked = check_configuration(path, environment)
    if checked.configuration is None:
        raise UserError(checked.errors[0].text(path))
    warnings = tuple(
        f"{each.variable}: {each.message}" if each.variable else each.message
        for each in checked.warnings
    )
    notices = tuple(each.message for each in checked.notices)
    return Loaded(checked.configuration, str(path) if path else None, warnings, notices)


def check_configuration(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Checked:
    """As `load_configuration`, but with all that is wrong; raises `Unreadable`."""
    given = os.environ if environment is None else environment
    told, strange = read_told(path, given), tuple(strange_variables(given))
    try:
        made = Configuration.model_validate(told.values)
    except ValidationError as error:
        errors = tuple(errors_of(error, told.lines, told.variables))
        rest = _without(told.values, [each["loc"] for each in error.errors(include_url=False)])
        try:
            warnings = tuple(unknown_keys(Configuration.model_validate(rest), told.lines))
        except ValidationError:
            warnings = ()
        return Checked(None, told, errors, (*warnings, *strange))
    warnings = (*unknown_keys(made, told.lines), *strange)
    notices = tuple(unheeded_keys(made, told.lines, told.variables))
    return Checked(made, told, (), warnings, notices)


def _without(values: dict[str, Any], places: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """A copy without what stands at these places."""
    kept = copy.deepcopy(values)
    for place in places:
        inside: Any = kept
        for name in place[:-1]:
            inside = inside.get(name) if isinstance(inside, dict) else None
        if isinstance(inside, dict):
            inside.pop(place[-1], None)
    return kept


def read_told(path: Path | None, environment: Mapping[str, str]) -> Told:
    """What is said; providers stand where the others are. Raises `Unreadable`."""
    text = "" if path is None else read_text(path)
    values = {} if path is None else parse(text, path)
    variables: dict[Key, str] = {}
    for variable, key in overriding(environment):
        _set(values, key, environment[variable], path)
        variables[key] = variable
    lines = dict(key_lines(text))
    _gather_providers(values, lines)
    return Told(values, path, lines, variables)


def _set(told: dict[str, Any], place: Key, value: str, path: Path | None) -> None:
    for depth, name in enumerate(place[:-1], 1):
        told = told.setdefault(name, {})
        if not isinstance(told, dict):
            raise UserError(f"{path}: {'.'.join(place[:depth])} must be a table, and is {told!r}.")
    told[place[-1]] = value


def _gather_providers(told: dict[str, Any], lines: dict[Key, int]) -> None:
    """Providers may stand in their section directly: put them where the others are."""
    section = told.get("providers")
    if not isinstance(section, dict):
        return
    inside = section.setdefault("providers", {})
    if not isinstance(inside, dict):
        return
    for name in [each for each in section if each not in ProvidersConfig.model_fields]:
        if isinstance(section[name], dict):
            inside.setdefault(name, section.pop(name))
            lines.update(_moved(lines, name))
    for name, each in inside.items():
        if isinstance(each, dict):
            each.setdefault("name", name)
            each.setdefault("provider_type", name)


def _moved(lines: Mapping[Key, int], name: str) -> Iterator[tuple[Key, int]]:
    return iter(
        [
            (("providers", "providers", *key[1:]), line)
            for key, line in lines.items()
            if key[:2] == ("providers", name)
        ]
    )
