"""Tables, displayed and as results."""

import pytest

from kernel.api import start_embedded_kernel
from llmspell.kernels import lua_kernel

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.mark.parametrize(
    ("value", "is_table"),
    [
        ("{{a = 1, b = '<x>\"&'}, {a = 2.5, c = true}}", True),
        ("{{a = {1, 2}}, {}, {a = ('ä'):rep(300)}}", True),
        ("(function() local t = {} for i = 1, 70 do t[i] = {n = i} end return t end)()", True),
        ("{{[1] = 2}}", False),
        ("{{a = 1}, 2}", False),
        ("{1, 2}", False),
    ],
)
async def test_records_are_displayed_as_a_result_is(value: str, is_table: bool) -> None:
    """A list of tables with names has the same table of HTML in both places."""
    async with await start_embedded_kernel(lua_kernel("5.4")) as kernel:
        result = (await kernel.execute(f"return {value}")).result
        (displayed,) = (await kernel.execute(f"display({value})")).displays
    assert result is not None
    assert is_table == ("text/html" in displayed.data)
    assert result.data.get("text/html") == displayed.data.get("text/html")


async def test_keys_of_json_are_texts() -> None:
    """Also for a client in the kernel's own process, as JSON has it for all others."""
    async with await start_embedded_kernel(lua_kernel("5.4")) as kernel:
        (shown,) = (await kernel.execute("display.json({1, nil, 3, {a = 0/0}})")).displays
    assert {"1": 1, "3": 3, "4": {"a": None}} == shown.data["application/json"]
