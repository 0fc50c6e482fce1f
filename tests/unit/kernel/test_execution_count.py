"""Every reply to a cell says the execution count, however the cell came to its end."""

import asyncio

import pytest

from kernel.api import KernelParts, connect_to_kernel, start_embedded_kernel
from kernel.execution.engine import Cell, Outcome
from tests.support.toy_engine import ToyEngine

DEADLINE = 20.0
REQUEST = {"code": "x = 1", "silent": False, "store_history": True, "user_expressions": {}}


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class _Broken(ToyEngine):
    """Has a bug."""

    async def execute(self, cell: Cell) -> Outcome:
        """Fail as no script does."""
        raise ZeroDivisionError(cell.code)


class _Endless(ToyEngine):
    """Does not end, whatever is done."""

    async def execute(self, _cell: Cell) -> Outcome:
        """Begin, and wait for ever."""
        self.reached["end"].set()
        await asyncio.Event().wait()
        raise AssertionError

    async def abandon(self) -> None:
        """Not even then."""


@pytest.mark.anyio
async def test_after_an_error_of_ours() -> None:
    """A bug in the kernel is told with the count of the cell it happened in."""
    async with await start_embedded_kernel(_Broken) as kernel:
        for count in (1, 2):
            asking = kernel.client.request("shell", "execute_request", REQUEST)
            reply = (await asyncio.wait_for(asking, DEADLINE)).content
            assert ("InternalError", count) == (reply["ename"], reply["execution_count"])


@pytest.mark.anyio
async def test_when_the_kernel_ends() -> None:
    """Whoever waits for a cell that will not end hears so, with its count."""
    async with await start_embedded_kernel(KernelParts(_Endless, grace=0.05)) as kernel:
        assert kernel.kernel is not None
        engine = kernel.kernel.manager.engine
        assert isinstance(engine, _Endless)
        reached = engine.reached["end"] = asyncio.Event()
        async with await connect_to_kernel(kernel.kernel) as other:
            asking = asyncio.ensure_future(
                other.client.request("shell", "execute_request", REQUEST)
            )
            await asyncio.wait_for(reached.wait(), DEADLINE)
            await kernel.kernel.close()
            reply = (await asyncio.wait_for(asking, DEADLINE)).content
    assert ("KernelEnded", 1) == (reply["ename"], reply["execution_count"])
