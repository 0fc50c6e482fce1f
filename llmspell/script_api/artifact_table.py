"""Artifact: things a session made and keeps."""

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import TypeAdapter, ValidationError

from kernel.core.errors import UserError
from kernel.core.functions import HostTable, host_function
from kernel.sessions.access import Actor
from kernel.sessions.artifacts.model import Artifact, ArtifactType
from kernel.sessions.artifacts.model import ArtifactId as KeptId
from kernel.sessions.artifacts.query import ArtifactQuery
from kernel.sessions.current import CurrentSession
from kernel.sessions.model import SessionId, parse_session_id
from kernel.sessions.services import SessionServices
from llmspell.script_api.kept_values import from_json, to_json
from llmspell.script_api.moments import moment

Type = Literal["agent_output", "tool_result", "user_input", "system_generated", "custom"]
Where = Annotated[str, 'The id of a session; "" means the current one.']


@dataclass(frozen=True)
class ArtifactId:
    """Which thing it is."""

    content_hash: Annotated[str, "The BLAKE3 hash of its content."]
    session_id: Annotated[str, "Whose it is."]
    sequence: Annotated[int, "Its number in the session."]


@dataclass(frozen=True)
class ArtifactNotes:
    """What is noted of a thing when it is stored."""

    description: Annotated[str, "What it is."] = ""
    mime_type: Annotated[str, "The form of its content."] = ""
    tags: Annotated[list[str], "Words to find it by."] = field(default_factory=list)
    custom: Annotated[dict[str, Any], "What else scripts note."] = field(default_factory=dict)
    parent_artifact: Annotated[ArtifactId | None, "What it was made of."] = None


@dataclass(frozen=True)
class ArtifactMetadata:
    """What is known of a kept thing."""

    id: Annotated[ArtifactId, "Which one it is."]
    name: Annotated[str, "What it is called."]
    description: Annotated[str, "What it is."]
    artifact_type: Annotated[str, "Its type."]
    mime_type: Annotated[str, "The form of its content."]
    size: Annotated[int, "Its size in bytes."]
    tags: Annotated[list[str], "Words to find it by."]
    custom: Annotated[dict[str, Any], "What scripts noted of it."]
    version: Annotated[int, "Which version it is."]
    created_at: Annotated[str, "When it was stored, in UTC."]
    created_by: Annotated[str, "Who stored it."]
    is_compressed: Annotated[bool, "Whether it takes less room than it has."]
    original_size: Annotated[int, "Its size before that."]
    stored_size: Annotated[int, "How much room it takes."]
    parent_artifact: Annotated[ArtifactId | None, "What it was made of."] = None


@dataclass(frozen=True)
class ArtifactContent:
    """A kept thing."""

    metadata: Annotated[ArtifactMetadata, "What is known of it."]
    content: Annotated[Any, "The thing itself."]


@dataclass(frozen=True)
class ArtifactDifference:
    """How one thing became another."""

    identical: Annotated[bool, "Whether they are the same."]
    is_text: Annotated[bool, "Whether lines were compared; otherwise bytes were."]
    unified: Annotated[str, 'The lines that differ, as a unified diff; "" if none do.']
    added: Annotated[int, "Lines that came."]
    removed: Annotated[int, "Lines that went."]
    first_difference: Annotated[int | None, "Of bytes: the first that differs, from 0."]
    summary: Annotated[str, "The same in words."]


@dataclass(frozen=True)
class ArtifactFilter:
    """Which things are wanted."""

    session_id: Annotated[str | None, "Those of a session."] = None
    type: Annotated[Type | None, "Those of a type."] = None
    name_pattern: Annotated[str, "Those whose name fits; `*` stands for anything."] = "*"
    tags: Annotated[list[str], "Those with all of these words."] = field(default_factory=list)
    created_after: Annotated[str | float | None, "Those stored later: a date, or seconds."] = None
    created_before: Annotated[str | float | None, "Those stored earlier."] = None
    min_size: Annotated[int | None, Ge(0), "Those at least so large."] = None
    max_size: Annotated[int | None, Ge(0), "Those at most so large."] = None
    limit: Annotated[int | None, Ge(1), "How many at most."] = None


@dataclass(frozen=True)
class ArtifactsCollected:
    """What was given back."""

    contents: Annotated[int, "Contents that nothing had any more."]
    blocks: Annotated[int, "Their pieces that nothing else has."]
    bytes: Annotated[int, "How much room they took."]
    postponed: Annotated[bool, "Whether nothing was done because things were read or written."]


JSON = "application/json"


class ArtifactTable(HostTable):
    """Things a session made and keeps: texts, results, files."""

    name = "Artifact"

    def __init__(self, services: SessionServices, actor: Actor, current: CurrentSession) -> None:
        self._artifacts = services.artifacts
        self._actor = actor
        self._current = current

    @host_function("Artifact.store")
    def store(
        self,
        session_id: Where,
        type: Type,
        name: str,
        content: Annotated[Any, "A string is kept as it is, anything else as JSON."],
        metadata: ArtifactNotes | dict[str, Any] | None = None,
    ) -> ArtifactId:
        """Keeps a thing; under a name that is there, as its next version."""
        notes = _notes(metadata)
        octets, mime_type = _octets(content)
        return _id(
            self._artifacts.store(
                self._actor,
                self._session(session_id),
                name,
                octets,
                type=ArtifactType(type),
                mime_type=notes.mime_type or mime_type,
                description=notes.description,
                tags=notes.tags,
                custom=to_json(notes.custom),
                parent=_parent(notes),
            ).id
        )

    @host_function("Artifact.store_file")
    def store_file(
        self,
        session_id: Where,
        path: str,
        type: Type = "custom",
        metadata: ArtifactNotes | dict[str, Any] | None = None,
    ) -> ArtifactId:
        """Keeps a file as it is now, under its name; without a form in `metadata`, its ending's."""
        notes = _notes(metadata)
        stored = self._artifacts.store_file(
            self._actor,
            self._session(session_id),
            path,
            type=ArtifactType(type),
            mime_type=notes.mime_type,
            description=notes.description,
            tags=notes.tags,
            custom=to_json(notes.custom),
            parent=_parent(notes),
        )
        return _id(stored.id)

    @host_function("Artifact.get")
    def get(self, session_id: Where, id: ArtifactId) -> ArtifactContent:
        """A kept thing with what is known of it."""
        kept = self._kept(session_id, id)
        found = self._artifacts.describe(self._actor, kept)
        octets = self._artifacts.read(self._actor, kept)
        return ArtifactContent(_metadata(found), _content(found, octets))

    @host_function("Artifact.list")
    def find(self, session_id: Where = "") -> list[ArtifactMetadata]:
        """The things a session keeps."""
        listed = self._artifacts.list_artifacts(self._actor, self._session(session_id))
        return [_metadata(each) for each in listed]

    @host_function("Artifact.versions")
    def versions(self, session_id: Where, name: str) -> list[ArtifactMetadata]:
        """All versions of a name that are kept, the oldest first."""
        found = self._artifacts.versions(self._actor, self._session(session_id), name)
        return [_metadata(each) for each in found]

    @host_function("Artifact.diff")
    def diff(self, old: ArtifactId, new: ArtifactId) -> ArtifactDifference:
        """How one content became the other; they may be of two sessions."""
        found = self._artifacts.diff(self._actor, _kept_id(old), _kept_id(new))
        return ArtifactDifference(
            identical=found.is_identical,
            is_text=found.is_text,
            unified=found.unified,
            added=found.added,
            removed=found.removed,
            first_difference=found.first_difference,
            summary=found.summary,
        )

    @host_function("Artifact.delete")
    def delete(self, session_id: Where, id: ArtifactId) -> None:
        """Removes a thing."""
        self._artifacts.delete_artifact(self._actor, self._kept(session_id, id))

    @host_function("Artifact.collect")
    def collect(self) -> ArtifactsCollected:
        """Gives back what no kept thing of the tenant needs any more; for its admins."""
        done = self._artifacts.collect(self._actor)
        return ArtifactsCollected(done.contents, done.blocks, done.bytes, done.is_postponed)

    @host_function("Artifact.query")
    def query(self, filter: ArtifactFilter | None = None) -> list[ArtifactMetadata]:
        """The things that fit."""
        wanted = filter or ArtifactFilter()
        query = ArtifactQuery(
            session=self._session(wanted.session_id) if wanted.session_id is not None else None,
            type=ArtifactType(wanted.type) if wanted.type else None,
            name_pattern=wanted.name_pattern,
            tags=tuple(wanted.tags),
            created_after=_seconds("created_after", wanted.created_after),
            created_before=_seconds("created_before", wanted.created_before),
            min_size=wanted.min_size,
            max_size=wanted.max_size,
            limit=wanted.limit,
        )
        return [_metadata(each) for each in self._artifacts.query(self._actor, query)]

    def _kept(self, session_id: str, id_: ArtifactId) -> KeptId:
        if session_id and parse_session_id(session_id) != id_.session_id:
            raise UserError(f"That thing belongs to session {id_.session_id}, not {session_id}.")
        return _kept_id(id_)

    def _session(self, id_: str) -> SessionId:
        if id_:
            return parse_session_id(id_)
        if self._current.id is None:
            raise UserError("The script is in no session; Session.set_current(id) enters one.")
        return self._current.id


def _notes(told: ArtifactNotes | dict[str, Any] | None) -> ArtifactNotes:
    """What scripts note: known fields as they are, all others as their own."""
    if told is None or isinstance(told, ArtifactNotes):
        return told or ArtifactNotes()
    known = {each.name for each in fields(ArtifactNotes)} - {"custom"}
    mine = {key: value for key, value in told.items() if key in known}
    custom = {**(told.get("custom") or {}), **{k: v for k, v in told.items() if k not in known}}
    custom.pop("custom", None)
    try:
        return _NOTES.validate_python({**mine, "custom": custom})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"metadata.{place} is not as it must be: {first['msg']}.") from None


_NOTES = TypeAdapter(ArtifactNotes)


def _parent(notes: ArtifactNotes) -> KeptId | None:
    return _kept_id(notes.parent_artifact) if notes.parent_artifact else None


def _octets(content: Any) -> tuple[bytes, str]:
    if isinstance(content, bytes):
        return content, "application/octet-stream"
    if isinstance(content, str):
        return content.encode(), "text/plain"
    return json.dumps(to_json(content), ensure_ascii=False).encode(), JSON


def _content(found: Artifact, octets: bytes) -> Any:
    if found.mime_type == JSON:
        try:
            return from_json(json.loads(octets))
        except ValueError:
            return octets
    return octets


def _id(kept: KeptId) -> ArtifactId:
    return ArtifactId(kept.content_hash, kept.session, kept.sequence)


def _kept_id(told: ArtifactId) -> KeptId:
    return KeptId(told.content_hash, parse_session_id(told.session_id), told.sequence)


def _metadata(it: Artifact) -> ArtifactMetadata:
    return ArtifactMetadata(
        id=_id(it.id),
        name=it.name,
        description=it.description,
        artifact_type=it.type.value,
        mime_type=it.mime_type,
        size=it.size,
        tags=list(it.tags),
        custom={key: from_json(value) for key, value in it.custom.items()},
        version=it.version,
        created_at=moment(it.created),
        created_by=it.created_by,
        is_compressed=it.is_compressed,
        original_size=it.size,
        stored_size=it.kept_size,
        parent_artifact=_id(it.parent) if it.parent else None,
    )


def _seconds(name: str, told: str | float | None) -> float | None:
    if told is None or isinstance(told, int | float):
        return told
    try:
        return datetime.fromisoformat(told).timestamp()
    except ValueError:
        raise UserError(
            f"Artifact.query: filter.{name} is {told!r}; write a date such as "
            '"2026-01-31T12:00:00+00:00", or seconds since 1970.'
        ) from None
