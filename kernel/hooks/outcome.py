"""Outcome: what the hooks at a point said together, and which results end the asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.hooks.base import HookDetails
from kernel.hooks.points import Kind
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Fork,
    HookResult,
    Redirect,
    Replace,
    Retry,
    Skip,
)

ENDS: Mapping[Kind, frozenset[type[HookResult]]] = {
    Kind.BEFORE: frozenset({Cancel, Replace, Skip}),
    Kind.AFTER: frozenset({Cancel, Redirect, Retry, Skip}),
    Kind.ERROR: frozenset({Cancel, Redirect, Replace, Retry, Fork, Skip}),
    Kind.NOTICE: frozenset(),
}
"""After these no other hook of the point is asked; after all others the next one is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the hooks at one point said together."""

    details: HookDetails
    """As the last hook was told them, with all changes."""
    result: HookResult = CONTINUE
    """The one that ended the asking, or Continue."""
    hook: str = ""
    """Whose it was."""
    fork: Fork | None = None
    """Before an operation: what is to be done in its place."""
    caches: tuple[Cache, ...] = ()
    """Under which keys the result is to be kept."""

    @property
    def goes_on(self) -> bool:
        """Whether nobody said that things are to be otherwise (but perhaps with other data)."""
        return self.result is CONTINUE


class ResultCache(Protocol):
    """Where `Cache` results are kept; called on any thread."""

    def get(self, key: str) -> tuple[PlainData] | None:
        """What is kept and has not expired, in a tuple; None if there is nothing."""

    def put(self, key: str, value: PlainData, ttl: float) -> None:
        """Keep a value for ``ttl`` seconds, or less long where there is no room."""


class ForkFailed(UserError):
    """All operations of a fork failed, or (where all are needed) some; ``errors`` by name."""

    def __init__(self, errors: Mapping[str, BaseException]) -> None:
        told = "; ".join(f"{name}: {error}" for name, error in errors.items())
        super().__init__(f"Of the operations done at the same time these failed: {told}.")
        self.errors = dict(errors)
