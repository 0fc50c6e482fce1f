"""Artifacts: contents of any size that sessions keep, by name and version."""

import mimetypes
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from kernel.core.errors import UserError
from kernel.events.sessions import ArtifactDeleted, ArtifactStored
from kernel.sessions import audit
from kernel.sessions.access import Actor
from kernel.sessions.admission import Admission, Amounts
from kernel.sessions.artifacts.blocks import COMPRESSION_THRESHOLD, BlockStore, Content
from kernel.sessions.artifacts.collection import Collected, forget_unneeded, sweep_blocks
from kernel.sessions.artifacts.contents import Written, read_content, write_content
from kernel.sessions.artifacts.index import ArtifactIndex, Manifest
from kernel.sessions.artifacts.model import (
    MAX_NAME,
    Artifact,
    ArtifactId,
    ArtifactNotFound,
    ArtifactType,
    ContentDamaged,
)
from kernel.sessions.artifacts.query import ArtifactQuery, latest_of
from kernel.sessions.artifacts.versions import (
    MAX_TEXT,
    Difference,
    as_lines,
    compare_bytes,
    compare_lines,
)
from kernel.sessions.gate import Change, Gate
from kernel.sessions.lifecycle import Verb, next_state
from kernel.sessions.policies.base import STORE
from kernel.sessions.records import Records


class Artifacts:
    """The artifacts of all tenants; every actor sees those of its own. For any thread.

    A content is written into blocks first, and named in the store when all of them are durable: a
    writer that is killed leaves nothing to be seen. Of any content one block is in memory.
    """

    def __init__(
        self,
        gate: Gate,
        admission: Admission,
        blocks: BlockStore,
        compresses_from: int = COMPRESSION_THRESHOLD,
    ) -> None:
        """``compresses_from``: bytes of a block from which on it is compressed."""
        self._gate = gate
        self._admission = admission
        self._blocks = blocks
        self._compresses_from = compresses_from

    # --- storing --------------------------------------------------------------------------------

    def check_room(self, actor: Actor, session: str, size: int) -> None:
        """Whether a content of so many bytes could be stored now.

        Raises `PolicyRefused` and `IllegalMove`.
        """
        records, found = self._gate.look(actor, session, "store")  # what the trail calls it
        next_state(found.id, found.status, Verb.STORE)
        now = self._gate.clock.now()
        self._admission.check(records, found, now, STORE, Amounts(size=size))

    def store(
        self,
        actor: Actor,
        session: str,
        name: str,
        content: Content,
        *,
        type: ArtifactType = ArtifactType.CUSTOM,
        mime_type: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        custom: Mapping[str, JsonValue] | None = None,
        parent: ArtifactId | None = None,
    ) -> Artifact:
        """Keep a content; under a name that is there, as its next version.

        ``mime_type``: by default by the name's ending, else ``text/plain`` for text. Raises
        `PolicyRefused` as soon as the content is known to be too large, and `IllegalMove`.
        """
        if not name.strip() or len(name) > MAX_NAME:
            raise UserError(f"The name of an artifact has 1 to {MAX_NAME} characters.")
        records, found = self._gate.look(actor, session, "store")
        now = self._gate.clock.now()
        next_state(found.id, found.status, Verb.STORE)

        def check(size: int) -> None:
            self._admission.check(records, found, now, STORE, Amounts(size=size))

        kind = mime_type or mimetypes.guess_type(name)[0] or _kind_of(content)
        with self._blocks.visit(actor.tenant) as visit:
            written = write_content(visit, content, check, self._compresses_from)
            with self._gate.change(actor, session, "store") as change:
                draft = Artifact(
                    id=ArtifactId(written.content_hash, found.id, 0),
                    name=name,
                    type=type,
                    size=written.manifest.size,
                    version=0,
                    created=change.now,
                    created_by=actor.user,
                    mime_type=kind,
                    description=description,
                    tags=tuple(sorted(set(tags))),
                    custom=dict(custom or {}),
                    parent=parent,
                    is_compressed=written.is_compressed,
                    kept_size=written.kept_size,
                )
                return self._commit(change, draft, written)

    def store_file(
        self,
        actor: Actor,
        session: str,
        path: str,
        *,
        type: ArtifactType = ArtifactType.CUSTOM,
        mime_type: str = "",
        description: str = "",
        tags: Iterable[str] = (),
        custom: Mapping[str, JsonValue] | None = None,
        parent: ArtifactId | None = None,
    ) -> Artifact:
        """Keep what a file holds now, under its name; raises `UserError` if it cannot be read.

        Otherwise as `store`.
        """
        place = Path(path)
        try:
            with place.open("rb") as file:
                return self.store(
                    actor,
                    session,
                    place.name,
                    file,
                    type=type,
                    mime_type=mime_type,
                    description=description,
                    tags=tags,
                    custom=custom,
                    parent=parent,
                )
        except OSError as error:
            raise UserError(f"{path} cannot be stored: {error.strerror}.") from error

    def _commit(self, change: Change, draft: Artifact, written: Written) -> Artifact:
        """Everything that makes the artifact be there, in the transaction of ``change``."""
        session = change.session
        next_state(session.id, session.status, Verb.STORE)
        self._admission.admit(change, STORE, Amounts(size=draft.size))
        usage = change.records.usage(session.id)
        index = ArtifactIndex(change.records)
        artifact = replace(
            draft,
            id=replace(draft.id, sequence=usage.next_artifact),
            version=index.next_version(session.id, draft.name),
        )
        index.keep_manifest(written.content_hash, written.manifest)
        index.add(artifact)
        change.records.keep_usage(
            session.id,
            replace(
                usage,
                artifacts=usage.artifacts + 1,
                artifact_bytes=usage.artifact_bytes + artifact.size,
                next_artifact=usage.next_artifact + 1,
            ),
        )
        change.detail = f"{artifact.name} (version {artifact.version}, {artifact.size} bytes)"
        change.note("store", {"sequence": artifact.id.sequence, "name": artifact.name})
        change.events.append(
            ArtifactStored(
                session.id, artifact.id.content_hash, artifact.name, artifact.version, artifact.size
            )
        )
        return artifact

    # --- reading --------------------------------------------------------------------------------

    def describe(self, actor: Actor, artifact: ArtifactId) -> Artifact:
        """What is known of an artifact; raises `ArtifactNotFound`."""
        records, _found = self._gate.look(actor, artifact.session, "describe")
        return ArtifactIndex(records).get(artifact)

    def read(self, actor: Actor, artifact: ArtifactId) -> bytes:
        """The whole content; raises `ContentDamaged`. For large ones there is `stream`."""
        records, _found = self._gate.look(actor, artifact.session, "read")
        return b"".join(self._pieces(records, artifact, 0, None))

    def stream(
        self, actor: Actor, artifact: ArtifactId, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """The content from byte ``start`` up to ``end`` in pieces; what comes is verified."""
        records, _found = self._gate.look(actor, artifact.session, "stream")
        ArtifactIndex(records).get(artifact)
        return self._pieces(records, artifact, start, end)

    def latest(self, actor: Actor, session: str, name: str) -> Artifact:
        """The last version of a name; raises `ArtifactNotFound`."""
        records, found = self._gate.look(actor, session, "latest")
        versions = [*ArtifactIndex(records).versions(found.id, name)]
        if not versions:
            raise ArtifactNotFound(repr(name))
        return versions[-1]

    def versions(self, actor: Actor, session: str, name: str) -> list[Artifact]:
        """All versions of a name that are kept, oldest first."""
        records, found = self._gate.look(actor, session, "versions")
        return [*ArtifactIndex(records).versions(found.id, name)]

    def list_artifacts(self, actor: Actor, session: str) -> list[Artifact]:
        """All of a session, in the order they were stored."""
        records, found = self._gate.look(actor, session, "list_artifacts")
        return [*ArtifactIndex(records).all(found.id)]

    def query(self, actor: Actor, query: ArtifactQuery) -> Sequence[Artifact]:
        """Those that match, of one session or of all that the actor may read."""
        records = self._gate.join(actor, "query")
        if query.session is None:
            sessions = [*self._gate.visible(actor, records)]
        else:
            sessions = [self._gate.look(actor, query.session, "list_artifacts")[1]]
        index = ArtifactIndex(records)
        there = [each for session in sessions for each in index.all(session.id)]
        found = latest_of(there) if query.is_latest else there
        return [*islice(filter(query.matches, found), query.limit)]

    def diff(self, actor: Actor, old: ArtifactId, new: ArtifactId) -> Difference:
        """How one content became the other; they may be of two sessions."""
        records, _found = self._gate.look(actor, old.session, "diff")
        self._gate.look(actor, new.session, "diff")
        index = ArtifactIndex(records)
        one, other = index.get(old), index.get(new)
        if max(one.size, other.size) <= MAX_TEXT:
            whole = [b"".join(self._pieces(records, each, 0, None)) for each in (old, new)]
            before, after = map(as_lines, whole)
            if before is not None and after is not None:
                return compare_lines(one, other, before, after)
        return compare_bytes(
            (one.size, other.size),
            (_manifest(index, old), _manifest(index, new)),
            (self._pieces(records, old, 0, None), self._pieces(records, new, 0, None)),
        )

    def _pieces(
        self, records: Records, artifact: ArtifactId, start: int, end: int | None
    ) -> Iterator[bytes]:
        with self._blocks.visit(records.tenant) as visit:
            index = ArtifactIndex(records)
            index.get(artifact)
            manifest = _manifest(index, artifact)
            yield from read_content(visit, artifact.content_hash, manifest, start, end)

    # --- removing -------------------------------------------------------------------------------

    def delete_artifact(self, actor: Actor, artifact: ArtifactId) -> None:
        """Remove one version; its blocks go with the next `collect` if nobody else has them."""
        with self._gate.change(actor, artifact.session, "delete_artifact") as change:
            session = change.session
            next_state(session.id, session.status, Verb.STORE)
            index = ArtifactIndex(change.records)
            found = index.get(artifact)
            index.remove(found)
            usage = change.records.usage(session.id)
            change.records.keep_usage(
                session.id,
                replace(
                    usage,
                    artifacts=usage.artifacts - 1,
                    artifact_bytes=usage.artifact_bytes - found.size,
                ),
            )
            change.detail = f"{found.name} (version {found.version})"
            change.note("delete_artifact", {"sequence": artifact.sequence, "name": found.name})
            change.events.append(ArtifactDeleted(session.id, artifact.content_hash))

    def collect(self, actor: Actor) -> Collected:
        """Give back what no artifact of the tenant needs any more; done by the sweeper, too."""
        self._gate.join(actor, "collect")
        with self._blocks.clearing(actor.tenant) as clearing:
            if clearing is None:
                return Collected(is_postponed=True)
            with self._gate.store.transaction() as store:
                contents, needed = forget_unneeded(Records(store, actor.tenant))
            done = sweep_blocks(clearing, contents, needed)
        detail = f"{done.blocks} blocks, {done.bytes} bytes"
        now = self._gate.clock.now()
        record = audit.AuditRecord(now, actor.user, "collect", None, True, detail)
        audit.write(Records(self._gate.store, actor.tenant), record)
        return done


def _manifest(index: ArtifactIndex, artifact: ArtifactId) -> Manifest:
    manifest = index.manifest(artifact.content_hash)
    if manifest is None:
        raise ContentDamaged(f"Nothing says of which blocks {artifact.content_hash} is made.")
    return manifest


def _kind_of(content: Content) -> str:
    return "text/plain" if isinstance(content, str) else "application/octet-stream"
