"""GraphBuilder: makes the graph of many vectors beside the work, for it takes minutes."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from kernel.state.vector_index import UsearchIndex
from kernel.state.vectors import Metric

if TYPE_CHECKING:
    from kernel.state.vector_index import Floats

AT_ONCE = 500
"""How many vectors are added before it looks whether the graph is still wanted."""


class GraphBuilder:
    """A thread that makes a graph of a copy of vectors and hands it over, unless it is stopped."""

    def __init__(
        self,
        numbers: list[int],
        rows: "Floats",
        metric: Metric,
        done: Callable[["GraphBuilder", UsearchIndex], None],
    ) -> None:
        """``done`` is called in the thread. Raises `ExtraMissing`."""
        self.numbers = numbers
        self._rows, self._done = rows, done
        self._graph = UsearchIndex(rows.shape[1], metric)
        self._is_wanted = True
        self._thread = threading.Thread(target=self._build, name="vector graph", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say that the graph is not wanted any more; it is not handed over then, or was before."""
        self._is_wanted = False

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the thread; whether it has ended. Not from within ``done``."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _build(self) -> None:
        for start in range(0, len(self.numbers), AT_ONCE):
            if not self._is_wanted:
                return
            part = slice(start, start + AT_ONCE)
            self._graph.add(self.numbers[part], self._rows[part])
        self._done(self, self._graph)
