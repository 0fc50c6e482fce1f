"""Finding sessions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from pydantic import JsonValue

from kernel.sessions.model import Session, Status


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which sessions; what is not given is any. Times are seconds since 1970."""

    text: str = ""
    """Words that all occur in name, description or tags, in whatever case."""
    tags: tuple[str, ...] = ()
    """All of these."""
    status: frozenset[Status] = frozenset()
    """One of these."""
    owner: str | None = None
    parent: str | None = None
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """Values by their paths: ``{"model.name": "small"}``."""
    created_since: float | None = None
    created_before: float | None = None
    updated_since: float | None = None
    updated_before: float | None = None
    order: Literal["created", "updated", "name"] = "created"
    is_descending: bool = False
    offset: int = 0
    limit: int | None = None

    def matches(self, session: Session) -> bool:
        """Whether it is one of those asked for."""
        shown = " ".join((session.name, session.description, *session.tags)).casefold()
        return (
            all(word in shown for word in self.text.casefold().split())
            and set(self.tags) <= set(session.tags)
            and (not self.status or session.status in self.status)
            and self.owner in (None, session.owner)
            and self.parent in (None, session.parent)
            and _is_within(session.created, self.created_since, self.created_before)
            and _is_within(session.updated, self.updated_since, self.updated_before)
            and all(_noted(session.metadata, path) == it for path, it in self.metadata.items())
        )


def find_sessions(sessions: Iterable[Session], query: SessionQuery) -> Iterator[Session]:
    """Those that match, in the order asked for; equals in the order of their ids."""
    found = sorted(
        filter(query.matches, sessions),
        key=lambda each: (getattr(each, query.order), each.id),
        reverse=query.is_descending,
    )
    end = None if query.limit is None else query.offset + query.limit
    return islice(found, query.offset, end)


_NOTHING = object()


def _noted(metadata: Mapping[str, JsonValue], path: str) -> object:
    """What is noted at a path, or under a key that has dots itself."""
    return metadata[path] if path in metadata else at_path(metadata, path)


def at_path(value: object, path: str) -> object:
    """What lies at ``a.b.0`` in nested values; something equal to nothing if there is nothing."""
    for part in path.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list | tuple) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _NOTHING
    return value


def _is_within(time: float, since: float | None, before: float | None) -> bool:
    return (since is None or since <= time) and (before is None or time < before)
