"""`connect_to_kernel` and connection files: what is said when there is no kernel to be had."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from kernel.api import ServeSettings, connect_to_kernel, serve_kernel
from kernel.core.errors import UserError
from kernel.jupyter import client
from kernel.jupyter.connection import ConnectionInfo, find_connection, write_connection
from tests.support.toy_engine import ToyEngine

DEADLINE = 20.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Jupyter's runtime files are."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("nobody", "There is no kernel 'nobody'"),
        ("missing.json", "missing.json cannot be read"),
        ("http://127.0.0.1:1", "it is tcp:// or ws://"),
        ("tcp://127.0.0.1", "has no port; write tcp://host:port"),
        ("tcp://127.0.0.1:99999", "tcp://127.0.0.1:99999 has no port: 99999 is not from 1 to"),
        ("ws://127.0.0.1:0", "ws://127.0.0.1:0 has no port: 0 is not from 1 to 65535."),
        ("tcp://127.0.0.1:1", "No kernel answers at tcp://127.0.0.1:1"),
        ("ws://127.0.0.1:1", "No kernel answers at ws://127.0.0.1:1"),
    ],
)
async def test_where_no_kernel_is(target: str, problem: str) -> None:
    """The text names the place, and what it should look like."""
    with pytest.raises(UserError) as caught:
        await connect_to_kernel(target)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no json", "is no connection file"),
        ("[1]", "it holds no object"),
        ('{"shell_port": "x"}', "shell_port is 'x'"),
        ('{"shell_port": -1}', "shell_port is -1"),
        ('{"hb_port": true}', "hb_port is True"),
        ('{"iopub_port": 65536}', "iopub_port is 65536"),
        ('{"transport": "udp"}', "transport is 'udp'"),
        ("{}", "shell_port, iopub_port, stdin_port, control_port, hb_port are missing"),
        (
            '{"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4}',
            "kernel-a.json says of no kernel where it is: hb_port is missing.",
        ),
    ],
)
async def test_files_that_are_no_connection_files(runtime: Path, text: str, problem: str) -> None:
    """Are refused, with what is wrong in them."""
    (runtime / "kernel-a.json").write_text(text)
    with pytest.raises(UserError) as caught:
        await connect_to_kernel("a")
    assert problem in str(caught.value)


def test_kernels_by_the_beginning_of_their_id(runtime: Path) -> None:
    """One that is meant is found, of several that may be meant all are named."""
    for name in ("abc1", "abd2", "abd"):
        write_connection(runtime / f"kernel-{name}.json", ConnectionInfo())
    assert "kernel-abc1.json" == find_connection("abc").name
    assert "kernel-abd.json" == find_connection("abd").name
    with pytest.raises(UserError, match="Several kernels begin with 'ab': abc1, abd, abd2"):
        find_connection("ab")


async def test_a_kernel_that_does_not_answer(runtime: Path) -> None:
    """Is given up after the deadline."""
    info = ConnectionInfo(**dict.fromkeys(ConnectionInfo().ports, 1))
    write_connection(runtime / "kernel-a.json", info)
    with pytest.raises(UserError) as caught:
        await connect_to_kernel("a", deadline=0.2)
    assert (
        "The kernel did not answer within 0.2 s: nobody listens at tcp://127.0.0.1:1 "
        "(Connection refused)."
    ) == str(caught.value)


async def test_ports_that_refuse(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are not asked until the deadline: a kernel that is just starting would be there by then."""
    monkeypatch.setattr(client, "PATIENCE", 1.0)
    info = ConnectionInfo(**dict.fromkeys(ConnectionInfo().ports, 1))
    write_connection(runtime / "kernel-a.json", info)
    with pytest.raises(UserError, match="does not answer: nobody listens at"):
        async with asyncio.timeout(DEADLINE):
            await connect_to_kernel("a", deadline=10 * DEADLINE)


@pytest.mark.parametrize("said", [{}, {"key": ""}])
async def test_a_file_that_has_lost_the_key(runtime: Path, said: dict[str, str]) -> None:
    """Whoever has no key sees that the kernel signs, and is not left waiting to the deadline."""
    file = runtime / "kernel-abc.json"
    async with await serve_kernel(ToyEngine, ServeSettings(connection_file=file)):
        known = json.loads(file.read_text())
        del known["key"]
        (runtime / "copy.json").write_text(json.dumps({**known, **said}))
        with pytest.raises(UserError, match="does not answer: it signs its messages with a key"):
            async with asyncio.timeout(DEADLINE):
                await connect_to_kernel(runtime / "copy.json", deadline=10 * DEADLINE)


async def test_whoever_listens_and_says_nothing() -> None:
    """Is no kernel, when the deadline has passed."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(UserError, match=r"did not answer within 0\.2 s"):
        async with asyncio.timeout(DEADLINE):
            await connect_to_kernel(f"tcp://127.0.0.1:{port}", deadline=0.2)
    server.close()


@pytest.mark.parametrize("door", ["tcp", "ws"])
async def test_a_kernel_without_zeromq_is_found_by_its_id(runtime: Path, door: str) -> None:
    """Its file says where it takes lines, and under which key."""
    file = runtime / "kernel-abc.json"
    where: dict[str, Any] = {door: ("127.0.0.1", 0)}
    settings = ServeSettings(zmq=False, connection_file=file, **where)
    async with await serve_kernel(ToyEngine, settings) as kernel:
        for target in ("abc", file, kernel.connection):
            assert target is not None
            async with await connect_to_kernel(target, deadline=DEADLINE) as there:
                assert "ok" == (await there.execute("print a")).status


def test_a_key_is_written_also_when_it_is_empty(runtime: Path) -> None:
    """Clients of Jupyter's need the field."""
    write_connection(runtime / "kernel-a.json", ConnectionInfo())
    assert "" == json.loads((runtime / "kernel-a.json").read_text())["key"]
