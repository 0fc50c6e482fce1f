"""Whether clients hear that their kernel is gone, over a link that does not say so."""

import asyncio

import pytest

from kernel.jupyter import heartbeat
from kernel.jupyter.client import KernelClient
from kernel.jupyter.links import Ear, KernelLost, Trouble
from kernel.jupyter.messages import Channel, Message, Writer

DEADLINE = 5.0


class SilentLink:
    """Implements `Link`: answers nothing but the heartbeat, as often as it is to."""

    tells_end = False

    def __init__(self, beats: int) -> None:
        self.beats = beats
        self.looked = asyncio.Event()
        """Set when it was asked once more than it answers."""

    async def open(self, ear: Ear) -> None:
        self.ear = ear

    def send(self, message: Message) -> None:
        return

    async def is_alive(self) -> bool:
        self.beats -= 1
        if self.beats < 0:
            self.looked.set()
        return self.beats >= 0

    async def trouble(self) -> Trouble | None:
        return None

    async def close(self) -> None:
        return


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits half a second here."""
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)


async def opened(link: SilentLink) -> KernelClient:
    client = KernelClient(link)
    await client.open()
    return client


def waiting(client: KernelClient) -> "asyncio.Task[Message]":
    return asyncio.ensure_future(client.request(Channel.SHELL, "execute_request", {}))


def test_who_waits_hears_that_the_kernel_is_gone() -> None:
    """The heartbeat has been there, and is missing again and again."""

    async def story() -> None:
        client = await opened(SilentLink(beats=2))
        with pytest.raises(KernelLost, match="does not answer any more"):
            await asyncio.wait_for(waiting(client), DEADLINE)

    asyncio.run(story())


def test_a_kernel_that_was_never_there_is_waited_for() -> None:
    """It may just be starting, or have no heartbeat."""

    async def story() -> None:
        link = SilentLink(beats=0)
        client = await opened(link)
        asked = waiting(client)
        for _ in range(2 * heartbeat.MISSED):
            link.looked.clear()
            await asyncio.wait_for(link.looked.wait(), DEADLINE)
        assert not asked.done()
        await client.close()
        with pytest.raises(KernelLost, match="has been closed"):
            await asked

    asyncio.run(story())


def test_a_kernel_that_starts_anew_is_waited_for() -> None:
    """It said so; from its being there again on it is missed."""

    async def story() -> None:
        link, writer = SilentLink(beats=1), Writer()

        def say(state: str) -> None:
            content = {"execution_state": state}
            link.ear.receive(writer.message(Channel.IOPUB, "status", content, {}))

        client = await opened(link)
        asked = waiting(client)
        await asyncio.wait_for(link.looked.wait(), DEADLINE)
        say("restarting")
        for _ in range(2 * heartbeat.MISSED):
            link.looked.clear()
            await asyncio.wait_for(link.looked.wait(), DEADLINE)
        assert not asked.done()
        say("starting")
        with pytest.raises(KernelLost, match="does not answer any more"):
            await asyncio.wait_for(asked, DEADLINE)

    asyncio.run(story())


def test_nobody_waits_and_nobody_looks() -> None:
    """A kernel that is replaced while a client is idle is found again, unless it is watched."""

    async def story() -> None:
        client = await opened(SilentLink(beats=0))
        assert not client.is_waiting
        link = SilentLink(beats=1)
        watching = await opened(link)
        lost = asyncio.Event()
        watching.when_lost = lambda _reason: lost.set()
        watching.watch()
        await asyncio.wait_for(lost.wait(), DEADLINE)

    asyncio.run(story())
