"""A client that reads nothing for a while: the program waits, memory stays small, nothing is lost."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dap_server.wire import Wire, encode
from tests.support.commands import DEADLINE, become, write

MEGABYTE = 1024 * 1024
PRINTS = """\
local text = string.rep("x", 1023)
for i = 1, 100 * 1024 do print(text) end
io.open("done", "w"):close()
"""

EVENTS = """\
local load = loadstring or load
local path = string.rep("p", 10000)
for i = 1, 5000 do load("return 1", "@/" .. path .. i) end
io.open("done", "w"):close()
"""


class Deaf:
    """An adapter on stdio whose client writes and does not read until it wants to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dap_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
        )
        self._last = 0

    def send(self, command: str, arguments: dict[str, Any]) -> None:
        """A request whose answer nobody reads yet."""
        assert self.process.stdin is not None
        self._last += 1
        message = {"seq": self._last, "type": "request", "command": command}
        self.process.stdin.write(encode({**message, "arguments": arguments}))
        self.process.stdin.flush()

    def launch(self, text: str, lua: str) -> None:
        """Start a program and let it go."""
        program = write(self.folder, "a.lua", text)
        self.send("initialize", {"adapterID": "lua"})
        self.send("launch", {"program": str(program), "lua": lua, "cwd": str(self.folder)})
        self.send("configurationDone", {})

    def megabytes(self) -> int:
        """Of memory the adapter has."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096 // MEGABYTE

    def _work(self) -> str:
        """The time the adapter has computed."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return f"{fields[11]} {fields[12]}"

    def wait_until_idle(self) -> None:
        """Until it has worked, and does no more."""
        seen = [self._work()]

        def rests() -> bool:
            seen.append(self._work())
            return len(seen) > 100 and len(set(seen[-50:])) == 1

        become(rests)

    def read_to_end(self) -> Iterator[dict[str, Any]]:
        """All messages up to ``terminated``."""
        assert self.process.stdout is not None
        wire = Wire()
        while data := self.process.stdout.read1(MEGABYTE):
            for message in wire.feed(data):
                assert isinstance(message, dict)
                yield message
                if message.get("event") == "terminated":
                    return

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate(timeout=DEADLINE)


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[Deaf]:
    """Ended at the end."""
    deaf = Deaf(tmp_path)
    yield deaf
    deaf.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.lua("5.1", "5.4", "luajit2.1")
@pytest.mark.parametrize(
    ("text", "megabytes"), [(PRINTS, 110), (EVENTS, 200)], ids=["prints", "events"]
)
def test_the_program_waits_for_its_client(deaf: Deaf, lua: str, text: str, megabytes: int) -> None:
    """More output, or more events, than fit: the program stands still, and goes on when read."""
    deaf.launch(text, lua)
    deaf.wait_until_idle()
    assert not (deaf.folder / "done").exists()
    assert deaf.megabytes() < megabytes  # what is made here and not read would take much more
    length = 0
    for message in deaf.read_to_end():
        if message.get("event") == "output":
            length += len(message["body"]["output"])
    assert (deaf.folder / "done").exists()
    assert text is not PRINTS or length == 100 * MEGABYTE


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.lua("5.4")
def test_requests_wait_for_their_client(deaf: Deaf, lua: str) -> None:
    """Who asks on and on and reads no answer is not listened to any more, until it reads."""
    assert deaf.process.stdin is not None
    deaf.launch("local s = string.rep('x', 100000)\nprint(1)\n", lua)
    deaf.wait_until_idle()
    sent = 0
    wanted = 40000

    def ask() -> None:
        nonlocal sent
        with suppress(OSError):  # in the end the adapter is gone
            for _ in range(wanted):
                deaf.send("source", {"source": {"path": __file__}, "sourceReference": 0})
                sent += 1

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    deaf.wait_until_idle()
    assert deaf.megabytes() < 120  # all answers together have 240
    assert sent < wanted
