"""A session as its composition sees it: one coroutine that ends, however it ends."""

import anyio
import pytest

from dap_server.client_session import ClientSession
from dap_server.wire import Wire, encode
from kernel.transport.memory import MemoryTransport, memory_pair
from tests.support.fakes import FakeDebuggee, FakeHost, forever, stopped

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The session runs on asyncio."""
    return "asyncio"


async def receive_until(end: MemoryTransport, command: str) -> None:
    """Read until a request has been answered."""
    wire = Wire()
    with anyio.fail_after(5):
        while True:
            for message in wire.feed(await end.receive()):
                assert isinstance(message, dict)
                if message.get("command") == command:
                    return


async def launched(end: MemoryTransport) -> None:
    """Bring the session as far as a running program."""
    for seq, (command, arguments) in enumerate(
        [
            ("initialize", {"adapterID": "x"}),
            ("launch", {"program": "a.lua"}),
            ("configurationDone", {}),
        ],
        1,
    ):
        request = {"seq": seq, "type": "request", "command": command, "arguments": arguments}
        await end.send(encode(request))
    await receive_until(end, "launch")


async def test_cancelling_ends_the_program() -> None:
    """A composition that is shut down leaves nothing behind."""
    program = FakeDebuggee([stopped()])
    end, other = memory_pair()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ClientSession(other, FakeHost(program)).run)
        await launched(end)
        with anyio.fail_after(1.5):
            tasks.cancel_scope.cancel()
    assert [()] == program.asked("terminate")
    while await end.receive():
        pass


async def test_a_program_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A debuggee that hangs does not keep the session."""
    monkeypatch.setattr("dap_server.debugged_program.LAST_WORDS", 0.05)
    program = FakeDebuggee([stopped()])
    program.answers["terminate"] = forever
    end, other = memory_pair()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ClientSession(other, FakeHost(program)).run)
            await launched(end)
            await end.close()


async def test_a_client_that_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be delivered does not keep the session either."""
    monkeypatch.setattr("dap_server.client_session.FAREWELL", 0.05)

    class Deaf(MemoryTransport):
        async def send(self, data: bytes) -> None:
            await anyio.sleep_forever()

        async def receive(self) -> bytes:
            return b""

    with anyio.fail_after(5):
        session = ClientSession(Deaf(), FakeHost())
        session.say("hello")
        await session.run()
