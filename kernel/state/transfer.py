"""Export and import of state as text that people read and change.

The document, in JSON, YAML or TOML::

    format: llmspell-state
    version: 1
    redacted: false              # whether secrets were taken out
    scopes:
      user:ann:
        login: {value: {name: ann}}
        visit: {value: 3, expires: 1764000000.0}      # seconds since 1970
        photo: {base64: aGVsbG8=}                     # bytes that are no JSON
        token: {value: "[redacted]", redacted: true}  # an import leaves this alone

Versions and times of entries are not in it; a backup has them.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import isfinite
from typing import TypeAlias, cast

from kernel.core.errors import UserError
from kernel.core.progress import reporting
from kernel.state.formats import format_of
from kernel.state.names import check_names
from kernel.state.redaction import Redactor
from kernel.state.scopes import Scope
from kernel.state.state import State
from kernel.state.store import BadName, Entry
from kernel.state.values import Json, NotStorable, decode, encode, is_same

FORMAT = "llmspell-state"
VERSION = 1

Table: TypeAlias = dict[str, object]


class BadDocument(UserError):
    """A document that is no exported state; the text names the place in it."""


class Existing(Enum):
    """What an import does with what is there already."""

    OVERWRITE = "overwrite"
    """What is in the document takes its place."""
    KEEP = "keep"
    """It stays, and what is in the document under the same key is left out."""
    REPLACE = "replace"
    """As overwrite; and what is in the document's scopes but not in the document goes."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: places, as ``SCOPE/KEY``."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """There already, with the same value and life."""
    kept: list[str] = field(default_factory=list)
    """There already, and left as it was."""
    redacted: list[str] = field(default_factory=list)
    """Without its secrets in the document, and so left alone."""
    expired: list[str] = field(default_factory=list)
    """Gone by now, and left out."""
    deleted: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Item:
    scope: Scope
    key: str
    data: bytes
    expires: float | None
    is_redacted: bool


def export_state(
    state: State,
    form: str,
    scopes: Iterable[Scope] | None = None,
    redactor: Redactor | None = None,
) -> str:
    """The values of these scopes, or of all, as they are at one moment.

    ``form`` is a name in `FORMATS` or a file's name; with a ``redactor`` secrets are left out.
    Raises `UserError` for a format there is not, `ExtraMissing`.
    """
    write = format_of(form).write
    with state.store.snapshot() as seen:
        inside = State(seen)
        chosen = inside.scopes() if scopes is None else list(scopes)
        entries = [(str(scope), *each) for scope in chosen for each in seen.scan(str(scope))]
        content: dict[str, dict[str, Json]] = {str(scope): {} for scope in chosen}
        for scope, key, entry in reporting(entries, "entries"):
            content[scope][key] = _exported(key, entry, redactor)
    head: dict[str, Json] = {"format": FORMAT, "version": VERSION, "redacted": redactor is not None}
    return write({**head, "scopes": cast("Json", content)})


def import_state(
    state: State,
    text: str,
    form: str,
    existing: Existing = Existing.OVERWRITE,
    *,
    is_dry_run: bool = False,
) -> Imported:
    """Put what a document holds, all of it or (after an error) nothing.

    A dry run says what would happen and changes nothing. Raises `UnreadableText`, `BadDocument`.
    """
    tables = _scopes(format_of(form).read(text))
    items = [item for scope, keys in tables.items() for item in _items(scope, keys)]
    done = Imported()
    try:
        with state.transaction() as inside:
            for item in reporting(items, "entries"):
                _put(inside, item, existing, state.now(), done)
            if existing is Existing.REPLACE:
                _delete_others(inside, tables, done)
            if is_dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return done


class _DryRun(Exception):
    """Undoes the transaction."""


def _exported(key: str, entry: Entry, redactor: Redactor | None) -> Json:
    content: dict[str, Json]
    try:
        value = decode(entry.value)
    except NotStorable:
        content = {"base64": base64.b64encode(entry.value).decode()}
        if redactor:  # nobody can say what is in it
            content = {"base64": "", "redacted": True}
    else:
        content = {"value": value}
        if redactor and (shown := redactor.value(value, key)) != value:
            content = {"value": shown, "redacted": True}
    return content if entry.expires is None else {**content, "expires": entry.expires}


def _put(inside: State, item: _Item, existing: Existing, now: float, done: Imported) -> None:
    place = f"{item.scope}/{item.key}"
    there = inside.store.get(str(item.scope), item.key)
    if item.is_redacted:
        done.redacted.append(place)
    elif item.expires is not None and item.expires <= now:
        done.expired.append(place)
    elif there and _is_same(there, item):
        done.same.append(place)
    elif there and existing is Existing.KEEP:
        done.kept.append(place)
    else:
        (done.changed if there else done.created).append(place)
        inside.put_bytes(item.scope, item.key, item.data, item.expires)


def _delete_others(inside: State, tables: Mapping[Scope, Table], done: Imported) -> None:
    for scope, named in tables.items():
        for key in inside.keys(scope):
            if key not in named and inside.delete(scope, key):
                done.deleted.append(f"{scope}/{key}")


def _is_same(there: Entry, item: _Item) -> bool:
    if there.expires != item.expires:
        return False
    try:
        return there.value == item.data or is_same(decode(there.value), decode(item.data))
    except NotStorable:
        return False


def _scopes(document: object) -> dict[Scope, Table]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadDocument(f"The document is no exported state: format must be {FORMAT!r}.")
    if document.get("version") != VERSION:
        raise BadDocument(f"The document has version {document.get('version')!r}, not {VERSION}.")
    tables = _table(document.get("scopes"), "scopes")
    return {Scope.parse(text): _table(keys, f"scopes.{text}") for text, keys in tables.items()}


def _items(scope: Scope, keys: Table) -> Iterator[_Item]:
    for key, content in keys.items():
        yield _item(scope, key, _table(content, f"scopes.{scope}.{key}"))


def _item(scope: Scope, key: str, content: Table) -> _Item:
    place = f"scopes.{scope}.{key}"
    if unknown := sorted(content.keys() - {"value", "base64", "expires", "redacted"}):
        raise BadDocument(f"{place} has {unknown[0]!r}; there are value, base64 and expires.")
    if ("value" in content) is ("base64" in content):
        raise BadDocument(f"{place} must have either a value or base64.")
    expires = content.get("expires")
    if expires is not None and not _is_time(expires):
        raise BadDocument(f"{place}.expires must be seconds since 1970.")
    try:
        check_names(str(scope), key)
        data = encode(content["value"]) if "value" in content else _bytes(content["base64"])
    except (NotStorable, BadName, ValueError) as error:
        raise BadDocument(f"{place}: {error}") from error
    return _Item(scope, key, data, cast("float | None", expires), content.get("redacted") is True)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(cast("str", text), validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("base64 must be a text in base64.") from error


def _table(value: object, place: str) -> Table:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise BadDocument(f"{place} must be a table whose keys are strings.")
    return value
