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
A list of keys is no reading. Hooks are asked outside of transactions; what is done in one is not
asked about. What a hook itself does with state of the same operation is not, either.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from kernel.core.clock import Clock
from kernel.core.plain import PlainData
from kernel.hooks.base import NOTHING, Component
from kernel.hooks.points import POINTS, STATE_READ, STATE_WRITE
from kernel.hooks.thread_hooks import ThreadHooks
from kernel.state.scopes import Scope
from kernel.state.state import Kept, State, StateChanged, StateConflicted
from kernel.state.store import Conflict, StateStore
from kernel.state.values import Json

WRITE = replace(STATE_WRITE, special=((Conflict, POINTS["StateConflict"]),))
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
        value = self._read(scope, key, lambda scope, key: super(HookedState, self).get(scope, key))
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
        for key, value in there.items():
            told = self._read(scope, key, lambda _, key: there.get(key))
            if told is not None or value is None:
                yield key, told

    def _read(self, scope: Scope, key: str, read: Callable[[Scope, str], Json]) -> Json:
        def operation(data: PlainData) -> PlainData:
            return read(*_place(data, scope, key))

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

        def put(data: PlainData) -> int:
            where = _place(data, scope, key)
            what = data.get("value", value)
            return super(HookedState, self).put_until(
                *where, what, data.get("expires", expires), expected
            )

        version = self._write("put", scope, put, {"key": key, "value": value, "expires": expires})
        return version if isinstance(version, int) else 0

    def delete(self, scope: Scope, key: str, *, expected: int | None = None) -> bool:
        """As `State.delete`."""
        if not self._hooks.listens(WRITE):
            return super().delete(scope, key, expected=expected)

        def delete(data: PlainData) -> bool:
            return super(HookedState, self).delete(*_place(data, scope, key), expected=expected)

        return bool(self._write("delete", scope, delete, {"key": key}))

    def clear(self, scope: Scope, prefix: str = "") -> int:
        """As `State.clear`; hooks are asked once for all values."""
        if not self._hooks.listens(WRITE):
            return super().clear(scope, prefix)

        def clear(data: PlainData) -> int:
            where, key = _place(data, scope, prefix)
            return super(HookedState, self).clear(where, key)

        count = self._write("clear", scope, clear, {"key": prefix})
        return count if isinstance(count, int) else 0

    def _write(
        self,
        name: str,
        scope: Scope,
        write: Callable[[PlainData], PlainData],
        told: Mapping[str, PlainData],
    ) -> PlainData:
        data = {"operation": name, "scope": str(scope), **told}
        return self._hooks.guard(
            WRITE, _component(scope), data, lambda data: write(_table(data)), self._metadata
        )


def _table(data: PlainData) -> dict[str, PlainData]:
    """What a hook has left of the data; nothing in it is as it was where it is no table."""
    return data if isinstance(data, dict) else {}


def _place(data: PlainData, scope: Scope, key: str) -> tuple[Scope, str]:
    """Where hooks want it to be done; raises `BadScope`."""
    told = _table(data)
    wanted = told.get("scope", str(scope))
    return (scope if wanted == str(scope) else Scope.parse(str(wanted))), str(told.get("key", key))


def _component(scope: Scope) -> Component:
    return Component("state", str(scope))
