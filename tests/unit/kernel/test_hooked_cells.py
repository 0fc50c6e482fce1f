"""What is told of a cell: whom it belongs to, and what it follows from."""

import asyncio

from kernel.events.broker import Broker
from kernel.events.correlation import Correlated, Correlation, RunCorrelation, serving
from kernel.execution.cells import CellRequest, CellResult
from kernel.execution.hooked_cells import HookedCells
from kernel.hooks.registry import HookRegistry
from kernel.hooks.runner import HookRunner


def test_what_the_debugger_tells_follows_from_the_cell() -> None:
    """Where nobody's message is served, stops have the beginning of the cell as their cause."""
    broker, run = Broker(), RunCorrelation()
    cells = HookedCells(HookRunner(HookRegistry()), broker, run)
    heard = broker.subscribe("execution.started")
    found: list[Correlation | None] = []

    async def execute(_request: CellRequest) -> CellResult:
        with Correlated(None):
            found.append(run())
        return CellResult(1)

    with serving("M"):
        asyncio.run(cells.around(CellRequest("x = 1"), 1, execute))
    (started,) = heard.take_all()
    assert [Correlation("M", started.id)] == found
