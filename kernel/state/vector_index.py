"""VectorIndex: what finds the vectors that are most alike; exactly, or fast among very many."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from kernel.core.extras import need
from kernel.state.vectors import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Doubles: TypeAlias = NDArray[np.float64]

EXTRA = "vectors"
WHAT = "A vector store"

USEARCH_METRICS = {Metric.COSINE: "cos", Metric.DOT: "ip", Metric.EUCLID: "l2sq"}

Found: TypeAlias = list[tuple[int, float]]
"""Numbers of vectors with their scores, the best first."""


class VectorIndex(Protocol):
    """Vectors by number. Not for several threads at once."""

    def add(self, numbers: list[int], vectors: "Floats") -> None:
        """Take vectors, one a row, under numbers that are free."""

    def remove(self, number: int) -> None:
        """Forget one."""

    def get(self, numbers: list[int]) -> "Floats":
        """Those with these numbers, one a row."""

    def search(self, vector: "Floats", limit: int) -> Found:
        """The most alike."""


class BruteIndex:
    """Compares with every vector: exact, and fast up to some ten thousand."""

    def __init__(self, dimensions: int, metric: Metric) -> None:
        self._np = need("numpy", WHAT, EXTRA)
        self._metric = metric
        self._rows: Floats = self._np.zeros((64, dimensions), self._np.float32)
        self._numbers: list[int] = []
        self._places: dict[int, int] = {}

    def add(self, numbers: list[int], vectors: "Floats") -> None:
        """See `VectorIndex`."""
        start, end = len(self._numbers), len(self._numbers) + len(numbers)
        if end > len(self._rows):
            more = self._np.zeros((2 * end, self._rows.shape[1]), self._np.float32)
            more[:start] = self._rows[:start]
            self._rows = more
        self._rows[start:end] = vectors
        self._numbers += numbers
        self._places.update(zip(numbers, range(start, end), strict=True))

    def remove(self, number: int) -> None:
        """The last row takes the place of the one that goes."""
        place, last = self._places.pop(number), self._numbers.pop()
        if last != number:
            self._rows[place] = self._rows[len(self._numbers)]
            self._numbers[place] = last
            self._places[last] = place

    def get(self, numbers: list[int]) -> "Floats":
        """See `VectorIndex`."""
        return self._rows[[self._places[number] for number in numbers]]

    def search(self, vector: "Floats", limit: int) -> Found:
        """See `VectorIndex`."""
        return rank(self._rows[: len(self._numbers)], self._numbers, vector, limit, self._metric)


class UsearchIndex:
    """A graph of neighbours (HNSW, https://github.com/unum-cloud/usearch): not quite exact."""

    def __init__(self, dimensions: int, metric: Metric) -> None:
        self._np = need("numpy", WHAT, EXTRA)
        index = need("usearch.index", WHAT, EXTRA)
        self._dimensions, self._metric = dimensions, metric
        self._index: Any = index.Index(ndim=dimensions, metric=USEARCH_METRICS[metric], dtype="f32")

    def add(self, numbers: list[int], vectors: "Floats") -> None:
        """See `VectorIndex`."""
        self._index.add(self._np.array(numbers, self._np.uint64), vectors)

    def remove(self, number: int) -> None:
        """See `VectorIndex`."""
        self._index.remove(number)

    def get(self, numbers: list[int]) -> "Floats":
        """See `VectorIndex`."""
        return rows_of(self._index.get(self._np.array(numbers, self._np.uint64)), self._dimensions)

    def search(self, vector: "Floats", limit: int) -> Found:
        """Candidates from the graph, their scores computed from the vectors themselves."""
        if not len(self._index):
            return []
        keys = self._index.search(vector, min(limit, len(self._index))).keys
        numbers = [int(key) for key in keys]
        return rank(self.get(numbers), numbers, vector, limit, self._metric)

    def save(self, path: Path) -> None:
        """Write the graph to a file."""
        self._index.save(str(path))

    def load(self, path: Path) -> None:
        """Take the graph from a file."""
        self._index.load(str(path))


def rank(rows: "Floats", numbers: list[int], vector: "Floats", limit: int, metric: Metric) -> Found:
    """The best rows: chosen with 32 bits, their scores and order computed with 64."""
    np = need("numpy", WHAT, EXTRA)
    rough = _scores(rows, vector, metric)
    few = min(len(numbers), 2 * limit + 32)
    chosen = np.argpartition(-rough, few - 1)[:few] if few < len(numbers) else range(len(numbers))
    places = [int(place) for place in chosen]
    exact = _exact(rows[places].astype(np.float64), vector.astype(np.float64), metric)
    found = zip((numbers[place] for place in places), exact.tolist(), strict=True)
    is_distance = metric is Metric.EUCLID
    key = (lambda each: (each[1], each[0])) if is_distance else (lambda each: (-each[1], each[0]))
    return sorted(found, key=key)[:limit]


def _scores(rows: "Floats", vector: "Floats", metric: Metric) -> "Floats":
    """The greater the better, in the right order but for rounding."""
    np = need("numpy", WHAT, EXTRA)
    dots: Floats = rows @ vector
    if metric is Metric.DOT:
        return dots
    squares = np.einsum("ij,ij->i", rows, rows)
    scores: Floats = dots / np.sqrt(squares) if metric is Metric.COSINE else 2 * dots - squares
    return scores


def _exact(rows: "Doubles", vector: "Doubles", metric: Metric) -> "Doubles":
    np = need("numpy", WHAT, EXTRA)
    scores: Doubles
    if metric is Metric.EUCLID:
        scores = np.linalg.norm(rows - vector, axis=1)
    elif metric is Metric.DOT:
        scores = rows @ vector
    else:
        scores = rows @ vector / (np.linalg.norm(rows, axis=1) * np.linalg.norm(vector))
    return scores


def rows_of(vectors: Iterable["Floats"], dimensions: int) -> "Floats":
    """Vectors as rows."""
    np = need("numpy", WHAT, EXTRA)
    rows: Floats = np.array(list(vectors), np.float32).reshape(-1, dimensions)
    return rows
