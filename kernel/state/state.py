"""State: values by scope and key, over any store; what scripts and applications use."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.state.redaction import Redactor
from kernel.state.scopes import BadScope, Scope
from kernel.state.store import Conflict, Entry, StateStore
from kernel.state.values import Json, NotStorable, decode, encode, is_same

_log = logging.getLogger(__name__)

ATTEMPTS = 1000
"""How often a change is tried again when others write the same entry meanwhile."""


class Absent(Enum):
    """That there is no value, which is not the same as the value null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

MaybeJson: TypeAlias = "Json | Absent"


@dataclass(frozen=True, slots=True)
class Kept:
    """A value with what is known of its entry."""

    value: Json
    version: int
    updated: float
    """Seconds since 1970."""
    expires: float | None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Somebody put or deleted a value through this `State`. Secrets are not in it."""

    scope: Scope
    key: str
    version: int
    """0 if it was deleted."""
    value: Json


@dataclass(frozen=True, slots=True)
class StateConflicted:
    """A write through this `State` was refused: something else was there than was expected."""

    scope: Scope
    key: str
    expected: int | None
    """The version; None: a value was expected."""
    found: int
    """The version that is there; 0: there is nothing."""


class OtherValue(Conflict):
    """An entry has not the value its writer expected; nothing was written."""

    def __init__(self, scope: str, key: str, found: int) -> None:
        super().__init__(scope, key, 0, found)
        self.args = (f"{scope}/{key} has not the value that was expected; read it again.",)


class WrongValue(UserError):
    """What is kept is not of the kind that the operation needs."""


class State:
    """Values of the JSON kind in scopes; as safe for threads, and as durable, as its store.

    ``changed`` is told of each change when it has happened, in the thread that made it; of those in
    a transaction at its end. Changes by others (another process, another `State`) are not told.
    ``conflicted`` is told of each write that was refused, also of those that are tried again.
    ``admit`` is called before each write, in the thread that makes it; what it raises refuses it.
    """

    def __init__(
        self,
        store: StateStore,
        clock: Clock | None = None,
        *,
        changed: Callable[[StateChanged], None] | None = None,
        conflicted: Callable[[StateConflicted], None] | None = None,
        redactor: Redactor | None = None,
        admit: Callable[[], object] = lambda: None,
    ) -> None:
        self._admit = admit
        self.store = store
        self._clock = clock or SystemClock()
        self._changed, self._conflicted = changed, conflicted
        self._redactor = redactor or Redactor()

    def get(self, scope: Scope, key: str, default: Json = None) -> Json:
        """The value, or ``default`` if there is none."""
        kept = self.kept(scope, key)
        return kept.value if kept else default

    def kept(self, scope: Scope, key: str) -> Kept | None:
        """The value with its version and times, or None if there is none."""
        return self.really_kept(scope, key)

    def really_kept(self, scope: Scope, key: str) -> Kept | None:
        """The same, of what lies in the store; what is put on the grounds of it begins here."""
        entry = self.store.get(str(scope), key)
        if entry is None:
            _log.debug("read %s %s: nothing is there", scope, key)
        else:
            size, version = len(entry.value), entry.version
            _log.debug("read %s %s: %d bytes, version %d", scope, key, size, version)
        return _kept(scope, key, entry) if entry else None

    def put(
        self,
        scope: Scope,
        key: str,
        value: Json,
        *,
        ttl: float | None = None,
        expected: int | None = None,
    ) -> int:
        """Keep a value, for ``ttl`` seconds or for ever; its new version.

        ``expected``: the version that must be there now, 0 for none. Raises `NotStorable`,
        `Conflict`, `BadName`, and `UserError` for a ``ttl`` that is not above 0.
        """
        return self.put_until(scope, key, value, self._end(ttl), expected)

    def put_until(
        self,
        scope: Scope,
        key: str,
        value: Json,
        expires: float | None,
        expected: int | None = None,
    ) -> int:
        """As `put`, with the moment at which the value is gone, in seconds since 1970."""
        data = encode(value)
        self._admit()
        return self.put_bytes(scope, key, data, expires, expected)

    def put_bytes(
        self,
        scope: Scope,
        key: str,
        data: bytes,
        expires: float | None = None,
        expected: int | None = None,
    ) -> int:
        """As `put_until`, with what is to be kept; a value comes out of it if it is JSON."""
        with self._telling_conflicts(scope, key):
            version = self.store.put(str(scope), key, data, expires=expires, expected=expected)
        _log.debug("wrote %s %s: %d bytes, version %d", scope, key, len(data), version)
        self._tell(scope, key, version, data)
        return version

    def now(self) -> float:
        """The time that lives are measured by, in seconds since 1970."""
        return self._clock.now()

    def delete(self, scope: Scope, key: str, *, expected: int | None = None) -> bool:
        """Forget a value; False if there was none. Raises `Conflict`."""
        self._admit()
        with self._telling_conflicts(scope, key):
            was_there = self.store.delete(str(scope), key, expected=expected)
        _log.debug("deleted %s %s: %s", scope, key, "done" if was_there else "nothing was there")
        if was_there:
            self._tell(scope, key, 0, b"")
        return was_there

    def clear(self, scope: Scope, prefix: str = "") -> int:
        """Forget all values of a scope whose keys begin so, or none; how many they were."""
        self._admit()
        with self.transaction() as inside:
            keys = inside.keys(scope, prefix)
            return sum(inside.delete(scope, key) for key in keys)

    def keys(self, scope: Scope, prefix: str = "") -> list[str]:
        """The keys of a scope that begin so, sorted."""
        found = [key for key, _ in self.store.scan(str(scope), prefix)]
        _log.debug("read the keys of %s that begin with %r: %d", scope, prefix, len(found))
        return found

    def items(self, scope: Scope, prefix: str = "") -> Iterator[tuple[str, Json]]:
        """The values of a scope by key, in the order of the keys."""
        for key, entry in self.store.scan(str(scope), prefix):
            size, version = len(entry.value), entry.version
            _log.debug("read %s %s: %d bytes, version %d", scope, key, size, version)
            yield key, _kept(scope, key, entry).value

    def scopes(self) -> list[Scope]:
        """The scopes that hold values. What the kernel keeps for itself is not among them."""
        found = [scope for text in self.store.scopes() if (scope := _scope(text))]
        _log.debug("read the scopes: %d hold values", len(found))
        return found

    def compare_and_swap(
        self, scope: Scope, key: str, old: MaybeJson, new: Json, *, ttl: float | None = None
    ) -> bool:
        """Put ``new`` if ``old`` is there now (`ABSENT`: if nothing is); whether it was."""
        kept = self.really_kept(scope, key)
        is_there = old is ABSENT if kept is None else old is not ABSENT and is_same(kept.value, old)
        version = kept.version if kept else 0
        try:
            if is_there:
                self.put(scope, key, new, ttl=ttl, expected=version)
            else:
                self.refuse_swap(scope, key, new, self._end(ttl), version)
        except Conflict:
            return False
        return True

    def refuse_swap(
        self,
        scope: Scope,
        key: str,
        value: Json,  # noqa: ARG002 - for whoever asks hooks about it
        expires: float | None,  # noqa: ARG002
        found: int,
    ) -> None:
        """Tell that ``value`` is not put, as something else is there; raises `OtherValue`."""
        self._tell_conflict(scope, key, None, found)
        raise OtherValue(str(scope), key, found)

    def update(
        self, scope: Scope, key: str, change: Callable[[MaybeJson], Json], tries: int = ATTEMPTS
    ) -> Json:
        """Put what ``change`` makes of the value; it is asked again if somebody else was faster.

        How long the value lives stays as it was. Raises `Conflict` if all tries failed.
        """
        for left in reversed(range(tries)):
            kept = self.really_kept(scope, key)
            value = change(kept.value if kept else ABSENT)
            version, expires = (kept.version, kept.expires) if kept else (0, None)
            try:
                self.put_until(scope, key, value, expires, version)
            except Conflict:
                if not left:
                    raise
            else:
                break
        return value

    def increment(self, scope: Scope, key: str, by: float = 1) -> float:
        """Add to a number, to 0 if there is none; the sum. Raises `WrongValue`."""

        def add(value: MaybeJson) -> Json:
            if value is ABSENT:
                return by
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise WrongValue(f"{scope}/{key} is no number, so nothing can be added to it.")
            return value + by

        total = self.update(scope, key, add)
        assert isinstance(total, int | float)
        return total

    def append(self, scope: Scope, key: str, item: Json) -> int:
        """Add an item to a list, to an empty one if there is none; how many there are now."""

        def add(value: MaybeJson) -> Json:
            if value is ABSENT:
                return [item]
            if not isinstance(value, list):
                raise WrongValue(f"{scope}/{key} is no list, so nothing can be appended to it.")
            return [*value, item]

        items = self.update(scope, key, add)
        assert isinstance(items, list)
        return len(items)

    @contextmanager
    def transaction(self) -> Iterator["State"]:
        """All that is done through the state it gives happens, or (after an exception) nothing."""
        changes: list[StateChanged] = []
        with self.store.transaction() as inside:
            yield State(
                inside,
                self._clock,
                changed=changes.append,
                conflicted=self._conflicted,
                redactor=self._redactor,
            )
        if self._changed:
            for change in changes:
                self._changed(change)

    def purge(self) -> int:
        """Forget for good what has expired; how many values that were."""
        return self.store.purge(self._clock.now())

    def _end(self, ttl: float | None) -> float | None:
        if ttl is None:
            return None
        if not ttl > 0:
            raise UserError(f"ttl is {ttl}; it must be a number of seconds above 0.")
        return self._clock.now() + ttl

    @contextmanager
    def _telling_conflicts(self, scope: Scope, key: str) -> Iterator[None]:
        try:
            yield
        except Conflict as conflict:
            self._tell_conflict(scope, key, conflict.expected, conflict.found)
            raise

    def _tell_conflict(self, scope: Scope, key: str, expected: int | None, found: int) -> None:
        if self._conflicted:
            self._conflicted(StateConflicted(scope, key, expected, found))

    def _tell(self, scope: Scope, key: str, version: int, data: bytes) -> None:
        if self._changed:
            shown = self._redactor.value(_shown(data), key) if version else None
            self._changed(StateChanged(scope, key, version, shown))


def _shown(data: bytes) -> Json:
    try:
        return decode(data)
    except NotStorable:
        return f"{len(data)} bytes"


def _kept(scope: Scope, key: str, entry: Entry) -> Kept:
    try:
        return Kept(decode(entry.value), entry.version, entry.updated, entry.expires)
    except NotStorable as error:
        raise NotStorable(f"{scope}/{key}: {error}") from error


def _scope(text: str) -> Scope | None:
    try:
        return Scope.parse(text)
    except BadScope:
        return None
