"""Hooks have a say in what is read from state and written to it."""

from collections.abc import Callable
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.builtin.caching import MemoryResults
from kernel.hooks.hooked_state import HookedState
from kernel.hooks.points import POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Fork,
    HookResult,
    Modified,
    Operation,
    Redirect,
    Replace,
    Skip,
)
from kernel.hooks.runner import HookRunner
from kernel.hooks.thread_hooks import ThreadHooks
from kernel.state.memory import MemoryStore
from kernel.state.scopes import GLOBAL, Scope
from kernel.state.state import State
from kernel.state.store import Conflict
from kernel.state.values import NotStorable

Answer = HookResult | Callable[[HookDetails], HookResult]


class Asked:
    """State in memory, the same without hooks, and what hooks were asked."""

    def __init__(self) -> None:
        self.registry = HookRegistry()
        store = MemoryStore()
        self.plain = State(store)
        runner = HookRunner(self.registry, MemoryResults())
        self.state = HookedState(store, ThreadHooks(runner), metadata={"language": "lua"})
        self.heard: list[tuple[str, Any]] = []

    def at(self, point: str, answer: Answer = CONTINUE) -> None:
        """Have a hook answer this."""

        def ask(details: HookDetails) -> HookResult:
            self.heard.append((point, details.data))
            return answer(details) if callable(answer) else answer

        self.registry.register(POINTS[point], ask)


@pytest.fixture
def it() -> Asked:
    """State with hooks."""
    return Asked()


def test_hooks_hear_of_each_read_and_write(it: Asked) -> None:
    """They are told the place before, and what came of it after."""
    for point in ("BeforeStateRead", "AfterStateRead", "BeforeStateWrite", "AfterStateWrite"):
        it.at(point)
    it.state.put(GLOBAL, "k", 1)
    assert 1 == it.state.get(GLOBAL, "k")
    assert it.state.delete(GLOBAL, "k")
    assert 0 == it.state.clear(GLOBAL)
    place = {"scope": "global", "key": "k"}
    put = {"operation": "put", **place, "value": 1, "expires": None}
    assert [
        ("BeforeStateWrite", put),
        ("AfterStateWrite", 1),
        ("BeforeStateRead", place),
        ("AfterStateRead", 1),
        ("BeforeStateWrite", {"operation": "delete", **place}),
        ("AfterStateWrite", True),
        ("BeforeStateWrite", {"operation": "clear", "scope": "global", "key": ""}),
        ("AfterStateWrite", 0),
    ] == it.heard


def test_a_hook_changes_what_is_written(it: Asked) -> None:
    """The value, the key and the scope are those that the hook leaves."""
    it.at("BeforeStateWrite", lambda told: Modified({**told.data, "value": told.data["value"] * 2}))
    it.at("BeforeStateWrite", lambda told: Modified({**told.data, "scope": "user:me", "key": "b"}))
    it.state.put(GLOBAL, "a", 21)
    assert [("b", 42)] == list(it.plain.items(Scope.parse("user:me")))
    assert [] == it.plain.keys(GLOBAL)


def test_a_hook_changes_what_is_read(it: Asked) -> None:
    """By get, by kept with its version, and in a list of all; what is kept stays as it is."""
    it.at("AfterStateRead", lambda told: Modified("hidden") if told.data == "secret" else CONTINUE)
    it.plain.put(GLOBAL, "a", "secret")
    it.plain.put(GLOBAL, "b", 2)
    kept = it.state.kept(GLOBAL, "a")
    assert kept is not None
    assert ("hidden", "hidden", 1) == (it.state.get(GLOBAL, "a"), kept.value, kept.version)
    assert {"a": "hidden", "b": 2} == dict(it.state.items(GLOBAL))
    assert "secret" == it.plain.get(GLOBAL, "a")


def test_what_is_skipped_is_not_there(it: Asked) -> None:
    """Reading skipped gives the default, and leaves the entry out of the list."""
    it.plain.put(GLOBAL, "a", 1)
    it.plain.put(GLOBAL, "n", None)
    it.at("BeforeStateRead", lambda told: Skip() if told.data["key"] == "a" else CONTINUE)
    assert ("no", None) == (it.state.get(GLOBAL, "a", "no"), it.state.kept(GLOBAL, "a"))
    assert {"n": None} == dict(it.state.items(GLOBAL))


@pytest.mark.parametrize("act", ["put", "delete", "clear", "increment", "compare_and_swap"])
def test_a_hook_refuses_a_write(it: Asked, act: str) -> None:
    """Whatever the way to write is, nothing is written."""
    it.plain.put(GLOBAL, "k", 1)
    it.at("BeforeStateWrite", Cancel("read only"))
    acts: dict[str, Callable[[], object]] = {
        "put": lambda: it.state.put(GLOBAL, "k", 2),
        "delete": lambda: it.state.delete(GLOBAL, "k"),
        "clear": lambda: it.state.clear(GLOBAL),
        "increment": lambda: it.state.increment(GLOBAL, "k"),
        "compare_and_swap": lambda: it.state.compare_and_swap(GLOBAL, "k", 1, 2),
    }
    with pytest.raises(HookCancelled, match="read only"):
        acts[act]()
    assert {"k": 1} == dict(it.plain.items(GLOBAL))


def test_a_hook_answers_for_the_store(it: Asked) -> None:
    """A replaced read is not made; a cached one is made once, until the time is over."""
    it.at(
        "BeforeStateRead",
        lambda told: Replace("mine") if told.data["key"] == "r" else Cache(told.data["key"]),
    )
    assert "mine" == it.state.get(GLOBAL, "r")
    kept = it.state.kept(GLOBAL, "r")
    assert kept is not None
    assert ("mine", 0) == (kept.value, kept.version)
    it.plain.put(GLOBAL, "c", 1)
    assert 1 == it.state.get(GLOBAL, "c")
    it.plain.put(GLOBAL, "c", 2)
    assert 1 == it.state.get(GLOBAL, "c")


def test_changes_begin_with_what_is_really_kept(it: Asked) -> None:
    """What a hook shows to readers gets into no sum and no list."""
    it.plain.put(GLOBAL, "n", 5)
    it.at("AfterStateRead", Modified(0))
    it.at("BeforeStateRead", Cache("n"))
    assert 6 == it.state.increment(GLOBAL, "n")
    assert it.state.compare_and_swap(GLOBAL, "n", 6, 7)
    assert 7 == it.plain.get(GLOBAL, "n")


def test_a_conflict_is_asked_about_at_its_own_point(it: Asked) -> None:
    """A hook may let something stand in for the write; an error of another kind goes elsewhere."""
    it.at("StateError")
    it.plain.put(GLOBAL, "k", 1)
    it.at("StateConflict", lambda told: Replace(9) if told.data["value"] == "w" else CONTINUE)
    assert 9 == it.state.put(GLOBAL, "k", "w", expected=4)
    with pytest.raises(Conflict):
        it.state.put(GLOBAL, "k", "x", expected=4)
    assert ["StateConflict", "StateConflict"] == [point for point, _ in it.heard]
    with pytest.raises(NotStorable):
        it.state.put(GLOBAL, "k", float("nan"))
    assert "StateError" == it.heard[-1][0]


def test_a_swap_of_another_value_is_a_conflict(it: Asked) -> None:
    """It is asked about as one; a hook may let something stand in for it, or do it elsewhere."""
    it.plain.put(GLOBAL, "k", 1)
    it.at("StateConflict", lambda told: Replace(9) if told.data["value"] == "w" else CONTINUE)
    assert not it.state.compare_and_swap(GLOBAL, "k", 5, "x")
    assert it.state.compare_and_swap(GLOBAL, "k", 5, "w")
    assert ["StateConflict", "StateConflict"] == [point for point, _ in it.heard]
    it.at("StateConflict", Redirect("user:ann"))
    it.plain.put(ANN, "k", 5)
    assert it.state.compare_and_swap(GLOBAL, "k", 5, 6)
    assert (1, 6) == (it.plain.get(GLOBAL, "k"), it.plain.get(ANN, "k"))


def test_hooks_are_not_asked_about_what_they_do(it: Asked) -> None:
    """A hook at a write that writes and reads does not come to itself again."""

    def count(_details: HookDetails) -> HookResult:
        it.state.put(GLOBAL, "writes", it.state.get(GLOBAL, "writes", 0) + 1)
        return CONTINUE

    it.at("BeforeStateWrite", count)
    it.at("BeforeStateRead", count)
    it.state.put(GLOBAL, "k", 1)
    assert 2 == it.plain.get(GLOBAL, "writes")
    assert ["BeforeStateWrite", "BeforeStateRead"] == [point for point, _ in it.heard]


ANN = Scope.parse("user:ann")


def test_a_redirect_names_another_scope(it: Asked) -> None:
    """Whatever is done to state is done there; hooks behind it are told the scope."""
    it.at("BeforeStateWrite", Redirect("user:ann"))
    it.at("BeforeStateWrite", lambda told: Modified({"value": told.data.get("value")}))
    it.plain.put(GLOBAL, "n", 100)
    it.state.put(GLOBAL, "k", 1)
    it.state.put(GLOBAL, "gone", 1)
    it.state.delete(GLOBAL, "gone")
    assert ("user:ann", "k") == tuple(it.heard[1][1][key] for key in ("scope", "key"))
    assert [1, 2] == [it.state.increment(GLOBAL, "n") for _ in range(2)]
    assert {"k": 1, "n": 2} == dict(it.plain.items(ANN))
    it.state.clear(GLOBAL)
    assert [100] == [value for scope in it.plain.scopes() for _, value in it.plain.items(scope)]


def test_reads_are_redirected(it: Asked) -> None:
    """One by one, and each of a list of all."""
    it.at("BeforeStateRead", Redirect("user:ann"))
    it.plain.put(GLOBAL, "k", 1)
    it.plain.put(ANN, "k", 2)
    assert (2, {"k": 2}) == (it.state.get(GLOBAL, "k"), dict(it.state.items(GLOBAL)))


def test_what_failed_is_done_elsewhere(it: Asked) -> None:
    """Where somebody else was faster, the change is made of what is in the other scope."""
    it.at("StateConflict", Redirect("user:ann"))

    def change(_value: object) -> int:
        it.plain.put(GLOBAL, "k", "of another")
        return 7

    assert 7 == it.state.update(GLOBAL, "k", change)
    assert ("of another", 7) == (it.plain.get(GLOBAL, "k"), it.plain.get(ANN, "k"))


def test_a_fork_writes_to_several_scopes(it: Asked) -> None:
    """Each of its operations may have a scope for its target."""
    targets = ("user:ann", "tool")
    forked = tuple(Operation(each, target=each, changes_data=False) for each in targets)
    it.at("BeforeStateWrite", Fork(forked))
    it.state.put(GLOBAL, "k", 3)
    assert [3, 3, None] == [it.plain.get(Scope.parse(each), "k") for each in (*targets, "global")]


def test_a_comparison_is_made_where_the_value_is_written(it: Asked) -> None:
    """What was expected in one scope says nothing of the other."""
    it.at("BeforeStateWrite", Redirect("user:ann"))
    for scope, value in ((GLOBAL, 1), (ANN, 5)):
        it.plain.put(scope, "k", value)
    assert not it.state.compare_and_swap(GLOBAL, "k", 1, 2)
    it.plain.put(ANN, "k", 1)
    assert it.state.compare_and_swap(GLOBAL, "k", 1, 2)
    assert (1, 2) == (it.plain.get(GLOBAL, "k"), it.plain.get(ANN, "k"))
    with pytest.raises(UserError, match="written to user:ann/k; whether global/k is as expected"):
        it.state.put(GLOBAL, "k", 3, expected=1)


@pytest.mark.parametrize("point", ["BeforeStateWrite", "AfterStateWrite"])
def test_a_redirect_to_no_scope_is_refused(it: Asked, point: str) -> None:
    """The error names the target, the hook, its point, and what a scope is."""
    it.at(point, Redirect("nonsense thing"))
    said = r"'nonsense thing'.* begin with one of global, user, .*by the hook ask at " + point
    with pytest.raises(HookCancelled, match=said):
        it.state.put(GLOBAL, "k", 1)
