"""A state machine that does the same to a store and to a dictionary, and compares them."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kernel.state.store import Conflict, Entry, StateStore
from tests.support.clocks import ManualClock
from tests.support.stores import Open

SCOPES = st.sampled_from(["global", "user:a", "user:é", "user"])
KEYS = st.sampled_from(["a", "a/b", "a/c", "ab", "b", "é", "\uffff", "😀"])
VALUES = st.binary(max_size=20) | st.just(b"x" * 5000)
LIVES = st.none() | st.integers(1, 10)
EXPECTED = st.none() | st.integers(0, 4)

Change = tuple[str, tuple[Any, ...]]
CHANGES = st.one_of(
    st.tuples(st.just("put"), st.tuples(SCOPES, KEYS, VALUES, LIVES, EXPECTED)),
    st.tuples(st.just("delete"), st.tuples(SCOPES, KEYS, EXPECTED)),
    st.tuples(st.just("put_entry"), st.tuples(SCOPES, KEYS, VALUES, LIVES, st.integers(1, 9))),
)
PARTS = st.tuples(st.lists(CHANGES, max_size=4), st.booleans())
"""Changes, and whether they end in an exception."""


class OnPurpose(Exception):
    """Ends a transaction that is to do nothing."""


class Model:
    """What a store should hold."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.entries: dict[tuple[str, str], Entry] = {}

    def there(self) -> dict[tuple[str, str], Entry]:
        now = self.clock.now()
        return {
            place: entry
            for place, entry in self.entries.items()
            if entry.expires is None or entry.expires > now
        }

    def put(self, scope, key, value, life, expected) -> int:
        version = self.version(scope, key)
        if expected not in (None, version):
            raise Conflict(scope, key, expected, version)
        self.put_entry(scope, key, value, life, version + 1)
        return version + 1

    def put_entry(self, scope, key, value, life, version) -> None:
        now = self.clock.now()
        expires = None if life is None else now + life
        self.entries[scope, key] = Entry(value, version, now, expires)

    def delete(self, scope, key, expected) -> bool:
        version = self.version(scope, key)
        if expected not in (None, version):
            raise Conflict(scope, key, expected, version)
        if version:
            del self.entries[scope, key]
        return version > 0

    def version(self, scope, key) -> int:
        entry = self.there().get((scope, key))
        return entry.version if entry else 0


class Real:
    """The store, asked in the words of the model."""

    def __init__(self, store: StateStore, clock: ManualClock) -> None:
        self.store, self.clock = store, clock

    def put(self, scope, key, value, life, expected) -> int:
        return self.store.put(scope, key, value, expires=self._end(life), expected=expected)

    def put_entry(self, scope, key, value, life, version) -> None:
        entry = Entry(value, version, self.clock.now(), self._end(life))
        self.store.put_entry(scope, key, entry)

    def delete(self, scope, key, expected) -> bool:
        return self.store.delete(scope, key, expected=expected)

    def _end(self, life: int | None) -> float | None:
        return None if life is None else self.clock.now() + life


def outcome(subject: Model | Real, change: Change) -> object:
    """What a change gives, a conflict among it."""
    name, arguments = change
    try:
        return getattr(subject, name)(*arguments)
    except Conflict as conflict:
        return (conflict.expected, conflict.found)


def content(store: StateStore) -> dict[tuple[str, str], Entry]:
    """Everything a store holds."""
    return {(scope, key): entry for scope in store.scopes() for key, entry in store.scan(scope)}


def check_against_model(open_: Open, *, is_durable: bool, examples: int) -> None:
    """Run the machine over a kind of store."""

    class Machine(StoreMachine):
        open = staticmethod(open_)
        keeps = is_durable

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None)
    )


class StoreMachine(RuleBasedStateMachine):
    """The machine; a subclass says how the store is opened."""

    open: Callable[[Path, ManualClock], StateStore]
    keeps: bool

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.clock = ManualClock()
        self.model = Model(self.clock)
        self.store = self.open(self.folder, self.clock)

    def teardown(self) -> None:
        """Leave nothing."""
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(change=CHANGES)
    def change(self, change: Change) -> None:
        """One change."""
        assert outcome(self.model, change) == outcome(Real(self.store, self.clock), change)

    @rule(before=PARTS, part=PARTS, after=PARTS)
    def transact(self, before, part, after) -> None:
        """A transaction with a part in it; each may fail."""
        kept, seen = dict(self.model.entries), content(self.store)
        with self._undone(kept), self.store.transaction() as outside:
            self._apply(outside, before[0])
            again = dict(self.model.entries)
            with self._undone(again), outside.transaction() as inside:
                self._apply(inside, part[0])
                self._fail_if(part[1])
            assert seen == content(self.store)
            self._apply(outside, after[0])
            self._fail_if(after[1])

    def _apply(self, store: StateStore, changes: list[Change]) -> None:
        for change in changes:
            assert outcome(self.model, change) == outcome(Real(store, self.clock), change)
        assert self.model.there() == content(store)

    def _fail_if(self, wanted: bool) -> None:
        if wanted:
            raise OnPurpose

    @contextmanager
    def _undone(self, kept: dict[tuple[str, str], Entry]):
        try:
            yield
        except OnPurpose:
            self.model.entries = kept

    @rule(changes=st.lists(CHANGES, min_size=1, max_size=3))
    def look_back(self, changes: list[Change]) -> None:
        """A snapshot shows the past while the store goes on."""
        before = self.model.there()
        with self.store.snapshot() as seen:
            for change in changes:
                self.change(change)
            assert before == content(seen)

    @rule(seconds=st.integers(1, 5))
    def let_time_pass(self, seconds: int) -> None:
        """What expires is gone."""
        self.clock.advance(seconds)

    @rule()
    def purge(self) -> None:
        """What expired is forgotten, and counted."""
        there = self.model.there()
        assert len(self.model.entries) - len(there) == self.store.purge(self.clock.now())
        self.model.entries = there

    @rule(scope=SCOPES, prefix=st.sampled_from(["", "a", "a/", "é"]), after=st.none() | KEYS)
    def scan(self, scope: str, prefix: str, after: str | None) -> None:
        """Pages are what a sorted dictionary would give."""
        wanted = sorted(
            key
            for owner, key in self.model.there()
            if owner == scope and key.startswith(prefix) and (after is None or key > after)
        )
        found = self.store.scan(scope, prefix, after=after, limit=2)
        assert wanted[:2] == [key for key, _ in found]

    @precondition(lambda self: self.keeps)
    @rule()
    def reopen(self) -> None:
        """Closing and opening changes nothing."""
        self.store.close()
        self.store = self.open(self.folder, self.clock)

    @invariant()
    def holds_what_it_should(self) -> None:
        """Everything in it is what the model says, and nothing else is."""
        assert self.model.there() == content(self.store)
