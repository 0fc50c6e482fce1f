"""Schema files: migrations that are written down as TOML, for data of scripts and applications.

A file leads the data of one schema from one version to the next; docs/reference/state.md describes
it. Data that no file has touched has version 0.
"""

import fnmatch
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.state.migrations import Migration, Migrations
from kernel.state.schema_steps import STEPS, Conversion, Place
from kernel.state.scopes import BadScope, Scope
from kernel.state.store import StateStore


class BadSchemaFile(UserError):
    """A file that describes no migration; the text names it, the place and what it must be."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_NEEDS = {"rename": {"to"}, "remove": set[str](), "default": {"value"}, "convert": {"type"}}
"""By what is done, what has to be said for it, and for nothing else."""


class SchemaStep(_Strict):
    """One change of a migration."""

    do: Literal["rename", "remove", "default", "convert"]
    key: str = Field(min_length=1)
    scope: str = "global"
    field: str | None = Field(default=None, min_length=1)
    to: str | None = Field(default=None, min_length=1)
    value: JsonValue = None
    type: Conversion | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "SchemaStep":
        said = self.model_fields_set & {"to", "value", "type"}
        needed = _NEEDS[self.do]
        if missing := needed - said:
            raise ValueError(f"{self.do} needs {missing.pop()}")
        if odd := said - needed:
            raise ValueError(f"{self.do} takes no {odd.pop()}")
        if "*" in self.key[:-1]:
            raise ValueError("key may have a * at its end only")
        if self.do == "rename" and self.to is not None:
            self._check_name(self.to)
        if self.do == "default" and not self.field and ("*" in self.key or "*" in self.scope):
            raise ValueError("default without a field needs a whole key and a whole scope")
        if "*" not in self.scope:
            self._check_scope()
        return self

    def _check_scope(self) -> None:
        try:
            Scope.parse(self.scope)
        except BadScope as error:
            raise ValueError(str(error).removesuffix(".")) from None

    def _check_name(self, to: str) -> None:
        if self.field and "." in to:
            raise ValueError("to is the new name alone, without the fields that it is in")
        if not self.field and self.key.endswith("*") != to.endswith("*"):
            raise ValueError("key and to end with * both, or neither does")

    def apply(self, store: StateStore) -> None:
        """Change what it is about."""
        scopes = [self.scope]
        if "*" in self.scope:
            scopes = [*filter(_is_scope, fnmatch.filter(store.scopes(), self.scope))]
        told = {"rename": self.to, "remove": None, "default": self.value, "convert": self.type}
        for scope in scopes:
            STEPS[self.do](Place(store, scope, self.key, self.field), told[self.do])


def _is_scope(text: str) -> bool:
    """Whether it is one of values, and not one that the kernel has for itself."""
    try:
        Scope.parse(text)
    except BadScope:
        return False
    return True


class SchemaFile(_Strict):
    """What a file says."""

    schema_: str = Field(alias="schema", pattern=r"[\w.-]+")
    from_: int = Field(alias="from", ge=0)
    to: int = Field(ge=1)
    name: str = Field(min_length=1)
    steps: list[SchemaStep] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_one_step(self) -> "SchemaFile":
        if self.to != self.from_ + 1:
            after = self.from_ + 1
            raise ValueError(f"a file leads to the next version: from {self.from_} to {after}")
        return self


def load_schemas(folder: Path, clock: Clock | None = None) -> dict[str, Migrations]:
    """The schemas that the files ``*.toml`` of a folder describe, by name.

    Raises `BadSchemaFile`: the folder or a file cannot be read, says something else, or a version
    is missing or there twice.
    """
    try:
        paths = sorted(each for each in folder.iterdir() if each.suffix == ".toml")
    except OSError as error:
        raise BadSchemaFile(
            f"The folder of schemas {folder} cannot be read: {error.strerror}; create it, or "
            "change runtime.state_persistence.schema_directory."
        ) from None
    found: dict[str, dict[int, tuple[Path, SchemaFile]]] = defaultdict(dict)
    for path in paths:
        file = _read(path)
        there = found[file.schema_].setdefault(file.to, (path, file))[0]
        if there != path:
            raise BadSchemaFile(
                f"{path}: {there.name} leads {file.schema_} to version {file.to}, too; "
                "one of them has to go."
            )
    return {name: _migrations(name, files, clock) for name, files in found.items()}


def _migrations(
    name: str, files: dict[int, tuple[Path, SchemaFile]], clock: Clock | None
) -> Migrations:
    for version in range(1, max(files) + 1):
        if version not in files:
            path = files[min(each for each in files if each > version)][0]
            raise BadSchemaFile(
                f"{path}: no file leads {name} from version {version - 1} to {version}."
            )
    steps = [
        Migration(version, file.name, partial(_apply, file.steps))
        for version, (_, file) in sorted(files.items())
    ]
    return Migrations(name, steps, clock)


def _apply(steps: Sequence[SchemaStep], store: StateStore) -> None:
    for step in steps:
        step.apply(store)


def _read(path: Path) -> SchemaFile:
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSchemaFile(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadSchemaFile(f"{path} is no text in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSchemaFile(f"{path} is no TOML: {error}.") from None
    try:
        return SchemaFile.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # Entries of lists are counted from 1, as people do.
        place = ".".join(str(p + 1) if isinstance(p, int) else p for p in first["loc"])
        what = str(first["msg"]).removeprefix("Value error, ")
        raise BadSchemaFile(f"{path}: {place + ': ' if place else ''}{what}.") from None
