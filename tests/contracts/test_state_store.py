"""What every StateStore promises, run over all of them."""

import pytest

from kernel.state.store import BadName, Conflict, Entry, StateStore, StoreUnavailable
from tests.support.clocks import ManualClock
from tests.support.stores import keys


def test_what_was_put_is_there(store: StateStore, clock: ManualClock) -> None:
    """An entry has its value, its version and its time."""
    assert 1 == store.put("global", "a", b"one")
    clock.advance(5)
    assert 2 == store.put("global", "a", b"\x00\xfftwo", expires=clock.now() + 10)
    wanted = Entry(b"\x00\xfftwo", 2, clock.now(), clock.now() + 10)
    assert wanted == store.get("global", "a")


def test_what_was_not_put_is_not_there(store: StateStore) -> None:
    """A key belongs to its scope, and case counts."""
    store.put("global", "a", b"1")
    assert [None, None, None] == [
        store.get("global", "A"),
        store.get("session", "a"),
        store.get("globa", "la"),
    ]


@pytest.mark.parametrize("size", [0, 1, 100_000, 3_000_000])
def test_values_of_any_size(store: StateStore, size: int) -> None:
    """A value comes back as it was, also when it is empty or large."""
    value = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    store.put("global", "a", value)
    found = store.get("global", "a")
    assert found
    assert type(found.value) is bytes
    assert value == found.value


def test_a_deleted_entry_begins_again(store: StateStore) -> None:
    """Deleting says whether there was something, and the next version is the first."""
    store.put("global", "a", b"1")
    store.put("global", "a", b"2")
    assert [True, False] == [store.delete("global", "a"), store.delete("global", "a")]
    assert store.get("global", "a") is None
    assert 1 == store.put("global", "a", b"3")


def test_compare_and_swap(store: StateStore) -> None:
    """A write that expects a version happens over that version alone."""
    assert 1 == store.put("global", "a", b"1", expected=0)
    assert 2 == store.put("global", "a", b"2", expected=1)
    for expected in (0, 1, 3):
        with pytest.raises(Conflict) as caught:
            store.put("global", "a", b"x", expected=expected)
        assert (expected, 2) == (caught.value.expected, caught.value.found)
        with pytest.raises(Conflict):
            store.delete("global", "a", expected=expected)
    found = store.get("global", "a")
    assert found
    assert (b"2", 2) == (found.value, found.version)
    assert store.delete("global", "a", expected=2)
    assert not store.delete("global", "a", expected=0)
    with pytest.raises(Conflict):
        store.put("global", "a", b"x", expected=2)
    with pytest.raises(Conflict):
        store.delete("global", "a", expected=2)
    assert [] == store.scopes()


def test_what_expired_is_gone(store: StateStore, clock: ManualClock) -> None:
    """From its moment on an entry is in no answer, and what is put in its place is new."""
    until = clock.now() + 10
    for key in "abcd":
        store.put("short", key, b"1", expires=until)
        store.put("short", key, b"2", expires=until)
    clock.advance(9.5)
    assert ["a", "b", "c", "d"] == keys(store, "short")
    clock.advance(0.5)
    assert store.get("short", "a") is None
    assert [] == keys(store, "short")
    assert [] == store.scopes()
    assert not store.delete("short", "a")
    with pytest.raises(Conflict):
        store.put("short", "a", b"3", expected=2)
    with pytest.raises(Conflict):
        store.delete("short", "a", expected=2)
    assert 1 == store.put("short", "b", b"3")
    assert 1 == store.put("short", "c", b"3", expected=0)
    assert ["b", "c"] == keys(store, "short")


def test_putting_anew_sets_the_life_anew(store: StateStore, clock: ManualClock) -> None:
    """A life belongs to the value that was put with it."""
    store.put("global", "a", b"1", expires=clock.now() + 1)
    store.put("global", "a", b"2")
    clock.advance(2)
    found = store.get("global", "a")
    assert found
    assert (b"2", None) == (found.value, found.expires)


def test_purging_counts_what_it_forgets(store: StateStore, clock: ManualClock) -> None:
    """Only what has expired by then goes, once."""
    for number, expires in enumerate([None, 5.0, 10.0, 15.0]):
        store.put("global", str(number), b"", expires=expires and clock.now() + expires)
    assert 0 == store.purge(clock.now())
    clock.advance(10)
    assert [2, 0] == [store.purge(clock.now()), store.purge(clock.now())]
    assert ["0", "3"] == keys(store, "global")


def test_an_entry_can_be_kept_as_it_is(store: StateStore, clock: ManualClock) -> None:
    """Copies have the versions and times of what they were made of, and go on from there."""
    entry = Entry(b"old", 7, 12.25, clock.now() + 60)
    store.put("global", "a", b"new")
    store.put_entry("global", "a", entry)
    store.put_entry("other", "b", entry)
    assert [entry, entry] == [store.get("global", "a"), store.get("other", "b")]
    assert 8 == store.put("global", "a", b"newer", expected=7)


TEXTS = ["a", "a b", "a/b", "a/c", "a0", "aä", "az", "b", "Z", "%", "_", "é", "\uffff", "😀", "\n"]


def test_scans_are_in_the_order_of_code_points(store: StateStore) -> None:
    """Keys come sorted as Python sorts them, of one scope only, with their entries."""
    for text in TEXTS:
        store.put("one", text, text.encode())
        store.put("one:", text, b"")
        store.put("on", text, b"")
    assert sorted(TEXTS) == keys(store, "one")
    assert [text.encode() for text in sorted(TEXTS)] == [e.value for _, e in store.scan("one")]


@pytest.mark.parametrize(
    "prefix", ["", "a", "a/", "%", "_", "é", "\uffff", "😀", "zz", "\U0010ffff"]
)
def test_scans_of_a_beginning(store: StateStore, prefix: str) -> None:
    """Only keys that begin so, however the text would be read elsewhere."""
    for text in [*TEXTS, "\U0010ffff", "\U0010ffffa"]:
        store.put("one", text, b"")
    wanted = sorted(t for t in [*TEXTS, "\U0010ffff", "\U0010ffffa"] if t.startswith(prefix))
    assert wanted == keys(store, "one", prefix)


def test_scans_go_by_pages(store: StateStore) -> None:
    """A caller who goes on behind the last key sees each key once."""
    wanted = [f"{number:04}" for number in range(1000)]
    with store.transaction() as inside:
        for key in reversed(wanted):
            inside.put("many", key, b"")
    assert wanted == keys(store, "many")
    assert wanted[100:110] == keys(store, "many", after="0099", limit=10)
    assert wanted[500:] == keys(store, "many", after="0499x")
    assert wanted[110:120] == keys(store, "many", "011", limit=250)
    assert [] == keys(store, "many", limit=0)
    assert wanted[:200] == keys(store, "many", limit=200)


def test_a_scan_may_delete_what_it_finds(store: StateStore) -> None:
    """Nothing is locked while a caller looks at what it got."""
    for number in range(500):
        store.put("many", f"{number:03}", b"")
    for key, entry in store.scan("many"):
        store.delete("many", key, expected=entry.version)
    assert [] == keys(store, "many")


def test_scopes_are_those_with_entries(store: StateStore) -> None:
    """A scope is there as long as something is in it."""
    for scope in ("user:é", "global", "user:a", "user:😀"):
        store.put(scope, "a", b"")
        store.put(scope, "b", b"")
    store.delete("user:a", "a")
    store.delete("user:a", "b")
    assert ["global", "user:é", "user:😀"] == store.scopes()


@pytest.mark.parametrize(
    ("scope", "key"),
    [("", "a"), ("a", ""), ("a\0b", "c"), ("a", "b\0c"), ("a", "\ud800"), ("s" * 240, "k" * 241)],
)
def test_bad_names_are_refused(store: StateStore, scope: str, key: str) -> None:
    """What one store could not keep, none takes, and the reason is said."""
    for ask in (
        lambda: store.put(scope, key, b""),
        lambda: store.get(scope, key),
        lambda: store.delete(scope, key),
        lambda: store.put_entry(scope, key, Entry(b"", 1, 0.0)),
    ):
        with pytest.raises(BadName):
            ask()


def test_long_names_are_kept(store: StateStore) -> None:
    """Scope and key may have 480 bytes."""
    store.put("s" * 200, "é" * 140, b"1")
    assert ["é" * 140] == keys(store, "s" * 200, "é" * 139)


def test_a_closed_store_says_so(store: StateStore) -> None:
    """Closing twice is harmless; everything else is an error with a text."""
    store.put("global", "a", b"1")
    store.close()
    store.close()
    for ask in (
        lambda: store.get("global", "a"),
        lambda: store.put("global", "a", b"2"),
        lambda: store.delete("global", "a"),
        lambda: list(store.scan("global")),
        lambda: store.scopes(),
        lambda: store.transaction().__enter__(),
        lambda: store.snapshot().__enter__(),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            ask()
