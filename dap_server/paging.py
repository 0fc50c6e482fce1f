"""Pages for clients that do not page: a large container is shown as a few nodes.

A node stands for a run of children and has a reference of its own. Where there would be too many
nodes, nodes stand for nodes; a table of a million entries is never fetched at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dap_server.protocol import generated as dap
from kernel.core.ids import VariablesReference

FIRST_NODE = 2**30
"""References of nodes begin here, far above what a debuggee hands out."""


@dataclass(frozen=True, slots=True)
class Run:
    """Children of one kind (None: both) of a container; ``count`` 0 means all of them."""

    reference: VariablesReference
    kind: str | None = None
    start: int = 0
    count: int = 0


class Pager:
    """Remembers how large containers are, and what nodes stand for, until the program resumes."""

    def __init__(self, size: int) -> None:
        self.size = max(2, size)
        self._sizes: dict[int, tuple[int, int]] = {}
        self._nodes: dict[int, Run] = {}

    def forget(self) -> None:
        """The program resumed: all references end."""
        self._sizes.clear()
        self._nodes.clear()

    def remember(self, reference: int, named: int | None, indexed: int | None) -> None:
        """Note how large a container is."""
        if reference and (named or 0) + (indexed or 0) > self.size:
            self._sizes[reference] = named or 0, indexed or 0

    def container(self, reference: int) -> int:
        """The container itself, whether given by its own reference or by one of its nodes."""
        return self._nodes[reference].reference if reference in self._nodes else reference

    def parts(
        self, reference: int, kind_wanted: str | None = None, is_page: bool = False
    ) -> Iterator[Run | dap.Variable]:
        """What a container consists of: runs to fetch and nodes to show, in order.

        ``kind_wanted`` is "named", "indexed" or None for both. Where ``is_page``, the client asks
        for one after all, and gets it.
        """
        if reference in self._nodes:
            run = self._nodes[reference]
            if kind_wanted in (None, run.kind):
                yield from self._split(run)
        elif reference in self._sizes and not is_page:
            named, indexed = self._sizes[reference]
            whole = VariablesReference(reference)
            for kind, count in (("named", named), ("indexed", indexed)):
                if count and kind_wanted in (None, kind):
                    yield from self._split(Run(whole, kind, 0, count))
        else:
            yield Run(VariablesReference(reference))

    def _split(self, run: Run) -> Iterator[Run | dap.Variable]:
        if run.count <= self.size:
            yield run
            return
        step = self.size
        while step * self.size < run.count:
            step *= self.size
        for start in range(run.start, run.start + run.count, step):
            count = min(step, run.start + run.count - start)
            yield self._node(Run(run.reference, run.kind, start, count))

    def _node(self, run: Run) -> dap.Variable:
        reference = FIRST_NODE + len(self._nodes)
        self._nodes[reference] = run
        return dap.Variable(
            name=f"[{run.start + 1}…{run.start + run.count}]",
            value=f"{run.count} {run.kind} children",
            variables_reference=reference,
            presentation_hint=dap.VariablePresentationHint(kind="virtual", attributes=["readOnly"]),
        )
