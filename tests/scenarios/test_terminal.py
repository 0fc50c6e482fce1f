"""Programs in a terminal: the client opens a real one, and debugs what runs there."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient
from tests.support.commands import DEADLINE, write
from tests.support.schema import check_frame

PROGRAM = """\
print("a terminal", (os.execute("test -t 0 && test -t 1")))
io.write("name? ")
local name = io.read()
print("hello " .. name)
print(os.getenv("COLOR"), ...)
os.exit(3)
"""


class Terminal:
    """A client's terminal, which runs the command it is given."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._screen, self._inside = pty.openpty()
        self._seen = b""

    def open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Serve ``runInTerminal``."""
        self.request = arguments
        inside = self._inside
        self.process = subprocess.Popen(
            arguments["args"],
            cwd=arguments["cwd"],
            env={**os.environ, **arguments.get("env", {})},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        return {"processId": self.process.pid}

    def read_until(self, text: str) -> str:
        """What the screen has shown, once it shows this."""
        while text.encode() not in self._seen:
            self._seen += os.read(self._screen, 4096)
        return self._seen.decode().replace("\r\n", "\n")

    def type(self, text: str) -> None:
        """Type into it."""
        os.write(self._screen, text.encode())

    def close(self) -> None:
        """Close the window."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE)
        os.close(self._screen)
        os.close(self._inside)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Closed at the end."""
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.mark.parametrize("console", ["integratedTerminal", "externalTerminal"])
def test_the_program_has_the_terminal(
    terminal: Terminal, tmp_path: Path, lua: str, console: str
) -> None:
    """It reads and writes there, and is stopped, looked at and ended through the protocol."""
    program = write(tmp_path, "a.lua", PROGRAM)
    adapter = [sys.executable, "-P", "-m", "dap_server"]
    with DapClient.spawn(adapter, check=check_frame, deadline=DEADLINE) as client:
        client.frames.answerers["runInTerminal"] = terminal.open
        client.initialize(supports_run_in_terminal_request=True)
        client.break_at(program, 4)
        client.start(
            "launch",
            {
                "program": str(program),
                "cwd": str(tmp_path),
                "lua": lua,
                "console": console,
                "args": ["one", "two"],
                "env": {"COLOR": "blue"},
                "colour": "red",
            },
        )
        client.send("configurationDone")
        assert "a terminal\t" in terminal.read_until("name? ")
        terminal.type("Ada\n")
        stop = client.wait_for_stop()
        assert stop is not None
        assert ("breakpoint", 4, '"Ada"') == (stop.reason, stop.line, client.evaluate("name"))
        client.set_variable("name", "'Grace'")
        assert 3 == client.run_to_end()
        screen = terminal.read_until("two")
        assert "hello Grace\nblue\tone\ttwo" in screen
        assert "a terminal\ttrue" in screen or "a terminal\t0" in screen  # 5.1 tells the status
        assert console.removesuffix("Terminal") == terminal.request["kind"]
        assert "Lua: a.lua" == terminal.request["title"]
        told = "The launch configuration has an unknown key 'colour', which is ignored.\n"
        assert told == client.output("important")
        client.disconnect()


@pytest.mark.lua("5.4")
def test_without_terminals_the_debug_console_is_used(tmp_path: Path, lua: str) -> None:
    """A client that opens no terminals is told, and the program runs all the same."""
    program = write(tmp_path, "a.lua", "print('here')\n")
    adapter = [sys.executable, "-P", "-m", "dap_server"]
    with DapClient.spawn(adapter, check=check_frame, deadline=DEADLINE) as client:
        assert client.launch(program, lua=lua, console="integratedTerminal") is None
        assert "here\n" == client.output("stdout")
        assert "replaced by internalConsole" in client.output("important")


@pytest.mark.lua("5.4")
def test_leaving_ends_the_program_in_the_terminal(
    terminal: Terminal, tmp_path: Path, lua: str
) -> None:
    """Disconnecting ends what was launched, there as anywhere."""
    program = write(tmp_path, "a.lua", "print('go')\nwhile true do end\n")
    adapter = [sys.executable, "-P", "-m", "dap_server"]
    with DapClient.spawn(adapter, check=check_frame, deadline=DEADLINE) as client:
        client.frames.answerers["runInTerminal"] = terminal.open
        client.initialize(supports_run_in_terminal_request=True)
        client.start(
            "launch", {"program": str(program), "lua": lua, "console": "integratedTerminal"}
        )
        client.send("configurationDone")
        terminal.read_until("go")
        client.disconnect()
        client.frames.wait_until_over(DEADLINE)
    assert terminal.process is not None
    terminal.process.wait(DEADLINE)
