"""A message that brings a fault to light silences no channel."""

import asyncio

import pytest

zmq = pytest.importorskip("zmq", reason="needs the extra jupyter")

from kernel.transport.zmq import SocketGroup  # noqa: E402 - behind the check

DEADLINE = 30.0
NEWS = "news"


def test_messages_behind_one_that_brings_a_fault_are_heard() -> None:
    """All had come together: the descriptor does not tell of the rest again."""

    async def story() -> None:
        heard: list[bytes] = []
        faults: list[object] = []
        has_all = asyncio.Event()

        def take(frames: list[bytes]) -> None:
            heard.append(frames[0])
            if frames[0] == b"3":
                has_all.set()
            if frames[0] == b"1":
                raise ValueError("a fault of ours")

        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        group = SocketGroup()
        url = group.serve_news(NEWS, "tcp://127.0.0.1:*", take)
        with zmq.Context() as context, context.socket(zmq.XSUB) as client:
            client.connect(url)
            for body in (b"1", b"2", b"3"):
                client.send(body)
            client.send(b"\x01")
            async with asyncio.timeout(DEADLINE):
                await has_all.wait()
        assert ([b"1", b"2", b"3"], 1) == (heard[:3], len(faults))
        await group.close()

    asyncio.run(story())
