"""ArtifactRequests: what sessions keep, asked for and stored as data."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

from annotated_types import Ge
from pydantic import JsonValue

from kernel.core.actions import action
from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.sessions.artifacts.model import Artifact, ArtifactNotFound, ArtifactType
from kernel.sessions.desk import DeskRequests, Plain
from kernel.sessions.model import SessionId
from kernel.sessions.shown import artifact_shown, difference_shown

MOST = 16 * 1024 * 1024
"""Bytes of an artifact in one message; larger ones come and go in pieces."""

TypeName = Literal["agent_output", "tool_result", "user_input", "system_generated", "custom"]
Place = Annotated[int, Ge(0)]


class ArtifactRequests(DeskRequests):
    """The actions about artifacts."""

    # --- reading --------------------------------------------------------------------------------

    @action("artifacts")
    def artifacts(self, *, id: str = "") -> Plain:
        """What it keeps, all versions, in the order they were stored."""
        desk = self._desk
        found = desk.services.artifacts.list_artifacts(desk.actor, desk.find(id).id)
        return {"artifacts": [artifact_shown(each) for each in found]}

    @action("artifact")
    def artifact(
        self,
        *,
        session: str = "",
        name: str = "",
        id: int | str = "",
        start: Place = 0,
        end: Place | None = None,
    ) -> Plain:
        """A content, from byte ``start`` up to ``end``, as ``text`` or (bytes) as ``base64``.

        By its name, the last version, or by its number or the beginning of its hash.
        """
        desk = self._desk
        found = self._artifact(desk.find(session).id, name, str(id))
        stop = min(found.size if end is None else end, found.size)
        if stop - start > MOST:
            raise UserError(
                f"{found.name} has {found.size} bytes, more than the {MOST} of one answer; "
                "ask for pieces by start and end."
            )
        octets = b"".join(desk.services.artifacts.stream(desk.actor, found.id, start, stop))
        return {"artifact": artifact_shown(found), "start": start, "end": stop, **_coded(octets)}

    @action("diff")
    def diff(
        self, *, session: str = "", name: str = "", old: int | str = "", new: int | str = ""
    ) -> Plain:
        """How one version became another.

        That is the last of ``name`` and the one before it, unless the numbers or the beginnings of
        the hashes of others are said.
        """
        desk = self._desk
        before, after = self._two_versions(desk.find(session).id, name, str(old), str(new))
        found = desk.services.artifacts.diff(desk.actor, before.id, after.id)
        told = {"old": artifact_shown(before), "new": artifact_shown(after)}
        return {**told, "difference": difference_shown(found)}

    # --- storing --------------------------------------------------------------------------------

    @action("store")
    def store(
        self,
        *,
        session: str = "",
        name: str = "",
        type: TypeName = "custom",
        mime_type: str = "",
        description: str = "",
        tags: list[str] | None = None,
        metadata: dict[str, JsonValue] | None = None,
        text: str | None = None,
        base64: str | None = None,
        upload: str = "",
        path: str = "",
    ) -> Plain:
        """Keep a content; under a name that is there, as its next version.

        The content is ``text``, ``base64``, what an ``upload`` has brought, or the file at ``path``
        where the kernel runs; then the name is by default that of the file.
        """
        desk = self._desk
        found = desk.find(session).id
        known_as = name or (Path(path).name if path else "")
        if not known_as:
            raise UserError("store needs a name.")
        with self._content(text, base64, upload, path) as content:
            kept = desk.services.artifacts.store(
                desk.actor,
                found,
                known_as,
                content,
                type=ArtifactType(type),
                mime_type=mime_type,
                description=description,
                tags=tags or (),
                custom=metadata,
            )
        return {"artifact": artifact_shown(kept)}

    @action("begin_upload")
    def begin_upload(self, *, session: str = "", size: Place) -> Plain:
        """Begin to send a content of so many bytes in pieces, if the session may keep it."""
        desk = self._desk
        desk.services.artifacts.check_room(desk.actor, desk.find(session).id, size)
        return {"upload": desk.uploads.begin(desk.actor, size)}

    @action("upload")
    def upload(self, *, upload: str, start: Place, base64: str) -> Plain:
        """The piece that begins at byte ``start``; ``store`` makes an artifact of all of them."""
        desk = self._desk
        received = desk.uploads.add(desk.actor, upload, start, _decoded(base64))
        return {"upload": upload, "received": received}

    @contextmanager
    def _content(
        self, text: str | None, coded: str | None, upload: str, path: str
    ) -> "Iterator[str | bytes | IO[bytes]]":
        said = sum((text is not None, coded is not None, bool(upload), bool(path)))
        if said != 1:
            raise UserError("store takes one content: text, base64, an upload or a path.")
        if text is not None:
            yield text
        elif coded is not None:
            yield _decoded(coded)
        elif upload:
            with self._desk.uploads.taken(self._desk.actor, upload) as file:
                yield file
        else:
            try:
                opened = Path(path).open("rb")  # noqa: SIM115 - errors of reading are others
            except OSError as error:
                raise UserError(f"{path} cannot be stored: {error.strerror}.") from error
            with opened:
                yield opened

    # --- finding --------------------------------------------------------------------------------

    def _two_versions(
        self, session: SessionId, name: str, old: str, new: str
    ) -> tuple[Artifact, Artifact]:
        if not name:
            if not (old and new):
                raise UserError("diff needs a name, or both old and new.")
            return self._artifact(session, "", old), self._artifact(session, "", new)
        after = self._artifact(session, "", new) if new else self._artifact(session, name, "")
        if old:
            return self._artifact(session, "", old), after
        versions = self._desk.services.artifacts.versions(self._desk.actor, session, name)
        earlier = [each for each in versions if each.version < after.version]
        if not earlier:
            raise UserError(
                f"{name} has no version before {after.version}; there is nothing to compare."
            )
        return max(earlier, key=lambda each: each.version), after

    def _artifact(self, session: SessionId, name: str, id_: str) -> Artifact:
        actor, artifacts = self._desk.actor, self._desk.services.artifacts
        there = artifacts.list_artifacts(actor, session)
        if name:
            if not any(each.name == name for each in there):
                raise UserError(
                    unknown("artifact", name, dict.fromkeys(each.name for each in there))
                )
            return artifacts.latest(actor, session, name)
        if not id_:
            raise UserError("artifact needs a name or an id.")
        found = [each for each in there if str(each.id.sequence) == id_]
        found = found or [each for each in there if each.id.content_hash.startswith(id_)]
        if not found:
            raise ArtifactNotFound(repr(id_))
        return found[-1]


def _coded(octets: bytes) -> Plain:
    """What has zeros is no text, and would be six times as long as JSON."""
    try:
        if b"\0" not in octets:
            return {"text": octets.decode()}
    except UnicodeDecodeError:
        pass
    return {"base64": base64.b64encode(octets).decode()}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UserError(f"base64: {error}.") from None
