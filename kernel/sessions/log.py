"""What happened in a session, entry by entry: what it is replayed and reported from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue, TypeAdapter

CELL = "cell"
"""The kind of entries that hold an executed cell."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened; ``sequence`` counts from 1 within the session."""

    sequence: int
    time: float
    """Seconds since 1970."""
    kind: str
    """`CELL`, or the action that was done."""
    actor: str
    correlation: str = ""
    """What it has in common with events and other entries of the same cause."""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


_ENTRY = TypeAdapter(LogEntry)


def encode_entry(entry: LogEntry) -> bytes:
    """As it is kept."""
    return _ENTRY.dump_json(entry)


def decode_entry(value: bytes) -> LogEntry:
    """The way back."""
    return _ENTRY.validate_json(value)
