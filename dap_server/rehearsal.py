"""Rehearsal: what the first session of a process would have to build, built before it comes.

Message models are built when they are used first (their checks cost tens of milliseconds); a server
that forks its workers does it once for all of them.
"""

import asyncio
from collections.abc import Sequence

from dap_server.client_session import ClientSession
from dap_server.host import ClientDoor
from dap_server.language import Language
from dap_server.launch import AttachRequest, LaunchRequest
from dap_server.protocol import generated
from dap_server.protocol.model import Model
from dap_server.wire import encode
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.debug.coordinator import DebugCoordinator
from kernel.events.bus import EventBus
from kernel.transport.memory import memory_pair


def rehearse(language: Language) -> None:
    """Serve a client that says hello and leaves; build all models."""
    for each in vars(generated).values():
        if isinstance(each, type) and issubclass(each, Model):
            each.model_rebuild()
    asyncio.run(_say_hello(language))


async def _say_hello(language: Language) -> None:
    client, served = memory_pair()
    hello = {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": ""}}
    for message in (hello, {"seq": 2, "type": "request", "command": "disconnect"}):
        await client.send(encode(message))
    await ClientSession(served, _EmptyHost(language)).run()


class _EmptyHost:
    """A `DebugHost` without programs."""

    can_restart = True

    def __init__(self, language: Language) -> None:
        self.exception_filters: Sequence[m.ExceptionFilter] = language.exception_filters
        self.completion_triggers: Sequence[str] = language.completion_triggers

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """Leave it as it is."""
        return request

    async def launch(
        self, _request: LaunchRequest, _bus: EventBus, _client: ClientDoor
    ) -> DebugCoordinator:
        """Refuse."""
        raise UserError("This is a rehearsal.")

    async def attach(self, _request: AttachRequest, _client: ClientDoor) -> DebugCoordinator:
        """Refuse."""
        raise UserError("This is a rehearsal.")

    def interrupt_children(self) -> None:
        """There are none."""

    async def configured(self) -> None:
        """Nothing waits."""
