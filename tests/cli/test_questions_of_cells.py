"""What a cell in a kernel that runs asks: behind what it printed, and of whoever runs it."""

import asyncio
import json
import sys

import pexpect
import pytest

from kernel.api import connect_to_kernel
from kernel.jupyter.messages import Message
from tests.cli.conftest import DEADLINE, CommandLine

pytestmark = pytest.mark.long

ASKING = """
print("a line")
display.ask("First: ")
io.write("no whole line")
io.read()
os.execute("echo of a child")
display.ask("Last: ")
"""


def test_a_question_comes_behind_what_was_printed(cli: CommandLine) -> None:
    """By whatever way it was printed, and whether or not its line is whole."""
    words = ("kernel", "start", "--daemon", "--id", "lab", "--tcp", "127.0.0.1:0")
    assert 0 == cli.say(*words).returncode
    info = json.loads((cli.folder / "jupyter" / "kernel-lab.json").read_text())
    heard: list[str] = []

    def hear(message: Message) -> None:
        if message.type == "stream":
            heard.append(message.content["text"].strip())

    async def answer(prompt: str, _is_secret: bool) -> str:
        heard.append(prompt)
        return "x"

    async def story() -> None:
        where = f"tcp://{info['llmspell_tcp']}"
        async with await connect_to_kernel(where, key=info["key"]) as kernel:
            await kernel.execute(ASKING, hear=hear, answer_input=answer)

    asyncio.run(story())
    assert ["a line", "First: ", "no whole line", "", "of a child", "Last: "] == heard


def test_what_is_secret_is_not_seen(cli: CommandLine) -> None:
    """Nothing of it stands on the terminal; what is typed next is seen again."""
    cli.start_kernel("lab")
    code = "print(#display.ask('Key: ', true)) print(#display.ask('Name: '))"
    terminal = pexpect.spawn(
        sys.executable,
        ["-P", "-m", "llmspell", "exec", "--connect", "lab", code],
        cwd=str(cli.work),
        env=cli.environment,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    terminal.expect("Key: ")
    terminal.sendline("hush")
    terminal.expect("4\r\nName: ")
    assert "hush" not in terminal.before
    terminal.sendline("Ada")
    terminal.expect(pexpect.EOF)
    assert "Ada\r\n3\r\n" == terminal.before
