"""Who did what when, and who was refused: kept for good, never changed, asked with filters."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from kernel.sessions.model import SessionId
from kernel.sessions.records import Records


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One action, done or refused. It outlives the session it is about."""

    time: float
    """Seconds since 1970."""
    actor: str
    action: str
    session: SessionId | None
    is_done: bool
    detail: str = ""
    """What was changed, or why it was refused."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records to show; None is any. ``since`` is included, ``until`` is not."""

    actor: str | None = None
    action: str | None = None
    session: SessionId | None = None
    is_done: bool | None = None
    since: float | None = None
    until: float | None = None
    limit: int | None = None

    def about(self, session: SessionId) -> "AuditQuery":
        """The same, of one session."""
        return replace(self, session=session)

    def matches(self, record: AuditRecord) -> bool:
        """Whether a record is one of those asked for; times are the business of the scan."""
        return all(
            wanted is None or wanted == found
            for wanted, found in (
                (self.actor, record.actor),
                (self.action, record.action),
                (self.session, record.session),
                (self.is_done, record.is_done),
            )
        )


_RECORD = TypeAdapter(AuditRecord)
_writer = uuid.uuid4().hex[:8]
_counter = itertools.count()


def write(records: Records, record: AuditRecord) -> None:
    """Add a record behind those there are. Keys never meet: no record replaces another."""
    key = f"{_moment(record.time)}-{next(_counter):08}-{_writer}"
    records.store.put(records.scope("audit"), key, _RECORD.dump_json(record), expected=0)


def read(records: Records, query: AuditQuery) -> Iterator[AuditRecord]:
    """The records that match, oldest first."""
    after = _moment(query.since) if query.since is not None else None
    found = (
        _RECORD.validate_json(entry.value)
        for _key, entry in records.store.scan(records.scope("audit"), after=after)
    )
    until = query.until
    in_time = found if until is None else itertools.takewhile(lambda each: each.time < until, found)
    return itertools.islice(filter(query.matches, in_time), query.limit)


def _moment(time: float) -> str:
    """Microseconds since 1970, so that keys are in the order of time."""
    return f"{round(time * 1_000_000):017}"
