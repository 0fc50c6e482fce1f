"""Configurations without the secrets in them, and with them again."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from kernel.state.redaction import SHOWN, Redactor


def redacted_configuration(text: str) -> str:
    """The text of a TOML file, comments and all, with its secrets replaced."""
    import tomlkit

    document = tomlkit.parse(text)
    redactor = Redactor()
    for table, name in _leaves(document):
        shown = redactor.value(_plain(table[name]), str(name))
        if shown != _plain(table[name]):
            table[name] = shown
    return redactor.text(tomlkit.dumps(document))


def with_secrets_of(text: str, present: str) -> tuple[str, list[str]]:
    """A redacted text with the secrets that the file has at present; and the keys it has none for.

    Those are left out: the mark of a secret would be taken for one.
    """
    import tomlkit

    document, there = tomlkit.parse(text), tomlkit.parse(present)
    missing = []
    for keys, table, name in [*_paths(document, ())]:
        if not _is_redacted(_plain(table[name])):
            continue
        value = _at(there, (*keys, name))
        if value is not None:
            table[name] = value
        else:
            del table[name]
            missing.append(".".join((*keys, name)))
    return tomlkit.dumps(document), missing


def _is_redacted(value: Any) -> bool:  # noqa: ANN401 - of TOML
    if isinstance(value, list):
        return any(map(_is_redacted, value))
    return isinstance(value, str) and SHOWN in value


def _leaves(table: MutableMapping[str, Any]) -> Iterator[tuple[MutableMapping[str, Any], str]]:
    for _, inside, name in _paths(table, ()):
        yield inside, name


def _paths(
    table: MutableMapping[str, Any], keys: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], MutableMapping[str, Any], str]]:
    for name in [*table]:
        value = table[name]
        if isinstance(value, MutableMapping):
            yield from _paths(value, (*keys, name))
        elif isinstance(value, list) and value and isinstance(value[0], MutableMapping):
            for place, each in enumerate(value):
                yield from _paths(each, (*keys, name, str(place)))
        else:
            yield keys, table, name


def _at(table: Any, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 - of TOML
    for key in keys:
        if isinstance(table, list):
            table = table[int(key)] if int(key) < len(table) else None
        elif isinstance(table, MutableMapping) and key in table:
            table = table[key]
        else:
            return None
    return table


def _plain(value: Any) -> Any:  # noqa: ANN401 - of TOML
    unwrap = getattr(value, "unwrap", None)
    return value if unwrap is None else unwrap()
