"""What an artifact is: a named content of a session, in versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue, TypeAdapter

from kernel.core.errors import KernelError, UserError
from kernel.sessions.model import SessionId

MAX_NAME = 1024
"""Characters of an artifact's name."""


class ArtifactType(StrEnum):
    """Where an artifact comes from."""

    AGENT_OUTPUT = "agent_output"
    TOOL_RESULT = "tool_result"
    USER_INPUT = "user_input"
    SYSTEM_GENERATED = "system_generated"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class ArtifactId:
    """One version of one artifact."""

    content_hash: str
    """BLAKE3 of the whole content, 64 hexadecimal digits."""
    session: SessionId
    sequence: int
    """Counts the artifacts of the session, from 1."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is known of an artifact, without its content."""

    id: ArtifactId
    name: str
    type: ArtifactType
    size: int
    """Bytes of the content."""
    version: int
    """Counts the contents stored under one name in one session, from 1."""
    created: float
    """Seconds since 1970."""
    created_by: str
    mime_type: str = "application/octet-stream"
    description: str = ""
    tags: tuple[str, ...] = ()
    custom: Mapping[str, JsonValue] = field(default_factory=dict)
    parent: ArtifactId | None = None
    """What it was made of, if told."""
    is_compressed: bool = False
    kept_size: int = 0
    """Bytes that its blocks take where they are kept, those shared with others included."""


class ArtifactNotFound(UserError):
    """There is no such artifact in the session."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no artifact {what}; list the session's artifacts.")


class ContentDamaged(KernelError):
    """What was read is not what was written: a block is missing or has changed."""


_ARTIFACT = TypeAdapter(Artifact)


def encode_artifact(artifact: Artifact) -> bytes:
    """As it is kept."""
    return _ARTIFACT.dump_json(artifact)


def decode_artifact(value: bytes) -> Artifact:
    """The way back."""
    return _ARTIFACT.validate_json(value)
