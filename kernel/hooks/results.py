"""What a hook may answer, and what then happens: the words, their meaning, and their parts.

``MEANING`` has the semantics as a table; `kernel.hooks.runner` carries them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from kernel.core.plain import PlainData


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on as if nobody had been asked."""

    word: ClassVar[str] = "continue"


@dataclass(frozen=True, slots=True)
class Modified:
    """Go on with other data."""

    word: ClassVar[str] = "modified"
    data: PlainData = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Do not do it: it is an error, and this is why."""

    word: ClassVar[str] = "cancel"
    reason: str = "A hook said no."


@dataclass(frozen=True, slots=True)
class Redirect:
    """Do it with another component (tool, agent, scope, ...), called ``target``."""

    word: ClassVar[str] = "redirect"
    target: str = ""


@dataclass(frozen=True, slots=True)
class Replace:
    """The result is what is given here."""

    word: ClassVar[str] = "replace"
    data: PlainData = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Do it again after ``delay`` seconds, ``max_attempts`` times in all at most."""

    word: ClassVar[str] = "retry"
    delay: float = 0.0
    max_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the operations that a fork does: the guarded one with other data or another target.

    ``name`` is what its result is found by; without ``changes_data`` the data stay.
    """

    name: str
    data: PlainData = None
    target: str | None = None
    changes_data: bool = True


class Join(StrEnum):
    """What a fork waits for."""

    ALL = "all"
    """Every operation; the result is a dict of theirs by name."""
    FIRST = "first"
    """The first that succeeds; its result is the result, and the others are cancelled."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Do these at the same time instead."""

    word: ClassVar[str] = "fork"
    operations: tuple[Operation, ...] = ()
    join: Join = Join.ALL


@dataclass(frozen=True, slots=True)
class Cache:
    """What is kept under ``key`` is the result; what comes of it is kept for ``ttl`` seconds."""

    word: ClassVar[str] = "cache"
    key: str = ""
    ttl: float = 300.0


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not do it, and that is no error."""

    word: ClassVar[str] = "skip"
    reason: str = ""


HookResult: TypeAlias = (
    Continue | Modified | Cancel | Redirect | Replace | Retry | Fork | Cache | Skip
)

CONTINUE = Continue()
"""What most hooks answer most of the time; the runner knows it by identity."""

RESULTS: tuple[type[HookResult], ...] = (
    Continue,
    Modified,
    Cancel,
    Redirect,
    Replace,
    Retry,
    Fork,
    Cache,
    Skip,
)

MEANING: Mapping[str, tuple[str, str, str]] = {
    # word: before, after, on an error
    "continue": (
        "the next hook is asked",
        "the next hook is asked",
        "the next hook is asked",
    ),
    "modified": (
        "later hooks and the operation get the new data",
        "later hooks and the caller get the new result",
        "a new attempt, if there is one, gets the new data",
    ),
    "cancel": (
        "the operation is not begun; the caller gets `HookCancelled`",
        "the caller gets `HookCancelled` instead of the result",
        "the caller gets `HookCancelled` instead of the error",
    ),
    "redirect": (
        "later hooks and the operation get another component",
        "the operation is done again with the other component, once",
        "the operation is done again with the other component, once",
    ),
    "replace": (
        "the operation is not begun; hooks behind it hear of the data as its result",
        "later hooks and the caller get the data as the result",
        "the data are the result; there is no error any more",
    ),
    "retry": (
        "after the delay this hook and those behind it are asked again; when it has said so "
        "`max_attempts` times, the operation is cancelled",
        "after the delay the operation is begun again, from its first hook, until it was begun "
        "`max_attempts` times; then the result stands",
        "after the delay the operation is begun again, from its first hook, until it was begun "
        "`max_attempts` times; then the error stands",
    ),
    "fork": (
        "later hooks are asked; then its operations are done at the same time, in place of the "
        "one that was asked for",
        "nothing, the operation is done already",
        "its operations are done at the same time, in place of the one that failed",
    ),
    "cache": (
        "if a result is kept under the key, it is the result as with *replace*; otherwise later "
        "hooks are asked, and what comes of the operation is kept",
        "the result is kept",
        "if a result is kept under the key, it is the result; otherwise the error stands",
    ),
    "skip": (
        "the operation is not begun, and its result is nothing; no other hook is asked",
        "no other hook is asked",
        "no other hook is asked, and the error stands",
    ),
}
"""What each result means before an operation, after it, and when it failed."""
