"""Sessions and what belongs to them as plain data. Times are seconds since 1970."""

from typing import Any

from pydantic import TypeAdapter

from kernel.sessions.analytics import SessionReport, TenantReport
from kernel.sessions.artifacts.collection import Collected
from kernel.sessions.artifacts.model import Artifact
from kernel.sessions.artifacts.versions import Difference
from kernel.sessions.audit import AuditRecord
from kernel.sessions.log import LogEntry
from kernel.sessions.model import Session, Usage
from kernel.sessions.snapshot import Newer, SnapshotInfo

Plain = dict[str, Any]

_SESSION = TypeAdapter(Session)
_USAGE = TypeAdapter(Usage)
_ENTRY = TypeAdapter(LogEntry)
_ARTIFACT = TypeAdapter(Artifact)
_DIFFERENCE = TypeAdapter(Difference)
_RECORD = TypeAdapter(AuditRecord)
_COLLECTED = TypeAdapter(Collected)
_SNAPSHOT = TypeAdapter(SnapshotInfo)
_NEWER = TypeAdapter(Newer)
_SESSION_REPORT = TypeAdapter(SessionReport)
_TENANT_REPORT = TypeAdapter(TenantReport)

BRIEF = ("id", "name", "status", "tags", "created", "updated")
"""What a list says of each session."""


def session_shown(session: Session, usage: Usage | None = None) -> Plain:
    """A session, with what it has used if that is given."""
    shown: Plain = _SESSION.dump_python(session, mode="json")
    return shown if usage is None else {**shown, "usage": _USAGE.dump_python(usage, mode="json")}


def brief(session: Session, usage: Usage) -> Plain:
    """A session in a list."""
    whole = session_shown(session)
    return {**{name: whole[name] for name in BRIEF}, "last_activity": usage.last_activity}


def entry_shown(entry: LogEntry) -> Plain:
    """An entry of a log."""
    shown: Plain = _ENTRY.dump_python(entry, mode="json")
    return shown


def artifact_shown(artifact: Artifact) -> Plain:
    """What is known of an artifact; ``id`` is its number in its session."""
    shown: Plain = _ARTIFACT.dump_python(artifact, mode="json")
    id_ = artifact.id
    return {**shown, "id": id_.sequence, "session": id_.session, "hash": id_.content_hash}


def difference_shown(difference: Difference) -> Plain:
    """How one content became another."""
    shown: Plain = _DIFFERENCE.dump_python(difference, mode="json")
    return shown


def record_shown(record: AuditRecord) -> Plain:
    """A record of the audit trail."""
    shown: Plain = _RECORD.dump_python(record, mode="json")
    return shown


def collected_shown(collected: Collected) -> Plain:
    """What a collection has removed."""
    shown: Plain = _COLLECTED.dump_python(collected, mode="json")
    return shown


def snapshot_shown(info: SnapshotInfo) -> Plain:
    """What a snapshot holds."""
    shown: Plain = _SNAPSHOT.dump_python(info, mode="json")
    return shown


def report_shown(report: SessionReport | TenantReport) -> Plain:
    """A report of one session, or of all."""
    adapter = _SESSION_REPORT if isinstance(report, SessionReport) else _TENANT_REPORT
    shown: Plain = adapter.dump_python(report, mode="json")  # type: ignore[arg-type]
    return shown


def newer_shown(newer: Newer) -> Plain:
    """What a snapshot does not have."""
    shown: Plain = _NEWER.dump_python(newer, mode="json")
    return shown
