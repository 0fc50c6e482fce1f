"""StateRequests: state asked for as data, the same with a kernel (``state_request``) and without.

docs/reference/kernel-protocol.md has the requests and their answers.
"""

import base64
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any, Literal

from annotated_types import Ge

from kernel.core.actions import action, serve_action
from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.state.formats import UnreadableText
from kernel.state.redaction import Redactor
from kernel.state.schemas import Schemas
from kernel.state.scopes import KINDS, BadScope, Scope
from kernel.state.state import State
from kernel.state.store import Entry
from kernel.state.transfer import BadDocument, Existing, export_state, import_state
from kernel.state.values import NotStorable, decode

_log = logging.getLogger(__name__)

FormatName = Literal["json", "yaml", "toml"]

Count = Annotated[int, Ge(1)]

Plain = dict[str, Any]


class StateRequests:
    """Implements `kernel.jupyter.calls.Endpoint` by `serve`; used on a loop's thread.

    Secrets are shown only to those who ask for them with ``secrets``.
    """

    def __init__(
        self, state: State, redactor: Redactor | None = None, schemas: Schemas | None = None
    ) -> None:
        self._state = state
        self._schemas = schemas or Schemas()
        self._redactor = redactor or Redactor()

    async def serve(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what ``action`` says; raises `UserError`."""
        return await serve_action(self, content)

    @action("show")
    def show(
        self,
        *,
        key: str = "",
        scope: str = "",
        prefix: str = "",
        secrets: bool = False,
        limit: Count | None = None,
    ) -> Plain:
        """The entries of a scope or of all, by key or by how keys begin."""
        scopes = self._scopes(scope)
        found = self._one(scopes, key) if key else self._all(scopes, prefix)
        redactor = None if secrets else self._redactor
        shown = [_shown(*each, redactor) for each in islice(found, limit)]
        names = ", ".join(str(each) for each in scopes)
        _log.debug("showed %d values of the scopes %s", len(shown), names or "that there are")
        return {"entries": shown, "is_complete": next(iter(found), None) is None}

    @action("scopes")
    def scopes(self) -> Plain:
        """The scopes that hold values, and how many."""
        counted = [(str(each), len(self._state.keys(each))) for each in self._state.scopes()]
        return {"scopes": [{"scope": name, "entries": count} for name, count in counted if count]}

    @action("clear")
    def clear(self, *, key: str = "", scope: str = "", prefix: str = "") -> Plain:
        """Forget the entries of a scope or of all, by key or by how keys begin; all or none."""
        scopes = self._scopes(scope)
        with self._state.transaction() as inside:
            if key:
                cleared = sum(inside.delete(each, key) for each in scopes)
            else:
                cleared = sum(inside.clear(each, prefix) for each in scopes)
        if key and not cleared:
            raise UserError(self._no_such(scopes, key))
        return {"cleared": cleared}

    @action("export")
    def export(
        self, *, format: FormatName = "json", scope: str = "", secrets: bool = False
    ) -> Plain:
        """Values as text that `import` takes; docs/reference/state.md describes it."""
        scopes = self._scopes(scope) if scope else None
        redactor = None if secrets else self._redactor
        text = export_state(self._state, format, scopes, redactor)
        return {"text": text, "format": format}

    @action("import")
    def take_in(
        self,
        *,
        text: str,
        format: FormatName = "json",
        merge: bool = True,
        dry_run: bool = False,
        file: str = "",
    ) -> Plain:
        """Put exported values; without ``merge`` what else is in their scopes goes.

        ``file``: what errors are to call the text.
        """
        existing = Existing.OVERWRITE if merge else Existing.REPLACE
        try:
            done = import_state(self._state, text, format, existing, is_dry_run=dry_run)
        except (UnreadableText, BadDocument) as error:
            raise type(error)(f"{file}: {error}" if file else str(error)) from error
        return {
            "imported": len(done.created) + len(done.changed),
            "created": done.created,
            "changed": done.changed,
            "same": done.same,
            "redacted": done.redacted,
            "expired": done.expired,
            "deleted": done.deleted,
        }

    # --- forms ----------------------------------------------------------------------------------

    @action("schemas")
    def schemas(self) -> Plain:
        """How far the data of each schema is, and which steps are left."""
        found = self._schemas.status(self._state.store)
        return {"schemas": [asdict(each) for each in found.values()]}

    @action("migrate")
    def migrate(self, *, name: str = "", version: Annotated[int, Ge(0)] | None = None) -> Plain:
        """Bring the data of a schema to a version, by default the last; all of it or nothing.

        ``name``: which schema, if there are several.
        """
        store = self._state.store
        before = self._schemas.find(name or None).status(store)
        after = self._schemas.migrate(store, name or None, version)
        done = [each.name for each in after.applied[before.current :]]
        return {"schema": asdict(after), "from": before.current, "done": done}

    # --- finding --------------------------------------------------------------------------------

    def _scopes(self, text: str) -> list[Scope]:
        if not text:
            return self._state.scopes()
        name = text.partition(":")[0]
        if name not in KINDS:
            raise BadScope(
                f"{unknown('scope', name, KINDS)} A name of your own is written custom:{text}."
            )
        return [Scope.parse(text)]

    def _all(self, scopes: Iterable[Scope], prefix: str) -> Iterator[tuple[Scope, str, Entry]]:
        for scope in scopes:
            for key, entry in self._state.store.scan(str(scope), prefix):
                yield scope, key, entry

    def _one(self, scopes: list[Scope], key: str) -> Iterator[tuple[Scope, str, Entry]]:
        there = [(scope, self._state.store.get(str(scope), key)) for scope in scopes]
        found = [(scope, key, entry) for scope, entry in there if entry is not None]
        if not found:
            raise UserError(self._no_such(scopes, key))
        return iter(found)

    def _no_such(self, scopes: list[Scope], key: str) -> str:
        keys = {known: None for scope in scopes for known in self._state.keys(scope)}
        return unknown("key", key, keys)


def _shown(scope: Scope, key: str, entry: Entry, redactor: Redactor | None) -> Plain:
    head: Plain = {"scope": str(scope), "key": key}
    tail = {"version": entry.version, "updated": entry.updated, "expires": entry.expires}
    try:
        value = decode(entry.value)
    except NotStorable:  # bytes of another writer; nobody can say whether there are secrets in it
        octets = base64.b64encode(entry.value).decode() if redactor is None else ""
        return {**head, "value": None, "base64": octets, **tail}
    shown = redactor.value(value, key) if redactor else value
    redacted = {"redacted": True} if shown != value else {}
    return {**head, "value": shown, **redacted, **tail}
