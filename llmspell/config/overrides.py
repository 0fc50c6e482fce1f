"""Overrides: which variables of the environment set which keys, and what is only like one."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from kernel.core.suggestions import closest
from llmspell.config.findings import Finding
from llmspell.config.model import Configuration
from llmspell.config.toml_lines import Key
from llmspell.config.variables import OTHERS, PREFIX, SHORT_NAMES, variable_of

SCALARS = (str, int, float, bool)
"""Types of which a text says a value."""

LIKENESS = 0.75
"""From which on one name is taken for a mistyped other one (0 to 1)."""


@cache
def setting_variables() -> Mapping[str, str]:
    """The variable of each key with a single value."""
    return MappingProxyType({variable_of(key): key for key in scalar_keys()})


def scalar_keys() -> list[str]:
    """The keys that have a single value."""
    return [".".join(key) for key in _scalars(Configuration)]


def overriding(environment: Mapping[str, str]) -> Iterator[tuple[str, Key]]:
    """The variables that set something, each with its key; of two for one key the last counts.

    A variable that is empty sets nothing.
    """
    given = [name for name in environment if name.startswith(PREFIX) and environment[name]]
    if not given:
        return
    for names in (SHORT_NAMES, setting_variables()):
        yield from ((name, tuple(names[name].split("."))) for name in given if name in names)


def strange_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that nobody reads, and that are like one that somebody does."""
    known = {*SHORT_NAMES, *OTHERS}
    given = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if not given:
        return
    short = {name.removeprefix(PREFIX): name for name in (*known, *setting_variables())}
    for name in given:
        word = name.removeprefix(PREFIX)
        close = None if word in short else closest(word, short, LIKENESS)
        if close is not None:
            what = f"no setting is called so; did you mean {short[close]}?"
            yield Finding("", what, variable=name)


def _scalars(section: type[BaseModel], path: Key = ()) -> Iterator[Key]:
    for name, each in section.model_fields.items():
        if isinstance(each.annotation, type) and issubclass(each.annotation, BaseModel):
            yield from _scalars(each.annotation, (*path, name))
        elif _is_scalar(each.annotation):
            yield (*path, name)


def _is_scalar(annotation: Any) -> bool:  # noqa: ANN401 - an annotation
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Literal:
        return True
    return annotation in SCALARS or (
        type(None) in get_args(annotation) and all(_is_scalar(each) for each in inner)
    )
