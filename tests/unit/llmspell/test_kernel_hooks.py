"""Hooks are asked when a kernel starts and ends, and about the messages of its clients."""

from collections.abc import Callable
from typing import Any

import pytest

from kernel.api import start_embedded_kernel
from kernel.core.errors import UserError
from kernel.hooks.base import HookCancelled, HookDetails
from kernel.hooks.points import POINTS
from kernel.hooks.results import CONTINUE, Cancel, HookResult, Modified, Replace, Skip
from kernel.jupyter.handle import KernelHandle
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.script_api.services import LocalServices

pytestmark = pytest.mark.anyio

Answer = HookResult | Callable[[HookDetails], HookResult]


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Kernels:
    """Starts kernels over services whose hooks say what a test wants."""

    def __init__(self) -> None:
        self.services = LocalServices()
        self.heard: list[tuple[str, Any]] = []

    def at(self, point: str, answer: Answer = CONTINUE) -> None:
        """Have a hook answer this."""

        def ask(details: HookDetails) -> HookResult:
            self.heard.append((point, details.data))
            return answer(details) if callable(answer) else answer

        self.services.hooks.register(POINTS[point], ask)

    async def start(self) -> KernelHandle:
        """A kernel in this process."""
        parts = lua_kernel(programs=LuaPrograms("5.4", services=self.services))
        return await start_embedded_kernel(parts)


@pytest.fixture
def kernels() -> Kernels:
    """Kernels with hooks."""
    return Kernels()


LIFE = (
    "PreKernelStartup",
    "PostKernelStartup",
    "SystemStartup",
    "SystemShutdown",
    "PreKernelShutdown",
    "PostKernelShutdown",
)


async def test_a_kernels_life_is_told(kernels: Kernels) -> None:
    """All points of it, each once and in order, though it is closed twice."""
    for point in LIFE:
        kernels.at(point)
    async with await kernels.start() as kernel:
        assert list(LIFE[:3]) == [point for point, _ in kernels.heard]
        assert "llmspell" == kernels.heard[0][1]["implementation"]
        inner = kernel.kernel
    assert inner is not None
    await inner.close()
    assert list(LIFE) == [point for point, _ in kernels.heard]


@pytest.mark.parametrize("answer", [Cancel("maintenance"), Skip(), Replace("another")])
async def test_a_hook_keeps_a_kernel_from_starting(kernels: Kernels, answer: Answer) -> None:
    """Whoever starts it is told at which point, and nothing is started."""
    kernels.at("PreKernelStartup", answer)
    with pytest.raises(UserError, match="at PreKernelStartup"):
        await kernels.start()


async def test_a_kernel_that_is_refused_when_it_has_started_ends(kernels: Kernels) -> None:
    """It is closed, and hooks hear of its end."""
    kernels.at("PostKernelStartup", Cancel("not this one"))
    kernels.at("PostKernelShutdown")
    with pytest.raises(HookCancelled, match="not this one"):
        await kernels.start()
    assert ["PostKernelStartup", "PostKernelShutdown"] == [point for point, _ in kernels.heard]


async def test_a_script_hears_that_its_kernel_ends(kernels: Kernels) -> None:
    """Its function is called while it is still there."""
    subscription = kernels.services.broker.subscribe("bye")
    async with await kernels.start() as kernel:
        await kernel.execute("""Hook.register("SystemShutdown", function(it)
            Event.publish("bye", it.data.exit_code)
        end)""")
    event = subscription.receive(0)
    assert event is not None
    assert 0 == event.data()["data"]


async def test_a_cancelled_message_is_answered_with_an_error(kernels: Kernels) -> None:
    """Its sender hears the reason and the point; other messages are served."""
    kernels.at(
        "PreMessageHandle",
        lambda it: Cancel("closed") if it.component.name == "state_request" else CONTINUE,
    )
    async with await kernels.start() as kernel:
        with pytest.raises(UserError, match=r"closed .* at PreMessageHandle"):
            await kernel.state("scopes")
        assert "2\n" == (await kernel.execute("print(1 + 1)")).stdout


async def test_a_hook_changes_a_message_and_its_answer(kernels: Kernels) -> None:
    """A cell is run, and a request of our own served, as the hook has them."""

    def change(it: HookDetails) -> HookResult:
        content = dict(it.data["content"])
        if it.component.name == "execute_request":
            content["code"] = content["code"].replace("mine", "yours")
        if content.get("key") == "mine":
            content["key"] = "yours"
        return Modified({**it.data, "content": content})

    kernels.at("PreMessageHandle", change)
    async with await kernels.start() as kernel:
        assert "yours\n" == (await kernel.execute("State.set('yours', 1) print('mine')")).stdout
        (entry,) = (await kernel.state("show", key="mine"))["entries"]
        assert ("yours", 1) == (entry["key"], entry["value"])


async def test_a_script_is_asked_about_messages(kernels: Kernels) -> None:
    """A function of a cell hears of later messages, and what was answered."""
    async with await kernels.start() as kernel:
        await kernel.execute("""heard = {}
            Hook.register("PreMessageHandle", function(it)
              heard[#heard + 1] = it.data.type
              if it.data.type == "complete_request" then return {type = "cancel", reason = "no"} end
            end)
            Hook.register("PostMessageHandle", function(it)
              heard[#heard + 1] = it.component_id.name .. " " .. tostring(it.data.status)
            end)""")
        await kernel.state("scopes")
        with pytest.raises(UserError, match=r"no .* at PreMessageHandle"):
            await kernel.complete("pri")
        done = await kernel.execute("for i = 1, 4 do print(heard[i]) end")
    expected = "state_request\nstate_request ok\ncomplete_request\nexecute_request\n"
    assert expected == done.stdout


async def test_ways_out_are_not_asked_about(kernels: Kernels) -> None:
    """What interrupts, ends and greets a kernel is served, whatever hooks would say."""
    async with await kernels.start() as kernel:
        kernels.at("PreMessageHandle", Cancel("closed"))
        await kernel.interrupt()
        await kernel.shutdown()
    assert [] == kernels.heard


async def test_an_error_of_a_message_is_told(kernels: Kernels) -> None:
    """Where a message cannot be served, a hook may give another answer."""
    instead = {"status": "ok", "entries": [], "is_complete": True}
    kernels.at("SystemError", Replace(instead))
    async with await kernels.start() as kernel:
        assert [] == (await kernel.state("show", key="none"))["entries"]
    assert ["SystemError"] == [point for point, _ in kernels.heard]
