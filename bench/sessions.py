"""What a session costs a cell: ratios to the same cell in no session, in the same kernel.

The cells take turns in blocks, so that noise hits both alike. Sessions are kept in SQLite, in a
folder for temporary files.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kernel.api import start_embedded_kernel
from kernel.jupyter.handle import KernelHandle
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms

BLOCK = 25
CODE = "return 1 + 1"
UNLIMITED = """
[runtime.sessions.policies.rate_limit]
per_minute = 1e9
tenant_per_minute = 1e9
session_per_minute = 1e9
[runtime.sessions.policies.quota]
operations = 1000000000
"""


def rows(lua: str, rounds: int) -> Iterator[tuple[str, str]]:
    """Rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_measure(lua, rounds, Path(folder)))


async def _measure(lua: str, rounds: int, folder: Path) -> list[tuple[str, str]]:
    configuration = folder / "llmspell.toml"
    configuration.write_text(UNLIMITED)
    programs = LuaPrograms(lua, services=KernelServices(folder, configuration))
    async with await start_embedded_kernel(lua_kernel(programs=programs)) as kernel:
        await kernel.sessions("use", id="work", create=True)
        await _block(kernel)  # everything is loaded
        outside, inside = [], []
        for _ in range(rounds):
            await kernel.sessions("use")
            outside += await _block(kernel)
            await kernel.sessions("use", id="work")
            inside += await _block(kernel)
        began = time.perf_counter()
        result = (await kernel.sessions("replay", id="work"))["result"]
        replayed = (time.perf_counter() - began) / result["hooks_replayed"]
    alone, recorded = statistics.median(outside), statistics.median(inside)
    return [
        ("a cell in no session, ms", f"{alone * 1000:8.2f}"),
        ("a cell that is recorded, ms", _compared(recorded, alone)),
        ("a cell that is replayed, ms", _compared(replayed, alone)),
    ]


def _compared(seconds: float, alone: float) -> str:
    return f"{seconds * 1000:8.2f}   ratio {seconds / alone:6.2f}"


async def _block(kernel: KernelHandle) -> list[float]:
    times = []
    for _ in range(BLOCK):
        began = time.perf_counter()
        done = await kernel.execute(CODE)
        times.append(time.perf_counter() - began)
        assert done.status == "ok", done.error
    return times
