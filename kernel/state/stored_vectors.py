"""StoredVectors: vectors kept in a StateStore and searched in memory.

Extra ``vectors``. The store is the truth: each vector is an entry, and a change is a transaction,
so vectors are as durable as the store, are in its backups, and several processes may share them: a
stamp beside them says when another one has changed something, and the index is made anew.

Up to `BOUND` vectors every search looks at all of them and is exact. Above, a graph is searched,
which finds nearly all of the best. Making it takes minutes: a thread does so while searches go on
looking at all vectors. It is saved in a file together with the stamp; a file with another stamp, or
none, costs that time again and nothing else.
"""

import json
import secrets
import struct
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.state.graph_builder import GraphBuilder
from kernel.state.graph_files import GraphFiles
from kernel.state.migrations import KERNEL_SCOPE
from kernel.state.store import StateStore, StoreClosed
from kernel.state.values import encode
from kernel.state.vector_index import (
    EXTRA,
    WHAT,
    BruteIndex,
    UsearchIndex,
    VectorIndex,
    rank,
    rows_of,
)
from kernel.state.vectors import BadVector, Match, Metadata, Metric, Vector, Where, is_wanted

if TYPE_CHECKING:
    from kernel.state.vector_index import Floats, Found

BOUND = 50_000
"""How many vectors are searched without a graph."""

_LENGTH = struct.Struct(">I")


class StoredVectors:
    """Implements `VectorStore`."""

    def __init__(
        self,
        store: StateStore,
        name: str,
        dimensions: int,
        metric: Metric = Metric.COSINE,
        *,
        folder: Path | None = None,
        bound: int = BOUND,
    ) -> None:
        """The vectors of this name; made if there are none.

        ``folder`` is where the graph is saved, if it is. Raises `ExtraMissing`, and `UserError` if
        they are there with other dimensions or another metric.
        """
        self._np = need("numpy", WHAT, EXTRA)
        self._store, self._name, self._scope = store, name, f"_vectors:{name}"
        self.dimensions, self.metric = dimensions, metric
        self._folder, self._bound = folder, bound
        self._lock = threading.RLock()
        self._is_open = True
        self._stamp = ""
        self._index: VectorIndex = BruteIndex(dimensions, metric)
        self._builder: GraphBuilder | None = None
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._metadata: dict[int, Metadata] = {}
        self._next = 0
        with self._lock:
            self._refresh()

    def add(self, vectors: Iterable[Vector]) -> int:
        """See `VectorStore`."""
        wanted = {each.id: each for each in vectors}
        rows = {id_: self._row(each.values) for id_, each in wanted.items()}
        with self._lock:
            self._refresh()
            with self._store.transaction() as inside:
                is_known = self._stamp_of(inside) == self._stamp
                for id_, each in wanted.items():
                    inside.put(self._scope, id_, _packed(each.metadata, rows[id_]))
                stamp = self._put_stamp(inside)
            if is_known:  # nobody else has changed something; otherwise all is read again
                self._take(list(wanted), [dict(each.metadata) for each in wanted.values()], rows)
                self._stamp = stamp
        return len(wanted)

    def delete(self, ids: Iterable[str]) -> int:
        """See `VectorStore`."""
        with self._lock:
            self._refresh()
            with self._store.transaction() as inside:
                is_known = self._stamp_of(inside) == self._stamp
                gone = [id_ for id_ in dict.fromkeys(ids) if inside.delete(self._scope, id_)]
                stamp = self._put_stamp(inside)
            if is_known:
                self._drop(gone)
                self._stamp = stamp
        return len(gone)

    def get(self, id_: str) -> Vector | None:
        """See `VectorStore`."""
        entry = self._store.get(self._scope, id_)
        if entry is None:
            return None
        metadata, row = self._unpacked(entry.value)
        return Vector(id_, row.tolist(), metadata)

    def search(
        self, values: Sequence[float], limit: int = 10, where: Where | None = None
    ) -> list[Match]:
        """See `VectorStore`."""
        vector = self._row(values)
        with self._lock:
            self._refresh()
            if limit < 1 or not self._ids:
                return []
            found = self._find(vector, limit, where)
            return [Match(self._ids[n], score, self._metadata[n]) for n, score in found]

    def count(self) -> int:
        """See `VectorStore`."""
        with self._lock:
            self._refresh()
            return len(self._ids)

    def settle(self, seconds: float | None = None) -> bool:
        """Wait until the graph that is being made is there; whether none is being made any more."""
        builder = self._builder
        return builder is None or builder.wait(seconds)

    def close(self) -> None:
        """See `VectorStore`. The graph is saved, if there is one and a folder for it.

        One that is still being made is given up; `settle` before where that matters.
        """
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._save_graph()
            builder = self._builder
            self._stop_building()
        if builder is not None:
            builder.wait()

    def _find(self, vector: "Floats", limit: int, where: Where | None) -> "Found":
        if where is None:
            return self._index.search(vector, limit)
        wanted = [n for n, metadata in self._metadata.items() if is_wanted(metadata, where)]
        if len(wanted) <= self._bound:
            rows = self._index.get(wanted) if wanted else rows_of([], self.dimensions)
            return rank(rows, wanted, vector, limit, self.metric)
        passing, most = set(wanted), 4 * limit
        while True:
            found = [each for each in self._index.search(vector, most) if each[0] in passing]
            if len(found) >= limit or most >= len(self._ids):
                return found[:limit]
            most *= 4

    def _row(self, values: Sequence[float]) -> "Floats":
        try:
            with self._np.errstate(over="ignore"):
                row: Floats = self._np.asarray(values, self._np.float32)
        except (TypeError, ValueError) as error:
            raise BadVector(f"A vector must be a list of numbers ({error}).") from error
        if row.shape != (self.dimensions,):
            raise BadVector(
                f"Vectors of {self._name!r} have {self.dimensions} numbers, "
                f"and one has the shape {row.shape}."
            )
        if not self._np.isfinite(row).all():
            raise BadVector("A vector has a number that is not finite in 32 bits.")
        if self.metric is Metric.COSINE and not row.any():
            raise BadVector("A vector of zeros has no direction, so it is like no other.")
        return row

    def _put_stamp(self, inside: StateStore) -> str:
        """Mark the vectors as changed."""
        stamp = secrets.token_hex(8)
        words = {"dimensions": self.dimensions, "metric": self.metric.value, "stamp": stamp}
        inside.put(KERNEL_SCOPE, f"vectors/{self._name}", json.dumps(words).encode())
        return stamp

    def _stamp_of(self, store: StateStore) -> str:
        """Says which vectors the store holds; "" before the first change."""
        entry = store.get(KERNEL_SCOPE, f"vectors/{self._name}")
        if entry is None:
            return ""
        words = json.loads(entry.value)
        if (words["dimensions"], words["metric"]) != (self.dimensions, self.metric.value):
            raise UserError(
                f"The vectors {self._name!r} have {words['dimensions']} dimensions and the metric "
                f"{words['metric']}; open them so, or give these another name."
            )
        return str(words["stamp"])

    def _refresh(self) -> None:
        """Make the index anew if it is not that of the store."""
        if not self._is_open:
            raise StoreClosed(f"The store of the vectors {self._name!r}")
        if self._stamp_of(self._store) != self._stamp:
            with self._store.snapshot() as seen:
                self._read(seen)

    def _read(self, seen: StateStore) -> None:
        ids, metadata, rows = [], [], {}
        for id_, entry in seen.scan(self._scope):
            fields, row = self._unpacked(entry.value)
            ids.append(id_)
            metadata.append(fields)
            rows[id_] = row
        self._stamp = self._stamp_of(seen)
        self._stop_building()
        self._index = BruteIndex(self.dimensions, self.metric)
        self._numbers, self._ids, self._metadata, self._next = {}, {}, {}, 0
        if not self._load_graph(ids, metadata):
            self._take(ids, metadata, rows)

    def _take(self, ids: list[str], metadata: list[Metadata], rows: "dict[str, Floats]") -> None:
        if not ids:
            return
        self._drop([id_ for id_ in ids if id_ in self._numbers])
        numbers = self._name_new(ids, metadata)
        self._index.add(numbers, rows_of((rows[id_] for id_ in ids), self.dimensions))
        is_compared = isinstance(self._index, BruteIndex)
        if is_compared and len(self._ids) > self._bound and self._builder is None:
            every = list(self._ids)
            self._builder = GraphBuilder(
                every, self._index.get(every), self.metric, self._use_graph
            )

    def _use_graph(self, builder: GraphBuilder, graph: UsearchIndex) -> None:
        """Take a graph, with what has changed since it was begun."""
        with self._lock:
            if builder is not self._builder:
                return  # all was read again meanwhile, or closed
            for number in builder.numbers:
                if number not in self._ids:
                    graph.remove(number)
            known = set(builder.numbers)
            newer = [number for number in self._ids if number not in known]
            if newer:
                graph.add(newer, self._index.get(newer))
            self._index, self._builder = graph, None

    def _stop_building(self) -> None:
        if self._builder is not None:
            self._builder.stop()
            self._builder = None

    def _name_new(self, ids: list[str], metadata: list[Metadata]) -> list[int]:
        numbers = list(range(self._next, self._next + len(ids)))
        self._next += len(ids)
        self._numbers.update(zip(ids, numbers, strict=True))
        self._ids.update(zip(numbers, ids, strict=True))
        self._metadata.update(zip(numbers, metadata, strict=True))
        return numbers

    def _drop(self, ids: list[str]) -> None:
        for id_ in ids:
            number = self._numbers.pop(id_)
            del self._ids[number], self._metadata[number]
            self._index.remove(number)

    def _unpacked(self, data: bytes) -> "tuple[Metadata, Floats]":
        (length,) = _LENGTH.unpack_from(data)
        start = _LENGTH.size + length
        metadata: Metadata = json.loads(data[_LENGTH.size : start])
        return metadata, self._np.frombuffer(data, "<f4", offset=start)

    def _load_graph(self, ids: list[str], metadata: list[Metadata]) -> bool:
        if self._folder is None or len(ids) <= self._bound:
            return False
        saved = self._graphs(self._folder).load(self._stamp, self.dimensions, self.metric)
        if saved is None:
            return False
        self._index, self._ids = saved
        self._numbers = {id_: number for number, id_ in self._ids.items()}
        self._metadata = {self._numbers[id_]: each for id_, each in zip(ids, metadata, strict=True)}
        self._next = max(self._ids) + 1
        return True

    def _save_graph(self) -> None:
        if self._folder is not None and isinstance(self._index, UsearchIndex):
            self._graphs(self._folder).save(self._stamp, self._index, self._ids)

    def _graphs(self, folder: Path) -> GraphFiles:
        return GraphFiles(folder, self._name)


def _packed(metadata: Metadata, row: "Floats") -> bytes:
    fields = encode(dict(metadata))
    return _LENGTH.pack(len(fields)) + fields + row.astype("<f4").tobytes()
