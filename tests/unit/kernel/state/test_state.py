"""State: values by scope and key."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.core.errors import UserError
from kernel.state.memory import MemoryStore
from kernel.state.scopes import GLOBAL, Scope
from kernel.state.state import ABSENT, Kept, State, StateChanged, WrongValue
from kernel.state.store import Conflict
from kernel.state.values import NotStorable
from tests.support.clocks import ManualClock

ANN = Scope.parse("user:ann")


def test_values_belong_to_their_scope(state: State) -> None:
    """The same key in another scope is another value."""
    state.put(GLOBAL, "a", {"x": [1, 2.5, None]})
    state.put(ANN, "a", "hers")
    assert {"x": [1, 2.5, None]} == state.get(GLOBAL, "a")
    assert "hers" == state.get(ANN, "a")
    assert [GLOBAL, ANN] == state.scopes()
    assert state.delete(ANN, "a")
    assert "none" == state.get(ANN, "a", "none")


def test_null_is_a_value(state: State) -> None:
    """A kept null is there."""
    state.put(GLOBAL, "a", None)
    assert state.get(GLOBAL, "a", "default") is None
    assert ["a"] == state.keys(GLOBAL)


def test_values_live_as_long_as_told(state: State, clock: ManualClock) -> None:
    """A value with a life ends with it."""
    state.put(GLOBAL, "a", 1, ttl=10)
    assert Kept(1, 1, clock.now(), clock.now() + 10) == state.kept(GLOBAL, "a")
    clock.advance(10)
    assert state.kept(GLOBAL, "a") is None
    assert [1, 0] == [state.purge(), state.purge()]


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_life_has_a_length(state: State, ttl: float) -> None:
    """A value that would be gone at once is a mistake."""
    with pytest.raises(UserError, match="above 0"):
        state.put(GLOBAL, "a", 1, ttl=ttl)


def test_swapping(state: State) -> None:
    """The new value is put over the old one or not at all."""
    assert not state.compare_and_swap(GLOBAL, "a", None, 1)
    assert state.compare_and_swap(GLOBAL, "a", ABSENT, {"n": 1})
    assert not state.compare_and_swap(GLOBAL, "a", ABSENT, 2)
    assert not state.compare_and_swap(GLOBAL, "a", {"n": True}, 2)
    assert state.compare_and_swap(GLOBAL, "a", {"n": 1.0}, 2)
    assert 2 == state.get(GLOBAL, "a")


def test_versions(state: State) -> None:
    """Whoever read a version may insist on it."""
    version = state.put(GLOBAL, "a", 1)
    state.put(GLOBAL, "a", 2, expected=version)
    with pytest.raises(Conflict):
        state.put(GLOBAL, "a", 3, expected=version)
    with pytest.raises(Conflict):
        state.delete(GLOBAL, "a", expected=version)


def test_numbers_add_up(state: State, clock: ManualClock) -> None:
    """Incrementing begins at 0, keeps integers integers and the life as it was."""
    assert [1, 3, 3.5] == [state.increment(GLOBAL, "n", by) for by in (1, 2, 0.5)]
    state.put(GLOBAL, "short", 5, ttl=10)
    clock.advance(5)
    state.increment(GLOBAL, "short")
    clock.advance(5)
    assert state.get(GLOBAL, "short") is None


def test_lists_grow(state: State) -> None:
    """Appending begins with an empty list and says how long the list is."""
    assert [1, 2] == [state.append(GLOBAL, "list", item) for item in ("a", None)]
    assert ["a", None] == state.get(GLOBAL, "list")


@pytest.mark.parametrize("value", ["1", True, None, [1], {}])
def test_only_numbers_are_added_to(state: State, value: object) -> None:
    """Anything else stays as it is."""
    state.put(GLOBAL, "a", value)
    with pytest.raises(WrongValue, match="global/a is no number"):
        state.increment(GLOBAL, "a")
    assert value == state.get(GLOBAL, "a")


def test_only_lists_are_appended_to(state: State) -> None:
    """Anything else stays as it is."""
    state.put(GLOBAL, "a", {"x": 1})
    with pytest.raises(WrongValue, match="no list"):
        state.append(GLOBAL, "a", 1)


def test_threads_add_up(state: State) -> None:
    """Nobody's increment is lost."""
    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(lambda _: state.increment(GLOBAL, "n"), range(200)))
    assert list(range(1, 201)) == sorted(sums)


def test_an_update_gives_up(state: State) -> None:
    """When somebody else is always faster, the conflict comes out."""

    def meddle(value: object) -> int:
        return state.put(GLOBAL, "a", "other")

    with pytest.raises(Conflict):
        state.update(GLOBAL, "a", meddle, tries=3)
    assert 3 == state.put(GLOBAL, "a", 1) - 1


def test_transactions(state: State) -> None:
    """All of it happens, or nothing."""
    with state.transaction() as inside:
        inside.put(GLOBAL, "a", 1)
        inside.increment(GLOBAL, "a", 4)

    def fail() -> None:
        with state.transaction() as inside:
            inside.put(GLOBAL, "a", 7)
            inside.put(GLOBAL, "b", {1})  # type: ignore[arg-type]

    with pytest.raises(NotStorable):
        fail()
    assert [("a", 5)] == list(state.items(GLOBAL))


def test_clearing(state: State) -> None:
    """A scope, or a part of it, is emptied at once."""
    for key in ("a/1", "a/2", "b"):
        state.put(ANN, key, 1)
    state.put(GLOBAL, "a/1", 1)
    assert 2 == state.clear(ANN, "a/")
    assert ["b"] == state.keys(ANN)
    assert [1, 0] == [state.clear(ANN), state.clear(ANN)]
    assert [GLOBAL] == state.scopes()


def test_changes_are_told_without_secrets(store: MemoryStore, clock: ManualClock) -> None:
    """A listener hears of each change that happened, after it, and of no other."""
    heard: list[StateChanged] = []
    state = State(store, clock, changed=heard.append)
    state.put(ANN, "login", {"name": "ann", "password": "hunter2"})
    state.put(ANN, "api_key", "abc")
    state.delete(ANN, "nothing")

    def fail() -> None:
        with state.transaction() as inside:
            inside.put(GLOBAL, "a", 1)
            raise OSError("on purpose")

    with pytest.raises(OSError, match="on purpose"):
        fail()
    with state.transaction() as inside:
        inside.delete(ANN, "login")
        assert 2 == len(heard)
    assert [
        StateChanged(ANN, "login", 1, {"name": "ann", "password": "[redacted]"}),
        StateChanged(ANN, "api_key", 1, "[redacted]"),
        StateChanged(ANN, "login", 0, None),
    ] == heard
    assert "abc" == state.get(ANN, "api_key")


def test_bytes_of_others_are_named(state: State, store: MemoryStore) -> None:
    """What is no value is an error that says where it lies; foreign scopes are not listed."""
    store.put("global", "raw", b"\xff")
    store.put("_kernel", "x", b"1")
    with pytest.raises(NotStorable, match="global/raw"):
        state.get(GLOBAL, "raw")
    assert [GLOBAL] == state.scopes()
