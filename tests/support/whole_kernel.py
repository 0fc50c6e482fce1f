"""A kernel for Lua, whole, with a client in this process that keeps all it is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from kernel.core.tracing import Tracer
from kernel.hooks.base import HookDetails
from kernel.hooks.points import find_point
from kernel.hooks.results import HookResult
from kernel.jupyter.composition import make_kernel
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.messages import Channel, Message
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms

DEADLINE = 20.0


class Client:
    """Implements the kernel's `Client`: keeps all it is sent."""

    transport = "memory"
    is_congested = False

    def __init__(self, kernel: JupyterKernel) -> None:
        self.messages: list[Message] = []
        self._kernel, self._count = kernel, 0
        self._news = asyncio.Event()
        kernel.subscribe(self)

    def send(self, message: Message) -> None:
        self.messages.append(message)
        self._news.set()

    async def wait_for_room(self) -> None:
        return

    async def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Send what has no reply, and wait until the kernel is idle again."""
        self._count += 1
        number = f"m{self._count}"
        header = {"msg_id": number, "msg_type": kind, "session": "me"}
        self._kernel.receive(Message(Channel.SHELL, header, content, {}, {}), self)
        async with asyncio.timeout(DEADLINE):
            while not self._is_idle(number):
                self._news.clear()
                await self._news.wait()

    def _is_idle(self, number: str) -> bool:
        mine = [each for each in self.messages if each.parent_header.get("msg_id") == number]
        return any(each.content.get("execution_state") == "idle" for each in mine)

    async def ask(
        self, kind: str, content: dict[str, Any], channel: str = Channel.SHELL, **metadata: str
    ) -> Message:
        """The reply to a request, when the kernel is idle again."""
        self._count += 1
        header = {"msg_id": f"m{self._count}", "msg_type": kind, "session": "me"}
        self._kernel.receive(Message(channel, header, content, {}, metadata), self)
        async with asyncio.timeout(DEADLINE):
            while not self._is_answered(header["msg_id"]):
                self._news.clear()
                await self._news.wait()
        return next(each for each in self.messages if each.parent_header == header)

    def _is_answered(self, number: str) -> bool:
        mine = [each for each in self.messages if each.parent_header.get("msg_id") == number]
        return self._is_idle(number) and any(each.type.endswith("_reply") for each in mine)

    async def run(self, code: str, **metadata: str) -> Message:
        """The reply to a cell."""
        await self.ask("execute_request", {"code": code}, **metadata)
        number = f"m{self._count}"
        return next(
            each
            for each in self.messages
            if each.type == "execute_reply" and each.parent_header["msg_id"] == number
        )

    def shown(self) -> list[str]:
        """What cells gave."""
        return [
            each.content["data"]["text/plain"]
            for each in self.messages
            if each.type == "execute_result"
        ]


Story = Callable[[Client], Awaitable[None]]
Answer = HookResult | Callable[[HookDetails], HookResult]


def told(programs: LuaPrograms, story: Story, tracer: Tracer | None = None) -> None:
    """Run a story with a kernel and a client of it."""

    async def whole() -> None:
        parts = lua_kernel(programs=programs)
        kernel = await make_kernel(parts)
        kernel.tracer = tracer or kernel.tracer
        try:
            await story(Client(kernel))
        finally:
            await kernel.close()

    asyncio.run(whole())


def hook(programs: LuaPrograms, point: str, answer: Answer) -> list[HookDetails]:
    """Register a hook that answers this; what it was asked."""
    asked: list[HookDetails] = []

    def ask(details: HookDetails) -> HookResult:
        asked.append(details)
        return answer(details) if callable(answer) else answer

    programs.runner.registry.register(find_point(point), ask)
    return asked
