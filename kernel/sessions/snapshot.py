"""Snapshots: a session with its log, artifacts and state in one file, and back."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kernel.core.errors import UserError
from kernel.core.progress import report_progress, reporting
from kernel.sessions import snapshot_file as file
from kernel.sessions.access import AccessDenied, Actor, Permission, may
from kernel.sessions.admission import Admission
from kernel.sessions.artifacts.blocks import BlockStore, BlockVisit, unpack
from kernel.sessions.artifacts.contents import read_content
from kernel.sessions.artifacts.index import ArtifactIndex, decode_manifest
from kernel.sessions.artifacts.model import ContentDamaged, decode_artifact, encode_artifact
from kernel.sessions.gate import Change, Gate
from kernel.sessions.lifecycle import ABSENT, Verb, next_state
from kernel.sessions.log import CELL
from kernel.sessions.model import (
    Session,
    SessionId,
    SessionNotFound,
    Status,
    decode_session,
    decode_usage,
    encode_session,
    encode_usage,
    new_session_id,
)
from kernel.sessions.records import SESSION_STATE, Records, clear
from kernel.state.store import Entry

KINDS = ("log", "artifacts", "replays")
"""The records of a session that a snapshot holds, beside its state (`STATE`)."""

STATE = "state"


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a snapshot holds."""

    session: SessionId
    tenant: str
    taken: float
    """Seconds since 1970."""
    taken_by: str
    entries: int
    blocks: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Newer:
    """What a session has that its snapshot does not have, and a restore would take away."""

    session: SessionId
    name: str
    cells: int = 0
    artifacts: int = 0
    """How many were stored."""


class Snapshots:
    """Takes sessions out into files and puts them back. For any thread.

    A file is written aside and gets its name when it is whole and durable. A restore reads the
    file to its end and verifies it before it changes anything, and is one transaction.
    """

    def __init__(self, gate: Gate, admission: Admission, blocks: BlockStore) -> None:
        self._gate = gate
        self._admission = admission
        self._blocks = blocks

    # --- out ------------------------------------------------------------------------------------

    def snapshot(self, actor: Actor, session: str, path: Path) -> SnapshotInfo:
        """Write the session as it is now, while others may go on writing, to a file.

        A file that is there is replaced. Raises `ContentDamaged` if an artifact cannot be read.
        """
        with self._gate.change(actor, session, "snapshot") as change:
            found = change.session
            next_state(found.id, found.status, Verb.SNAPSHOT)
            change.detail = path.name
            change.note("snapshot", {"file": path.name})
        with (
            self._blocks.visit(actor.tenant) as visit,
            self._gate.store.snapshot() as view,
            _replacing(path) as target,
        ):
            records = Records(view, actor.tenant)
            now = self._gate.clock.now()
            entries, blocks = _write(file.Writer(target), records, visit, found.id, actor, now)
            size = target.tell()
        return SnapshotInfo(found.id, actor.tenant, now, actor.user, entries, blocks, size)

    # --- back -----------------------------------------------------------------------------------

    def restore(self, actor: Actor, path: Path, *, is_new: bool = False) -> Session:
        """The session as the file has it, all of it or (after an exception) nothing.

        ``is_new``: under a new id, as a session of the actor's own beside whatever is there.
        Otherwise it takes the place of the session with its id, which needs `Permission.OWN`.
        Raises `UserError` for a file that is damaged, of another kind or of another tenant.
        """
        with _verified(path) as reader:
            return self._restore(actor, reader, is_new)

    def compare_snapshot(self, actor: Actor, path: Path) -> Newer:
        """What `restore` would take away: cells and artifacts that came after the snapshot."""
        with _verified(path) as reader:
            saved, taken = _saved(actor, reader), reader.header.taken
        if Records(self._gate.store, actor.tenant).session(saved.id) is None:
            return Newer(saved.id, saved.name)
        records, there = self._gate.look(actor, saved.id, "compare_snapshot")
        kinds = [each.kind for each in records.log(there.id) if each.time > taken]
        return Newer(there.id, there.name, kinds.count(CELL), kinds.count("store"))

    def _restore(self, actor: Actor, reader: file.Reader, is_new: bool) -> Session:
        header = reader.header
        saved = _saved(actor, reader)
        number = new_session_id() if is_new else saved.id
        session = self._claimed(actor, saved, number, header.taken, is_new)
        with (
            self._blocks.visit(actor.tenant) as visit,
            self._gate.beginning(actor, "restore", session) as change,
        ):
            version = _make_way(change, actor, session)
            if session.status is Status.ACTIVE:
                self._admission.check_room(change.records, number)
            for part in reader.parts():
                report_progress(*reader.place, "bytes")
                _put_back(change.records, visit, part, saved.id, number, reader.name)
            visit.flush()
            usage = decode_usage(header.usage.encode())
            change.records.keep_usage(number, replace(usage, busy_until=0.0))
            change.detail = reader.name
            change.note("restore", {"file": reader.name, "from": saved.id})
            return change.keep(replace(session, version=version))

    def _claimed(
        self, actor: Actor, saved: Session, number: SessionId, taken: float, is_new: bool
    ) -> Session:
        """The session to be put back; the time it was away does not count as active."""
        now = self._gate.clock.now()
        session = replace(saved, id=number, updated=now)
        if session.status is Status.ACTIVE:
            session = replace(session, activated=now, active_seconds=saved.active_for(taken))
        if is_new:
            return replace(session, owner=actor.user, roles={}, parent=saved.id, created=now)
        if not may(actor, saved, Permission.OWN):
            raise AccessDenied(actor, "restore", saved.id)
        return session


@contextmanager
def _verified(path: Path) -> Iterator[file.Reader]:
    """What is in a file that was found to be whole."""
    try:
        with path.open("rb") as source:
            file.verify(source, path.name)
            source.seek(0)
            yield file.Reader(source, path.name)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def _saved(actor: Actor, reader: file.Reader) -> Session:
    """The session in a file, if it is one of the actor's tenant."""
    saved = decode_session(reader.header.session.encode(), 0)
    if saved.tenant != actor.tenant:
        raise UserError(f"{reader.name} is a snapshot of another tenant's session.")
    return saved


def _make_way(change: Change, actor: Actor, session: Session) -> int:
    """Remove what is there under the id; its version, from which the new one counts on."""
    there = change.records.session(session.id)
    if there is None:
        next_state(session.id, ABSENT, Verb.RESTORE)
        change.records.claim(session.id)
        return 0
    next_state(session.id, there.status, Verb.RESTORE)
    if not may(actor, there, Permission.READ):
        raise SessionNotFound(session.id)
    if not may(actor, there, Permission.OWN):
        raise AccessDenied(actor, "restore", session.id)
    for scope in change.records.scopes_of(session.id):
        clear(change.records.store, scope)
    return there.version


# --- what is written --------------------------------------------------------------------------


def _write(
    writer: file.Writer,
    records: Records,
    visit: BlockVisit,
    session: SessionId,
    actor: Actor,
    now: float,
) -> tuple[int, int]:
    found = records.session(session)
    if found is None:
        raise SessionNotFound(session)
    usage = encode_usage(records.usage(session)).decode()
    saved = encode_session(found).decode()
    writer.begin(file.Header(saved, usage, now, actor.user))
    entries, total = 0, sum(1 for _ in _entries(records, session))
    for kind, key, entry in _entries(records, session):
        writer.add(file.Part(kind, key, entry.value, entry.version, entry.updated, entry.expires))
        entries += 1
        report_progress(entries, total, "entries")
    blocks = _write_contents(writer, records, visit, session)
    writer.end()
    return entries, blocks


def _write_contents(
    writer: file.Writer, records: Records, visit: BlockVisit, session: SessionId
) -> int:
    """Every block once, before the manifests that need it."""
    index = ArtifactIndex(records)
    written: set[bytes] = set()
    contents = sorted({each.id.content_hash for each in index.all(session)})
    for content_hash in reporting(contents, "artifacts"):
        manifest = index.manifest(content_hash)
        if manifest is None:
            raise ContentDamaged(f"Nothing says of which blocks {content_hash} is made.")
        for digest in manifest.blocks:
            if digest not in written:
                packed = visit.get(digest)
                unpack(packed, digest)
                writer.add(file.Part(file.BLOCK, digest.hex(), packed or b""))
                written.add(digest)
        writer.add(file.Part(file.MANIFEST, content_hash, manifest.encode()))
    return len(written)


def _entries(records: Records, session: SessionId) -> Iterator[tuple[str, str, Entry]]:
    for kind, scope in _scopes(records, session):
        for key, entry in records.store.scan(scope):
            yield kind, key, entry


def _scopes(records: Records, session: SessionId) -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        yield kind, records.scope(kind, session)
    yield STATE, SESSION_STATE + session


# --- what is put back ---------------------------------------------------------------------------


def _put_back(
    records: Records,
    visit: BlockVisit,
    part: file.Part,
    old: SessionId,
    new: SessionId,
    name: str,
) -> None:
    if part.kind == file.BLOCK:
        digest = bytes.fromhex(part.key)
        unpack(part.value, digest)
        visit.put(digest, part.value)
    elif part.kind == file.MANIFEST:
        manifest = decode_manifest(part.value)
        for _piece in read_content(visit, part.key, manifest):
            pass  # it verifies
        ArtifactIndex(records).keep_manifest(part.key, manifest)
    elif part.kind in (*KINDS, STATE):
        scope = SESSION_STATE + new if part.kind == STATE else records.scope(part.kind, new)
        value = part.value
        if part.kind == "artifacts" and part.key.startswith("a/"):
            value = _moved(value, old, new)
        entry = Entry(value, part.version, part.updated, part.expires)
        records.store.put_entry(scope, part.key, entry)
    else:
        raise file.SnapshotDamaged(name, f"it holds a {part.kind!r}, which nobody knows")


def _moved(value: bytes, old: SessionId, new: SessionId) -> bytes:
    """An artifact as one of the session under its new id."""
    artifact = decode_artifact(value)
    parent = artifact.parent
    if parent is not None and parent.session == old:
        parent = replace(parent, session=new)
    return encode_artifact(replace(artifact, id=replace(artifact.id, session=new), parent=parent))


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` when it was written without an exception."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("xb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        aside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        aside.unlink(missing_ok=True)
