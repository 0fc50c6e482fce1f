"""What every StateStore promises of transactions, snapshots and threads, run over all of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.state.store import (
    BadName,
    Conflict,
    Entry,
    InTransaction,
    StateStore,
    StoreUnavailable,
)
from tests.support.stores import keys

DEADLINE = 20.0


class Failed(Exception):
    """What a story raises in the middle of a transaction."""


def test_a_transaction_happens_whole(store: StateStore) -> None:
    """Inside, what was done is seen; outside only when all is done."""
    store.put("global", "kept", b"1")
    store.put("global", "gone", b"1")
    with store.transaction() as inside:
        inside.put("global", "new", b"1")
        assert 2 == inside.put("global", "kept", b"2", expected=1)
        inside.delete("global", "gone")
        assert ["kept", "new"] == keys(inside, "global")
        assert ["gone", "kept"] == keys(store, "global")
        seen = store.get("global", "kept")
        assert seen
        assert 1 == seen.version
    assert ["kept", "new"] == keys(store, "global")


def test_a_transaction_that_fails_did_nothing(store: StateStore) -> None:
    """After an exception, which comes through, everything is as before, and writing goes on."""
    store.put("global", "a", b"1")

    def fail() -> None:
        with store.transaction() as inside:
            inside.put("global", "a", b"2")
            inside.put("other", "b", b"2")
            inside.delete("global", "a")
            raise Failed

    with pytest.raises(Failed):
        fail()
    assert (["a"], []) == (keys(store, "global"), keys(store, "other"))
    assert 2 == store.put("global", "a", b"3")


def test_a_scope_that_was_emptied_is_filled_again(store: StateStore) -> None:
    """What a transaction took away as the last of its scope can be put there after it."""
    store.put("global", "a", b"1")
    with store.transaction() as outer:
        with outer.transaction() as inner:
            inner.delete("global", "a")
        assert 1 == outer.put("global", "a", b"2")
        outer.delete("global", "a")
    assert 1 == store.put("global", "a", b"3")
    assert ["a"] == keys(store, "global")


def test_a_conflict_inside_can_be_caught(store: StateStore) -> None:
    """A refused write spoils nothing of the transaction around it."""
    with store.transaction() as inside:
        inside.put("global", "a", b"1")
        with pytest.raises(Conflict):
            inside.put("global", "a", b"2", expected=0)
        with pytest.raises(BadName):
            inside.put("global", "", b"2")
        inside.put("global", "b", b"1")
    assert ["a", "b"] == keys(store, "global")


def test_a_part_of_a_transaction_may_fail(store: StateStore) -> None:
    """The inner part is undone alone; the outer one takes the inner one with it."""

    def fail(around: StateStore) -> None:
        with around.transaction() as inner:
            inner.put("global", "a", b"2")
            inner.put("global", "b", b"2")
            raise Failed

    def fail_outside() -> None:
        with store.transaction() as outer:
            with outer.transaction() as inner:
                inner.put("global", "d", b"1")
            raise Failed

    with store.transaction() as outer:
        outer.put("global", "a", b"1")
        with pytest.raises(Failed):
            fail(outer)
        with outer.transaction() as inner:
            inner.put("global", "c", b"3")
        assert ["a", "c"] == keys(outer, "global")
    found = store.get("global", "a")
    assert found
    assert b"1" == found.value
    with pytest.raises(Failed):
        fail_outside()
    assert ["a", "c"] == keys(store, "global")


def test_an_ended_transaction_is_of_no_use(store: StateStore) -> None:
    """Whoever kept it is told."""
    with store.transaction() as inside:
        inside.put("global", "a", b"1")
    with pytest.raises(StoreUnavailable):
        inside.get("global", "a")
    with pytest.raises(StoreUnavailable):
        inside.put("global", "a", b"2")
    assert 2 == store.put("global", "a", b"2")


def test_a_thread_does_not_wait_for_itself(store: StateStore) -> None:
    """Writing past one's own transaction is an error, not a deadlock."""
    with store.transaction() as inside:
        for write in (
            lambda: store.put("global", "a", b""),
            lambda: store.put_entry("global", "a", Entry(b"", 1, 0.0)),
            lambda: store.delete("global", "a"),
            lambda: store.purge(0),
            lambda: store.transaction().__enter__(),
        ):
            with pytest.raises(InTransaction):
                write()
        inside.put("global", "b", b"")
    assert ["b"] == keys(store, "global")


def test_a_snapshot_stays_as_it_is(store: StateStore) -> None:
    """Others write on; whoever looks at the snapshot sees the moment it was made."""
    store.put("global", "a", b"1")
    with store.snapshot() as seen:
        store.put("global", "a", b"2")
        store.put("global", "b", b"2")
        with store.transaction() as inside:
            inside.put("other", "c", b"3")
            inside.delete("global", "a")
        assert ["a"] == keys(seen, "global")
        assert ["global"] == seen.scopes()
        found = seen.get("global", "a")
        assert found
        assert (b"1", 1) == (found.value, found.version)
    assert ["b"] == keys(store, "global")
    with pytest.raises(StoreUnavailable):
        seen.get("global", "a")


def test_many_threads_lose_nothing(store: StateStore) -> None:
    """Each increment by compare-and-swap or in a transaction counts, whoever else writes."""

    def swap(_: int) -> None:
        while True:
            found = store.get("global", "n")
            value, version = (int(found.value), found.version) if found else (0, 0)
            try:
                store.put("global", "n", str(value + 1).encode(), expected=version)
            except Conflict:
                continue
            return

    def transact(_: int) -> None:
        with store.transaction() as inside:
            found = inside.get("global", "n")
            inside.put("global", "n", str(int(found.value) + 1 if found else 1).encode())

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(task, i) for i in range(100) for task in (swap, transact)]
        for each in asked:
            each.result(DEADLINE)
    found = store.get("global", "n")
    assert found
    assert (b"200", 200) == (found.value, found.version)


def test_readers_see_all_of_a_transaction_or_nothing(store: StateStore) -> None:
    """Two entries that are always written together are always seen together in a snapshot."""
    ended = threading.Event()

    def write() -> None:
        for number in range(100):
            with store.transaction() as inside:
                inside.put("global", "a", str(number).encode())
                inside.put("global", "b", str(number).encode())
        ended.set()

    def read() -> int:
        torn = 0
        while not ended.is_set():
            with store.snapshot() as seen:
                one, other = seen.get("global", "a"), seen.get("global", "b")
            torn += (one and one.value) != (other and other.value)
        return torn

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read), pool.submit(read)]
        pool.submit(write).result(DEADLINE)
        assert [0, 0] == [each.result(DEADLINE) for each in readers]
