"""A soak of kernels: many cells, each another text, and what the process holds meanwhile.

Of the last cells some things are kept (10,000 in a history without a file and as files of cells,
65,536 signatures of messages), so what is held may grow that long; the readings begin behind that,
and a line through them says what is left of growth.
"""

import os
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from kernel.api import start_embedded_kernel
from llmspell.kernels import lua_kernel

CELLS = ("print(('x'):rep(500))", "return {1, 2}", "error('no')")
READINGS = tuple(range(20_000, 200_001, 20_000))
READINGS_OVER_SOCKETS = tuple(range(70_000, 110_001, 5_000))
PER = 10_000

Reading = tuple[int, float]
"""After how many cells, how many MB."""


def cell(number: int) -> str:
    """A text that no cell before it had; it prints, gives a value, or fails."""
    return f"local cell = {number}\n{CELLS[number % len(CELLS)]}"


async def soak_here() -> list[Reading]:
    """In this process, at full speed."""
    readings = []
    async with await start_embedded_kernel(lua_kernel()) as kernel:
        for number in range(1, READINGS[-1] + 1):
            await kernel.execute(cell(number))
            if number in READINGS:
                readings.append((number, resident(os.getpid())))
    return readings


def soak_over_sockets(pid: int, execute: Callable[[str], None]) -> list[Reading]:
    """The same with a kernel in process ``pid``; ``execute`` runs a cell to its end."""
    readings = []
    for number in range(1, READINGS_OVER_SOCKETS[-1] + 1):
        execute(cell(number))
        if number in READINGS_OVER_SOCKETS:
            readings.append((number, resident(pid)))
    return readings


def told(readings: list[Reading]) -> str:
    """The slope in MB per 10,000 cells, by least squares; first and last; the largest step."""
    numbers, sizes = zip(*readings, strict=True)
    slope = statistics.linear_regression(numbers, sizes).slope * PER
    step = max(after - before for before, after in pairwise(sizes))
    return (
        f"{slope:10.3f}   from {sizes[0]:.2f} MB at {numbers[0]:,} to {sizes[-1]:.2f} at "
        f"{numbers[-1]:,}, {len(sizes)} readings, largest step {step:.2f}"
    )


def resident(pid: int) -> float:
    """MB of a process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
