"""KernelClient: requests to a kernel and what comes back, over any `Link`.

A request is a message; its answer is awaited by the message's id. What is published is told to
whoever listens for its parent, and to those who want everything.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.heartbeat import Heartbeat
from kernel.jupyter.links import KernelLost, Link
from kernel.jupyter.messages import Channel, Content, Message, Writer
from kernel.transport.room import Room

Hear = Callable[[Message], None]

WELCOME = 1.0
"""Seconds a kernel may take to say that it is heard; older ones never say so."""

PATIENCE = 5.0
"""Seconds of refused connections after which there is no kernel; it may just be beginning."""

ASK_AGAIN = 1.0
"""Seconds without an answer after which a kernel that is starting is asked again."""


class RequestFailed(UserError):
    """The kernel says that it could not serve a request."""


class KernelClient:
    """One client, with a session of its own. Used on the loop's thread."""

    def __init__(self, link: Link, session: str | None = None) -> None:
        self.link = link
        self.writer = Writer(session, username="llmspell")
        self.session = self.writer.session
        self.hear_all: Hear = lambda _message: None
        """Called with every message, before anybody else."""
        self.when_lost: Callable[[KernelLost], None] = lambda _reason: None
        """Called when the connection is found to have ended, also where nobody waits."""
        self.room = Room()
        """Filled by whoever keeps messages until they are read: the program is held back."""
        self._audience: list[Hear] = []
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._listeners: dict[str, Hear] = {}
        self._answer: Hear | None = None
        self._welcomed = asyncio.Event()
        self._settled = asyncio.Event()
        """Not set from ``restarting`` until the kernel is heard to be there again."""
        self._settled.set()
        self._lost: KernelLost | None = None
        self._is_watched = False
        self._heartbeat = Heartbeat(link, self)

    async def open(self) -> None:
        """Connect; raises `UserError`."""
        await self.link.open(self)

    async def open_ready(self, deadline: float, spent: float = 0) -> Message:
        """Connect, and wait as `wait_ready` does; not long where nobody listens.

        ``spent`` seconds of the deadline have gone. Raises `UserError`.
        """

        async def ready() -> Message:
            await self.open()
            return await self._ready(PATIENCE)

        return await self._in_time(ready(), deadline, spent)

    async def wait_ready(self, deadline: float) -> Message:
        """Wait until the kernel answers and we hear it; its ``kernel_info_reply``.

        Raises `KernelLost` after ``deadline`` seconds, or earlier if it has another key.
        """
        return await self._in_time(self._ready(), deadline)

    async def request(
        self, channel: str, kind: str, content: Content, hear: Hear | None = None, **more: Any
    ) -> Message:
        """Ask and wait for the reply; raises `KernelLost`. ``hear`` is told what is published."""
        message = self.write(channel, kind, content, **more)
        return await self.ask(message, hear)

    async def ask(self, message: Message, hear: Hear | None = None) -> Message:
        """Send a message that was made by `write`, and wait for the reply.

        A kernel that is being started anew is waited for: it would never see the message.
        """
        if not self._settled.is_set() and self._lost is None:
            await self._settled.wait()
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._replies[message.id] = future
        if hear is not None:
            self._listeners[message.id] = hear
        try:
            self.send(message)
            self._heartbeat.begin()
            return await future
        finally:
            self._replies.pop(message.id, None)

    def forget(self, message: Message) -> None:
        """What is published about a request is no longer of interest."""
        self._listeners.pop(message.id, None)

    def write(
        self,
        channel: str,
        kind: str,
        content: Content,
        *,
        parent: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> Message:
        """A message of this client."""
        return self.writer.message(
            channel, kind, content, parent, metadata=metadata, buffers=buffers
        )

    def send(self, message: Message) -> None:
        """Send a message; raises `KernelLost`."""
        if self._lost is not None:
            raise self._lost
        self.link.send(message)

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Have every message told, until the function that this gives is called."""
        self._audience.append(hear)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._audience.remove(hear)

        return stop

    async def close(self) -> None:
        """Leave; whoever still waits gets `KernelLost`."""
        self._heartbeat.end()
        self.lose(KernelLost("This client has been closed."))
        await self.link.close()

    def watch(self) -> None:
        """Look from now on, also while nobody waits, whether the kernel is there; see `lose`."""
        self._is_watched = True
        self._heartbeat.begin(for_a_listener=True)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is awaited, or the kernel is watched all the time."""
        return self._lost is None and (self._is_watched or bool(self._replies))

    @property
    def is_settled(self) -> bool:
        """Whether no kernel is just being started anew."""
        return self._settled.is_set()

    async def _in_time(
        self, ready: Coroutine[Any, Any, Message], deadline: float, spent: float = 0
    ) -> Message:
        try:
            async with asyncio.timeout(max(deadline - spent, 0)):
                return await ready
        except TimeoutError:
            trouble = await self.link.trouble()
            why = f": {trouble.text}" if trouble is not None else "."
            raise KernelLost(f"The kernel did not answer within {deadline:g} s{why}") from None

    async def _ready(self, patience: float = math.inf) -> Message:
        await self._settled.wait()
        reply = await self._first_reply(patience)
        with contextlib.suppress(TimeoutError):  # a kernel of before 5.5 never says so
            await asyncio.wait_for(self._welcomed.wait(), WELCOME)
        return reply

    async def _first_reply(self, patience: float) -> Message:
        """Asks again and again; while nobody listens there, for ``patience`` seconds."""
        began = time.monotonic()
        while True:
            asking = self.request(Channel.SHELL, "kernel_info_request", {})
            try:
                return await asyncio.wait_for(asking, ASK_AGAIN)
            except TimeoutError:
                trouble = await self.link.trouble()
            if trouble is None:
                began = time.monotonic()
            elif not trouble.may_pass or time.monotonic() - began > patience:
                raise KernelLost(f"The kernel does not answer: {trouble.text}")

    def is_awaited(self, message: Message) -> bool:
        """Whether somebody waits for just this message: who asked, or hears what comes of it."""
        parent = str(message.parent_header.get("msg_id", ""))
        if message.channel in (Channel.SHELL, Channel.CONTROL):
            return parent in self._replies
        return parent in self._listeners

    def receive(self, message: Message) -> None:
        """Somebody waits for this message, or nobody does."""
        if message.channel == Channel.IOPUB and message.type == "iopub_welcome":
            self._welcomed.set()
            self._settled.set()
        if message.channel == Channel.IOPUB and message.type == "status":
            self._note(str(message.content.get("execution_state")))
        self.hear_all(message)
        for hear in tuple(self._audience):
            hear(message)
        parent = str(message.parent_header.get("msg_id", ""))
        if message.channel in (Channel.SHELL, Channel.CONTROL):
            future = self._replies.get(parent)
            if future is not None and not future.done():
                future.set_result(message)
        elif (listener := self._listeners.get(parent)) is not None:
            listener(message)

    def _note(self, state: str) -> None:
        if state == "restarting":
            self._settled.clear()
        elif state == "starting":
            self._settled.set()

    def lose(self, reason: KernelLost) -> None:
        """Whoever waits will wait in vain."""
        if self._lost is None:
            self._lost = reason
        self._settled.set()
        self.when_lost(reason)
        for future in self._replies.values():
            if not future.done():
                future.set_exception(reason)
