"""The index of artifacts in a `StateStore`: what there is, in which versions, of which blocks.

::

    session-artifacts:TENANT:ID   a/SEQUENCE        the artifact
                                  n/NAME/VERSION    its sequence; NAME is hashed: it may be long
                                  v/NAME            the last version there was
    session-manifests:TENANT      HASH              size and blocks of a content
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from blake3 import blake3

from kernel.sessions.artifacts.model import (
    Artifact,
    ArtifactId,
    ArtifactNotFound,
    decode_artifact,
    encode_artifact,
)
from kernel.sessions.model import SessionId
from kernel.sessions.records import Records


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a content is made of."""

    size: int
    blocks: tuple[bytes, ...]
    """Digests, in order."""

    def encode(self) -> bytes:
        """As it is kept: the size, then 32 bytes for each block."""
        return struct.pack("<Q", self.size) + b"".join(self.blocks)


class ArtifactIndex:
    """The artifacts of one tenant; within a transaction where something is changed."""

    def __init__(self, records: Records) -> None:
        self._store = records.store
        self._records = records
        self._manifests = records.scope("manifests")

    # --- artifacts ------------------------------------------------------------------------------

    def add(self, artifact: Artifact) -> None:
        """Put an artifact in, whose version is `next_version`."""
        scope, name = self._scope(artifact.id.session), _key(artifact.name)
        sequence = f"{artifact.id.sequence:010}"
        self._store.put(scope, f"a/{sequence}", encode_artifact(artifact))
        self._store.put(scope, f"n/{name}/{artifact.version:08}", sequence.encode())
        self._store.put(scope, f"v/{name}", str(artifact.version).encode())

    def next_version(self, session: SessionId, name: str) -> int:
        """One more than the last version of this name, also if that was deleted."""
        entry = self._store.get(self._scope(session), f"v/{_key(name)}")
        return int(entry.value) + 1 if entry else 1

    def get(self, artifact: ArtifactId) -> Artifact:
        """Raises `ArtifactNotFound`."""
        entry = self._store.get(self._scope(artifact.session), f"a/{artifact.sequence:010}")
        found = decode_artifact(entry.value) if entry else None
        if found is None or found.id != artifact:
            raise ArtifactNotFound(f"{artifact.sequence} ({artifact.content_hash})")
        return found

    def versions(self, session: SessionId, name: str) -> Iterator[Artifact]:
        """All that are kept under a name, oldest first."""
        scope = self._scope(session)
        for _place, entry in self._store.scan(scope, f"n/{_key(name)}/"):
            found = self._store.get(scope, f"a/{entry.value.decode()}")
            if found is not None:
                yield decode_artifact(found.value)

    def all(self, session: SessionId) -> Iterator[Artifact]:
        """All of a session, in the order they were stored."""
        for _place, entry in self._store.scan(self._scope(session), "a/"):
            yield decode_artifact(entry.value)

    def remove(self, artifact: Artifact) -> None:
        """Take an artifact out; its blocks stay until they are collected."""
        scope = self._scope(artifact.id.session)
        self._store.delete(scope, f"a/{artifact.id.sequence:010}")
        self._store.delete(scope, f"n/{_key(artifact.name)}/{artifact.version:08}")

    def _scope(self, session: SessionId) -> str:
        return self._records.scope("artifacts", session)

    # --- manifests ------------------------------------------------------------------------------

    def keep_manifest(self, content_hash: str, manifest: Manifest) -> None:
        """Say what a content is made of; harmless if it is known."""
        value = manifest.encode()
        entry = self._store.get(self._manifests, content_hash)
        if entry is None or entry.value != value:
            self._store.put(self._manifests, content_hash, value)

    def manifest(self, content_hash: str) -> Manifest | None:
        """What a content is made of."""
        entry = self._store.get(self._manifests, content_hash)
        return decode_manifest(entry.value) if entry else None

    def manifests(self) -> Iterator[tuple[str, Manifest]]:
        """All contents of the tenant."""
        for content_hash, entry in self._store.scan(self._manifests):
            yield content_hash, decode_manifest(entry.value)

    def forget_manifest(self, content_hash: str) -> None:
        """No artifact has this content any more."""
        self._store.delete(self._manifests, content_hash)


def decode_manifest(value: bytes) -> Manifest:
    """The way back from `Manifest.encode`."""
    (size,) = struct.unpack_from("<Q", value)
    return Manifest(size, tuple(value[at : at + 32] for at in range(8, len(value), 32)))


def _key(name: str) -> str:
    return blake3(name.encode()).hexdigest(16)
