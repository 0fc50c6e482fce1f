"""HookedState: state whose readers and writers are asked about by hooks.

=====================  ========================================  ================================
points                 ``data`` before                           ``data`` after
=====================  ========================================  ================================
``BeforeStateRead``    ``scope``, ``key``                        the value; nothing: there is none
``BeforeStateWrite``   ``scope``, ``key``, ``operation``         ``put``: the version; ``delete``:
                       (``put``, ``delete``, ``clear``), and     whether it was there; ``clear``:
                       for ``put`` ``value`` and ``expires``     how many there were
``StateConflict``      as before the write                       what stands in for the write
=====================  ========================================  ================================

`increment`, `append`, `update` and `compare_and_swap` are writes: they look at what is really
kept, whatever hooks would have made of it for readers, and hooks are asked about what is put.
Where they have it put in another place, by a redirect to another scope or by their data, it is done
again with what is kept there.
A list of keys is no reading. Hooks are asked outside of transactions; what is done in one is not
asked about. What a hook itself does with state of the same operation is not, either.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.hooks.base import NOTHING, Component, HookDetails
from kernel.hooks.points import POINTS, STATE_READ, STATE_WRITE
from kernel.hooks.thread_hooks import ThreadHooks
from kernel.state.scopes import Scope
from kernel.state.state import ATTEMPTS, Kept, MaybeJson, State, StateChanged, StateConflicted
from kernel.state.store import Conflict, StateStore
from kernel.state.values import Json


class _Elsewhere(UserError):
    """Hooks want a write in another place than the one whose value it began with."""

    def __init__(self, here: tuple[Scope, str], there: tuple[Scope, str]) -> None:
        super().__init__(
            f"Hooks have this written to {_named(there)}; whether {_named(here)} is as expected "
            "says nothing of that."
        )
        self.place = there


def _named(place: tuple[Scope, str]) -> str:
    scope, key = place
    return f"{scope}/{key}"


WRITE = replace(STATE_WRITE, special=((Conflict, POINTS["StateConflict"]), (_Elsewhere, None)))
"""A write that others came between is asked about at a point of its own."""


class HookedState(State):
    """A `State` as it is for scripts; costs one look at a table where nobody listens.

    Methods also raise `HookCancelled`. ``metadata``: what hooks are told beside the data.
    """

    def __init__(
        self,
        store: StateStore,
        hooks: ThreadHooks,
        clock: Clock | None = None,
        *,
        changed: Callable[[StateChanged], None] | None = None,
        conflicted: Callable[[StateConflicted], None] | None = None,
        admit: Callable[[], object] = lambda: None,
        metadata: Mapping[str, PlainData] = NOTHING,
    ) -> None:
        super().__init__(store, clock, changed=changed, conflicted=conflicted, admit=admit)
        self._hooks = hooks
        self._metadata = metadata

    # --- reading --------------------------------------------------------------------------------

    def get(self, scope: Scope, key: str, default: Json = None) -> Json:
        """The value as hooks have it, or ``default`` if there is none."""
        if not self._hooks.listens(STATE_READ):
            return super().get(scope, key, default)
        value = self._read(scope, key, super().get)
        return default if value is None else value

    def kept(self, scope: Scope, key: str) -> Kept | None:
        """The value as hooks have it, with the version and times of what is kept."""
        if not self._hooks.listens(STATE_READ):
            return self.really_kept(scope, key)
        found: list[Kept | None] = []

        def read(scope: Scope, key: str) -> Json:
            found[:] = [self.really_kept(scope, key)]
            return found[0].value if found[0] else None

        value = self._read(scope, key, read)
        kept = found[0] if found else None
        if value is None and (kept is None or kept.value is not None):
            return None
        return replace(kept, value=value) if kept else Kept(value, 0, self.now(), None)

    def items(self, scope: Scope, prefix: str = "") -> Iterator[tuple[str, Json]]:
        """The values of a scope as hooks have them; those they take away are not among them."""
        if not self._hooks.listens(STATE_READ):
            yield from super().items(scope, prefix)
            return
        there = dict(super().items(scope, prefix))  # hooks may write what is being looked at
        elsewhere = super().get

        def read(where: Scope, key: str) -> Json:
            return there.get(key) if where == scope else elsewhere(where, key)

        for key, value in there.items():
            told = self._read(scope, key, read)
            if told is not None or value is None:
                yield key, told

    def _read(self, scope: Scope, key: str, read: Callable[[Scope, str], Json]) -> Json:
        def operation(details: HookDetails) -> PlainData:
            return read(*_place(details, key))

        told = {"scope": str(scope), "key": key}
        value: Json = self._hooks.guard(
            STATE_READ, _component(scope), told, operation, self._metadata
        )
        return value

    # --- writing --------------------------------------------------------------------------------

    def put_until(
        self,
        scope: Scope,
        key: str,
        value: Json,
        expires: float | None,
        expected: int | None = None,
    ) -> int:
        """As `State.put_until`; 0 where hooks have let something else stand in for the write."""
        if not self._hooks.listens(WRITE):
            return super().put_until(scope, key, value, expires, expected)

        def put(details: HookDetails) -> int:
            data, where = _table(details.data), _place(details, key)
            if expected is not None and where != (scope, key):
                raise _Elsewhere((scope, key), where)
            what = data.get("value", value)
            return super(HookedState, self).put_until(
                *where, what, data.get("expires", expires), expected
            )

        version = self._write("put", scope, put, {"key": key, "value": value, "expires": expires})
        return version if isinstance(version, int) else 0

    def update(
        self, scope: Scope, key: str, change: Callable[[MaybeJson], Json], tries: int = ATTEMPTS
    ) -> Json:
        """As `State.update`; where hooks want it elsewhere, it begins with what is kept there."""
        try:
            return super().update(scope, key, change, tries)
        except _Elsewhere as there:
            return super().update(*there.place, change, tries)

    def compare_and_swap(
        self, scope: Scope, key: str, old: MaybeJson, new: Json, *, ttl: float | None = None
    ) -> bool:
        """As `State.compare_and_swap`; where hooks want it elsewhere, ``old`` has to be there."""
        try:
            return super().compare_and_swap(scope, key, old, new, ttl=ttl)
        except _Elsewhere as there:
            return super().compare_and_swap(*there.place, old, new, ttl=ttl)

    def refuse_swap(
        self, scope: Scope, key: str, value: Json, expires: float | None, found: int
    ) -> None:
        """As `State.refuse_swap`; hooks are asked as about any write that somebody came between."""
        if not self._hooks.listens(WRITE):
            super().refuse_swap(scope, key, value, expires, found)

        def refuse(details: HookDetails) -> None:
            where = _place(details, key)
            if where != (scope, key):
                raise _Elsewhere((scope, key), where)
            super(HookedState, self).refuse_swap(scope, key, value, expires, found)

        self._write("put", scope, refuse, {"key": key, "value": value, "expires": expires})

    def delete(self, scope: Scope, key: str, *, expected: int | None = None) -> bool:
        """As `State.delete`."""
        if not self._hooks.listens(WRITE):
            return super().delete(scope, key, expected=expected)

        def delete(details: HookDetails) -> bool:
            where = _place(details, key)
            if expected is not None and where != (scope, key):
                raise _Elsewhere((scope, key), where)
            return super(HookedState, self).delete(*where, expected=expected)

        return bool(self._write("delete", scope, delete, {"key": key}))

    def clear(self, scope: Scope, prefix: str = "") -> int:
        """As `State.clear`; hooks are asked once for all values."""
        if not self._hooks.listens(WRITE):
            return super().clear(scope, prefix)

        def clear(details: HookDetails) -> int:
            return super(HookedState, self).clear(*_place(details, prefix))

        count = self._write("clear", scope, clear, {"key": prefix})
        return count if isinstance(count, int) else 0

    def _write(
        self,
        name: str,
        scope: Scope,
        write: Callable[[HookDetails], PlainData],
        told: Mapping[str, PlainData],
    ) -> PlainData:
        data = {"operation": name, "scope": str(scope), **told}
        return self._hooks.guard(WRITE, _component(scope), data, write, self._metadata)


def _table(data: PlainData) -> dict[str, PlainData]:
    """What a hook has left of the data; nothing in it is as it was where it is no table."""
    return data if isinstance(data, dict) else {}


def _place(details: HookDetails, key: str) -> tuple[Scope, str]:
    """Where hooks want it to be done; raises `BadScope`."""
    told = _table(details.data)
    wanted = told.get("scope", details.component.name)
    return Scope.parse(str(wanted)), str(told.get("key", key))


def _component(scope: Scope) -> Component:
    return Component("state", str(scope))
