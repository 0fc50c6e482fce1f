"""A kernel that runs cells for days holds no more than one that has just begun."""

import pytest

from kernel.api import start_embedded_kernel
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms

pytestmark = pytest.mark.anyio

ENTRIES = "local n = 0 for _ in pairs(debug.getregistry()) do n = n + 1 end return n"


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


async def test_lua_registry_does_not_grow(lua: str) -> None:
    """Each cell takes references, and gives them back for the next one."""
    programs = LuaPrograms(lua, libraries="full")
    async with await start_embedded_kernel(lua_kernel(lua, programs=programs)) as kernel:

        async def entries() -> int:
            done = await kernel.execute(ENTRIES)
            assert done.result is not None, done.error
            return int(done.result.data["text/plain"])

        before = await entries()
        for number in range(100):
            await kernel.execute(f"local cell = {number} return cell")
        assert await entries() <= before + 10
