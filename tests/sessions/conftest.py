"""Kernels for Lua that keep sessions, in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kernel.api import start_embedded_kernel
from kernel.jupyter.handle import Execution, KernelHandle
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@dataclass
class Keeping:
    """A kernel and what is under it."""

    handle: KernelHandle
    programs: LuaPrograms
    services: KernelServices

    async def run(self, *cells: str, **how: Any) -> list[Execution]:
        """Run cells one after the other."""
        return [await self.handle.execute(each, **how) for each in cells]

    async def log(self, id: str = "") -> list[dict[str, Any]]:
        """The cells that were recorded, with what came of them."""
        said = await self.handle.sessions("history", id=id)
        return [each["data"] for each in said["entries"] if each["kind"] == "cell"]

    async def replay(self, **how: Any) -> dict[str, Any]:
        """What came of a replay."""
        result: dict[str, Any] = (await self.handle.sessions("replay", **how))["result"]
        return result


Start = Callable[..., Awaitable[Keeping]]


@pytest.fixture
async def start(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Start]:
    """Starts a kernel; what it keeps is there for the next one."""
    async with AsyncExitStack() as ended:

        async def make(lua: str = "5.4", configuration: str = "") -> Keeping:
            file = tmp_path / "llmspell.toml"
            file.write_text(configuration)
            services = KernelServices(tmp_path / "kept", file)
            programs = LuaPrograms(lua, services=services)
            handle = await start_embedded_kernel(lua_kernel(programs=programs))
            ended.push_async_callback(handle.close)
            return Keeping(handle, programs, services)

        yield make
