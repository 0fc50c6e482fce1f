"""InputPipe: lines a user types become a program's stdin."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from kernel.execution.input import InputPipe

DEADLINE = 20.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio."""
    return "asyncio"


@pytest.fixture
async def pipe(anyio_backend: str) -> AsyncIterator[InputPipe]:
    """Descriptor 0, taken for the time of a test."""
    pipe = InputPipe()
    yield pipe
    pipe.close()


async def test_a_line_can_be_read(pipe: InputPipe) -> None:
    """What is fed is what descriptor 0 gives, with one line end."""
    assert pipe.feed("one")
    assert pipe.feed("two\n")
    assert b"one\ntwo\n" == os.read(0, 100)


async def test_the_end_comes_after_what_was_fed(pipe: InputPipe) -> None:
    """Large input passes whole, then stdin is at its end, and nothing more is taken."""
    text = "x" * 1_000_000
    pipe.feed(text)
    pipe.end()
    assert not pipe.feed("more")
    got = await asyncio.wait_for(asyncio.to_thread(read_all), DEADLINE)
    assert (text + "\n").encode() == got


def read_all() -> bytes:
    """Everything up to the end of stdin."""
    got = b""
    while data := os.read(0, 65_536):
        got += data
    return got


async def test_the_engine_says_that_it_waits(pipe: InputPipe) -> None:
    """Its word makes the program one that waits."""
    assert not pipe.is_awaited
    pipe.note_waiting(True)
    assert pipe.is_awaited
    pipe.note_waiting(False)
    assert not pipe.is_awaited


@pytest.mark.skipif(sys.platform != "linux", reason="seen through /proc")
async def test_a_plain_read_is_noticed(pipe: InputPipe) -> None:
    """A child that reads stdin by itself is seen waiting, until it gets its line."""
    child = subprocess.Popen(["head", "-n1"], stdout=subprocess.PIPE)
    async with asyncio.timeout(DEADLINE):
        while not pipe.is_awaited:
            await asyncio.sleep(0)
    pipe.feed("hello")
    out, _ = await asyncio.to_thread(child.communicate)
    assert b"hello\n" == out
    assert not pipe.is_awaited


async def test_descriptor_0_is_given_back() -> None:
    """After close descriptor 0 is what it was."""
    before = os.fstat(0)
    pipe = InputPipe()
    assert before != os.fstat(0)
    pipe.close()
    pipe.close()
    assert (before.st_dev, before.st_ino) == (os.fstat(0).st_dev, os.fstat(0).st_ino)
