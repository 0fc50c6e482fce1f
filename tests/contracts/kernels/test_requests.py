"""State and sessions of a kernel, asked for by its clients."""

import asyncio
from pathlib import Path

import pytest

from kernel.api import connect_blocking
from kernel.jupyter.handle import RequestFailed
from llmspell.kernel_requests import ServiceRequests
from llmspell.kernel_services import KernelServices
from tests.contracts.kernels.conftest import Open
from tests.support.kernels import Probe

pytestmark = [pytest.mark.anyio, pytest.mark.toy]


@pytest.fixture
async def asking(open_place: Open, tmp_path: Path) -> Probe:
    """A client of a kernel that keeps things in a folder."""
    services = KernelServices(tmp_path / "kept")
    requests = ServiceRequests(services)
    place = await open_place(endpoints=requests.endpoints, when_closed=services.close)
    return await place.connect()


async def test_sessions(asking: Probe) -> None:
    """Sessions are begun, found and ended, and what is refused is refused by its own words."""
    handle = asking.handle
    made = (await handle.sessions("create", name="work", use=True))["session"]
    assert [made["id"]] == [each["id"] for each in (await handle.sessions())["sessions"]]
    assert made["id"] == (await handle.sessions("current"))["session"]["id"]
    await handle.sessions("complete")
    with pytest.raises(RequestFailed, match="is completed: resume is not possible"):
        await handle.sessions("resume")


async def test_state(asking: Probe) -> None:
    """State goes in and comes out as text, entry by entry, and away."""
    handle = asking.handle
    text = '{"format": "llmspell-state", "version": 1, "scopes": {"global": {"a": {"value": [1]}}}}'
    assert 1 == (await handle.state("import", text=text))["imported"]
    assert [1] == (await handle.state(key="a"))["entries"][0]["value"]
    assert '"a"' in (await handle.state("export"))["text"]
    assert 1 == (await handle.state("clear"))["cleared"]
    with pytest.raises(RequestFailed, match="did you mean 'show'"):
        await handle.state("shwo")


@pytest.mark.ways("zmq")
@pytest.mark.usefixtures("asking")
async def test_without_a_loop(tmp_path: Path) -> None:
    """Code without a loop asks in the same words."""

    def ask() -> tuple[str, int]:
        with connect_blocking(tmp_path / "kernel-test.json") as kernel:
            made = kernel.sessions("create", name="work")["session"]["name"]
            return made, len(kernel.state()["entries"])

    assert ("work", 0) == await asyncio.to_thread(ask)
