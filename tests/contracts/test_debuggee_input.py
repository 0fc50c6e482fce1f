"""What every Debuggee promises of a program that reads."""

import asyncio

import pytest

from kernel.events import model as e
from tests.contracts.conftest import Program
from tests.contracts.debuggees import DEADLINE, Subject

pytestmark = pytest.mark.anyio

READS = """
line = io.read("*l")   -- @read
x = 1                  -- @behind
"""


async def feed(it: Subject, text: str) -> None:
    """Give the program a line as soon as it waits for one: nothing tells when that is."""
    async with asyncio.timeout(DEADLINE):
        while not it.debuggee.feed_input(text):
            await asyncio.sleep(0)


async def test_a_line_for_a_program_that_waits(program: Program) -> None:
    """It is refused by a program that stands, and read by one that waits for it."""
    it = program(READS, reads=True)
    await it.break_at("read", "behind")
    await it.run()
    assert not it.debuggee.feed_input("too early\n")
    await it.resume()
    await feed(it, "a line\n")
    await it.hear(e.Stopped)
    assert '"a line"' == await it.value("line")


async def test_a_program_that_waits_is_ended(program: Program) -> None:
    """It does not wait for the line that never comes."""
    it = program(READS, reads=True)
    await it.break_at("read")
    await it.run()
    await it.resume()
    await it.debuggee.terminate()
    await it.end()
