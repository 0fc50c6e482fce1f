"""What waits for subscribers of a ZeroMQ socket is bounded in bytes, whoever does not read."""

import asyncio
import threading
from collections.abc import Callable

import pytest

zmq = pytest.importorskip("zmq", reason="needs the extra jupyter")

from kernel.transport.zmq import SocketGroup  # noqa: E402 - behind the check
from kernel.transport.zmq_backlog import COUNTED, HIGH, LIMIT  # noqa: E402

DEADLINE = 30.0
NEWS, SIZE = "news", 64 * 1024
MORE_THAN_WAITS = 3 * LIMIT // SIZE


class Subscriber:
    """A client in a context of its own, that reads where it is told to."""

    def __init__(self, url: str) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVHWM, 1)
        self.socket.setsockopt(zmq.RCVBUF, SIZE)
        self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.socket.setsockopt(zmq.RCVTIMEO, int(DEADLINE * 1000))
        self.socket.connect(url)
        self.numbers: list[int] = []
        self._thread: threading.Thread | None = None

    def read_until(self, last: int) -> None:
        """Read in a thread, up to this number."""
        self._thread = threading.Thread(target=self._read, args=(last,), daemon=True)
        self._thread.start()

    def _read(self, last: int) -> None:
        while not self.numbers or self.numbers[-1] < last:
            _, body = self.socket.recv_multipart()
            self.numbers.append(int.from_bytes(body[:8], "big"))

    async def done(self) -> list[int]:
        """What has been read when the last one has come."""
        assert self._thread is not None
        await asyncio.to_thread(self._thread.join, DEADLINE)
        return self.numbers

    def close(self) -> None:
        """Leave."""
        self._context.destroy(linger=0)


class Publisher:
    """The socket, and who has come."""

    def __init__(self, url: str) -> None:
        self.group = SocketGroup()
        self.came: list[bytes] = []
        self.url = self.group.serve_news(NEWS, url, lambda frames: self.came.append(frames[0]))
        self.backlog = self.group.backlog(NEWS)
        self.peak = 0

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something."""
        async with asyncio.timeout(DEADLINE):
            while not is_so():
                await asyncio.sleep(0.01)

    async def publish(self, number: int, size: int = SIZE) -> None:
        """As the kernel does: who is behind is waited for, for a while."""
        self.group.send(NEWS, [b"topic", number.to_bytes(8, "big").ljust(size, b"x")])
        self.peak = max(self.peak, self.backlog.size)
        if self.backlog.is_congested:
            await self.backlog.wait_for_room()
        await asyncio.sleep(0.0005)


@pytest.fixture(params=["tcp", "ipc"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("z")
    return "tcp://127.0.0.1:*" if request.param == "tcp" else f"ipc://{folder}/news"


def test_who_does_not_read_is_cut_off_and_who_reads_misses_nothing(url: str) -> None:
    """No more waits than is allowed; the one that was cut off hears again when it reads."""

    async def story() -> None:
        publisher = Publisher(url)
        reading, sleeping = Subscriber(publisher.url), Subscriber(publisher.url)
        await publisher.until(lambda: len(publisher.came) == 2)
        reading.read_until(MORE_THAN_WAITS)
        for number in range(MORE_THAN_WAITS + 1):
            await publisher.publish(number)
        assert list(range(MORE_THAN_WAITS + 1)) == await reading.done()
        assert LIMIT < publisher.peak < 2 * LIMIT
        sleeping.read_until(MORE_THAN_WAITS + 1)
        await publisher.until(lambda: publisher.came.count(b"\x01") > 2)  # it came back
        await publisher.publish(MORE_THAN_WAITS + 1)
        heard = await sleeping.done()
        assert (True, MORE_THAN_WAITS + 1) == (len(heard) < MORE_THAN_WAITS, heard[-1])
        for each in (reading, sleeping):
            each.close()
        await publisher.group.close()

    asyncio.run(story())


def test_who_sleeps_for_a_while_misses_nothing() -> None:
    """Up to the limit it is kept; the program waits for a moment, and then no more."""

    async def story() -> None:
        publisher = Publisher("tcp://127.0.0.1:*")
        sleeping = Subscriber(publisher.url)
        await publisher.until(lambda: len(publisher.came) == 1)
        last = 2 * HIGH // SIZE
        for number in range(last + 1):
            await publisher.publish(number)
        assert (True, False) == (publisher.backlog.size > HIGH, publisher.backlog.is_congested)
        sleeping.read_until(last)
        assert list(range(last + 1)) == await sleeping.done()
        await publisher.until(lambda: publisher.backlog.size <= HIGH)
        sleeping.close()
        await publisher.group.close()

    asyncio.run(story())


def test_small_messages_cost_nothing() -> None:
    """They are not counted: their number is bounded."""

    async def story() -> None:
        publisher = Publisher("tcp://127.0.0.1:*")
        await publisher.publish(1, COUNTED - 1)
        assert 0 == publisher.backlog.size
        await publisher.publish(2, COUNTED)
        assert COUNTED == publisher.backlog.size
        await publisher.group.close()

    asyncio.run(story())
