"""Who may speak to a kernel: keys, signatures, and what is no message at all."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
import zmq
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import Session

from kernel.api import ServeSettings, connect_to_kernel
from kernel.core.errors import UserError
from kernel.jupyter.connection import read_connection, write_connection
from kernel.jupyter.server import KernelServer
from kernel.transport.tcp import connect
from tests.contracts.kernels.conftest import Open
from tests.support.kernels import Place

pytestmark = [pytest.mark.anyio, pytest.mark.toy, pytest.mark.ways("zmq")]


async def test_the_connection_file(place: Place, tmp_path: Path) -> None:
    """Only its owner can read it; it names the kernel, its ports and its key."""
    path = tmp_path / "kernel-test.json"
    said = json.loads(path.read_text())
    assert 0o600 == path.stat().st_mode & 0o777
    assert ("tcp", "127.0.0.1", "hmac-sha256", "llmspell") == (
        said["transport"],
        said["ip"],
        said["signature_scheme"],
        said["kernel_name"],
    )
    assert 5 == len({said[name] for name in place.info.ports})
    assert len(said["key"]) >= 32


async def test_ports_of_a_file_are_bound(open_place: Open, tmp_path: Path) -> None:
    """A kernel that is given a file listens where it says, under its key, and keeps the rest."""
    first = await open_place()
    await first.close()
    path = tmp_path / "kernel-test.json"
    info = replace(first.info, key="k1")
    write_connection(path, info)
    path.write_text(json.dumps({**json.loads(path.read_text()), "jupyter_session": "x.ipynb"}))
    second = await open_place()
    assert info == second.info
    assert "x.ipynb" == json.loads(path.read_text())["jupyter_session"]
    assert "ok" == (await (await second.connect()).run("print a")).status


async def test_jupyter_client_is_a_client(place: Place, tmp_path: Path) -> None:
    """Jupyter's own client signs, is answered, and finds our signatures right."""
    client = AsyncKernelClient(connection_file=str(tmp_path / "kernel-test.json"))
    client.load_connection_file()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=10)
        reply = await client.execute("print a", reply=True, timeout=10)
        assert "ok" == reply["content"]["status"]
        assert await client.is_alive()
    finally:
        client.stop_channels()


@pytest.mark.parametrize(
    "signer", [Session(key=b"wrong"), Session(key=b"")], ids=["wrong key", "no key"]
)
async def test_wrong_signatures_are_not_served(place: Place, signer: Session) -> None:
    """A message under another key, or none, is dropped; those behind it are served."""
    sender, context = await _dealer(place)
    try:
        for session, text in ((signer, "forged"), (Session(key=place.info.key.encode()), "real")):
            message = session.msg("execute_request", {"code": f"x = {text}"})
            await sender.send_multipart(session.serialize(message))
        await sender.recv_multipart()
        assert {"x": "real"} == place.engine.variables
        assert 1 == place.kernel.manager.count
    finally:
        context.destroy(0)


async def test_a_message_that_comes_twice(place: Place) -> None:
    """Is served once: nobody can repeat what he has overheard."""
    sender, context = await _dealer(place)
    session = Session(key=place.info.key.encode())
    try:
        frames = session.serialize(session.msg("execute_request", {"code": "x = 1"}))
        other = session.serialize(session.msg("execute_request", {"code": "x = 2"}))
        for each in (frames, frames, other):
            await sender.send_multipart(each)
        await sender.recv_multipart()
        await sender.recv_multipart()
        assert 2 == place.kernel.manager.count
    finally:
        context.destroy(0)


@pytest.mark.parametrize(
    "frames",
    [[b""], [b"garbage"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"x", b"{}", b"{}", b"{}"], [b"x"] * 50],
)
async def test_garbage_does_no_harm(place: Place, frames: list[bytes]) -> None:
    """What is no message is dropped."""
    sender, context = await _dealer(place)
    try:
        await sender.send_multipart(frames)
        assert "ok" == (await (await place.connect()).run("print a")).status
    finally:
        context.destroy(0)


async def test_a_kernel_with_another_key(place: Place, tmp_path: Path) -> None:
    """A client does not believe what is signed by another key, and says so long before it gives up.

    So nobody can play the kernel.
    """
    path = tmp_path / "other.json"
    write_connection(path, replace(place.info, key="other"))
    with pytest.raises(UserError, match="does not answer: it has another key than"):
        async with asyncio.timeout(10):
            await connect_to_kernel(path, deadline=100)


async def test_requests_wait_for_somebody_who_listens(place: Place) -> None:
    """Shell is held until the first subscription; control is not."""
    session = Session(key=place.info.key.encode())
    shell, context = await _dealer(place)
    control = context.socket(zmq.DEALER)
    control.connect(place.info.url("control"))
    try:
        await shell.send_multipart(
            session.serialize(session.msg("execute_request", {"code": "x = 1"}))
        )
        await control.send_multipart(session.serialize(session.msg("kernel_info_request", {})))
        await control.recv_multipart()
        assert 0 == place.kernel.manager.count
        news = context.socket(zmq.SUB)
        news.setsockopt(zmq.SUBSCRIBE, b"")
        news.connect(place.info.url("iopub"))
        await shell.recv_multipart()
        heard = [json.loads((await news.recv_multipart())[3])["msg_type"] for _ in range(4)]
        assert ["iopub_welcome", "status", "execute_input", "status"] == heard
    finally:
        context.destroy(0)


async def test_curve(open_place: Open, tmp_path: Path) -> None:
    """With keys in the file all five sockets are encrypted; who has none gets no answer."""
    public, secret = zmq.curve_keypair()
    first = await open_place()
    await first.close()
    keys = {"curve_publickey": public.decode(), "curve_secretkey": secret.decode()}
    write_connection(tmp_path / "kernel-test.json", replace(first.info, **keys))
    place = await open_place()
    probe = await place.connect()
    assert "a\n" == (await probe.run("print a")).stdout
    assert await probe.handle.is_alive()
    plain = tmp_path / "plain.json"
    plain.write_text(
        json.dumps(
            {**json.loads((tmp_path / "kernel-test.json").read_text()), "curve_publickey": ""}
        )
    )
    assert "" == read_connection(plain).curve_publickey
    with pytest.raises(UserError, match="did not answer within"):
        await connect_to_kernel(plain, deadline=1.5)


# --- lines ----------------------------------------------------------------------------------------


@pytest.fixture
async def lines(place: Place, tmp_path: Path) -> str:
    """Where lines are taken."""
    settings = ServeSettings(
        zmq=False, tcp=("127.0.0.1", 0), connection_file=tmp_path / "kernel-lines.json"
    )
    server = KernelServer(place.kernel, settings)
    info = await server.start()
    place._stack.push_async_callback(server.close)
    return f"tcp://{info.llmspell_tcp}"


async def test_the_key_is_found(lines: str) -> None:
    """Of a kernel on this machine the connection file says the key."""
    async with await connect_to_kernel(lines) as kernel:
        assert "ok" == (await kernel.execute("print a")).status


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_wrong_keys_are_refused(lines: str, key: str) -> None:
    """And the client is told what to do."""
    with pytest.raises(UserError, match="read the key from the kernel's connection file"):
        await connect_to_kernel(lines, key=key)


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\n\r\n", b"{}\n", b'{"nonce":"x","proof":"y"}\n', b"x" * 10_000]
)
async def test_strangers_are_sent_away(lines: str, sent: bytes) -> None:
    """Who does not prove that he has the key is told so, and the connection ends."""
    host, port = lines.removeprefix("tcp://").split(":")
    transport = await connect(host, int(port))
    heard = b""
    await transport.send(sent)
    async with asyncio.timeout(10):
        while data := await transport.receive():
            heard += data
    await transport.close()
    assert "error" in json.loads(heard.splitlines()[1])


async def test_lines_cannot_be_changed(lines: str, place: Place) -> None:
    """A line with another signature ends the connection, and nothing of it is run."""
    async with await connect_to_kernel(lines) as kernel:
        link = kernel.client.link
        message = kernel.client.write("shell", "execute_request", {"code": "x = 1"})
        line = link._codec.encode(message).replace(b"x = 1", b"x = 2")  # type: ignore[attr-defined]
        await link._transport.send(line)  # type: ignore[attr-defined]
        with pytest.raises(UserError, match="closed the connection"):
            await kernel.execute("print a")
    assert {} == place.engine.variables


async def _dealer(place: Place) -> tuple[zmq.asyncio.Socket, zmq.asyncio.Context]:
    context = zmq.asyncio.Context()
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.RCVTIMEO, 10_000)
    socket.connect(place.info.url("shell"))
    return socket, context
