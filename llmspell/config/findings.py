"""Findings: what is wrong or odd in a configuration, with its place and what may be meant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from kernel.core.suggestions import did_you_mean
from kernel.state.redaction import SHOWN, Redactor
from llmspell.config.sections.base import KEPT_FOR_LATER, is_kept_for_later
from llmspell.config.sections.providers import ProvidersConfig
from llmspell.config.sections.tools import ToolsConfig
from llmspell.config.toml_lines import Key, line_of


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one key."""

    key: str
    message: str
    """A sentence without its full stop, the key in it."""
    line: int | None = None
    """In the file; None: it does not stand there."""
    variable: str | None = None
    """The variable of the environment that sets it."""

    def text(self, path: Path | None) -> str:
        """For people: where it is, and what."""
        said = self.message if self.message.endswith("?") else f"{self.message}."
        if self.variable is not None:
            return f"{self.variable}: {said}"
        line = f":{self.line}" if self.line else ""
        return f"{path}{line}: {said}" if path else said


def errors_of(
    error: ValidationError, lines: Mapping[Key, int], variables: Mapping[Key, str]
) -> Iterator[Finding]:
    """What values cannot be, with their places."""
    for each in error.errors(include_url=False):
        loc = tuple(map(str, each["loc"]))
        what = str(each["msg"]).replace("Input should", "should")
        variable = variables.get(loc)
        line = None if variable else line_of(lines, loc)
        shown = SHOWN if Redactor().is_secret(loc[-1]) else repr(each["input"])
        yield Finding(".".join(loc), f"{'.'.join(loc)} {what}, and is {shown}", line, variable)


def unknown_keys(section: BaseModel, lines: Mapping[Key, int], path: Key = ()) -> Iterator[Finding]:
    """What a file sets and nobody knows, with what may be meant."""
    known = type(section).model_fields
    for name, value in section.model_extra.items() if section.model_extra else ():
        if isinstance(section, ToolsConfig) and isinstance(value, dict):
            continue  # a section of a tool
        key = (*path, name)
        message = f"{'.'.join(key)} is not known{did_you_mean(name, known)}"
        yield Finding(".".join(key), message, line_of(lines, key))
    for name in known:
        value = getattr(section, name)
        if isinstance(value, BaseModel) and not isinstance(section, ProvidersConfig):
            yield from unknown_keys(value, lines, (*path, name))


def unheeded_keys(
    section: BaseModel, lines: Mapping[Key, int], variables: Mapping[Key, str], path: Key = ()
) -> Iterator[Finding]:
    """What is set and `Later`: a section as a whole, whatever of it is set."""
    fields = type(section).model_fields
    for name in sorted(section.model_fields_set & fields.keys(), key=list(fields).index):
        key, value = (*path, name), getattr(section, name)
        if is_kept_for_later(fields[name]):
            variable = next(
                (variables[each] for each in variables if each[: len(key)] == key), None
            )
            what = f"{'.'.join(key)} is {KEPT_FOR_LATER}"
            yield Finding(".".join(key), what, line_of(lines, key), variable)
        elif isinstance(value, BaseModel):
            yield from unheeded_keys(value, lines, variables, key)
