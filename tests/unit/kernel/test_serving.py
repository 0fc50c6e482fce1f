"""Kernels of this process that others reach, too."""

import asyncio
import json
import logging
import re
from pathlib import Path

import pytest

from kernel.api import (
    ServeSettings,
    connect_to_kernel,
    serve_blocking_kernel,
    serve_kernel,
    start_embedded_kernel,
)
from kernel.core.errors import UserError
from kernel.jupyter.request_log import outcome_of
from tests.support.toy_engine import ToyEngine

DEADLINE = 20.0


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.mark.anyio
async def test_a_served_kernel_is_used_here_and_there(tmp_path: Path) -> None:
    """The handle and a client at its sockets see the same variables; a file says where it is."""
    file = tmp_path / "kernel.json"
    async with await serve_kernel(ToyEngine, ServeSettings(connection_file=file)) as here:
        assert here.connection is not None
        await here.execute("x = 7")
        for target in (file, here.connection):
            async with await connect_to_kernel(target, deadline=DEADLINE) as there:
                assert ["x"] == [each.text for each in await there.complete("x")]
    assert not file.exists()


@pytest.mark.anyio
async def test_a_file_without_a_key(tmp_path: Path) -> None:
    """Is given one: nobody gets in who cannot read it."""
    file = tmp_path / "kernel.json"
    file.write_text("{}")
    async with await serve_kernel(ToyEngine, ServeSettings(connection_file=file)) as here:
        assert here.connection is not None
        assert len(here.connection.key) >= 32
        assert here.connection.key == json.loads(file.read_text())["key"]


@pytest.mark.anyio
async def test_an_empty_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Means that no messages are signed, as Jupyter has it; that is said."""
    file = tmp_path / "kernel.json"
    file.write_text('{"key": ""}')
    async with await serve_kernel(ToyEngine, ServeSettings(connection_file=file)):
        assert "" == json.loads(file.read_text())["key"]
    assert [True] == [f"The key in {file} is empty" in each for each in caplog.messages]


@pytest.mark.anyio
async def test_a_client_shuts_it_down() -> None:
    """Who serves it hears of that, and may still leave in order."""
    here = await serve_kernel(ToyEngine, ServeSettings(tcp=("127.0.0.1", 0)))
    assert here.connection is not None
    assert here.kernel is not None
    async with await connect_to_kernel(here.connection, deadline=DEADLINE) as there:
        await there.shutdown()
    await asyncio.wait_for(here.kernel.ended.wait(), DEADLINE)
    await here.close()


@pytest.mark.anyio
async def test_an_embedded_kernel_is_shut_down() -> None:
    """Its program ends, and whatever is asked afterwards is refused."""
    here = await start_embedded_kernel(ToyEngine)
    assert here.kernel is not None
    await here.shutdown()
    done = await asyncio.wait_for(here.execute("x = 7"), DEADLINE)
    assert done.error is not None
    assert "KernelEnded" == done.error.name
    await here.close()


@pytest.mark.anyio
async def test_where_it_cannot_listen() -> None:
    """The error says where, and nothing is left behind."""
    async with await serve_kernel(ToyEngine, ServeSettings(zmq=False, tcp=("127.0.0.1", 0))) as one:
        assert one.connection is not None
        host, _, port = one.connection.llmspell_tcp.rpartition(":")
        taken = ServeSettings(zmq=False, tcp=(host, int(port)))
        with pytest.raises(UserError, match=f"cannot listen for TCP on {host}:{port}"):
            await serve_kernel(ToyEngine, taken)


def test_without_a_loop(tmp_path: Path) -> None:
    """The blocking one has a thread of its own."""
    settings = ServeSettings(connection_file=tmp_path / "kernel.json")
    with serve_blocking_kernel(ToyEngine, settings) as kernel:
        assert "ok" == kernel.execute("x = 7", reply=True, timeout=DEADLINE)["content"]["status"]
        assert settings.connection_file is not None
        assert settings.connection_file.exists()


@pytest.mark.anyio
async def test_requests_are_logged_for_who_debugs_a_kernel(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At ``debug``: the request, its client, how it ended and after what time; nothing it says."""
    async with await start_embedded_kernel(ToyEngine) as here:
        with caplog.at_level(logging.DEBUG, "kernel.jupyter.request_log"):
            await here.execute("hidden = 7")
            await here.execute("fail hidden")
            await here.complete("hidden")
            await here.client.request("shell", "my\n_request", {})
            await here.client.request("control", "debug_request", {"command": "threads"})
        client = here.client.session[:8]
    assert "hidden" not in caplog.text
    said = [re.sub(r" after \d+\.\d ms\Z", "", each) for each in caplog.messages]
    assert [
        f"execute_request of client {client} (memory): has come",
        f"execute_request of client {client} (memory): ok",
        f"execute_request of client {client} (memory): has come",
        f"execute_request of client {client} (memory): error Error",
        f"complete_request of client {client} (memory): ok",
        f"'my\\n_request' of client {client} (memory): error NotSupported",
        f"debug_request threads of client {client} (memory): error UserError",
    ] == said
    assert ["ok", "failed"] == [outcome_of({"success": each}) for each in (True, False)]
