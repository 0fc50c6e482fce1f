"""Hooks that are far from here are asked several at once, and it makes no other difference."""

from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from kernel.hooks.base import HookDetails, Said
from kernel.hooks.points import TOOL_EXECUTION
from kernel.hooks.results import CONTINUE, Modified
from tests.support.hooks import Bench, saying


@pytest.fixture(params=["loop", "thread"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """A runner, driven both ways."""
    return Bench(request.param)


class FarHook:
    """A hook on the other side, by what it says."""

    def __init__(self, name: str, says: Any, companions: "FarSide") -> None:
        self.name = name
        self.says = says
        self.companions = companions

    def __call__(self, details: HookDetails) -> Any:
        """Asked alone."""
        self.companions.rounds.append((self.name, details.data))
        return self.says


class FarSide:
    """Implements `Companions`; remembers who was asked together, and what."""

    def __init__(self) -> None:
        self.rounds: list[tuple[str, object]] = []

    def hook(self, name: str, says: Any = CONTINUE) -> FarHook:
        """One of them."""
        return FarHook(name, says, self)

    def ask(
        self, hooks: Sequence[FarHook], details: HookDetails
    ) -> Sequence[Said] | Awaitable[Sequence[Said]]:
        """Down to the first that does not say Continue."""
        said = []
        self.rounds.append(("".join(each.name for each in hooks), details.data))
        for each in hooks:
            is_error = isinstance(each.says, Exception)
            said.append(Said(CONTINUE, each.says) if is_error else Said(each.says))
            if not said[-1].says_continue:
                break
        return self._later(said)

    async def _later(self, said: Sequence[Said]) -> Sequence[Said]:
        return said


def asked(bench: Bench, far: FarSide, *hooks: Any) -> list[tuple[str, object]]:
    """Who was asked together, and what, where these stand before an operation."""
    for each in hooks:
        bench.registry.register(TOOL_EXECUTION.before, each)
    bench.guard()
    return far.rounds


def test_those_in_a_row_are_asked_at_once(bench: Bench) -> None:
    """As long as all say Continue."""
    far = FarSide()
    assert [("abc", "in")] == asked(bench, far, *map(far.hook, "abc"))


def test_what_one_changes_the_next_ones_are_told(bench: Bench) -> None:
    """They are asked anew with it, and what they say counts."""
    far = FarSide()
    hooks = [far.hook("a"), far.hook("b", Modified("new")), far.hook("c"), far.hook("d")]
    assert [("abcd", "in"), ("cd", "new")] == asked(bench, far, *hooks)
    assert [("calculator", "new")] == bench.done


def test_one_that_fails_does_not_keep_the_others_from_being_asked(bench: Bench) -> None:
    """It is told, and counted, as of any other."""
    far = FarSide()
    hooks = [far.hook("a", ValueError("bug")), far.hook("b"), far.hook("c")]
    assert [("abc", "in"), ("bc", "in")] == asked(bench, far, *hooks)
    assert ["ValueError: bug"] == [each.error for each in bench.told]


def test_the_order_is_kept(bench: Bench) -> None:
    """A hook that stands between them is asked between them."""
    far = FarSide()
    hooks = [far.hook("a"), far.hook("b"), saying(Modified("new")), far.hook("c"), far.hook("d")]
    assert [("ab", "in"), ("cd", "new")] == asked(bench, far, *hooks)


def test_one_by_itself_is_simply_asked(bench: Bench) -> None:
    """As is one of another side."""
    far, other = FarSide(), FarSide()
    assert [("a", "in")] == asked(bench, far, far.hook("a"), other.hook("b"))
    assert [("b", "in")] == other.rounds
