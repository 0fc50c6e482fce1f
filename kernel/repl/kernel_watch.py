"""Whether the kernel of others is still there, while nobody asks it anything."""

import asyncio

from kernel.jupyter.handle import KernelHandle
from kernel.jupyter.links import KernelLost

EVERY = 0.5
"""Seconds between two questions."""

ANSWER = 1.0
"""Seconds an answer may take; a thread that waits for nobody gives it."""

MISSED = 3
"""Answers that may be missing before the kernel counts as gone: a machine may have slept."""

GONE = "The kernel does not answer any more; it has ended, or nothing leads to it."


async def watch_kernel(kernel: KernelHandle) -> None:
    """Wait until the kernel is gone, and have all who wait for it get `KernelLost`."""
    missed = 0
    while missed < MISSED:
        await asyncio.sleep(EVERY)
        missed = 0 if not kernel.client.is_settled or await _answers(kernel) else missed + 1
    kernel.client.lose(KernelLost(GONE))


async def _answers(kernel: KernelHandle) -> bool:
    try:
        async with asyncio.timeout(ANSWER):
            return await kernel.is_alive()
    except TimeoutError:
        return False
