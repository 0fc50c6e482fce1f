"""GraphFiles: where the graph of many vectors is saved, so that it is not made at every start."""

import json
import os
import secrets
from pathlib import Path

from blake3 import blake3

from kernel.state.vector_index import UsearchIndex
from kernel.state.vectors import Metric


class GraphFiles:
    """The graph of one name's vectors in a folder: a file for it, and one that says which it is.

    The second takes its place last and whole, so an end at any moment leaves an older graph or
    none; and an older one is known by its stamp.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._stem = blake3(name.encode()).hexdigest(length=8)
        self._head = folder / f"{self._stem}.json"

    def save(self, stamp: str, graph: UsearchIndex, ids: dict[int, str]) -> None:
        """Save a graph, with the ids of the vectors that it knows by numbers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._stem}-{secrets.token_hex(4)}.usearch"
        graph.save(path)
        words = {"stamp": stamp, "file": path.name, "ids": list(ids.items())}
        unfinished = path.with_suffix(".json")
        unfinished.write_text(json.dumps(words), encoding="utf-8")
        os.replace(unfinished, self._head)
        for other in self._folder.glob(f"{self._stem}-*"):
            if other != path:
                other.unlink(missing_ok=True)

    def load(
        self, stamp: str, dimensions: int, metric: Metric
    ) -> tuple[UsearchIndex, dict[int, str]] | None:
        """The graph with this stamp, if it is there and can be read."""
        try:
            words = json.loads(self._head.read_text(encoding="utf-8"))
            if words["stamp"] != stamp:
                return None
            graph = UsearchIndex(dimensions, metric)
            graph.load(self._folder / words["file"])
            return graph, {int(number): id_ for number, id_ in words["ids"]}
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            return None  # it is made anew: the store has all that is needed
