"""Scope: whose a piece of state is; and how it is written."""

from dataclasses import dataclass
from enum import Enum
from typing import Self

from kernel.core.errors import UserError


class ScopeKind(Enum):
    """The kinds of owners of state."""

    GLOBAL = "global"
    """Everybody's."""
    USER = "user"
    """A user's; always with an id."""
    SESSION = "session"
    AGENT = "agent"
    TOOL = "tool"
    WORKFLOW = "workflow"
    HOOK = "hook"
    CUSTOM = "custom"
    """Whatever scripts and applications agree about."""


WITHOUT_ID = {ScopeKind.GLOBAL}
"""Of these there is one."""

WITH_ID = {ScopeKind.USER}
"""These need an id; of all others, the kind alone is what all of the kind share."""


class BadScope(UserError):
    """A text that names no scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """An owner of state. Its text, `str(scope)`, is ``KIND`` or ``KIND:ID``."""

    kind: ScopeKind
    id: str = ""
    """Any text; "" where the kind alone is meant."""

    def __post_init__(self) -> None:
        """Raise `BadScope` where an id is missing or one too many."""
        name = self.kind.value
        if self.id and self.kind in WITHOUT_ID:
            raise BadScope(f"The scope {name!r} has no id, and {self.id!r} stands behind it.")
        if not self.id and self.kind in WITH_ID:
            raise BadScope(f"The scope {name!r} needs an id: {name}:ID.")

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}" if self.id else self.kind.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """The scope of a text; raises `BadScope`. What follows the first colon is the id."""
        name, colon, id_ = text.partition(":")
        kind = KINDS.get(name)
        if kind is None:
            names = ", ".join(KINDS)
            raise BadScope(
                f"{text!r} is no scope: it must begin with one of {names}. "
                f"A name of your own is written custom:{text or 'NAME'}."
            )
        if colon and not id_:
            raise BadScope(f"{text!r} has no id behind the colon; write {name}, or {name}:ID.")
        return cls(kind, id_)


KINDS = {kind.value: kind for kind in ScopeKind}

FORMS = tuple(
    form
    for name, kind in KINDS.items()
    for form, is_one in ((name, kind not in WITH_ID), (f"{name}:*", kind not in WITHOUT_ID))
    if is_one
)
"""How scopes are written; ``*`` stands for an id."""

SAID = (
    f"{', '.join(KINDS)}; all but {', '.join(kind.value for kind in WITHOUT_ID)} also with `:ID`, "
    f"{', '.join(kind.value for kind in WITH_ID)} only so."
)
"""The scopes there are, for the documentation of what takes one."""

GLOBAL = Scope(ScopeKind.GLOBAL)


def script_place(scope: str, key: str) -> tuple[Scope, str]:
    """Scope and key as scripts write them: ``State.load("custom", ":key")`` means ``key``.

    Raises `BadScope`.
    """
    place = Scope.parse(scope)
    if place.kind is ScopeKind.CUSTOM and not place.id:
        key = key.removeprefix(":")
    return place, key
