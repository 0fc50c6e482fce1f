"""``llmspell kernel``: processes that serve, end and begin anew."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kernel.api import KernelHandle, connect_to_kernel
from kernel.jupyter.handle import RequestFailed
from kernel.jupyter.links import LineLink
from kernel.jupyter.messages import Channel, Message
from kernel.service.health import REQUEST
from kernel.transport.stdio import StdioTransport
from llmspell.cli.app import main

pytestmark = pytest.mark.anyio

DEADLINE = 30.0
Start = Callable[..., "asyncio.Task[asyncio.subprocess.Process]"]

STUCK = "print('begun') local s = ('a'):rep(40) return s:find(('a*'):rep(40) .. 'b')"
"""A search inside C that takes longer than anybody waits."""


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture
async def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> AsyncIterator[Start]:
    """Starts ``llmspell kernel start`` with arguments; ends what is left."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    started: list[asyncio.subprocess.Process] = []

    async def run(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-P", "-m", "llmspell", "kernel", "start", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield run  # type: ignore[misc]
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def connected(path: Path) -> KernelHandle:
    """A client, as soon as the file is there."""
    async with asyncio.timeout(DEADLINE):
        while not path.exists():
            await asyncio.sleep(0.02)
    return await connect_to_kernel(path, deadline=DEADLINE)


async def said(process: asyncio.subprocess.Process, words: str) -> str:
    """The line of stderr with these words."""
    assert process.stderr is not None
    async with asyncio.timeout(DEADLINE):
        while line := (await process.stderr.readline()).decode():
            if words in line:
                return line
    raise AssertionError(f"It never said {words!r}.")


async def test_a_kernel_by_its_file(start: Start, tmp_path: Path) -> None:
    """It is started with a file, runs Lua, is shut down, ends with 0 and takes its file away."""
    path = tmp_path / "kernel-a.json"
    process = await start("--connection-file", str(path))
    async with await connected(path) as kernel:
        assert "Lua 5.4" in kernel.language.label or kernel.language.version == "5.4"
        done = await kernel.execute("print('a') os.execute('echo child') return 6 * 7")
        assert ("a\nchild\n", "42") == (done.stdout, done.result.data["text/plain"])
        await kernel.shutdown()
    assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)
    assert not path.exists()


async def test_a_kernel_by_its_id(start: Start) -> None:
    """Without a file one is made where Jupyter looks, and its name is said."""
    process = await start("--lua", "5.1")
    line = await said(process, "--existing")
    path = Path(line.split("--existing ")[1].strip())
    kernel_id = path.stem.removeprefix("kernel-")
    async with await connect_to_kernel(kernel_id[:6], deadline=DEADLINE) as kernel:
        done = await kernel.execute("return _VERSION")
        assert '"Lua 5.1"' == done.result.data["text/plain"]
    process.send_signal(signal.SIGTERM)
    assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)


@pytest.mark.parametrize("kind", ["tcp", "ws"])
async def test_a_kernel_by_its_address(start: Start, kind: str) -> None:
    """It takes lines where it says, without ZeroMQ if that is not wanted."""
    process = await start("--no-zmq", f"--{kind}", "127.0.0.1:0")
    address = (await said(process, "listening on")).split()[-1]
    async with await connect_to_kernel(address, deadline=DEADLINE) as kernel:
        assert "a\n" == (await kernel.execute("print('a')")).stdout
        await kernel.shutdown()
    assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)


async def test_a_kernel_at_its_stdio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It serves whoever started it, and ends when he leaves; nothing else is on its stdout."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-P", "-m", "llmspell", "kernel", "start", "--stdio"],
        stdin=to_read,
        stdout=from_write,
    )
    os.close(to_read)
    os.close(from_write)
    link = LineLink(StdioTransport(from_read, to_write), "")
    async with await connect_to_kernel(link, deadline=DEADLINE) as kernel:
        done = await kernel.execute("os.execute('echo child') io.write('mine')")
        assert "child\nmine" == done.stdout
        health = await kernel.client.request(Channel.CONTROL, REQUEST, {})
        assert ("idle", 1) == (health.content["state"], health.content["clients"])
    assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("start", "--port", "70000"), "'70000' is no port; they are 0 to 65535"),
        (("start", "--port", "65532"), "'65532' has no four ports behind it"),
        (("start", "--port", "-5"), "'-5' is no port"),
        (("start", "--dap-port", "99999"), "'99999' is no port; they are 0 to 65535"),
        (("create", "--dap-port", "99999"), "'99999' is no port; they are 0 to 65535"),
        (("create", "--max-clients", "-1"), "'-1' is no count"),
        (("create", "--idle-timeout", "-1"), "'-1' is no number of seconds"),
        (("serve", "--max-kernels", "-1"), "'-1' is no count"),
    ],
)
def test_numbers_that_are_none(
    words: tuple[str, ...], problem: str, homes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Are refused before anything listens: the system would take the remainder of a port."""
    assert 2 == main(["kernel", *words])
    assert problem in capsys.readouterr().err
    assert [] == list(homes.rglob("*.json"))


def test_stdio_of_a_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel in the background has nobody at its stdin, and this is said before it begins."""
    assert 1 == main(["kernel", "start", "--stdio", "--daemon"])
    assert "leave out --stdio or --daemon" in capsys.readouterr().err


async def test_code_that_does_not_stop(start: Start, tmp_path: Path) -> None:
    """The process replaces itself: same id, same ports; clients are told and need do nothing."""
    path = tmp_path / "kernel-a.json"
    process = await start("--connection-file", str(path))
    heard: list[Message] = []
    async with await connected(path) as kernel:
        kernel.client.hear_all = heard.append
        await kernel.execute("x = 1")
        begun = asyncio.Event()

        def hear(message: Message) -> None:
            if message.content.get("text") == "begun\n":
                begun.set()

        running = asyncio.create_task(kernel.execute(STUCK, hear=hear))
        await asyncio.wait_for(begun.wait(), DEADLINE)
        await kernel.interrupt()
        done = await asyncio.wait_for(running, DEADLINE)
        assert ("error", "KernelRestarted") == (done.status, done.error.name)
        assert "its variables are gone" in done.stderr
        await kernel.client.wait_ready(DEADLINE)
        again = await kernel.execute("return x, 1")
        assert "nil, 1" == again.result.data["text/plain"]
        states = [each.content.get("execution_state") for each in heard]
        assert "restarting" in states
        await kernel.shutdown()
    assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)


async def test_a_kernel_whose_parent_ends(start: Start, tmp_path: Path) -> None:
    """It ends too, also while a cell runs."""
    path = tmp_path / "kernel-a.json"
    parent = await asyncio.create_subprocess_exec("sleep", "1000")
    process = await start("--connection-file", str(path), JPY_PARENT_PID=str(parent.pid))
    async with await connected(path) as kernel:
        running = asyncio.create_task(kernel.execute("while true do end"))
        parent.kill()
        await parent.wait()
        assert 0 == await asyncio.wait_for(process.wait(), DEADLINE)
        running.cancel()


async def test_the_debugger_of_a_kernel(start: Start, tmp_path: Path) -> None:
    """It says that it has one, and answers it."""
    path = tmp_path / "kernel-a.json"
    await start("--connection-file", str(path))
    async with await connected(path) as kernel:
        assert ["debugger"] == (await kernel.info())["supported_features"]
        said = await kernel.debug("debugInfo")
        assert ("Murmur2", False) == (said["hashMethod"], said["isStarted"])
        with pytest.raises(RequestFailed, match="initialize"):
            await kernel.debug("threads")
        await kernel.shutdown()


async def test_rich_output_of_lua(start: Start, tmp_path: Path) -> None:
    """What `display` shows comes in its place among what is printed, and changes by its id."""
    path = tmp_path / "kernel-a.json"
    await start("--connection-file", str(path))
    async with await connected(path) as kernel:
        heard: list[Message] = []
        code = """print('a')
            local shown = display{['text/html'] = '<b>x</b>', ['text/plain'] = 'x'}
            shown:update('y')
            display.clear(true)
            print('b')"""
        await kernel.execute(code, hear=heard.append)
        kinds = ["stream", "display_data", "update_display_data", "clear_output", "stream"]
        told = [each for each in heard if each.type not in ("status", "execute_input")]
        assert kinds == [each.type for each in told]
        assert {"text/html": "<b>x</b>", "text/plain": "x"} == told[1].content["data"]
        assert told[1].content["transient"] == told[2].content["transient"]
        assert {"wait": True} == told[3].content


async def test_a_breakpoint_in_a_cell(start: Start, tmp_path: Path) -> None:
    """A cell stops; the stack, a second client and the end of the stop go over control."""
    path = tmp_path / "kernel-a.json"
    await start("--connection-file", str(path))
    async with await connected(path) as kernel:
        stopped: asyncio.Queue[Message] = asyncio.Queue()

        def hear(message: Message) -> None:
            if message.content.get("event") == "stopped":
                stopped.put_nowait(message)

        kernel.client.hear_all = hear
        code = "local x = 41\nx = x + 1\nreturn x"
        await kernel.debug("initialize", {"clientID": "test", "adapterID": "lua"})
        await kernel.debug("attach")
        source = {"path": (await kernel.debug("dumpCell", {"code": code}))["sourcePath"]}
        lines = {"source": source, "breakpoints": [{"line": 3}], "sourceModified": False}
        assert (await kernel.debug("setBreakpoints", lines))["breakpoints"][0]["verified"]
        running = asyncio.create_task(kernel.execute(code))
        thread = (await asyncio.wait_for(stopped.get(), DEADLINE)).content["body"]["threadId"]
        frames = (await kernel.debug("stackTrace", {"threadId": thread}))["stackFrames"]
        assert (3, source["path"]) == (frames[0]["line"], frames[0]["source"]["path"])
        async with await connected(path) as other:
            assert [thread] == (await other.debug("debugInfo"))["stoppedThreads"]
        await kernel.debug("continue", {"threadId": thread})
        done = await asyncio.wait_for(running, DEADLINE)
        assert "42" == done.result.data["text/plain"]


# --- install --------------------------------------------------------------------------------------


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user's kernels are."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [
        ([], "user/kernels/llmspell"),
        (["--user", "--lua", "luajit"], "user/kernels/llmspell-luajit"),
        (["--sys-prefix"], "environment/share/jupyter/kernels/llmspell"),
        (["--prefix", "other"], "other/share/jupyter/kernels/llmspell"),
        (["--name", "Moon"], "user/kernels/moon"),
    ],
)
def test_install(
    homes: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], folder: str
) -> None:
    """The spec is where it was wanted, with logos, and says what the kernel can do."""
    monkeypatch.chdir(homes)
    assert 0 == main(["kernel", "install", *arguments])
    spec = json.loads((homes / folder / "kernel.json").read_text())
    assert ("lua", "message", "5.5") == (
        spec["language"],
        spec["interrupt_mode"],
        spec["kernel_protocol_version"],
    )
    assert {"debugger": True, "supported_encryption": ["curve"]} == spec["metadata"]
    assert "{connection_file}" in spec["argv"]
    assert b"\x89PNG" == (homes / folder / "logo-64x64.png").read_bytes()[:4]


def test_install_where_nothing_can_be_written(
    homes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Says so, and ends with 1."""
    (homes / "user").write_text("a file")
    assert 1 == main(["kernel", "install"])
    assert "cannot be written" in capsys.readouterr().err


def test_a_lua_there_is_not(homes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is refused by name."""
    assert 1 == main(["kernel", "install", "--lua", "6.0"])
    assert "6.0" in capsys.readouterr().err
