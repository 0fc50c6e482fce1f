"""Published: an event with all that is known of its publication, and its form as JSON."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.core.plain import PlainData
from kernel.events.model import KernelEvent
from kernel.events.names import NAMES, Announced

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Published:
    """An event that was published."""

    name: str
    event: KernelEvent
    id: str
    """Unique among all kernels."""
    sequence: int
    """Counts what this broker published, from 1 on without gaps."""
    time: float
    """Seconds since 1970."""
    correlation_id: str | None = None
    causation_id: str | None = None
    source: str = ""
    """Which part of the kernel told it."""
    origin: str = ""
    """Which broker published it first; other than ours, it came over a bridge."""

    def encode(self) -> bytes:
        """As JSON, for logs and other processes."""
        return json.dumps(
            {
                "name": self.name,
                "id": self.id,
                "sequence": self.sequence,
                "time": self.time,
                "correlation_id": self.correlation_id,
                "causation_id": self.causation_id,
                "source": self.source,
                "origin": self.origin,
                "data": self.data(),
            },
            separators=(",", ":"),
        ).encode()

    def data(self) -> PlainData:
        """The event's own fields as plain JSON data."""
        if isinstance(self.event, Announced):
            return self.event.data
        return _adapter(type(self.event)).dump_python(self.event, mode="json")

    @classmethod
    def decode(cls, text: bytes) -> "Published":
        """What `encode` made, here or in another kernel; raises `ValueError` if it is not that.

        An event that this kernel does not know, or not with these fields, becomes `Announced`.
        """
        said = json.loads(text)
        if not isinstance(said, dict) or not {"name", "id", "time"} <= said.keys():
            raise ValueError("This is no event: name, id or time is missing.")
        return cls(
            name=str(said["name"]),
            event=_event(str(said["name"]), said.get("data")),
            id=str(said["id"]),
            sequence=int(said.get("sequence", 0)),
            time=float(said["time"]),
            correlation_id=said.get("correlation_id"),
            causation_id=said.get("causation_id"),
            source=str(said.get("source", "")),
            origin=str(said.get("origin", "")),
        )


def _event(name: str, data: PlainData) -> KernelEvent:
    kind = NAMES.get(name)
    if kind is None:
        return Announced(name, data)
    try:
        return _adapter(kind).validate_python(data)
    except ValueError:  # told by a kernel of another version
        return Announced(name, data)


_adapters: "dict[type[KernelEvent], TypeAdapter[KernelEvent]]" = {}


def _adapter(kind: type[KernelEvent]) -> "TypeAdapter[KernelEvent]":
    found = _adapters.get(kind)
    if found is None:
        # Imported here: whoever only debugs keeps no log and starts faster without.
        from pydantic import TypeAdapter

        found = _adapters[kind] = TypeAdapter(kind)
    return found
