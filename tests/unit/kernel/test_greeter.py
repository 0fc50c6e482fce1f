"""Clients of a kernel that is still being made."""

import asyncio
from collections.abc import Sequence

import pytest

from kernel.api import KernelParts, ServeSettings, connect_to_kernel, make_kernel
from kernel.jupyter.channels import ZmqChannels
from kernel.jupyter.connection import ConnectionInfo, new_key
from kernel.jupyter.description import KernelDescription, kernel_info_content
from kernel.jupyter.greeter import Greeter
from kernel.jupyter.messages import Message, Writer
from kernel.jupyter.server import KernelServer
from kernel.service.gate import CountingGate
from tests.support.kernels import DEADLINE, Probe
from tests.support.toy_engine import ToyEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


async def test_clients_before_the_kernel() -> None:
    """They hear what it is and that it starts; what else they ask is done when it is there."""
    description = KernelDescription(version="7", banner="hello")
    greeter = Greeter(kernel_info_content(description, ToyEngine.language, has_debugger=False))
    channels = ZmqChannels(ConnectionInfo(key=new_key()), greeter)
    handle = await connect_to_kernel(channels.info, deadline=DEADLINE)
    try:
        probe = Probe(handle)
        assert "hello" == (await handle.info())["banner"]
        assert "toy" == handle.language.name
        assert "idle" not in states_about(probe, "kernel_info_request")
        running = asyncio.create_task(probe.run("print early"))
        async with asyncio.timeout(DEADLINE):
            while not (states := states_about(probe, "execute_request")):
                await asyncio.sleep(0)
        assert ["busy"] == states
        kernel = await make_kernel(
            KernelParts(ToyEngine, description=description, writer=greeter.writer)
        )
        kernel.gate = gate = CountingGate()
        server = KernelServer(kernel, ServeSettings(channels=channels))
        await server.start()
        assert "early\n" == (await running).stdout
        assert ["busy", "idle"] == states_about(probe, "execute_request")
        async with asyncio.timeout(DEADLINE):  # what is owed comes behind the end of the cell
            while ["idle"] * 2 != states_about(probe, "kernel_info_request")[-2:]:
                await asyncio.sleep(0)
        assert "hello" == (await handle.info())["banner"]
        sessions = {each.header["session"] for each in probe.messages if each.type == "status"}
        assert {kernel.writer.session} == sessions
        assert 1 == gate.clients
    finally:
        await handle.close()
    await server.close()


def states_about(probe: Probe, kind: str) -> list[str]:
    """What was told about the messages of a kind, in order."""
    about = [each for each in probe.messages if each.type == "status"]
    asked = [each for each in about if each.parent_header.get("msg_type") == kind]
    return [str(each.content["execution_state"]) for each in asked]


def told(messages: Sequence[Message]) -> list[tuple[str, str | None]]:
    """Each state with the message that it is about."""
    return [
        (str(each.content["execution_state"]), each.parent_header.get("msg_id"))
        for each in messages
    ]


def test_what_is_told_of_the_start() -> None:
    """That the kernel starts is told once, before anything else."""
    greeter, client = Greeter({}), Writer()
    asked = client.message("shell", "kernel_info_request", {})
    assert [("starting", None), ("busy", asked.id)] == told(greeter.begin(asked))
    assert [("busy", asked.id)] == told(greeter.begin(asked))


def test_the_end_of_the_answer() -> None:
    """Is told when the kernel is there, to one who has sent a cell after the cell's own."""
    greeter, console, lab = Greeter({}), Writer(), Writer()
    first, other = (each.message("shell", "kernel_info_request", {}) for each in (console, lab))
    cell = console.message("shell", "execute_request", {})
    question = lab.message("control", "debug_request", {})
    for each in (first, other, cell, question):
        greeter.begin(each)
    assert [("idle", other.id)] == told(greeter.settle())
    idle = {"execution_state": "idle"}
    kernel = greeter.writer
    busy = kernel.message("iopub", "status", {"execution_state": "busy"}, cell.header)
    assert [] == told(greeter.settle(busy))
    assert [] == told(greeter.settle(kernel.message("iopub", "status", idle, question.header)))
    over = kernel.message("iopub", "status", idle, cell.header)
    assert [("idle", first.id)] == told(greeter.settle(over))
    assert [] == told(greeter.settle(over))


def test_what_the_greeter_leaves_to_the_kernel() -> None:
    """It answers nothing that depends on the program."""
    greeter = Greeter({})
    assert greeter.answer(greeter.writer.message("shell", "execute_request", {})) is None
