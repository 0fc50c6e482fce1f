"""EventLoop: one thread, and doors to it."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from kernel.core.loop import EventLoop

DEADLINE = 10.0


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """A loop in a thread of its own."""
    loop = EventLoop()
    loop.start()
    yield loop
    loop.stop()


def test_run_gives_what_main_gives() -> None:
    """`run` uses the calling thread and returns the result."""

    async def main() -> int:
        return threading.get_ident()

    assert threading.get_ident() == EventLoop().run(main)


def test_run_raises_what_main_raises() -> None:
    """An error of the main coroutine reaches the caller."""

    async def main() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        EventLoop().run(main)


def test_calls_arrive_in_order_on_the_loops_thread(loop: EventLoop) -> None:
    """`call_soon` keeps the order and runs everything on one other thread."""
    seen, done = [], threading.Event()
    for number in range(100):
        assert loop.call_soon(lambda n=number: seen.append((n, threading.get_ident())))
    loop.call_soon(done.set)
    assert done.wait(DEADLINE)
    assert list(range(100)) == [number for number, _ in seen]
    assert 1 == len({thread for _, thread in seen})
    assert threading.get_ident() != seen[0][1]


def test_run_coroutine_waits_for_the_result(loop: EventLoop) -> None:
    """Another thread gets the result of a coroutine, and its error."""

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def fail() -> None:
        raise ValueError("no")

    assert 42 == loop.run_coroutine(double(21), DEADLINE)
    with pytest.raises(ValueError, match="no"):
        loop.run_coroutine(fail(), DEADLINE)


def test_a_deadline_cancels_the_coroutine(loop: EventLoop) -> None:
    """Who waits too long gets `TimeoutError`, and the coroutine does not go on."""
    cancelled = threading.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(TimeoutError):
        loop.run_coroutine(endless(), 0.01)
    assert cancelled.wait(DEADLINE)


def test_waiting_on_the_loops_own_thread_is_refused(loop: EventLoop) -> None:
    """A wait that could never end is an error instead."""

    async def nothing() -> None: ...

    async def wait_here() -> str:
        try:
            loop.run_coroutine(nothing())
        except RuntimeError as error:
            return str(error)
        return "waited"

    assert "Waiting for the loop needs a loop that runs in another thread." == loop.run_coroutine(
        wait_here(), DEADLINE
    )


def test_a_call_after_the_end_is_dropped_and_said_so() -> None:
    """A loop that has ended answers False, twice stopped or never started."""
    loop = EventLoop()
    assert not loop.call_soon(print)
    loop.start()
    loop.stop()
    loop.stop()
    assert not loop.call_soon(print)
    assert not loop.is_running
