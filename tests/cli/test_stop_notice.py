"""exec in a kernel whose program stands in somebody else's debugger: it says what it waits for."""

import asyncio

import pytest

from kernel.api import connect_to_kernel
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

pytestmark = pytest.mark.long


async def begun(cli: CommandLine, code: str) -> asyncio.subprocess.Process:
    """A command that runs code in the kernel."""
    return await asyncio.create_subprocess_exec(
        *[*LLMSPELL, "exec", "--connect", "lab", code],
        cwd=cli.work,
        env=cli.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def said(process: asyncio.subprocess.Process) -> str:
    """The next line that it says of itself."""
    assert process.stderr is not None
    return (await asyncio.wait_for(process.stderr.readline(), DEADLINE)).decode()


def test_who_waits_hears_that_the_program_stands(cli: CommandLine) -> None:
    """Whose cell stands, and whose cell waits behind it; both end when the debugger lets it go."""
    cli.start_kernel("lab")
    file = cli.folder / "jupyter" / "kernel-lab.json"

    async def story() -> None:
        async with await connect_to_kernel(file, deadline=DEADLINE) as debugging:
            await debugging.debug("initialize", {"clientID": "me", "adapterID": "llmspell"})
            await debugging.debug("attach")
            failing = await begun(cli, "error('oh')")
            assert "the program stands in a debugger (exception)" in await said(failing)
            waiting = await begun(cli, "print('mine')")
            assert "the program stands in a debugger and goes on" in await said(waiting)
            await debugging.debug("continue", {"threadId": 1})
            _, err = await asyncio.wait_for(failing.communicate(), DEADLINE)
            out, _ = await asyncio.wait_for(waiting.communicate(), DEADLINE)
            assert (1, True, b"mine\n") == (failing.returncode, b"oh" in err, out)

    asyncio.run(story())
