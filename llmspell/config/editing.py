"""Writing configurations: a new file that explains itself, and changes that keep comments."""

import json
import os
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from kernel.core.errors import UserError
from kernel.core.suggestions import did_you_mean
from llmspell.config.descriptions import descriptions, section_description
from llmspell.config.load import check_configuration
from llmspell.config.model import Configuration
from llmspell.config.origins import known_keys

HEAD = """\
# The configuration of llmspell. What stands behind a # is what holds without it; … is not set.
# The same as a page: docs/reference/configuration.md; what is in force: llmspell config show
# Keys of providers do not belong here: llmspell keys add PROVIDER
"""

WIDTH = 100


def template() -> str:
    """A configuration with every section and key, all of them commented out."""
    return "\n".join([HEAD, *_section(Configuration, "")]) + "\n"


def write_template(path: Path, *, overwrites: bool = False) -> None:
    """Write a new file; raises `UserError` where one is, unless it ``overwrites``."""
    if path.exists() and not overwrites:
        raise UserError(f"{path} is there already; --force writes over it.")
    write_atomically(path, template())


def set_value(path: Path, key: str, text: str, *, also_unknown: bool = False) -> Any:  # noqa: ANN401
    """Set one key in a file, keeping all else as it is; the value that was made of the text.

    ``text`` is a value of TOML, or else a string. The file is made if it is not there. Raises
    `UserError` for a key nobody knows, unless ``also_unknown``, for a value that cannot be (the
    file stays as it was), and for a file that is no TOML.
    """
    import tomlkit

    _check_known(key, also_unknown)
    value = _value(key, text)
    before = path.read_text("utf-8") if path.exists() else ""
    if before:
        check_configuration(path, {})  # raises if it is no TOML
    document = tomlkit.parse(before)
    inside: Any = document
    *tables, name = key.split(".")
    for each in tables:
        if each not in inside:
            inside[each] = tomlkit.table(is_super_table=each != tables[-1])
        inside = inside[each]
        if not hasattr(inside, "keys"):
            raise UserError(f"{path}: {each} is no table, so that {key} cannot be set.")
    inside[name] = value
    _write_checked(path, tomlkit.dumps(document), key)
    return value


def write_atomically(path: Path, text: str, mode: int | None = None) -> None:
    """Write a file so that it is there whole or as it was; raises `UserError`."""
    path = path.resolve()  # a link stays one
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.stat().st_mode & 0o777 if path.exists() else 0o644
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(there if mode is None else mode)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def _write_checked(path: Path, text: str, key: str) -> None:
    """Write the new text if it makes sense where the key is concerned."""
    trial = path.with_name(f".{path.name}.{os.getpid()}.trial")
    write_atomically(trial, text, 0o600)
    try:
        errors = [each for each in check_configuration(trial, {}).errors if each.key == key]
    finally:
        trial.unlink()
    if errors:
        raise UserError(f"{errors[0].message}; {path} was left as it was.")
    write_atomically(path, text)


def _check_known(key: str, also_unknown: bool) -> None:
    if not key or not all(key.split(".")):
        raise UserError(f"{key!r} is no key; it is written as runtime.script_timeout_seconds is.")
    if also_unknown or key in known_keys() or key.startswith(("providers.", "tools.")):
        return
    if any(key.startswith(f"{each}.") for each in _open_tables()):
        return
    hint = did_you_mean(key, known_keys()) or "."
    raise UserError(f"{key} is not known, and --force sets it nevertheless{hint}")


def _open_tables() -> list[str]:
    """Keys that hold tables of any content."""
    made = Configuration()
    return [each for each in known_keys() if isinstance(_at(made, each), dict)]


def _at(section: BaseModel, key: str) -> Any:  # noqa: ANN401 - of the model
    value: Any = section
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _value(key: str, text: str) -> Any:  # noqa: ANN401 - of TOML
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    is_for_text = key in known_keys() and isinstance(_at(Configuration(), key), str)
    return text if is_for_text and not isinstance(value, str) else value


def _section(section: type[BaseModel], path: str) -> Iterator[str]:
    """The lines of a section, then those of the ones in it."""
    if path:
        yield from _explained(section_description(section))
        yield f"# [{path}]"
    inner = []
    meant = descriptions(section)
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner.append((f"{path}.{name}" if path else name, field.annotation))
            continue
        yield from _explained(meant[name])
        for each in _models_in(field.annotation):
            yield from _explained_keys(each)
        default = field.get_default(call_default_factory=True)
        yield f"# {name} = {'…' if default is None else json.dumps(default)}"
    yield ""
    for name, each in inner:
        yield from _section(each, name)


def _explained(text: str, indent: str = "## ") -> Iterator[str]:
    """Prose of the file; who takes the marks away from settings takes these for comments."""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _explained_keys(section: type[BaseModel]) -> Iterator[str]:
    """The keys of the tables that a key holds, which have names of the user's choice."""
    meant = descriptions(section)
    for name, field in section.model_fields.items():
        yield from _explained(f"{field.alias or name}: {meant[name]}", "##   ")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation
    for each in get_args(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each
