"""VectorStore: the port behind which vectors are kept and found by likeness."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from kernel.core.errors import UserError
from kernel.state.values import Json, is_same

Metadata: TypeAlias = Mapping[str, Json]

Where: TypeAlias = Metadata | Callable[[Metadata], bool]
"""Fields that must have these values, or a function that says yes."""


class Metric(Enum):
    """How alike two vectors are."""

    COSINE = "cosine"
    """The cosine of the angle between them; 1 is the best. No vector may be zero."""
    DOT = "dot"
    """Their dot product; the greatest is the best."""
    EUCLID = "euclid"
    """The distance between them; 0 is the best."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector that is to be kept."""

    id: str
    values: Sequence[float]
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A vector that was found."""

    id: str
    score: float
    """As the metric says."""
    metadata: Metadata


class BadVector(UserError):
    """A vector that has another length than the others, or numbers that are none."""


class VectorStore(Protocol):
    """Vectors of one length by id. Every method may be called from any thread."""

    def add(self, vectors: Iterable[Vector]) -> int:
        """Keep vectors, all or (after an error) none, in place of those with the same ids.

        How many they were. Durable on return as far as what they are kept in. Raises `BadVector`,
        `NotStorable` for metadata, and `BadName` for ids that are no keys.
        """

    def delete(self, ids: Iterable[str]) -> int:
        """Forget vectors; how many of the ids there were."""

    def get(self, id_: str) -> Vector | None:
        """The vector with this id; its numbers have 32 bits."""

    def search(
        self, values: Sequence[float], limit: int = 10, where: Where | None = None
    ) -> list[Match]:
        """The most alike among those that ``where`` lets pass, the best first."""

    def count(self) -> int:
        """How many vectors there are."""

    def close(self) -> None:
        """Give back what is held; harmless when done twice."""


def is_wanted(metadata: Metadata, where: Where | None) -> bool:
    """Whether a filter lets a vector pass."""
    if where is None:
        return True
    if callable(where):
        return where(metadata)
    return all(name in metadata and is_same(metadata[name], where[name]) for name in where)
